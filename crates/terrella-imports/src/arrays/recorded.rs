//! What a layout found in a file: episodes with their tables, and where their pictures are.

use super::pictures;
use super::store::{Rows, Shape, Store};
use std::path::{Path, PathBuf};
use terrella_core::Table;
use terrella_data::outcome::Outcome;
use terrella_data::views::{Offered, choose_camera, choose_views};
use terrella_data::{Error, Note, Result, SourceOptions};

/// One episode: its tables, and where its pictures are.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    pub(crate) states: Table,
    pub(crate) actions: Table,
    /// Rows of the camera, if there is one, and of each view.
    pub(crate) pictures: Vec<Rows>,
    /// Height and width of each.
    pub(crate) sizes: Vec<[usize; 2]>,
    pub(crate) success: Option<bool>,
    pub(crate) outcome: Outcome,
    /// What was being done, where it differs between files.
    pub(crate) task: Option<String>,
    /// Which of the files it is in.
    pub(crate) file: usize,
    /// Whether the last row is an observation after the last action.
    pub(crate) over: bool,
}

impl Recorded {
    /// Looks up how large the pictures are, and in a file that was cut off also whether they are there.
    pub(crate) fn with_sizes(mut self, store: &dyn Store) -> Result<Self> {
        if store.is_cut() {
            self.pictures.iter().try_for_each(|rows| store.bytes(rows).map(drop))?;
        }
        self.sizes = self.pictures.iter().map(|rows| pictures::size(store, rows)).collect::<Result<_>>()?;
        Ok(self)
    }

    /// Reads what came of each action, from arrays of one number a row; nothing where there is none.
    pub(crate) fn with_outcome(mut self, store: &dyn Store, rows: [Option<Rows>; 3]) -> Self {
        let [rewards, ends, cuts] = rows.map(|rows| {
            let table = rows.and_then(|rows| store.table(&rows).ok()).filter(|table| table.width == 1);
            table.map(|table| table.data).unwrap_or_default()
        });
        self.outcome.rewards = rewards;
        ends.into_iter().for_each(|x| Outcome::mark(&mut self.outcome.terminated, x));
        cuts.into_iter().for_each(|x| Outcome::mark(&mut self.outcome.truncated, x));
        self
    }
}

/// The pictures to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cameras {
    pub(crate) camera: Option<String>,
    pub(crate) views: Vec<String>,
}

impl Cameras {
    /// Chooses among names; of several, the one that is preferred where nothing is asked for.
    pub(crate) fn choose(
        path: &Path,
        options: &SourceOptions,
        names: &[&str],
        preferred: Option<&str>,
    ) -> Result<Self> {
        let offered: Vec<Offered<'_>> = names.iter().map(|name| Offered { name, depth: false }).collect();
        let camera = choose_camera(path, options, &offered, preferred, |camera| Error::Missing {
            path: path.to_path_buf(),
            kind: "picture",
            name: camera.to_owned(),
            present: names.join(", "),
        })?;
        let views = choose_views(path, options, &offered, camera.as_deref())?;
        Ok(Self { camera, views })
    }

    /// All of them, the camera first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.camera.iter().chain(&self.views).map(String::as_str)
    }
}

/// The names of those arrays that are pictures.
pub(crate) fn pictures_among<'a>(store: &dyn Store, group: &str, arrays: &'a [(String, Shape)]) -> Vec<&'a str> {
    let whole = |name: &str| if group.is_empty() { name.to_owned() } else { format!("{group}/{name}") };
    let shown = arrays.iter().filter(|(name, shape)| pictures::are_pictures(store, &whole(name), shape));
    shown.map(|(name, _)| name.as_str()).collect()
}

/// What a layout found out about a file.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) fps: Option<f64>,
    pub(crate) task: Option<String>,
    pub(crate) env: Option<String>,
    /// Names of the numbers; made up where they are not as many.
    pub(crate) state: Vec<String>,
    pub(crate) action: Vec<String>,
    pub(crate) cameras: Cameras,
    /// What reward, end and cut are called.
    pub(crate) outcomes: [&'static str; 3],
    /// Episodes by name, or why they cannot be read.
    pub(crate) episodes: Vec<(String, Result<Recorded>)>,
    /// Splits by name, and the names of the episodes in each.
    pub(crate) splits: Vec<(String, Vec<String>)>,
    pub(crate) notes: Vec<Note>,
    /// Other files that were read for it.
    pub(crate) beside: Vec<PathBuf>,
}
