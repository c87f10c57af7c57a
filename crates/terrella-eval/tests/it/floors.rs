//! Floors that remember: who needs to see the goal, and who may remember what.

use super::*;

/// The ball starts in the middle and goes to one of four corners; recordings never leave the route.
fn corners() -> (Rolling, Dataset) {
    let env = Rolling::new(false);
    let mut dataset = toy::recordings(16, 30, 8, false);
    for episode in &mut dataset.episodes {
        let corner = episode.index % 4;
        let target = [if corner < 2 { 10.0 } else { 90.0 }, if corner % 2 == 0 { 10.0 } else { 90.0 }];
        let mut world = env.clone();
        let mut start = episode.states.row(0).to_vec();
        start.iter_mut().for_each(|x| *x = 0.0);
        start[..2].copy_from_slice(&[50.0, 50.0]);
        world.set_logged(&start).expect("a state");
        let (mut states, mut actions) = (Table::new(start.len()), Table::new(2));
        for _ in 0..30 {
            states.push(&world.logged());
            actions.push(&target);
            world.step(&target);
        }
        (episode.states, episode.actions, episode.frames) = (states, actions, None);
    }
    (env, dataset)
}

#[test]
fn replay_solves_what_recordings_hold_and_the_goal_blind_do_not() {
    let (env, dataset) = corners();
    let (train, held_out): (Vec<usize>, Vec<usize>) = (0..16).partition(|e| *e < 8);
    let protocol = Protocol { pairs: 8, seeds: vec![0], rules: vec![Rule::Moderate], ..Protocol::default() };
    let arena = Arena {
        env: &env,
        dataset: &dataset,
        held_out: &held_out,
        protocol: &protocol,
        view: VIEW,
        threads: 2,
        rows: 7,
        progress: None,
    };
    let floors = terrella_eval::floors(&arena, &train, &hold).expect("floors");
    let idle = each(|pair: &Pair| NullPolicy::constant(hold(dataset.episodes[pair.episode].states.row(pair.start))));
    let attempts = evaluate(&arena, "idler", &idle).expect("attempts");
    let card = Scorecard::new(&attempts, &floors, provenance()).expect("a card");
    let score = card.score(Rule::Moderate).expect("noted");
    let rate = |name: &str| score.floors().iter().find(|f| f.name == name).expect(name).rate;
    eprintln!("{card}");
    assert!(rate("nearest replay") > 0.9 && rate("cloning") > 0.5, "{:?}", score.floors());
    assert!(rate("goal-blind") < 0.5, "four corners, one habit: {:?}", score.floors());
    assert!(card.to_string().contains("nearest replay 100.0 %"), "the best one is named: {card}");
    let limits = Report { scorecards: vec![card], ..Report::new("an idler") }.all_limits().join(" ");
    assert!(limits.contains("idler (0.0 %) is not shown to be better than nearest replay (100.0 %)"), "{limits}");

    // What is judged on may not be remembered.
    let none = terrella_eval::floors(&arena, &held_out, &hold).expect("floors");
    assert!(none.notes()[0].contains("missing"), "{:?}", none.notes());
}
