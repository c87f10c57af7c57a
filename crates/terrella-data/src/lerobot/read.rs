//! Opens and checks a LeRobot dataset.
//!
//! States, actions, indices and the indices of videos are read and checked at once (they are small);
//! pictures are decoded later, an episode at a time. Episodes that are not all there are left out and
//! told; the others keep their order.

use super::claims;
use super::columns::read_pictures;
use super::info::{Chosen, Info, NO_FILM};
use super::layout::{self, Clip, ranges, relative};
use super::names::{ACTION, OUTCOMES, STATE, SUCCESS};
use super::scan::{DataFile, Scanned, Stored, Wanted, scan};
use crate::outcome::{Logged, agree};
use crate::source::check_finite;
use crate::timing::own_times;
use crate::vectors::{Vector, made_of};
use crate::{ALL, Claims, Error, Evidence, Note, Result, Source, SourceOptions, View};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrella_core::{Episode, Frames, Signature};
use terrella_media::DOWNLOAD_AGAIN;
use terrella_media::picture;
use terrella_media::video::{Video, check_decoders, frames_at};

/// How far a row may lie from its frame, in seconds; LeRobot's own tolerance.
const TOLERANCE: f64 = 1e-4;

/// Episodes that may be listed and not be there: each is named.
const MOST_MISSING: usize = 1 << 24;

/// An opened dataset.
pub(crate) struct Reader {
    root: PathBuf,
    info: Info,
    chosen: Chosen,
    files: Vec<DataFile>,
    episodes: Vec<Opened>,
    notes: Vec<Note>,
}

/// One episode with its task and, for each picture feature that is video, its frames.
struct Opened {
    stored: Stored,
    task: String,
    videos: Vec<Option<Shown>>,
    /// Seconds from the first row, unless they only repeat the rate.
    times: Vec<f64>,
}

struct Shown {
    path: PathBuf,
    video: Arc<Video>,
    /// The frame of each row.
    frames: Vec<usize>,
}

impl Reader {
    pub(crate) fn open(root: &Path, options: &SourceOptions) -> Result<Self> {
        let info_path = root.join("meta/info.json");
        let info = Info::read(&info_path)?;
        let chosen = info.choose(&info_path, options)?;
        let pictures = &chosen.pictures;
        let tasks = layout::tasks(root, info.layout())?;
        let names = layout::data_files(root)?;
        let in_video = |p: &View| info.is_video(&p.name);
        if pictures.iter().any(in_video) {
            check_decoders(&info_path)?;
        }
        let clips =
            pictures.iter().map(|p| in_video(p).then(|| layout::clips(root, &info, &p.name, &names)).transpose());
        let clips = clips.collect::<Result<Vec<_>>>()?;
        let files = names.into_iter().map(|(_, path)| DataFile::open(path)).collect::<Result<Vec<_>>>()?;
        let mut reader =
            Self { root: root.to_path_buf(), info, chosen, files, episodes: Vec::new(), notes: Vec::new() };
        let outcomes = reader.outcomes();
        let shaped = |name| (name, reader.info.shape(name));
        let state: Vec<_> = reader.chosen.vectors.iter().map(|v| shaped(v.name.as_str())).collect();
        let action: Vec<_> = reader.chosen.actions.iter().map(|v| shaped(v.name.as_str())).collect();
        let wanted = Wanted { action: &action, state: &state, outcomes: &outcomes };
        let mut scanned = Scanned::default();
        for (at, file) in reader.files.iter().enumerate() {
            for (picture, _) in reader.chosen.pictures.iter().zip(&clips).filter(|(_, clips)| clips.is_none()) {
                file.column(&picture.name)?;
            }
            scan(file, at, wanted, &mut scanned)?;
        }
        reader.tell_missing(&info_path, &scanned)?;
        let mut videos = BTreeMap::new();
        let mut left_out: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        let mut first = None;
        for stored in scanned.episodes {
            let number = stored.number;
            match reader.check(stored, &tasks, &clips, &mut videos) {
                Ok(opened) => reader.episodes.push(opened),
                Err((why, error)) => {
                    left_out.entry(why).or_default().push(number);
                    first.get_or_insert(error);
                }
            }
        }
        if let (Some(error), true) = (first, reader.episodes.is_empty()) {
            return Err(error);
        }
        for (why, numbers) in left_out {
            let place = format!("{} {}", if numbers.len() == 1 { "episode" } else { "episodes" }, ranges(&numbers));
            reader.notes.push(Note { place, what: format!("left out: {why}") });
        }
        reader.keep_times();
        if outcomes.contains(&SUCCESS) {
            reader.tell_ends_from_cuts();
        }
        let all = reader.episodes.iter_mut().map(|e| (e.stored.rows, &mut e.stored.outcome));
        let Logged { reward, ends } = agree(all, OUTCOMES, &mut reader.notes);
        (reader.chosen.signature.reward, reader.chosen.signature.ends) = (reward, ends);
        if let Some(world) = &reader.chosen.not_kept {
            let what = format!(
                "{world} is not kept: its state is not made of these vectors; --env says of which world they are"
            );
            reader.notes.push(Note { place: "world".to_owned(), what });
        }
        let names = |vectors: &'_ [Vector]| vectors.iter().map(|v| v.name.clone()).collect::<Vec<_>>();
        let parts = [(STATE, &reader.chosen.vectors), (ACTION, &reader.chosen.actions)].map(|(n, v)| (n, names(v)));
        for (name, parts) in parts.into_iter().filter(|(name, _)| *name == ACTION || options.vectors.is_empty()) {
            let place = name.rsplit('.').next().unwrap_or(name);
            reader.notes.extend(made_of(place, parts.iter().map(String::as_str)));
            if let [only] = &parts[..]
                && only != name
            {
                let what = format!("there is no {name}; {only} stands for it");
                reader.notes.push(Note { place: place.to_owned(), what });
            }
        }
        if let Some(task) = &options.task {
            reader.replace_tasks(task);
        }
        if reader.chosen.actions.is_empty() {
            let what = "no action was logged: one that is always 0 stands for it".to_owned();
            reader.notes.push(Note { place: ACTION.to_owned(), what });
        }
        // Who asks for all views should know which are missing.
        if !options.no_pictures && options.views.iter().any(|view| view == ALL) {
            let films = reader.info.films_of_depth();
            let told = films.map(|(name, what)| Note::of_camera("views", name, &format!("it is {what}; {NO_FILM}")));
            reader.notes.extend(told);
        }
        let others: Vec<&str> = reader.info.others(&reader.chosen, &outcomes).collect();
        if !others.is_empty() {
            reader.notes.push(Note { place: "features".to_owned(), what: format!("not kept: {}", others.join(", ")) });
        }
        Ok(reader)
    }

    /// Takes what was said for what was being done.
    fn replace_tasks(&mut self, task: &str) {
        let others: BTreeSet<String> = self.episodes.iter().map(|e| e.task.clone()).filter(|t| t != task).collect();
        self.episodes.iter_mut().for_each(|e| task.clone_into(&mut e.task));
        if let Some(one) = others.first() {
            let what = format!("{} stored tasks are not kept (\"{one}\" for one); \"{task}\" was given", others.len());
            self.notes.push(Note { place: "task".to_owned(), what });
        }
    }

    /// Features of rewards and ends that every data file has.
    fn outcomes(&self) -> Vec<&'static str> {
        self.info.outcomes().filter(|name| self.files.iter().all(|file| file.column(name).is_ok())).collect()
    }

    /// Takes an episode that is done without success for one that was cut.
    fn tell_ends_from_cuts(&mut self) {
        let (mut ends, mut cuts) = (0, 0);
        for Stored { outcome, success, rows, .. } in self.episodes.iter_mut().map(|e| &mut e.stored) {
            if [outcome.terminated.len(), success.len()] != [*rows; 2] {
                continue;
            }
            let mut succeeded = false;
            for (ended, success) in outcome.terminated.iter_mut().zip(success.iter()) {
                succeeded |= success;
                let cut = *ended && !succeeded;
                outcome.truncated.push(cut);
                ends += usize::from(*ended);
                cuts += usize::from(cut);
                *ended &= succeeded;
            }
        }
        let what = format!(
            "{cuts} of {ends} ends by {} come without it and are taken as cuts; not kept beyond that",
            OUTCOMES[1]
        );
        self.notes.push(Note { place: SUCCESS.to_owned(), what });
    }

    /// Keeps times of rows that say more than the rate does, and tells those that are no clock.
    fn keep_times(&mut self) {
        let fps = self.chosen.signature.fps;
        let (mut numbers, mut first) = (Vec::new(), None);
        for episode in &mut self.episodes {
            match own_times(&episode.stored.times, fps) {
                Ok(times) => episode.times = times,
                Err(why) => {
                    numbers.push(episode.stored.number);
                    first.get_or_insert(why);
                }
            }
        }
        if let Some(why) = first {
            let what = format!(
                "not kept of {} ({}): they do not rise, {why}; rows there are taken to be {:.3} ms apart",
                if numbers.len() == 1 { "an episode" } else { "episodes" },
                ranges(&numbers),
                1e3 / fps
            );
            self.notes.push(Note { place: "timestamp".to_owned(), what });
        }
    }

    /// Tells episodes that the metadata lists and the data files lack, and numbers that begin again.
    fn tell_missing(&mut self, info_path: &Path, Scanned { episodes, again, .. }: &Scanned) -> Result<()> {
        let (n, rows) = (episodes.len(), episodes.iter().map(|e| e.rows).sum::<usize>());
        let listed = [self.info.total_episodes, self.info.total_frames];
        let counts =
            format!("it lists {} episodes with {} rows, the data files hold {n} with {rows}", listed[0], listed[1]);
        if let Some(first) = again.first() {
            let others = again.len() - 1;
            let more = if others > 0 { format!(" and in {others} places more") } else { String::new() };
            let what = format!(
                "numbers of rows or episodes begin again in {first}{more}: it was joined from several; episodes are counted on{}",
                if [n, rows] == listed { String::new() } else { format!(" ({counts})") }
            );
            self.notes.push(Note { place: "episode_index".to_owned(), what });
        }
        let joined = !again.is_empty() && n >= listed[0] && rows >= listed[1];
        if joined {
            return Ok(());
        }
        let odd = n == listed[0] && rows != listed[1] && episodes.iter().all(|e| e.whole);
        if n == 0 || n > listed[0] || listed[0] - n > MOST_MISSING || odd {
            return Err(Error::broken(info_path, counts, DOWNLOAD_AGAIN));
        }
        if n < listed[0] {
            let missing: Vec<i64> =
                (0..listed[0] as i64).filter(|i| episodes.binary_search_by_key(i, |e| e.number).is_err()).collect();
            let what = format!("left out: their rows are not there ({counts})");
            self.notes.push(Note { place: format!("episodes {}", ranges(&missing)), what });
        }
        Ok(())
    }

    /// An episode that is all there, or why it is not: in general words, and as an error with its place.
    fn check(
        &self,
        stored: Stored,
        tasks: &[(i64, String)],
        clips: &[Option<BTreeMap<i64, Clip>>],
        videos: &mut BTreeMap<PathBuf, Result<Arc<Video>, String>>,
    ) -> Result<Opened, (String, Error)> {
        let numbered = stored.number as usize;
        let text = tasks.iter().find(|(index, _)| *index == stored.task).map(|(_, text)| text.clone());
        let task = text.ok_or_else(|| {
            let path = layout::tasks_path(&self.root, self.info.layout());
            plain(Error::broken(&path, format!("task {} of episode {numbered} is not listed", stored.task), "add it"))
        })?;
        if !stored.whole {
            let what = format!("some rows of episode {numbered} are not there");
            let error = Error::broken(&self.root.join("data"), what, DOWNLOAD_AGAIN);
            return Err(("some of their rows are not there".to_owned(), error));
        }
        check_finite(&self.root, numbered, "state", &stored.states, &self.chosen.signature.state).map_err(plain)?;
        check_finite(&self.root, numbered, "action", &stored.actions, &self.chosen.signature.action).map_err(plain)?;
        let shown = self.chosen.pictures.iter().zip(clips).map(|(picture, clips)| {
            clips.as_ref().map(|clips| self.shown(&stored, picture, clips, videos)).transpose()
        });
        let shown = shown.collect::<Result<Vec<_>, _>>()?;
        Ok(Opened { stored, task, videos: shown, times: Vec::new() })
    }

    /// The frames that show the rows of an episode in one camera, or why there are none.
    fn shown(
        &self,
        stored: &Stored,
        picture: &View,
        clips: &BTreeMap<i64, Clip>,
        videos: &mut BTreeMap<PathBuf, Result<Arc<Video>, String>>,
    ) -> Result<Shown, (String, Error)> {
        let numbered = stored.number as usize;
        let (path, from) = clips.get(&stored.number).ok_or_else(|| {
            let what = format!("episode {numbered} has no video of {}", picture.name);
            ("it has no video".to_owned(), Error::broken(&self.root.join("meta/episodes"), what, DOWNLOAD_AGAIN))
        })?;
        if !path.exists() {
            let error = Error::broken(path, "the video is not there", DOWNLOAD_AGAIN);
            return Err(("the video is not there".to_owned(), error));
        }
        // Files are shared by episodes, and their index is read once.
        let video =
            videos.entry(path.clone()).or_insert_with(|| Video::open(path).map(Arc::new).map_err(|e| e.to_string()));
        let video = video.clone().map_err(|text| (text.clone(), Error::Invalid(text)))?;
        if video.size() != picture.size {
            let ([h, w], [high, wide]) = (video.size(), picture.size);
            let what = format!("its frames are {h}x{w}, info.json declares {high}x{wide}");
            return Err(plain(Error::broken(path, what, "correct the shape in info.json")));
        }
        let times: Vec<f64> = stored.times.iter().map(|t| from + t).collect();
        let frames = frames_at(&video, &times, TOLERANCE).map_err(|what| {
            plain(Error::broken(
                path,
                format!("episode {numbered}: {what}"),
                "record it at a constant rate, or download it again",
            ))
        })?;
        Ok(Shown { path: path.clone(), video, frames })
    }

    /// Decodes PNG or JPEG pictures from the data file.
    fn stored_pictures(&self, at: usize, picture: &View) -> Result<Vec<u8>> {
        let (camera, [height, width]) = (picture.name.as_str(), picture.size);
        let stored = &self.episodes[at].stored;
        // Grows with what is really decoded, whatever sizes are declared.
        let mut pixels = Vec::new();
        let mut row = 0;
        for piece in &stored.pieces {
            let file = &self.files[piece.file];
            for batch in file.read(&[camera], piece.offset, piece.rows)? {
                for bytes in read_pictures(&file.path, camera, batch[camera].as_ref())? {
                    let bad = |what: String| Error::Row {
                        path: file.path.clone(),
                        episode: stored.number as usize,
                        row,
                        what,
                        remedy: "record or download the episode again",
                    };
                    let bytes = bytes.ok_or_else(|| bad(format!("{camera} has no bytes")))?;
                    let (h, w, bytes) = picture::decode_as(picture.pixel(), bytes)
                        .map_err(|e| bad(format!("{camera} is no picture: {e}")))?;
                    if [h, w] != [height, width] {
                        return Err(bad(format!("{camera} is {h}x{w}, info.json declares {height}x{width}")));
                    }
                    pixels.extend_from_slice(&bytes);
                    row += 1;
                }
            }
        }
        Ok(pixels)
    }
}

impl Source for Reader {
    fn signature(&self) -> &Signature {
        &self.chosen.signature
    }

    fn lengths(&self) -> Vec<usize> {
        self.episodes.iter().map(|e| e.stored.rows).collect()
    }

    fn episode(&self, at: usize) -> Episode {
        let Opened { stored, task, times, .. } = &self.episodes[at];
        let (states, actions, times) = (stored.states.clone(), stored.actions.clone(), times.clone());
        stored.outcome.on(Episode { index: at, task: task.clone(), states, actions, times, ..Episode::default() })
    }

    fn cameras(&self) -> &[View] {
        &self.chosen.pictures
    }

    fn frames(&self, at: usize, camera: usize) -> Result<Frames> {
        let (picture, episode) = (&self.chosen.pictures[camera], &self.episodes[at]);
        let bytes = match &episode.videos[camera] {
            None => self.stored_pictures(at, picture)?,
            Some(shown) => {
                let mut rgb = Vec::with_capacity(episode.stored.rows * picture.size[0] * picture.size[1] * 3);
                shown.video.frames(&shown.frames, &mut |_, bytes| rgb.extend_from_slice(bytes))?;
                rgb
            }
        };
        Ok(Frames::of(picture.pixel(), picture.size, bytes))
    }

    fn evidence(&self, at: usize) -> Evidence {
        Evidence { times: self.episodes[at].stored.times.clone(), success: None }
    }

    fn claims(&self) -> Result<Claims> {
        let numbers: Vec<i64> = self.episodes.iter().map(|e| e.stored.number).collect();
        let [state, action] = [&self.chosen.vectors, &self.chosen.actions]
            .map(|vectors| vectors.iter().map(|v| v.name.as_str()).collect::<Vec<_>>());
        let complete = numbers.len() == self.info.total_episodes;
        claims::read(&self.root, [&state, &action], &self.info.splits, &numbers, complete)
    }

    fn notes(&self) -> Vec<Note> {
        self.notes.clone()
    }

    fn files(&self) -> Result<Vec<(String, PathBuf)>> {
        let tasks = layout::tasks_path(&self.root, self.info.layout());
        let mut files = vec![("meta/info.json".to_owned(), self.root.join("meta/info.json"))];
        files.push((relative(&self.root, &tasks), tasks));
        files.extend(layout::data_files(&self.root)?);
        let videos: BTreeMap<String, PathBuf> = self
            .episodes
            .iter()
            .flat_map(|e| e.videos.iter().flatten())
            .map(|shown| (relative(&self.root, &shown.path), shown.path.clone()))
            .collect();
        files.extend(videos);
        Ok(files)
    }
}

/// Why an episode is left out, and the error that says it.
fn plain(error: Error) -> (String, Error) {
    (error.to_string(), error)
}
