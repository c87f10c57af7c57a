//! Models on disk: weights, configuration and normalisation together, whole or not at all.
//!
//! A finished model is a folder `model/` with `model.json` and safetensors files, for use and for
//! exchange. A run in progress has folders `checkpoint-<step>/` with Burn's own records of weights
//! and optimiser, which restore every number and identity: training goes on as if never stopped.
//! Folders are filled under a temporary name and renamed, and hold the SHA-256 of each file: a changed
//! byte is told, not learned from.

use crate::adamw::adamw;
use crate::family::{AnyWorld, ModelConfig, Moved, Registered, Visitor};
use crate::heads::decoder::{Decoder, DecoderNet};
use crate::heads::probe::Probe;
use crate::heads::reacher::ReacherConfig;
use crate::heads::steps_to_go::StepsToGoConfig;
use crate::interface::Interface;
use crate::nn::reacher::Reacher;
use crate::nn::steps_to_go::StepsToGo;
use crate::things::Gaze;
use crate::train::Trainer;
use crate::train_config::TrainConfig;
use crate::{Error, Result};
use burn::module::Module;
use burn::prelude::*;
use burn::store::{ModuleSnapshot, SafetensorsStore};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use terrella_core::write_atomic;

/// The description of a model, in its folder.
const MANIFEST: &str = "model.json";
/// How things look that a model was taught the places of, in its folder.
const GAZE: &str = "things.json";
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    steps_to_go: Option<StepsToGoConfig>,
    decoder: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    meant: Option<Probe>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    gaze: bool,
    /// SHA-256 of the other files of the folder, by name; earlier versions kept none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    files: BTreeMap<String, String>,
}

/// Writes a model that has no heads as a folder, replacing an earlier one.
///
/// # Errors
/// If the disk refuses; an earlier folder then remains.
pub fn save_world<F: Registered>(trainer: &Trainer<F>, path: &Path) -> Result<()> {
    write(trainer, None, path)
}

/// What a finished model is and what it was trained on, without its weights.
///
/// # Errors
/// If the description is missing, damaged, or of another version.
pub fn describe(path: &Path) -> Result<(ModelConfig, Interface)> {
    let Manifest { model, interface, .. } = read_manifest(path)?;
    Ok((model, interface))
}

/// What a finished model is known by: the SHA-256 of the names of its files and of the SHA-256 of each. Models of one fingerprint
/// are the same to the last bit.
///
/// # Errors
/// If the folder or a file of it cannot be read.
pub fn fingerprint(path: &Path) -> Result<String> {
    let is_ours = |name: &String| [".json", ".safetensors"].iter().any(|end| name.ends_with(end));
    let files = hashes(path)?.into_iter().filter(|(name, _)| is_ours(name));
    let all: String = files.map(|(name, hash)| format!("{hash}  {name}\n")).collect();
    Ok(terrella_core::hex(Sha256::digest(all)))
}

/// Reads the world of a finished model, whichever its family.
///
/// # Errors
/// If a file is missing, damaged, or of another version.
pub fn load_any(path: &Path, device: &Device) -> Result<AnyWorld> {
    Ok(Saved::load(path, device)?.world)
}

/// A model ready for use: the world, and its amortised planner if it has one.
#[derive(Clone)]
pub struct Saved {
    /// The simulator (with its decoder, if one was trained).
    pub world: AnyWorld,
    /// The amortised planner and how it was trained.
    pub reacher: Option<(Reacher, ReacherConfig)>,
    /// What tells how far a goal is, if it was taught, and how.
    pub steps_to_go: Option<(StepsToGo, StepsToGoConfig)>,
    /// How the model was trained.
    pub train: TrainConfig,
    /// Steps it was trained for.
    pub step: u64,
}

impl Saved {
    /// What a trainer has come to, without heads.
    pub fn of<F: Registered>(trainer: &Trainer<F>, device: &Device) -> Self {
        let (family, interface) = (trainer.model_config.clone(), trainer.interface.clone());
        let world = AnyWorld::new(family, interface, trainer.world(device));
        Self { world, reacher: None, steps_to_go: None, train: trainer.config.clone(), step: trainer.step() }
    }

    /// Writes the model as a folder, replacing an earlier one: weights of the trainer, and these heads.
    ///
    /// # Errors
    /// If the disk refuses; an earlier folder then remains.
    pub fn save<F: Registered>(&self, trainer: &Trainer<F>, path: &Path) -> Result<()> {
        write(trainer, Some(self), path)
    }

    /// Reads a folder written by [`Self::save`].
    ///
    /// # Errors
    /// If a file is missing, damaged, or of another version.
    pub fn load(path: &Path, device: &Device) -> Result<Self> {
        struct Load<'a>(&'a Path, Manifest, &'a Device);
        impl Visitor for Load<'_> {
            type Output = Result<Saved>;
            fn visit<F: Registered>(self, family: F) -> Self::Output {
                let Self(path, manifest, device) = self;
                let Manifest { interface, train, step, reacher, steps_to_go, decoder, meant, gaze, .. } = manifest;
                family.fits(&interface).map_err(|error| damaged(&path.join(MANIFEST), &error))?;
                let net = import(family.net(&interface, device), &path.join("weights.safetensors"))?;
                let world = family.clone().world(net, interface.clone(), device);
                let latent = || {
                    let reason = "it is said to have heads, and its family has no latents for them";
                    family.latent().ok_or_else(|| damaged(&path.join(MANIFEST), &reason))
                };
                let drawn = match decoder {
                    true => Some(import(DecoderNet::new(latent()?, device), &path.join("decoder.safetensors"))?),
                    false => None,
                };
                let skip = family.window(1).frame_skip;
                let block = skip * interface.action_width();
                let reacher = match reacher {
                    Some(config) => {
                        let net = Reacher::new(latent()?, block, (config.width, config.reach), device);
                        Some((import(net, &path.join("reacher.safetensors"))?, config))
                    }
                    None => None,
                };
                let steps_to_go = match steps_to_go {
                    Some(config) => {
                        let net = StepsToGo::new(latent()?, config.width, (skip, config.reach / skip), device);
                        Some((import(net, &path.join("steps_to_go.safetensors"))?, config))
                    }
                    None => None,
                };
                let world = AnyWorld::new(family, interface, world);
                let world = match drawn {
                    Some(net) => world.with_decoder(Decoder::of(net)),
                    None => world,
                };
                let world = match meant {
                    Some(meant) => world.with_meaning(meant),
                    None => world,
                };
                let world = match gaze {
                    true => world.with_gaze(Some(read_gaze(&path.join(GAZE))?)),
                    false => world,
                };
                Ok(Saved { world, reacher, steps_to_go, train, step })
            }
        }
        let manifest = read_manifest(path)?;
        manifest.model.clone().visit(Load(path, manifest, device))
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
            steps_to_go: None,
            decoder: false,
            meant: None,
            gaze: false,
            files: BTreeMap::new(),
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
            let (model, optimizer) = (folder.join("model"), folder.join("optimizer"));
            // Burn keeps the last batch's running statistics aside until somebody asks for them;
            // a copy for inference does.
            let _ = self.model.valid();
            self.model.clone().save_file(&model).map_err(|e| damaged(&model, &e))?;
            self.optimizer.save(&optimizer).map_err(|e| damaged(&optimizer, &e))?;
            write_manifest(folder, manifest)
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
        config.fits(&manifest.interface).map_err(|error| damaged(&path.join(MANIFEST), &error))?;
        let mut trainer = Self::new(config, manifest.interface, manifest.train, device);
        let (model, optimizer) = (path.join("model"), path.join("optimizer"));
        trainer.model = trainer.model.try_load_file(&model).map_err(|e| damaged(&model, &e))?;
        let fresh = adamw(trainer.config.weight_decay);
        trainer.optimizer = fresh.load(&optimizer).map_err(|e| damaged(&optimizer, &e))?;
        trainer.step = manifest.step;
        Ok(Some(trainer))
    }
}

/// Writes weights and heads with what describes them.
fn write<F: Registered>(trainer: &Trainer<F>, heads: Option<&Saved>, path: &Path) -> Result<()> {
    let (reacher, world) = (heads.and_then(|heads| heads.reacher.as_ref()), heads.map(|heads| &heads.world));
    let steps_to_go = heads.and_then(|heads| heads.steps_to_go.as_ref());
    let (decoder, gaze) = (world.and_then(AnyWorld::decoder), world.and_then(AnyWorld::gaze));
    let manifest = Manifest {
        reacher: reacher.map(|(_, config)| config.clone()),
        steps_to_go: steps_to_go.map(|(_, config)| config.clone()),
        decoder: decoder.is_some(),
        meant: world.and_then(AnyWorld::meant).cloned(),
        gaze: gaze.is_some(),
        ..trainer.manifest()
    };
    whole_folder(path, |folder| {
        export(&trainer.model(), &folder.join("weights.safetensors"))?;
        if let Some(decoder) = decoder {
            export(&decoder.net, &folder.join("decoder.safetensors"))?;
        }
        if let Some((reacher, _)) = reacher {
            export(reacher, &folder.join("reacher.safetensors"))?;
        }
        if let Some((steps_to_go, _)) = steps_to_go {
            export(steps_to_go, &folder.join("steps_to_go.safetensors"))?;
        }
        if let Some(gaze) = gaze {
            let cannot = |e: serde_json::Error| Error::Invalid(format!("cannot keep what was found: {e}"));
            write_atomic(&folder.join(GAZE), &serde_json::to_vec(gaze).map_err(cannot)?)?;
        }
        write_manifest(folder, manifest)
    })
}

/// Writes a copy of a finished model whose weights keep so many of the 23 bits behind their leading one, so that it packs small.
///
/// # Errors
/// If a file is missing or damaged, there is nothing to round to, or the disk refuses.
pub fn rounded(from: &Path, to: &Path, bits: u32) -> Result<()> {
    if !(1..=23).contains(&bits) {
        return Err(Error::Invalid(format!("weights of {bits} bits: 1 to 23 can be kept")));
    }
    let manifest = read_manifest(from)?;
    whole_folder(to, |folder| {
        for name in manifest.files.keys() {
            let path = from.join(name);
            let mut bytes = fs::read(&path).map_err(terrella_core::Error::io("read", &path))?;
            if name.ends_with(".safetensors") {
                round(&mut bytes, bits).map_err(|why| damaged(&path, &why))?;
            }
            write_atomic(&folder.join(name), &bytes)?;
        }
        write_manifest(folder, manifest)
    })
}

/// Rounds the numbers of a safetensors file: eight bytes that say how long its header is, the header, and 32-bit numbers.
fn round(bytes: &mut [u8], bits: u32) -> std::result::Result<(), String> {
    let short = || "it ends within its header".to_owned();
    let length = bytes.first_chunk().map(|length| u64::from_le_bytes(*length)).ok_or_else(short)?;
    let start = usize::try_from(length).ok().and_then(|length| length.checked_add(8)).ok_or_else(short)?;
    let header = bytes.get(8..start).ok_or_else(short)?;
    let header: serde_json::Value = serde_json::from_slice(header).map_err(|e| e.to_string())?;
    let tensors = header.as_object().into_iter().flatten().filter(|(name, _)| *name != "__metadata__");
    if let Some((name, other)) = tensors.into_iter().find(|(_, tensor)| tensor["dtype"] != "F32") {
        return Err(format!("{name} holds {}, and only F32 is rounded", other["dtype"]));
    }
    let cut = 23 - bits;
    // Half of the last bit that stays; a carry into the exponent is the next power of two, as it should be.
    let half = (1u32 << cut) >> 1;
    for number in bytes[start..].chunks_exact_mut(4) {
        let raw = u32::from_le_bytes([number[0], number[1], number[2], number[3]]);
        number.copy_from_slice(&((raw.wrapping_add(half) >> cut) << cut).to_le_bytes());
    }
    Ok(())
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

/// Describes a folder whose other files are written.
fn write_manifest(folder: &Path, mut manifest: Manifest) -> Result<()> {
    manifest.files = hashes(folder)?;
    let cannot = |e: serde_json::Error| Error::Invalid(format!("cannot describe the model: {e}"));
    let mut all = serde_json::to_value(&manifest).map_err(cannot)?;
    let own = own_hash(&all);
    all[OWN] = own.into();
    let json = serde_json::to_vec_pretty(&all).map_err(cannot)?;
    Ok(write_atomic(&folder.join(MANIFEST), &json)?)
}

fn read_gaze(path: &Path) -> Result<Gaze> {
    let text = fs::read_to_string(path).map_err(terrella_core::Error::io("read", path))?;
    serde_json::from_str(&text).map_err(|e| damaged(path, &e))
}

fn read_manifest(folder: &Path) -> Result<Manifest> {
    let path = folder.join(MANIFEST);
    let text = fs::read_to_string(&path).map_err(terrella_core::Error::io("read", &path))?;
    let manifest = parse(&text).map_err(|e| damaged(&path, &e))?;
    if manifest.version != VERSION {
        let reason = format!("it has layout version {}, this program reads {VERSION}", manifest.version);
        return Err(Error::Checkpoint { path, reason });
    }
    for (name, wanted) in &manifest.files {
        let file = folder.join(name);
        unchanged(&file, &hash(&file)?, wanted)?;
    }
    Ok(manifest)
}

/// Where a description keeps the hash of all the rest of itself.
const OWN: &str = "sha256";

fn own_hash(all: &serde_json::Value) -> String {
    terrella_core::hex(Sha256::digest(all.to_string()))
}

/// SHA-256 of every file in a folder, by name.
fn hashes(folder: &Path) -> Result<BTreeMap<String, String>> {
    let entries = fs::read_dir(folder).map_err(terrella_core::Error::io("list", folder))?;
    let files = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_file());
    files.map(|path| Ok((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), hash(&path)?))).collect()
}

fn hash(file: &Path) -> Result<String> {
    Ok(terrella_core::hex(Sha256::digest(fs::read(file).map_err(terrella_core::Error::io("read", file))?)))
}

fn unchanged(file: &Path, is: &str, wanted: &str) -> Result<()> {
    if is == wanted {
        return Ok(());
    }
    let reason = format!(
        "its SHA-256 is {is:.12}…, and {MANIFEST} says {wanted:.12}…: it was changed or damaged after it was written; copy it anew from where it is whole, or train again"
    );
    Err(damaged(file, &reason))
}

/// Reads a description; keys that an earlier version kept elsewhere are put where they belong.
fn parse(text: &str) -> serde_json::Result<Manifest> {
    let mut all: serde_json::Value = serde_json::from_str(text)?;
    if let Some(serde_json::Value::String(wanted)) = all.as_object_mut().and_then(|all| all.remove(OWN)) {
        let is = own_hash(&all);
        if is != wanted {
            return Err(serde::de::Error::custom(format!(
                "the SHA-256 of what it says is {is:.12}…, and it says {wanted:.12}…: it was changed or damaged after it was written; copy it anew, or take its line \"{OWN}\" out if you changed it yourself"
            )));
        }
    }
    let kind = all["model"]["kind"].as_str().unwrap_or(ModelConfig::KINDS[0]).to_owned();
    for (key, moved) in ModelConfig::moved(&kind) {
        let old = all.get_mut("train").and_then(|train| train.as_object_mut()?.remove(key));
        let model = all.get_mut("model").and_then(serde_json::Value::as_object_mut);
        if let (Some(old), Some(model), Moved::ToModel) = (old, model, moved) {
            model.entry(key).or_insert(old);
        }
    }
    serde_json::from_value(all)
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
