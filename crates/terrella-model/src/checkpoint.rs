//! Models on disk: weights, configuration and normalisation together, whole or not at all.
//!
//! A finished model is a folder `model/` with `model.json` and safetensors files, for use and for
//! exchange. A run in progress has folders `checkpoint-<step>/` with Burn's own records of weights
//! and optimiser, which restore every number and identity: training goes on as if never stopped.
//! Folders are filled under a temporary name and renamed.

use crate::decoder::{Decoder, DecoderNet};
use crate::family::jepa::config::JepaConfig;
use crate::family::jepa::net::Shape;
use crate::family::jepa::world::World;
use crate::family::seam::Family;
use crate::family::{AnyWorld, ModelConfig, Registered, Visitor};
use crate::interface::Interface;
use crate::reacher::{Reacher, ReacherConfig};
use crate::train::Trainer;
use crate::train_config::TrainConfig;
use crate::{Error, Result};
use burn::module::Module;
use burn::optim::AdamWConfig;
use burn::prelude::*;
use burn::store::{ModuleSnapshot, SafetensorsStore};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use terrella_core::write_atomic;

/// Version of the folder's layout.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Manifest {
    version: u32,
    model: ModelConfig,
    interface: Interface,
    train: TrainConfig,
    step: u64,
    reacher: Option<ReacherConfig>,
    decoder: bool,
}

/// Writes a world that has no heads as a folder, replacing an earlier one.
///
/// # Errors
/// If the disk refuses; an earlier folder then remains.
pub fn save_world<F: Registered>(trainer: &Trainer<F>, path: &Path) -> Result<()> {
    let manifest = trainer.manifest();
    whole_folder(path, |folder| {
        write_manifest(folder, &manifest)?;
        export(&trainer.model(), &folder.join("weights.safetensors"))
    })
}

/// What a finished model is and what it was trained on, without its weights.
///
/// # Errors
/// If the description is missing, damaged, or of another version.
pub fn describe(path: &Path) -> Result<(ModelConfig, Interface)> {
    let Manifest { model, interface, .. } = read_manifest(path)?;
    Ok((model, interface))
}

/// Reads the world of a finished model, whichever its family; heads are left where they are.
///
/// # Errors
/// If a file is missing, damaged, or of another version.
pub fn load_any(path: &Path, device: &Device) -> Result<AnyWorld> {
    struct Load<'a>(&'a Path, Interface, &'a Device);
    impl Visitor for Load<'_> {
        type Output = Result<AnyWorld>;
        fn visit<F: Registered>(self, family: F) -> Self::Output {
            let Self(path, interface, device) = self;
            let net = import(family.net(&interface, device), &path.join("weights.safetensors"))?;
            let world = family.clone().world(net, interface.clone(), device);
            Ok(AnyWorld::new(family, interface, world))
        }
    }
    let manifest = read_manifest(path)?;
    manifest.model.visit(Load(path, manifest.interface, device))
}

/// A JEPA ready for use: the world, and its amortised planner if it has one.
#[derive(Clone, Debug)]
pub struct Saved {
    /// The simulator (with its decoder, if one was trained).
    pub world: World,
    /// The amortised planner and how it was trained.
    pub reacher: Option<(Reacher, ReacherConfig)>,
    /// How the model was trained.
    pub train: TrainConfig,
    /// Steps it was trained for.
    pub step: u64,
}

impl Saved {
    /// Writes the model as a folder, replacing an earlier one.
    ///
    /// # Errors
    /// If the disk refuses; an earlier folder then remains.
    pub fn save(&self, path: &Path) -> Result<()> {
        let world = &self.world;
        let manifest = Manifest {
            version: VERSION,
            model: world.config.clone().into(),
            interface: world.interface.clone(),
            train: self.train.clone(),
            step: self.step,
            reacher: self.reacher.as_ref().map(|(_, config)| config.clone()),
            decoder: world.decoder.is_some(),
        };
        whole_folder(path, |folder| {
            write_manifest(folder, &manifest)?;
            export(&world.model, &folder.join("weights.safetensors"))?;
            if let Some(decoder) = &world.decoder {
                export(&decoder.net, &folder.join("decoder.safetensors"))?;
            }
            if let Some((reacher, _)) = &self.reacher {
                export(reacher, &folder.join("reacher.safetensors"))?;
            }
            Ok(())
        })
    }

    /// Reads a folder written by [`Self::save`].
    ///
    /// # Errors
    /// If a file is missing, damaged, or of another version.
    pub fn load(path: &Path, device: &Device) -> Result<Self> {
        let manifest = read_manifest(path)?;
        let config: JepaConfig = manifest.model.family(&path.display().to_string())?;
        let (interface, shape) = (manifest.interface, Shape::of(config.size));
        let model = import(config.net(&interface, device), &path.join("weights.safetensors"))?;
        let mut world = World::new(model, config, interface, device);
        if manifest.decoder {
            let net = import(DecoderNet::new(shape.latent, device), &path.join("decoder.safetensors"))?;
            world = world.with_decoder(Decoder::of(net));
        }
        let reacher = match manifest.reacher {
            Some(config) => {
                let block = world.config.frame_skip * world.interface.action_width();
                let net = Reacher::new(shape.latent, block, &config, device);
                Some((import(net, &path.join("reacher.safetensors"))?, config))
            }
            None => None,
        };
        Ok(Self { world, reacher, train: manifest.train, step: manifest.step })
    }
}

impl<F: Registered> Trainer<F> {
    fn manifest(&self) -> Manifest {
        Manifest {
            version: VERSION,
            model: self.model_config.clone().into(),
            interface: self.interface.clone(),
            train: self.config.clone(),
            step: self.step,
            reacher: None,
            decoder: false,
        }
    }

    /// Writes `checkpoint-<step>` into a run directory, then removes older ones.
    ///
    /// # Errors
    /// If the disk refuses; older checkpoints then remain.
    pub fn save(&self, run: &Path) -> Result<PathBuf> {
        let manifest = self.manifest();
        let path = run.join(format!("checkpoint-{:08}", self.step));
        whole_folder(&path, |folder| {
            write_manifest(folder, &manifest)?;
            let (model, optimizer) = (folder.join("model"), folder.join("optimizer"));
            // Burn keeps the last batch's running statistics aside until somebody asks for them;
            // a copy for inference does.
            let _ = self.model.valid();
            self.model.clone().save_file(&model).map_err(|e| damaged(&model, &e))?;
            self.optimizer.save(&optimizer).map_err(|e| damaged(&optimizer, &e))
        })?;
        for old in checkpoints(run)?.into_iter().filter(|old| *old != path) {
            fs::remove_dir_all(&old).map_err(terrella_core::Error::io("remove", &old))?;
        }
        Ok(path)
    }

    /// Goes on from the newest checkpoint of a run directory, if there is one.
    ///
    /// # Errors
    /// If the checkpoint is damaged.
    pub fn resume(run: &Path, device: &Device) -> Result<Option<Self>> {
        let Some(path) = checkpoints(run)?.pop() else { return Ok(None) };
        let manifest = read_manifest(&path)?;
        let config: F = manifest.model.family(&path.display().to_string())?;
        let mut trainer = Self::new(config, manifest.interface, manifest.train, device);
        let (model, optimizer) = (path.join("model"), path.join("optimizer"));
        trainer.model = trainer.model.try_load_file(&model).map_err(|e| damaged(&model, &e))?;
        let fresh = AdamWConfig::new().with_weight_decay(trainer.config.weight_decay as f32).with_epsilon(1e-8).init();
        trainer.optimizer = fresh.load(&optimizer).map_err(|e| damaged(&optimizer, &e))?;
        trainer.step = manifest.step;
        Ok(Some(trainer))
    }
}

/// Checkpoint folders of a run, oldest first.
fn checkpoints(run: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(run).map_err(terrella_core::Error::io("list", run))?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name()
                .and_then(|n| n.to_str())
                .is_some_and(|n| n.starts_with("checkpoint-") && !n.ends_with(".tmp"))
        })
        .collect();
    found.sort();
    Ok(found)
}

/// Fills `<path>.tmp`, then renames it; an earlier folder is replaced only by a whole one.
fn whole_folder(path: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let temporary = terrella_core::suffixed(path, ".tmp");
    let io = terrella_core::Error::io;
    if temporary.exists() {
        fs::remove_dir_all(&temporary).map_err(io("remove", &temporary))?;
    }
    fs::create_dir_all(&temporary).map_err(io("create", &temporary))?;
    let filled = fill(&temporary);
    if filled.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_dir_all(&temporary);
        return filled;
    }
    if path.exists() {
        fs::remove_dir_all(path).map_err(io("replace", path))?;
    }
    Ok(fs::rename(&temporary, path).map_err(io("write", path))?)
}

fn write_manifest(folder: &Path, manifest: &Manifest) -> Result<()> {
    let json =
        serde_json::to_vec_pretty(manifest).map_err(|e| Error::Invalid(format!("cannot describe the model: {e}")))?;
    Ok(write_atomic(&folder.join("model.json"), &json)?)
}

fn read_manifest(folder: &Path) -> Result<Manifest> {
    let path = folder.join("model.json");
    let text = fs::read_to_string(&path).map_err(terrella_core::Error::io("read", &path))?;
    let manifest: Manifest = serde_json::from_str(&text).map_err(|e| damaged(&path, &e))?;
    if manifest.version != VERSION {
        let reason = format!("it has layout version {}, this program reads {VERSION}", manifest.version);
        return Err(Error::Checkpoint { path, reason });
    }
    Ok(manifest)
}

fn export<M: Module>(module: &M, path: &Path) -> Result<()> {
    // Burn notes three things, in an order that changes from run to run; one thing has one order.
    let store = SafetensorsStore::from_file(path).overwrite(true);
    let mut store = store.clear_metadata().metadata("format", "safetensors");
    module.save_into(&mut store).map_err(|e| Error::Invalid(format!("cannot write {}: {e}", path.display())))
}

fn import<M: Module>(mut module: M, path: &Path) -> Result<M> {
    let mut store = SafetensorsStore::from_file(path);
    let result = module.load_from(&mut store).map_err(|e| damaged(path, &e))?;
    if !result.missing.is_empty() || !result.errors.is_empty() {
        return Err(damaged(
            path,
            &format!("{} tensors missing, {} unreadable", result.missing.len(), result.errors.len()),
        ));
    }
    Ok(module)
}

fn damaged(path: &Path, reason: &dyn std::fmt::Display) -> Error {
    Error::Checkpoint { path: path.to_path_buf(), reason: reason.to_string() }
}
