//! A planner that has a world's own equations does its task: what the reward asks for can be done, and
//! is worth much more than acting at random.

#[path = "../../examples/expert/act.rs"]
mod act;

use act::{SEARCHES, episode, expert};
use terrella_agent::{ExactSim, RandomPolicy};
use terrella_core::{Each, Policy, Sim};
use terrella_env::sims;

#[test]
fn an_expert_does_every_task_that_chance_does_not() {
    // Pendulum in Gymnasium's scale, where chance gets about −1,200; CartPole's and the mountain car's best are 500
    // and 100; a step of the swing-up and of the double pendulum earns 1 at best, of 250.
    let enough = [
        ("pendulum", 10, -250.0, -900.0),
        ("cart_pole", 1, 490.0, 60.0),
        ("mountain_car", 1, 90.0, 0.0),
        ("cart_pole_swing_up", 1, 175.0, 30.0),
        ("double_pendulum", 1, 175.0, 30.0),
        ("reacher", 5, -5.0, -8.0),
    ];
    for ((id, n, least, most), (name, search)) in enough.into_iter().zip(SEARCHES) {
        assert_eq!(id, name, "one order");
        let entry = sims().find(|entry| entry.id == id).expect("in the list");
        let mut world = entry.with_defaults().expect("a world");
        let exact = ExactSim::new(world.clone());
        let mut planner = expert(&exact, &world, search).expect("rewards");
        let mut chance = Each::new(|_| RandomPolicy::new(exact.space(), 1));
        let policies: [&mut dyn Policy; 2] = [&mut planner, &mut chance];
        let [planned, random] = policies.map(|policy| {
            let returns = (0..n).map(|seed| episode(&mut world, policy, seed).expect("an episode").0);
            returns.sum::<f64>() / n as f64
        });
        assert!(planned > least && random < most, "{id}: planned {planned}, random {random}");
        assert_eq!(world.spec().id, id);
    }
}
