//! What there is in the groups of an HDF5 file: names, which of them are groups, and what cannot be looked at.
//!
//! The skeleton says it where it can be read, the library otherwise. A file may lead in a circle, so everything ends somewhere.

use super::file::{Hdf5, Place, group_of};
use super::skeleton::{Object, Target};
use crate::arrays::gather::counted;
use crate::arrays::store::Shape;
use terrella_data::Result;

/// Groups within groups, at most, and entries of a listing: a file may lead in a circle.
const DEEPEST: usize = 12;
const MOST_LISTED: usize = 100_000;

impl Hdf5 {
    /// Whether all that is in a group can be looked at, so that it may stand for others.
    pub(crate) fn sound(&self, group: &str) -> bool {
        let (mut groups, mut seen) = (vec![(group.to_owned(), 0)], 0);
        while let Some((here, depth)) = groups.pop() {
            seen += 1;
            let Some(entries) = self.listing(&here).filter(|_| depth <= DEEPEST && seen < MOST_LISTED) else {
                return false;
            };
            for (name, is_group) in entries {
                let name = format!("{here}/{name}");
                if is_group {
                    groups.push((name, depth + 1));
                } else if self.shape_of(&name).is_err() {
                    return false;
                }
            }
        }
        self.whole(group).is_ok()
    }

    /// Refuses a group of which something is behind the cut of a file that was cut off; datasets say so themselves.
    pub(crate) fn whole(&self, group: &str) -> Result<()> {
        let (Some(skeleton), Some(_)) = (&self.skeleton, self.cut()) else { return Ok(()) };
        let missing = || self.broken(group, &"not all of it is there");
        let Some(at) = self.header(group) else { return Ok(()) };
        let (mut groups, mut seen) = (vec![at], 0);
        while let Some(at) = groups.pop() {
            seen += 1;
            let names = skeleton.names(at).filter(|names| !names.partial && seen < MOST_LISTED).ok_or_else(missing)?;
            for target in names.links.values() {
                let Target::Here(at) = target else { continue };
                match skeleton.object(*at).ok_or_else(missing)? {
                    Object::Group => groups.push(*at),
                    Object::Dataset | Object::Other => {}
                }
            }
        }
        Ok(())
    }

    /// As [`Self::listing`]; a group that cannot be listed is remembered as if it were a link that leads nowhere.
    fn entries(&self, group: &str) -> Vec<(String, bool)> {
        self.listing(group).unwrap_or_else(|| {
            self.lose(group.to_owned());
            Vec::new()
        })
    }

    /// Names in a group, and whether each is a group; links that lead nowhere are remembered. Nothing if there is no such
    /// group, or it cannot be read.
    pub(super) fn listing(&self, group: &str) -> Option<Vec<(String, bool)>> {
        let name = match self.place(group).ok()? {
            Place::Here(name) => name,
            Place::There(other, name) => return other.listing(&name),
        };
        let names = match (self.header(&name), &self.skeleton) {
            // A header that is there and cannot be read is damaged.
            (Some(at), Some(skeleton)) => Some(skeleton.names(at)?),
            _ => None,
        };
        let whole = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}/{part}") };
        let heaped = names.as_ref().and_then(|names| names.heaped);
        let mut entries = Vec::new();
        match (&self.skeleton, names.filter(|names| names.heaped.is_none())) {
            (Some(skeleton), Some(names)) => {
                if names.partial {
                    self.lose(format!("some of {}", if name.is_empty() { "the root" } else { &name }));
                }
                for (part, target) in &names.links {
                    match target {
                        Target::Here(at) => match skeleton.object(*at) {
                            Some(Object::Other) => {}
                            Some(object) => entries.push((part.clone(), object == Object::Group)),
                            // As a group it stays in the list, so that an episode is missed rather than passed over.
                            None => {
                                self.lose(whole(part));
                                entries.push((part.clone(), true));
                            }
                        },
                        Target::Soft(to) | Target::Elsewhere { file: to, .. } => {
                            let whole = whole(part);
                            if self.shape_of(&whole).is_ok() {
                                entries.push((part.clone(), false));
                            } else if self.is_group(&whole) {
                                entries.push((part.clone(), true));
                            } else {
                                self.lose(format!("{whole} (to {to})"));
                            }
                        }
                    }
                }
            }
            _ => {
                let found = self.with(|file| {
                    let group = group_of(file, &name)?;
                    let of = |names: Vec<String>, is: bool| names.into_iter().map(move |name| (name, is));
                    Ok(of(group.groups()?, true).chain(of(group.datasets()?, false)).collect::<Vec<_>>())
                });
                entries = found.ok()?;
                let missing = heaped.unwrap_or(0).saturating_sub(entries.len() as u64);
                if missing > 0 {
                    self.lose(format!("{missing} in {}", if name.is_empty() { "the root" } else { &name }));
                }
            }
        }
        entries.sort_by_key(|(name, _)| counted(name));
        Some(entries)
    }

    /// The shape of a dataset; one that cannot be read is remembered.
    fn shape_or_lost(&self, dataset: &str) -> Option<Shape> {
        let shape = self.shape_of(dataset).ok();
        if shape.is_none() {
            self.lose(dataset.to_owned());
        }
        shape
    }

    /// Names and shapes of the datasets in a group, sorted; those that cannot be read are left out, and remembered.
    pub(crate) fn datasets(&self, group: &str) -> Vec<(String, Shape)> {
        let names = self.listing(group).into_iter().flatten().filter(|(_, is_group)| !is_group);
        let shape = |name: &str| {
            self.shape_or_lost(&if group.is_empty() { name.to_owned() } else { format!("{group}/{name}") })
        };
        let mut found: Vec<(String, Shape)> =
            names.filter_map(|(name, _)| Some((name.clone(), shape(&name)?))).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    /// All datasets below a group, by their names from there, in the order of the numbers in these.
    pub(super) fn all_below(&self, group: &str) -> Vec<(String, Shape)> {
        let mut found = Vec::new();
        let (mut groups, mut seen) = (vec![(String::new(), 0)], 0);
        while let Some((below, depth)) = groups.pop() {
            seen += 1;
            let here = [group, below.as_str()].iter().filter(|p| !p.is_empty()).copied().collect::<Vec<_>>().join("/");
            let named =
                |base: &str, name: &str| if base.is_empty() { name.to_owned() } else { format!("{base}/{name}") };
            for (name, is_group) in self.entries(&here) {
                if is_group && depth < DEEPEST {
                    groups.push((named(&below, &name), depth + 1));
                } else if !is_group {
                    found.extend(self.shape_or_lost(&named(&here, &name)).map(|shape| (named(&below, &name), shape)));
                }
            }
            // A group may hold itself, under many names.
            if found.len() + groups.len() + seen > MOST_LISTED {
                self.lose(format!("more than {MOST_LISTED} names"));
                break;
            }
        }
        found.sort_by_key(|(name, _)| counted(name));
        found
    }
}
