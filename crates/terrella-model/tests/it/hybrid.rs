//! A hybrid learns what the equations of a pendulum leave out, and its parameters go on meaning what they mean in these equations.

use crate::support::{alone, batch, interface};
use burn::prelude::*;
use terrella_core::{Acts, Batch, Clip, Dataset, Dt, Dynamics, Episode, Key, Observation, Signature, Stats, Table};
use terrella_model::{
    EnsembleConfig, Family, HybridConfig, HybridWorld, Interface, JepaConfig, Sees, TrainConfig, Trainer, load_any,
    save_world,
};
use terrella_physics::{IdentifyConfig, Row, forecast, identify, mechanism};

/// Mass, length, viscous and dry friction, gravity, and where it hangs.
const TRUTH: [f64; 6] = [0.6, 0.4, 0.05, 0.0, 9.81, 0.0];
/// Episodes, of which the first thirty are learned from, and rows of each.
const SIZE: [usize; 2] = [40, 81];
const LEARNED: usize = 30;

/// Swings that are pushed, with rows of 15 to 25 ms. Higher up the pivot rubs more, of which the equations know nothing.
fn swings() -> Dataset {
    let pendulum = mechanism("pendulum", 1).expect("there");
    let episode = |index: usize| {
        let mut stream = Key::new(7).at(index as u64).stream();
        let mut state = vec![stream.uniform(-2.0, 2.0), stream.uniform(-3.0, 3.0)];
        let (phase, mut time) = (stream.uniform(0.0, 6.0), 0.0);
        let mut episode = Episode { index, states: Table::new(2), actions: Table::new(1), ..Episode::default() };
        for _ in 0..SIZE[1] {
            let (push, dt) = (0.6 * (3.0 * time + phase).sin(), stream.uniform(0.015, 0.025));
            episode.times.push(time);
            episode.states.push(&[state[0] as f32, state[1] as f32]);
            episode.actions.push(&[push as f32]);
            for _ in 0..10 {
                let rub = 0.1 * (1.0 - state[0].cos()) * state[1];
                let row = Row { state: &state, action: &[push - rub], parameters: &TRUTH, dt: 0.1 * dt };
                let next = pendulum.step(row);
                state = next;
            }
            time += dt;
        }
        episode
    };
    let episodes: Vec<Episode> = (0..SIZE[0]).map(episode).collect();
    let signature = Signature {
        fps: 50.0,
        state: vec!["angle".into(), "velocity".into()],
        units: vec!["rad".into(), "rad/s".into()],
        action: vec!["torque".into()],
        ..Signature::default()
    };
    let [state_stats, action_stats] = [2, 1].map(|width| Stats::of(width, []));
    Dataset { signature, episodes, state_stats, action_stats, hash: "swings".into(), notes: vec![] }
}

/// Some clips of the episodes that are learned from.
fn clips(data: &Dataset, (n, n_frames): (usize, usize), step: u64) -> Batch {
    let mut stream = Key::new(1).at(step).stream();
    let mut batch = Batch { n_frames, ..Batch::default() };
    for _ in 0..n {
        let clip = Clip { episode: stream.below(LEARNED), start: stream.below(SIZE[1] - n_frames + 1) };
        let (episode, end) = (&data.episodes[clip.episode], clip.start + n_frames);
        batch.states.extend_from_slice(&episode.states.data[2 * clip.start..2 * end]);
        batch.actions.extend_from_slice(&episode.actions.data[clip.start..end - 1]);
        batch.dt.extend(episode.durations(clip.start..end - 1, 50.0).map(|dt| dt as f32));
        batch.clips.push(clip);
    }
    batch
}

fn about(data: &Dataset) -> Interface {
    let train: Vec<usize> = (0..LEARNED).collect();
    Interface::of(data, &train, &data.signature.angles()).expect("an interface")
}

fn family() -> HybridConfig {
    HybridConfig {
        mechanism: "pendulum".into(),
        fixed: vec!["mass=0.6".into(), "coulomb=0".into()],
        hidden: 32,
        ..HybridConfig::default()
    }
}

fn fresh<F: Family>(family: F, data: &Dataset, steps: u64) -> Trainer<F> {
    let config = TrainConfig { steps, learning_rate: 3e-3, weight_decay: 1e-4, ..TrainConfig::default() };
    Trainer::new(family, about(data), config, &Device::flex())
}

fn advance<F: Family>(trainer: &mut Trainer<F>, data: &Dataset, size: (usize, usize), to: u64) {
    while trainer.step() < to {
        let at = trainer.step();
        trainer.advance(&clips(data, size, at), false).expect("a step");
    }
}

/// Root mean square error of the angle fifty rows ahead, on the episodes that were not learned from.
fn ahead(data: &Dataset, tell: impl Fn(usize, usize) -> f64) -> f64 {
    let mut square = 0.0;
    let starts = [0, 10, 20, 30];
    for episode in LEARNED..SIZE[0] {
        for start in starts {
            let truth = f64::from(data.episodes[episode].states.row(start + 50)[0]);
            square += (tell(episode, start) - truth).powi(2);
        }
    }
    (square / ((SIZE[0] - LEARNED) * starts.len()) as f64).sqrt()
}

/// What a world tells of the angle fifty rows after one.
fn told<D: Dynamics>(world: &D, data: &Dataset, episode: usize, start: usize) -> f64 {
    let episode = &data.episodes[episode];
    let seen = Observation { image: None, state: episode.states.row(start).to_vec() };
    let mut now = world.observe(&[seen]).expect("a state");
    for row in start..start + 50 {
        let dt: Vec<f32> = episode.durations(row..row + 1, 50.0).map(|dt| dt as f32).collect();
        now = world.step(&now, Acts::of(episode.actions.row(row)).lasting(Dt::Each(&dt)));
    }
    f64::from(world.read(&now).expect("a state").row(0)[0])
}

#[test]
fn a_hybrid_foretells_better_than_its_equations_and_than_a_network_and_keeps_its_length() {
    let _turn = alone();
    let data = swings();
    let mut hybrid = fresh(family(), &data, 1000);
    advance(&mut hybrid, &data, (64, 9), 1000);
    let mut ensemble =
        fresh(EnsembleConfig { members: 3, layers: 2, hidden: 64, ..EnsembleConfig::default() }, &data, 1000);
    advance(&mut ensemble, &data, (256, 2), 1000);
    let known = family().known(&data.signature).expect("known");
    let every: Vec<usize> = (0..SIZE[0]).collect();
    let records = known.columns.records(&data, &every).expect("numbers");
    let config = IdentifyConfig { threads: 1, ..IdentifyConfig::default() };
    let analytic = identify(&*known.mechanism, &known.space, &records[..LEARNED], &config).expect("a fit");
    let values = analytic.values();

    let (world, network) = (hybrid.world(&Device::flex()), ensemble.world(&Device::flex()));
    let of_hybrid = ahead(&data, |episode, start| told(&world, &data, episode, start));
    let of_network = ahead(&data, |episode, start| told(&network, &data, episode, start));
    let of_equations =
        ahead(&data, |episode, start| forecast(&*known.mechanism, &records[episode], (start, 50), (&values, 0.0))[0]);
    let all = format!("hybrid {of_hybrid}, equations {of_equations}, network {of_network}");
    assert!(of_hybrid < 0.7 * of_equations && of_hybrid < 0.7 * of_network, "{all}");
    // How much it rubs is shared between the known friction and the rest, by which of them says it with least; the length is the
    // equations' alone. It starts at 0.5.
    let parameters = world.parameters();
    let length = parameters.iter().find(|parameter| parameter.name == "length").expect("there");
    assert_eq!((length.start, length.prior), (0.5, Some([0.1, 2.0])), "where it began");
    assert!((length.value / TRUTH[1] - 1.0).abs() < 0.08, "{length:?}; {all}");
    assert_eq!((parameters[0].value, parameters[0].prior), (0.6, None), "the mass was known");
}

#[test]
fn a_hybrid_is_saved_loaded_and_resumed_bit_for_bit() {
    let _turn = alone();
    let (data, folder) = (swings(), tempfile::tempdir().expect("a folder"));
    let mut whole = fresh(family(), &data, 6);
    advance(&mut whole, &data, (20, 5), 3);
    whole.save(folder.path()).expect("a checkpoint");
    let mut resumed =
        Trainer::<HybridConfig>::resume(folder.path(), &Device::flex()).expect("readable").expect("there");
    advance(&mut whole, &data, (20, 5), 6);
    advance(&mut resumed, &data, (20, 5), 6);
    let path = folder.path().join("model");
    save_world(&resumed, &path).expect("saved");
    let loaded = load_any(&path, &Device::flex()).expect("loaded");
    let world: HybridWorld = whole.world(&Device::flex());
    assert_eq!(loaded.parameters(), world.parameters(), "what was learned of the equations");
    assert!(loaded.parameters().iter().any(|p| p.prior.is_some() && p.value != p.start), "{:?}", loaded.parameters());
    let seen = [Observation { image: None, state: vec![1.0, 2.0] }];
    let acts = Acts::of(&[0.5]).lasting(Dt::Same(0.03));
    let again = loaded.read(&loaded.step(&loaded.observe(&seen).expect("a state"), acts));
    assert_eq!(again, world.read(&world.step(&world.observe(&seen).expect("a state"), acts)), "a file and back");
}

#[test]
fn noise_spreads_copies_by_its_key_and_by_the_time() {
    let _turn = alone();
    let data = swings();
    let world = fresh(family(), &data, 1).world(&Device::flex());
    let seen = [Observation { image: None, state: vec![1.0, 2.0] }];
    let start = world.observe(&seen).expect("a state");
    let many = world.take(&start, &[0; 200]);
    let spread = |key: u64, dt: f32| {
        let after = world.step(&world.noisy(many.clone(), Key::new(key)), Acts::of(&[0.5; 200]).lasting(Dt::Same(dt)));
        let angles: Vec<f64> =
            world.particles(&after).expect("samples").rows().map(|state| f64::from(state[0])).collect();
        let mean = angles.iter().sum::<f64>() / 200.0;
        (angles.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 200.0).sqrt()
    };
    assert_eq!(spread(1, 0.02), spread(1, 0.02), "the same key");
    assert!(spread(1, 0.02) != spread(2, 0.02) && spread(1, 0.02) > 0.0, "another one");
    let ratio = spread(1, 0.08) / spread(1, 0.02);
    assert!((ratio - 2.0).abs() < 0.05, "four times as long spreads twice as far: {ratio}");
}

#[test]
fn recordings_that_do_not_fit_are_refused_before_anything_is_trained() {
    let data = swings();
    let about = about(&data);
    let told = |config: HybridConfig, about: &Interface| config.fits(about).expect_err("refused").to_string();
    assert!(family().fits(&about).is_ok() && family().check().is_ok(), "these fit");
    let pictures = Interface { signature: Signature { state: vec![], ..about.signature.clone() }, ..about.clone() };
    assert!(told(family(), &pictures).contains("logged state"), "pictures alone");
    let ball = HybridConfig { mechanism: "ball".into(), ..HybridConfig::default() };
    let text = told(ball, &about);
    assert!(text.contains("ball needs ball.x (m)") && text.contains("model.columns=[\"ball.x=COLUMN\"]"), "{text}");
    assert!(told(HybridConfig::default(), &about).contains("double-pendulum"), "no equations");
    let text = HybridConfig { residual: -1.0, ..family() }.check().expect_err("refused").to_string();
    assert!(text.contains("model.residual is -1"), "{text}");
}

/// A hybrid that has taken a few steps on random clips, and what it was trained on: two state numbers and two of the action.
pub(crate) fn begun() -> (HybridConfig, Trainer<HybridConfig>) {
    let random = JepaConfig { sees: Sees::State, frame_skip: 1, ..JepaConfig::default() };
    let mut about = interface(&random);
    about.rate_stats = Some(Stats::of(2, [&Table::from_data(2, vec![-1.0, -2.0, 1.0, 2.0])]));
    let columns = ["angle=s0", "velocity=s1", "torque=a1"].map(str::to_owned).to_vec();
    let config = HybridConfig { mechanism: "pendulum".into(), columns, hidden: 16, ..HybridConfig::default() };
    let train = TrainConfig { steps: 100, batch_size: 8, learning_rate: 3e-3, ..TrainConfig::default() };
    let mut trainer = Trainer::new(config.clone(), about, train, &Device::flex());
    for step in 0..3 {
        let mut batch = batch(&random, 8, 4, Key::new(4).at(step));
        batch.dt = vec![0.1; 8 * 3];
        trainer.advance(&batch, false).expect("a step");
    }
    (config, trainer)
}
