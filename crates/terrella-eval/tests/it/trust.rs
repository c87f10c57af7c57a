//! Bands on simulated twins: processes that are known, and models whose word is wrong by any factor.

use super::*;

/// Rows of an episode.
const ROWS: usize = 15;

/// A number that decays towards what is pushed, and an angle that turns: the model knows both rules, and tells noise of some
/// deviation in them, or none.
struct Decay {
    tells: Option<f32>,
}

#[derive(Clone)]
struct Now {
    /// `[rows, 2]`.
    states: Table,
    noise: Option<(Key, u64)>,
}

impl Dynamics for Decay {
    type State = Now;

    fn block_width(&self) -> usize {
        1
    }

    fn observe(&self, seen: &[Observation]) -> Result<Now> {
        Ok(Now { states: Table { width: 2, data: seen.iter().flat_map(|o| o.state.clone()).collect() }, noise: None })
    }

    fn take(&self, state: &Now, rows: &[usize]) -> Now {
        Now { states: state.states.take(rows), noise: state.noise }
    }

    fn step(&self, state: &Now, acts: Acts<'_>) -> Now {
        let mut states = Table::new(2);
        for (row, (now, push)) in state.states.rows().zip(acts.blocks).enumerate() {
            let mut next = [0.9 * now[0] + push, now[1] + 0.3];
            if let (Some((key, step)), Some(deviation)) = (state.noise, self.tells) {
                let mut stream = key.at(step).at(row as u64).stream();
                next.iter_mut().for_each(|x| *x += deviation * stream.normal() as f32);
            }
            states.push(&next);
        }
        Now { states, noise: state.noise.map(|(key, step)| (key, step + 1)) }
    }

    fn latents(&self, state: &Now) -> Table {
        state.states.clone()
    }

    fn read(&self, state: &Now) -> Option<Table> {
        Some(state.states.clone())
    }

    fn noisy(&self, state: Now, key: Key) -> Now {
        Now { noise: Some((key, 0)), ..state }
    }

    fn particles(&self, state: &Now) -> Option<Table> {
        self.tells.map(|_| state.states.clone())
    }

    fn draw(&self, _: &Now) -> Option<Vec<Image>> {
        None
    }
}

/// Recordings of it with heavy tails, in which some episodes are seven times as noisy as others; turns are recorded within half a
/// turn to either side.
fn twins(n: usize) -> Dataset {
    let episode = |index: usize| {
        let mut stream = Key::new(8).with("twins").at(index as u64).stream();
        let noise = stream.uniform(-1.0, 1.0).exp();
        let error = move |stream: &mut Stream| noise * stream.normal() * stream.normal().abs();
        let (mut x, mut turn) = (stream.normal(), stream.uniform(-3.0, 3.0));
        let mut episode = Episode { index, states: Table::new(2), actions: Table::new(1), ..Episode::default() };
        for _ in 0..ROWS {
            let push = stream.normal();
            episode.states.push(&[x as f32, wrapped(turn as f32)]);
            episode.actions.push(&[push as f32]);
            x = 0.9 * x + push + error(&mut stream);
            turn += 0.3 + 0.1 * error(&mut stream);
        }
        episode
    };
    Dataset {
        signature: Signature {
            fps: 10.0,
            state: vec!["x".into(), "turn".into()],
            units: vec!["m".into(), "rad".into()],
            action: vec!["push".into()],
            ..Signature::default()
        },
        episodes: (0..n).map(episode).collect(),
        state_stats: Stats::default(),
        action_stats: Stats::default(),
        hash: "twins".into(),
        notes: vec![],
    }
}

fn numbers(tolerance: [Option<f64>; 2]) -> Vec<BandNumber> {
    let number = |(at, name): (usize, &str)| BandNumber {
        name: name.to_owned(),
        unit: if at == 1 { "rad" } else { "m" }.to_owned(),
        angle: at == 1,
        tolerance: tolerance[at],
        factor: None,
    };
    ["x", "turn"].into_iter().enumerate().map(number).collect()
}

fn measured(model: &Decay, data: &Dataset, tolerance: [Option<f64>; 2]) -> Result<(Trust, Calibration)> {
    let held_out: Vec<usize> = (0..data.episodes.len()).collect();
    let config = TrustConfig { horizon: 12, clips: 2, ..TrustConfig::default() };
    trust(model, (data, &[], &held_out[..]), (VIEW, numbers(tolerance)), &config)
}

#[test]
fn nine_of_ten_twins_stay_in_their_band_all_the_way_however_wrong_the_model_is_about_itself() {
    let data = twins(6000);
    for tells in [Some(0.02), Some(5.0), None] {
        let (found, kept) = measured(&Decay { tells }, &data, [None; 2]).expect("bands");
        assert_eq!((found.joint.of, found.band.blocks, found.short), (3000, 12, 0), "episodes, not rows");
        assert_eq!(found.band.promise.episodes, if tells.is_some() { 3000 } else { 2250 }, "a quarter makes the scale");
        assert_eq!(kept.residuals.is_empty(), tells.is_some(), "particles need no residuals");
        let singles = found.numbers.iter().map(|number| number.covered);
        for covered in singles.chain([found.joint]) {
            assert!((covered.rate() - 0.9).abs() < 0.03, "told {tells:?}: {covered:?}");
        }
        for [promised, held, _] in &found.curve {
            assert!((promised - held).abs() < 0.06, "told {tells:?}: {promised} promised, {held} held");
        }
        // A band that held each step by itself would be left much more often.
        let joint = found.band.joint.expect("finite");
        assert!(found.band.numbers.iter().all(|number| number.factor.is_some_and(|one| one <= joint)), "all at once");
    }
}

#[test]
fn the_same_seed_makes_the_same_band_and_another_splits_otherwise() {
    let data = twins(60);
    let model = Decay { tells: Some(0.1) };
    let [first, again] = [0, 0].map(|_| measured(&model, &data, [None; 2]).expect("bands").1);
    assert_eq!(first, again, "keyed");
    let held_out: Vec<usize> = (0..60).collect();
    let config = TrustConfig { horizon: 12, clips: 2, seed: 1, ..TrustConfig::default() };
    let other =
        trust(&model, (&data, &[0, 1, 2], &held_out[..]), (VIEW, numbers([None; 2])), &config).expect("bands").1;
    assert_ne!(first.band.joint, other.band.joint, "other episodes calibrate");
}

#[test]
fn horizons_end_where_bands_outgrow_what_is_tolerated() {
    let data = twins(200);
    let of = |x: f64| measured(&Decay { tells: None }, &data, [Some(x), Some(1e6)]).expect("bands").0;
    let first = of(1e6);
    let factor = first.band.numbers[0].factor.expect("finite");
    let reach: Vec<f64> = first.numbers[0].scale.iter().map(|scale| factor * scale).collect();
    let tolerance = 1.001 * reach[..4].iter().copied().fold(0.0, f64::max);
    let horizons = [0.999 * reach[0], tolerance, 1e6].map(|x| of(x).numbers[0].horizon.expect("a tolerance"));
    assert_eq!((horizons[0], horizons[2]), (0, 12), "never, and always");
    assert!(
        horizons[1] >= 4 && reach.get(horizons[1]).is_none_or(|next| *next > tolerance),
        "{horizons:?} of {reach:?}"
    );
    let found = of(1e-6);
    assert_eq!((found.horizon, found.numbers[1].horizon), (Some(0), Some(12)), "the shortest of them counts for all");
    let told = found.to_string();
    assert!(told.contains("12 or more") && found.words().contains("fitted on 25 more episodes"), "{told}");
}

#[test]
fn too_few_episodes_or_too_short_ones_are_told() {
    let told = measured(&Decay { tells: Some(1.0) }, &twins(8), [None; 2]).expect_err("too few").to_string();
    assert!(told.contains("17 held-out episodes in all, and there are 8"), "{told}");
    let mut data = twins(40);
    for episode in &mut data.episodes[..10] {
        (episode.states.data, episode.actions.data) = (vec![0.0; 10], vec![0.0; 5]);
    }
    for episode in &mut data.episodes[10..12] {
        (episode.states.data, episode.actions.data) = (vec![0.0; 2], vec![0.0; 1]);
    }
    let found = measured(&Decay { tells: Some(1.0) }, &data, [None; 2]).expect("bands").0;
    assert_eq!((found.short, found.left_out, found.band.blocks), (10, 2, 12), "as far as they go, or not at all");
    assert!(found.words().contains("10 held-out episodes are shorter"), "{}", found.words());
}

#[test]
fn a_page_shows_the_band_and_survives_being_kept() {
    let (found, kept) = measured(&Decay { tells: None }, &twins(60), [Some(5.0), None]).expect("bands");
    let text = serde_json::to_string(&found).expect("JSON");
    let again: Trust = serde_json::from_str(&text).expect("read back");
    assert_eq!((again.joint, again.example.paths.len(), again.horizon), (found.joint, 2, found.horizon), "kept whole");
    let text = serde_json::to_string(&kept).expect("JSON");
    let again: Calibration = serde_json::from_str(&text).expect("read back");
    assert_eq!((again.residuals, again.band.fitted), (kept.residuals, kept.band.fitted), "kept whole");
    let mut report = Report::new("twins");
    report.trust = Some(found);
    let html = report.to_html();
    assert!(
        html.contains("How far it can be trusted") && html.contains("What is promised, and what was held"),
        "drawn"
    );
    assert!(html.contains("foretold, with its band") && !html.contains("NaN"), "with a clip");
    assert!(report.to_markdown().contains("| all at once |"), "and quoted");
}

#[test]
fn a_model_that_knows_the_rule_scores_better_than_what_needs_none() {
    let data = twins(400);
    let all: Vec<usize> = (0..400).collect();
    let (train, held_out) = all.split_at(100);
    let config = TrustConfig { horizon: 12, clips: 2, copies: 20, ..TrustConfig::default() };
    let scores = |tells| {
        let model = Decay { tells };
        let numbers = (VIEW, numbers([None; 2]));
        trust(&model, (&data, train, held_out), numbers, &config).expect("bands").0.scored
    };
    let (told, point) = (scores(Some(1.0)), scores(None));
    assert_eq!(told.iter().map(|row| row.steps).collect::<Vec<_>>(), [1, 1, 6, 6, 12, 12], "of two numbers");
    for (row, point) in told.iter().zip(&point) {
        let changes = row.changes.as_ref().expect("some were learned from").mean;
        if row.column == 0 {
            assert!(row.model.mean < changes && changes < row.copy_last.mean, "a distribution beats a point: {row:?}");
            assert!(row.model.mean < point.model.mean && point.inside.is_none(), "{row:?} {point:?}");
        }
        assert!(row.inside.is_some_and(|share| share > 0.3), "{row:?}");
    }
}
