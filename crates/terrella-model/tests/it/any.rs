//! A world whose family is hidden is the world inside, bit for bit.

use crate::support::{alone, batch, interface};
use burn::prelude::*;
use terrella_core::{Acts, Batch, Dt, Dynamics, Image, Key, Observation, Stats, Table, Window};
use terrella_model::{
    AnyWorld, EnsembleConfig, Family, Interface, Jepa, JepaConfig, Losses, ObserverConfig, Registered, RssmConfig,
    Sees, TrainConfig, Trainer, Wants, World,
};

/// All that a world tells of a look, a step, a second look, a rollout of several sequences and steps
/// that last a while.
fn told<D: Dynamics>(world: &D, image: Option<&Image>) -> Vec<u32> {
    let numbers = |key: u64, n: usize| -> Vec<f32> {
        let mut stream = Key::new(11).at(key).stream();
        (0..n).map(|_| stream.normal() as f32).collect()
    };
    let look = |key: u64| [Observation { image: image.cloned(), state: numbers(key, 2) }];
    let (width, n, horizon) = (world.block_width(), 5, 3);
    let first = world.observe(&look(0)).expect("a state");
    let seen = world.track(&first, &numbers(1, width), &look(2)).expect("a state");
    let mut states = world.roll_out(&seen, &[0; 5], &numbers(3, n * horizon * width));
    let many = world.take(&seen, &[0; 5]);
    let next = world.step(&many, Acts::of(&numbers(4, n * width)));
    let after = world.step(&next, Acts::of(&numbers(5, n * width)).lasting(Dt::Each(&[0.1, 0.2, 0.05, 0.1, 0.3])));
    states.extend([first, seen, many, next, after]);
    let mut bits = vec![width as u32];
    for state in &states {
        let tables = [Some(world.latents(state)), world.read(state)];
        let rows = tables.into_iter().flatten().map(|Table { data, .. }| data);
        let rewards = [world.reward(state), world.ended(state)].into_iter().flatten();
        bits.extend(rows.chain(rewards).flatten().map(f32::to_bits));
        bits.extend(world.draw(state).into_iter().flatten().flat_map(|image| image.data).map(u32::from));
    }
    bits
}

fn same<F: Registered>(family: F, about: &JepaConfig, image: Option<&Image>) {
    let mut interface = interface(about);
    interface.rate_stats = Some(Stats::of(2, [&Table::from_data(2, vec![-1.0, -2.0, 1.0, 2.0])]));
    let train = TrainConfig { steps: 100, batch_size: 4, ..TrainConfig::default() };
    let mut trainer = Trainer::new(family, interface.clone(), train, &Device::flex());
    for step in 0..3 {
        let mut batch = batch(about, 4, 3, Key::new(2).at(step));
        batch.dt = vec![0.1; 4 * 2];
        trainer.advance(&batch, false).expect("a step");
    }
    let bare = trainer.world(&Device::flex());
    let hidden = AnyWorld::new(trainer.model_config.clone(), interface, trainer.world(&Device::flex()));
    let bits = told(&bare, image);
    assert_eq!(bits, told(&hidden, image), "{}", hidden.config().kind());
    assert!(bits.len() > 100 && bits.iter().skip(1).any(|b| *b != bits[1]), "there is something to compare");
}

#[test]
fn a_hidden_world_is_the_bare_one() {
    let _turn = alone();
    let states = JepaConfig { sees: Sees::State, readout: true, frame_skip: 2, ..JepaConfig::default() };
    same(states.clone(), &states, None);
    let pictures = JepaConfig { readout: true, ..JepaConfig::default() };
    let mut stream = Key::new(3).stream();
    let data = (0..96 * 96 * 3).map(|_| stream.below(256) as u8).collect();
    let image = Image { height: 96, width: 96, data };
    same(pictures.clone(), &pictures, Some(&image));
    same(ObserverConfig::default(), &ObserverConfig::default().mind, Some(&image));
    let rows = JepaConfig { sees: Sees::State, frame_skip: 1, ..JepaConfig::default() };
    let ensemble = EnsembleConfig { members: 3, layers: 2, hidden: 16, ..EnsembleConfig::default() };
    same(ensemble, &rows, None);
    same(crate::hybrid::begun().0, &rows, None);
    same(RssmConfig { memory: 32, hidden: 24, ..RssmConfig::default() }, &rows, None);
}

#[test]
#[should_panic(expected = "the world that it came from")]
fn a_state_of_another_family_is_not_taken() {
    let _turn = alone();
    let config = JepaConfig { sees: Sees::State, frame_skip: 1, ..JepaConfig::default() };
    let mut about = interface(&config);
    about.rate_stats = Some(about.state_stats.clone());
    let world = |family: EnsembleConfig| {
        let trainer = Trainer::new(family.clone(), about.clone(), TrainConfig::default(), &Device::flex());
        AnyWorld::new(family, about.clone(), trainer.world(&Device::flex()))
    };
    let other = Trainer::new(config.clone(), about.clone(), TrainConfig::default(), &Device::flex());
    let other = AnyWorld::new(config, about.clone(), other.world(&Device::flex()));
    let seen = [Observation { image: None, state: vec![0.0, 0.0] }];
    let state = other.observe(&seen).expect("a state");
    let _ = world(EnsembleConfig::default()).latents(&state);
}

/// A family that can do no more than it must.
#[derive(Clone, Default)]
struct Plain(JepaConfig);

impl Family for Plain {
    type Net = Jepa;
    type Tools = <JepaConfig as Family>::Tools;
    type Scores = <JepaConfig as Family>::Scores;
    type World = World;

    fn resolved(self) -> Self {
        Self(self.0.resolved())
    }

    fn wants(&self) -> Wants {
        self.0.wants()
    }

    fn window(&self, n_frames: usize) -> Window {
        self.0.window(n_frames)
    }

    fn net(&self, about: &Interface, device: &Device) -> Jepa {
        self.0.net(about, device)
    }

    fn tools(&self, about: &Interface, device: &Device) -> Self::Tools {
        self.0.tools(about, device)
    }

    fn gradient(
        with: (&Jepa, &Self::Tools),
        batch: &Batch,
        how: (&TrainConfig, Key),
        device: &Device,
    ) -> terrella_model::Result<(burn::optim::GradientsParams, Self::Scores)> {
        JepaConfig::gradient(with, batch, how, device)
    }

    fn read_back(scores: Self::Scores, config: &TrainConfig, gradient_norm: Tensor<1>) -> Losses {
        JepaConfig::read_back(scores, config, gradient_norm)
    }

    fn world(self, net: Jepa, about: Interface, device: &Device) -> World {
        self.0.world(net, about, device)
    }

    fn words(&self) -> [String; 2] {
        self.0.words()
    }
}

/// What follows by itself is what a family does that looks from one side.
#[test]
fn a_plain_family_can_be_acted_in_on_latents() {
    let _turn = alone();
    let config = JepaConfig { sees: Sees::State, ..JepaConfig::default() };
    let mut trainer = Trainer::new(Plain(config.clone()), interface(&config), TrainConfig::default(), &Device::flex());
    for step in 0..3 {
        trainer.advance(&batch(&config, 4, 3, Key::new(2).at(step)), false).expect("a step");
    }
    let world = trainer.world(&Device::flex());
    let look = |x: f32| world.observe(&[Observation { image: None, state: vec![x, -x] }]).expect("a state");
    let (start, goal, width) = (look(0.3), look(0.9), world.block_width());
    // Each copy has a pace of its own.
    let mut act = |k: usize, now: &Table, goal: &Table| -> Vec<f32> {
        assert_eq!((now.len(), goal.len()), (3, 3), "a row a copy");
        let block = |i: usize| (0..width).map(move |j| (goal.row(i)[j] - now.row(i)[j]) * (1 + i + k) as f32);
        (0..3).flat_map(block).collect()
    };
    let plain = Plain::follow(&world, [(&start, &[0; 3]), (&goal, &[0; 3])], 4, &mut act);
    let sided = JepaConfig::follow(&world, [(&start, &[0; 3]), (&goal, &[0; 3])], 4, &mut act);
    assert_eq!(plain, sided, "bit for bit");
    assert!(plain.iter().all(|plan| plan.len() == 4) && plain[0] != plain[2], "three plans of four blocks: {plain:?}");
    assert!(plain[0].row(0) != plain[0].row(1), "the world moves on");
}
