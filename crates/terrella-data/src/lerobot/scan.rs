//! Rows of the data files as episodes.
//!
//! Within a file rows must be numbered without a gap, which is what LeRobot itself assumes; between
//! files numbers may jump, where a file was not downloaded.

use super::columns::{read_numbers, read_table};
use super::names::{INDICES, OUTCOMES, SUCCESS};
use crate::error::guarded;
use crate::outcome::Outcome;
use crate::vectors::joined;
use crate::{Error, Result};
use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use std::fs::File;
use std::path::PathBuf;
use terrella_core::Table;

/// A data file whose footer was read.
pub(super) struct DataFile {
    pub(super) path: PathBuf,
    metadata: ArrowReaderMetadata,
}

/// One episode and where its rows are.
pub(super) struct Stored {
    /// Its number in the dataset.
    pub(super) number: i64,
    pub(super) task: i64,
    pub(super) states: Table,
    pub(super) actions: Table,
    /// Seconds of each row.
    pub(super) times: Vec<f64>,
    pub(super) outcome: Outcome,
    /// Whether the task was done, a row each; empty where that is not needed.
    pub(super) success: Vec<bool>,
    pub(super) rows: usize,
    pub(super) file: usize,
    /// First row within the file.
    pub(super) offset: usize,
}

/// What is read of every file beside the columns that all have.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// Name and shape of the action, if there is one.
    pub(super) action: Option<(&'a str, &'a [usize])>,
    /// Names and shapes of what makes the state.
    pub(super) state: &'a [(&'a str, &'a [usize])],
    /// Those of [`OUTCOMES`] that are there, and perhaps [`SUCCESS`].
    pub(super) outcomes: &'a [&'static str],
}

/// Reads all but the pictures of one file; `last` is the index and the episode of the row before it.
pub(super) fn scan(data: &DataFile, file: usize, wanted: Wanted<'_>, last: &mut [i64; 2]) -> Result<Vec<Stored>> {
    let mut names = INDICES.to_vec();
    names.push("timestamp");
    names.extend(wanted.action.map(|(name, _)| name));
    names.extend(wanted.outcomes);
    names.extend(wanted.state.iter().map(|(name, _)| *name));
    let mut episodes = Vec::new();
    let mut offset = 0;
    for batch in data.read(&names, 0, usize::MAX)? {
        append(data, [file, offset], &batch, wanted, last, &mut episodes)?;
        offset += batch.num_rows();
    }
    Ok(episodes)
}

fn append(
    data: &DataFile,
    [file, offset]: [usize; 2],
    batch: &RecordBatch,
    Wanted { action, state, outcomes }: Wanted<'_>,
    last: &mut [i64; 2],
    episodes: &mut Vec<Stored>,
) -> Result<()> {
    let path = &data.path;
    let as_type = |name: &str, kind: &DataType, expected: &'static str| {
        let column = column(batch, name);
        cast(column, kind).map_err(|_| Error::Dtype {
            path: path.clone(),
            name: format!("column {name}"),
            found: column.data_type().to_string(),
            expected,
        })
    };
    let [frame, episode, index, task] = INDICES.map(|name| as_type(name, &DataType::Int64, "int64"));
    let (frame, episode, index, task) = (frame?, episode?, index?, task?);
    let int = |column: &ArrayRef, at: usize| column.as_primitive::<Int64Type>().value(at);
    let times = as_type("timestamp", &DataType::Float64, "float32")?;
    let table = |(name, shape): &(&str, &[usize])| read_table(path, name, shape, column(batch, name).as_ref());
    let none = || Table::from_data(1, vec![0.0; batch.num_rows()]);
    let actions = action.as_ref().map_or_else(|| Ok(none()), table)?;
    let states = joined(&state.iter().map(table).collect::<Result<Vec<_>>>()?);
    let numbers = |name: &&str| outcomes.contains(name).then(|| read_numbers(path, name, column(batch, name).as_ref()));
    let [reward, done, cut] = OUTCOMES.each_ref().map(|name| numbers(name).transpose());
    let (reward, done, cut, success) = (reward?, done?, cut?, numbers(&SUCCESS).transpose()?);
    for at in 0..batch.num_rows() {
        let found = [int(&index, at), int(&episode, at), int(&frame, at)];
        let begins_file = offset + at == 0;
        if found[2] == 0 {
            episodes.push(Stored {
                number: found[1],
                task: int(&task, at),
                states: Table::new(states.width),
                actions: Table::new(actions.width),
                times: Vec::new(),
                outcome: Outcome::default(),
                success: Vec::new(),
                rows: 0,
                file,
                offset: offset + at,
            });
        }
        // Numbers go on, or jump where a file begins; an episode does not go on in another file.
        let jumps = begins_file && found[0] > last[0] && found[1] > last[1];
        let goes_on = found[0] == last[0] + 1 && found[1] == last[1] + i64::from(found[2] == 0);
        let current =
            episodes.last_mut().filter(|e| (goes_on || jumps) && e.number == found[1] && e.rows as i64 == found[2]);
        let Some(current) = current else {
            let what = format!(
                "row {} of the file has index {}, episode {}, frame {}, expected index {} and the next frame of an episode of this file",
                offset + at,
                found[0],
                found[1],
                found[2],
                last[0] + 1
            );
            return Err(Error::broken(path, what, "rows must be numbered without a gap; download or convert it again"));
        };
        *last = [found[0], found[1]];
        if states.width > 0 {
            current.states.push(states.row(at));
        }
        current.actions.push(actions.row(at));
        current.times.push(times.as_primitive::<Float64Type>().value(at));
        let outcome = &mut current.outcome;
        outcome.rewards.extend(reward.as_ref().map(|numbers| numbers[at]));
        let flags =
            [(&mut outcome.terminated, &done), (&mut outcome.truncated, &cut), (&mut current.success, &success)];
        for (flags, numbers) in flags {
            numbers.iter().for_each(|numbers| Outcome::mark(flags, numbers[at]));
        }
        current.rows += 1;
    }
    Ok(())
}

impl DataFile {
    pub(super) fn open(path: PathBuf) -> Result<Self> {
        let file = File::open(&path).map_err(Error::io("read", &path))?;
        let metadata = guarded(&path, || {
            ArrowReaderMetadata::load(&file, crate::parquet_file::options()).map_err(Error::parquet("read", &path))
        })?;
        Ok(Self { metadata, path })
    }

    /// The position of a column among the roots of the schema.
    pub(super) fn column(&self, name: &str) -> Result<usize> {
        let fields = self.metadata.schema().fields();
        fields.iter().position(|f| f.name() == name).ok_or_else(|| Error::Missing {
            path: self.path.clone(),
            kind: "column",
            name: name.to_owned(),
            present: fields.iter().map(|f| f.name().as_str()).collect::<Vec<_>>().join(", "),
        })
    }

    /// Reads rows of some columns, opening only the row groups that hold them.
    pub(super) fn read(&self, names: &[&str], offset: usize, rows: usize) -> Result<Vec<RecordBatch>> {
        guarded(&self.path, || self.read_unguarded(names, offset, rows))
    }

    fn read_unguarded(&self, names: &[&str], offset: usize, rows: usize) -> Result<Vec<RecordBatch>> {
        let roots = names.iter().map(|name| self.column(name)).collect::<Result<Vec<_>>>()?;
        let file = File::open(&self.path).map_err(Error::io("read", &self.path))?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        let (mut groups, mut first, mut before) = (Vec::new(), 0, None);
        for (at, group) in self.metadata.metadata().row_groups().iter().enumerate() {
            let next = first + group.num_rows() as usize;
            if next > offset && first < offset.saturating_add(rows) {
                before.get_or_insert(first);
                groups.push(at);
            }
            first = next;
        }
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        let mut builder =
            builder.with_projection(mask).with_row_groups(groups).with_offset(offset - before.unwrap_or(offset));
        if rows < usize::MAX {
            builder = builder.with_limit(rows);
        }
        let reader = builder.with_batch_size(8192).build().map_err(Error::parquet("read", &self.path))?;
        reader.collect::<Result<Vec<_>, _>>().map_err(Error::arrow(&self.path))
    }
}

/// A column that was projected, hence is there.
fn column<'a>(batch: &'a RecordBatch, name: &str) -> &'a ArrayRef {
    &batch[name]
}
