//! What an episode is known by, wherever it is stored: its states and actions, not its file.
//!
//! Pictures, their size, container and order of episodes do not matter. A sketch of the rows (the
//! smallest of their hashes, as in MinHash by Broder 1997) recognises an episode that was cut, or
//! that is part of a longer one; all rows together ([`KnownRows`]) recognise also short pieces. Numbers
//! are compared bit for bit: a resampled or rescaled recording is another one.

use crate::row_hashes::{OFFSET, Of, SHARED, mixed, row_hashes};
use crate::{Episode, KnownRows};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Row hashes that are kept.
const ROWS: usize = 32;

/// What one episode is known by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Hash of all rows in order.
    whole: Hash,
    /// The smallest hashes of rows, ascending, each once.
    rows: Vec<Hash>,
}

/// 64 bits, written as hexadecimal: JSON has no such numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Hash(u64);

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{:016x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16).map(Self).map_err(serde::de::Error::custom)
    }
}

impl Fingerprint {
    /// The fingerprint of an episode.
    pub fn of(episode: &Episode) -> Self {
        let hashes: Vec<u64> = row_hashes(episode, Of::Both).collect();
        let whole = hashes.iter().fold(OFFSET, |hash, row| mixed(hash, *row));
        let rows: BTreeSet<Hash> = hashes.into_iter().map(Hash).collect();
        Self { whole: Hash(whole), rows: rows.into_iter().take(ROWS).collect() }
    }

    /// The largest hash up to which all rows are known; all of them, if there are few.
    fn reach(&self) -> u64 {
        if self.rows.len() < ROWS { u64::MAX } else { self.rows.last().map_or(0, |hash| hash.0) }
    }

    /// Whether more than half of the rows of one are rows of the other.
    fn overlaps(&self, other: &Self) -> bool {
        let reach = self.reach().min(other.reach());
        let within = |f: &Self| f.rows.iter().filter(|hash| hash.0 <= reach).map(|h| h.0).collect::<HashSet<_>>();
        let (a, b) = (within(self), within(other));
        let shared = a.intersection(&b).count();
        shared >= SHARED && 2 * shared > a.len().min(b.len())
    }
}

/// Which of these episodes are among the learned ones, whole or in part: one answer an episode. Older
/// checkpoints have only the sketches; where there are `rows`, these say whether a single row is
/// evidence, without which a sketch of rows is none.
pub fn recognise(known: &[Fingerprint], rows: Option<&KnownRows>, episodes: &[Episode]) -> Vec<bool> {
    let whole: HashSet<Hash> = known.iter().map(|k| k.whole).collect();
    let mut by_row: HashMap<Hash, Vec<usize>> = HashMap::new();
    for (at, fingerprint) in known.iter().enumerate() {
        fingerprint.rows.iter().for_each(|row| by_row.entry(*row).or_default().push(at));
    }
    let seen = |episode: &Episode| {
        let print = Fingerprint::of(episode);
        // Actions that are a few all along are alike by chance.
        let telling = episode.states.width > 0 || print.rows.len() >= SHARED;
        let sketched = rows.is_none_or(|rows| rows.single(episode)) && {
            let near: BTreeSet<usize> =
                print.rows.iter().filter_map(|row| by_row.get(row)).flatten().copied().collect();
            near.iter().any(|at| known[*at].overlaps(&print))
        };
        (telling && whole.contains(&print.whole)) || sketched || rows.is_some_and(|rows| rows.knows(episode))
    };
    episodes.iter().map(seen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Frames, Image, Key, Table};

    fn walk(seed: u64, rows: usize) -> Episode {
        let mut stream = Key::new(seed).stream();
        let mut numbers = |n: usize| (0..n).map(|_| stream.normal() as f32).collect::<Vec<_>>();
        let (states, actions) = (Table::from_data(3, numbers(3 * rows)), Table::from_data(2, numbers(2 * rows)));
        Episode { states, actions, ..Episode::default() }
    }

    fn cut(episode: &Episode, from: usize, to: usize) -> Episode {
        let part = |t: &Table| Table { width: t.width, data: t.data[from * t.width..to * t.width].to_vec() };
        Episode { states: part(&episode.states), actions: part(&episode.actions), ..Episode::default() }
    }

    #[test]
    fn an_episode_is_recognised_with_other_pictures_cut_and_within_a_longer_one() {
        let known: Vec<Episode> = (0..20).map(|seed| walk(seed, 200)).collect();
        let prints: Vec<Fingerprint> = known.iter().map(Fingerprint::of).collect();
        let image = Image { height: 1, width: 1, data: vec![9, 9, 9] };
        let painted = Episode { index: 77, frames: Some(Frames::from_images(&[image])), ..known[3].clone() };
        let long = walk(99, 900);
        let asked =
            [painted, cut(&known[5], 40, 160), cut(&known[6], 0, 199), walk(500, 200), cut(&walk(501, 300), 10, 90)];
        let answers = recognise(&prints, None, &asked);
        assert_eq!(answers, [true, true, true, false, false], "known, cut, shorter by a row, two strangers");
        let part = Fingerprint::of(&cut(&long, 300, 620));
        assert_eq!(recognise(&[part], None, &[long]), [true], "what it learned from is a part of it");
    }

    #[test]
    fn recordings_that_stand_still_are_not_all_one() {
        let still = |x: f32, rows: usize| Episode {
            states: Table::from_data(1, vec![x; rows]),
            actions: Table::from_data(1, vec![0.0; rows]),
            ..Episode::default()
        };
        let known = [Fingerprint::of(&still(1.0, 50))];
        let asked = [still(1.0, 50), still(1.0, 60), still(2.0, 50)];
        let rows = KnownRows::of([still(1.0, 50)].iter());
        assert_eq!(recognise(&known, Some(&rows), &asked), recognise(&known, None, &asked), "rows or not");
        assert_eq!(recognise(&known, None, &asked), [true, false, false], "one row says nothing");
    }

    /// Which of these are recognised by everything that a new checkpoint keeps of `known`.
    fn asked(known: &[Episode], episodes: &[Episode]) -> Vec<bool> {
        let prints: Vec<Fingerprint> = known.iter().map(Fingerprint::of).collect();
        recognise(&prints, Some(&KnownRows::of(known.iter())), episodes)
    }

    fn pieces(episodes: &[Episode], rows: usize) -> Vec<Episode> {
        let cuts = |e: &Episode| (0..e.len() / rows).map(|i| cut(e, i * rows, (i + 1) * rows)).collect::<Vec<_>>();
        episodes.iter().flat_map(cuts).collect()
    }

    fn stateless(episodes: &[Episode]) -> Vec<Episode> {
        let bare = |e: &Episode| Episode { states: Table::new(0), ..e.clone() };
        episodes.iter().map(bare).collect()
    }

    /// Four buttons, each held for a while.
    fn buttons(seed: u64, rows: usize) -> Episode {
        let mut stream = Key::new(seed).with("buttons").stream();
        let (mut actions, mut button) = (Table::new(1), 0);
        for _ in 0..rows {
            button = if stream.unit() < 0.2 { stream.below(4) } else { button };
            actions.push(&[button as f32]);
        }
        Episode { actions, ..Episode::default() }
    }

    #[test]
    fn short_pieces_are_recognised_all_and_those_of_strangers_never() {
        let known: Vec<Episode> = (0..20).map(|seed| walk(seed, 200)).collect();
        let strangers: Vec<Episode> = (100..120).map(|seed| walk(seed, 200)).collect();
        for rows in [5, 10, 50] {
            assert!(asked(&known, &pieces(&known, rows)).iter().all(|&seen| seen), "{rows} rows of learned ones");
            assert!(asked(&known, &pieces(&strangers, rows)).iter().all(|&seen| !seen), "{rows} rows of strangers");
        }
    }

    #[test]
    fn with_and_without_states_is_the_same_episode_by_its_actions() {
        let known: Vec<Episode> = (0..20).map(|seed| walk(seed, 200)).collect();
        let strangers: Vec<Episode> = (100..120).map(|seed| walk(seed, 200)).collect();
        let (bare, bare_strangers) = (stateless(&known), stateless(&strangers));
        assert!(asked(&known, &pieces(&bare, 10)).iter().all(|&seen| seen), "learned with states");
        assert!(asked(&bare, &pieces(&known, 10)).iter().all(|&seen| seen), "learned without");
        let wrong = [asked(&known, &bare_strangers), asked(&bare, &strangers), asked(&bare, &bare_strangers)];
        assert!(wrong.iter().flatten().all(|&seen| !seen), "strangers: {wrong:?}");
    }

    #[test]
    fn the_same_states_with_actions_that_were_told_are_the_same_episode() {
        let known: Vec<Episode> = (0..20).map(|seed| walk(seed, 200)).collect();
        let told = |episodes: &[Episode]| -> Vec<Episode> {
            let other = |(seed, e): (usize, &Episode)| Episode {
                actions: walk(900 + seed as u64, e.len()).actions,
                ..e.clone()
            };
            episodes.iter().enumerate().map(other).collect()
        };
        let strangers: Vec<Episode> = (100..120).map(|seed| walk(seed, 200)).collect();
        assert!(asked(&told(&known), &pieces(&known, 10)).iter().all(|&seen| seen), "by its states");
        assert!(asked(&told(&known), &pieces(&told(&strangers), 10)).iter().all(|&seen| !seen), "strangers");
    }

    /// Four places, in which states say as little as buttons, and actions that were measured.
    #[test]
    fn where_states_say_nothing_their_actions_do() {
        let places = |seed: u64| {
            let states = Table { width: 1, ..buttons(seed, 200).actions };
            Episode { states, actions: walk(seed, 200).actions, ..Episode::default() }
        };
        let (known, strangers): (Vec<Episode>, Vec<Episode>) =
            ((0..20).map(places).collect(), (100..120).map(places).collect());
        assert!(asked(&known, &pieces(&known, 10)).iter().all(|&seen| seen), "learned ones");
        assert!(asked(&known, &strangers).iter().all(|&seen| !seen), "strangers");
    }

    #[test]
    fn few_buttons_make_no_stranger_known() {
        let known: Vec<Episode> = (0..30).map(|seed| buttons(seed, 400)).collect();
        let strangers: Vec<Episode> = (100..130).map(|seed| buttons(seed, 400)).collect();
        for episodes in [pieces(&strangers, 20), pieces(&strangers, 100), strangers] {
            let seen = asked(&known, &episodes).iter().filter(|&&seen| seen).count();
            assert_eq!(seen, 0, "of {} strangers", episodes.len());
        }
        let halves = pieces(&known, 200);
        let seen = asked(&known, &halves).iter().filter(|&&seen| seen).count();
        assert_eq!(seen, halves.len(), "halves of learned ones");
        // All told one button after the other, so nothing can be known by it.
        let one = |rows: usize| Episode { actions: Table::from_data(1, vec![2.0; rows]), ..Episode::default() };
        assert_eq!(asked(&[one(50), one(60)], &[one(50), one(70)]), [false, false], "one button");
    }

    #[test]
    fn a_fingerprint_survives_json() {
        let print = Fingerprint::of(&walk(1, 100));
        let text = serde_json::to_string(&print).expect("JSON");
        assert_eq!(serde_json::from_str::<Fingerprint>(&text).expect("back"), print, "{text}");
    }
}
