//! What is doubtful about each moment of a stretch, in three numbers.

use super::places::Places;
use super::stretch::Stretch;
use crate::foresee::{clouds, deviations};
use serde::{Deserialize, Serialize};
use terrella_core::{Acts, Dt, Dynamics, Key, Result, Table, wrapped};

/// What speaks against a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DoubtKind {
    /// Members disagree about what comes next, in deviations of the noise that they tell.
    Disagreement,
    /// It is far from what was learned from, together with what is done there.
    Distance,
    /// What came next was foretold otherwise, in deviations that were told.
    Surprise,
}

impl DoubtKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Disagreement, Self::Distance, Self::Surprise];

    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Disagreement => "disagreement",
            Self::Distance => "distance",
            Self::Surprise => "surprise",
        }
    }

    /// What it counts.
    pub(super) fn counts(self) -> &'static str {
        match self {
            Self::Disagreement => "told deviations",
            Self::Distance => "whitened deviations from rows that were learned from",
            Self::Surprise => "deviations off what was foretold",
        }
    }
}

/// One number about one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// What it says.
    pub kind: DoubtKind,
    /// How much; endless where it is no number.
    pub value: f64,
    /// Which number of the state, or then of the action block, has most of it.
    pub number: usize,
}

/// What moments are measured by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Measure {
    /// Whether it is latents that are compared, since the model is shown pictures.
    pub(super) latent: bool,
    pub(super) angles: Vec<usize>,
    /// Root mean square errors of what is foretold one block ahead, a number each.
    pub(super) errors: Vec<f64>,
    /// Where rows lie that were learned from, if it learned from any of these recordings.
    pub(super) places: Option<Places>,
    /// Copies by which told deviations are measured.
    pub(super) copies: usize,
}

/// Of the usual errors, this share is always added to what is told: a model that is sure of one moment beyond reason is not endlessly
/// surprised.
const LEAST: f64 = 0.1;

impl Measure {
    /// What is doubtful about each moment from which something is done, kind by kind.
    pub(super) fn of<D: Dynamics>(&self, dynamics: &D, stretch: &Stretch) -> Result<Vec<Vec<Moment>>> {
        let n = stretch.blocks.len();
        if n == 0 {
            return Ok(Vec::new());
        }
        let state = dynamics.observe(&stretch.seen[..n])?;
        let acts = stretch.blocks.concat();
        let next = dynamics.step(&state, Acts::of(&acts).lasting(Dt::Each(&stretch.lasts)));
        let mut moments: Vec<Vec<Moment>> = vec![Vec::new(); n];
        if let Some(doubts) = dynamics.doubts(&next) {
            for (moment, row) in moments.iter_mut().zip(doubts.rows()) {
                moment.push(overall(DoubtKind::Disagreement, row.iter().map(|x| f64::from(*x))));
            }
        }
        if let Some(places) = &self.places {
            let here = self.numbers(dynamics, stretch, (&state, n));
            for ((moment, here), block) in moments.iter_mut().zip(here.rows()).zip(&stretch.blocks) {
                let (value, number) = places.distance(&[here, &block[..]].concat());
                moment.push(Moment { kind: DoubtKind::Distance, value: told(value), number });
            }
        }
        let known = stretch.seen.len() - 1;
        if known > 0 {
            let off = self.off(dynamics, stretch, &next)?;
            let clouds = if self.latent {
                None
            } else {
                let key = Key::new(0).with("doubt").at(stretch.episode as u64).at(stretch.start as u64);
                clouds(dynamics, &state, n, &[(acts, stretch.lasts.clone())], (self.copies, key))
            };
            let deviation = clouds.and_then(|clouds| Some(deviations(clouds.first()?, n)));
            for (at, off) in off.rows().enumerate() {
                let scale = |column: usize| {
                    let usual = self.errors[column];
                    match &deviation {
                        Some(told) => f64::from(told.row(at)[column]).hypot(LEAST * usual),
                        None => usual,
                    }
                };
                let each =
                    off.iter().enumerate().map(|(column, off)| f64::from(*off) / scale(column).max(f64::MIN_POSITIVE));
                moments[at].push(overall(DoubtKind::Surprise, each));
            }
        }
        Ok(moments)
    }

    /// What came less what was foretold of it, as far as it is known what came.
    pub(super) fn off<D: Dynamics>(&self, dynamics: &D, stretch: &Stretch, next: &D::State) -> Result<Table> {
        let n = stretch.blocks.len().min(stretch.seen.len() - 1);
        let told = if self.latent { dynamics.latents(next) } else { dynamics.read(next).unwrap_or_default() };
        let came = match self.latent {
            true => dynamics.latents(&dynamics.observe(&stretch.seen[1..=n])?),
            false => {
                Table { width: told.width, data: stretch.seen[1..=n].iter().flat_map(|o| o.state.clone()).collect() }
            }
        };
        let mut off = Table::new(told.width);
        for (came, told) in came.rows().zip(told.rows()) {
            let apart = came.iter().zip(told).enumerate().map(|(i, (a, b))| match self.angles.contains(&i) {
                true => wrapped(a - b),
                false => a - b,
            });
            off.data.extend(apart);
        }
        Ok(off)
    }

    /// Where `n` moments are, `[n, numbers]`.
    pub(super) fn numbers<D: Dynamics>(
        &self,
        dynamics: &D,
        stretch: &Stretch,
        (state, n): (&D::State, usize),
    ) -> Table {
        if self.latent {
            return dynamics.latents(state);
        }
        let width = stretch.seen.first().map_or(0, |seen| seen.state.len());
        Table { width, data: stretch.seen[..n].iter().flat_map(|seen| seen.state.clone()).collect() }
    }
}

/// The root mean square over numbers, and which of them has most of it.
fn overall(kind: DoubtKind, each: impl Iterator<Item = f64> + Clone) -> Moment {
    let (n, square) = each.clone().fold((0.0, 0.0), |(n, square), x| (n + 1.0, square + x * x));
    let most = each.enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
    let number = most.map_or(0, |(column, _)| column);
    Moment { kind, value: told((square / f64::max(n, 1.0)).sqrt()), number }
}

fn told(value: f64) -> f64 {
    if value.is_nan() { f64::INFINITY } else { value }
}
