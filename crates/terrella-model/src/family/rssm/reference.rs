//! The engine beside the tensors, the gradient of every number, and what training on pictures makes.

use super::config::{RssmConfig, Senses};
use super::engine::Engine;
use super::gradient::{Tools, gradient};
use super::lesson::Translator;
use super::net::draw;
use crate::apart::apart;
use crate::device::alone;
use crate::host::crew::Crew;
use crate::host::dense::numbers;
use crate::interface::Interface;
use crate::train::Trainer;
use crate::train_config::TrainConfig;
use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::prelude::*;
use terrella_core::{Acts, Batch, Clip, Dynamics, Image, Key, Last, Observation, Signature, Stats};

const SIDE: usize = 16;

fn config(sees: Senses) -> RssmConfig {
    RssmConfig {
        sees,
        picture: SIDE,
        patch: 8,
        memory: 24,
        blocks: 2,
        groups: 5,
        classes: 6,
        hidden: 20,
        bins: 9,
        // So that divergences pull from the first step on.
        free_nats: 0.0,
        ..RssmConfig::default()
    }
}

fn interface() -> Interface {
    let unit = |n: usize| Stats { mean: vec![0.0; n], std: vec![1.0; n], ..Stats::default() };
    let signature = Signature {
        state: vec!["x".into(), "y".into(), "angle".into()],
        action: vec!["right".into(), "down".into()],
        image: Some([SIDE, SIDE]),
        fps: 10.0,
        reward: true,
        ends: true,
        ..Signature::default()
    };
    Interface {
        state_stats: unit(3),
        action_stats: unit(2),
        angles: vec![2],
        reward_stats: Some(Stats { mean: vec![0.0], std: vec![1.0], min: vec![-2.0], max: vec![2.0], count: 9 }),
        ends: true,
        signature,
        ..Interface::default()
    }
}

/// A white square of 4x4 on black, at whole pixels.
fn picture([x, y]: [usize; 2]) -> Image {
    let mut data = vec![20; SIDE * SIDE * 3];
    for (row, column) in (y..y + 4).flat_map(|row| (x..x + 4).map(move |column| (row, column))) {
        data[(row * SIDE + column) * 3..][..3].fill(230);
    }
    Image { height: SIDE, width: SIDE, data }
}

/// A square that jumps about, with all that can be logged of it; the first clip reaches to the end of its episode.
fn batch(clips: usize, frames: usize, key: Key) -> Batch {
    let mut batch = Batch { n_frames: frames, image_size: Some([SIDE, SIDE]), ..Batch::default() };
    for clip in 0..clips {
        let mut stream = key.at(clip as u64).stream();
        batch.clips.push(Clip { episode: clip, start: 0 });
        for frame in 0..frames {
            let at = [stream.below(SIDE - 4), stream.below(SIDE - 4)];
            batch.images.extend(picture(at).data);
            batch.states.extend(at.map(|x| x as f32 / 8.0 - 1.0));
            batch.states.push(stream.uniform(0.0, 6.0) as f32);
            if frame + 1 < frames {
                batch.actions.extend([stream.normal() as f32, stream.normal() as f32]);
                batch.dt.push(stream.uniform(0.05, 0.15) as f32);
                batch.rewards.push(stream.uniform(-2.0, 2.0) as f32);
                batch.ends.push(f32::from(u8::from(stream.chance(0.2))));
            }
        }
    }
    batch.lasts.push(Last { clip: 0, action: vec![0.3, -0.4], dt: 0.1, reward: Some(1.0), ended: Some(true) });
    batch
}

fn trained(sees: Senses, steps: u64) -> Trainer<RssmConfig> {
    let train = TrainConfig { steps: 100, learning_rate: 5e-3, ..TrainConfig::default() };
    let mut trainer = Trainer::new(config(sees), interface(), train, &Device::flex());
    for step in 0..steps {
        trainer.advance(&batch(6, 4, Key::new(5).at(step)), false).expect("a step");
    }
    trainer
}

fn near(name: &str, found: &[f32], wanted: &[f32]) {
    assert_eq!(found.len(), wanted.len(), "{name}");
    for (i, (a, b)) in found.iter().zip(wanted).enumerate() {
        assert!((a - b).abs() < 2e-4 * (1.0 + b.abs()), "{name}, number {i}: {a} against {b}");
    }
}

/// One-hot rows of classes.
fn hot(classes: &[u16], n: usize) -> Vec<f32> {
    classes.iter().flat_map(|class| (0..n).map(move |i| f32::from(u8::from(i == usize::from(*class))))).collect()
}

/// The likeliest classes in one-hot rows, as tensors draw them without noise.
fn likeliest(log: Tensor<3>) -> Vec<f32> {
    let noise = log.zeros_like();
    // What makes the gradient goes in and out again, which costs the last bit.
    numbers(draw(log, noise)).into_iter().map(f32::round).collect()
}

#[test]
fn plain_rows_are_what_the_tensors_say() {
    let _turn = alone();
    let device = Device::flex();
    for sees in [Senses::State, Senses::Pixels, Senses::Both] {
        let config = config(sees);
        let (net, translator) = (trained(sees, 4).model(), Translator::new(&config, &interface()));
        let engine = Engine::of(&net, &config);
        let rows = 7;
        let lesson = translator.lesson(&batch(rows, 2, Key::new(1)), 0..rows, Key::new(2));
        let tensor =
            |of: &[f32]| Tensor::<2>::from_data(TensorData::new(of.to_vec(), [rows, of.len() / rows]), &device);
        let first = |of: &[f32]| of[..of.len() / 2].to_vec();
        let states = if sees.state() { first(&lesson.states) } else { Vec::new() };
        let patches = first(&lesson.patches);
        let shown = |of: &[f32]| (!of.is_empty()).then(|| tensor(of));

        let memory = engine.begin(rows);
        near("beginning", &memory, &numbers(net.begin(rows)));
        let seen = net.encode(shown(&states), shown(&patches));
        let log = net.told(tensor(&memory), seen);
        let latent = engine.told(&memory, [&states[..], &patches[..]]);
        assert_eq!(hot(&latent, config.classes), likeliest(log), "the posterior's mode");

        let after = net.advance(
            tensor(&memory),
            tensor(&hot(&latent, config.classes)),
            net.from_act.forward(tensor(&lesson.acts)),
        );
        let memory = engine.advance(&memory, &latent, &lesson.acts);
        near("memory", &memory, &numbers(after));
        let log = net.foretold(tensor(&memory));
        let latent = engine.foretold(&memory, None);
        assert_eq!(hot(&latent, config.classes), likeliest(log), "the prior's mode");

        let known = Tensor::cat(vec![tensor(&memory), tensor(&hot(&latent, config.classes))], 1);
        let head = |head: &Option<super::net::Head>| numbers(head.as_ref().expect("a head").forward(known.clone()));
        near("state", &engine.state(&memory, &latent).expect("states"), &head(&net.state));
        near("reward", &engine.reward(&memory, &latent).expect("rewards"), &head(&net.reward));
        let ends: Vec<f32> = head(&net.end).iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect();
        near("end", &engine.end(&memory, &latent).expect("ends"), &ends);
        let painted = net.painter.as_ref().map(|painter| numbers(painter.forward(known.clone())));
        assert_eq!(painted.is_some(), sees.pixels(), "pictures are drawn where they are seen");
        if let Some(painted) = painted {
            near("picture", &engine.paint(&memory, &latent).expect("pictures"), &painted);
        }
        // Drawn classes are as frequent as the tensors' probabilities, which a little of the uniform distribution is part of.
        let probabilities = numbers(net.foretold(tensor(&memory)).exp());
        let draws = 4000;
        let mut counts = vec![0.0; probabilities.len()];
        for draw in 0..draws {
            let keys: Vec<Key> = (0..rows).map(|row| Key::new(3).at(draw).at(row as u64)).collect();
            let drawn = hot(&engine.foretold(&memory, Some(&keys)), config.classes);
            counts.iter_mut().zip(drawn).for_each(|(count, x)| *count += x / draws as f32);
        }
        for (i, (count, p)) in counts.iter().zip(&probabilities).enumerate() {
            assert!(*p > 0.01 / 6.0 - 1e-5 && (count - p).abs() < 0.05, "class {i}: {count} drawn, {p} told");
        }
    }
}

struct Reached<'a> {
    gradients: &'a GradientsParams,
    path: Vec<String>,
    missed: Vec<String>,
    found: usize,
}

impl ModuleVisitor for Reached<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let gradient = self.gradients.get::<D>(param.id).map(numbers).unwrap_or_default();
        self.found += 1;
        if !gradient.iter().any(|x| *x != 0.0) || gradient.iter().any(|x| !x.is_finite()) {
            self.missed.push(self.path.join("."));
        }
    }
}

/// The gradient of one batch, in so many parts.
fn gradients(trainer: &Trainer<RssmConfig>, parts: usize) -> GradientsParams {
    let translator = Translator::new(&trainer.model_config, &trainer.interface);
    let tools = Tools { translator, crew: Crew::new(parts) };
    let (batch, device) = (batch(6, 4, Key::new(8)), Device::flex().autodiff());
    gradient((&trainer.model, &tools), &batch, Key::new(9), &device).expect("a gradient").0
}

/// The last row of an episode lies in the first part alone.
#[test]
fn parts_of_a_batch_have_the_gradient_of_the_whole() {
    let _turn = alone();
    let trainer = trained(Senses::Both, 3);
    let (whole, parts) = (gradients(&trainer, 1), gradients(&trainer, 3));
    let apart = apart(&trainer.model, [&parts, &whole]);
    assert!(apart.len() > 30, "{} tensors", apart.len());
    for (at, [far, most]) in apart.into_iter().enumerate() {
        assert!(far < 1e-4 * (1.0 + most), "tensor {at}: {far} apart, {most} at most");
    }
}

#[test]
fn a_gradient_reaches_every_number() {
    let _turn = alone();
    for sees in [Senses::State, Senses::Both, Senses::Pixels] {
        // Heads begin with zeros, behind which nothing learns in the first step.
        let trainer = trained(sees, 2);
        let gradients = gradients(&trainer, 1);
        let mut reached = Reached { gradients: &gradients, path: Vec::new(), missed: Vec::new(), found: 0 };
        trainer.model.visit(&mut reached);
        assert!(reached.missed.is_empty() && reached.found > 30, "{sees:?}: nothing reaches {:?}", reached.missed);
    }
}

#[test]
fn a_world_of_pictures_draws_them_and_tells_the_state_it_was_not_shown() {
    let _turn = alone();
    let mut trainer = trained(Senses::Pixels, 0);
    let mut lost = Vec::new();
    for step in 0..100 {
        let told = trainer.advance(&batch(6, 3, Key::new(6).at(step)), true).expect("a step").expect("losses").losses;
        lost.push(told.get("picture"));
    }
    assert!(lost[99] < 0.5 * lost[0], "pictures are drawn better: {} after {}", lost[99], lost[0]);
    let world = trainer.world(&Device::flex());
    let look = |at| Observation { image: Some(picture(at)), state: Vec::new() };
    let first = world.observe(&[look([2, 3]), look([8, 8])]).expect("pictures");
    assert!(world.reward(&first).is_none() && world.ended(&first).is_none(), "nothing was done yet");
    let drawn = world.draw(&first).expect("pictures");
    assert!(drawn.len() == 2 && drawn.iter().all(|image| image.data.len() == SIDE * SIDE * 3), "one a row");
    assert_eq!(world.read(&first).expect("states").len(), 2, "the readout tells states");
    let seen = world.track(&first, &[0.1; 4], &[look([2, 4]), look([8, 9])]).expect("pictures");
    let after = world.step(&seen, Acts::of(&[0.2; 4]));
    assert_eq!(world.reward(&after).expect("rewards").len(), 2, "a reward a row");
    assert!(world.ended(&after).expect("ends").iter().all(|p| (0.0..=1.0).contains(p)), "probabilities");
    let told = world.observe(&[Observation { image: None, state: vec![0.0; 3] }]).expect_err("blind").to_string();
    assert!(told.contains("pictures") && told.contains("model.sees"), "{told}");
    let small = Observation { image: Some(Image { height: 8, width: 8, data: vec![0; 192] }), state: Vec::new() };
    let told = world.observe(&[small]).expect_err("too small").to_string();
    assert!(told.contains("16x16") && told.contains("8x8"), "{told}");
}

#[test]
fn a_batch_that_lacks_something_is_refused_with_what_it_has() {
    let _turn = alone();
    let mut trainer = trained(Senses::Both, 0);
    let mut told = |change: fn(&mut Batch)| {
        let mut batch = batch(3, 3, Key::new(4));
        change(&mut batch);
        trainer.advance(&batch, false).expect_err("refused").to_string()
    };
    let text = told(|batch| batch.actions.clear());
    assert!(text.contains("6 steps") && text.contains("0 action numbers"), "{text}");
    let text = told(|batch| batch.states.clear());
    assert!(text.contains("state") && text.contains("model.sees"), "{text}");
    let text = told(|batch| batch.image_size = None);
    assert!(text.contains("pictures"), "{text}");
    let text = told(|batch| batch.n_frames = 1);
    assert!(text.contains("train.n_frames"), "{text}");
    let text = told(|batch| batch.rewards.clear());
    assert!(text.contains("reward") && text.contains("6 actions of a batch have 0"), "{text}");
}
