//! Keypoints find what moves, wherever it is; they are the same for a seed, and bad pictures are refused.

use super::{KeypointConfig, KeypointTrainer, Keypoints};
use crate::GroundKind;
use crate::device::alone;
use crate::train_config::TrainConfig;
use burn::prelude::*;
use terrella_core::{Dataset, Episode, Frames, Image, Key, Signature, Stats, Table};

const SIDE: usize = 48;

/// Episodes of a bright square of 8 pixels that wanders over a ground with a bar that never moves; the state is its middle.
fn squares(episodes: usize, rows: usize, key: Key) -> Dataset {
    let episode = |index: usize| {
        let mut stream = key.at(index as u64).stream();
        let mut at = [(); 2].map(|()| stream.uniform(4.0, 36.0).round());
        let (mut images, mut states) = (Vec::new(), Table::new(2));
        for _ in 0..rows {
            let mut image = Image::filled(SIDE, SIDE, [30, 40, 50]);
            image.data[20 * SIDE * 3..24 * SIDE * 3].fill(140);
            for y in at[1] as usize..at[1] as usize + 8 {
                image.data[(y * SIDE + at[0] as usize) * 3..][..24].fill(220);
            }
            images.push(image);
            states.push(&at.map(|x| x as f32 + 4.0));
            at = at.map(|x| (x + stream.uniform(-5.0, 5.0).round()).clamp(2.0, 38.0));
        }
        let actions = Table::from_data(1, vec![0.0; rows]);
        Episode { index, states, actions, frames: Some(Frames::from_images(&images)), ..Episode::default() }
    };
    let episodes: Vec<Episode> = (0..episodes).map(episode).collect();
    let signature = Signature { fps: 10.0, image: Some([SIDE, SIDE]), ..Signature::default() };
    let (state_stats, action_stats) = (Stats::default(), Stats::default());
    Dataset { signature, episodes, state_stats, action_stats, hash: String::new(), notes: Vec::new() }
}

fn trainer(data: &Dataset, config: KeypointConfig, steps: u64) -> crate::Result<KeypointTrainer> {
    let train = TrainConfig { steps, batch_size: 16, learning_rate: 3e-3, seed: 3, ..TrainConfig::default() };
    let all: Vec<usize> = (0..data.episodes.len()).collect();
    KeypointTrainer::new(config, (data, &all), train, &Device::flex())
}

fn few(count: usize) -> KeypointConfig {
    KeypointConfig { count, side: SIDE, ..KeypointConfig::default() }
}

fn learned(data: &Dataset, config: KeypointConfig, steps: u64) -> (Keypoints, f32) {
    let mut trainer = trainer(data, config, steps).expect("a trainer");
    let mut last = f32::NAN;
    for step in 0..steps {
        let loss = trainer.advance(data, step + 1 == steps).expect("a step");
        last = loss.map_or(last, |loss| loss.drawing);
    }
    (trainer.finish(), last)
}

#[test]
fn what_moves_is_found_within_itself() {
    let _turn = alone();
    let (data, fresh) = (squares(12, 30, Key::new(5)), squares(2, 30, Key::new(6)));
    let (finder, loss) = learned(&data, few(2), 300);
    let rows: Vec<usize> = (0..30).collect();
    let mut errors = [0.0f32; 2];
    let mut present = [0.0f32; 2];
    for episode in &fresh.episodes {
        let told = finder.find(episode, &rows).expect("keypoints");
        for (told, truth) in told.rows().zip(episode.states.rows()) {
            for at in 0..2 {
                let [x, y, presence] = [0, 1, 2].map(|number| told[3 * at + number]);
                errors[at] += (x - truth[0]).hypot(y - truth[1]) / 60.0;
                present[at] += presence / 60.0;
            }
        }
    }
    let told = format!("off by {errors:?}, present {present:?}, drawn with a loss of {loss}");
    // One that is given up may be anywhere. Half of the square is 4 pixels, and its mean distance from the middle of all its places 14.
    let there = usize::from(present[1] > present[0]);
    assert!(errors[there] < 4.0 && present[there] > 0.5, "{told}");
}

#[test]
fn a_seed_says_all() {
    let _turn = alone();
    let data = squares(3, 10, Key::new(7));
    let find = |finder: &Keypoints| finder.find(&data.episodes[0], &[0, 4, 9]).expect("keypoints");
    let look = KeypointConfig { look: 4, ..few(3) };
    let ((one, loss), (again, same)) = (learned(&data, look.clone(), 5), learned(&data, look, 5));
    assert_eq!((find(&one), loss.to_bits()), (find(&again), same.to_bits()), "the same seed");
    let alone = find(&one);
    assert_eq!(one.find(&data.episodes[0], &[4]).expect("keypoints").data, alone.row(1), "a picture knows no other");
}

#[test]
fn what_cannot_be_learned_from_is_refused_with_a_remedy() {
    let _turn = alone();
    let data = squares(2, 6, Key::new(8));
    let refused = |data: &Dataset, config: KeypointConfig| match trainer(data, config, 1) {
        Ok(_) => panic!("it should be refused"),
        Err(error) => error.to_string(),
    };
    let told = refused(&data, few(0));
    assert!(told.contains("0 keypoints") && told.contains("8 is usual"), "{told}");
    let told = refused(&data, KeypointConfig { side: 50, ..few(2) });
    assert!(told.contains("50 pixels") && told.contains("cells of 4"), "{told}");
    let told = refused(&data, KeypointConfig { side: 96, ..few(2) });
    assert!(told.contains("48x48") && told.contains("96x96"), "{told}");
    let mut still = data.clone();
    for episode in &mut still.episodes {
        episode.frames = Some(Frames::from_images(&vec![Image::filled(SIDE, SIDE, [40, 80, 20]); 6]));
    }
    let told = refused(&still, KeypointConfig { ground: GroundKind::Episode, ..few(2) });
    assert!(told.contains("nothing moves") && told.contains("what changes"), "{told}");
    let mut blind = data;
    blind.episodes[1].frames = None;
    let told = refused(&blind, few(2));
    assert!(told.contains("episode 1 has no pictures"), "{told}");
}
