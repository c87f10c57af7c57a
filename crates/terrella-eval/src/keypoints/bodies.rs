//! Whether a keypoint stays with its thing. Each body is given the keypoint that follows it best in the episodes that were learned
//! from; in a held-out row that keypoint is with its body, with another, or not there.

use super::still::is_there;
use crate::clusters::by_episode;
use crate::labels::Quantile;
use serde::Serialize;
use terrella_core::{Key, Table};

/// Rows with keypoints and the places of bodies, both in the unit of the places.
#[derive(Clone, Debug, Default)]
pub struct Bodies {
    /// The episode of each row; rows of one stand together, in order.
    pub episodes: Vec<usize>,
    /// x, y and presence of each keypoint.
    pub keypoints: Table,
    /// x and y of each body.
    pub places: Table,
    /// Whether each body cannot be seen, row by row.
    pub hidden: Vec<bool>,
}

/// How one body was followed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BodyScore {
    /// Its name.
    pub name: String,
    /// The unit of distances.
    pub unit: String,
    /// The keypoint that is its own.
    pub keypoint: usize,
    /// Rows in which the body can be seen, and in which it cannot.
    pub rows: [usize; 2],
    /// Share of these in which its keypoint is there.
    pub there: [f64; 2],
    /// Distance from it while it can be seen, wherever its keypoint is there; the median.
    pub visible: Quantile,
    /// The same of all rows in which it cannot be seen, there or not: the network has to put it somewhere.
    pub hidden: Quantile,
    /// Rows of 1000 in which its keypoint is there and nearer to another body: of those in which it can be seen, and of those in which it cannot.
    pub with_another: [f64; 2],
    /// Times in 1000 rows, seen or not, that this begins: identity switches.
    pub switches: f64,
}

impl Bodies {
    /// How many bodies there are.
    pub fn count(&self) -> usize {
        self.places.width / 2
    }

    fn distance(&self, row: usize, keypoint: usize, body: usize) -> f64 {
        let (found, place) = (&self.keypoints.row(row)[3 * keypoint..], &self.places.row(row)[2 * body..]);
        f64::from(found[0] - place[0]).hypot(f64::from(found[1] - place[1]))
    }

    fn is_there(&self, row: usize, keypoint: usize) -> bool {
        is_there(self.keypoints.row(row)[3 * keypoint + 2])
    }

    /// Scores bodies of these names, each followed by the keypoint that it was given.
    pub fn score(&self, names: &[String], unit: &str, given: &[usize], key: Key) -> Vec<BodyScore> {
        let one = |(body, name): (usize, &String)| {
            let (keypoint, n) = (given[body], self.count());
            let (mut rows, mut there) = ([0usize; 2], [0usize; 2]);
            let mut apart = [(); 2].map(|()| (Vec::new(), Vec::new()));
            let (mut strayed, mut switched, mut before) = ([0usize; 2], 0, None);
            for (row, &episode) in self.episodes.iter().enumerate() {
                let (hidden, is_there) = (self.hidden[row * n + body], self.is_there(row, keypoint));
                let side = usize::from(hidden);
                rows[side] += 1;
                there[side] += usize::from(is_there);
                if hidden || is_there {
                    apart[side].0.push(self.distance(row, keypoint, body));
                    apart[side].1.push(episode);
                }
                let own = self.distance(row, keypoint, body);
                let nearer = |other: usize| other != body && self.distance(row, keypoint, other) < own;
                let with_another = is_there && (0..n).any(nearer);
                strayed[side] += usize::from(with_another);
                switched += usize::from(with_another && before != Some((episode, true)));
                before = Some((episode, with_another));
            }
            let key = key.with("body").at(body as u64);
            let [visible, hidden] = &apart;
            let of = |(values, episodes): &(Vec<f64>, Vec<usize>), purpose: &str| {
                Quantile::of(&by_episode(values, episodes), 0.5, key.with(purpose))
            };
            let share = |part: usize, of: usize| part as f64 / of.max(1) as f64;
            BodyScore {
                name: name.clone(),
                unit: unit.to_owned(),
                keypoint,
                rows,
                there: [0, 1].map(|side| share(there[side], rows[side])),
                visible: of(visible, "visible"),
                hidden: of(hidden, "hidden"),
                with_another: [0, 1].map(|side| 1000.0 * share(strayed[side], rows[side])),
                switches: 1000.0 * share(switched, rows[0] + rows[1]),
            }
        };
        names.iter().enumerate().map(one).collect()
    }
}

/// Gives each body a keypoint of its own, such that the mean distances of visible bodies, over rows of the episodes that were learned from, are
/// least in sum. Where a keypoint is not there it counts as far away as the picture is wide.
///
/// # Panics
/// If there are more bodies than keypoints, or more than 16.
pub fn assign(seen: &Bodies, side: f64) -> Vec<usize> {
    let (bodies, keypoints) = (seen.count(), seen.keypoints.width / 3);
    assert!(bodies <= keypoints && bodies <= 16, "{bodies} bodies for {keypoints} keypoints");
    let cost = |keypoint: usize, body: usize| {
        let rows = (0..seen.episodes.len()).filter(|row| !seen.hidden[row * bodies + body]);
        let far = |row| if seen.is_there(row, keypoint) { seen.distance(row, keypoint, body) } else { side };
        let (sum, n) = rows.fold((0.0, 0), |(sum, n), row| (sum + far(row), n + 1));
        sum / f64::from(n.max(1))
    };
    // The least sum over the first keypoints for each set of bodies, and what leads there.
    let sets = 1usize << bodies;
    let mut best: Vec<Option<(f64, Vec<usize>)>> = vec![None; sets];
    best[0] = Some((0.0, vec![0; bodies]));
    for keypoint in 0..keypoints {
        let costs: Vec<f64> = (0..bodies).map(|body| cost(keypoint, body)).collect();
        for set in (0..sets).rev() {
            let Some((sum, given)) = best[set].clone() else { continue };
            for body in (0..bodies).filter(|body| set >> body & 1 == 0) {
                let (more, sum) = (set | 1 << body, sum + costs[body]);
                if best[more].as_ref().is_none_or(|(least, _)| sum < *least) {
                    let mut given = given.clone();
                    given[body] = keypoint;
                    best[more] = Some((sum, given));
                }
            }
        }
    }
    best.pop().flatten().map(|(_, given)| given).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two bodies that stand still, two keypoints on them the other way round; in row 2 they change places, in row 4 the second body is hidden.
    fn rows() -> Bodies {
        let there = [0.0, 0.0, 1.0, 11.0, 0.0, 1.0];
        let other = [10.0, 0.0, 1.0, 1.0, 0.0, 1.0];
        let gone = [5.0, 0.0, 0.1, 11.0, 0.0, 1.0];
        Bodies {
            episodes: vec![0, 0, 0, 0, 1],
            keypoints: Table::from_data(6, [there, there, other, there, gone].concat()),
            places: Table::from_data(4, [10.0, 0.0, 0.0, 0.0].repeat(5)),
            hidden: [vec![false; 9], vec![true]].concat(),
        }
    }

    #[test]
    fn bodies_get_the_keypoints_that_follow_them_and_switches_are_counted() {
        let rows = rows();
        let given = assign(&rows, 100.0);
        assert_eq!(given, [1, 0]);
        let names = ["a", "b"].map(str::to_owned);
        let [a, b] = &rows.score(&names, "px", &given, Key::new(0))[..] else { panic!("two bodies") };
        assert_eq!((a.rows, a.there, a.visible.value), ([5, 0], [1.0, 0.0], 1.0));
        assert_eq!((a.with_another, a.switches, a.hidden.value.is_nan()), ([200.0, 0.0], 200.0, true));
        assert_eq!((b.rows, b.there, b.visible.value, b.hidden.value), ([4, 1], [1.0, 0.0], 0.0, 5.0));
        assert_eq!((b.with_another, b.switches), ([250.0, 0.0], 200.0), "one row of four, of five with the hidden one");
    }
}
