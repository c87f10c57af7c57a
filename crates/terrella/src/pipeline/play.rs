//! A stage to drive on: a learned world as many dreams, the real one beside it where we have it, recordings to start in, and a
//! folder that what people drive is kept in.

use super::Recordings;
use super::act::view;
use crate::error::usage;
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrella_agent::Dream;
use terrella_core::{AnySim, Env, Error, Many, Signature, Sim, Table};
use terrella_data::Writer;
use terrella_model::AnyWorld;
use terrella_play::{About, Driven, Keep, Stage, Start, Starts};

/// Futures that a session may have at a time.
const LANES: usize = 2;
/// Side of pictures of a model that sees none itself.
const SIDE: usize = 96;

/// A stage for so many sessions, and what a page is told of it.
///
/// # Errors
/// If the recordings name no world that we can begin in, or the model can neither paint nor tell states.
pub fn stage(
    model: AnyWorld,
    recordings: Option<&Recordings>,
    world: &AnySim,
    sessions: usize,
) -> Result<(Stage, About)> {
    let (seen, size) = (view(&model), model.wants().picture.unwrap_or(SIDE));
    let words = model.config().words()[1].clone();
    let step = match model.frame_skip() {
        1 => String::new(),
        skip => format!(" It moves once in {skip} steps."),
    };
    let n = LANES * sessions;
    let dream = Dream::new(Arc::new(model), world.clone(), seen, n)?;
    let real: Box<dyn Env + Send> = Box::new(Many::new(world, n));
    let stage = Stage::new(Box::new(dream), Some(real), size)?;
    let stage = match recordings.filter(|recordings| !recordings.dataset.signature.state.is_empty()) {
        Some(recordings) => stage.with_starts(Box::new(Recorded(
            recordings.split.held_out.iter().map(|&e| recordings.dataset.episodes[e].states.clone()).collect(),
        ))),
        None => stage,
    };
    let about = About::new(&stage, words + &step);
    Ok((stage, about))
}

/// Logged states of episodes that nothing was learned from.
struct Recorded(Vec<Table>);

impl Starts for Recorded {
    fn episodes(&self) -> Vec<usize> {
        self.0.iter().map(Table::len).collect()
    }

    fn start(&self, episode: usize, row: usize) -> terrella_core::Result<Start> {
        let Some(states) = self.0.get(episode) else {
            return Err(Error::Invalid(format!("there is no episode {episode}; there are {}", self.0.len())));
        };
        if row >= states.len() {
            return Err(Error::Invalid(format!("episode {episode} has {} rows, and none {row}", states.len())));
        }
        Ok(Start { state: states.row(row).to_vec() })
    }
}

/// Keeps each recording as a LeRobot dataset of one episode, in a folder of its own.
pub struct Folder {
    path: PathBuf,
    signature: Signature,
    next: usize,
}

impl Folder {
    /// Recordings of this world in pictures of `size × size`, below `path`; those that are there stay.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn new(path: &Path, world: &AnySim, size: usize) -> Result<Self> {
        std::fs::create_dir_all(path).map_err(|e| usage(format!("cannot make {}: {e}", path.display())))?;
        let spec = world.spec();
        let signature = Signature {
            fps: spec.fps(),
            image: Some([size; 2]),
            state: spec.names(),
            action: spec.actions.space().names,
            env: Some(spec.id.to_string()),
            reward: world.goals().is_none(),
            ends: world.goals().is_none(),
            ..Signature::default()
        };
        Ok(Self { path: path.to_path_buf(), signature, next: 1 })
    }
}

impl Keep for Folder {
    fn keep(&mut self, driven: Driven) -> terrella_core::Result<PathBuf> {
        let Driven { mut episode, provenance, dreamt } = driven;
        if !self.signature.reward {
            episode.rewards.clear();
            episode.terminated.clear();
            episode.truncated.clear();
        }
        let mut path = self.path.join(format!("drive-{:04}", self.next));
        while path.exists() {
            self.next += 1;
            path = self.path.join(format!("drive-{:04}", self.next));
        }
        let told = |error: terrella_data::Error| Error::Invalid(error.to_string());
        let mut writer = Writer::create(&path, &self.signature).map_err(told)?;
        writer.write_episode(&episode).map_err(told)?;
        let about = serde_json::json!({
            "made_by": format!("terrella play {}", env!("CARGO_PKG_VERSION")),
            "began": provenance,
            "dreamt": dreamt,
        });
        terrella_core::write_atomic(&writer.folder().join("meta/drive.json"), about.to_string().as_bytes())?;
        writer.finish().map_err(told)?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::{Episode, Frames, Image};
    use terrella_data::{OpenOptions, open};

    #[test]
    fn what_is_driven_becomes_a_dataset_that_says_where_it_began() {
        let folder = tempfile::tempdir().expect("a folder");
        let world = terrella_env::make("tworoom", &serde_json::Value::Null).expect("a world");
        let spec = world.spec();
        let (state, action) = (spec.state.len(), spec.actions.width());
        let mut keep = Folder::new(&folder.path().join("drives"), &world, 8).expect("a folder");
        let table = |width: usize| Table::from_data(width, vec![0.25; width * 3]);
        let episode = || Episode {
            task: "driven by hand".to_owned(),
            states: table(state),
            actions: table(action),
            frames: Some(Frames::from_images(&vec![Image::filled(8, 8, [7; 3]); 3])),
            rewards: vec![0.0; 3],
            terminated: vec![false; 3],
            truncated: vec![false; 3],
            ..Episode::default()
        };
        let mut kept = || {
            let driven = Driven { episode: episode(), provenance: "seed 4".to_owned(), dreamt: false };
            keep.keep(driven).expect("kept")
        };
        let [one, other] = [kept(), kept()];
        assert_ne!(one, other, "each by itself");
        let dataset = open(&other, &OpenOptions::default()).expect("a dataset");
        assert_eq!((dataset.episodes.len(), dataset.n_rows()), (1, 3));
        assert_eq!(dataset.signature.env.as_deref(), Some("tworoom"));
        let about = std::fs::read_to_string(one.join("meta/drive.json")).expect("where it began");
        assert!(about.contains("seed 4"), "{about}");
    }
}
