//! A set of episodes that share a signature, and its split into training and held-out episodes.

use crate::{Episode, Error, Key, Result, Signature, Stats, Table};

/// Recordings that share a signature, with their statistics and a hash of their content.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// What the episodes have in common.
    pub signature: Signature,
    /// The recordings, in order: `episodes[i].index == i`.
    pub episodes: Vec<Episode>,
    /// Statistics of the state columns over all rows.
    pub state_stats: Stats,
    /// Statistics of the action columns over all rows.
    pub action_stats: Stats,
    /// SHA-256 of the content in hexadecimal; written beside every number computed from it.
    pub hash: String,
    /// What its reader left out, assumed or could not keep.
    pub notes: Vec<String>,
}

/// Which episodes train and which are held out. Always by episode, never by clip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Episodes to learn from, ascending.
    pub train: Vec<usize>,
    /// Episodes never learnt from, ascending.
    pub held_out: Vec<usize>,
}

impl Dataset {
    /// Number of rows over all episodes.
    pub fn n_rows(&self) -> usize {
        self.episodes.iter().map(Episode::len).sum()
    }

    /// Statistics of states and actions over these episodes only: what a model may know.
    pub fn stats_of(&self, episodes: &[usize]) -> (Stats, Stats) {
        let pick = |table: fn(&Episode) -> &Table| episodes.iter().map(move |&e| table(&self.episodes[e]));
        (
            Stats::of(self.signature.state.len(), pick(|e| &e.states).filter(|t| t.width > 0)),
            Stats::of(self.signature.action.len(), pick(|e| &e.actions)),
        )
    }

    /// These episodes as recordings of their own, numbered anew, with statistics of theirs alone and a hash made of
    /// that of the whole and of what was taken: nothing that follows can see the others.
    #[must_use]
    pub fn only(&self, taken: &[usize]) -> Self {
        let (state_stats, action_stats) = self.stats_of(taken);
        let renumbered = |(index, &e): (usize, &usize)| Episode { index, ..self.episodes[e].clone() };
        let key = taken.iter().fold(Key::new(0).with(&self.hash), |key, &e| key.at(e as u64));
        Self {
            signature: self.signature.clone(),
            episodes: taken.iter().enumerate().map(renumbered).collect(),
            state_stats,
            action_stats,
            hash: hash(key),
            notes: self.notes.clone(),
        }
    }

    /// Several sets of recordings as one: episodes in order, numbered anew, with statistics over all and a hash of the
    /// hashes. One that names no world is taken for one of the world that another names. One alone stays what it is.
    ///
    /// # Errors
    /// If there are none, or they differ in rate, world, width of states or actions, or size of pictures.
    pub fn joined(parts: Vec<Self>) -> Result<Self> {
        let several = parts.len() > 1;
        let mut parts = parts.into_iter();
        let mut all = parts.next().ok_or_else(|| Error::Invalid("no recordings to join".to_owned()))?;
        for part in parts {
            let (a, b) = (&all.signature, &part.signature);
            Error::check("state numbers of joined recordings", a.state.len(), b.state.len())?;
            Error::check("action numbers of joined recordings", a.action.len(), b.action.len())?;
            let differ = |what: &str, a: String, b: String| {
                Error::Invalid(format!("recordings with {what} {a} and {b} cannot be joined; make them alike first"))
            };
            if a.fps != b.fps {
                return Err(differ("rates of", format!("{} Hz", a.fps), format!("{} Hz", b.fps)));
            }
            if a.image != b.image {
                return Err(differ("pictures of", format!("{:?}", a.image), format!("{:?}", b.image)));
            }
            match (&a.env, &b.env) {
                (Some(a), Some(b)) if a != b => return Err(differ("worlds", a.clone(), b.clone())),
                (None, Some(env)) => all.signature.env = Some(env.clone()),
                _ => {}
            }
            let renumbered = |(at, episode)| Episode { index: all.episodes.len() + at, ..episode };
            let more: Vec<Episode> = part.episodes.into_iter().enumerate().map(renumbered).collect();
            all.episodes.extend(more);
            let key = Key::new(0).with(&all.hash).with(&part.hash);
            all.hash = hash(key);
            all.notes.extend(part.notes);
        }
        if several {
            let every: Vec<usize> = (0..all.episodes.len()).collect();
            (all.state_stats, all.action_stats) = all.stats_of(&every);
        }
        Ok(all)
    }

    /// Splits by episode. Each episode draws its own number from the seed, so appending episodes
    /// to a dataset keeps the relative order of those that were there.
    ///
    /// # Errors
    /// If either side would be empty.
    pub fn split(&self, seed: u64, held_out_fraction: f64) -> Result<Split> {
        let n = self.episodes.len();
        let n_held_out = (n as f64 * held_out_fraction).round() as usize;
        if n_held_out == 0 || n_held_out >= n {
            return Err(Error::Invalid(format!(
                "holding out {held_out_fraction} of {n} episodes leaves one side empty; record more episodes or change the fraction"
            )));
        }
        let draw = |e: usize| Key::new(seed).with("split").at(e as u64).seed();
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|&e| (draw(e), e));
        let (held_out, train) = order.split_at(n_held_out);
        let sorted = |side: &[usize]| {
            let mut side = side.to_vec();
            side.sort_unstable();
            side
        };
        Ok(Split { train: sorted(train), held_out: sorted(held_out) })
    }
}

/// A hash in the form of a content's, of what a key was made with.
pub(crate) fn hash(key: Key) -> String {
    (0..4).map(|part| format!("{:016x}", key.with("part").at(part).seed())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five episodes of three rows that hold the number of the episode.
    fn five() -> Dataset {
        let episode = |index: usize| {
            let rows = Table::from_data(1, vec![index as f32; 3]);
            Episode { index, states: rows.clone(), actions: rows, ..Episode::default() }
        };
        let names = || vec!["x".to_owned()];
        Dataset {
            signature: Signature { state: names(), action: names(), fps: 10.0, ..Signature::default() },
            episodes: (0..5).map(episode).collect(),
            state_stats: Stats::default(),
            action_stats: Stats::default(),
            hash: "ab".to_owned(),
            notes: vec!["a note".to_owned()],
        }
    }

    #[test]
    fn joined_recordings_are_one_set_and_keep_their_order() {
        let env = |name: &str| Dataset {
            signature: Signature { env: Some(name.to_owned()), ..five().signature },
            hash: name.to_owned(),
            ..five()
        };
        let all = Dataset::joined(vec![five(), env("pusht").only(&[3, 4])]).expect("alike");
        let there: Vec<(usize, f32)> = all.episodes.iter().map(|e| (e.index, e.states.data[0])).collect();
        assert_eq!(there[4..], [(4, 4.0), (5, 3.0), (6, 4.0)], "numbered on");
        assert_eq!((all.state_stats.mean[0], all.notes.len()), (17.0 / 7.0, 2), "of all rows; all notes");
        assert_eq!(all.signature.env.as_deref(), Some("pusht"), "one of them knows its world");
        let other = Dataset::joined(vec![env("pusht").only(&[3, 4]), five()]).expect("alike");
        assert!(all.hash.len() == 64 && all.hash != other.hash, "order tells");
        assert_eq!(Dataset::joined(vec![five()]).expect("one").hash, "ab", "one alone is itself");
        let fast = Dataset { signature: Signature { fps: 30.0, ..five().signature }, ..five() };
        let wide =
            Dataset { signature: Signature { action: vec!["x".into(), "y".into()], ..five().signature }, ..five() };
        for (parts, wanted) in [
            (vec![five(), fast], "10 Hz and 30 Hz"),
            (vec![five(), wide], "action numbers"),
            (vec![env("pusht"), env("tworoom")], "worlds pusht and tworoom"),
            (vec![], "no recordings"),
        ] {
            let told = Dataset::joined(parts).expect_err(wanted).to_string();
            assert!(told.contains(wanted), "{told}");
        }
    }

    #[test]
    fn a_part_is_a_dataset_of_its_own() {
        let whole = five();
        let part = whole.only(&[1, 3]);
        let there: Vec<(usize, f32)> = part.episodes.iter().map(|e| (e.index, e.states.data[0])).collect();
        assert_eq!(there, [(0, 1.0), (1, 3.0)], "the same rows under new numbers");
        assert_eq!(part.state_stats.mean, [2.0], "statistics of what was taken");
        let others = [&whole.hash, &whole.only(&[1, 2]).hash, &whole.only(&[3, 1]).hash];
        assert!(part.hash.len() == 64 && others.iter().all(|hash| **hash != part.hash), "a hash of its own");
        assert_eq!(part.hash, whole.only(&[1, 3]).hash, "the same part again");
    }
}
