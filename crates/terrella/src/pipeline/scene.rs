//! A question with all that it needs: the world as it is used, what it is shown, what is done, and what was recorded there.
//!
//! An ensemble is asked in particles, each true to one member and with the noise that it tells; of a model that tells one future,
//! residuals of the episodes that calibrated its band make the spread.

use super::question::{Doing, Question, Start};
use super::worlds::declared;
use super::{Recordings, Run};
use crate::error::usage;
use anyhow::Result;
use terrella_core::{Actions, Dynamics, EnvSpec, Episode, Key, Observation, Sim, Table};
use terrella_eval::{Block, Calibration, clouds};
use terrella_model::{AnyWorld, Saved};

/// What was resolved of a question.
pub(super) struct Scene<'a> {
    pub(super) world: AnyWorld,
    /// The episode and row that it starts from, if it is a recorded one.
    pub(super) row: Option<(&'a Episode, usize)>,
    /// What the model is shown.
    pub(super) seen: Observation,
    /// The logged state of the start; empty where nobody knows it.
    pub(super) state: Vec<f32>,
    pub(super) spec: Option<EnvSpec>,
    fps: f64,
    /// Rows of a block, and how many blocks are asked about.
    pub(super) skip: usize,
    pub(super) blocks: usize,
}

impl<'a> Scene<'a> {
    /// Resolves a question.
    ///
    /// # Errors
    /// If what it starts from is not there, or it is no whole number of the model's steps.
    pub(super) fn of(
        run: &Run,
        saved: &Saved,
        recordings: Option<&'a Recordings>,
        question: &Question,
    ) -> Result<Self> {
        // As evaluation uses it, on which its band rests.
        let world = saved.world.clone().with_views(saved.train.symmetry.as_ref(), run.settings.views);
        let world = if run.settings.sharpen { world } else { world.with_gaze(None) };
        let skip = world.frame_skip().max(1);
        if question.steps == 0 || !question.steps.is_multiple_of(skip) {
            return Err(usage(format!(
                "--steps {}: this model steps {skip} rows at a time; ask for a multiple of that, such as {}",
                question.steps,
                question.steps.div_ceil(skip).max(1) * skip
            )));
        }
        let signature = world.interface().signature.clone();
        let named = declared(&signature, run.settings.data.env.as_deref())?.map(|world| world.spec().clone());
        let spec = recordings.and_then(Recordings::spec).cloned().or(named);
        let (row, state) = match &question.from {
            Start::State(numbers) => {
                if world.wants().picture.is_some() {
                    return Err(usage(
                        "this model is shown pictures, and a state is none; start from a recorded row: --from EPISODE:ROW",
                    ));
                }
                (None, Start::state(numbers, &signature.state)?)
            }
            Start::Row { episode, row } => {
                let there = || usage("starting from a recorded row needs the recordings; name them with --data");
                let episodes = &recordings.ok_or_else(there)?.dataset.episodes;
                let log = episodes.get(*episode).ok_or_else(|| {
                    usage(format!("there is no episode {episode}; the recordings have {}, from 0", episodes.len()))
                })?;
                if *row >= log.len() {
                    return Err(usage(format!(
                        "episode {episode} has {} rows, from 0; there is no row {row}",
                        log.len()
                    )));
                }
                let state = if log.states.width > 0 { log.states.row(*row).to_vec() } else { Vec::new() };
                (Some((log, *row)), state)
            }
        };
        let image = match (world.wants().picture, row) {
            (Some(side), Some((log, row))) => {
                let frames = log.frames.as_ref().ok_or_else(|| {
                    usage("the model is shown pictures, and these recordings have none; give some that do with --data")
                })?;
                Some(frames.image(row).resized(side, side))
            }
            _ => None,
        };
        let seen = Observation { state: if image.is_some() { Vec::new() } else { state.clone() }, image };
        let (fps, blocks) = (signature.fps, question.steps / skip);
        Ok(Self { world, row, seen, state, spec, fps, skip, blocks })
    }

    fn steps(&self) -> usize {
        self.blocks * self.skip
    }

    /// Recorded actions from the start on, if it is recorded.
    pub(super) fn script(&self) -> Option<Table> {
        let (log, row) = self.row?;
        Some(Table { width: log.actions.width, data: log.actions.data[row * log.actions.width..].to_vec() })
    }

    /// What is done, a row each, and what is doubtful about it.
    ///
    /// # Errors
    /// If there are too few actions, or the world does not allow them.
    pub(super) fn actions(&self, question: &Question) -> Result<(Table, Vec<String>)> {
        let (names, steps) = (&self.world.interface().signature.action, self.steps());
        let width = names.len();
        let over = |row: &[f32]| Table { width, data: row.repeat(steps) };
        let given = match &question.doing {
            Doing::Zero => over(&vec![0.0; width]),
            Doing::Hold => over(&self.held(width)?),
            Doing::AsRecorded => {
                let script = self.script().ok_or_else(|| {
                    usage("--do as-recorded needs a recorded row to start from: --from EPISODE:ROW; or give other actions")
                })?;
                if script.len() < steps {
                    return Err(usage(format!(
                        "the recording has {} actions from that row on, and {steps} are wanted; ask for fewer --steps, or give other actions",
                        script.len()
                    )));
                }
                script
            }
            Doing::Rows(rows) if rows.width != width || rows.is_empty() => {
                let (given, names) = (rows.width, names.join(", "));
                return Err(usage(format!("--do gives rows of {given} numbers; an action has {width} ({names})")));
            }
            Doing::Rows(rows) if rows.len() >= steps || question.repeat => {
                Table { width, data: rows.data.iter().copied().cycle().take(steps * width).collect() }
            }
            Doing::Rows(rows) => {
                return Err(usage(format!(
                    "--do gives {} actions for {steps} steps; give as many, or let them begin anew with --repeat",
                    rows.len()
                )));
            }
        };
        let mut marks = Vec::new();
        if let Doing::Rows(rows) = &question.doing
            && rows.len() > steps
        {
            marks.push(format!("Of {} given actions the first {steps} are done.", rows.len()));
        }
        let actions = Table { data: given.data[..steps * width].to_vec(), width };
        marks.extend(self.outside(&actions, matches!(question.doing, Doing::AsRecorded))?);
        Ok((actions, marks))
    }

    /// The action that holds.
    fn held(&self, width: usize) -> Result<Vec<f32>> {
        match (&self.spec, self.row) {
            (Some(spec), _) if !self.state.is_empty() => Ok(spec.hold(&self.state)),
            (None, Some((log, row))) => Ok(log.actions.row(row).to_vec()),
            (Some(_), _) => {
                Err(usage("--do hold needs a logged state to hold, and these recordings have none; give actions"))
            }
            (None, None) => Err(usage(format!(
                "nobody says what holds a state in a world that is not known; give --do zero, or actions of {width} numbers"
            ))),
        }
    }

    /// What is doubtful about actions: where no world says what is allowed, what was never seen in training.
    ///
    /// # Errors
    /// If the world does not allow them.
    fn outside(&self, actions: &Table, recorded: bool) -> Result<Vec<String>> {
        let interface = self.world.interface();
        let names = &interface.signature.action;
        let ranges = |low: &[f32], high: &[f32]| {
            let range = |(name, (low, high)): (&String, (&f32, &f32))| format!("{name} from {low} to {high}");
            names.iter().zip(low.iter().zip(high)).map(range).collect::<Vec<_>>().join(", ")
        };
        // As worlds check it: with a little slack.
        let first = |low: &[f32], high: &[f32], whole: bool| {
            let odd = |x: f32, at: usize| x < low[at] - 1e-3 || x > high[at] + 1e-3 || (whole && x.fract() != 0.0);
            let mut rows = actions.rows().enumerate();
            rows.find_map(|(at, row)| Some((at, (0..row.len()).find(|&column| odd(row[column], column))?)))
        };
        let told =
            |(at, column): (usize, usize)| format!("action {at} has {} = {}", names[column], actions.row(at)[column]);
        if let Some(spec) = self.spec.as_ref().filter(|spec| spec.actions.width() == names.len()) {
            let space = spec.actions.space();
            let whole = if matches!(spec.actions, Actions::Choice(_)) || space.whole { ", whole numbers" } else { "" };
            return match first(&space.low, &space.high, space.whole) {
                None => Ok(Vec::new()),
                Some(odd) if recorded => {
                    Ok(vec![format!("The recorded {}, which the world does not allow.", told(odd))])
                }
                Some(odd) => Err(usage(format!(
                    "{}, which world {} does not allow; actions are {}{whole}",
                    told(odd),
                    spec.id,
                    ranges(&space.low, &space.high)
                ))),
            };
        }
        let stats = &interface.action_stats;
        let odd = if stats.width() == names.len() { first(&stats.min, &stats.max, false) } else { None };
        let mark = |odd| {
            let ranges = ranges(&stats.min, &stats.max);
            format!("{} (counted from 0), outside of what the model learned from: {ranges}.", told(odd))
        };
        Ok(odd.map(mark).into_iter().collect())
    }

    /// Actions by block, of one row, with how long they last: as in the recording where there is one.
    pub(super) fn blocks(&self, actions: &Table) -> Vec<Block> {
        let lasts = |block: usize| -> f64 {
            let rows = block * self.skip..(block + 1) * self.skip;
            match self.row {
                Some((log, row)) => log.durations(row + rows.start..row + rows.end, self.fps).sum(),
                None => self.skip as f64 / self.fps,
            }
        };
        let blocks = actions.data.chunks_exact((self.skip * actions.width).max(1)).enumerate();
        blocks.map(|(at, block)| (block.to_vec(), vec![lasts(at) as f32])).collect()
    }

    /// Recorded states after each block, as far as the recording goes.
    pub(super) fn recorded(&self, steps: usize) -> Option<Table> {
        let (log, row) = self.row.filter(|(log, _)| log.states.width > 0)?;
        let rows: Vec<usize> =
            (row + self.skip..=row + steps).step_by(self.skip).take_while(|at| *at < log.len()).collect();
        Some(log.states.take(&rows))
    }

    /// Samples of the state after each block, and how they came about.
    ///
    /// # Errors
    /// If the model cannot look at the start.
    pub(super) fn samples(
        &self,
        (told, calibration): (&Table, Option<&Calibration>),
        blocks: &[Block],
        (wanted, key): (usize, Key),
    ) -> Result<(Vec<Table>, String)> {
        let start = self.world.observe(std::slice::from_ref(&self.seen))?;
        if let Some(alone) = self.world.particles(&start) {
            let copies = wanted.div_ceil(alone.len().max(1)).max(1);
            let clouds = clouds(&self.world, &start, 1, blocks, (copies, key.with("samples")));
            let how = match alone.len() {
                1 => format!("Samples are {copies} futures that the model draws from what it holds for possible."),
                members => format!(
                    "Samples are {} particles: {members} members of the ensemble, {copies} times each, with the noise that each tells.",
                    copies * members
                ),
            };
            return Ok((clouds.unwrap_or_default(), how));
        }
        let residuals = calibration.map(|calibration| &calibration.residuals[..]).unwrap_or_default();
        if residuals.is_empty() {
            let samples = told.rows().map(|row| Table { width: told.width, data: row.to_vec() }).collect();
            let how = "This model tells one future, and no residuals are kept of it, so that its distribution is a point: `terrella eval` keeps some.";
            return Ok((samples, how.to_owned()));
        }
        let around = |(block, row): (usize, &[f32])| {
            let mut samples = Table::new(told.width);
            for residual in residuals.iter().filter(|residual| block < residual.len()) {
                let sample: Vec<f32> = row.iter().zip(residual.row(block)).map(|(told, apart)| told + apart).collect();
                samples.push(&sample);
            }
            samples
        };
        let samples: Vec<Table> = told.rows().enumerate().map(around).collect();
        let how = format!(
            "This model tells one future; samples are that with the residuals of {} clips of episodes that calibrated its band, as far as these go.",
            samples.last().map_or(0, Table::len)
        );
        Ok((samples, how))
    }
}
