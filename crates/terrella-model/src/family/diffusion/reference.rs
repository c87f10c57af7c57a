//! The engine beside the tensors, and what training makes of a dot that goes where it is told.

use super::config::DiffusionConfig;
use super::net::{DiffusionNet, Slots, TOLD};
use super::world::DiffusionWorld;
use crate::device::alone;
use crate::family::Size;
use crate::host::dense::numbers;
use crate::interface::Interface;
use crate::train::Trainer;
use crate::train_config::TrainConfig;
use burn::prelude::*;
use terrella_core::{Acts, Batch, Clip, Dynamics, Image, Key, Observation, Signature, Stats, Table};

const SIDE: usize = 16;

fn config() -> DiffusionConfig {
    DiffusionConfig { size: Size::Xs, picture: SIDE, patch: 8, context: 3, readout: 0.1, ..DiffusionConfig::default() }
}

fn interface() -> Interface {
    let unit = |n: usize| Stats { mean: vec![0.0; n], std: vec![1.0; n], ..Stats::default() };
    let signature = Signature {
        state: vec!["x".into(), "y".into()],
        action: vec!["right".into(), "down".into()],
        image: Some([SIDE, SIDE]),
        fps: 10.0,
        ..Signature::default()
    };
    Interface {
        state_stats: unit(2),
        action_stats: unit(2),
        rate_stats: Some(unit(2)),
        signature,
        ..Interface::default()
    }
}

/// A white square of 4x4 on black, at whole pixels.
fn picture([x, y]: [i32; 2]) -> Image {
    let mut data = vec![20; SIDE * SIDE * 3];
    for (row, column) in (y..y + 4).flat_map(|row| (x..x + 4).map(move |column| (row, column))) {
        data[(row as usize * SIDE + column as usize) * 3..][..3].fill(230);
    }
    Image { height: SIDE, width: SIDE, data }
}

/// Where the dot is after a step of at most one pixel along each axis.
fn moved([x, y]: [i32; 2], action: &[f32]) -> [i32; 2] {
    let along = |x: i32, by: f32| (x + 2 * by.round() as i32).clamp(0, SIDE as i32 - 4);
    [along(x, action[0]), along(y, action[1])]
}

fn batch(clips: usize, frames: usize, key: Key) -> Batch {
    let mut batch = Batch { n_frames: frames, image_size: Some([SIDE, SIDE]), ..Batch::default() };
    for clip in 0..clips {
        let mut stream = key.at(clip as u64).stream();
        let mut at = [stream.below(SIDE - 4) as i32, stream.below(SIDE - 4) as i32];
        batch.clips.push(Clip { episode: clip, start: 0 });
        for frame in 0..frames {
            batch.images.extend(picture(at).data);
            batch.states.extend(at.map(|x| x as f32 / 8.0 - 1.0));
            if frame + 1 < frames {
                let action = [stream.below(3) as f32 - 1.0, stream.below(3) as f32 - 1.0];
                at = moved(at, &action);
                batch.actions.extend(action);
            }
        }
    }
    batch
}

fn trained(steps: u64) -> (Trainer<DiffusionConfig>, f32) {
    let train = TrainConfig { steps, batch_size: 8, n_frames: 5, learning_rate: 2e-3, ..TrainConfig::default() };
    let mut trainer = Trainer::new(config(), interface(), train, &Device::flex());
    let mut last = f32::NAN;
    for step in 0..steps {
        let progress = trainer.advance(&batch(8, 5, Key::new(5).at(step)), step + 1 == steps).expect("a step");
        last = progress.map_or(last, |progress| progress.losses.get("predict") / progress.losses.get("copy_last"));
    }
    (trainer, last)
}

/// The frame that a dream shows now, in the network's numbers.
fn now(world: &DiffusionWorld, state: &<DiffusionWorld as Dynamics>::State) -> Vec<u8> {
    world.draw(state).expect("it paints").swap_remove(0).data
}

#[test]
fn frames_one_by_one_are_those_that_tensors_paint_at_once() {
    let _turn = alone();
    let (trainer, _) = trained(6);
    let (net, about): (DiffusionNet, _) = (trainer.model(), interface());
    let world = DiffusionWorld::new(&net, &config(), &about);
    let batch = batch(1, 7, Key::new(9));
    let lessons = super::lesson::Translator::new(&config(), &about);
    let (frames, slots) = (lessons.frames(&batch.images), 6);
    let each = frames.len() / 7;
    let told = |a: &[f32]| [&lessons.actions(a)[..], &[0.0, 0.0, 1.0]].concat();
    let told: Vec<f32> = batch.actions.chunks(2).flat_map(told).collect();
    let tensor = |data: Vec<f32>| {
        let width = data.len() / slots;
        Tensor::<3>::from_data(TensorData::new(data, [1, slots, width]), &Device::flex())
    };
    assert_eq!(told.len(), slots * (config().steering(2) + TOLD));
    let painted = net.forward(Slots {
        past: tensor(frames[..slots * each].to_vec()),
        now: tensor(vec![0.0; slots * each]),
        told: tensor(told),
    });
    let painted: Vec<Vec<u8>> = numbers(painted).chunks(each).map(|frame| lessons.picture(frame).data).collect();
    // More slots than the context: the first fall out of sight.
    let seen = |frame: usize| Observation { image: Some(picture_of(&batch, frame)), state: Vec::new() };
    let mut state = world.observe(&[seen(0)]).expect("a picture");
    for (slot, painted) in painted.iter().enumerate() {
        let action = &batch.actions[slot * 2..][..2];
        let next = world.step(&state, Acts::of(action));
        let worst = now(&world, &next).iter().zip(painted).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(1), "slot {slot}: a level of {worst:?} apart");
        state = world.track(&state, action, &[seen(slot + 1)]).expect("a picture");
        assert_eq!(now(&world, &state), picture_of(&batch, slot + 1).data, "what is seen stands");
    }
}

fn picture_of(batch: &Batch, frame: usize) -> Image {
    let bytes = SIDE * SIDE * 3;
    Image { height: SIDE, width: SIDE, data: batch.images[frame * bytes..][..bytes].to_vec() }
}

#[test]
fn a_dot_goes_where_it_is_told_and_rows_know_nothing_of_each_other() {
    let _turn = alone();
    let (trainer, ratio) = trained(150);
    assert!(ratio < 0.4, "painting is {ratio} of copying");
    let world = trainer.world(&Device::flex());
    let seen = |at| Observation { image: Some(picture(at)), state: Vec::new() };
    let start = world.observe(&[seen([6, 6]), seen([2, 8])]).expect("pictures");
    let acts = [1.0, 0.0, 0.0, 0.0];
    let both = world.step(&world.step(&start, Acts::of(&acts)), Acts::of(&acts));
    let drawn = world.draw(&both).expect("it paints");
    let error = |image: &Image, at| {
        let wanted = picture(at).data;
        image.data.iter().zip(&wanted).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / wanted.len() as f64
    };
    let [went, stayed] = [error(&drawn[0], [10, 6]), error(&drawn[0], [6, 6])];
    assert!(went < stayed, "it went: {went} from where it should be, {stayed} from where it was");
    assert!(error(&drawn[1], [2, 8]) < error(&drawn[1], [6, 8]), "the other one stayed");
    let alone = world.take(&start, &[1]);
    let alone = world.step(&world.step(&alone, Acts::of(&acts[2..])), Acts::of(&acts[2..]));
    assert_eq!(world.draw(&alone).expect("it paints")[0], drawn[1], "the same by itself");
    let told: Table = world.read(&both).expect("states are told");
    assert_eq!((told.len(), told.width), (2, 2));
}

/// Dreams that began at different times, and one that several passes paint.
#[test]
fn dreams_are_stepped_together_as_they_are_apart() {
    let _turn = alone();
    for denoise in [1, 2] {
        let config = DiffusionConfig { denoise, ..config() };
        let world = DiffusionWorld::new(&trained(4).0.model(), &config, &interface());
        let begun =
            |at| world.observe(&[Observation { image: Some(picture(at)), state: Vec::new() }]).expect("a picture");
        let mut apart = [begun([6, 6]), begun([2, 8]), begun([0, 3])];
        apart[2] = world.step(&apart[2], Acts::of(&[0.0, 1.0]));
        let mut together = world.join(&apart.iter().collect::<Vec<_>>()).expect("dreams go together");
        for step in 0..5 {
            let acts: Vec<f32> = (0..6).map(|i| f32::from((i * 5 + step * 7) % 3 - 1i8)).collect();
            together = world.step(&together, Acts::of(&acts));
            for (state, acts) in apart.iter_mut().zip(acts.chunks(2)) {
                *state = world.step(state, Acts::of(acts));
            }
            let each: Vec<Image> = apart.iter().flat_map(|state| world.draw(state).expect("it paints")).collect();
            assert!(world.draw(&together).expect("it paints") == each, "{denoise} passes, step {step}");
            let told: Vec<u32> = apart
                .iter()
                .filter_map(|state| world.read(state))
                .flat_map(|told| told.data)
                .map(f32::to_bits)
                .collect();
            let all = world.read(&together).expect("states are told");
            assert!(all.data.iter().map(|x| x.to_bits()).eq(told), "{denoise} passes, what is told at {step}");
        }
    }
}

#[test]
fn sizes_that_do_not_go_together_are_refused_with_what_would_do() {
    let told =
        DiffusionConfig { picture: 90, ..DiffusionConfig::default() }.whole().expect_err("90 and 16").to_string();
    assert!(told.contains("90") && told.contains("96 and 16"), "{told}");
    assert!(DiffusionConfig { context: 0, ..DiffusionConfig::default() }.whole().is_err(), "no context");
    let batch = Batch { image_size: Some([8, 8]), ..batch(1, 3, Key::new(1)) };
    let told = super::lesson::Translator::new(&config(), &interface())
        .lesson(&batch, Key::new(0))
        .expect_err("8x8")
        .to_string();
    assert!(told.contains("16x16") && told.contains("8x8"), "{told}");
}
