//! The sampler's promises: every clip once an epoch, a pure function of the step, actions beside
//! the frame they leave, no clip across episodes.

use crate::fixtures::{assert_says, episode, signature};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrella_core::{Batch, Clip, Dataset, Last, Stats, Window};
use terrella_data::{Prefetch, Sampler, gather};

fn dataset(lengths: &[usize]) -> Arc<Dataset> {
    let (state_stats, action_stats) = (Stats::default(), Stats::default());
    let episodes = lengths.iter().enumerate().map(|(e, n)| episode(e, *n)).collect();
    Arc::new(Dataset {
        signature: signature(),
        episodes,
        state_stats,
        action_stats,
        hash: String::new(),
        notes: Vec::new(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_clip_comes_exactly_once_an_epoch(
        lengths in prop::collection::vec(1usize..20, 1..6),
        n_frames in 1usize..4,
        frame_skip in 1usize..4,
        batch_size in 1usize..9,
        seed in any::<u64>(),
    ) {
        let window = Window { n_frames, frame_skip, goal: None };
        let all: Vec<usize> = (0..lengths.len()).collect();
        let Ok(sampler) = Sampler::new(dataset(&lengths), &all, window, batch_size, seed) else {
            prop_assert!(lengths.iter().all(|n| *n < window.span()), "refused although an episode is long enough");
            return Ok(());
        };
        let n = sampler.n_clips() as usize;
        prop_assert_eq!(n, lengths.iter().map(|l| window.count(*l)).sum::<usize>());
        let skipped: Vec<usize> = all.iter().copied().filter(|e| window.count(lengths[*e]) == 0).collect();
        prop_assert_eq!(sampler.skipped(), skipped.as_slice());
        let stream: Vec<Clip> = (0..).flat_map(|step| sampler.clips(step)).take(3 * n).collect();
        for epoch in stream.chunks(n) {
            let mut times = BTreeMap::new();
            epoch.iter().for_each(|clip| *times.entry(*clip).or_insert(0) += 1);
            prop_assert!(times.len() == n && times.values().all(|t| *t == 1), "each clip once");
            prop_assert!(epoch.iter().all(|c| c.start + window.span() <= lengths[c.episode]), "inside its episode");
        }
        let again = Sampler::new(dataset(&lengths), &all, window, batch_size, seed).expect("as before");
        prop_assert_eq!(again.clips(7), sampler.clips(7), "a function of the step alone");
    }

    #[test]
    fn rows_are_paired_with_the_actions_that_leave_them(
        lengths in prop::collection::vec(10usize..30, 1..4),
        n_frames in 1usize..4,
        frame_skip in 1usize..4,
        step in 0u64..50,
    ) {
        let window = Window { n_frames, frame_skip, goal: None };
        let all: Vec<usize> = (0..lengths.len()).collect();
        let data = dataset(&lengths);
        let batch = Sampler::new(data.clone(), &all, window, 5, 3).expect("long enough").batch(step);
        let per_clip = (n_frames - 1) * frame_skip * 2;
        prop_assert_eq!(batch.actions.len(), 5 * per_clip);
        for (i, clip) in batch.clips.iter().enumerate() {
            for frame in 0..n_frames {
                let row = clip.start + frame * frame_skip;
                let at = (1000 * clip.episode + row) as f32;
                let state = (i * n_frames + frame) * 3;
                prop_assert_eq!(batch.states[state], at, "the state of the row");
                let size = 6 * 4 * 3;
                let picture = &batch.images[(i * n_frames + frame) * size..][..size];
                prop_assert_eq!(picture, data.episodes[clip.episode].frames.as_ref().expect("pictures").bytes(row));
                if frame + 1 < n_frames {
                    // The fixture's action says the row it was taken in.
                    let action = i * per_clip + frame * frame_skip * 2;
                    prop_assert_eq!(batch.actions[action], at, "the action that leaves the row");
                }
            }
        }
    }
}

/// Goals change nothing else, lie ahead within the episode, and are each as likely.
#[test]
fn goals_lie_ahead_and_leave_the_clips_as_they_were() {
    let data = dataset(&[30, 24]);
    let plain = Window { n_frames: 3, frame_skip: 2, goal: None };
    let with_goals = Window { goal: Some(8), ..plain };
    let sampler = |window| Sampler::new(data.clone(), &[0, 1], window, 4, 7).expect("long enough");
    let (without, with) = (sampler(plain), sampler(with_goals));
    let size = 6 * 4 * 3;
    let mut times = BTreeMap::<usize, usize>::new();
    for step in 0..500 {
        let (a, b) = (without.batch(step), with.batch(step));
        assert_eq!((&a.clips, &a.actions, a.shown()), (&b.clips, &b.actions, 3), "step {step}");
        assert_eq!((b.to_goal.len(), b.shown(), a.to_goal.len()), (4, 4, 0), "one goal a clip");
        for (i, (clip, &steps)) in b.clips.iter().zip(&b.to_goal).enumerate() {
            let left = data.episodes[clip.episode].len() - 1 - clip.start;
            assert!(steps >= 1 && steps <= left.min(8), "{steps} steps where {left} rows are left");
            let goal = clip.start + steps;
            let at = |batch: &Batch, row: usize| batch.states[(i * batch.shown() + row) * 3];
            assert!((0..3).all(|row| at(&a, row) == at(&b, row)), "frames as they were");
            assert_eq!(at(&b, 3), (1000 * clip.episode + goal) as f32, "the state of the goal");
            let picture = &b.images[(i * 4 + 3) * size..][..size];
            assert_eq!(picture, data.episodes[clip.episode].frames.as_ref().expect("pictures").bytes(goal));
            if left >= 8 {
                *times.entry(steps).or_default() += 1;
            }
        }
    }
    let (n, rarest) = (times.values().sum::<usize>(), times.values().min().copied().unwrap_or(0));
    // Five standard deviations of a share of an eighth.
    let spread = 5.0 * (n as f64 * 0.125 * 0.875).sqrt();
    assert!(times.len() == 8 && rarest as f64 > n as f64 / 8.0 - spread, "uniform: {times:?}");
    assert_eq!(with.batch(9).to_goal, with.batch(9).to_goal, "a function of the step alone");
    let short = Window { n_frames: 1, frame_skip: 1, goal: Some(3) };
    assert_eq!((short.count(5), Window { goal: None, ..short }.count(5)), (4, 5), "the last row has no goal ahead");
    let refused = Sampler::new(data, &[0], Window { goal: Some(0), ..plain }, 4, 7).expect_err("no goal at all");
    assert_says(&refused, &["0 steps ahead", "at least 1"]);
}

#[test]
fn orders_differ_between_epochs_and_seeds_and_look_random() {
    let data = dataset(&[400]);
    let window = Window { n_frames: 2, frame_skip: 1, goal: None };
    let order = |seed: u64, epoch: u64| {
        let sampler = Sampler::new(data.clone(), &[0], window, 399, seed).expect("long enough");
        sampler.clips(epoch).iter().map(|c| c.start as f64).collect::<Vec<_>>()
    };
    let orders = [order(0, 0), order(0, 1), order(1, 0)];
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        let mean = 199.0;
        let (x, y) = (&orders[a], &orders[b]);
        let covariance: f64 = x.iter().zip(y).map(|(x, y)| (x - mean) * (y - mean)).sum();
        let variance: f64 = x.iter().map(|x| (x - mean).powi(2)).sum();
        // Four standard deviations of the correlation of 399 independent pairs.
        assert!((covariance / variance).abs() < 0.2, "orders {a} and {b} are related");
    }
}

#[test]
fn prefetched_batches_are_those_of_direct_calls() {
    let window = Window { n_frames: 3, frame_skip: 2, goal: Some(6) };
    let sampler = Arc::new(Sampler::new(dataset(&[12, 9]), &[0, 1], window, 4, 5).expect("long enough"));
    let ahead = Prefetch::new(sampler.clone(), 10, 2).expect("a thread");
    for (step, batch) in (10..20).zip(ahead) {
        let direct = sampler.batch(step);
        assert_eq!((batch.clips, batch.images, batch.actions), (direct.clips, direct.images, direct.actions), "{step}");
        assert_eq!(batch.to_goal, direct.to_goal, "{step}");
    }
    // The iterator is dropped by now; its thread holds the only other reference and gives it back.
    let gone = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        Arc::strong_count(&sampler) == 1
    });
    assert!(gone, "the thread ends by itself");
}

#[test]
fn episodes_shorter_than_the_window_are_named_or_refused() {
    let data = dataset(&[4, 20, 3]);
    let window = Window { n_frames: 4, frame_skip: 5, goal: None };
    let sampler = Sampler::new(data.clone(), &[0, 1, 2], window, 2, 0).expect("one is long enough");
    assert_eq!(sampler.skipped(), [0, 2], "the short ones");
    let error = Sampler::new(data.clone(), &[0, 2], window, 2, 0).expect_err("all are too short");
    assert_says(&error, &["all 2 episodes", "16 rows", "longest has 4", "lower the number of frames"]);
    let error = Sampler::new(data.clone(), &[7], window, 2, 0).expect_err("there is no such episode");
    assert_says(&error, &["episode 7", "has 3"]);
    assert!(Sampler::new(data, &[1], Window { n_frames: 0, frame_skip: 1, goal: None }, 2, 0).is_err(), "no frames");
}

#[test]
fn windows_carry_how_long_actions_last_and_what_came_of_them() {
    let window = Window { n_frames: 3, frame_skip: 2, goal: None };
    let clips = [Clip { episode: 1, start: 2 }, Clip { episode: 0, start: 0 }];
    let mut data = Arc::unwrap_or_clone(dataset(&[5, 9]));
    let mut batch = Batch::default();
    gather(&data, window, (&clips, &[]), &mut batch);
    assert_eq!(batch.dt, [0.1; 8], "a constant rate");
    assert!(batch.rewards.is_empty() && batch.ends.is_empty(), "nothing was logged");
    (data.signature.reward, data.signature.ends) = (true, true);
    for episode in &mut data.episodes {
        let rows = episode.len();
        episode.rewards = (0..rows).map(|t| (10 * episode.index + t) as f32).collect();
        episode.terminated = (0..rows).map(|t| t == 3).collect();
    }
    // Rows of the second episode lie further and further apart.
    data.episodes[1].times = (0..9).map(|t| f64::from(t * t) / 64.0).collect();
    gather(&data, window, (&clips, &[]), &mut batch);
    let square = |t: f32| (2.0 * t + 1.0) / 64.0;
    assert_eq!(batch.dt, [square(2.0), square(3.0), square(4.0), square(5.0), 0.1, 0.1, 0.1, 0.1], "irregular times");
    assert_eq!(batch.rewards, [12.0, 13.0, 14.0, 15.0, 0.0, 1.0, 2.0, 3.0], "rewards of the actions");
    assert_eq!(batch.ends, [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0], "ends of the actions");
    let ending: Vec<usize> = batch.lasts.iter().map(|last| last.clip).collect();
    assert_eq!(ending, [1], "the second clip reaches to the end of its episode, the first does not");
    // The last action of an episode had an outcome that no window of rows and the actions between them shows.
    let mut whole = Batch::default();
    gather(&data, window, (&[clips[1], Clip { episode: 1, start: 4 }], &[]), &mut whole);
    let action = data.episodes[1].actions.row(8).to_vec();
    let last = Last { clip: 1, action, dt: 0.1, reward: Some(18.0), ended: Some(false) };
    assert_eq!(whole.lasts[1..], [last], "the last row of the second episode");
    assert_eq!((whole.lasts[0].clip, whole.lasts[0].reward), (0, Some(4.0)), "the last row of the first");
}
