//! The short cuts of a CPU see and learn what the tensors do.

use crate::Turn;
use crate::apart::apart;
use crate::augment::{Augment, Changes};
use crate::device::alone;
use crate::family::jepa::batch::Batcher;
use crate::family::jepa::config::{JepaConfig, LossWeights, Sees, Size};
use crate::family::jepa::gradient::gradient;
use crate::family::jepa::judge_rows::Learning;
use crate::family::jepa::net::Jepa;
use crate::family::jepa::workers::Workers;
use crate::family::jepa::world::World;
use crate::host::dense::numbers;
use crate::host::gather::Gathered;
use crate::host::look::Album;
use crate::interface::Interface;
use crate::train::Trainer;
use crate::train_config::TrainConfig;
use crate::{Symmetry, Views};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::prelude::*;
use terrella_core::{Batch, Clip, Dynamics, Image, Key, Observation, Signature, Stats, Table};

pub(crate) fn interface(config: &JepaConfig) -> Interface {
    let stats = Stats::of(2, [&Table::from_data(2, vec![-1.0, -1.0, 1.0, 1.0])]);
    let names = |prefix: &str| (0..2).map(|i| format!("{prefix}{i}")).collect();
    let image = Some([config.image_size(); 2]);
    let signature = Signature { fps: 10.0, image, state: names("s"), action: names("a"), ..Signature::default() };
    Interface {
        signature,
        state_stats: stats.clone(),
        action_stats: stats,
        angles: Vec::new(),
        data_hash: "random".to_owned(),
        ..Interface::default()
    }
}

/// Pictures of a bright square each on noise: no two patches are alike.
pub(crate) fn pictures(n: usize, side: usize, key: Key) -> Vec<u8> {
    let mut stream = key.stream();
    let mut all: Vec<u8> = (0..n * side * side * 3).map(|_| stream.below(60) as u8).collect();
    for picture in all.chunks_mut(side * side * 3) {
        let (row, column) = (stream.below(side - 20), stream.below(side - 20));
        for y in row..row + 20 {
            picture[(y * side + column) * 3..][..60].iter_mut().for_each(|x| *x += 180);
        }
    }
    all
}

/// Pictures as they are observed, without a state.
pub(crate) fn observed(images: &[u8], side: usize) -> Vec<Observation> {
    let images = images.chunks(side * side * 3).map(|data| Image { height: side, width: side, data: data.to_vec() });
    images.map(|image| Observation { image: Some(image), state: Vec::new() }).collect()
}

/// With a goal some steps ahead of each clip, if the model asks for goals.
pub(crate) fn batch(config: &JepaConfig, clips: usize, n_frames: usize, key: Key) -> Batch {
    let mut stream = key.stream();
    let mut normal = |n: usize| (0..n).map(|_| stream.normal() as f32).collect::<Vec<f32>>();
    let side = config.image_size();
    let to_goal = config.goal().map_or_else(Vec::new, |reach| (0..clips).map(|clip| 1 + 7 * clip % reach).collect());
    let shown = n_frames + usize::from(!to_goal.is_empty());
    Batch {
        clips: (0..clips).map(|start| Clip { episode: 0, start }).collect(),
        n_frames,
        image_size: Some([side, side]),
        to_goal,
        states: normal(clips * shown * 2),
        actions: normal(clips * (n_frames - 1) * config.frame_skip * 2),
        images: pictures(clips * shown, side, key.with("pictures")),
        ..Batch::default()
    }
}

/// A model after a few steps, which moved the statistics of its norm.
fn trained(config: JepaConfig, steps: u64) -> (Trainer<JepaConfig>, JepaConfig) {
    let train = TrainConfig { steps: 100, batch_size: 4, ..TrainConfig::default() };
    let mut trainer = Trainer::new(config.clone(), interface(&config), train, &Device::flex());
    for step in 0..steps {
        trainer.advance(&batch(&config, 4, 3, Key::new(3).at(step)), false).expect("a step");
    }
    (trainer, config)
}

/// A model of this size that tells states.
fn telling(size: Size) -> JepaConfig {
    JepaConfig { size, readout: true, ..JepaConfig::default() }
}

#[test]
fn pictures_look_on_rows_as_they_do_on_tensors() {
    let _turn = alone();
    for (size, steps) in [(Size::Xs, 4), (Size::S, 4), (Size::M, 1)] {
        let (trainer, config) = trained(telling(size), steps);
        let symmetry = Symmetry { side: 0.0, points: vec![[0, 1]], headings: vec![], action_points: vec![[0, 1]] };
        let world = World::new(trainer.model(), config.clone(), interface(&config), &Device::flex());
        let side = config.image_size();
        let seen = observed(&pictures(5, side, Key::new(7)), side);
        for views in [Views::One, Views::Imagine] {
            let fast = world.clone().with_views(Some(symmetry.clone()), views);
            let sides = |world: &World, seen: &[Observation]| world.all_sides(&world.observe(seen).expect("latents"));
            let (a, b) = (sides(&fast, &seen), sides(&fast.clone().by_tensors(), &seen));
            assert_eq!((a.width, a.len()), (b.width, b.len()), "{size:?}, {views:?}");
            let most = b.data.iter().fold(0.0f32, |most, x| most.max(x.abs()));
            let far = a.data.iter().zip(&b.data).fold(0.0f32, |far, (a, b)| far.max((a - b).abs()));
            assert!(far < 2e-5 * (1.0 + most), "{size:?}, {views:?}: {far} of {most}");
            // Who else is looked at changes nothing.
            let alone = sides(&fast, &seen[4..]);
            let same = |(at, row): (usize, &[f32])| row == a.row(5 * at + 4);
            assert!(alone.rows().enumerate().all(same), "{size:?}, {views:?}: a picture alone");
        }
    }
}

/// The largest difference of two gradients as a share of the largest number of its tensor. A softmax does not feel the
/// queries' biases: of their gradients, which are rounding alone, it is the share of the largest of all.
pub(crate) fn share<M: Module>(model: &M, gradients: [&GradientsParams; 2], tensors: usize) -> f32 {
    let apart = apart(model, gradients);
    assert!(apart.len() >= tensors, "all that learn: {}", apart.len());
    let all = apart.iter().fold(0.0f32, |all, [_, most]| all.max(*most));
    let share = |[far, most]: &[f32; 2]| far / if *most < 1e-5 * all { all } else { *most };
    apart.iter().map(share).fold(0.0, f32::max)
}

/// What is seen, and the gradient for a random one behind it: odd numbers of pictures, turned.
#[test]
fn looking_on_rows_has_the_gradient_of_looking_on_tensors() {
    let _turn = alone();
    let device = Device::flex().autodiff();
    for (size, steps, n) in [(Size::Xs, 4, 37), (Size::S, 4, 5), (Size::M, 1, 3)] {
        let (trainer, config) = trained(telling(size), steps);
        let model: Jepa = trainer.model().train();
        let batcher = Batcher::new(&config, &interface(&config));
        let patcher = batcher.patcher().expect("it sees");
        let images = pictures(n, config.image_size(), Key::new(1));
        let turns: Vec<Turn> = (0..n).map(Turn::number).collect();
        let shape = [n, patcher.tokens(), patcher.values()];
        let inputs = Tensor::from_data(TensorData::new(patcher.patches(&images, &turns), shape), &device);
        let seen = model.look(inputs);
        let mut stream = Key::new(2).stream();
        let back: Vec<f32> = (0..seen.dims()[0] * seen.dims()[1]).map(|_| stream.normal() as f32).collect();
        let random = Tensor::<2>::from_data(TensorData::new(back.clone(), seen.dims()), &device);
        let want = GradientsParams::from_grads((seen.clone() * random).sum().backward(), &model);

        let (encoder, look) = model.encoder.on_host(patcher).expect("patches");
        let (album, small) = (Album::default(), patcher.shrunken(&images));
        // The room of one batch serves the next.
        for _ in 0..2 {
            let told = look.watch(n, |at, out| patcher.cells(&small, at, turns[at], out), &album);
            for (a, b) in told.iter().zip(numbers(seen.clone().inner())) {
                assert!((a - b).abs() < 2e-5 * (1.0 + b.abs()), "{size:?}: {a} against {b}");
            }
            let found = encoder.slopes(look.learn(&back, &album).slopes(&look), &device);
            let share = share(&model, [&found, &want], 7);
            assert!(share < 1e-4, "{size:?}: {share}");
        }
    }
}

/// Latents, what the norm remembers and gradients of rows that look much alike, more than a piece of them.
#[test]
fn gathering_on_rows_has_the_gradient_of_gathering_on_tensors() {
    let _turn = alone();
    let device = Device::flex().autodiff();
    for (size, n, spread) in [(Size::Xs, 70, 1.0), (Size::Xs, 130, 0.01), (Size::S, 5, 1.0)] {
        let (trainer, config) = trained(telling(size), 1);
        let (model, other): (Jepa, Jepa) = (trainer.model().train(), trainer.model().train());
        let batcher = Batcher::new(&config, &interface(&config));
        let (encoder, look) = model.encoder.on_host(batcher.patcher().expect("it sees")).expect("patches");
        let (told, project) = (look.told(), model.projector.layer().expect("one layer"));
        let mut stream = Key::new(2).stream();
        let mut normal = |n: usize, scale: f64, at: f64| -> Vec<f32> {
            (0..n).map(|_| (at + scale * stream.normal()) as f32).collect()
        };
        let seen = normal(n * told, spread, 0.5);
        let tensor = Tensor::<2>::from_data(TensorData::new(seen.clone(), [n, told]), &device).require_grad();
        let want = other.gather(tensor.clone());
        let back = normal(n * want.dims()[1], 1.0, 0.0);
        let random = Tensor::<2>::from_data(TensorData::new(back.clone(), want.dims()), &device);
        let mut grads = (want.clone() * random).sum().backward();
        let of_seen = numbers(tensor.grad_remove(&mut grads).expect("it looks at what was seen"));
        let tensors = GradientsParams::from_grads(grads, &other);

        let (gather, mut room) = (encoder.gathering(project), Gathered::default());
        let near = |what: &str, a: &[f32], b: &[f32]| {
            let most = b.iter().fold(0.0f32, |most, x| most.max(x.abs()));
            let far = a.iter().zip(b).fold(0.0f32, |far, (a, b)| far.max((a - b).abs()));
            assert!(a.len() == b.len() && far < 1e-3 * most, "{size:?}, {n} rows, {spread}: {what}: {far} of {most}");
        };
        // The room of one batch serves the next.
        gather.forward(&normal((n + 3) * told, 1.0, 0.0), &mut room);
        gather.back(&normal((n + 3) * project.weight.val().dims()[1], 1.0, 0.0), &mut room);
        let (latents, moments) = gather.forward(&seen, &mut room);
        encoder.remember(moments);
        near("latents", &latents, &numbers(want.inner()));
        near("gradient", &gather.back(&back, &mut room), &of_seen);
        let mut rows = GradientsParams::new();
        encoder.hand((&gather, project), &room.sums, &mut rows, &Device::flex());
        let share = share(&model, [&rows, &tensors], 8);
        assert!(share < 1e-3, "{size:?}, {n} rows: {share}");
        let one = |model: &Jepa| {
            let row = TensorData::new(seen[..told].to_vec(), [1, told]);
            numbers(model.valid().gather(Tensor::from_data(row, &Device::flex())))
        };
        near("what the norm remembers", &one(&model), &one(&other));
    }
}

/// Batches of odd numbers of clips, turned, in one part and in several, with windows that do not fill, grow and slide; with
/// a readout and without; once with goals, moved and in other lights; once from states. The seeds are some with which no hidden
/// number lies so near zero that rounding decides whether its ReLU lets it pass.
#[test]
fn the_gradient_on_rows_is_the_one_on_tensors() {
    let _turn = alone();
    let device = Device::flex().autodiff();
    let symmetry = Symmetry { side: 0.0, points: vec![[0, 1]], headings: vec![], action_points: vec![[0, 1]] };
    let moving = Augment {
        shift: 6,
        colour: 0.2,
        moves: Some(Symmetry { side: 4.0, ..symmetry.clone() }),
        ..Augment::default()
    };
    let (xs, small, still) = (telling(Size::Xs), telling(Size::S), Augment::default());
    let reaching = LossWeights { reach: 1.0, ..LossWeights::default() };
    for (config, parts, clips, frames, augment, seed) in [
        (xs.clone(), 1, 9, 3, &still, 9),
        (xs.clone(), 2, 5, 2, &still, 9),
        (xs.clone(), 4, 13, 6, &still, 10),
        // More clips than go through the predictor together.
        (xs.clone(), 1, 37, 4, &still, 9),
        (JepaConfig { readout: false, ..xs.clone() }, 2, 7, 3, &still, 9),
        (JepaConfig { history: Some(1), ..xs.clone() }, 2, 5, 4, &still, 9),
        (JepaConfig { history: Some(3), ..xs.clone() }, 2, 5, 6, &still, 9),
        (JepaConfig { sees: Sees::State, ..xs.clone() }, 2, 9, 5, &still, 9),
        (small, 2, 7, 3, &still, 9),
        (JepaConfig { weights: reaching, ..xs }, 2, 7, 3, &moving, 11),
    ] {
        let told = format!("{config:?}, {parts} parts, {clips} clips, {frames} frames");
        let (trainer, config) = trained(config, 2);
        let model: Jepa = trainer.model().train();
        let batch = batch(&config, clips, frames, Key::new(seed));
        let batcher = Batcher::new(&config, &interface(&config));
        let mut changes = Changes::draw(augment, Some(&symmetry), (clips, config.image_size()), Key::new(5))
            .expect("what moves is said");
        changes.turns = (0..clips).map(Turn::number).collect();
        assert!(Learning::of(&model).is_some(), "{told}: on rows");
        let found = |rows: bool| {
            let workers = Workers::new(parts);
            let workers = if rows { workers } else { workers.by_tensors() };
            let with = (&model, &batcher, &workers);
            // The room of one batch serves the next.
            let before = self::batch(&config, clips + 2, frames + 1, Key::new(8));
            let mut more = Changes::draw(augment, Some(&symmetry), (clips + 2, config.image_size()), Key::new(5))
                .expect("as before");
            more.turns = (0..clips + 2).map(Turn::number).collect();
            if rows {
                gradient(with, (&before, &more), (&config, Key::new(3)), &device).expect("a gradient");
            }
            let (gradients, scores) =
                gradient(with, (&batch, &changes), (&config, Key::new(4)), &device).expect("a gradient");
            (gradients, scores.read_back(Tensor::zeros([1], &Device::flex())))
        };
        let ((rows, scores), (tensors, want)) = (found(true), found(false));
        // The norm over a few pictures that look much alike magnifies rounding.
        let share = share(&model, [&rows, &tensors], 40);
        // A gate that stands open by a rounding and not by another moves a small gradient by some thousandths.
        assert!(share < 1e-2, "{told}: {share}");
        let names = ["total", "predict", "rollout", "readout", "readout_rollout", "sigreg"].into_iter();
        for name in names.chain((config.weights.reach > 0.0).then_some("reach")) {
            let (a, b) = (scores.get(name), want.get(name));
            assert!((a - b).abs() < 2e-5 * (1.0 + b.abs()), "{told}: {name}: {a} against {b}");
        }
    }
}
