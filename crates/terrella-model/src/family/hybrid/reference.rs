//! The gradient by hand is what central differences say, and a world does what was trained.

use super::config::HybridConfig;
use super::gradient::{Weights, gradient};
use super::motion::Motion;
use super::net::HybridNet;
use super::world::HybridWorld;
use crate::device::alone;
use crate::host::dense::numbers;
use crate::interface::Interface;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::nn::LinearConfig;
use burn::optim::GradientsParams;
use burn::prelude::*;
use terrella_core::{Acts, Batch, Clip, Dt, Dynamics, Key, Observation, Signature, Stats, Table};
use terrella_physics::Row;

/// A pendulum with a sensor that no equation knows between its numbers.
fn about() -> Interface {
    let stats = |width, data: &[f32]| Stats::of(width, [&Table::from_data(width, data.to_vec())]);
    let names = |all: [&str; 3]| all.map(str::to_owned).to_vec();
    Interface {
        signature: Signature {
            fps: 20.0,
            state: names(["velocity", "heat", "angle"]),
            units: names(["rad/s", "", "rad"]),
            action: vec!["torque".into()],
            ..Signature::default()
        },
        state_stats: stats(3, &[-3.0, 20.0, -1.0, 3.0, 24.0, 1.0]),
        action_stats: stats(1, &[-1.0, 1.0]),
        rate_stats: Some(stats(3, &[-10.0, 3.0, -8.0, 12.0, 5.0, 8.0])),
        angles: vec![2],
        ..Interface::default()
    }
}

fn config() -> HybridConfig {
    let mechanism = "pendulum".to_owned();
    HybridConfig { mechanism, layers: 2, hidden: 20, parameters: vec!["mass=0.7".into()], ..HybridConfig::default() }
}

/// More clips than go together, of rows that last differently.
fn batch(n_frames: usize) -> Batch {
    let mut stream = Key::new(5).stream();
    let (n, steps) = (21, n_frames - 1);
    let mut states = Vec::new();
    for _ in 0..n * n_frames {
        let [velocity, heat, angle] = [2.0 * stream.normal(), 22.0 + 0.1 * stream.normal(), 0.5 * stream.normal()];
        states.extend([velocity as f32, heat as f32, angle as f32]);
    }
    Batch {
        clips: (0..n).map(|start| Clip { episode: 0, start }).collect(),
        n_frames,
        states,
        actions: (0..n * steps).map(|_| stream.normal() as f32).collect(),
        dt: (0..n * steps).map(|_| stream.uniform(0.03, 0.07) as f32).collect(),
        ..Batch::default()
    }
}

/// A network whose last layer has begun to say something.
fn net(motion: &Motion, device: &Device) -> HybridNet {
    let mut net = HybridNet::new(&config(), motion, device);
    let last = net.layers.len() - 1;
    net.layers[last] = LinearConfig::new(20, motion.width()).init(device);
    net.map(&mut Nudge { tensor: 2 * (last + 1), number: 0, by: 0.05, at: 0 })
}

fn motion() -> Motion {
    Motion::new(config().known(&about().signature).expect("known"), &about())
}

/// Moves one number of one tensor.
struct Nudge {
    tensor: usize,
    number: usize,
    by: f32,
    at: usize,
}

impl ModuleMapper for Nudge {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        self.at += 1;
        if self.at - 1 != self.tensor {
            return param;
        }
        let (number, by) = (self.number, self.by);
        param.map(|tensor| {
            let (shape, device) = (tensor.dims(), tensor.device());
            let mut data = numbers(tensor);
            data[number] += by;
            Tensor::<D>::from_data(TensorData::new(data, shape), &device)
        })
    }
}

/// The gradients of all tensors, in order.
struct Found<'a>(&'a GradientsParams, Vec<Vec<f32>>);

impl ModuleVisitor for Found<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.1.push(numbers(self.0.get::<D>(param.id).expect("every tensor learns")));
    }
}

#[test]
fn the_gradient_by_hand_is_the_slope_of_the_loss() {
    let _turn = alone();
    let (device, motion, batch) = (Device::flex(), motion(), batch(4));
    let net = net(&motion, &device);
    let weights = Weights { residual: 0.3, prior: 0.2 };
    let (gradients, _) = gradient(&net, &motion, &batch, weights, &device).expect("a gradient");
    let mut found = Found(&gradients, Vec::new());
    net.visit(&mut found);
    let found = found.1;
    assert_eq!(found.len(), 8, "three layers, parameters and variances");
    let loss = |tensor: usize, number: usize, by: f32| {
        let net = net.clone().map(&mut Nudge { tensor, number, by, at: 0 });
        let scores = gradient(&net, &motion, &batch, weights, &device).expect("a gradient").1;
        let [rollout, residual, prior, total] = ["rollout", "residual", "prior", "total"].map(|name| scores.get(name));
        // Variances are fitted to errors, which do not follow them.
        if tensor == 7 { total } else { rollout + weights.residual * residual + weights.prior * prior }
    };
    for (tensor, numbers) in found.iter().enumerate() {
        let most = numbers.iter().fold(0.0f32, |most, x| most.max(x.abs()));
        assert!(most > 1e-3, "tensor {tensor} has a slope: {most}");
        for number in [0, numbers.len() / 2, numbers.len() - 1] {
            let slope = (loss(tensor, number, 5e-3) - loss(tensor, number, -5e-3)) / 1e-2;
            let far = (slope - f64::from(numbers[number])).abs();
            let near = 2e-3 * f64::from(most) + 0.01 * slope.abs() + 1e-4;
            assert!(far < near, "number {number} of tensor {tensor}: {} against {slope}", numbers[number]);
        }
    }
}

#[test]
fn a_world_takes_the_steps_that_were_trained() {
    let _turn = alone();
    let (device, motion, batch) = (Device::flex(), motion(), batch(2));
    let net = net(&motion, &device);
    let weights = Weights { residual: 0.3, prior: 0.2 };
    let scores = gradient(&net, &motion, &batch, weights, &device).expect("a gradient").1;
    let world = HybridWorld::new(&net, &config(), &about());
    let seen = |row: usize| {
        let states = batch.states.chunks_exact(6).map(move |clip| clip[3 * row..3 * row + 3].to_vec());
        states.map(|state| Observation { image: None, state }).collect::<Vec<_>>()
    };
    let start = world.observe(&seen(0)).expect("states");
    let after = world.step(&start, Acts::of(&batch.actions).lasting(Dt::Each(&batch.dt)));
    let told = world.read(&after).expect("states");
    let mut square = 0.0;
    for (told, truth) in told.rows().zip(seen(1)) {
        for (i, (told, truth)) in told.iter().zip(&truth.state).enumerate() {
            let far = motion.apart(i, f64::from(*told), f64::from(*truth)) / motion.unit(i);
            square += far * far / (3 * batch.clips.len()) as f64;
        }
    }
    let want = scores.get("predict");
    assert!((square / want - 1.0).abs() < 1e-4, "{square} against {want}");
    assert_eq!(scores.get("rollout"), want, "one row is foretold");
}

#[test]
fn a_fresh_hybrid_is_its_equations_and_what_they_do_not_know_goes_on_as_ever() {
    let _turn = alone();
    let world = HybridWorld::new(&HybridNet::new(&config(), &motion(), &Device::flex()), &config(), &about());
    let start = world.observe(&[Observation { image: None, state: vec![1.0, 22.0, 0.5] }]).expect("a state");
    let told = world.read(&world.step(&start, Acts::of(&[0.3]).lasting(Dt::Same(0.04)))).expect("a state");
    let pendulum = terrella_physics::mechanism("pendulum", 2).expect("there");
    let mut parameters = pendulum.defaults();
    parameters[0] = 0.7;
    let row = Row { state: &[0.5, 1.0], action: &[f64::from(0.3f32)], parameters: &parameters, dt: f64::from(0.04f32) };
    let next = pendulum.step(row);
    let want = [next[1], 22.0 + 0.04 * 4.0, next[0]];
    assert!(told.data.iter().zip(want).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-5), "{told:?} for {want:?}");
}
