//! Rows of the data files as episodes.
//!
//! Within a file rows must be numbered without a gap, which is what LeRobot itself assumes; between
//! files numbers may jump, where a file was not downloaded. An episode may go on in the next file. Where datasets were
//! joined as they are, numbers begin again: the episodes from there on are numbered on, and told.

use super::columns::{read_numbers, read_table};
use super::names::{INDICES, OUTCOMES, SUCCESS};
use crate::error::guarded;
use crate::numbers::numbers;
use crate::outcome::Outcome;
use crate::vectors::joined;
use crate::{Error, Result};
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{ArrayRef, RecordBatch};
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
    /// Its number in the dataset, counted on where numbers begin again.
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
    /// Number of the frame that would be the next.
    next: i64,
    pub(super) pieces: Vec<Piece>,
    /// Whether the rows between its first frame and its last are there; those behind are not known of.
    pub(super) whole: bool,
}

/// Rows of an episode in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) file: usize,
    /// First row within the file.
    pub(super) offset: usize,
    pub(super) rows: usize,
}

/// Episodes so far, and how rows are numbered.
#[derive(Default)]
pub(super) struct Scanned {
    pub(super) episodes: Vec<Stored>,
    /// Index and episode of the last row, as they are stored.
    last: Option<[i64; 2]>,
    /// What is added to numbers of episodes.
    shift: i64,
    /// Where numbers begin again.
    pub(super) again: Vec<String>,
}

/// What is read of every file beside the columns that all have.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// Names and shapes of what makes the action; none if no action was logged.
    pub(super) action: &'a [(&'a str, &'a [usize])],
    /// Names and shapes of what makes the state.
    pub(super) state: &'a [(&'a str, &'a [usize])],
    /// Those of [`OUTCOMES`] that are there, and perhaps [`SUCCESS`].
    pub(super) outcomes: &'a [&'static str],
}

/// Reads all but the pictures of one file, behind those before it.
pub(super) fn scan(data: &DataFile, file: usize, wanted: Wanted<'_>, into: &mut Scanned) -> Result<()> {
    let mut names = INDICES.to_vec();
    names.push("timestamp");
    names.extend(wanted.outcomes);
    names.extend(wanted.action.iter().chain(wanted.state).map(|(name, _)| *name));
    let mut offset = 0;
    for batch in data.read(&names, 0, usize::MAX)? {
        append(data, [file, offset], &batch, wanted, into)?;
        offset += batch.num_rows();
    }
    Ok(())
}

fn append(
    data: &DataFile,
    [file, offset]: [usize; 2],
    batch: &RecordBatch,
    Wanted { action, state, outcomes }: Wanted<'_>,
    into: &mut Scanned,
) -> Result<()> {
    let path = &data.path;
    let dtype = |name: &str, expected| Error::dtype(path, name, column(batch, name).data_type(), expected);
    let whole = |name| numbers::<Int64Type>(column(batch, name)).ok_or_else(|| dtype(name, "int64"));
    let [frame, episode, index, task] = INDICES.map(whole);
    let (frame, episode, index, task) = (frame?, episode?, index?, task?);
    let times = numbers::<Float64Type>(column(batch, "timestamp")).ok_or_else(|| dtype("timestamp", "float32"))?;
    let table = |(name, shape): &(&str, &[usize])| read_table(path, name, shape, column(batch, name).as_ref());
    let side_by_side = |parts: &[(&str, &[usize])]| -> Result<Table> {
        Ok(joined(&parts.iter().map(table).collect::<Result<Vec<_>>>()?))
    };
    let none = || Table::from_data(1, vec![0.0; batch.num_rows()]);
    let actions = if action.is_empty() { none() } else { side_by_side(action)? };
    let states = side_by_side(state)?;
    let outcome = |name: &&str| outcomes.contains(name).then(|| read_numbers(path, name, column(batch, name).as_ref()));
    let [reward, done, cut] = OUTCOMES.each_ref().map(|name| outcome(name).transpose());
    let (reward, done, cut, success) = (reward?, done?, cut?, outcome(&SUCCESS).transpose()?);
    for at in 0..batch.num_rows() {
        let [row, number, frame] = [index.value(at), episode.value(at), frame.value(at)];
        let found = [row, number, frame];
        let begins_file = offset + at == 0;
        if !into.follows(found, begins_file) {
            let what = format!(
                "row {} of the file has index {row}, episode {number}, frame {frame}, expected index {} and the next frame of an episode",
                offset + at,
                into.last.map_or(0, |last| last[0].saturating_add(1))
            );
            return Err(Error::broken(path, what, "rows must be numbered without a gap; download or convert it again"));
        }
        if into.begins_again(found) {
            into.shift = into.episodes.last().map_or(0, |e| e.number.saturating_add(1)).saturating_sub(number);
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            into.again.push(format!("row {} of {name}", offset + at));
        }
        into.last = Some([row, number]);
        let number = number.saturating_add(into.shift);
        let same = into.episodes.last_mut().filter(|e| e.number == number && frame != 0);
        if let Some(same) = same {
            // Rows between two files may be missing.
            same.whole &= same.next == frame;
        } else {
            into.episodes.push(Stored {
                number,
                task: task.value(at),
                states: Table::new(states.width),
                actions: Table::new(actions.width),
                times: Vec::new(),
                outcome: Outcome::default(),
                success: Vec::new(),
                rows: 0,
                next: frame,
                pieces: Vec::new(),
                whole: frame == 0,
            });
        }
        let Some(current) = into.episodes.last_mut() else { continue };
        match current.pieces.last_mut().filter(|piece| piece.file == file) {
            Some(piece) => piece.rows += 1,
            None => current.pieces.push(Piece { file, offset: offset + at, rows: 1 }),
        }
        current.next = frame.saturating_add(1);
        if states.width > 0 {
            current.states.push(states.row(at));
        }
        current.actions.push(actions.row(at));
        current.times.push(times.value(at));
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

impl Scanned {
    /// Whether a row (its index, episode and frame) may follow the last one: the next frame or the next episode, in a new
    /// file also a later one, or the beginning of numbers that begin again.
    fn follows(&self, found: [i64; 3], begins_file: bool) -> bool {
        let [row, number, frame] = found;
        let Some([last, episode]) = self.last else {
            // Of the first file there is nothing to be compared with.
            return row >= 0 && number >= 0 && frame >= 0;
        };
        let next = self.episodes.last().map_or(0, |e| e.next);
        let (last, after) = (last.saturating_add(1), episode.saturating_add(1));
        let goes_on = row == last && (number == episode && frame == next || number == after && frame == 0);
        let jumps = begins_file && row > last && number >= episode && (number > episode || frame > next);
        goes_on || jumps && frame >= 0 || self.begins_again(found)
    }

    /// Whether numbers of rows or of episodes begin again at the first frame of an episode.
    fn begins_again(&self, [row, number, frame]: [i64; 3]) -> bool {
        let Some([last, episode]) = self.last else { return false };
        let known = row <= last.saturating_add(1) && number <= episode.saturating_add(1);
        frame == 0 && number >= 0 && row >= 0 && known && (row <= last || number <= episode)
    }
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
