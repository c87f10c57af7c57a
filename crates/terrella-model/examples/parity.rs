//! Writes everything a twin of size `l` in another framework needs to be compared with ours.
//!
//! ```text
//! parity FOLDER [--clips 2]
//! ```
//!
//! The weights are random, but nothing is left at a value that hides a mistake: gates of AdaLN, norms
//! and running statistics are all moved away from where they start. The folder then holds
//! `model/` (as any trained model), the inputs, what inference made of them, and one training batch's
//! losses, gradients and running statistics with dropout off. `tests/judges/lewm_twin.py` reads it.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamGroup};
use burn::optim::GradientsParams;
use burn::prelude::*;
use burn::tensor::Distribution;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use terrella_core::{Batch, Clip, Key, Signature, Stats, Table};
use terrella_model::{Batcher, Interface, Jepa, JepaConfig, Saved, Size, TrainConfig, World, sigreg};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

const FRAMES: usize = 4;
const DIRECTIONS: usize = 128;
const SIGREG: f64 = 0.09;
const SEED: u64 = 7;

fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: parity FOLDER [--clips 2]")?;
    let clips = if arguments.next().is_some() { arguments.next().ok_or("--clips wants a number")?.parse()? } else { 2 };
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;

    let device = Device::flex();
    device.seed(SEED);
    let config = JepaConfig { size: Size::L, ..JepaConfig::default() };
    let interface = interface();
    let model = Jepa::new(&config, &interface, &device).map(&mut Stir::default());
    let world = World::new(model.clone(), config.clone(), interface.clone(), &device);
    Saved { world, reacher: None, train: TrainConfig::default(), step: 0 }.save(&folder.join("model"))?;

    let batch = batch(clips, config.image_size());
    let side = config.image_size();
    write(&folder.join("pictures.npy"), "|u1", &[clips * FRAMES, side, side, 3], batch.images.clone())?;
    write_f32(&folder.join("actions.npy"), &[clips, FRAMES - 1, 10], &batch.actions)?;

    let batcher = Batcher::new(&config, &interface);
    let tensors = batcher.tensors(&batch, None, &device)?;
    let (embeddings, predictions, rolled) = run(&model, tensors.inputs, tensors.actions, clips);
    for (name, tensor) in [("embeddings", embeddings), ("predictions", predictions), ("rolled", rolled)] {
        write_f32(&folder.join(format!("{name}.npy")), &tensor.dims(), &numbers(tensor))?;
    }
    train(&model, &batcher, &batch, folder)
}

/// Latents of the frames, one-step predictions and the rollout from the first frame.
fn run(model: &Jepa, inputs: Tensor<3>, actions: Tensor<3>, clips: usize) -> (Tensor<3>, Tensor<3>, Tensor<3>) {
    let latents = model.encode(inputs);
    let [_, width] = latents.dims();
    let latents = latents.reshape([clips, FRAMES, width]);
    let actions = model.embed_actions(actions);
    let predicted = model.predict(latents.clone().narrow(1, 0, FRAMES - 1), actions.clone());
    let rolled = model.roll_out(latents.clone().narrow(1, 0, 1).flatten::<2>(1, 2), actions);
    (latents, predicted, rolled)
}

/// One batch in training mode as published (one-step error and SIGReg), without dropout.
fn train(model: &Jepa, batcher: &Batcher, batch: &Batch, folder: &Path) -> Outcome {
    let device = Device::flex().autodiff();
    let model = model.clone().train().freeze_group(ParamGroup::from_regex("dropout")?);
    let tensors = batcher.tensors(batch, None, &device)?;
    let clips = batch.clips.len();
    let latents = model.encode(tensors.inputs);
    let [_, width] = latents.dims();
    let latents = latents.reshape([clips, FRAMES, width]);
    let history = FRAMES - 1;
    let predicted = model.predict(latents.clone().narrow(1, 0, history), model.embed_actions(tensors.actions));
    let predict = (predicted - latents.clone().narrow(1, 1, history)).square().mean();
    let key = Key::new(SEED);
    let gaussian = sigreg(latents, DIRECTIONS, key);
    let total = predict.clone() + gaussian.clone() * SIGREG;
    let grads = GradientsParams::from_grads(total.backward(), &model);

    let mut named = Named { grads: &grads, path: Vec::new(), index: BTreeMap::new(), numbers: Vec::new() };
    model.visit(&mut named);
    write_f32(&folder.join("gradients.npy"), &[named.numbers.len()], &named.numbers)?;
    write_f32(&folder.join("directions.npy"), &[DIRECTIONS, width], &directions(key, width))?;
    let report = serde_json::json!({
        "predict": predict.into_scalar::<f32>(),
        "sigreg": gaussian.into_scalar::<f32>(),
        "sigreg_weight": SIGREG,
        "gradients": named.index,
    });
    fs::write(folder.join("training.json"), serde_json::to_vec_pretty(&report)?)?;
    Ok(())
}

/// The directions that `sigreg` draws from this key.
fn directions(key: Key, width: usize) -> Vec<f32> {
    let mut stream = key.with("directions").stream();
    let mut rows: Vec<f32> = (0..DIRECTIONS * width).map(|_| stream.normal() as f32).collect();
    for row in rows.chunks_mut(width) {
        let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
        row.iter_mut().for_each(|x| *x /= norm);
    }
    rows
}

fn interface() -> Interface {
    let names = |prefix: &str, n: usize| (0..n).map(|i| format!("{prefix}{i}")).collect();
    let table = |width, numbers: &[f32]| Stats::of(width, [&Table::from_data(width, numbers.to_vec())]);
    Interface {
        signature: Signature { fps: 10.0, image: Some([224, 224]), state: names("s", 2), action: names("a", 2), env: None },
        state_stats: table(2, &[0.0, 1.0, 2.0, 5.0]),
        action_stats: table(2, &[10.0, 480.0, 300.0, 20.0, 250.0, 200.0]),
        angles: Vec::new(),
        data_hash: "random".to_owned(),
    }
}

/// Smooth random pictures with noise on top, and random actions in log units.
fn batch(clips: usize, side: usize) -> Batch {
    let mut stream = Key::new(SEED).with("inputs").stream();
    let mut images = Vec::with_capacity(clips * FRAMES * side * side * 3);
    for _ in 0..clips * FRAMES {
        let wave: [f64; 9] = std::array::from_fn(|_| stream.uniform(0.0, 0.1));
        for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y as f64, x as f64))) {
            for c in 0..3 {
                let level = 128.0 + 90.0 * (wave[c] * x + wave[c + 3] * y + 60.0 * wave[c + 6]).sin();
                images.push((level + stream.uniform(-30.0, 30.0)).clamp(0.0, 255.0) as u8);
            }
        }
    }
    Batch {
        clips: (0..clips).map(|start| Clip { episode: 0, start }).collect(),
        n_frames: FRAMES,
        image_size: Some([side, side]),
        images,
        states: Vec::new(),
        actions: (0..clips * (FRAMES - 1) * 10).map(|_| stream.uniform(0.0, 512.0) as f32).collect(),
    }
}

/// Moves every parameter off its starting value, most of all those that start at 0 or 1.
#[derive(Default)]
struct Stir {
    path: Vec<String>,
}

impl ModuleMapper for Stir {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.join(".");
        let scale = match name.as_str() {
            n if n.contains("modulation") || n.contains("running") => 0.1,
            n if n.contains("norm") => 0.2,
            _ => 0.01,
        };
        param.map(|t| {
            let noise = t.random_like(Distribution::Normal(0.0, 1.0)) * scale;
            t + if name.ends_with("running_var") { noise.abs() } else { noise }
        })
    }
}

/// Gradients one after the other, and where each begins.
struct Named<'a> {
    grads: &'a GradientsParams,
    path: Vec<String>,
    index: BTreeMap<String, (usize, Vec<usize>)>,
    numbers: Vec<f32>,
}

impl ModuleVisitor for Named<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = self.path.join(".");
        let value = if name.contains("running") { Some(param.val().detach()) } else { self.grads.get::<D>(param.id) };
        if let Some(value) = value {
            self.index.insert(name, (self.numbers.len(), value.dims().to_vec()));
            self.numbers.extend(numbers(value));
        }
    }
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

fn write_f32(path: &Path, shape: &[usize], data: &[f32]) -> Outcome {
    write(path, "<f4", shape, data.iter().flat_map(|x| x.to_le_bytes()).collect())
}

/// An array in NumPy's format, version 1.0.
fn write(path: &Path, kind: &str, shape: &[usize], bytes: Vec<u8>) -> Outcome {
    let sizes: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let mut header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({sizes}), }}");
    let padding = 64 - (10 + header.len() + 1) % 64;
    header.extend(std::iter::repeat_n(' ', padding));
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.bytes());
    file.extend(bytes);
    Ok(fs::write(path, file)?)
}
