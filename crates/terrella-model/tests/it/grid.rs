//! A world of five by five cells, learned from random play by the recurrent state-space model, and solved by thinking ahead in it.
//!
//! Losses of such models fall whatever else is wrong: an action one row off, rewards of the row before, ends that nobody learns since no
//! row follows them. Then nobody reaches the goal. Thinking ahead is exhaustive: from a belief all four moves, from what they lead to
//! all four again, where cells that the model reads twice are gone on from once.

use crate::rssm::small;
use crate::support::alone;
use burn::prelude::*;
use terrella_core::{Acts, Batch, Clip, Dataset, Dynamics, Episode, Key, Last, Observation, Signature, Stats, Table};
use terrella_model::{Interface, RssmConfig, RssmWorld, TrainConfig, Trainer};

const SIDE: i32 = 5;
const GOAL: [i32; 2] = [4, 4];
const MOVES: [[f32; 2]; 4] = [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]];
const FRAMES: usize = 6;

/// A wall across the middle, with a way round at both ends.
fn wall([x, y]: [i32; 2]) -> bool {
    y == 2 && (1..=3).contains(&x)
}

/// Where a move leads; out of the world, and into the wall, nowhere.
fn moved([x, y]: [i32; 2], action: &[f32]) -> [i32; 2] {
    let to = [x + action[0] as i32, y + action[1] as i32];
    let inside = to.iter().all(|at| (0..SIDE).contains(at));
    if inside && !wall(to) { to } else { [x, y] }
}

fn state([x, y]: [i32; 2]) -> Vec<f32> {
    vec![x as f32, y as f32]
}

/// Cells that one can be in before the goal.
fn cells() -> Vec<[i32; 2]> {
    let all = (0..SIDE).flat_map(|x| (0..SIDE).map(move |y| [x, y]));
    all.filter(|at| !wall(*at) && *at != GOAL).collect()
}

/// Random play. The move that reaches the goal brings 1 and ends the episode: no row is logged after it.
fn play() -> Dataset {
    let episode = |index: usize| {
        let mut stream = Key::new(21).at(index as u64).stream();
        let cells = cells();
        let mut at = cells[stream.below(cells.len())];
        let mut episode = Episode { index, states: Table::new(2), actions: Table::new(2), ..Episode::default() };
        for _ in 0..24 {
            let action = MOVES[stream.below(4)];
            episode.states.push(&state(at));
            episode.actions.push(&action);
            at = moved(at, &action);
            episode.rewards.push(if at == GOAL { 1.0 } else { 0.0 });
            episode.terminated.push(at == GOAL);
            episode.truncated.push(false);
            if at == GOAL {
                break;
            }
        }
        episode
    };
    let signature = Signature {
        fps: 1.0,
        state: vec!["x".into(), "y".into()],
        action: vec!["right".into(), "up".into()],
        reward: true,
        ends: true,
        ..Signature::default()
    };
    let [state_stats, action_stats] = [2, 2].map(|width| Stats::of(width, []));
    let episodes = (0..300).map(episode).collect();
    Dataset { signature, episodes, state_stats, action_stats, hash: "grid".into(), notes: vec![] }
}

fn batch(data: &Dataset, step: u64) -> Batch {
    let mut stream = Key::new(2).at(step).stream();
    let mut batch = Batch { n_frames: FRAMES, ..Batch::default() };
    while batch.clips.len() < 32 {
        let at = stream.below(data.episodes.len());
        let episode = &data.episodes[at];
        if episode.len() < FRAMES {
            continue;
        }
        let start = stream.below(episode.len() + 1 - FRAMES);
        let last = start + FRAMES - 1;
        batch.states.extend_from_slice(&episode.states.data[2 * start..2 * (last + 1)]);
        batch.actions.extend_from_slice(&episode.actions.data[2 * start..2 * last]);
        batch.dt.extend([1.0; FRAMES - 1]);
        batch.rewards.extend_from_slice(&episode.rewards[start..last]);
        batch.ends.extend([0.0; FRAMES - 1]);
        if last + 1 == episode.len() {
            batch.lasts.push(Last {
                clip: batch.clips.len(),
                action: episode.actions.row(last).to_vec(),
                dt: 1.0,
                reward: Some(episode.rewards[last]),
                ended: Some(episode.terminated[last]),
            });
        }
        batch.clips.push(Clip { episode: at, start });
    }
    batch
}

fn learned(steps: u64) -> RssmWorld {
    let data = play();
    let about = Interface::of(&data, &(0..data.episodes.len()).collect::<Vec<_>>(), &[]).expect("an interface");
    let train = TrainConfig { steps: steps.max(1), learning_rate: 2e-3, ..TrainConfig::default() };
    let mut trainer: Trainer<RssmConfig> = Trainer::new(small(), about, train, &Device::flex());
    for step in 0..steps {
        let log = (step + 1).is_multiple_of(500);
        if let Some(told) = trainer.advance(&batch(&data, step), log).expect("a step") {
            eprintln!("step {}: {:?}", told.step, told.losses);
        }
    }
    trainer.world(&Device::flex())
}

/// The first of the moves that the model says end soonest at the goal; where none does within ten, of those that nearly do.
fn thought(world: &RssmWorld, belief: &<RssmWorld as Dynamics>::State) -> usize {
    let cell = |row: &[f32]| [row[0], row[1]].map(|x| (x.round() as i32).clamp(0, SIDE - 1));
    let mut known = vec![cell(world.read(belief).expect("a state").row(0))];
    let (mut frontier, mut firsts) = (belief.clone(), vec![usize::MAX]);
    let mut best = (0.0, 0);
    for _ in 0..10 {
        let rows: Vec<usize> = (0..firsts.len()).flat_map(|row| [row; 4]).collect();
        let actions = MOVES.as_flattened().repeat(firsts.len());
        let after = world.step(&world.take(&frontier, &rows), Acts::of(&actions));
        let (read, ended) = (world.read(&after).expect("states"), world.ended(&after).expect("ends"));
        let first = |at: usize| if firsts[rows[at]] == usize::MAX { at } else { firsts[rows[at]] };
        let reward = world.reward(&after).expect("rewards");
        // What ends must be worth something, too.
        for (at, worth) in ended.iter().zip(&reward).map(|(ended, reward)| ended.min(*reward)).enumerate() {
            if worth > best.0 {
                best = (worth, first(at));
            }
        }
        if best.0 > 0.5 {
            break;
        }
        let mut fresh = Vec::new();
        for at in 0..rows.len() {
            if !known.contains(&cell(read.row(at))) {
                known.push(cell(read.row(at)));
                fresh.push(at);
            }
        }
        if fresh.is_empty() {
            break;
        }
        let next: Vec<usize> = fresh.iter().map(|at| first(*at)).collect();
        (frontier, firsts) = (world.take(&after, &fresh), next);
    }
    best.1
}

/// Moves to the goal from each cell, at best.
fn distance(from: [i32; 2]) -> usize {
    let (mut seen, mut reached, mut n) = (vec![from], vec![from], 0);
    while !reached.contains(&GOAL) {
        let next = reached.iter().flat_map(|at| MOVES.map(|action| moved(*at, &action)));
        reached = next.filter(|at| !seen.contains(at)).collect();
        seen.extend(&reached);
        n += 1;
    }
    n
}

/// From how many starts the goal is reached within two moves more than it takes.
fn solved(world: &RssmWorld) -> usize {
    let look = |at: [i32; 2]| [Observation { image: None, state: state(at) }];
    let solves = |start: &[i32; 2]| {
        let mut at = *start;
        let mut belief = world.observe(&look(at)).expect("a state");
        for _ in 0..distance(at) + 2 {
            let action = MOVES[thought(world, &belief)];
            at = moved(at, &action);
            if at == GOAL {
                return true;
            }
            belief = world.track(&belief, &action, &look(at)).expect("a state");
        }
        false
    };
    let (solved, failed): (Vec<_>, Vec<_>) = cells().into_iter().partition(solves);
    eprintln!("solved from {} starts, not from {failed:?}", solved.len());
    solved.len()
}

#[test]
fn a_small_world_is_solved_from_most_starts_after_random_play_and_not_before() {
    let _turn = alone();
    let starts = cells().len();
    assert_eq!((starts, distance([0, 0])), (21, 8), "the world is what was meant");
    let untrained = solved(&learned(0));
    assert!(untrained < starts / 2, "an untrained model solves it from {untrained} of {starts}");
    // 17, after 4,000 steps too: it loses its way from the far corners, where eight moves have to be imagined. Until that is
    // mended, no figure of this family counts (docs/rssm.md).
    let trained = solved(&learned(1500));
    assert!(3 * trained > 2 * starts, "solved from {trained} of {starts} starts");
}
