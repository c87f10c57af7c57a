//! Cuts episodes into clips: by length, by a condition, at a lower rate.

use super::work::Work;
use crate::Result;
use crate::tables::{Descent, Rewrite, Tables, read_table, rows_at};
use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use std::path::Path;

/// Where to cut. Rows are counted at the new rate.
#[derive(Clone, Debug)]
pub(super) struct Cut {
    pub(super) rows: Option<usize>,
    pub(super) step: Option<usize>,
    pub(super) at_least: usize,
    pub(super) every: usize,
}

impl Cut {
    /// First row, at the old rate, and length, at the new one, of each clip of an episode.
    fn clips(&self, n: usize, keep: Option<&BooleanArray>) -> Vec<(usize, usize)> {
        let mut clips = Vec::new();
        for (from, to) in runs(n, keep) {
            let sampled = (to - from).div_ceil(self.every);
            let (rows, step) = (self.rows.unwrap_or(sampled), self.step.unwrap_or(sampled).max(1));
            let mut start = 0;
            // A later clip has to have a row that the one before has not.
            while start < sampled && (start == 0 || start + rows < sampled + step) {
                let length = rows.min(sampled - start);
                if length >= self.at_least {
                    clips.push((from + start * self.every, length));
                }
                start += step;
            }
        }
        clips
    }
}

/// Runs of rows that are kept, as begin and end.
fn runs(n: usize, keep: Option<&BooleanArray>) -> Vec<(usize, usize)> {
    let Some(keep) = keep else { return vec![(0, n)] };
    let mut runs = Vec::new();
    let mut begin = None;
    for row in 0..n {
        match (keep.is_valid(row) && keep.value(row), begin) {
            (true, None) => begin = Some(row),
            (false, Some(from)) => {
                runs.push((from, row));
                begin = None;
            }
            _ => {}
        }
    }
    runs.extend(begin.map(|from| (from, n)));
    runs
}

impl Work<'_> {
    pub(super) fn split(&self, folder: &Path, name: &Path, cut: &Cut, condition: Option<&str>) -> Result<Tables> {
        let fps = self.before.signature.fps / cut.every as f64;
        if fps < 1.0 || fps.fract() != 0.0 {
            return Err(self.fails(format!(
                "each {}-th row of {} a second are {fps} a second; datasets have whole numbers, choose another every",
                cut.every, self.before.signature.fps
            )));
        }
        let text = condition.unwrap_or("true");
        let keep = condition.map(|c| format!(", ({}) AS keep_row", self.expand(c))).unwrap_or_default();
        let schema = self.engine.schema("SELECT * FROM frames").map_err(self.refused(text))?;
        let width = schema.fields().len();
        let parents = read_table(&self.store.path(&self.before.episodes))?;
        let mut rewrite = Rewrite::create(folder, schema, parents, fps)?;
        let cutter = |episode, rows: RecordBatch| {
            let parent = rewrite.parent(episode)?;
            let keep = match rows.column_by_name("keep_row") {
                Some(column) => Some(column.as_boolean_opt().ok_or_else(|| {
                    self.fails(format!("where is to be true or false, {text} is {}", column.data_type()))
                })?),
                None => None,
            };
            let numbers = rows.project(&(0..width).collect::<Vec<_>>()).map_err(|e| self.fails(e.to_string()))?;
            for (from, length) in cut.clips(rows.num_rows(), keep) {
                let clip = if cut.every == 1 {
                    numbers.slice(from, length)
                } else {
                    rows_at(&numbers, (0..length).map(|t| from + t * cut.every))?
                };
                let descent = Descent { parent, from, every: cut.every, variant: None, mirrored: false };
                rewrite.add(&clip, descent)?;
            }
            Ok(())
        };
        self.engine.episodes(&format!("*{keep}"), "frames", cutter).map_err(self.refused(text))??;
        Ok(self.rewritten(name, rewrite.finish(folder)?, fps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(rows: Option<usize>, step: Option<usize>, at_least: usize, every: usize) -> Cut {
        Cut { rows, step: step.or(rows), at_least, every }
    }

    #[test]
    fn clips_cover_each_row_once_unless_they_overlap() {
        assert_eq!(cut(Some(4), None, 2, 1).clips(10, None), [(0, 4), (4, 4), (8, 2)], "with a rest");
        assert_eq!(cut(Some(4), None, 3, 1).clips(10, None), [(0, 4), (4, 4)], "the rest is too short");
        assert_eq!(cut(Some(4), Some(2), 2, 1).clips(8, None), [(0, 4), (2, 4), (4, 4)], "overlapping, nothing twice");
        assert_eq!(cut(Some(4), Some(3), 2, 1).clips(8, None), [(0, 4), (3, 4), (6, 2)], "overlapping, with a rest");
        assert_eq!(cut(None, None, 2, 3).clips(10, None), [(0, 4)], "each third row: 0, 3, 6, 9");
        assert_eq!(cut(Some(2), None, 2, 3).clips(10, None), [(0, 2), (6, 2)], "and cut");
    }

    #[test]
    fn runs_end_where_the_condition_does() {
        let keep = BooleanArray::from(vec![Some(true), Some(true), Some(false), None, Some(true), Some(true)]);
        assert_eq!(runs(6, Some(&keep)), [(0, 2), (4, 6)], "unknown is not true");
        assert_eq!(cut(None, None, 3, 1).clips(6, Some(&keep)), [], "all too short");
    }
}
