//! What worlds with rewards promise: replay from a state, the same numbers in any number of threads,
//! and a picture with something on it.

use terrella_core::{Key, Many, Sim};
use terrella_env::{CartPole, Pendulum};

fn promises<S: Sim>(mut world: S) {
    let mut stream = Key::new(1).stream();
    let actions: Vec<f32> = (0..50).map(|_| stream.uniform(-2.0, 2.0) as f32).collect();
    for action in actions[..5].chunks(1) {
        world.step(action);
    }
    let mut other = world.clone();
    let state = world.state();
    world.set_state(&state).expect("a state of this world");
    other.reset(9);
    other.set_state(&state).expect("a state of this world");
    for action in actions.chunks(1) {
        assert_eq!(world.step(action), other.step(action));
        assert_eq!(world.state(), other.state());
    }
    assert!(world.set_state(&[f64::NAN]).is_err());
    let image = world.draw(64);
    assert!((0..64).any(|r| (0..64).any(|c| image.pixel(r, c) != [255; 3])), "an empty picture");
    let run = |n_threads| {
        let mut many = Many::new(&world, 7, n_threads);
        (0..7).for_each(|row| many.reset(row, row as u64).expect("a row"));
        for at in 0..40 {
            many.step(&actions[at..at + 7]).expect("one action a world");
        }
        (many.worlds().iter().map(Sim::state).collect::<Vec<_>>(), many.ended())
    };
    assert_eq!(run(1), run(2));
    assert_eq!(run(1), run(4));
}

#[test]
fn pendulum_keeps_the_promises() {
    promises(Pendulum::default());
}

#[test]
fn cart_pole_keeps_the_promises() {
    promises(CartPole::default());
}
