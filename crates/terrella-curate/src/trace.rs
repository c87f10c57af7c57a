//! From a row back to where it came from, through as many generations as there are.

use crate::ingest::SourceRecord;
use crate::lineage::{FOLDER, Lineage};
use crate::recordings::open;
use crate::tables::ints;
use crate::{Error, Result};
use arrow::array::AsArray;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::statistics::Statistics;
use serde::Serialize;
use std::fs::File;
use std::path::{Path, PathBuf};

/// A row and its origins, the nearest first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trace {
    /// The dataset that was asked.
    pub dataset: PathBuf,
    /// Episode and row that were asked for.
    pub row: [usize; 2],
    /// Where the row came from, and where that came from, and so on.
    pub origins: Vec<Origin>,
}

/// One generation back.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Origin {
    /// The recording.
    pub path: PathBuf,
    /// Its format.
    pub format: String,
    /// SHA-256 of its content when it was read.
    pub hash: String,
    /// Whether it is there with that content now.
    pub unchanged: bool,
    /// Episode and row in it.
    pub row: [usize; 2],
    /// Version of the code that read it.
    pub code: String,
    /// The stages that the row went through, as JSON, with `copy` where it was augmented.
    pub stages: Vec<serde_json::Value>,
    /// The state and the action there, if the recording is unchanged.
    pub values: Option<[Vec<f32>; 2]>,
}

/// Walks a row of a curated dataset back.
///
/// # Errors
/// If the dataset has no lineage, or not that row, or a file cannot be read.
pub fn trace(dataset: &Path, episode: usize, frame: usize) -> Result<Trace> {
    let mut origins: Vec<Origin> = Vec::new();
    let (mut path, mut row) = (dataset.to_path_buf(), [episode, frame]);
    while let Some(lineage) = Lineage::read(&path)? {
        let (number, at, variant) = find(&path, row)?;
        let record = lineage.sources.get(number).ok_or_else(|| {
            let what = format!("a row of source {number}, there are {}", lineage.sources.len());
            Error::broken(&path.join(FOLDER), what)
        })?;
        let (unchanged, values) = compare(record, at)?;
        let stages = lineage.stages.iter().map(|s| {
            let mut stage = s.stage.clone();
            let copy = variant.split(',').find_map(|v| v.strip_prefix(&format!("{}:", s.number)));
            if let (Some(copy), Some(stage)) = (copy, stage.as_object_mut()) {
                stage.insert("copy".to_owned(), copy.into());
            }
            stage
        });
        origins.push(Origin {
            path: record.path.clone(),
            format: record.format.clone(),
            hash: record.hash.clone(),
            unchanged,
            row: at,
            code: lineage.code.clone(),
            stages: stages.collect(),
            values,
        });
        if !unchanged {
            break;
        }
        (path, row) = (record.path.clone(), at);
    }
    if origins.is_empty() {
        let what = "it has no lineage; only datasets made by curate have one";
        return Err(Error::broken(dataset, what));
    }
    Ok(Trace { dataset: dataset.to_path_buf(), row: [episode, frame], origins })
}

/// Source, episode and row behind a row, and the copies on the way.
fn find(dataset: &Path, [episode, frame]: [usize; 2]) -> Result<(usize, [usize; 2], String)> {
    let path = dataset.join(FOLDER).join("rows.parquet");
    let file = File::open(&path).map_err(Error::io("read", &path))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| Error::broken(&path, e))?;
    let groups = (0..builder.metadata().num_row_groups()).filter(|group| {
        // Rows are sorted by episode, so statistics say which groups can have it.
        let statistics = builder.metadata().row_group(*group).column(0).statistics();
        match statistics {
            Some(Statistics::Int64(s)) => {
                let (min, max) = (s.min_opt().copied(), s.max_opt().copied());
                min.is_none_or(|m| m <= episode as i64) && max.is_none_or(|m| m >= episode as i64)
            }
            _ => true,
        }
    });
    let groups = groups.collect();
    let reader = builder.with_row_groups(groups).build().map_err(|e| Error::broken(&path, e))?;
    let mut rows = 0;
    for batch in reader {
        let batch = batch.map_err(|e| Error::broken(&path, e))?;
        let (episodes, frames) = (ints(&batch, "episode_index"), ints(&batch, "frame_index"));
        rows += episodes.iter().filter(|e| **e == episode as i64).count();
        if let Some(at) =
            (0..batch.num_rows()).find(|at| [episodes[*at], frames[*at]] == [episode as i64, frame as i64])
        {
            let int = |name: &str| ints(&batch, name)[at] as usize;
            let variant = batch["variant"].as_string::<i32>().value(at).to_owned();
            return Ok((int("source"), [int("source_episode"), int("source_frame")], variant));
        }
    }
    Err(Error::broken(
        dataset,
        if rows == 0 {
            format!("there is no episode {episode}")
        } else {
            format!("episode {episode} has {rows} rows, none is row {frame}")
        },
    ))
}

/// Whether a recording is what it was, and the row's numbers if so.
fn compare(record: &SourceRecord, [episode, frame]: [usize; 2]) -> Result<(bool, Option<[Vec<f32>; 2]>)> {
    let mut recording = record.recording.clone();
    recording.path.clone_from(&record.path);
    if !record.path.exists() {
        return Ok((false, None));
    }
    // What cannot be opened any more is changed.
    let Ok(source) = open(&recording) else { return Ok((false, None)) };
    if source.hash()? != record.hash {
        return Ok((false, None));
    }
    let episode = source.episode(episode);
    let row = |table: &terrella_core::Table| if table.width == 0 { Vec::new() } else { table.row(frame).to_vec() };
    Ok((true, Some([row(&episode.states), row(&episode.actions)])))
}
