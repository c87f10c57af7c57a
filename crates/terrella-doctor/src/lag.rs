//! Action–state lag by physics: after which shift do actions explain the next step of the state best?
//!
//! One linear model a shift predicts the step `s[t+1] - s[t]` from `s[t]`, `s[t] - s[t-1]` and
//! `a[t-k]`; the shift with the smallest residual is the lag, and a parabola through the logarithm of the
//! residuals around it tells the fraction of a row. An episode is held against the model of the others,
//! with its own actions shifted. Positive: the action of a row takes effect that many rows later.

use crate::series::{Role, Series};
use crate::subject::Subject;
use rayon::prelude::*;
use serde::Serialize;
use terrella_core::Ridge;

/// Shifts that are tried.
const EARLIEST: i64 = -4;
const LATEST: i64 = 10;
/// Penalty a row, in units of normalised columns.
const PENALTY: f64 = 1e-6;
/// Part of the residual that actions must take away to tell anything.
const EXPLAINED: f64 = 0.05;
/// Gain in log-likelihood from which on another shift is believed.
pub(crate) const GAIN: f64 = 12.0;

/// What physics says of the lag.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lag {
    /// The lag of the dataset in rows.
    pub rows: i64,
    /// The same with its fraction of a row.
    pub exact: f64,
    /// Part of the residual variance of a model without actions that actions take away.
    pub explained: f64,
    /// Shift in rows, and residual variance relative to that of a model without actions.
    pub curve: Vec<(i64, f64)>,
    /// The lag of each episode in rows where it is told, and the gain in log-likelihood over the
    /// dataset's.
    pub episodes: Vec<Option<(i64, f64)>>,
}

/// Columns to fit, each normalised: episodes × columns × rows.
struct Data {
    states: Vec<Vec<Vec<f64>>>,
    actions: Vec<Vec<Vec<f64>>>,
    shifts: Vec<i64>,
}

/// The best shift, the curve over shifts, what actions explain there, and the model.
struct Best {
    rows: i64,
    curve: Vec<(i64, f64)>,
    explained: f64,
    fit: Fit,
}

/// Weights of a fit, inputs × outputs, and the residual variance of each output.
struct Fit {
    weights: Vec<f64>,
    variance: Vec<f64>,
}

/// Estimates the lag; nothing where there is no state, no action or too little of them.
pub fn lag(subject: &Subject) -> Option<Lag> {
    estimate(&Series::all(subject))
}

/// The lag by these columns.
pub(crate) fn estimate(series: &[Series]) -> Option<Lag> {
    let data = Data::new(series)?;
    let everyone = vec![true; data.states.len()];
    let mut best = data.best(&everyone)?;
    let mut episodes = data.of_episodes(&best);
    // Episodes that lag otherwise bend the model of the others; once more without them.
    let kept: Vec<bool> = episodes.iter().map(|e| e.is_none_or(|(k, gain)| k == best.rows || gain < GAIN)).collect();
    if kept.iter().any(|k| !k) && kept.iter().filter(|k| **k).count() * 2 > kept.len() {
        best = data.best(&kept)?;
        episodes = data.of_episodes(&best);
    }
    let Best { rows, curve, explained, .. } = best;
    (explained >= EXPLAINED).then(|| Lag { rows, exact: parabola(rows, &curve), explained, curve, episodes })
}

/// The minimum of a parabola through the logarithms at the best shift and its neighbours.
fn parabola(best: i64, curve: &[(i64, f64)]) -> f64 {
    let value = |k: i64| curve.iter().find(|c| c.0 == k).map(|c| c.1.max(1e-12).ln());
    let (Some(a), Some(b), Some(c)) = (value(best - 1), value(best), value(best + 1)) else { return best as f64 };
    let bend = a - 2.0 * b + c;
    best as f64 + if bend > 0.0 { (0.5 * (a - c) / bend).clamp(-0.5, 0.5) } else { 0.0 }
}

/// The neighbour of the best shift that is as good where the lag is a fraction; else the best itself.
fn beside(best: i64, curve: &[(i64, f64)]) -> i64 {
    let fraction = parabola(best, curve) - best as f64;
    if fraction.abs() > 0.25 { best + fraction.signum() as i64 } else { best }
}

impl Data {
    fn new(series: &[Series]) -> Option<Self> {
        let pick = |role: Role| -> Vec<&Series> { series.iter().filter(|s| s.role == role && s.moves()).collect() };
        let (states, actions) = (pick(Role::State), pick(Role::Action));
        let n = series.first()?.values.len();
        let mut lengths: Vec<usize> = (0..n).map(|e| series[0].values[e].len()).collect();
        lengths.sort_unstable();
        let usual = *lengths.get(n / 4)? as i64;
        // Enough rows must be left at both ends of most episodes.
        let (early, late) = (EARLIEST.max(-usual / 5), LATEST.min(usual / 3));
        let rows: usize = lengths.iter().map(|l| l.saturating_sub((late - early) as usize + 2)).sum();
        if states.is_empty() || actions.is_empty() || late < 1 || rows < 10 * (2 * states.len() + actions.len()) {
            return None;
        }
        let columns = |columns: &[&Series]| -> Vec<Vec<Vec<f64>>> {
            (0..n)
                .map(|e| {
                    let scaled = |s: &&Series| {
                        let middle = 0.5 * (s.usual[0] + s.usual[1]);
                        s.values[e].iter().map(|x| if x.is_finite() { (x - middle) / s.range() } else { 0.0 }).collect()
                    };
                    columns.iter().map(scaled).collect()
                })
                .collect()
        };
        Some(Self { states: columns(&states), actions: columns(&actions), shifts: (early..=late).collect() })
    }

    fn early(&self) -> usize {
        self.shifts[0].unsigned_abs() as usize
    }

    fn late(&self) -> usize {
        self.shifts[self.shifts.len() - 1].unsigned_abs() as usize
    }

    /// Rows whose actions are there for every shift.
    fn rows(&self, episode: usize) -> std::ops::Range<usize> {
        let n = self.states[episode][0].len();
        let (from, to) = (self.late().max(1), n.saturating_sub(self.early().max(1)));
        from..to.max(from)
    }

    fn inputs(&self, with_actions: bool) -> usize {
        2 * self.states[0].len() + if with_actions { self.actions[0].len() } else { 0 } + 1
    }

    /// Inputs and target of one row.
    fn row(&self, episode: usize, t: usize, shift: Option<i64>, input: &mut Vec<f64>, target: &mut Vec<f64>) {
        input.clear();
        target.clear();
        let states = &self.states[episode];
        input.extend(states.iter().map(|s| s[t]));
        input.extend(states.iter().map(|s| s[t] - s[t - 1]));
        if let Some(shift) = shift {
            let at = (t as i64 - shift) as usize;
            input.extend(self.actions[episode].iter().map(|a| a[at]));
        }
        input.push(1.0);
        target.extend(states.iter().map(|s| s[t + 1] - s[t]));
    }

    /// Calls `each` with the residuals of every row of an episode; `actions` shift as told.
    fn residuals(&self, episode: usize, shift: Option<i64>, weights: &[f64], each: &mut dyn FnMut(&[f64])) {
        let outputs = self.states[0].len();
        let (mut input, mut target) = (Vec::new(), Vec::new());
        for t in self.rows(episode) {
            self.row(episode, t, shift, &mut input, &mut target);
            for (i, x) in input.iter().enumerate() {
                let weights = &weights[i * outputs..(i + 1) * outputs];
                target.iter_mut().zip(weights).for_each(|(r, w)| *r -= w * x);
            }
            each(&target);
        }
    }

    fn fit(&self, shift: Option<i64>, kept: &[bool]) -> Option<Fit> {
        let (inputs, outputs) = (self.inputs(shift.is_some()), self.states[0].len());
        let mut ridge = Ridge::new(inputs, outputs);
        let (mut input, mut target) = (Vec::new(), Vec::new());
        let episodes = || (0..self.states.len()).filter(|e| kept[*e]);
        for e in episodes() {
            for t in self.rows(e) {
                self.row(e, t, shift, &mut input, &mut target);
                ridge.add(&input, &target);
            }
        }
        let n = ridge.rows();
        if n < 2 * inputs {
            return None;
        }
        let weights = ridge.solve(PENALTY, inputs - 1);
        let mut variance = vec![1e-18; outputs];
        for e in episodes() {
            let mut add = |r: &[f64]| variance.iter_mut().zip(r).for_each(|(v, r)| *v += r * r / n as f64);
            self.residuals(e, shift, &weights, &mut add);
        }
        Some(Fit { weights, variance })
    }

    /// The shift that explains the steps of these episodes best.
    fn best(&self, kept: &[bool]) -> Option<Best> {
        let none = self.fit(None, kept)?;
        let mut fits: Vec<Fit> = self.shifts.par_iter().map(|k| self.fit(Some(*k), kept)).collect::<Option<_>>()?;
        let mean = |fit: &Fit| {
            let ratios = fit.variance.iter().zip(&none.variance).map(|(a, b)| (a / b).ln());
            (ratios.sum::<f64>() / none.variance.len() as f64).exp()
        };
        let curve: Vec<(i64, f64)> = self.shifts.iter().copied().zip(fits.iter().map(mean)).collect();
        let at = (0..curve.len()).min_by(|a, b| curve[*a].1.total_cmp(&curve[*b].1))?;
        Some(Best { rows: curve[at].0, explained: 1.0 - curve[at].1, fit: fits.swap_remove(at), curve })
    }

    /// The shift of each episode under the model of all, and its gain over the best or the one beside.
    fn of_episodes(&self, best: &Best) -> Vec<Option<(i64, f64)>> {
        if best.explained < EXPLAINED {
            return vec![None; self.states.len()];
        }
        let (fit, beside) = (&best.fit, beside(best.rows, &best.curve));
        let one = |e: usize| {
            let loss = |shift: i64| {
                let mut sum = 0.0;
                // Heavy tails, because of contacts that a linear model does not know.
                let mut add =
                    |r: &[f64]| sum += r.iter().zip(&fit.variance).map(|(r, v)| (1.0 + r * r / v).ln()).sum::<f64>();
                self.residuals(e, Some(shift), &fit.weights, &mut add);
                sum
            };
            let losses: Vec<(i64, f64)> = self.shifts.iter().map(|k| (*k, loss(*k))).collect();
            let of = |k: i64| losses.iter().find(|l| l.0 == k).map(|l| l.1);
            let usual = of(best.rows)?.min(of(beside)?);
            let own = losses.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
            (!self.rows(e).is_empty()).then_some((own.0, usual - own.1))
        };
        (0..self.states.len()).into_par_iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vertex_of_a_parabola_is_found() {
        let curve: Vec<(i64, f64)> = (0..5).map(|k| (k, ((k as f64 - 2.3).powi(2)).exp())).collect();
        assert!((parabola(2, &curve) - 2.3).abs() < 1e-9, "{}", parabola(2, &curve));
        assert_eq!(parabola(0, &curve), 0.0, "at the border");
    }
}
