//! A labeller finds what moved a square, knows where that cannot be known, and is the same by rows and by tensors.

use super::{Inverse, InverseConfig, InverseTrainer};
use crate::device::alone;
use crate::train_config::TrainConfig;
use crate::{Symmetry, Turn};
use burn::prelude::*;
use terrella_core::{Clip, Dataset, Episode, Frames, Image, Key, Signature, Stats, Table};

const SIDE: usize = 96;

/// Episodes of a bright square that goes right and down by the action of each row; of the second number, noise of this
/// deviation is logged with it.
fn squares(episodes: usize, rows: usize, noise: f64, key: Key) -> Dataset {
    let episode = |index: usize| {
        let mut stream = key.at(index as u64).stream();
        let mut at = [(); 2].map(|()| 20.0 + stream.uniform(0.0, 40.0));
        let (mut images, mut actions) = (Vec::new(), Table::new(2));
        for _ in 0..rows {
            let mut image = Image::filled(SIDE, SIDE, [30, 40, 50]);
            for y in at[1] as usize..at[1] as usize + 16 {
                image.data[(y * SIDE + at[0] as usize) * 3..][..48].fill(220);
            }
            images.push(image);
            // It stays in view.
            let next = at.map(|x| (x + stream.uniform(-10.0, 10.0).round()).clamp(2.0, 78.0));
            let [right, down] = [next[0] - at[0], next[1] - at[1]];
            actions.push(&[right as f32, (down + noise * stream.normal()) as f32]);
            at = next;
        }
        Episode { index, actions, frames: Some(Frames::from_images(&images)), ..Episode::default() }
    };
    let episodes: Vec<Episode> = (0..episodes).map(episode).collect();
    let action_stats = Stats::of(2, episodes.iter().map(|e| &e.actions));
    let action = vec!["right".to_owned(), "down".to_owned()];
    let signature = Signature { fps: 10.0, image: Some([SIDE, SIDE]), action, ..Signature::default() };
    Dataset { signature, episodes, state_stats: Stats::default(), action_stats, hash: "squares".into(), notes: vec![] }
}

fn trainer(data: &Dataset, steps: u64, symmetry: Option<Symmetry>) -> InverseTrainer {
    let train = TrainConfig { steps, batch_size: 16, learning_rate: 3e-3, symmetry, seed: 3, ..TrainConfig::default() };
    InverseTrainer::new(InverseConfig::default(), data.action_stats.clone(), train, &Device::flex())
}

fn learned(data: &Dataset, steps: u64, symmetry: Option<Symmetry>) -> (Inverse, f32) {
    let mut trainer = trainer(data, steps, symmetry);
    let mut last = f32::NAN;
    for step in 0..steps {
        let mut stream = Key::new(1).at(step).stream();
        let clip = |_| Clip { episode: stream.below(data.episodes.len()), start: stream.below(data.episodes[0].len()) };
        let at: Vec<Clip> = (0..16).map(clip).collect();
        last = trainer.advance(data, &at, step + 1 == steps).expect("a step").unwrap_or(last);
    }
    (trainer.finish(), last)
}

/// Directions turn about nothing: a square of no side.
fn symmetry() -> Symmetry {
    Symmetry { side: 0.0, points: vec![], headings: vec![], action_points: vec![[0, 1]] }
}

#[test]
fn what_moved_a_square_is_told_and_what_cannot_be_known_is_marked() {
    let _turn = alone();
    let (data, fresh) = (squares(20, 30, 8.0, Key::new(5)), squares(3, 30, 0.0, Key::new(6)));
    let (labeller, _) = learned(&data, 1200, None);
    let (mut errors, mut still, mut spreads, mut last, mut n) = ([0.0; 2], [0.0; 2], [0.0; 2], 0.0, 0.0);
    for episode in &fresh.episodes {
        let labels = labeller.label(episode).expect("labels");
        assert_eq!((labels.mean.len(), labels.std.len()), (30, 30), "a label a row");
        for row in 1..28 {
            for at in 0..2 {
                let truth = episode.actions.row(row)[at];
                errors[at] += (labels.mean.row(row)[at] - truth).abs();
                still[at] += (data.action_stats.mean[at] - truth).abs();
                spreads[at] += labels.std.row(row)[at];
            }
            n += 1.0;
        }
        last += labels.std.row(29)[0];
    }
    let told = format!("off by {errors:?}, the mean by {still:?}; told {spreads:?}, of last rows {last}; {n} rows");
    assert!(errors[0] < 0.4 * still[0], "{told}");
    assert!(spreads[1] > 2.0 * spreads[0], "what is logged with noise is told with less confidence: {told}");
    assert!((4.0..16.0).contains(&(spreads[1] / n)), "as much as there is: {told}");
    // Nothing follows the last row that would show what was done in it; such rows are few, and are marked too little.
    assert!(last / 3.0 > spreads[0] / n, "{told}");
}

#[test]
fn rows_and_tensors_tell_the_same_and_a_seed_says_all() {
    let _turn = alone();
    let data = squares(2, 12, 0.0, Key::new(7));
    let label = |labeller: &Inverse| labeller.label(&data.episodes[0]).expect("labels");
    let (labeller, loss) = learned(&data, 6, Some(symmetry()));
    let (again, same) = learned(&data, 6, Some(symmetry()));
    let fast = label(&labeller);
    assert_eq!((&fast, loss.to_bits()), (&label(&again), same.to_bits()), "the same seed");
    let slow = label(&labeller.by_tensors());
    let near = |a: &Table, b: &Table| a.data.iter().zip(&b.data).all(|(a, b)| (a - b).abs() < 1e-3 * (1.0 + b.abs()));
    assert!(near(&fast.mean, &slow.mean) && near(&fast.std, &slow.std), "{fast:?}\n{slow:?}");
}

#[test]
fn a_turned_film_has_turned_labels() {
    let _turn = alone();
    let data = squares(2, 12, 0.0, Key::new(8));
    let (labeller, _) = learned(&data, 4, Some(symmetry()));
    let upright = &data.episodes[0];
    let told = labeller.label(upright).expect("labels");
    for turn in [Turn::number(3), Turn::number(5)] {
        let frames = upright.frames.as_ref().expect("pictures");
        let turned: Vec<Image> = (0..frames.len()).map(|row| turn.image(&frames.image(row))).collect();
        let film = Episode { frames: Some(Frames::from_images(&turned)), ..upright.clone() };
        let mut labels = labeller.label(&film).expect("labels").mean;
        symmetry().turn_actions(turn.inverse(), &mut labels.data, 2);
        let far = labels.data.iter().zip(&told.mean.data).fold(0.0f32, |far, (a, b)| far.max((a - b).abs()));
        assert!(far < 1e-3, "{turn:?}: {far}");
    }
}

#[test]
fn pictures_of_another_size_and_none_are_refused() {
    let _turn = alone();
    let data = squares(1, 4, 0.0, Key::new(9));
    let labeller = trainer(&data, 1, None).finish();
    let small = Frames::from_images(&vec![Image::filled(64, 64, [0; 3]); 4]);
    let told = labeller.label(&Episode { frames: Some(small), ..data.episodes[0].clone() }).expect_err("another size");
    assert!(told.to_string().contains("64x64") && told.to_string().contains("96x96"), "{told}");
    let clip = [Clip { episode: 0, start: 0 }];
    let mut blind = data.clone();
    blind.episodes[0].frames = None;
    let told = trainer(&data, 1, None).advance(&blind, &clip, false).expect_err("no pictures").to_string();
    assert!(told.contains("episode 0 has no pictures"), "{told}");
}
