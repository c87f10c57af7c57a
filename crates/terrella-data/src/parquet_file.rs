//! The one way in which Parquet files are opened.
//!
//! A file may carry a second schema, Arrow's own, and the library that decodes it panics on one that makes no
//! sense. Parquet's schema says all that is needed here, so the second one is never looked at.

use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::errors::Result;
use parquet::file::reader::ChunkReader;

/// How files are opened.
pub fn options() -> ArrowReaderOptions {
    ArrowReaderOptions::new().with_skip_arrow_metadata(true)
}

/// Opens a file.
///
/// # Errors
/// If it is no Parquet file.
pub fn open<R: ChunkReader + 'static>(file: R) -> Result<ParquetRecordBatchReaderBuilder<R>> {
    ParquetRecordBatchReaderBuilder::try_new_with_options(file, options())
}
