//! What is learned on frozen latents after the world model, where it has latents for that: the amortised
//! planner, the picture decoder, and a linear probe that says how much of the logged state the latents hold.

use super::sides::Sides;
use super::{Recordings, Run};
use crate::watch::Watch;
use anyhow::Result;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use terrella_core::{Dynamics, Key, Observation, Table};
use terrella_model::{
    AnyWorld, Changes, DECODED_SIZE, Decoder, Probe, Reacher, Registered, Saved, StateCodec, StepsToGo, StepsTold,
    Trace, Trainer, look_through,
};

/// The probe as the planner uses it, beside the model.
pub(super) const PROBE: &str = "probe.json";
/// What the probe found.
pub(super) const PROBE_REPORT: &str = "probes.json";
/// Ridge of the probe, per row.
const RIDGE: f64 = 1e-4;

/// Error of one part of the state, told from latents of held-out rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartError {
    /// The part.
    pub name: String,
    /// Unit of the numbers.
    pub unit: String,
    /// Median error of the linear probe.
    pub probe: f64,
    /// Median error of the model's own readout, if it has one.
    pub readout: Option<f64>,
    /// Median error of always saying the training mean.
    pub mean: f64,
}

/// What was learned on frozen latents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbeReport {
    /// Held-out rows that were told.
    pub rows: usize,
    /// One entry a part of the state.
    pub parts: Vec<PartError>,
    /// Last loss of the amortised planner, if there is one: mean absolute error in deviations.
    pub reacher_loss: Option<f32>,
    /// Last loss of the decoder.
    pub decoder_loss: Option<f32>,
    /// What the head that tells steps to go told of held-out rows, and what was true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps_to_go: Vec<StepsTold>,
}

impl ProbeReport {
    fn of(rows: usize, parts: Vec<PartError>) -> Self {
        Self { rows, parts, reacher_loss: None, decoder_loss: None, steps_to_go: Vec::new() }
    }
}

/// Trains heads and probe if there are latents for them, and saves the finished model as `model/`.
///
/// # Errors
/// If recordings and model do not fit, or the disk refuses.
pub fn finish<F: Registered>(
    run: &Run,
    trainer: &Trainer<F>,
    recordings: &Recordings,
    device: &Device,
    watch: &Watch,
) -> Result<Saved> {
    let mut saved = Saved::of(trainer, device);
    saved.world = recordings.lent(saved.world);
    if trainer.model_config.latent().is_some() {
        heads(run, &mut saved, recordings, device, watch)?;
    }
    saved.save(trainer, &run.file("model"))?;
    Ok(saved)
}

/// Latents of one recording, and the states that the model itself reads off them, if it can.
pub(super) struct Seen {
    pub(super) latents: Table,
    told: Option<Table>,
}

impl Seen {
    pub(super) fn of(world: &AnyWorld, recordings: &Recordings, episode: usize) -> Result<Self> {
        let mut seen = Self { latents: Table::default(), told: None };
        look_through(world, &recordings.dataset.episodes[episode], &Changes::none(1), |state| {
            let latents = world.latents(state);
            seen.latents.width = latents.width;
            seen.latents.data.extend(latents.data);
            if let Some(told) = world.read(state) {
                seen.told.get_or_insert_with(|| Table::new(told.width)).data.extend(told.data);
            }
        })?;
        Ok(seen)
    }
}

fn heads(run: &Run, saved: &mut Saved, recordings: &Recordings, device: &Device, watch: &Watch) -> Result<()> {
    let settings = &run.settings;
    let (train, held_out) = (&recordings.split.train, &recordings.unseen());
    let sides = Sides::of(saved, &settings.reacher);
    let stage = watch.stage("encode", (train.len() * sides.len() + held_out.len()) as u64);
    let mut done = 0;
    let mut one_more = || {
        done += 1;
        stage.at(done, "");
    };
    let mut traces = Vec::new();
    for side in 0..sides.len() {
        for &episode in train {
            one_more();
            traces.extend(sides.traces((saved, recordings), (side, episode))?);
        }
    }
    // The first side is recordings as they are.
    let seen: Vec<Table> = traces[..train.len()].iter().map(|t| t.latents.clone()).collect();
    let mut unseen = Vec::new();
    for &episode in held_out {
        one_more();
        unseen.push(Seen::of(&saved.world, recordings, episode)?);
    }
    drop(stage);
    let (mut reacher_loss, mut decoder_loss) = (None, None);
    if settings.reacher.steps > 0 {
        let stage = watch.stage("reacher", settings.reacher.steps);
        let on_step = |step| stage.at(step, "");
        let (reacher, loss) = Reacher::train(&saved.world, &traces, &settings.reacher, device, on_step)?;
        reacher_loss = Some(loss);
        saved.reacher = Some((reacher, settings.reacher.clone()));
    }
    let steps_to_go = if settings.steps_to_go.steps > 0 {
        let config = &settings.steps_to_go;
        let stage = watch.stage("steps to go", config.steps);
        let on_step = |step| stage.at(step, "");
        let (head, _) = StepsToGo::train(&traces, saved.world.frame_skip(), config, device, on_step)?;
        let of = |seen: &Seen| Trace { latents: seen.latents.clone(), actions: Table::default() };
        let unseen: Vec<Trace> = unseen.iter().map(of).collect();
        let told = if unseen.is_empty() { Vec::new() } else { head.judged(&unseen, Key::new(config.seed))? };
        saved.steps_to_go = Some((head, config.clone()));
        told
    } else {
        Vec::new()
    };
    if draws_only_by_a_decoder(&saved.world) && settings.decoder.steps > 0 {
        let stage = watch.stage("decoder", settings.decoder.steps);
        let on_step = &mut |step| stage.at(step, "");
        let (decoder, loss) = decoder(run, &seen, recordings, (settings.decoder.steps, device), on_step);
        decoder_loss = Some(loss);
        saved.world = saved.world.clone().with_decoder(decoder);
    }
    if recordings.dataset.signature.state.is_empty() {
        run.write_json(PROBE_REPORT, &ProbeReport { rows: 0, parts: vec![], reacher_loss, decoder_loss, steps_to_go })
    } else {
        let (probe, report) = probe((&seen, &unseen), (recordings, held_out))?;
        run.write_json(PROBE, &probe)?;
        run.write_json(PROBE_REPORT, &ProbeReport { reacher_loss, decoder_loss, steps_to_go, ..report })
    }
}

/// What a model is shown of one recorded row.
pub(super) fn shown(world: &AnyWorld, recordings: &Recordings, (episode, row): (usize, usize)) -> Observation {
    let log = &recordings.dataset.episodes[episode];
    match (world.wants().picture, &log.frames) {
        (Some(_), Some(frames)) => Observation { image: Some(frames.image(row)), state: Vec::new() },
        _ => Observation { image: None, state: log.states.row(row).to_vec() },
    }
}

/// Whether nothing but a decoder can draw what this model imagines: it sees pictures, and knows no things that it could lay over their
/// ground.
pub(super) fn draws_only_by_a_decoder(world: &AnyWorld) -> bool {
    world.wants().picture.is_some() && !world.looks_twice()
}

/// Trains a decoder in so many steps on latents of the first training episodes.
pub(super) fn decoder(
    run: &Run,
    seen: &[Table],
    recordings: &Recordings,
    (steps, device): (u64, &Device),
    on_step: &mut dyn FnMut(u64),
) -> (Decoder, f32) {
    let (config, train) = (&run.settings.decoder, &recordings.split.train);
    let latent = seen.first().map_or(0, |t| t.width);
    let starts: Vec<(usize, usize)> =
        seen.iter().enumerate().flat_map(|(i, table)| (0..table.len()).map(move |row| (i, row))).collect();
    let key = Key::new(run.settings.seed).with("decoder rows");
    Decoder::train(latent, steps, run.settings.seed, device, |step| {
        on_step(step + 1);
        let mut stream = key.at(step).stream();
        let (mut latents, mut bytes) = (Vec::new(), Vec::new());
        for _ in 0..config.batch_size {
            let (i, row) = starts[stream.below(starts.len())];
            latents.extend_from_slice(seen[i].row(row));
            if let Some(frames) = &recordings.dataset.episodes[train[i]].frames {
                match frames.size() {
                    [DECODED_SIZE, DECODED_SIZE] => bytes.extend_from_slice(frames.bytes(row)),
                    _ => bytes.extend(frames.image(row).resized(DECODED_SIZE, DECODED_SIZE).data),
                }
            }
        }
        (Table::from_data(latent, latents), bytes)
    })
}

fn probe(
    (seen, unseen): (&[Table], &[Seen]),
    (recordings, held_out): (&Recordings, &[usize]),
) -> Result<(Probe, ProbeReport)> {
    let logged = recordings.logged()?;
    let codec = StateCodec::new(&logged);
    let states = |episodes: &[usize]| {
        let mut table = Table::new(codec.state_width());
        episodes.iter().for_each(|&e| table.data.extend_from_slice(&recordings.dataset.episodes[e].states.data));
        table
    };
    let joined = |tables: &[&Table]| {
        let width = tables.first().map_or(1, |t| t.width);
        Table { width, data: tables.iter().flat_map(|t| t.data.iter().copied()).collect() }
    };
    let learned = joined(&seen.iter().collect::<Vec<_>>());
    let probe = Probe::fit(codec.clone(), &learned, &states(&recordings.split.train), RIDGE);
    let latents = joined(&unseen.iter().map(|seen| &seen.latents).collect::<Vec<_>>());
    let truth = states(held_out);
    if truth.is_empty() {
        let report = ProbeReport::of(0, vec![]);
        return Ok((probe, report));
    }
    let told = probe.read(&latents);
    let own = unseen.iter().map(|seen| seen.told.as_ref()).collect::<Option<Vec<_>>>().map(|told| joined(&told));
    let mean = &logged.state_stats.mean;
    let parts = recordings.parts();
    let parts = parts.iter().map(|part| {
        let median_of = |guess: &dyn Fn(usize) -> Vec<f32>| {
            let mut errors: Vec<f64> = (0..truth.len()).map(|i| part.error(&guess(i), truth.row(i))).collect();
            errors.sort_by(f64::total_cmp);
            errors.get(errors.len() / 2).copied().unwrap_or(f64::NAN)
        };
        PartError {
            name: part.name.to_string(),
            unit: part.error_unit().to_owned(),
            probe: median_of(&|i| told.row(i).to_vec()),
            readout: own.as_ref().map(|own| median_of(&|i| own.row(i).to_vec())),
            mean: median_of(&|_| mean.clone()),
        }
    });
    Ok((probe, ProbeReport::of(truth.len(), parts.collect())))
}
