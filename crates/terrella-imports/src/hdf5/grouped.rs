//! Layouts with a group an episode, whose observations are nested: what can be a camera, a vector, an action.

use super::file::Hdf5;
use crate::arrays::episode::{Parts, Place, read};
use crate::arrays::recorded::{Cameras, Recorded, pictures_among};
use crate::arrays::store::{Shape, Store};
use terrella_data::vectors::{Vector, choose_vectors};
use terrella_data::{Result, SourceOptions};

/// The arrays of one episode, which stand for those of all.
pub(super) struct Grouped<'a> {
    file: &'a Hdf5,
    groups: Vec<String>,
    /// The episode that was looked at.
    looked: String,
    pub(super) arrays: Vec<(String, Shape)>,
    /// Rows of actions in the episode that was looked at.
    acted: usize,
}

impl<'a> Grouped<'a> {
    /// Looks at the first episode of these groups whose actions can be read.
    pub(super) fn new(file: &'a Hdf5, groups: Vec<String>) -> Result<Self> {
        let acted = |arrays: &[(String, Shape)]| {
            arrays.iter().find(|(name, shape)| is_action(name) && shape.width().is_some()).map(|(_, s)| s.rows())
        };
        let (sound, whole) = (|g: &&String| file.sound(g), |g: &&String| file.whole(g).is_ok());
        let look = |group: &String| {
            let arrays = file.below(group);
            Some((group.clone(), acted(&arrays)?, arrays))
        };
        let Some((looked, acted, arrays)) =
            groups.iter().filter(sound).find_map(look).or_else(|| groups.iter().filter(whole).find_map(look))
        else {
            let what = format!("none of {} episodes is whole and has numbers as actions", groups.len());
            return Err(file.lacks(&what));
        };
        Ok(Self { file, groups, looked, arrays, acted })
    }

    /// Whether an array is there with one number an action.
    pub(super) fn column(&self, name: &str) -> Option<String> {
        let fits = |(n, shape): &&(String, Shape)| n == name && shape.is_column() && shape.rows() == self.acted;
        self.arrays.iter().find(fits).map(|(name, _)| name.clone())
    }

    /// Chooses among the arrays: pictures and vectors are those with a row an action, or one more.
    pub(super) fn parts(
        &self,
        options: &SourceOptions,
        outcomes: [&str; 3],
        usual: impl Fn(&str, &Shape) -> bool,
    ) -> Result<(Parts, Cameras)> {
        let path = self.file.path();
        let rows = |shape: &Shape| shape.rows() == self.acted || shape.rows() == self.acted + 1;
        let seen: Vec<(String, Shape)> =
            self.arrays.iter().filter(|(name, shape)| !is_action(name) && rows(shape)).cloned().collect();
        let shown = pictures_among(self.file, &self.looked, &seen);
        let cameras = Cameras::choose(path, options, &shown, None)?;
        let taken = |name: &String| outcomes.contains(&name.as_str()) || shown.contains(&name.as_str());
        let offered = seen.iter().filter(|(name, _)| !taken(name));
        let offered = offered.filter_map(|(name, shape)| Some(Vector::new(name, shape.width()?))).collect();
        let shape = |v: &Vector| self.arrays.iter().find(|(name, _)| *name == v.name).map(|(_, shape)| shape);
        let state = choose_vectors(path, options, offered, |v| shape(v).is_some_and(|shape| usual(&v.name, shape)))?;
        let action = self.arrays.iter().filter(|(name, shape)| is_action(name) && shape.width().is_some());
        let action = action.map(|(name, _)| name.clone()).collect();
        let pictures = cameras.names().map(str::to_owned).collect();
        let outcomes = outcomes.map(|name| self.column(name));
        Ok((Parts { state, action, pictures, outcomes, ..Parts::default() }, cameras))
    }

    /// Reads all episodes.
    pub(super) fn read(&self, parts: &Parts) -> Vec<(String, Result<Recorded>)> {
        let whole = |group: &String| {
            self.file.whole(group)?;
            read(self.file, Place { group, span: None }, parts)
        };
        self.groups.iter().map(|group| (group.clone(), whole(group))).collect()
    }
}

/// Whether a name is that of actions: an array, or a dictionary of some.
fn is_action(name: &str) -> bool {
    name == "actions" || name.starts_with("actions/")
}

/// Refuses what has no group that begins so.
pub(super) fn groups(file: &Hdf5, within: &str, begin: &str) -> Result<Vec<String>> {
    let groups: Vec<String> = file.groups(within).into_iter().filter(|name| name.starts_with(begin)).collect();
    if groups.is_empty() {
        return Err(file.lacks(&format!("it has no group {begin}…")));
    }
    Ok(groups)
}
