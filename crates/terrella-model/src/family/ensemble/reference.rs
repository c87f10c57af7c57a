//! The short cuts of a CPU do what the tensors say: gradients, losses, steps and noise.

use super::config::EnsembleConfig;
use super::gradient::gradient;
use super::inputs::{Inputs, Lesson};
use super::loss::loss;
use super::net::{EnsembleNet, Told};
use super::poisson;
use super::world::{EnsembleWorld, noisy};
use crate::apart::apart;
use crate::host::dense::numbers;
use crate::interface::Interface;
use burn::nn::Initializer;
use burn::optim::GradientsParams;
use burn::prelude::*;
use burn::tensor::activation::sigmoid;
use terrella_core::{Acts, Batch, Clip, Dt, Dynamics, Key, Last, Observation, Signature, Stats, Table};

/// Two state numbers, one of them an angle, and an action.
fn interface(reward: bool, ends: bool) -> Interface {
    let stats = |width, data: &[f32]| Stats::of(width, [&Table::from_data(width, data.to_vec())]);
    Interface {
        signature: Signature { fps: 20.0, state: vec!["a".into(), "b".into()], ..Signature::default() },
        state_stats: stats(2, &[0.0, 1.0, 2.0, 5.0]),
        action_stats: stats(1, &[-1.0, 3.0]),
        rate_stats: Some(stats(2, &[-1.0, -2.0, 1.5, 3.0])),
        reward_stats: reward.then(|| stats(1, &[-3.0, 1.0])),
        angles: vec![0],
        ends,
        ..Interface::default()
    }
}

/// More rows than go together, of which the last few lead nowhere.
fn batch(inputs: &Inputs) -> Batch {
    let mut stream = Key::new(5).stream();
    let mut normal = |n: usize| (0..n).map(|_| stream.normal() as f32).collect::<Vec<f32>>();
    let n = 190;
    let (mut states, actions, rewards, dt, ends) = (normal(n * 4), normal(n), normal(n), normal(n), normal(n));
    // Wild rates would make the reference lose the bounds of variances among large numbers.
    states.chunks_mut(4).for_each(|clip| (0..2).for_each(|i| clip[2 + i] = clip[i] + 0.05 * clip[2 + i]));
    let outcome = inputs.reward.is_some() || inputs.ends;
    let last = |clip: usize| Last {
        clip,
        action: vec![0.3],
        dt: 0.05,
        reward: inputs.reward.as_ref().map(|_| clip as f32),
        ended: inputs.ends.then_some(clip != 40),
    };
    Batch {
        clips: (0..n).map(|start| Clip { episode: start % 7, start }).collect(),
        n_frames: 2,
        states,
        actions,
        dt: dt.iter().map(|x| 0.05 + 0.01 * x.abs()).collect(),
        rewards: if inputs.reward.is_some() { rewards } else { Vec::new() },
        ends: if inputs.ends { ends.iter().map(|x| f32::from(u8::from(*x > 1.0))).collect() } else { Vec::new() },
        lasts: if outcome { [3, 40, 189].map(last).to_vec() } else { Vec::new() },
        ..Batch::default()
    }
}

#[test]
fn the_gradient_by_hand_is_the_one_that_burn_finds() {
    let device = Device::flex().autodiff();
    for (reward, ends, variance, beta) in
        [(false, false, true, 0.0), (true, false, true, 0.5), (true, true, true, 1.0), (true, true, false, 0.5)]
    {
        let about = interface(reward, ends);
        let inputs = Inputs::new(&about);
        let config = EnsembleConfig { members: 3, layers: 3, hidden: 37, variance, beta, ..EnsembleConfig::default() };
        let mut net = EnsembleNet::new(&config, &inputs, &device);
        // Where a fresh network begins, ten below, 32-bit floats lose the slope of the lower bound.
        net.least = Initializer::Constant { value: -1.0 }.init([inputs.told()], &device);
        let lesson = Lesson::of(&inputs, &batch(&inputs)).expect("a lesson");
        let weights: Vec<f32> = (0..3 * lesson.rows()).map(|i| poisson(Key::new(2).at(i as u64))).collect();
        let how = (&weights[..], 0.7);
        let (found, scores) = gradient((&net, &config), (&inputs, &lesson), how, &device);
        let (total, reference) = loss((&net, &config), (&inputs, &lesson), how, &device);
        let want = GradientsParams::from_grads(total.backward(), &net);
        let apart = apart(&net, [&found, &want]);
        assert_eq!(apart.len(), if variance { 10 } else { 8 }, "all parameters that learn");
        assert!(apart.iter().all(|[_, most]| *most > 0.0), "a gradient of nothing compares nothing");
        assert!(apart.iter().all(|[far, most]| far / most < 1e-4), "{reward} {ends} {variance}: {apart:?}");
        assert_eq!(scores.names, reference.names, "losses by name");
        for ((name, a), b) in scores.names.iter().zip(scores.numbers).zip(reference.numbers) {
            let (a, b) = (numbers(a)[0], numbers(b)[0]);
            assert!((a - b).abs() < 1e-5 * (1.0 + b.abs()), "{name}: {a} against {b}");
        }
    }
}

#[test]
fn steps_on_plain_rows_are_what_the_tensors_tell() {
    let device = Device::flex();
    let (about, n) = (interface(true, true), 70);
    let inputs = Inputs::new(&about);
    let config = EnsembleConfig { members: 2, hidden: 40, ..EnsembleConfig::default() };
    let net = EnsembleNet::new(&config, &inputs, &device);
    let world = EnsembleWorld::new(&net, config, about.clone());
    let mut stream = Key::new(9).stream();
    let mut normal = |n: usize| (0..n).map(|_| stream.normal() as f32).collect::<Vec<f32>>();
    let (states, actions) = (normal(2 * n), normal(n));
    let seen: Vec<Observation> = states.chunks(2).map(|s| Observation { image: None, state: s.to_vec() }).collect();
    let start = world.observe(&seen).expect("states");
    assert!(world.reward(&start).is_none() && world.ended(&start).is_none(), "nothing was done yet");
    let dt = vec![0.04; n];
    let after = world.step(&start, Acts::of(&actions).lasting(Dt::Each(&dt)));

    let mut x = Vec::new();
    (0..n).for_each(|i| inputs.row(&states[2 * i..2 * i + 2], &actions[i..=i], dt[i], &mut x));
    let x = Tensor::<3>::from_data(TensorData::new(x, [1, n, inputs.width()]), &device);
    let Told { mean, end, .. } = net.forward(x.repeat_dim(0, 2));
    let over = |t: Tensor<3>| numbers(t.mean_dim(0));
    let mean = over(mean);
    let ended = over(sigmoid(end.expect("ends")));
    let near = |name: &str, a: f32, b: f32| assert!((a - b).abs() < 2e-5 * (1.0 + b.abs()), "{name}: {a} against {b}");
    let read = world.read(&after).expect("states");
    let (reward, told) = (world.reward(&after).expect("rewards"), world.ended(&after).expect("ends"));
    for i in 0..n {
        let mut want = states[2 * i..2 * i + 2].to_vec();
        inputs.advance(&mut want, &mean[3 * i..3 * i + 2], 0.04);
        (0..2).for_each(|k| near("state", read.row(i)[k], want[k]));
        near("reward", reward[i], -1.0 + 2.0 * mean[3 * i + 2]);
        near("end", told[i], ended[i]);
    }
    // Noise has the variance that is told. Fresh bounds are far apart, so the raw outputs matter.
    let key = Key::new(4);
    let mut normal = key.stream();
    let raw = [0.3, -0.2, 0.0, 0.1, -3.0, 0.0];
    let bounds = [[(-10.0f32).exp(), (-0.5f32).exp()]; 3];
    let moved = noisy(&raw, (2, 3), &bounds, key);
    for (k, moved) in moved.iter().enumerate() {
        let softplus = |x: f64| x.exp().ln_1p();
        let held = 0.5 - softplus(0.5 - f64::from(raw[3 + k]));
        let spread = -10.0 + softplus(held + 10.0);
        near("noise", *moved, raw[k] + ((0.5 * spread).exp() * normal.normal()) as f32);
    }
}
