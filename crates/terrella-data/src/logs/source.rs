//! A mapped log as a [`Source`]: all recordings read, those that cannot be are left out and told.

use super::mapping::Mapping;
use super::mcap::MessageAt;
use super::opening::Opening;
use super::pictures::{PictureAt, natural};
use super::recording::{Reader, Rows};
use super::table::{Bytes, Content};
use super::tree::Tree;
use super::{files, mapping};
use crate::video::Video;
use crate::{Error, Evidence, Note, Result, Source, SourceOptions, picture};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrella_core::{Episode, Frames, Signature, Table};

/// An opened log.
pub(super) struct Log {
    path: PathBuf,
    tree: Tree,
    csv: mapping::Csv,
    signature: Signature,
    episodes: Vec<(String, Rows)>,
    notes: Vec<Note>,
    used: BTreeSet<String>,
    /// Changes where the meaning of the files does.
    meaning: String,
}

impl Log {
    pub(super) fn open(path: &Path, mut mapping: Mapping, options: &SourceOptions, note: Option<Note>) -> Result<Self> {
        if options.no_pictures {
            mapping.picture = None;
        }
        let tree = Tree::open(path)?;
        let recordings = recordings(path, &tree, &mapping)?;
        let mut log = Opening { notes: note.into_iter().collect(), ..Opening::default() };
        for name in &recordings {
            let mut reader = Reader::new(&tree, &mapping, name);
            let read = reader.read(options.fps);
            log.used.extend(reader.files().cloned());
            let place = if name.is_empty() { path.display().to_string() } else { name.clone() };
            if let Err(why) = read.and_then(|recording| log.take(&place, recording, options)) {
                log.first_error.get_or_insert_with(|| why.clone());
                log.notes.push(Note { place, what: format!("left out: {why}") });
            }
        }
        if log.episodes.is_empty() {
            let why = log.first_error.unwrap_or_else(|| "no file fits the mapping's glob of episodes".to_owned());
            let what = format!("none of {} recordings can be read; the first: {why}", recordings.len());
            return Err(Error::broken(path, what, "check the mapping against the files"));
        }
        log.sum_up(&tree, &mapping);
        let mut signature = Signature {
            fps: log.fps,
            image: None,
            state: options.state.clone().unwrap_or(log.state),
            action: options.action.clone().unwrap_or(log.action),
            env: options.env.clone().or(mapping.env.clone()),
        };
        for (what, given, have) in
            [("state", &options.state, signature.state.len()), ("action", &options.action, signature.action.len())]
        {
            let width = log.widths[usize::from(what == "action")];
            if given.is_some() && have != width {
                return Err(Error::Invalid(format!(
                    "{have} {what} names were given, the rows have {width} numbers; give one name a number"
                )));
            }
        }
        let text = toml::to_string(&mapping).map_err(|e| Error::Invalid(e.to_string()))?;
        let meaning: String =
            Sha256::digest(format!("{text}{options:?}")).iter().take(8).map(|b| format!("{b:02x}")).collect();
        let mut log = Self {
            path: path.to_path_buf(),
            tree,
            csv: mapping.csv,
            signature: signature.clone(),
            episodes: log.episodes,
            notes: log.notes,
            used: log.used,
            meaning,
        };
        if let Some(first) = log.episodes[0].1.pictures.first() {
            let (height, width, _) = log.picture(0, 0, first, &mut BTreeMap::new())?;
            signature.image = Some([height, width]);
            log.signature = signature;
        }
        let shown = log.episodes.iter().flat_map(|(_, rows)| &rows.pictures).filter_map(|p| match p {
            PictureAt::File(name) | PictureAt::Video { file: name, .. } => Some(name.clone()),
            PictureAt::Array { .. } | PictureAt::Message { .. } => None,
        });
        log.used.extend(shown.collect::<Vec<_>>());
        Ok(log)
    }

    /// Decodes one picture; arrays of a file are read once.
    fn picture(
        &self,
        episode: usize,
        row: usize,
        at: &PictureAt,
        arrays: &mut BTreeMap<String, Bytes>,
    ) -> Result<(usize, usize, Vec<u8>)> {
        let bad = |file: &str, what: String| Error::Row {
            path: self.tree.path(file),
            episode,
            row,
            what,
            remedy: "record or download the picture again",
        };
        match at {
            PictureAt::File(name) => picture::decode(&self.tree.read(name)?).map_err(|e| bad(name, e)),
            PictureAt::Video { file, frame } => {
                let video = Video::open(&self.tree.file(file)?)?;
                let mut rgb = Vec::new();
                video.frames(&[*frame], &mut |_, bytes| rgb.extend_from_slice(bytes))?;
                Ok((video.size()[0], video.size()[1], rgb))
            }
            PictureAt::Message { file, message } => {
                let mut picture = None;
                MessageAt::pictures(&[message], &mut |height, width, rgb| {
                    picture = Some((height, width, rgb.to_vec()));
                    Ok(())
                })
                .map_err(|e| bad(file, e))?;
                picture.ok_or_else(|| bad(file, "the message is gone".to_owned()))
            }
            PictureAt::Array { file, array, row: at } => {
                if !arrays.contains_key(file) {
                    let content = files::parse(file, self.tree.read(file)?, &self.csv).map_err(|e| bad(file, e))?;
                    let Content::Columns(mut columns) = content else { return Err(bad(file, "no array".to_owned())) };
                    let bytes = columns.bytes.remove(array).ok_or_else(|| bad(file, format!("no array {array}")))?;
                    arrays.insert(file.clone(), bytes);
                }
                let bytes = &arrays[file];
                let (height, width) = (bytes.shape[1], bytes.shape[2]);
                let size = height * width * 3;
                Ok((height, width, bytes.data[at * size..(at + 1) * size].to_vec()))
            }
        }
    }
}

/// Names of the recordings: files or folders that fit the glob.
fn recordings(path: &Path, tree: &Tree, mapping: &Mapping) -> Result<Vec<String>> {
    let Some(glob) = &mapping.episodes else {
        // A path that is one file is the recording, whatever folder it lies in.
        return Ok(match tree.names() {
            [only] if path.is_file() => vec![only.clone()],
            _ => vec![String::new()],
        });
    };
    let pattern = glob::Pattern::new(glob).map_err(|e| Error::Invalid(format!("episodes = \"{glob}\": {e}")))?;
    let mut found: BTreeSet<&str> = BTreeSet::new();
    let options = glob::MatchOptions { require_literal_separator: true, ..glob::MatchOptions::default() };
    for name in tree.names() {
        let folders = name.match_indices('/').map(|(at, _)| &name[..at]);
        found.extend(folders.chain([name.as_str()]).filter(|n| pattern.matches_with(n, options)));
    }
    if path.is_file() && found.is_empty() && tree.names().len() == 1 {
        return Ok(tree.names().to_vec());
    }
    let mut found: Vec<String> = found.into_iter().map(str::to_owned).collect();
    found.sort_by_key(|name| natural(name));
    Ok(found)
}

impl Source for Log {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn lengths(&self) -> Vec<usize> {
        let width = self.signature.action.len();
        self.episodes.iter().map(|(_, rows)| rows.actions.len() / width).collect()
    }

    fn episode(&self, at: usize) -> Episode {
        let (task, rows) = &self.episodes[at];
        let table = |names: &[String], data: &[f32]| match names.len() {
            0 => Table::new(0),
            width => Table::from_data(width, data.to_vec()),
        };
        Episode {
            index: at,
            task: task.clone(),
            states: table(&self.signature.state, &rows.states),
            actions: table(&self.signature.action, &rows.actions),
            frames: None,
        }
    }

    fn pictures(&self, at: usize) -> Result<Option<Frames>> {
        let Some([height, width]) = self.signature.image else { return Ok(None) };
        let pictures = &self.episodes[at].1.pictures;
        let mut rgb = Vec::with_capacity(pictures.len() * height * width * 3);
        if let Some(PictureAt::Video { file, .. }) = pictures.first() {
            let video = Video::open(&self.tree.file(file)?)?;
            if video.size() != [height, width] {
                let what = format!("its frames are {:?}, those of the first video {height}x{width}", video.size());
                return Err(Error::broken(&self.tree.path(file), what, "scale them to one size"));
            }
            let frames: Vec<usize> = pictures
                .iter()
                .filter_map(|p| if let PictureAt::Video { frame, .. } = p { Some(*frame) } else { None })
                .collect();
            video.frames(&frames, &mut |_, bytes| rgb.extend_from_slice(bytes))?;
            return Ok(Some(Frames::new(height, width, pictures.len(), Arc::new(rgb), 0)));
        }
        let other_size = |row: usize, h: usize, w: usize| Error::Row {
            path: self.path.clone(),
            episode: at,
            row,
            what: format!("the picture is {h}x{w}, the first one is {height}x{width}"),
            remedy: "scale them to one size",
        };
        if let Some(PictureAt::Message { file, .. }) = pictures.first() {
            let messages: Vec<&MessageAt> = pictures
                .iter()
                .filter_map(|p| if let PictureAt::Message { message, .. } = p { Some(message) } else { None })
                .collect();
            let mut row = 0;
            let mut odd = None;
            let taken = MessageAt::pictures(&messages, &mut |h, w, bytes| {
                if [h, w] != [height, width] {
                    odd = Some(other_size(row, h, w));
                    return Err(String::new());
                }
                row += 1;
                rgb.extend_from_slice(bytes);
                Ok(())
            });
            return match (taken, odd) {
                (_, Some(odd)) => Err(odd),
                (Err(what), None) => Err(Error::Row {
                    path: self.tree.path(file),
                    episode: at,
                    row,
                    what,
                    remedy: "leave pictures out, or record it again",
                }),
                (Ok(()), None) => Ok(Some(Frames::new(height, width, pictures.len(), Arc::new(rgb), 0))),
            };
        }
        let mut arrays = BTreeMap::new();
        for (row, picture) in pictures.iter().enumerate() {
            let (h, w, bytes) = self.picture(at, row, picture, &mut arrays)?;
            if [h, w] != [height, width] {
                return Err(other_size(row, h, w));
            }
            rgb.extend_from_slice(&bytes);
        }
        Ok(Some(Frames::new(height, width, pictures.len(), Arc::new(rgb), 0)))
    }

    fn evidence(&self, at: usize) -> Evidence {
        let rows = &self.episodes[at].1;
        Evidence { times: rows.times.clone(), success: rows.success }
    }

    fn notes(&self) -> Vec<Note> {
        self.notes.clone()
    }

    fn files(&self) -> Result<Vec<(String, PathBuf)>> {
        let files = self.tree.on_disk(self.used.iter().map(String::as_str));
        Ok(files.into_iter().map(|(name, path)| (format!("{}:{name}", self.meaning), path)).collect())
    }
}
