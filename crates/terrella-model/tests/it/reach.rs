//! Actions teach the encoder where they are asked to, and change nothing where they are not.

use crate::support::{alone, batch, interface, values, with_goals};
use burn::prelude::*;
use terrella_core::Key;
use terrella_model::{Augment, Family, JepaConfig, LossWeights, Sees, Symmetry, TrainConfig, Trainer};

fn config(reach: f64) -> JepaConfig {
    JepaConfig { weights: LossWeights { reach, ..LossWeights::default() }, ..JepaConfig::default() }
}

fn trainer(model: &JepaConfig, train: TrainConfig) -> Trainer<JepaConfig> {
    Trainer::new(model.clone(), interface(model), train, &Device::flex())
}

/// Sum of the losses of a first step of a model of pictures, as the version before there was this loss told it.
const BEFORE: f32 = 1.442_672_4;

#[test]
fn without_weight_everything_is_as_it_was() {
    let _turn = alone();
    let model = config(0.0);
    assert_eq!((model.window(4).goal, config(0.5).window(4).goal), (None, Some(50)), "nobody asks for goals");
    let mut trainer = trainer(&model, TrainConfig { steps: 20, batch_size: 6, ..TrainConfig::default() });
    let losses =
        trainer.advance(&batch(&model, 6, 4, Key::new(9).at(0)), true).expect("a step").expect("losses").losses;
    assert!(losses.names().all(|name| name != "reach"), "nothing to tell");
    // Other processors round otherwise.
    assert!((losses.get("total") - BEFORE).abs() < 1e-4, "{losses:?}");
    // The head is drawn after all others.
    let (plain, taught) = [0.0, 1.0]
        .map(|reach| {
            let model = config(reach);
            values(&self::trainer(&model, TrainConfig::default()).model())
        })
        .into();
    assert!(plain.iter().all(|(name, numbers)| taught[name] == *numbers), "the same numbers to begin with");
    assert!(taught.len() > plain.len() && taught.keys().any(|name| name.starts_with("reacher")), "and a head");
}

/// With no weight on anything else but prediction, which here is blind to the goals: their gradient is that of the actions.
#[test]
fn the_encoder_learns_from_actions_from_the_first_step() {
    let _turn = alone();
    let goals = with_goals(batch(&config(1.0), 8, 4, Key::new(5)), &[1, 4, 9, 17, 30, 49, 50, 2]);
    let norm = |weights: LossWeights| {
        let model = JepaConfig { weights, ..JepaConfig::default() };
        let mut trainer = trainer(&model, TrainConfig { batch_size: 8, weight_decay: 0.0, ..TrainConfig::default() });
        let before = values(&trainer.model());
        let progress = trainer.advance(&goals, true).expect("a step").expect("losses");
        let after = values(&trainer.model());
        let moved = |name: &str| before[name].iter().zip(&after[name]).any(|(a, b)| a != b);
        let head: Vec<bool> = before.keys().filter(|name| name.starts_with("reacher")).map(|n| moved(n)).collect();
        (progress.losses.get("gradient_norm"), progress.losses.get("reach"), head)
    };
    let alone = LossWeights { sigreg: 0.0, rollout: 0.0, ..LossWeights::default() };
    let (without, absent, none) = norm(alone);
    let (with, told, head) = norm(LossWeights { reach: 1.0, ..alone });
    assert!(absent.is_nan() && none.is_empty(), "no head, no loss");
    assert!(told > 0.3 && told < 2.0, "fresh answers to normal numbers: {told}");
    assert!(head.len() == 8 && head.iter().all(|moved| *moved), "the head learns: {head:?}");
    assert!((with - without).abs() > 1e-3, "another gradient: {with} and {without}");
}

/// States that change by what is done: whoever sees two of them can tell what was done between.
#[test]
fn what_was_done_can_be_told_after_a_while_and_not_from_other_goals() {
    let _turn = alone();
    let model = JepaConfig { sees: Sees::State, frame_skip: 1, reach: 8, ..config(1.0) };
    let lesson = |at: u64| {
        let mut lesson = batch(&model, 32, 3, Key::new(12).at(at));
        let goals: Vec<usize> = (0..32).map(|clip| 1 + (clip + at as usize) % 8).collect();
        lesson = with_goals(lesson, &goals);
        // A clip goes one way at one pace, all the way to its goal.
        for (clip, &goal) in goals.iter().enumerate() {
            let (start, pace) =
                ([0, 1].map(|i| lesson.states[clip * 8 + i]), [0, 1].map(|i| lesson.actions[clip * 4 + i]));
            let steps = [0, 1, 2, goal];
            for (row, steps) in steps.iter().enumerate() {
                (0..2).for_each(|i| lesson.states[clip * 8 + row * 2 + i] = start[i] + 0.2 * pace[i] * *steps as f32);
            }
            (0..2).for_each(|i| lesson.actions[clip * 4 + 2 + i] = pace[i]);
        }
        lesson
    };
    let train = TrainConfig { steps: 400, batch_size: 32, learning_rate: 2e-3, ..TrainConfig::default() };
    let mut trainer = trainer(&model, train);
    let mut told = Vec::new();
    for at in 0..200 {
        if let Some(progress) = trainer.advance(&lesson(at), at % 199 == 0).expect("a step") {
            told.push(progress.losses.get("reach"));
        }
    }
    // The mean distance of a normal number from 0 is 0.8. Other roundings end at 0.31 to 0.37 of the first.
    assert!(told[0] > 0.6 && told[1] < 0.45 * told[0], "{told:?}");
    let mut wrong = lesson(500);
    let goal = |clip: usize| clip * 8 + 6..clip * 8 + 8;
    let first = wrong.states[goal(0)].to_vec();
    (0..31).for_each(|clip| wrong.states.copy_within(goal(clip + 1), goal(clip).start));
    wrong.states[goal(31)].copy_from_slice(&first);
    let progress = trainer.advance(&wrong, true).expect("a step").expect("losses");
    let misled = progress.losses.get("reach");
    assert!(misled > 2.0 * told[1], "goals of other clips mislead: {misled} against {}", told[1]);
}

/// A picture that is moved with its targets is the picture of a world where everything is elsewhere: the same losses as if
/// it had been recorded so.
#[test]
fn a_moved_lesson_is_a_lesson_of_things_elsewhere() {
    let _turn = alone();
    let model = JepaConfig { readout: true, ..config(1.0) };
    let moves = Symmetry { side: 96.0, points: vec![[0, 1]], headings: vec![], action_points: vec![[0, 1]] };
    let of = |shift: usize, moves: Option<Symmetry>, lesson: &terrella_core::Batch| {
        let augment = Augment { shift, moves, ..Augment::default() };
        let mut trainer = trainer(&model, TrainConfig { batch_size: 2, augment, ..TrainConfig::default() });
        let losses = trainer.advance(lesson, true).expect("a step").expect("losses").losses;
        ["predict", "readout", "reach"].map(|name| losses.get(name))
    };
    let mut lesson = with_goals(batch(&model, 2, 4, Key::new(31)), &[3, 20]);
    // Nothing changes within a clip that would have to stay in view.
    let frame = lesson.images.len() / 10;
    lesson.images.chunks_mut(5 * frame).for_each(|clip| (1..5).for_each(|at| clip.copy_within(0..frame, at * frame)));
    let plain = of(0, None, &lesson);
    let moved = of(40, Some(moves.clone()), &lesson);
    let nothing = Symmetry { points: vec![], action_points: vec![], ..moves };
    let lying = of(40, Some(nothing), &lesson);
    assert!(plain[1] != moved[1] && plain[2] != moved[2], "states and actions were moved: {plain:?}, {moved:?}");
    assert_eq!(moved[0].to_bits(), lying[0].to_bits(), "the same pictures");
    // In deviations of 1, places moved by many pixels are far off for fresh weights.
    assert!(moved[1] > 10.0 * lying[1] && moved[2] > 3.0 * lying[2], "{moved:?} and {lying:?}");
}
