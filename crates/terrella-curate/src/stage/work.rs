//! What every stage needs at its work: the tables before it, and the words for what cannot be done.

use crate::engine::Engine;
use crate::pipeline::Stage;
use crate::store::Store;
use crate::tables::Tables;
use crate::{Error, Result};
use datafusion::error::DataFusionError;
use std::path::Path;
use terrella_core::Signature;

/// A stage at work.
pub(crate) struct Work<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) store: &'a Store,
    pub(crate) seed: u64,
    /// Counted from 1.
    pub(crate) number: usize,
    pub(crate) stage: &'a Stage,
    pub(crate) before: &'a Tables,
}

impl Work<'_> {
    /// The tables after frames were written anew.
    pub(super) fn rewritten(&self, name: &Path, counts: [usize; 2], fps: f64) -> Tables {
        Tables {
            frames: name.join("frames"),
            episodes: name.join("episodes.parquet"),
            complete: true,
            signature: Signature { fps, ..self.before.signature.clone() },
            counts,
            ..self.before.clone()
        }
    }

    /// Puts columns in for `{state}` and `{action}`, and the seed for `{seed}`.
    pub(super) fn expand(&self, text: &str) -> String {
        text.replace("{state}", &self.before.state.join(", "))
            .replace("{action}", &self.before.action.join(", "))
            .replace("{seed}", &self.seed.cast_signed().to_string())
    }

    /// A stage that cannot be done, and why.
    pub(super) fn fails(&self, what: String) -> Error {
        Error::Stage { stage: self.number, kind: self.stage.name(), what }
    }

    /// What the engine said of the user's text.
    pub(super) fn refused(&self, text: &str) -> impl FnOnce(DataFusionError) -> Error {
        move |error| {
            let columns = |table: &str| format!("{table} has {}", self.engine.columns(table).join(", "));
            Error::Query {
                stage: self.number,
                kind: self.stage.name(),
                text: text.to_owned(),
                reason: error.strip_backtrace(),
                tables: format!("{}; {}", columns("episodes"), columns("frames")),
            }
        }
    }
}

/// Makes `frames` and `episodes` the tables of a stage.
pub(crate) fn register(engine: &Engine, store: &Store, tables: &Tables) -> Result<()> {
    let frames = store.path(&tables.frames);
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |e: DataFusionError| Error::Broken { path, what: e.strip_backtrace() }
    };
    let order = ["episode_index", "frame_index"];
    let episodes = store.path(&tables.episodes);
    engine.register("episodes", &episodes, &order[..1]).map_err(failed(&episodes))?;
    if tables.complete {
        return engine.register("frames", &frames, &order).map_err(failed(&frames));
    }
    engine.register("all_frames", &frames, &order).map_err(failed(&frames))?;
    let left = "SELECT f.* FROM all_frames f LEFT SEMI JOIN episodes e ON f.episode_index = e.episode_index";
    engine.register_view("frames", left).map_err(failed(&frames))
}
