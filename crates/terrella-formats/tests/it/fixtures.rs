//! Small recordings made on the spot: datasets, zarr replay buffers written by hand, and the synthetic episodes of the tests of terrella-data.

#[path = "../../../terrella-data/tests/it/fixtures.rs"]
mod episodes;

pub(crate) use episodes::{SIZE, assert_says, episode, signature};

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use terrella_core::{Episode, Key, Table};
use terrella_data::{ALL, SourceOptions, Writer, Written};
use terrella_formats::open_source;

/// Writes episodes of these lengths as a LeRobot dataset.
pub(crate) fn write_dataset(path: &Path, lengths: &[usize]) -> terrella_data::Result<Written> {
    let mut writer = Writer::create(path, &signature())?;
    for (index, rows) in lengths.iter().enumerate() {
        writer.write_episode(&episode(index, *rows))?;
    }
    writer.finish()
}

/// One array of a replay buffer.
pub(crate) struct Array {
    pub(crate) name: &'static str,
    pub(crate) dtype: &'static str,
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: Vec<u8>,
}

/// A replay buffer with the same episodes as [`episode`], pictures as `uint8`.
pub(crate) fn replay_buffer(lengths: &[usize]) -> Vec<Array> {
    let episodes: Vec<Episode> = lengths.iter().enumerate().map(|(e, n)| episode(e, *n)).collect();
    let rows = lengths.iter().sum();
    let floats = |pick: fn(&Episode) -> &Table| {
        episodes.iter().flat_map(|e| pick(e).data.iter().flat_map(|x| x.to_le_bytes())).collect::<Vec<u8>>()
    };
    let pictures = episodes.iter().flat_map(|e| {
        let frames = e.frames.as_ref().expect("the fixture has pictures");
        (0..frames.len()).flat_map(|t| frames.bytes(t).to_vec()).collect::<Vec<u8>>()
    });
    let mut end = 0i64;
    let ends = lengths.iter().flat_map(|n| {
        end += *n as i64;
        end.to_le_bytes()
    });
    let array = |name, dtype, shape, bytes| Array { name, dtype, shape, bytes };
    vec![
        array("data/img", "|u1", vec![rows, SIZE[0], SIZE[1], 3], pictures.collect()),
        array("data/state", "<f4", vec![rows, 3], floats(|e| &e.states)),
        array("data/action", "<f4", vec![rows, 2], floats(|e| &e.actions)),
        array("meta/episode_ends", "<i8", vec![lengths.len()], ends.collect()),
    ]
}

/// The files of a buffer, in chunks of 7 rows, so that chunks and episodes do not coincide.
fn files(arrays: &[Array]) -> Vec<(String, Vec<u8>)> {
    const ROWS: usize = 7;
    let mut files = vec![(".zgroup".to_owned(), br#"{"zarr_format": 2}"#.to_vec())];
    for array in arrays {
        let mut chunks = array.shape.clone();
        chunks[0] = ROWS;
        let meta = serde_json::json!({
            "zarr_format": 2, "shape": array.shape, "chunks": chunks, "dtype": array.dtype,
            "compressor": null, "fill_value": 0, "filters": null, "order": "C",
        });
        files.push((format!("{}/.zarray", array.name), meta.to_string().into_bytes()));
        let row = array.bytes.len() / array.shape[0].max(1);
        for (at, chunk) in array.bytes.chunks(ROWS * row).enumerate() {
            let mut bytes = chunk.to_vec();
            bytes.resize(ROWS * row, 0);
            let key = format!("{}/{at}{}", array.name, ".0".repeat(array.shape.len() - 1));
            files.push((key, bytes));
        }
    }
    files
}

/// Writes a buffer as a stored zip.
pub(crate) fn write_zip(path: &Path, arrays: &[Array]) {
    let mut zip = zip::ZipWriter::new(fs::File::create(path).expect("a zip file"));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in files(arrays) {
        zip.start_file(name, stored).expect("an entry");
        zip.write_all(&bytes).expect("its bytes");
    }
    zip.finish().expect("a finished zip");
}

/// Writes a buffer as a folder.
pub(crate) fn write_folder(path: &Path, arrays: &[Array]) {
    for (name, bytes) in files(arrays) {
        let file = path.join(name);
        fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
        fs::write(file, bytes).expect("a file");
    }
}

/// What a replay buffer does not say.
pub(crate) fn options() -> SourceOptions {
    SourceOptions { fps: Some(10.0), ..SourceOptions::default() }
}

/// Asserts that neither the destination nor an unfinished folder is there.
pub(crate) fn assert_nothing_at(destination: &Path) {
    let mut partial = destination.as_os_str().to_owned();
    partial.push(".partial");
    assert!(destination.symlink_metadata().is_err(), "no output under the final name");
    assert!(!PathBuf::from(partial).exists(), "no unfinished folder");
}

/// Rounds of a test that changes bytes; `TERRELLA_MUTATIONS` asks for more.
pub(crate) fn rounds(usual: u64) -> u64 {
    std::env::var("TERRELLA_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// One of the seeds with a few changes, keyed by the round.
pub(crate) fn changed(seeds: &[Vec<u8>], round: u64) -> Vec<u8> {
    let mut stream = Key::new(9).at(round).stream();
    let mut bytes = seeds[stream.below(seeds.len())].clone();
    // The beginning has the definitions, so it is worth more changes.
    let end = if stream.below(2) == 0 { bytes.len().min(1500) } else { bytes.len() };
    for _ in 0..1 + stream.below(6) {
        let at = stream.below(end);
        match stream.below(4) {
            0 => bytes[at] ^= 1 << stream.below(8),
            1 => bytes[at] = [0, 1, 127, 128, 255][stream.below(5)],
            2 => bytes[at..(at + 8).min(end)].fill(if stream.below(2) == 0 { 0xff } else { 0 }),
            _ => {
                let from = stream.below(end);
                let n = stream.below(32).min(end - at).min(end - from);
                bytes.copy_within(from..from + n, at);
            }
        }
    }
    bytes
}

/// Reads everything there is; what is refused is refused.
pub(crate) fn read_all(path: &Path) {
    let options = SourceOptions { views: vec![ALL.to_owned()], ..SourceOptions::default() };
    let Ok(source) = open_source(path, &options) else { return };
    for (at, rows) in source.lengths().into_iter().enumerate() {
        assert_eq!(source.episode(at).len(), rows, "as many rows as were told");
        let views = (0..source.views().len()).map(|view| source.view(at, view).map(Some));
        for frames in std::iter::once(source.pictures(at)).chain(views).flatten().flatten() {
            assert_eq!(frames.len(), rows, "a picture a row");
        }
    }
}
