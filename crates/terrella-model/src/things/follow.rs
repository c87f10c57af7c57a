//! Things through an episode: each is laid over the picture where it explains most, beginning from where it was.
//!
//! Small movements are followed, larger ones searched for nearby, and what is lost everywhere. A thing that explains too little is
//! hidden; as recordings are whole, where it was in between is told from where it went and came back.

use super::canvas::{Canvas, colours};
use super::config::ThingsConfig;
use super::learn;
use super::outline::RIM;
use super::patches::{is_out, standing};
use super::search::{Found, Ink, Sought, around, better, closely, everywhere};
use super::sprite::{Pose, Sprite};
use crate::Result;
use crate::ground::{Ground, frames};
use crate::host::threads;
use std::f32::consts::TAU;
use terrella_core::{Dataset, Episode, wrapped};

/// A thing that explains so much of its picture is where it is said to be.
const SURE: f32 = 0.85;
/// One that explains less is not seen.
const SEEN: f32 = 0.3;
/// A thing is searched for nearby within so many times its reach, and so many pixels at least.
const WITHIN: f32 = 0.5;
const AT_LEAST: f32 = 8.0;

/// Things that can be followed through pictures.
#[derive(Clone, Debug)]
pub struct Things {
    sprites: Vec<Sprite>,
    /// The same with rims around them.
    grown: Vec<Sprite>,
    ground: Ground,
    config: ThingsConfig,
}

/// Things in the rows of an episode.
#[derive(Clone, Debug, Default)]
pub struct Followed {
    /// Where each is, row by row.
    pub poses: Vec<Vec<Pose>>,
    /// Whether each was seen there, rather than told from the rows around.
    pub seen: Vec<Vec<bool>>,
    /// Pixels that stand out, and those among them that lie on no thing.
    pub out: [usize; 2],
}

impl Things {
    /// Finds out how many things there are in these episodes, and how they look; the largest first.
    ///
    /// # Errors
    /// If there are no pictures of this size, nothing moves in them, or what stands out is not a few things.
    pub fn learn(dataset: &Dataset, train: &[usize], config: &ThingsConfig) -> Result<Self> {
        let ground = Ground::of(dataset, train, (config.side, config.ground))?;
        let sprites = learn::sprites(dataset, train, (config, &ground))?;
        let grown = sprites.iter().map(|sprite| sprite.grown(RIM)).collect();
        Ok(Self { sprites, grown, ground, config: config.clone() })
    }

    /// How they look.
    pub fn sprites(&self) -> &[Sprite] {
        &self.sprites
    }

    /// What stands still.
    pub fn ground(&self) -> &Ground {
        &self.ground
    }

    /// Follows them through episodes, side by side; `on_one` hears of each that is done.
    ///
    /// # Errors
    /// If an episode has no pictures of this size.
    pub fn follow(&self, episodes: &[&Episode], on_one: impl Fn() + Sync) -> Result<Vec<Followed>> {
        let followed = threads::each(episodes.len(), |at| {
            let followed = self.follow_one(episodes[at]);
            on_one();
            followed
        });
        followed.into_iter().collect()
    }

    fn follow_one(&self, episode: &Episode) -> Result<Followed> {
        let (side, n) = (self.config.side, self.sprites.len());
        let (frames, bare) = (frames(episode, side)?, self.ground.under(episode)?);
        let ground = colours(&bare);
        let mut followed = Followed::default();
        let mut known: Vec<Option<[Pose; 2]>> = vec![None; n];
        for row in 0..frames.len() {
            let picture = frames.bytes(row);
            let out = standing(picture, &bare);
            let mut canvas = Canvas::new(picture, &ground, side);
            let mut there: Vec<Option<Pose>> = known.iter().map(|known| known.map(|[last, _]| last)).collect();
            let mut seen = vec![false; n];
            // Twice: the second time everybody knows where the others are.
            for _ in 0..2 {
                for at in 0..n {
                    let others = (0..n).filter(|other| *other != at);
                    canvas.show(&ground, others.filter_map(|other| Some((&self.sprites[other], there[other]?))));
                    let before = known[at].filter(|_| !seen[at]);
                    let found = match (before, there[at]) {
                        (Some(known), _) => Some(self.find(&canvas, at, known, &out)),
                        (None, Some(pose)) => Some(closely(Sought::new(&canvas, &self.sprites[at]), pose)),
                        (None, None) => self.anywhere(&canvas, at, &out),
                    };
                    seen[at] = found.is_some_and(|(_, fit)| fit.share() >= SEEN);
                    if let (true, Some((pose, _))) = (seen[at], found) {
                        there[at] = Some(pose);
                    }
                }
            }
            for at in 0..n {
                if let (true, Some(pose)) = (seen[at], there[at]) {
                    known[at] = Some([pose, known[at].map_or(pose, |[last, _]| last)]);
                }
            }
            followed.poses.push(there.iter().map(|pose| pose.unwrap_or_default()).collect());
            let [all, bare] = self.unexplained(&out, &there);
            followed.out[0] += all;
            followed.out[1] += bare;
            followed.seen.push(seen);
        }
        (0..n).for_each(|at| followed.fill(at));
        Ok(followed)
    }

    /// Where a thing is that was last seen there, and before that there.
    fn find(&self, canvas: &Canvas, at: usize, [last, before]: [Pose; 2], out: &[f32]) -> Found {
        let sprite = &self.sprites[at];
        let on = Pose {
            at: [0, 1].map(|i| 2.0 * last.at[i] - before.at[i]),
            turn: last.turn + wrapped(last.turn - before.turn),
        };
        let start = if canvas.fit(sprite, on, 1).gain > canvas.fit(sprite, last, 1).gain { on } else { last };
        let within = (WITHIN * sprite.reach()).max(AT_LEAST);
        let found = around(Sought::new(canvas, sprite), [start, last], (SURE, within));
        if found.1.share() >= SEEN {
            return found;
        }
        self.anywhere(canvas, at, out).map_or(found, |far| better(found, far))
    }

    /// Where a thing is that was lost or never seen: as a whole, since a small one explains a part of a larger one of its colours.
    fn anywhere(&self, canvas: &Canvas, at: usize, out: &[f32]) -> Option<Found> {
        let sought = Sought::new(canvas, &self.sprites[at]).with(Ink::Alone(&self.grown[at]));
        everywhere(sought, (out, self.config.side))
    }

    /// Pixels that stand out, and those that lie on no thing.
    fn unexplained(&self, out: &[f32], there: &[Option<Pose>]) -> [usize; 2] {
        let side = self.config.side;
        let mut counts = [0; 2];
        for at in (0..out.len()).filter(|&at| is_out(out[at])) {
            let place = [(at % side) as f32 + 0.5, (at / side) as f32 + 0.5];
            let on = |(sprite, pose): (&Sprite, &Option<Pose>)| {
                pose.is_some_and(|pose| sprite.sample(pose.inside(place))[3] > 0.1)
            };
            counts[0] += 1;
            counts[1] += usize::from(!self.sprites.iter().zip(there).any(on));
        }
        counts
    }
}

impl Followed {
    /// Tells where a thing was while it was not seen: on the way from where it went to where it came back.
    fn fill(&mut self, thing: usize) {
        let seen: Vec<usize> = (0..self.seen.len()).filter(|&row| self.seen[row][thing]).collect();
        let (Some(&first), Some(&last)) = (seen.first(), seen.last()) else { return };
        for row in 0..self.poses.len() {
            if self.seen[row][thing] {
                continue;
            }
            let after = seen.partition_point(|&at| at < row);
            let [from, to] =
                [after.checked_sub(1).map_or(first, |at| seen[at]), seen.get(after).copied().unwrap_or(last)];
            let [a, b] = [self.poses[from][thing], self.poses[to][thing]];
            let share = if from == to { 0.0 } else { (row - from) as f32 / (to - from) as f32 };
            self.poses[row][thing] = Pose {
                at: [0, 1].map(|i| a.at[i] + share * (b.at[i] - a.at[i])),
                turn: (a.turn + share * wrapped(b.turn - a.turn)).rem_euclid(TAU),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_goes_on_from_where_it_went_to_where_it_comes_back() {
        let pose = |x: f32, turn: f32| vec![Pose { at: [x, 1.0], turn }];
        let mut followed = Followed {
            poses: vec![pose(9.0, 9.0), pose(2.0, 6.0), pose(0.0, 0.0), pose(4.0, 0.2), pose(7.0, 7.0)],
            seen: [false, true, false, true, false].map(|seen| vec![seen]).to_vec(),
            out: [0; 2],
        };
        followed.fill(0);
        let told: Vec<f32> = followed.poses.iter().map(|poses| poses[0].at[0]).collect();
        assert_eq!(told, [2.0, 2.0, 3.0, 4.0, 4.0]);
        let middle = wrapped(followed.poses[2][0].turn);
        assert!((middle - wrapped(6.0 + wrapped(0.2 - 6.0) / 2.0)).abs() < 1e-5, "the short way round: {middle}");
    }
}
