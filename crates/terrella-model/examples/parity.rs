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
use terrella_core::{Batch, Key};
use terrella_model::{Batcher, Changes, Jepa, JepaConfig, Size, TrainConfig, Trainer, save_world, sigreg};
use twin::{FRAMES, Outcome, batch, directions, interface, write_f32, write_u8};

mod twin;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const DIRECTIONS: usize = 128;
const SIGREG: f64 = 0.09;
const SEED: u64 = 7;

fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: parity FOLDER [--clips 2]")?;
    let clips =
        if arguments.next().is_some() { arguments.next().ok_or("--clips wants a number")?.parse()? } else { 2 };
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;

    let device = Device::flex();
    device.seed(SEED);
    let config = JepaConfig { size: Size::L, ..JepaConfig::default() };
    let interface = interface(config.image_size());
    let model = Jepa::new(&config, &interface, &device).map(&mut Stir::default());
    let trainer = Trainer::new(config.clone(), interface.clone(), TrainConfig::default(), &device);
    save_world(&trainer.with_model(model.clone()), &folder.join("model"))?;

    let batch = batch(clips, config.image_size(), Key::new(SEED));
    let side = config.image_size();
    write_u8(folder, "pictures", &[clips * FRAMES, side, side, 3], &batch.images)?;
    write_f32(folder, "actions", &[clips, FRAMES - 1, 10], &batch.actions)?;

    let batcher = Batcher::new(&config, &interface);
    let tensors = batcher.changed((&batch, 0..clips), &Changes::none(clips), &device)?;
    let (embeddings, predictions, rolled) = run(&model, tensors.inputs, tensors.actions);
    for (name, tensor) in [("embeddings", embeddings), ("predictions", predictions), ("rolled", rolled)] {
        write_f32(folder, name, &tensor.dims(), &numbers(tensor))?;
    }
    train(&model, &batcher, &batch, folder)
}

/// The numbers of a tensor.
fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// Latents of the frames, one-step predictions and the rollout from the first frame.
fn run(model: &Jepa, inputs: Tensor<3>, actions: Tensor<3>) -> (Tensor<3>, Tensor<3>, Tensor<3>) {
    let [clips, _, _] = actions.dims();
    let latents = model.encode(inputs);
    let [_, width] = latents.dims();
    let latents = latents.reshape([clips, FRAMES, width]);
    let actions = model.steer(actions);
    let predicted = model.predict(latents.clone().narrow(1, 0, FRAMES - 1), &actions);
    let rolled = model.roll_out(latents.clone().narrow(1, 0, 1).flatten::<2>(1, 2), &actions);
    (latents, predicted, rolled)
}

/// One batch in training mode as published (one-step error and SIGReg), without dropout.
fn train(model: &Jepa, batcher: &Batcher, batch: &Batch, folder: &Path) -> Outcome {
    let device = Device::flex().autodiff();
    let model = model.clone().train().freeze_group(ParamGroup::from_regex("dropout").expect("a valid pattern"));
    let clips = batch.clips.len();
    let tensors = batcher.changed((batch, 0..clips), &Changes::none(clips), &device)?;
    let latents = model.encode(tensors.inputs);
    let [_, width] = latents.dims();
    let latents = latents.reshape([clips, FRAMES, width]);
    let history = FRAMES - 1;
    let predicted = model.predict(latents.clone().narrow(1, 0, history), &model.steer(tensors.actions));
    let predict = (predicted - latents.clone().narrow(1, 1, history)).square().mean();
    let key = Key::new(SEED);
    let gaussian = sigreg(latents, terrella_model::directions(width, DIRECTIONS, key, &device));
    let total = predict.clone() + gaussian.clone() * SIGREG;
    let grads = GradientsParams::from_grads(total.backward(), &model);

    // Burn merges the last batch into the running statistics only now.
    let _ = model.valid();
    let mut named = Named { grads: &grads, path: Vec::new(), index: BTreeMap::new(), numbers: Vec::new() };
    model.visit(&mut named);
    write_f32(folder, "gradients", &[named.numbers.len()], &named.numbers)?;
    write_f32(folder, "directions", &[DIRECTIONS, width], &directions(key, DIRECTIONS, width))?;
    let report = serde_json::json!({
        "predict": predict.into_scalar::<f32>(),
        "sigreg": gaussian.into_scalar::<f32>(),
        "sigreg_weight": SIGREG,
        "gradients": named.index,
    });
    fs::write(folder.join("training.json"), serde_json::to_vec_pretty(&report)?)?;
    Ok(())
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
