//! Stages: what each makes of the tables before it.
//!
//! Selecting stages are one query whose answer is the new `episodes`; `frames` is then a view of those that are
//! left. Only cutting and augmenting write frames anew.

mod augment;
mod select;
mod split;
mod work;

use crate::Result;
use crate::pipeline::Stage;
use crate::store::StageKey;
use crate::tables::Tables;
use std::path::Path;

pub(crate) use work::{Work, register};

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
}
