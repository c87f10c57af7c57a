//! Learning works: after seconds in TwoRoom, imagination beats saying that nothing changes, and who
//! plans in it beats chance; without the seconds neither is so.

use crate::support::{device, fresh, tiny, training};
use terrella::Watch;
use terrella::pipeline::{Actor, CollectConfig, Recordings, Run, collect, evaluate, train_whole};
use terrella_core::{Rule, View};
use terrella_eval::{RolloutConfig, rollout_error};
use terrella_model::Saved;

/// A model of logged states after so many steps, and what it was trained on.
fn trained(name: &str, steps: u64) -> (Run, Recordings, Saved) {
    let more = [
        "model.kind=jepa",
        "model.sees=state",
        &format!("train.steps={steps}"),
        "train.batch_size=64",
        "train.learning_rate=1e-3",
        &format!("reacher.steps={steps}"),
        "planner.samples=64",
        "planner.iterations=3",
        "planner.elites=8",
        "eval.pairs=40",
        "eval.policies=[\"hybrid\", \"search\"]",
    ];
    let mut settings = tiny("tworoom", &more);
    let folder = fresh(&format!("{name}-{steps}"));
    let data = folder.join("data");
    let config = CollectConfig {
        env: "tworoom".to_owned(),
        episodes: 60,
        steps: Some(60),
        explore: 0.3,
        explorer: Default::default(),
        noise: 0.05,
        size: 0,
        seed: 1,
        threads: 2,
    };
    collect(&data, &config, &Watch::silent()).expect("recorded");
    settings.data.path = Some(data.clone());
    let mut recordings = Recordings::open(&data, &settings, &Watch::silent()).expect("recordings");
    let run = Run::create("train", Some(&folder.join("run")), settings).expect("a run");
    let (saved, _) = train_whole(&run, &mut recordings, &device(), &Watch::silent()).expect("a model");
    (run, recordings, saved)
}

/// Error of imagined positions three blocks ahead, as a share of the error of copying the first.
fn share_of_copying(steps: u64) -> [f64; 2] {
    let _turn = training();
    let (_, recordings, saved) = trained("learning", steps);
    let spec = recordings.world().expect("a world").spec().clone();
    let sides = (&*recordings.dataset, &recordings.split.train[..], &recordings.split.held_out[..]);
    let config = RolloutConfig { horizon: 3, clips: 60, mean_rows: 60, batch: 60, seed: 0 };
    let table =
        rollout_error(&saved.world, &spec, sides, View { picture: None, state: true }, &config).expect("a table");
    ["latent", "agent"].map(|name| {
        let quantity = table.quantity(name).expect(name);
        let last = |curve: &str| quantity.curve(curve).and_then(|c| c.points.last()).expect(curve).mean;
        last("model") / last("copy-last")
    })
}

/// How far the lower end of the rate of success of each policy (hybrid, search) lies above the upper end of
/// chance.
fn above_chance(steps: u64) -> [f64; 2] {
    let _turn = training();
    let (run, recordings, saved) = trained("success", steps);
    let actor = Actor::new(&run, saved, &recordings).expect("an actor");
    let evaluation = evaluate(&run, &actor, &recordings, &Watch::silent()).expect("scores");
    [0, 1].map(|at| {
        let card = &evaluation.scorecards[at];
        eprintln!("after {steps} steps, {card}");
        let score = card.score(Rule::Moderate).expect("a rule that is noted");
        score.interval().low - score.random().1.high
    })
}

#[test]
fn a_trained_model_beats_copying_and_an_untrained_one_does_not() {
    let trained = share_of_copying(400);
    let untrained = share_of_copying(1);
    eprintln!("share of copy-last's error (latent, agent): trained {trained:?}, untrained {untrained:?}");
    assert!(trained[0] < 0.25 && trained[1] < 0.5, "trained: {trained:?}");
    assert!(untrained[0] > 0.5 || untrained[1] > 0.9, "an untrained model passes too: {untrained:?}");
}

#[test]
fn who_plans_in_a_trained_model_beats_chance_and_in_an_untrained_one_does_not() {
    let trained = above_chance(400);
    let untrained = above_chance(1);
    eprintln!("above chance (hybrid, search): trained {trained:?}, untrained {untrained:?}");
    assert!(trained.iter().all(|&above| above > 0.0), "trained: {trained:?}");
    assert!(untrained.iter().all(|&above| above < 0.0), "an untrained model passes too: {untrained:?}");
}
