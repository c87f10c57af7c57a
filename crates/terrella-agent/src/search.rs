//! The one search loop behind every planner: draw sequences, imagine them as one batch, refit.
//!
//! Several problems are solved side by side, with the candidates of all of them in the batch.
//! Candidate 0 of each iteration is the current mean (in the first one, the prior's), proposals
//! come next, then kept elites, then fresh samples. Sample `i` of iteration `j` has its own random
//! stream, so the answer depends on the problem and the key alone, never on threads or on what
//! else is planned at the time. With a deadline it is the best so far, after at least one
//! iteration (and then it does depend on how fast the machine is).

use crate::doubt::BEYOND;
use crate::noise::Noise;
use crate::settings::{Answer, Settings, Update};
use std::time::{Duration, Instant};
use terrella_core::{Dynamics, Imagined, Key, Objective, Plan, Planner, Problem, Problems, Space, Table};

/// A planner that draws action sequences and imagines them (CEM, iCEM, MPPI, random shooting).
#[derive(Clone, Debug, PartialEq)]
pub struct SamplingPlanner {
    pub(crate) settings: Settings,
    pub(crate) action_width: usize,
}

impl Planner for SamplingPlanner {
    /// # Panics
    /// If priors, space, dynamics and proposals disagree on the width of a block or on the horizon.
    fn plan<D: Dynamics, O: Objective<D::State>>(&self, problems: &Problems<'_, D, O>) -> Vec<Plan> {
        let Some(first) = problems.each.first() else { return Vec::new() };
        let started = Instant::now();
        let (width, horizon) = (problems.dynamics.block_width(), first.prior.mean.len());
        assert_eq!((problems.space.width(), first.prior.mean.width), (width, width), "one width of a block");
        assert!(horizon > 0 && width.is_multiple_of(self.action_width), "whole actions in at least one block");
        let settings = &self.settings;
        let noise = Noise::new(settings.beta, width * horizon / self.action_width);
        let mut searches: Vec<Search> = problems.each.iter().map(|p| Search::new(p, problems.space)).collect();
        assert!(searches.iter().all(|s| s.mean.len() == width * horizon), "one horizon");
        if settings.update == Update::Follow {
            searches.iter_mut().for_each(|s| s.best.0 = s.proposals.first().unwrap_or(&s.mean).clone());
            price(problems, &mut searches);
            searches.iter_mut().for_each(|s| s.history.push(s.best.1));
        } else if problems.margin >= 1.0 && searches.iter().all(|s| !s.proposals.is_empty()) {
            // Where nothing else could be the answer, nothing else is imagined.
            let candidates: Vec<Vec<f32>> = searches.iter().map(|s| s.proposals.concat()).collect();
            for (search, costs) in searches.iter_mut().zip(imagine_costs(problems, &candidates)) {
                let cheapest = ranked(&costs)[0];
                search.best = (search.proposals[cheapest].clone(), costs[cheapest]);
                search.history.push(search.best.1);
            }
        } else {
            let mut slowest = Duration::ZERO;
            for iteration in 0..settings.iterations {
                let begun = Instant::now();
                let draw = |(search, problem): (&mut Search, &Problem)| {
                    search.draw(
                        settings,
                        problem.key.at(iteration as u64),
                        (iteration, &noise),
                        (self.action_width, problems.space),
                    )
                };
                let candidates: Vec<Vec<f32>> = searches.iter_mut().zip(problems.each).map(draw).collect();
                let costs = imagine_costs(problems, &candidates);
                for ((search, candidates), costs) in searches.iter_mut().zip(&candidates).zip(&costs) {
                    self.refit(search, candidates, costs);
                }
                slowest = slowest.max(begun.elapsed());
                // Stop when another iteration would not fit, not when time is already over.
                if problems.deadline.is_some_and(|deadline| started.elapsed() + slowest > deadline) {
                    break;
                }
            }
            if settings.answer == Answer::Mean {
                let found: Vec<(Vec<f32>, f32)> = searches.iter().map(|search| search.best.clone()).collect();
                // A mean of points in a box is in the box, but rounding may move it a hair outside.
                searches.iter_mut().for_each(|s| {
                    problems.space.clamp(&mut s.mean);
                    s.best.0.clone_from(&s.mean);
                });
                price(problems, &mut searches);
                // A mean of plans that are allowed may not be.
                for (search, found) in searches.iter_mut().zip(found) {
                    if search.best.1 >= BEYOND && found.1 < BEYOND {
                        search.best = found;
                    }
                }
            }
        }
        searches.iter_mut().for_each(|search| search.trust(problems.margin));
        let elapsed = started.elapsed();
        let plan = |Search { best: (blocks, cost), history, left_out, .. }| {
            let blocks = Table::from_data(width, blocks);
            Plan { blocks, cost, history, elapsed, left_out }
        };
        searches.into_iter().map(plan).collect()
    }
}

/// How far one of several searches has got.
struct Search {
    mean: Vec<f32>,
    std: Vec<f32>,
    /// The prior's deviation.
    widest: Vec<f32>,
    proposals: Vec<Vec<f32>>,
    left_out: usize,
    /// Elites that compete again.
    kept: Vec<f32>,
    /// The cheapest sequence so far, and its cost.
    best: (Vec<f32>, f32),
    /// The cheapest proposal, and its cost.
    proposed: Option<(Vec<f32>, f32)>,
    history: Vec<f32>,
}

impl Search {
    fn new(problem: &Problem, space: &Space) -> Self {
        let widest: Vec<f32> =
            problem.prior.std.data.iter().map(|s| if s.is_finite() { s.abs() } else { 0.0 }).collect();
        let mut mean = problem.prior.mean.data.clone();
        confine(space, &mut mean);
        let (proposals, left_out) = fit_proposals(&problem.proposals, &mean, space);
        let (std, best) = (widest.clone(), (mean.clone(), f32::INFINITY));
        Self { mean, std, widest, proposals, left_out, kept: Vec::new(), best, proposed: None, history: Vec::new() }
    }

    /// The candidates of an iteration.
    fn draw(
        &mut self,
        settings: &Settings,
        key: Key,
        (iteration, noise): (usize, &Noise),
        (action_width, space): (usize, &Space),
    ) -> Vec<f32> {
        let n = self.mean.len();
        let mut candidates = self.mean.clone();
        if space.whole {
            space.clamp(&mut candidates);
        }
        if iteration == 0 {
            self.proposals.iter().for_each(|p| candidates.extend_from_slice(p));
        }
        candidates.append(&mut self.kept);
        let total = settings.samples_at(iteration).max(candidates.len() / n);
        let mut draw = vec![0.0f32; n];
        for sample in candidates.len() / n..total {
            noise.fill(&mut key.at(sample as u64).stream(), action_width, &mut draw);
            let at = candidates.len();
            candidates.extend(draw.iter().zip(&self.mean).zip(&self.std).map(|((e, m), s)| m + s * e));
            space.clamp(&mut candidates[at..]);
        }
        candidates
    }
}

impl Search {
    /// Stays with the cheapest proposal unless what was found is cheaper by this share.
    fn trust(&mut self, margin: f32) {
        if let Some(proposed) = self.proposed.take()
            && proposed.1 - self.best.1 < margin * proposed.1.abs()
        {
            self.best = proposed;
        }
    }
}

impl SamplingPlanner {
    /// Learns from what the candidates of an iteration cost.
    fn refit(&self, search: &mut Search, candidates: &[f32], costs: &[f32]) {
        let (settings, n) = (&self.settings, search.mean.len());
        let order = ranked(costs);
        if search.history.is_empty() {
            let first = order.iter().find(|i| (1..=search.proposals.len()).contains(*i));
            search.proposed = first.map(|&i| (candidates[i * n..(i + 1) * n].to_vec(), costs[i]));
        }
        if costs[order[0]] < search.best.1 {
            search.best = (candidates[order[0] * n..(order[0] + 1) * n].to_vec(), costs[order[0]]);
        }
        search.history.push(search.best.1);
        let weights = self.weights(costs, &order);
        if !weights.is_empty() {
            refit(candidates, &weights, settings.momentum, &mut search.mean, &mut search.std);
            let least = search.std.iter_mut().zip(&search.widest);
            least.for_each(|(s, p)| *s = s.max(settings.min_std as f32 * p));
        }
        let kept = order.iter().take(settings.keep);
        search.kept = kept.flat_map(|&i| candidates[i * n..(i + 1) * n].iter().copied()).collect();
    }

    /// Which candidates the distribution is refitted to, and how much each counts.
    fn weights(&self, costs: &[f32], order: &[usize]) -> Vec<(usize, f64)> {
        let finite: Vec<usize> = order.iter().copied().filter(|&i| costs[i].is_finite()).collect();
        match self.settings.update {
            Update::Elites(elites) => {
                let elites = &finite[..elites.min(finite.len())];
                elites.iter().map(|&i| (i, 1.0 / elites.len() as f64)).collect()
            }
            Update::Softmax(temperature) => {
                let n = finite.len().max(1) as f64;
                let mean = finite.iter().map(|&i| f64::from(costs[i])).sum::<f64>() / n;
                let variance = finite.iter().map(|&i| (f64::from(costs[i]) - mean).powi(2)).sum::<f64>() / n;
                let scale = (temperature * variance.sqrt()).max(1e-12);
                let least = finite.first().map_or(0.0, |&i| f64::from(costs[i]));
                let raw: Vec<f64> = finite.iter().map(|&i| (-(f64::from(costs[i]) - least) / scale).exp()).collect();
                let sum: f64 = raw.iter().sum();
                finite.into_iter().zip(raw).map(|(i, w)| (i, w / sum)).collect()
            }
            Update::Nothing | Update::Follow => Vec::new(),
        }
    }
}

/// The cost of each problem's candidates; all of all problems are one batch.
fn imagine_costs<D: Dynamics, O: Objective<D::State>>(
    problems: &Problems<'_, D, O>,
    candidates: &[Vec<f32>],
) -> Vec<Vec<f32>> {
    let n = problems.each[0].prior.mean.data.len();
    let counts = candidates.iter().map(|candidates| candidates.len() / n);
    let rows: Vec<usize> = counts.clone().enumerate().flat_map(|(row, n)| std::iter::repeat_n(row, n)).collect();
    let goals: Vec<usize> = rows.iter().map(|&row| problems.each[row].goal).collect();
    let blocks = candidates.concat();
    let rollout = problems.dynamics.roll_out(problems.start, &rows, &blocks);
    let imagined = Imagined { start: problems.start, rows: &rows, blocks: &blocks, rollout: &rollout, goals: &goals };
    let costs = problems.objective.cost(&imagined);
    assert_eq!(costs.len(), rows.len(), "one cost a candidate");
    let mut costs = costs.into_iter();
    counts.map(|n| costs.by_ref().take(n).collect()).collect()
}

/// Puts a price on the sequences that are the answers.
fn price<D: Dynamics, O: Objective<D::State>>(problems: &Problems<'_, D, O>, searches: &mut [Search]) {
    let answers: Vec<Vec<f32>> = searches.iter().map(|search| search.best.0.clone()).collect();
    let costs = imagine_costs(problems, &answers);
    searches.iter_mut().zip(costs).for_each(|(search, costs)| search.best.1 = costs[0]);
}

/// Candidates from the cheapest; equal costs keep their order, and what is not a number comes last.
fn ranked(costs: &[f32]) -> Vec<usize> {
    let rank = |i: usize| if costs[i].is_nan() { f32::INFINITY } else { costs[i] };
    let mut order: Vec<usize> = (0..costs.len()).collect();
    order.sort_by(|&a, &b| rank(a).total_cmp(&rank(b)));
    order
}

/// Weighted mean and deviation of the candidates, mixed with the old ones.
fn refit(candidates: &[f32], weights: &[(usize, f64)], momentum: f64, mean: &mut [f32], std: &mut [f32]) {
    let n = mean.len();
    let mut new_mean = vec![0.0f64; n];
    let mut square = vec![0.0f64; n];
    for &(i, weight) in weights {
        for (at, x) in candidates[i * n..(i + 1) * n].iter().enumerate() {
            new_mean[at] += weight * f64::from(*x);
        }
    }
    for &(i, weight) in weights {
        for (at, x) in candidates[i * n..(i + 1) * n].iter().enumerate() {
            square[at] += weight * (f64::from(*x) - new_mean[at]).powi(2);
        }
    }
    let mix = |old: f32, new: f64| (momentum * f64::from(old) + (1.0 - momentum) * new) as f32;
    for at in 0..n {
        mean[at] = mix(mean[at], new_mean[at]);
        std[at] = mix(std[at], square[at].sqrt());
    }
}

/// Moves a sequence into the box; a number that is not finite becomes the nearest one to 0.
fn confine(space: &Space, sequence: &mut [f32]) {
    sequence.iter_mut().filter(|x| !x.is_finite()).for_each(|x| *x = 0.0);
    space.clamp(sequence);
}

/// Proposals cut or continued to the horizon and moved into the box, and how many cannot be used.
fn fit_proposals(proposals: &[Table], mean: &[f32], space: &Space) -> (Vec<Vec<f32>>, usize) {
    for proposal in proposals {
        assert_eq!(proposal.width, space.width(), "one width of a block, that of proposals too");
    }
    let usable = proposals.iter().filter(|p| p.data.iter().all(|x| x.is_finite()));
    let fitted: Vec<Vec<f32>> = usable
        .map(|proposal| {
            let n = proposal.data.len().min(mean.len());
            let mut sequence = proposal.data[..n].to_vec();
            sequence.extend_from_slice(&mean[n..]);
            space.clamp(&mut sequence);
            sequence
        })
        .collect();
    let left_out = proposals.len() - fitted.len();
    (fitted, left_out)
}
