//! Changed copies of episodes.

use super::work::Work;
use crate::Result;
use crate::tables::{Descent, Rewrite, Tables, read_table};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float32Type};
use std::collections::BTreeMap;
use std::path::Path;

impl Work<'_> {
    pub(super) fn augment(
        &self,
        folder: &Path,
        name: &Path,
        copies: usize,
        keep: bool,
        set: &BTreeMap<String, String>,
        mirror: bool,
    ) -> Result<Tables> {
        let may: Vec<&String> = self.before.state.iter().chain(&self.before.action).collect();
        if let Some(other) = set.keys().find(|name| !may.contains(name)) {
            let names: Vec<&str> = may.iter().map(|n| n.as_str()).collect();
            return Err(self.fails(format!("{other} cannot be set; set any of {}", names.join(", "))));
        }
        let schema = self.engine.schema("SELECT * FROM frames").map_err(self.refused("frames"))?;
        let parents = read_table(&self.store.path(&self.before.episodes))?;
        let mut rewrite = Rewrite::create(folder, schema.clone(), parents, self.before.signature.fps)?;
        for copy in usize::from(!keep)..=copies {
            let changed = schema.fields().iter().map(|field| match set.get(field.name()) {
                Some(expression) if copy > 0 => {
                    format!("CAST(({}) AS FLOAT) AS \"{}\"", self.expand(expression), field.name())
                }
                _ => format!("\"{}\"", field.name()),
            });
            let changed = changed.collect::<Vec<_>>().join(", ");
            let copier = |episode, rows: RecordBatch| {
                let parent = rewrite.parent(episode)?;
                for (field, column) in rows.schema().fields().iter().zip(rows.columns()) {
                    if let Some(row) = not_finite(column).filter(|_| set.contains_key(field.name())) {
                        let what = format!("{} of episode {episode} is not a finite number in row {row}", field.name());
                        return Err(self.fails(format!("{what}; the expression has no value there")));
                    }
                }
                let variant = (copy > 0).then(|| format!("{}:{copy}", self.number));
                let mirrored = mirror && copy > 0;
                rewrite.add(&rows, Descent { parent, from: 0, every: 1, variant, mirrored })
            };
            let text = format!("{set:?}");
            let copies = format!("(SELECT *, {copy} AS copy FROM frames)");
            self.engine.episodes(&changed, &copies, copier).map_err(self.refused(&text))??;
        }
        Ok(self.rewritten(name, rewrite.finish(folder)?, self.before.signature.fps))
    }
}

fn not_finite(column: &dyn Array) -> Option<usize> {
    if column.data_type() != &DataType::Float32 {
        return None;
    }
    let numbers = column.as_primitive::<Float32Type>();
    (0..numbers.len()).find(|at| numbers.is_null(*at) || !numbers.value(*at).is_finite())
}
