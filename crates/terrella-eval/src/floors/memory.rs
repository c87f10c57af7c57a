//! The training recordings as a list of moments, each with what an agent saw there and some steps later.
//!
//! A moment's features are what the judged policy is shown: the state, each number divided by its
//! deviation (angles as sine and cosine), or a small grey picture. Search is by scanning, a multiplication
//! for each number of each moment.

use crate::recorded::recorded;
use terrella_core::{Dataset, EnvSpec, Error, Observation, Result, Stats, Table, View};

/// Moments kept at most, evenly spaced: floors look at every step, and must not take longer than the policies.
const MAX_MOMENTS: usize = 4_000;
/// Side of the grey picture: a door or a block of a tenth of the world's side still shows.
const SIDE: usize = 12;

/// Moments of training episodes.
pub struct Memory<'a> {
    dataset: &'a Dataset,
    stats: Stats,
    angles: Vec<usize>,
    view: View,
    offset: usize,
    /// Episode and row of each moment.
    at: Vec<(usize, usize)>,
    now: Table,
    later: Table,
    n_rows: usize,
}

impl<'a> Memory<'a> {
    /// Remembers training episodes as they look to a policy with this view, now and `offset` rows later.
    ///
    /// # Errors
    /// If no training episode is that long, or they lack what the policy looks at.
    pub fn new(
        (dataset, train): (&'a Dataset, &[usize]),
        spec: &EnvSpec,
        (view, offset): (View, usize),
    ) -> Result<Self> {
        let rows = |e: usize| (0..dataset.episodes[e].len().saturating_sub(offset)).map(move |row| (e, row));
        let all: Vec<(usize, usize)> = train.iter().flat_map(|&e| rows(e)).collect();
        if view == View::default() {
            return Err(Error::Invalid("the policy is shown nothing to remember moments by".to_owned()));
        }
        if all.is_empty() {
            return Err(Error::Invalid(format!(
                "none of {} training episodes has more than {offset} rows; the floors have nothing to remember",
                train.len()
            )));
        }
        let n = all.len().min(MAX_MOMENTS);
        let at: Vec<(usize, usize)> = (0..n).map(|i| all[i * all.len() / n]).collect();
        let (stats, _) = dataset.stats_of(train);
        let angles = spec.angles();
        let (now, later) = (Table::default(), Table::default());
        let mut memory = Self { dataset, stats, angles, view, offset, at, now, later, n_rows: all.len() };
        let side = |later: usize| -> Result<Table> {
            let rows = memory.at.iter().map(|&(e, row)| memory.features(&recorded(dataset, (e, row + later), view)?));
            let rows = rows.collect::<Result<Vec<_>>>()?;
            Ok(Table::from_data(rows[0].len(), rows.concat()))
        };
        let (now, later) = (side(0)?, side(offset)?);
        (memory.now, memory.later) = (now, later);
        Ok(memory)
    }

    /// What was left out, in words; nothing where all moments are kept.
    pub fn note(&self) -> Option<String> {
        let (kept, all) = (self.at.len(), self.n_rows);
        (kept < all).then(|| format!("The floors that remember keep {kept} of {all} training moments, evenly spaced."))
    }

    /// Rows between a moment and its goal.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Width of an action.
    pub fn action_width(&self) -> usize {
        self.dataset.signature.action.len()
    }

    /// The recorded action `ahead` rows after a moment.
    pub fn action(&self, moment: usize, ahead: usize) -> &'a [f32] {
        let (episode, row) = self.at[moment];
        let actions = &self.dataset.episodes[episode].actions;
        actions.row((row + ahead).min(actions.len() - 1))
    }

    /// What this looks like to the floors.
    ///
    /// # Errors
    /// If it lacks what the policy looks at.
    pub fn features(&self, seen: &Observation) -> Result<Vec<f32>> {
        let mut features = Vec::new();
        if self.view.picture.is_some() {
            let lacks = || Error::Invalid("a floor was shown no picture, and the policy looks at one".to_owned());
            let small = seen.image.as_ref().ok_or_else(lacks)?.resized(SIDE, SIDE);
            features.extend(small.data.chunks_exact(3).map(grey));
        }
        if self.view.state {
            Error::check("state shown to a floor", self.stats.width(), seen.state.len())?;
            for (column, x) in seen.state.iter().enumerate() {
                if self.angles.contains(&column) {
                    features.extend([x.sin(), x.cos()]);
                } else {
                    features.push(x / self.stats.scale(column));
                }
            }
        }
        Ok(features)
    }

    /// The `n` nearest moments and their squared distances, nearest first; without a goal only now counts.
    pub fn nearest(&self, now: &[f32], goal: Option<&[f32]>, n: usize) -> Vec<(usize, f32)> {
        let mut all: Vec<(usize, f32)> = (0..self.at.len())
            .map(|i| (i, square(self.now.row(i), now) + goal.map_or(0.0, |g| square(self.later.row(i), g))))
            .collect();
        let n = n.clamp(1, all.len());
        let order = |a: &(usize, f32), b: &(usize, f32)| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0));
        if n < all.len() {
            all.select_nth_unstable_by(n - 1, order);
        }
        all.truncate(n);
        all.sort_by(order);
        all
    }

    /// The mean of the neighbours' actions, weighted by a Gaussian as wide as the median distance.
    pub fn mean_action(&self, neighbours: &[(usize, f32)]) -> Vec<f32> {
        let width = neighbours[neighbours.len() / 2].1.max(1e-12);
        let mut mean = vec![0.0; self.action_width()];
        let mut total = 0.0;
        for &(moment, square) in neighbours {
            let weight = (-square / (2.0 * width)).exp();
            total += weight;
            mean.iter_mut().zip(self.action(moment, 0)).for_each(|(m, a)| *m += weight * a);
        }
        mean.iter_mut().for_each(|m| *m /= total);
        mean
    }
}

/// The squared distance, summed in eight lanes so that it runs at the speed of memory.
fn square(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(x, y)| (x - y) * (x - y)).sum();
    for (x, y) in a.zip(b) {
        (0..8).for_each(|i| lanes[i] += (x[i] - y[i]) * (x[i] - y[i]));
    }
    lanes.iter().sum::<f32>() + rest
}

/// Brightness from 0 to 1.
fn grey(rgb: &[u8]) -> f32 {
    rgb.iter().map(|b| f32::from(*b)).sum::<f32>() / (3.0 * 255.0)
}
