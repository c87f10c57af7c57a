//! A mapped log as a [`Source`]: all recordings read, those that cannot be are left out and told.

use super::bags::{self, Bag};
use super::chosen::{choose_pictures, choose_streams, spelled};
use super::mapping::{Csv, Mapping, Pictures};
use super::opening::Opening;
use super::pictures::{PictureAt, natural, remedy};
use super::reader::{Before, Reader};
use super::rows::Rows;
use super::tree::Tree;
use super::unseen;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use terrella_core::{Episode, Frames, Signature, Table};
use terrella_data::outcome::agree;
use terrella_data::timing::own_times;
use terrella_data::{Error, Evidence, Note, Result, Source, SourceOptions, View};

/// An opened log.
pub(super) struct Log {
    pub(super) path: PathBuf,
    pub(super) tree: Tree,
    bags: Vec<Bag>,
    pub(super) csv: Csv,
    signature: Signature,
    /// The camera, if the signature has one, and the views.
    pub(super) cameras: Vec<View>,
    pub(super) episodes: Vec<(String, Rows)>,
    notes: Vec<Note>,
    used: BTreeSet<String>,
    /// Changes where the meaning of the files does.
    meaning: String,
}

impl Log {
    pub(super) fn open(
        path: &Path,
        tree: Tree,
        mut mapping: Mapping,
        options: &SourceOptions,
        (notes, mut before): (Vec<Note>, Option<Before>),
    ) -> Result<Self> {
        choose_streams(path, &mut mapping, options)?;
        let not_kept = choose_pictures(path, &mut mapping, options)?;
        let names = not_kept.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        let what = format!("not kept: {names}; --views all keeps them");
        let told = (!not_kept.is_empty()).then(|| Note { place: "views".to_owned(), what });
        let bags = bags::find(&tree);
        let recordings = recordings(path, &tree, &bags, &mapping)?;
        let mut log = Opening { notes: notes.into_iter().chain(told).collect(), ..Opening::default() };
        let mut found = Vec::with_capacity(recordings.len());
        for name in &recordings {
            let mut reader = Reader::new(&tree, &bags, &mapping, name);
            reader.before = before.take_if(|before| before.name == *name);
            let read = reader.read(options.fps);
            log.used.extend(reader.files().cloned());
            let place = if name.is_empty() { path.display().to_string() } else { name.clone() };
            found.push((place, read));
        }
        unseen::leave_out(path, &mut mapping, &mut found, options, &mut log.notes)?;
        for (place, read) in found {
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
        let topics: Vec<&String> = not_kept.iter().filter_map(|(_, view)| view.topic.as_ref()).collect();
        log.unused.retain(|name| !topics.contains(&name));
        log.sum_up(&tree, &mapping);
        let mut clockless = Vec::new();
        for (_, rows) in &mut log.episodes {
            // Rows of samples rise, so there is nothing to refuse unless a mapping delays one by not a number.
            rows.instants = own_times(&rows.instants, log.fps).unwrap_or_else(|why| {
                clockless.push(Note { place: "clock".to_owned(), what: format!("not kept: {why}") });
                Vec::new()
            });
        }
        log.notes.extend(clockless);
        let width = log.widths[1].max(1);
        let all = log.episodes.iter_mut().map(|(_, rows)| (rows.actions.len() / width, &mut rows.outcome));
        let logged = agree(all, mapping.outcomes().map(|(name, _)| name), &mut log.notes);
        let signature = Signature {
            fps: log.fps,
            image: None,
            state: options.state.clone().unwrap_or(log.state),
            action: options.action.clone().unwrap_or(log.action),
            env: options.env.clone().or(mapping.env.clone()),
            units: if log.units.iter().all(String::is_empty) { Vec::new() } else { log.units },
            reward: logged.reward,
            ends: logged.ends,
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
        let meaning = terrella_core::hex(&Sha256::digest(text + &spelled(options))[..8]);
        let mut log = Self {
            path: path.to_path_buf(),
            tree,
            bags,
            csv: mapping.csv.clone(),
            signature,
            cameras: Vec::new(),
            episodes: log.episodes,
            notes: log.notes,
            used: log.used,
            meaning,
        };
        log.look(&mut mapping, options)?;
        let shown = log.episodes.iter().flat_map(|(_, rows)| rows.pictures.iter().flatten()).filter_map(|p| match p {
            PictureAt::File(name) | PictureAt::Video { file: name, .. } => Some(name.clone()),
            PictureAt::Array { .. } | PictureAt::Message { .. } => None,
        });
        log.used.extend(shown.collect::<Vec<_>>());
        Ok(log)
    }
}

impl Log {
    /// Looks at the first picture of each camera; one of which none can be decoded is left out.
    fn look(&mut self, mapping: &mut Mapping, options: &SourceOptions) -> Result<()> {
        let all: Vec<(String, Pictures)> = mapping.pictures().map(|(name, p)| (name, p.clone())).collect();
        for (section, pictures) in all {
            let at = self.cameras.len();
            let name = section.strip_prefix("views.").unwrap_or(&section).to_owned();
            let mut view = View { name, size: [0, 0], depth: pictures.depth };
            match self.first_size(at, view.pixel()) {
                Ok(size) => {
                    view.size = size;
                    let pixel = view.pixel();
                    self.cameras.push(view);
                    self.notes.extend(self.told(at, pixel));
                }
                Err(error) if pictures.topic.is_none() || self.any_decodes(at, view.pixel()) => return Err(error),
                Err(error) => {
                    let what = if let Error::Row { what, .. } = error { what } else { error.to_string() };
                    // Pixels that are not understood say themselves what helps.
                    let first = self.episodes[0].1.pictures[at].first();
                    let is_video = matches!(first, Some(PictureAt::Message { message, .. }) if message.is_video());
                    let why = if is_video { format!("{what}; {}", remedy(&pictures)) } else { what };
                    self.notes.push(unseen::left_out(&self.path, &section, &pictures, &why, options)?);
                    self.episodes.iter_mut().for_each(|(_, rows)| drop(rows.pictures.remove(at)));
                    unseen::without(mapping, &section);
                }
            }
        }
        self.signature.image = mapping.picture.as_ref().and(self.cameras.first()).map(|camera| camera.size);
        Ok(())
    }
}

/// Names of the recordings: files or folders that fit the glob.
fn recordings(path: &Path, tree: &Tree, bags: &[Bag], mapping: &Mapping) -> Result<Vec<String>> {
    let Some(glob) = &mapping.episodes else {
        // A path that is one file is the recording, whatever folder it lies in.
        return Ok(match tree.names() {
            [only] if path.is_file() => vec![only.clone()],
            // Topics lie in a bag, where the mapping does not say in which file.
            _ if !bags.is_empty() && !mapping.topics().is_empty() => bags::gather(bags, Vec::new(), true),
            _ => vec![String::new()],
        });
    };
    let pattern = glob::Pattern::new(glob).map_err(|e| Error::Invalid(format!("episodes = \"{glob}\": {e}")))?;
    let mut found: BTreeSet<&str> = BTreeSet::new();
    let case_sensitive = !bags::means_all(glob);
    let options = glob::MatchOptions { require_literal_separator: true, case_sensitive, ..Default::default() };
    for name in tree.names() {
        let folders = name.match_indices('/').map(|(at, _)| &name[..at]);
        found.extend(folders.chain([name.as_str()]).filter(|n| pattern.matches_with(n, options)));
    }
    if path.is_file() && found.is_empty() && tree.names().len() == 1 {
        return Ok(tree.names().to_vec());
    }
    let mut found: Vec<String> = found.into_iter().map(str::to_owned).collect();
    found.sort_by_key(|name| natural(name));
    Ok(bags::gather(bags, found, bags::means_all(glob)))
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
        rows.outcome.on(Episode {
            index: at,
            task: task.clone(),
            states: table(&self.signature.state, &rows.states),
            actions: table(&self.signature.action, &rows.actions),
            times: rows.instants.clone(),
            ..Episode::default()
        })
    }

    fn cameras(&self) -> &[View] {
        &self.cameras
    }

    fn frames(&self, at: usize, camera: usize) -> Result<Frames> {
        self.decoded(at, camera)
    }

    fn evidence(&self, at: usize) -> Evidence {
        let rows = &self.episodes[at].1;
        Evidence { times: rows.times.clone(), success: rows.success }
    }

    fn notes(&self) -> Vec<Note> {
        self.notes.clone()
    }

    fn files(&self) -> Result<Vec<(String, PathBuf)>> {
        let files = self.tree.on_disk(bags::expanded(&self.bags, self.used.iter()).into_iter());
        Ok(files.into_iter().map(|(name, path)| (format!("{}:{name}", self.meaning), path)).collect())
    }
}
