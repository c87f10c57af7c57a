//! `meta/tasks.parquet` and `meta/episodes/…`: small tables that are written at the end.
//!
//! LeRobot reads the tasks with pandas and takes their text from the index, so the file must carry
//! pandas' own metadata; without it the tasks load as integers.

use super::columns::int_column;
use super::stats::FeatureStats;
use super::videos::ClipRow;
use crate::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Float64Array, ListArray, RecordBatch, StringArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use serde_json::json;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// What is remembered of an episode until the end.
pub(crate) struct EpisodeRow {
    /// Index of its task.
    pub(crate) task: String,
    /// Rows.
    pub(crate) length: usize,
    /// First global row.
    pub(crate) from: usize,
    /// Chunk and file that hold it.
    pub(crate) file: [usize; 2],
    /// Where its pictures are, for each feature that is a video.
    pub(super) clips: Vec<(String, ClipRow)>,
    /// Statistics of each feature.
    pub(crate) stats: Vec<(String, FeatureStats)>,
}

/// Snappy, as LeRobot writes; with pictures in these columns.
pub(crate) fn properties<'a>(pictures: impl Iterator<Item = &'a str>) -> WriterProperties {
    let plain = WriterProperties::builder().set_compression(Compression::SNAPPY);
    // Encoded pictures never repeat: a dictionary of them would only cost time and memory.
    let column = |key: &str| ColumnPath::from(vec![key.to_owned(), "bytes".to_owned()]);
    pictures.fold(plain, |set, key| set.set_column_dictionary_enabled(column(key), false)).build()
}

/// Writes `meta/tasks.parquet`.
pub(crate) fn write_tasks(path: &Path, tasks: &[String]) -> Result<()> {
    let column = |name: &str, pandas: &str, numpy: &str| json!({"name": name, "field_name": name, "pandas_type": pandas, "numpy_type": numpy, "metadata": null});
    let pandas = json!({
        "index_columns": ["task"],
        "column_indexes": [{"name": null, "field_name": null, "pandas_type": "unicode", "numpy_type": "object", "metadata": {"encoding": "UTF-8"}}],
        "columns": [column("task_index", "int64", "int64"), column("task", "unicode", "object")],
        "attributes": {},
        "creator": {"library": "pyarrow", "version": "19.0.0"},
        "pandas_version": "2.2.3",
    });
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(tasks));
    let columns = vec![("task_index".to_owned(), int_column(0..tasks.len() as i64)), ("task".to_owned(), texts)];
    write_table(path, columns, Some(KeyValue::new("pandas".to_owned(), pandas.to_string())))
}

/// Reads `meta/tasks.parquet`: the text of each task index.
pub(crate) fn read_tasks(path: &Path) -> Result<Vec<(i64, String)>> {
    crate::error::guarded(path, || tasks_of(path))
}

fn tasks_of(path: &Path) -> Result<Vec<(i64, String)>> {
    let file = File::open(path).map_err(Error::io("read", path))?;
    let reader = crate::parquet_file::open(file).map_err(Error::parquet("read", path))?;
    let reader = reader.build().map_err(Error::parquet("read", path))?;
    let mut tasks = Vec::new();
    for batch in reader {
        let batch = batch.map_err(Error::arrow(path))?;
        let text = ["task", "__index_level_0__"].iter().find_map(|name| batch.column_by_name(name));
        let index = batch.column_by_name("task_index").and_then(|c| c.as_primitive_opt::<Int64Type>().cloned());
        let text = text.and_then(|c| c.as_string_opt::<i32>());
        let (Some(text), Some(index)) = (text, index) else {
            let present = batch.schema().fields().iter().map(|f| f.name().clone()).collect::<Vec<_>>().join(", ");
            let name = "task (string) or task_index (int64)".to_owned();
            return Err(Error::Missing { path: path.to_path_buf(), kind: "column", name, present });
        };
        tasks.extend((0..batch.num_rows()).map(|i| (index.value(i), text.value(i).to_owned())));
    }
    Ok(tasks)
}

/// Writes `meta/episodes/chunk-000/file-000.parquet`: row `i` is episode `i`.
pub(crate) fn write_episodes(path: &Path, episodes: &[EpisodeRow]) -> Result<()> {
    let ints =
        |f: &dyn Fn(usize, &EpisodeRow) -> usize| int_column(episodes.iter().enumerate().map(|(i, e)| f(i, e) as i64));
    let tasks: ArrayRef = Arc::new(StringArray::from_iter_values(episodes.iter().map(|e| &e.task)));
    let mut columns = vec![
        ("episode_index".to_owned(), ints(&|i, _| i)),
        ("tasks".to_owned(), list_of(tasks, 1)),
        ("length".to_owned(), ints(&|_, e| e.length)),
        ("data/chunk_index".to_owned(), ints(&|_, e| e.file[0])),
        ("data/file_index".to_owned(), ints(&|_, e| e.file[1])),
        ("dataset_from_index".to_owned(), ints(&|_, e| e.from)),
        ("dataset_to_index".to_owned(), ints(&|_, e| e.from + e.length)),
        ("meta/episodes/chunk_index".to_owned(), ints(&|_, _| 0)),
        ("meta/episodes/file_index".to_owned(), ints(&|_, _| 0)),
    ];
    for camera in 0..episodes.first().map_or(0, |e| e.clips.len()) {
        let key = &episodes[0].clips[camera].0;
        let clips = || episodes.iter().map(|e| e.clips[camera].1);
        for (at, what) in ["chunk_index", "file_index"].into_iter().enumerate() {
            columns.push((format!("videos/{key}/{what}"), int_column(clips().map(|c| c.file[at] as i64))));
        }
        for (at, what) in ["from_timestamp", "to_timestamp"].into_iter().enumerate() {
            let seconds = Float64Array::from_iter_values(clips().map(|c| c.span[at]));
            columns.push((format!("videos/{key}/{what}"), Arc::new(seconds)));
        }
    }
    let features = episodes.first().map_or(0, |e| e.stats.len());
    for feature in 0..features {
        let (name, first) = &episodes[0].stats[feature];
        for (at, (stat, values)) in first.values.iter().enumerate() {
            let numbers = episodes.iter().flat_map(|e| e.stats[feature].1.values[at].1.iter().copied());
            let mut column: ArrayRef = Arc::new(Float64Array::from_iter_values(numbers));
            if first.image {
                column = list_of(list_of(column, 1), 1);
            }
            columns.push((format!("stats/{name}/{stat}"), list_of(column, values.len())));
        }
        let counts = int_column(episodes.iter().map(|e| e.stats[feature].1.count as i64));
        columns.push((format!("stats/{name}/count"), list_of(counts, 1)));
    }
    write_table(path, columns, None)
}

/// Groups the elements of an array into lists of `n`.
fn list_of(values: ArrayRef, n: usize) -> ArrayRef {
    let lists = values.len() / n.max(1);
    let field = Arc::new(Field::new("item", values.data_type().clone(), true));
    Arc::new(ListArray::new(field, OffsetBuffer::from_lengths(std::iter::repeat_n(n, lists)), values, None))
}

fn write_table(path: &Path, columns: Vec<(String, ArrayRef)>, metadata: Option<KeyValue>) -> Result<()> {
    let fields: Vec<Field> = columns.iter().map(|(name, c)| Field::new(name, c.data_type().clone(), true)).collect();
    // Readers that find Arrow's own schema in the file take the metadata from there, others from the file.
    let in_schema = metadata.iter().map(|m| (m.key.clone(), m.value.clone().unwrap_or_default())).collect();
    let schema = Arc::new(Schema::new_with_metadata(fields, in_schema));
    let arrays = columns.into_iter().map(|(_, column)| column).collect();
    let batch = RecordBatch::try_new(schema.clone(), arrays).map_err(Error::arrow(path))?;
    let file = File::create(path).map_err(Error::io("write", path))?;
    let written = || -> Result<File, parquet::errors::ParquetError> {
        let mut writer = ArrowWriter::try_new(file, schema, Some(properties(std::iter::empty())))?;
        writer.write(&batch)?;
        if let Some(metadata) = metadata {
            writer.append_key_value_metadata(metadata);
        }
        writer.into_inner()
    };
    written().map_err(Error::parquet("write", path))?.sync_all().map_err(Error::io("write", path))
}
