//! The labelled rows as recordings: pictures and all else as they were recorded, actions as they were told.

use super::film::Film;
use super::learn::Told;
use super::report::FilmRows;
use super::stretches::{Stretches, least_reach};
use crate::error::usage;
use crate::settings::LabelSettings;
use anyhow::Result;
use std::ops::Range;
use std::path::Path;
use terrella_core::{Episode, Frames, Signature, Table, write_atomic};
use terrella_data::{Writer, Written};

/// Recordings that are being written, stretch by stretch.
pub(super) struct Output<'a> {
    writer: Writer,
    film: &'a Film,
    settings: &'a LabelSettings,
    pub(super) rows: FilmRows,
    doubts: Vec<f32>,
    /// The longest stretch of sure rows, the longest episode, and the least reach that would have kept anything.
    longest: [usize; 2],
    least: Option<f64>,
}

impl<'a> Output<'a> {
    /// Begins a folder; nothing stands under its name until [`Self::finish`].
    pub(super) fn create(path: &Path, film: &'a Film, action: &[String], settings: &'a LabelSettings) -> Result<Self> {
        let signature = Signature { action: action.to_vec(), ..film.source.signature().clone() };
        let writer = Writer::create(path, &signature)?.with_views(film.source.views());
        let rows = FilmRows { episodes: film.episodes.len(), known: film.known, ..FilmRows::default() };
        Ok(Self { writer, film, settings, rows, doubts: Vec::new(), longest: [0; 2], least: None })
    }

    /// Appends the sure stretches of an episode; answers with their rows.
    pub(super) fn append(&mut self, at: usize, told: &Told) -> Result<Vec<Range<usize>>> {
        let LabelSettings { reach, min_rows, .. } = *self.settings;
        let found = Stretches::of(&told.doubt, reach, min_rows);
        if !found.kept.is_empty() {
            let source = &self.film.source;
            let frames: Vec<Frames> =
                (0..source.cameras().len()).map(|camera| source.frames(at, camera)).collect::<Result<_, _>>()?;
            let episode = source.episode(at);
            for rows in &found.kept {
                let mut frames = frames.iter().map(|frames| cut_frames(frames, rows));
                let stretch = Episode { frames: frames.next(), ..cut(&episode, rows.clone(), &told.mean) };
                self.writer.write_views(&stretch, &frames.collect::<Vec<_>>())?;
            }
        }
        let kept: usize = found.kept.iter().map(Range::len).sum();
        let rows = &mut self.rows;
        rows.rows += told.doubt.len();
        rows.kept += kept;
        rows.unsure += found.unsure;
        rows.short += found.short;
        rows.emptied += usize::from(kept == 0);
        self.longest = [self.longest[0].max(found.longest), self.longest[1].max(told.doubt.len())];
        let least = least_reach(&told.doubt, min_rows);
        self.least = self.least.into_iter().chain(least).reduce(f64::min);
        self.doubts.extend_from_slice(&told.doubt);
        Ok(found.kept)
    }

    /// How far the interval of half of all rows reaches, at most.
    pub(super) fn counted(&mut self) -> FilmRows {
        self.doubts.sort_by(f32::total_cmp);
        self.rows.median_reach = self.doubts.get(self.doubts.len() / 2).map_or(f64::NAN, |doubt| f64::from(*doubt));
        self.rows
    }

    /// Fails if nothing was kept, with what would keep something.
    pub(super) fn check(&self) -> Result<()> {
        if self.rows.kept > 0 {
            return Ok(());
        }
        let (LabelSettings { reach, min_rows, .. }, [longest, episode]) = (self.settings, self.longest);
        let all = format!("nothing is left of {} rows", self.rows.rows);
        let Some(least) = self.least else {
            return Err(usage(format!(
                "{all}: stretches of label.min_rows = {min_rows} are wanted, and the longest episode has {episode}; lower it to {episode} at most"
            )));
        };
        // Rounded up, so that the remedy works.
        let least = (least * 1e4).ceil() / 1e4;
        let shorter = match longest {
            0 => String::new(),
            _ => format!(", and label.min_rows = {longest} the longest stretch that is sure now"),
        };
        Err(usage(format!(
            "{all}: no stretch of label.min_rows = {min_rows} has intervals within label.reach = {reach} standard deviations throughout; label.reach = {least} would leave the surest one{shorter}"
        )))
    }

    /// Completes the folder, with a record of where its actions come from.
    pub(super) fn finish(self, record: &serde_json::Value) -> Result<Written> {
        write_atomic(&self.writer.folder().join("meta/labels.json"), format!("{record:#}\n").as_bytes())?;
        Ok(self.writer.finish()?)
    }
}

/// Some rows of an episode with other actions, as a recording of its own.
fn cut(episode: &Episode, rows: Range<usize>, actions: &Table) -> Episode {
    let table = |table: &Table| Table {
        width: table.width,
        data: table.data[rows.start * table.width..rows.end * table.width].to_vec(),
    };
    fn some<T: Copy>(all: &[T], rows: &Range<usize>) -> Vec<T> {
        if all.is_empty() { Vec::new() } else { all[rows.clone()].to_vec() }
    }
    let mut truncated = some(&episode.truncated, &rows);
    if let Some(last) = truncated.last_mut().filter(|_| rows.end < episode.len()) {
        *last = true;
    }
    let first = episode.times.get(rows.start).copied().unwrap_or_default();
    Episode {
        index: episode.index,
        task: episode.task.clone(),
        states: table(&episode.states),
        actions: table(actions),
        frames: None,
        times: some(&episode.times, &rows).into_iter().map(|time| time - first).collect(),
        rewards: some(&episode.rewards, &rows),
        terminated: some(&episode.terminated, &rows),
        truncated,
    }
}

fn cut_frames(frames: &Frames, rows: &Range<usize>) -> Frames {
    let bytes = rows.clone().flat_map(|row| frames.bytes(row)).copied().collect();
    Frames::of(frames.pixel(), frames.size(), bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_a_recording_of_its_own() {
        let n = 5;
        let episode = Episode {
            states: Table::from_data(1, (0..n).map(|i| i as f32).collect()),
            actions: Table::from_data(1, vec![0.0; n]),
            times: (0..n).map(|i| 0.5 * i as f64).collect(),
            rewards: vec![1.0; n],
            terminated: vec![false, false, false, false, true],
            truncated: vec![false; n],
            ..Episode::default()
        };
        let told = Table::from_data(2, (0..2 * n).map(|i| i as f32).collect());
        let middle = cut(&episode, 1..3, &told);
        assert_eq!((middle.states.data, middle.actions.data), (vec![1.0, 2.0], vec![2.0, 3.0, 4.0, 5.0]));
        assert_eq!((middle.times, middle.truncated), (vec![0.0, 0.5], vec![false, true]), "cut here");
        let end = cut(&episode, 3..5, &told);
        assert_eq!((end.terminated, end.truncated), (vec![false, true], vec![false; 2]), "ended by itself");
        let frames = Frames::of(terrella_core::Pixel::Rgb, [1, 1], (0..15).collect());
        assert_eq!(cut_frames(&frames, &(2..4)).bytes(1), [9, 10, 11]);
    }
}
