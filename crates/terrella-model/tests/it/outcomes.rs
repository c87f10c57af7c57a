//! The ensemble learns what a step was worth and whether it ended the task, from recordings that have it.

use crate::support::alone;
use burn::prelude::*;
use terrella_core::{Acts, Batch, Clip, Dataset, Dynamics, Episode, Key, Last, Observation, Signature, Stats, Table};
use terrella_model::{AnyWorld, EnsembleConfig, EnsembleWorld, Interface, TrainConfig, Trainer, load_any, save_world};

/// Carts that are pushed about. A step is worth the more the nearer it starts to 0.5 and the less it pushes; the
/// task ends when a cart is beyond 1 after it; at -1 there is a wall. No row is logged after that.
pub(crate) fn carts(logged: bool) -> Dataset {
    let episode = |index: usize| {
        let mut stream = Key::new(11).at(index as u64).stream();
        let (mut place, mut speed) = (stream.uniform(-1.0, 0.8), stream.uniform(-0.5, 0.5));
        let mut episode = Episode { index, states: Table::new(2), actions: Table::new(1), ..Episode::default() };
        for _ in 0..40 {
            let push = stream.uniform(-1.0, 1.0);
            episode.states.push(&[place as f32, speed as f32]);
            episode.actions.push(&[push as f32]);
            if logged {
                episode.rewards.push((5.0 - 3.0 * (place - 0.5).powi(2) - push * push) as f32);
                episode.terminated.push(place + 0.25 * (speed + 0.4 * push) > 1.0);
                episode.truncated.push(false);
            }
            speed += 0.4 * push;
            place += 0.25 * speed;
            if place < -1.0 {
                (place, speed) = (-1.0, 0.5 * speed.abs());
            }
            if place > 1.0 {
                break;
            }
        }
        episode
    };
    let signature = Signature {
        fps: 10.0,
        state: vec!["place".into(), "speed".into()],
        action: vec!["push".into()],
        reward: logged,
        ends: logged,
        ..Signature::default()
    };
    let [state_stats, action_stats] = [2, 1].map(|width| Stats::of(width, []));
    let episodes = (0..120).map(episode).collect();
    Dataset { signature, episodes, state_stats, action_stats, hash: "carts".into(), notes: vec![] }
}

/// Episodes of these are learned from, the others are not.
const LEARNED: usize = 90;

/// Some steps of the learned episodes, as a sampler lays them out.
fn batch(data: &Dataset, step: u64) -> Batch {
    let mut stream = Key::new(1).at(step).stream();
    let mut batch = Batch { n_frames: 2, ..Batch::default() };
    while batch.clips.len() < 128 {
        let at = stream.below(LEARNED);
        let episode = &data.episodes[at];
        if episode.len() < 2 {
            continue;
        }
        let start = stream.below(episode.len() - 1);
        batch.states.extend_from_slice(&episode.states.data[2 * start..2 * start + 4]);
        batch.actions.extend_from_slice(episode.actions.row(start));
        batch.dt.push(0.1);
        if data.signature.reward {
            batch.rewards.push(episode.rewards[start]);
            batch.ends.push(f32::from(u8::from(episode.terminated[start])));
            if start + 2 == episode.len() {
                batch.lasts.push(Last {
                    clip: batch.clips.len(),
                    action: episode.actions.row(start + 1).to_vec(),
                    dt: 0.1,
                    reward: Some(episode.rewards[start + 1]),
                    ended: Some(episode.terminated[start + 1]),
                });
            }
        }
        batch.clips.push(Clip { episode: at, start });
    }
    batch
}

pub(crate) fn trained(data: &Dataset, steps: u64) -> Trainer<EnsembleConfig> {
    let interface = Interface::of(data, &(0..LEARNED).collect::<Vec<_>>(), &[]).expect("an interface");
    let config = TrainConfig { steps: steps.max(1), learning_rate: 3e-3, ..TrainConfig::default() };
    let family = EnsembleConfig { members: 3, layers: 2, hidden: 64, ..EnsembleConfig::default() };
    let mut trainer = Trainer::new(family, interface, config, &Device::flex());
    while trainer.step() < steps {
        let at = trainer.step();
        trainer.advance(&batch(data, at), false).expect("a step");
    }
    trainer
}

fn state(world: &EnsembleWorld, row: &[f32]) -> <EnsembleWorld as Dynamics>::State {
    world.observe(&[Observation { image: None, state: row.to_vec() }]).expect("a state")
}

/// Error of foretold rewards as a share of their deviation, and shares of ends and of other steps that are told right.
fn judged(world: &EnsembleWorld, data: &Dataset) -> (f32, f32, f32) {
    let (mut told, mut truth, mut right) = (Vec::new(), Vec::new(), [[0.0f32; 2]; 2]);
    for episode in &data.episodes[LEARNED..] {
        for row in 0..episode.len() {
            let after = world.step(&state(world, episode.states.row(row)), Acts::of(episode.actions.row(row)));
            told.push(world.reward(&after).expect("a reward")[0]);
            truth.push(episode.rewards[row]);
            let (ended, says) = (episode.terminated[row], world.ended(&after).expect("an end")[0] > 0.5);
            right[usize::from(ended)][usize::from(ended == says)] += 1.0;
        }
    }
    let n = truth.len() as f32;
    let mean = truth.iter().sum::<f32>() / n;
    let square = |from: &dyn Fn(usize) -> f32| (0..truth.len()).map(|i| (truth[i] - from(i)).powi(2)).sum::<f32>() / n;
    let share = |[wrong, right]: [f32; 2]| right / (wrong + right);
    ((square(&|i| told[i]) / square(&|_| mean)).sqrt(), share(right[1]), share(right[0]))
}

#[test]
fn rewards_and_ends_are_foretold_after_some_training() {
    let _turn = alone();
    let data = carts(true);
    let ends = |episodes: &[Episode]| episodes.iter().filter(|e| e.terminated.last() == Some(&true)).count();
    assert!(ends(&data.episodes[LEARNED..]) >= 10, "enough ends to judge by");
    let (error, ended, others) = judged(&trained(&data, 0).world(&Device::flex()), &data);
    assert!(error > 0.5 && ended.min(others) < 0.9, "nothing was learned yet: {error}, {ended}, {others}");
    let mut trainer = trained(&data, 1000);
    let (error, ended, others) = judged(&trainer.world(&Device::flex()), &data);
    assert!(error < 0.15, "reward: error of {error} of the deviation");
    assert!(ended > 0.9 && others > 0.98, "ends: {ended} of them, and {others} of the others, told right");
    let told = trainer.advance(&batch(&data, 1000), true).expect("a step").expect("losses").losses;
    let names: Vec<&str> = told.names().collect();
    let want = ["end", "gradient_norm", "likelihood", "predict", "reward", "standing_still", "total"];
    assert_eq!(names, want, "losses have names");
    assert!(told.get("reward") < 0.05 && told.get("end") < 0.1, "{told:?}");
}

#[test]
fn outcomes_survive_a_file_and_are_asked_of_recordings() {
    let _turn = alone();
    let (data, folder) = (carts(true), tempfile::tempdir().expect("a folder"));
    let mut trainer = trained(&data, 3);
    trainer.save(folder.path()).expect("a checkpoint");
    let mut resumed =
        Trainer::<EnsembleConfig>::resume(folder.path(), &Device::flex()).expect("readable").expect("there");
    for trainer in [&mut trainer, &mut resumed] {
        trainer.advance(&batch(&data, 3), false).expect("a step");
    }
    let after = |trainer: &Trainer<EnsembleConfig>| {
        let world = trainer.world(&Device::flex());
        let after = world.step(&state(&world, &[0.2, 0.1]), Acts::of(&[0.5]));
        (world.read(&after), world.reward(&after).expect("a reward"), world.ended(&after).expect("an end"))
    };
    assert_eq!(after(&trainer), after(&resumed), "after a stop");
    save_world(&resumed, &folder.path().join("model")).expect("saved");
    let loaded = load_any(&folder.path().join("model"), &Device::flex()).expect("loaded");
    let told = loaded.step(
        &loaded.observe(&[Observation { image: None, state: vec![0.2, 0.1] }]).expect("a state"),
        Acts::of(&[0.5]),
    );
    let (_, reward, ended) = after(&resumed);
    assert_eq!((loaded.reward(&told), loaded.ended(&told)), (Some(reward), Some(ended)), "by a world of any family");
    assert_eq!(loaded.interface(), &trainer.interface, "statistics of rewards go with the weights");
    // What was learned must be there, or it is said what is not.
    let told = trainer.advance(&batch(&carts(false), 4), false).expect_err("no rewards").to_string();
    assert!(told.contains("reward") && told.contains("128 actions of a batch have 0"), "{told}");
}

#[test]
fn where_nothing_was_logged_nothing_is_foretold() {
    let _turn = alone();
    let data = carts(false);
    let world = trained(&data, 1).world(&Device::flex());
    let after = world.step(&state(&world, &[0.2, 0.1]), Acts::of(&[0.5]));
    assert!(world.reward(&after).is_none() && world.ended(&after).is_none(), "no outcome");
    // The text of a checkpoint is what it was.
    let text = serde_json::to_string(world.interface()).expect("JSON");
    assert!(!text.contains("reward_stats") && !text.contains("\"ends\":true"), "{text}");
    // Tasks that never ended teach no ends.
    let mut data = carts(true);
    data.episodes.iter_mut().for_each(|e| e.terminated.fill(false));
    let world = trained(&data, 1).world(&Device::flex());
    let after = world.step(&state(&world, &[0.2, 0.1]), Acts::of(&[0.5]));
    assert!(world.reward(&after).is_some() && world.ended(&after).is_none(), "a reward, and no end");
}

/// Weights after some steps and a noisy rollout, whatever the number of threads; each number of them is set for a
/// process of its own, since threads are started once.
#[test]
fn threads_change_no_number() {
    const FILE: &str = "TERRELLA_TEST_NUMBERS";
    if let Some(path) = std::env::var_os(FILE) {
        let world = trained(&carts(true), 4).world(&Device::flex());
        let start = state(&world, &[0.1, 0.2]).with_noise(Key::new(3));
        let sequences: Vec<f32> = (0..150 * 5).map(|i| (i as f32 * 0.1).sin()).collect();
        let rollout = world.roll_out(&start, &[0; 150], &sequences);
        let numbers = rollout
            .iter()
            .flat_map(|after| [world.read(after).expect("states").data, world.reward(after).expect("rewards")]);
        let bytes: Vec<u8> = numbers.flatten().flat_map(f32::to_le_bytes).collect();
        std::fs::write(path, bytes).expect("written");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let run = |threads: &str| {
        let path = folder.path().join(threads);
        let mut child = std::process::Command::new(std::env::current_exe().expect("this test"));
        child
            .args(["--exact", "outcomes::threads_change_no_number"])
            .env("RAYON_NUM_THREADS", threads)
            .env(FILE, &path);
        assert!(child.output().expect("run").status.success(), "{threads} threads");
        std::fs::read(path).expect("numbers")
    };
    let [one, three] = ["1", "3"].map(run);
    assert_eq!(one.len(), 4 * 150 * 5 * 3, "all numbers");
    assert!(one == three, "one thread and three differ");
}

/// A rollout at once is one step after another.
#[test]
fn rollouts_at_once_are_steps_one_after_another() {
    let _turn = alone();
    let world = trained(&carts(true), 2).world(&Device::flex());
    let sequences: Vec<f32> = (0..100 * 4).map(|i| (i as f32 * 0.7).cos()).collect();
    for noise in [false, true] {
        let start = state(&world, &[0.1, 0.2]);
        let start = if noise { start.with_noise(Key::new(8)) } else { start };
        let rollout = world.roll_out(&start, &[0; 100], &sequences);
        assert_eq!(rollout.len(), 4, "a batch after each step");
        let mut now = world.take(&start, &[0; 100]);
        for (step, at_once) in rollout.iter().enumerate() {
            let actions: Vec<f32> = sequences.chunks(4).map(|row| row[step]).collect();
            now = world.step(&now, Acts::of(&actions));
            assert_eq!(world.read(&now), world.read(at_once), "states after step {step}");
            assert_eq!(world.reward(&now), world.reward(at_once), "rewards of step {step}");
            assert_eq!(world.ended(&now), world.ended(at_once), "ends of step {step}");
        }
    }
}

/// A world of any family hands particles and noise on from the world inside it.
#[test]
fn particles_of_a_row_lie_side_by_side_and_their_mean_is_what_is_read() {
    let _turn = alone();
    let trainer = trained(&carts(true), 2);
    let world = trainer.world(&Device::flex());
    let hidden = AnyWorld::new(trainer.model_config.clone(), trainer.interface.clone(), trainer.world(&Device::flex()));
    let seen = [[0.1f32, 0.2], [0.5, -0.3]].map(|row| Observation { image: None, state: row.to_vec() });
    let pushes = [0.5, -0.5];
    let start = hidden.observe(&seen).expect("states");
    let still = hidden.step(&start, Acts::of(&pushes));
    let (particles, read) = (hidden.particles(&still).expect("particles"), hidden.read(&still).expect("states"));
    assert_eq!((particles.len(), particles.width), (6, 2), "three members of two rows");
    for (row, read) in read.rows().enumerate() {
        for (column, read) in read.iter().enumerate() {
            let mean = (0..3).map(|member| particles.row(3 * row + member)[column]).sum::<f32>() / 3.0;
            assert!((mean - read).abs() < 1e-5, "row {row}, number {column}: {mean} beside {read}");
        }
    }
    let loud = hidden.step(&hidden.noisy(start, Key::new(4)), Acts::of(&pushes));
    let own = world.observe(&seen).expect("states").with_noise(Key::new(4));
    let own = world.particles(&world.step(&own, Acts::of(&pushes))).expect("particles");
    assert_eq!(hidden.particles(&loud).expect("particles"), own, "the same noise");
    assert!(own != particles, "which is some");
}
