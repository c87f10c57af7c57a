//! Seeks contacts: it pushes the T at places all around it that it has pushed least, in many directions, at many paces and for long or
//! short, whatever comes of it.
//!
//! Who pushes towards goals pushes where that wins most, and who wanders brushes against whatever is near. What a model has to know of
//! contact is what happens wherever one pushes.

use super::demonstrator::{PushDemonstrator, outline};
use super::world::PushT;
use crate::geometry::Vec2;
use crate::policy::state;
use terrella_core::{Goal, Key, Observation, Result, RowPolicy, Stream};

/// Largest direction of a push against the inward normal, in radians.
const SLANT: f64 = 1.0;
/// Steps of a push, at least and at most.
const STEPS: [usize; 2] = [3, 18];
/// Pace of a push and of a walk, as a part of the demonstrator's.
const PACE: [f64; 2] = [0.4, 1.6];
/// Steps of a walk after which another place is tried.
const PATIENCE: usize = 60;

#[derive(Clone, Copy, Debug)]
enum Stage {
    Choose,
    /// Towards a place in the frame of the body, to push in a direction of that frame.
    Walk {
        place: Vec2,
        direction: Vec2,
        left: usize,
    },
    /// In a direction of the world.
    Push {
        direction: Vec2,
        left: usize,
    },
}

/// Pushes the T of PushT everywhere.
#[derive(Clone)]
pub struct PushProber {
    /// Knows the way around the body, and where its own target is.
    hand: PushDemonstrator,
    stage: Stage,
    /// How often it pushed at each place of the outline.
    pushed: Vec<usize>,
    stream: Stream,
}

impl PushProber {
    /// A prober that knows this world's options and nothing of its state.
    pub fn new(world: PushT) -> Self {
        let hand = PushDemonstrator::new(world, super::PushStyle::default());
        Self { hand, stage: Stage::Choose, pushed: Vec::new(), stream: Key::new(0).stream() }
    }

    fn next_target(&mut self) -> Vec2 {
        // A stage may end at once and hand over.
        for _ in 0..3 {
            match self.stage {
                Stage::Choose => match self.choose() {
                    Some(stage) => self.stage = stage,
                    None => break,
                },
                Stage::Walk { place, direction, left } => {
                    let Some(next) = self.hand.approach(place) else {
                        let left = STEPS[0] + self.stream.below(STEPS[1] - STEPS[0] + 1);
                        let direction = self.hand.shadow.obstacles().direction(direction);
                        self.stage = Stage::Push { direction, left };
                        continue;
                    };
                    if left == 0 {
                        self.stage = Stage::Choose;
                        continue;
                    }
                    self.stage = Stage::Walk { place, direction, left: left - 1 };
                    return next;
                }
                Stage::Push { left: 0, .. } => self.stage = Stage::Choose,
                Stage::Push { direction, left } => {
                    self.stage = Stage::Push { direction, left: left - 1 };
                    return self.hand.target + direction * (self.hand.style.push_speed * self.hand.pace);
                }
            }
        }
        self.hand.shadow.agent()
    }

    /// One of the places that it has pushed least, among those that can be reached, and a direction.
    fn choose(&mut self) -> Option<Stage> {
        let all: Vec<(Vec2, Vec2)> =
            self.hand.shadow.obstacles().boxes().iter().flat_map(|&[low, high]| outline(low, high)).collect();
        self.pushed.resize(all.len(), 0);
        let open: Vec<(usize, Vec2)> =
            all.iter().enumerate().filter_map(|(at, side)| Some((at, self.hand.stand(*side)?))).collect();
        let least = open.iter().map(|&(at, _)| self.pushed[at]).min()?;
        let seldom: Vec<(usize, Vec2)> = open.into_iter().filter(|&(at, _)| self.pushed[at] == least).collect();
        let (at, place) = seldom[self.stream.below(seldom.len())];
        self.pushed[at] += 1;
        self.hand.pace = self.stream.uniform(PACE[0], PACE[1]);
        let direction = (-all[at].1).rotated(Vec2::of_angle(self.stream.uniform(-SLANT, SLANT)));
        Some(Stage::Walk { place, direction, left: PATIENCE })
    }
}

impl RowPolicy for PushProber {
    fn begin(&mut self, goal: &Goal, key: Key) -> Result<()> {
        self.hand.begin(goal, key)?;
        self.stream = key.with("probe").stream();
        self.stage = Stage::Choose;
        self.pushed.clear();
        Ok(())
    }

    fn looks(&self) -> bool {
        false
    }

    fn act(&mut self, now: &Observation) -> Result<Vec<f32>> {
        let _: [f64; 5] = state("the PushT prober", now)?;
        self.hand.follow(&now.state)?;
        let next = self.next_target();
        Ok(self.hand.go(next))
    }
}
