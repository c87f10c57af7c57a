//! Opens and checks a LeRobot v3.0 dataset.
//!
//! States, actions and indices are read and checked at once (they are small); pictures are decoded
//! later, an episode at a time. Episodes are found from the data files alone: rows must be numbered
//! without a gap in the lexical order of the files, which is what LeRobot itself assumes.

use super::columns::{INDICES, read_pictures, read_table};
use super::info::{ACTION, Info, STATE};
use super::meta::read_tasks;
use crate::error::DOWNLOAD_AGAIN;
use crate::format::check_finite;
use crate::{Error, Result, Source, SourceOptions, picture};
use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrella_core::{Episode, Frames, Signature, Table};

/// An opened dataset.
pub(crate) struct Reader {
    root: PathBuf,
    signature: Signature,
    camera: Option<String>,
    files: Vec<DataFile>,
    episodes: Vec<Stored>,
}

struct DataFile {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
}

/// One episode and where its rows are.
struct Stored {
    task: i64,
    text: String,
    states: Table,
    actions: Table,
    rows: usize,
    file: usize,
    /// First row within the file.
    offset: usize,
}

impl Reader {
    pub(crate) fn open(root: &Path, options: &SourceOptions) -> Result<Self> {
        let info_path = root.join("meta/info.json");
        let info = Info::read(&info_path)?;
        let (signature, camera) = info.signature(&info_path, options)?;
        let tasks_path = root.join("meta/tasks.parquet");
        let tasks = read_tasks(&tasks_path)?;
        let files = data_files(root)?.into_iter().map(|(_, path)| DataFile::open(path)).collect::<Result<Vec<_>>>()?;
        let mut reader = Self { root: root.to_path_buf(), signature, camera, files, episodes: Vec::new() };
        for file in 0..reader.files.len() {
            reader.scan(file)?;
        }
        for (at, stored) in reader.episodes.iter_mut().enumerate() {
            let text = tasks.iter().find(|(index, _)| *index == stored.task).map(|(_, text)| text.clone());
            stored.text = text.ok_or_else(|| {
                Error::broken(&tasks_path, format!("task {} of episode {at} is not listed", stored.task), "add it")
            })?;
            check_finite(root, at, "state", &stored.states, &reader.signature.state)?;
            check_finite(root, at, "action", &stored.actions, &reader.signature.action)?;
        }
        let (n, rows) = (reader.episodes.len(), reader.lengths().iter().sum::<usize>());
        if [n, rows] != [info.total_episodes, info.total_frames] || n == 0 {
            let what = format!(
                "it lists {} episodes with {} rows, the data files hold {n} with {rows}",
                info.total_episodes, info.total_frames
            );
            return Err(Error::broken(&info_path, what, DOWNLOAD_AGAIN));
        }
        Ok(reader)
    }

    /// Reads all but the pictures of one file.
    fn scan(&mut self, file: usize) -> Result<()> {
        let path = self.files[file].path.clone();
        let mut names = INDICES.to_vec();
        names.push(ACTION);
        if !self.signature.state.is_empty() {
            names.push(STATE);
        }
        if let Some(camera) = &self.camera {
            self.files[file].column(camera)?;
        }
        let mut offset = 0;
        for batch in self.files[file].read(&names, 0, usize::MAX)? {
            let rows = batch.num_rows();
            self.append(&path, file, offset, &batch)?;
            offset += rows;
        }
        Ok(())
    }

    fn append(&mut self, path: &Path, file: usize, offset: usize, batch: &RecordBatch) -> Result<()> {
        let int = |name: &str| {
            let column = column(batch, name);
            let ints = cast(column, &DataType::Int64).map_err(|_| Error::Dtype {
                path: path.to_path_buf(),
                name: format!("column {name}"),
                found: column.data_type().to_string(),
                expected: "int64",
            })?;
            Ok::<_, Error>(ints.as_primitive::<Int64Type>().clone())
        };
        let [frame, episode, index, task] = INDICES.map(int);
        let (frame, episode, index, task) = (frame?, episode?, index?, task?);
        let width = |name: &str, names: &[String]| read_table(path, name, names.len(), column(batch, name).as_ref());
        let actions = width(ACTION, &self.signature.action)?;
        let states = if self.signature.state.is_empty() { Table::new(0) } else { width(STATE, &self.signature.state)? };
        let first: usize = self.episodes.iter().map(|e| e.rows).sum();
        for at in 0..batch.num_rows() {
            if frame.value(at) == 0 {
                let (states, actions) = (Table::new(states.width), Table::new(actions.width));
                let (task, text) = (task.value(at), String::new());
                self.episodes.push(Stored { task, text, states, actions, rows: 0, file, offset: offset + at });
            }
            let found = [index.value(at), episode.value(at), frame.value(at)];
            let (n, expected) = (self.episodes.len(), first + at);
            // An episode that goes on in the next file would have its pictures in two places.
            let Some(last) = self
                .episodes
                .last_mut()
                .filter(|e| e.file == file && found == [expected as i64, n as i64 - 1, e.rows as i64])
            else {
                let what = format!(
                    "row {} of the file has index {}, episode {}, frame {}, expected index {expected} and the next frame of an episode of this file",
                    offset + at,
                    found[0],
                    found[1],
                    found[2]
                );
                return Err(Error::broken(
                    path,
                    what,
                    "rows must be numbered without a gap; download or convert it again",
                ));
            };
            if states.width > 0 {
                last.states.push(states.row(at));
            }
            last.actions.push(actions.row(at));
            last.rows += 1;
        }
        Ok(())
    }
}

impl Source for Reader {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn lengths(&self) -> Vec<usize> {
        self.episodes.iter().map(|e| e.rows).collect()
    }

    fn episode(&self, at: usize) -> Episode {
        let stored = &self.episodes[at];
        let (states, actions) = (stored.states.clone(), stored.actions.clone());
        Episode { index: at, task: stored.text.clone(), states, actions, frames: None }
    }

    fn pictures(&self, at: usize) -> Result<Option<Frames>> {
        let (Some(camera), Some([height, width])) = (&self.camera, self.signature.image) else { return Ok(None) };
        let stored = &self.episodes[at];
        let file = &self.files[stored.file];
        let mut rgb = Vec::with_capacity(stored.rows * height * width * 3);
        let mut row = 0;
        for batch in file.read(&[camera], stored.offset, stored.rows)? {
            for png in read_pictures(&file.path, camera, column(&batch, camera).as_ref())? {
                let bad = |what: String| Error::Row {
                    path: file.path.clone(),
                    episode: at,
                    row,
                    what,
                    remedy: "record or download the episode again",
                };
                let png = png.ok_or_else(|| bad(format!("{camera} has no bytes")))?;
                let (h, w, bytes) = picture::decode(png).map_err(|e| bad(format!("{camera} is no PNG: {e}")))?;
                if [h, w] != [height, width] {
                    return Err(bad(format!("{camera} is {h}x{w}, info.json declares {height}x{width}")));
                }
                rgb.extend_from_slice(&bytes);
                row += 1;
            }
        }
        Ok(Some(Frames::new(height, width, stored.rows, Arc::new(rgb), 0)))
    }

    fn files(&self) -> Result<Vec<(String, PathBuf)>> {
        let mut files = vec![("meta/info.json".to_owned(), self.root.join("meta/info.json"))];
        files.push(("meta/tasks.parquet".to_owned(), self.root.join("meta/tasks.parquet")));
        files.extend(data_files(&self.root)?);
        Ok(files)
    }
}

impl DataFile {
    fn open(path: PathBuf) -> Result<Self> {
        let file = File::open(&path).map_err(Error::io("read", &path))?;
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new());
        Ok(Self { metadata: metadata.map_err(Error::parquet("read", &path))?, path })
    }

    /// The position of a column among the roots of the schema.
    fn column(&self, name: &str) -> Result<usize> {
        let fields = self.metadata.schema().fields();
        fields.iter().position(|f| f.name() == name).ok_or_else(|| Error::Missing {
            path: self.path.clone(),
            kind: "column",
            name: name.to_owned(),
            present: fields.iter().map(|f| f.name().as_str()).collect::<Vec<_>>().join(", "),
        })
    }

    /// Reads rows of some columns, opening only the row groups that hold them.
    fn read(&self, names: &[&str], offset: usize, rows: usize) -> Result<Vec<RecordBatch>> {
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

/// Data files in the order of their names, which is the order of their rows.
fn data_files(root: &Path) -> Result<Vec<(String, PathBuf)>> {
    let list = |folder: &Path| -> Result<Vec<PathBuf>> {
        let entries = std::fs::read_dir(folder).map_err(Error::io("list", folder))?;
        Ok(entries.flatten().map(|entry| entry.path()).collect())
    };
    let folder = root.join("data");
    let mut files = Vec::new();
    for chunk in list(&folder)?.into_iter().filter(|p| p.is_dir()) {
        files.extend(list(&chunk)?.into_iter().filter(|p| p.extension().is_some_and(|e| e == "parquet")));
    }
    files.sort();
    if files.is_empty() {
        return Err(Error::broken(&folder, "there is no chunk-*/*.parquet", DOWNLOAD_AGAIN));
    }
    let relative = |path: &Path| path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    Ok(files.into_iter().map(|path| (relative(&path), path)).collect())
}
