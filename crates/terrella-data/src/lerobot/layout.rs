//! Where the files of a dataset are: tables, tasks and videos of both layouts.

use super::info::{Info, Layout};
use super::meta::read_tasks;
use crate::numbers::numbers;
use crate::{Error, Result};
use arrow_array::Array;
use arrow_array::types::{Float64Type, Int64Type};
use parquet::arrow::ProjectionMask;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Component, Path, PathBuf};
use terrella_media::DOWNLOAD_AGAIN;

/// A video and the second of it at which an episode begins.
pub(super) type Clip = (PathBuf, f64);

/// Data files with their names relative to the dataset, in the order of their rows.
pub(super) fn data_files(root: &Path) -> Result<Vec<(String, PathBuf)>> {
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
    Ok(files.into_iter().map(|path| (relative(root, &path), path)).collect())
}

/// A path as it is called within the dataset.
pub(super) fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}

/// The file of the tasks.
pub(super) fn tasks_path(root: &Path, layout: Layout) -> PathBuf {
    root.join(if layout == Layout::SharedFiles { "meta/tasks.parquet" } else { "meta/tasks.jsonl" })
}

/// The text of each task index.
pub(super) fn tasks(root: &Path, layout: Layout) -> Result<Vec<(i64, String)>> {
    let path = tasks_path(root, layout);
    if layout == Layout::SharedFiles {
        return read_tasks(&path);
    }
    let lines = json_lines(&path)?;
    let task = |line: &Value| Some((line["task_index"].as_i64()?, line["task"].as_str()?.to_owned()));
    let tasks: Option<Vec<_>> = lines.iter().map(task).collect();
    tasks.ok_or_else(|| Error::broken(&path, "a line has no task_index or no task", DOWNLOAD_AGAIN))
}

pub(super) fn json_lines(path: &Path) -> Result<Vec<Value>> {
    let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let parse = |(at, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|e| Error::broken(path, format!("line {}: {e}", at + 1), DOWNLOAD_AGAIN))
    };
    lines.map(parse).collect()
}

/// The clip of each episode that a camera stored as video; `files` are those of the rows.
pub(super) fn clips(
    root: &Path,
    info: &Info,
    camera: &str,
    files: &[(String, PathBuf)],
) -> Result<BTreeMap<i64, Clip>> {
    let info_path = root.join("meta/info.json");
    let template = info.video_path.as_deref().ok_or_else(|| {
        Error::broken(
            &info_path,
            format!("{camera} is a video, but there is no video_path"),
            "add the template of paths",
        )
    })?;
    let path = |numbers: &[(&str, i64)]| {
        let name = fill(template, camera, numbers);
        // A dataset may not send readers to other folders.
        let inside = Path::new(&name).components().all(|c| matches!(c, Component::Normal(_)));
        inside.then(|| root.join(&name)).ok_or_else(|| {
            Error::broken(&info_path, format!("video_path leads out of the dataset: {name}"), "correct the template")
        })
    };
    if info.layout() == Layout::EpisodeFiles {
        let per_chunk = info.chunks_size.max(1) as i64;
        let clip = |episode: i64| -> Result<(i64, Clip)> {
            let numbers = [("episode_index", episode), ("episode_chunk", episode / per_chunk)];
            Ok((episode, (path(&numbers)?, 0.0)))
        };
        // A file is an episode, and its name has the number, unless files were renamed; then they are in order.
        let named =
            files.iter().filter_map(|(name, _)| name.rsplit_once('_')?.1.strip_suffix(".parquet")?.parse::<i64>().ok());
        return named.chain(0..files.len() as i64).map(clip).collect();
    }
    let mut listed: Vec<(i64, [i64; 2], f64)> = Vec::new();
    for file in episode_files(root)? {
        listed.extend(read_clips(&file, camera)?);
    }
    let numbers = counted_on(listed.iter().map(|clip| clip.0));
    let clip = |(number, (_, [chunk, file], from)): (i64, (i64, [i64; 2], f64))| -> Result<(i64, Clip)> {
        Ok((number, (path(&[("chunk_index", chunk), ("file_index", file)])?, from)))
    };
    numbers.into_iter().zip(listed).map(clip).collect()
}

/// Numbers of episodes as they are stored, counted on where they begin again, as those of the rows are.
fn counted_on(stored: impl Iterator<Item = i64> + Clone) -> Vec<i64> {
    let mut sorted: Vec<i64> = stored.clone().collect();
    sorted.sort_unstable();
    if sorted.windows(2).all(|pair| pair[0] != pair[1]) {
        return stored.collect();
    }
    let (mut numbers, mut shift, mut before): (Vec<i64>, i64, i64) = (Vec::new(), 0, i64::MIN);
    for number in stored {
        if number <= before {
            shift = numbers.last().map_or(0, |n| n.saturating_add(1)).saturating_sub(number);
        }
        before = number;
        numbers.push(number.saturating_add(shift));
    }
    numbers
}

/// Puts numbers into a template of Python: `{name}` and `{name:06d}`.
fn fill(template: &str, camera: &str, numbers: &[(&str, i64)]) -> String {
    let mut name = template.replace("{video_key}", camera);
    for (key, value) in numbers {
        name = name.replace(&format!("{{{key}}}"), &value.to_string());
        for width in 1..=9 {
            name = name.replace(&format!("{{{key}:0{width}d}}"), &format!("{value:0width$}"));
        }
    }
    name
}

fn episode_files(root: &Path) -> Result<Vec<PathBuf>> {
    let folder = root.join("meta/episodes");
    let mut files = Vec::new();
    for chunk in std::fs::read_dir(&folder).map_err(Error::io("list", &folder))?.flatten() {
        let entries = std::fs::read_dir(chunk.path()).into_iter().flatten().flatten();
        files.extend(entries.map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "parquet")));
    }
    files.sort();
    Ok(files)
}

/// Episode, chunk and file of its video, second at which it begins there.
fn read_clips(path: &Path, camera: &str) -> Result<Vec<(i64, [i64; 2], f64)>> {
    crate::error::guarded(path, || clips_of(path, camera))
}

fn clips_of(path: &Path, camera: &str) -> Result<Vec<(i64, [i64; 2], f64)>> {
    let file = File::open(path).map_err(Error::io("read", path))?;
    let builder = crate::parquet_file::open(file).map_err(Error::parquet("read", path))?;
    let key = |what: &str| format!("videos/{camera}/{what}");
    let names = ["episode_index".to_owned(), key("chunk_index"), key("file_index"), key("from_timestamp")];
    let fields = builder.schema().fields().clone();
    let roots = names.iter().map(|name| {
        fields.iter().position(|f| f.name() == name).ok_or_else(|| Error::Missing {
            path: path.to_path_buf(),
            kind: "column",
            name: name.clone(),
            present: fields
                .iter()
                .map(|f| f.name().as_str())
                .filter(|n| !n.starts_with("stats/"))
                .collect::<Vec<_>>()
                .join(", "),
        })
    });
    let mask = ProjectionMask::roots(builder.parquet_schema(), roots.collect::<Result<Vec<_>>>()?);
    let mut clips = Vec::new();
    for batch in builder.with_projection(mask).build().map_err(Error::parquet("read", path))? {
        let batch = batch.map_err(Error::arrow(path))?;
        let dtype = |name: &str| Error::dtype(path, name, batch[name].data_type(), "one number a row");
        let whole = |name: &String| numbers::<Int64Type>(&batch[name.as_str()]).ok_or_else(|| dtype(name));
        let (episode, chunk, file) = (whole(&names[0])?, whole(&names[1])?, whole(&names[2])?);
        let from = numbers::<Float64Type>(&batch[names[3].as_str()]).ok_or_else(|| dtype(&names[3]))?;
        clips.extend((0..batch.num_rows()).map(|i| (episode.value(i), [chunk.value(i), file.value(i)], from.value(i))));
    }
    Ok(clips)
}

/// Numbers as ranges: `0-9, 11, 14-20`.
pub(super) fn ranges(numbers: &[i64]) -> String {
    let mut parts: Vec<(i64, i64)> = Vec::new();
    for &n in numbers {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == n => *last = n,
            _ => parts.push((n, n)),
        }
    }
    let text = |(a, b): (i64, i64)| if a == b { a.to_string() } else { format!("{a}-{b}") };
    parts.into_iter().map(text).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_of_both_layouts_are_filled() {
        let old = fill(
            "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4",
            "a.b",
            &[("episode_index", 1234), ("episode_chunk", 1)],
        );
        assert_eq!(old, "videos/chunk-001/a.b/episode_001234.mp4", "v2.1");
        let new = fill(
            "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4",
            "a.b",
            &[("chunk_index", 0), ("file_index", 12)],
        );
        assert_eq!(new, "videos/a.b/chunk-000/file-012.mp4", "v3.0");
    }

    #[test]
    fn numbers_that_begin_again_are_counted_on() {
        assert_eq!(counted_on([0, 1, 2, 0, 1].into_iter()), [0, 1, 2, 3, 4], "two datasets");
        assert_eq!(counted_on([4, 5, 2].into_iter()), [4, 5, 2], "in another order, each once");
    }

    #[test]
    fn numbers_are_told_as_ranges() {
        assert_eq!(ranges(&[0, 1, 2, 5, 7, 8]), "0-2, 5, 7-8", "ranges");
    }
}
