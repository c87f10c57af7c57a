//! Which goals are attempted: a start row of a held-out episode, and the row some steps later.
//!
//! Episodes take turns, so a long one does not count for more; a pair whose start already fulfils
//! the goal under any rule in use is not drawn (in one released benchmark 38 % of pairs were such).
//! The draw depends on the seed and the recordings, not on policies or threads.

use crate::parts::check_same_world;
use serde::{Deserialize, Serialize};
use terrella_core::{Dataset, Error, GoalWorld, Key, Result, Rule};

/// A start and a goal in one recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pair {
    /// Index of the episode in its dataset.
    pub episode: usize,
    /// Row of the start.
    pub start: usize,
    /// Row of the goal.
    pub goal: usize,
    /// Seed of the evaluation that drew it.
    pub seed: u64,
}

/// Draws `n` pairs, `offset` rows apart, from these episodes.
///
/// # Errors
/// If the dataset is not of this world, or there are too few pairs; the text counts what was left
/// out and why.
pub fn draw_pairs(
    env: &dyn GoalWorld,
    (dataset, episodes): (&Dataset, &[usize]),
    (offset, n): (usize, usize),
    rules: &[Rule],
    seed: u64,
) -> Result<Vec<Pair>> {
    check_same_world(env.spec(), dataset)?;
    if offset == 0 || n == 0 {
        return Err(Error::Invalid(format!("{n} pairs {offset} steps apart; both must be at least 1")));
    }
    if let Some(bad) = episodes.iter().find(|e| **e >= dataset.episodes.len()) {
        return Err(Error::Invalid(format!("held-out episode {bad} of a dataset of {}", dataset.episodes.len())));
    }
    let key = Key::new(seed).with("pairs");
    let (mut n_short, mut n_solved, mut n_broken) = (0, 0, 0);
    let mut turns: Vec<Vec<Pair>> = Vec::with_capacity(episodes.len());
    let mut order = episodes.to_vec();
    order.sort_by_key(|&e| (key.with("order").at(e as u64).seed(), e));
    order.dedup();
    for &episode in &order {
        let states = &dataset.episodes[episode].states;
        if states.len() <= offset {
            n_short += 1;
            continue;
        }
        let mut pairs = Vec::new();
        for start in 0..states.len() - offset {
            let (now, goal) = (states.row(start), states.row(start + offset));
            if now.iter().chain(goal).any(|x| !x.is_finite()) {
                n_broken += 1;
            } else if rules.iter().any(|&rule| env.reached(rule, now, goal)) {
                n_solved += 1;
            } else {
                pairs.push(Pair { episode, start, goal: start + offset, seed });
            }
        }
        // The last of a shuffled list is drawn first: popping is taking turns.
        key.at(episode as u64).stream().shuffle(&mut pairs);
        turns.push(pairs);
    }
    let available: usize = turns.iter().map(Vec::len).sum();
    if available < n {
        return Err(Error::Invalid(format!(
            "{n} pairs were asked for, but {} held-out episodes give {available}: {n_short} episodes have no more than {offset} rows, {n_solved} starts fulfil their goal already, {n_broken} rows hold numbers that are not finite; ask for at most {available} pairs, lower the offset, or hold out more episodes",
            order.len()
        )));
    }
    let mut drawn = Vec::with_capacity(n);
    while drawn.len() < n {
        let free = n - drawn.len();
        drawn.extend(turns.iter_mut().filter_map(Vec::pop).take(free));
    }
    Ok(drawn)
}
