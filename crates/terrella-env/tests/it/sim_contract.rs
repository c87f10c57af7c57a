//! What every world with rewards in the list promises: starts drawn from the seed alone, replay from a
//! state bit for bit, rewards that are numbers, time that is up when it should be, pictures that tell
//! states apart, and the same numbers in any number of threads.

use terrella_core::{Actions, AnySim, Env, Key, Many, Sim, Step, Steps};
use terrella_env::sims;

/// `n` random actions, one row each.
fn actions(world: &AnySim, n: usize) -> Vec<Vec<f32>> {
    let mut stream = Key::new(1).with("actions").stream();
    (0..n).map(|_| world.spec().actions.sample(&mut stream)).collect()
}

/// Fails at the first sentence that does not hold.
fn keeps_the_contract(id: &str, make: impl Fn() -> AnySim) {
    let mut world = make();
    let spec = world.spec().clone();
    let max_steps = spec.max_steps.expect("episodes of these are cut off");
    assert_eq!(spec.id, id, "the list names it as it names itself");
    assert_eq!((spec.state.len(), spec.observation.len()), (world.state().len(), world.observe().len()), "{id}");
    assert!(spec.state.iter().all(|c| c.angle == (c.unit == "rad")), "{id}: angles are those in rad");
    assert!(spec.state.iter().all(|c| !c.name.is_empty() && !c.unit.is_empty()), "{id}: names and units");
    assert!(spec.dt > 0.0 && max_steps > 0, "{id}");
    if let Actions::Box(space) = &spec.actions {
        assert_eq!((space.names.len(), space.high.len()), (space.width(), space.width()), "{id}");
        assert!(space.low.iter().zip(&space.high).all(|(low, high)| low < high), "{id}: room to act");
    }

    // A start is the seed's, whatever was before.
    let mut other = make();
    let actions = actions(&world, max_steps);
    other.step(&actions[0]);
    for seed in 0..5 {
        world.reset(seed);
        other.reset(seed);
        assert_eq!(world.state(), other.state(), "{id}: one seed, one start");
        other.reset(seed + 1);
        assert!(world.state() != other.state(), "{id}: another seed, another start");
    }

    // An episode of random actions: rewards are numbers, and time is up at the last step alone.
    world.reset(3);
    let mut states = vec![world.state()];
    let mut steps: Vec<Step> = Vec::new();
    for (t, action) in actions.iter().enumerate() {
        let step = world.step(action);
        assert!(step.reward.is_finite() && world.state().iter().all(|x| x.is_finite()), "{id}: step {t}, {step:?}");
        assert!(world.observe().iter().all(|x| x.is_finite()), "{id}: step {t}");
        assert_eq!(step.truncated, t + 1 == max_steps, "{id}: step {t}");
        states.push(world.state());
        steps.push(step);
    }
    world.reset(1);
    assert!(max_steps == 1 || !world.step(&actions[0]).truncated, "{id}: time starts anew");

    // From any state on, the same future bit for bit; what is no state is refused.
    for at in [0, max_steps / 3, max_steps / 2] {
        other.reset(9);
        assert!(other.set_state(&[f64::NAN]).is_err(), "{id}: too short");
        assert!(other.set_state(&vec![f64::NAN; spec.state.len()]).is_err(), "{id}: not a number");
        other.set_state(&states[at]).expect("a state of this world");
        for t in at..max_steps {
            let step = other.step(&actions[t]);
            let same = (step.reward.to_bits(), step.terminated) == (steps[t].reward.to_bits(), steps[t].terminated);
            assert!(same && other.state() == states[t + 1], "{id}: step {t}, set at {at}: {step:?}, {:?}", steps[t]);
        }
    }

    // Pictures show something, and the start looks different from the state that was farthest from it.
    let (start, angle) = (states[0][0], spec.state[0].angle);
    let far = |s: &Vec<f64>| if angle { 1.0 - (s[0] - start).cos() } else { (s[0] - start).abs() };
    let farthest = states.iter().max_by(|a, b| far(a).total_cmp(&far(b))).expect("states");
    for size in [64, 96] {
        world.set_state(&states[0]).expect("a state");
        let before = world.draw(size);
        let ink = (0..size * size).filter(|i| before.pixel(i / size, i % size) != [255; 3]).count();
        assert!(ink > size * size / 200 && ink < size * size / 2, "{id}: {ink} of {size}² pixels are drawn on");
        assert!(world.draw(size) == before, "{id}: one state, one picture");
        world.set_state(farthest).expect("a state");
        assert!(world.draw(size) != before, "{id}: nothing moved at {size}");
        // However far a state lies, a picture is drawn.
        world.set_state(&vec![1e12; spec.state.len()]).expect("finite");
        world.draw(size);
    }
}

#[test]
fn every_world_of_the_list_keeps_the_contract() {
    for entry in sims() {
        keeps_the_contract(entry.id, || entry.with_defaults().expect("a world"));
    }
    let ids: std::collections::BTreeSet<_> = sims().map(|entry| entry.id).collect();
    assert_eq!(ids.len(), sims().count(), "one name each");
}

#[test]
fn threads_do_not_matter() {
    // More than 2,048 worlds for each of four threads, else they are not started.
    const N: usize = 8_200;
    for entry in sims() {
        let world = entry.with_defaults().expect("a world");
        let run = |n_threads| -> (Vec<Steps>, Vec<Vec<f64>>) {
            let mut many = Many::with_threads(&world, N, n_threads);
            let seeds: Vec<u64> = (0..N as u64).collect();
            many.reset(&(0..N).collect::<Vec<_>>(), &seeds).expect("rows and seeds");
            let mut stream = Key::new(2).stream();
            let (rows, mut steps) = ((0..N).collect::<Vec<_>>(), Vec::new());
            for t in 0..25 {
                let actions: Vec<f32> = (0..N).flat_map(|_| world.spec().actions.sample(&mut stream)).collect();
                steps.push(many.step(&rows, &actions).expect("one action a world"));
                let ended = steps[t].ended();
                let seeds: Vec<u64> = ended.iter().map(|&row| (t * N + row) as u64).collect();
                many.reset(&ended, &seeds).expect("rows and seeds");
            }
            (steps, many.worlds().iter().map(Sim::state).collect())
        };
        let one = run(1);
        assert!(one == run(2) && one == run(4), "{}", entry.id);
    }
}

#[test]
fn many_worlds_are_each_as_one_alone_and_refuse_what_does_not_fit() {
    for entry in sims() {
        let world = entry.with_defaults().expect("a world");
        let mut many = Many::new(&world, 3);
        many.reset(&[0, 1, 2], &[7, 8, 9]).expect("rows and seeds");
        let mut alone = entry.with_defaults().expect("a world");
        alone.reset(8);
        for action in actions(&world, 20) {
            let steps = many.step(&[0, 1, 2], &action.repeat(3)).expect("one action a world");
            let step = Step { reward: steps.reward[1], terminated: steps.terminated[1], truncated: steps.truncated[1] };
            assert_eq!(step, alone.step(&action), "{}", entry.id);
            assert_eq!(many.shown().row(1), alone.observe(), "{}", entry.id);
        }
        assert!(many.reset(&[3], &[0]).is_err() && many.reset(&[0, 1], &[0]).is_err());
        assert!(many.step(&[0, 1, 2], &[0.0]).is_err());
    }
}
