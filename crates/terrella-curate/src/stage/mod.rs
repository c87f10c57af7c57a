//! Stages: what each makes of the tables before it.
//!
//! Selecting stages are one query whose answer is the new `episodes`; `frames` is then a view of those that are
//! left. Only cutting and augmenting write frames anew.

mod augment;
mod select;
mod split;

use crate::engine::Engine;
use crate::pipeline::Stage;
use crate::store::{StageKey, Store};
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
    /// The tables after this stage, whether they were there already, and their key.
    pub(crate) fn run(&self, before: &StageKey) -> Result<(Tables, bool, StageKey)> {
        let key = StageKey::of(&[before.text(), &self.stage.text(), &self.seed.to_string()]);
        let name = format!("{:02}-{}", self.number, self.stage.name());
        let (tables, reused) = self.store.make(&name, &key, |folder, name| {
            register(self.engine, self.store, self.before)?;
            self.build(folder, name)
        })?;
        if tables.counts[0] == 0 {
            let what = format!("none of {} episodes is left; ask for less", self.before.counts[0]);
            return Err(self.fails(what));
        }
        Ok((tables, reused, key))
    }

    fn build(&self, folder: &Path, name: &Path) -> Result<Tables> {
        match self.stage {
            Stage::Split { rows, step, at_least, every, condition } => {
                let cut = split::Cut { rows: *rows, step: step.or(*rows), at_least: *at_least, every: *every };
                self.split(folder, name, &cut, condition.as_deref())
            }
            Stage::Augment { copies, keep, set, mirror_pictures } => {
                self.augment(folder, name, *copies, *keep, set, *mirror_pictures)
            }
            Stage::Filter { condition } => {
                let query = format!("SELECT * FROM episodes WHERE ({})", self.expand(condition));
                self.select(folder, name, &query, condition)
            }
            Stage::Measure { columns } => self.select(folder, name, &self.measuring(columns)?, &format!("{columns:?}")),
            Stage::Sql { query } => self.select(folder, name, &self.joining(query)?, query),
            Stage::Deduplicate { by, columns, tolerance } => {
                let all = || [self.before.state.as_slice(), &self.before.action].concat();
                let columns = columns.clone().unwrap_or_else(all).join(", ");
                self.select(folder, name, &select::deduplicating(*by, &columns, *tolerance), &columns)
            }
            Stage::Balance { by, at_most } => {
                let query = select::balancing(&self.expand(by), *at_most, &self.expand("{seed}"));
                self.select(folder, name, &query, by)
            }
            Stage::Shard { parts, rows } => {
                let query = rows.map_or_else(|| select::parted(parts, &self.expand("{seed}")), select::shards);
                self.select(folder, name, &query, &self.stage.text())
            }
        }
    }

    /// The tables after frames were written anew.
    fn rewritten(&self, name: &Path, counts: [usize; 2], fps: f64) -> Tables {
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
    fn expand(&self, text: &str) -> String {
        text.replace("{state}", &self.before.state.join(", "))
            .replace("{action}", &self.before.action.join(", "))
            .replace("{seed}", &self.seed.cast_signed().to_string())
    }

    /// A stage that cannot be done, and why.
    fn fails(&self, what: String) -> Error {
        Error::Stage { stage: self.number, kind: self.stage.name(), what }
    }

    /// What the engine said of the user's text.
    fn refused(&self, text: &str) -> impl FnOnce(DataFusionError) -> Error {
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
