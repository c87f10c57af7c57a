//! One person's play: one future or two, what is done in them, what can be come back to, and a recording that goes on.
//!
//! A state machine without clocks or sockets: it is asked, it is stepped together with all others that are due, and it says
//! what a page should be told. Its futures are rows of the stage, which it gives back when it closes.

use crate::frame::Header;
use crate::lane::{Lane, LaneMoment};
use crate::memory::{Memory, Moment};
use crate::messages::{Ask, Origin, Say};
use crate::past::Began;
use crate::recorder::{ROWS_MOST, Recorder, Take};
use crate::stage::{Look, Stage};
use std::collections::BTreeMap;
use std::sync::Arc;
use terrella_core::{Error, Image, Result, Step};

/// States that a session may save.
const SAVED_MOST: usize = 16;

/// The play of one person.
pub(crate) struct Session {
    /// One future or two.
    lanes: Vec<Lane>,
    /// Which of them is driven.
    driven: usize,
    paused: bool,
    /// One step was asked for while paused.
    once: bool,
    speed: f64,
    memory: Memory,
    saved: BTreeMap<String, LaneMoment>,
    take: Option<Take>,
    /// How many recordings were begun.
    takes: u64,
    /// The page's clock of an action that no step has shown yet, and of the one that the last step showed first.
    asked_at: Option<f64>,
    echo: Option<f64>,
}

impl Session {
    /// Play in a row of its own, from the start of seed 0.
    ///
    /// # Errors
    /// If no row is free, or the worlds cannot start.
    pub(crate) fn open(stage: &mut Stage) -> Result<Self> {
        let row = stage.lend().ok_or_else(|| full(stage))?;
        stage.reset(row, 0).inspect_err(|_| stage.take_back(row))?;
        Ok(Self {
            lanes: vec![Lane::begun(row, Began::Seed(0), stage)],
            driven: 0,
            paused: false,
            once: false,
            speed: 1.0,
            memory: Memory::default(),
            saved: BTreeMap::new(),
            take: None,
            takes: 0,
            asked_at: None,
            echo: None,
        })
    }

    /// Times real time; 0 is as fast as it can.
    pub(crate) fn speed(&self) -> f64 {
        self.speed
    }

    /// Whether time passes.
    pub(crate) fn is_running(&self) -> bool {
        !self.paused
    }

    /// Whether one step was asked for.
    pub(crate) fn is_asked(&self) -> bool {
        self.once
    }

    /// Whether one step was asked for; it is given now.
    pub(crate) fn once(&mut self) -> bool {
        std::mem::take(&mut self.once)
    }

    /// Does what was asked, and says what the page should be told.
    ///
    /// # Errors
    /// Why it cannot be done; nothing has changed then.
    pub(crate) fn hear(&mut self, ask: Ask, stage: &mut Stage, recorder: &mut Recorder) -> Result<Vec<Say>> {
        let mut say = Vec::new();
        match ask {
            Ask::Drive { action, at } => self.drive(&action, at, stage)?,
            Ask::Pause => self.paused = true,
            Ask::Go => self.paused = false,
            Ask::Step if self.paused => self.once = true,
            Ask::Step => say.push(Say::note("time passes already; pause, then step")),
            Ask::Speed { times } => self.speed = times,
            Ask::Reset(origin) => say = self.reset(&origin, stage, recorder)?,
            Ask::Rewind { steps } => say.extend(self.rewind(steps, stage)),
            Ask::Branch => say.extend(self.branch(stage)?),
            Ask::Lane { lane } => say.extend(self.turn_to(lane, recorder, stage)?),
            Ask::Join if self.lanes.len() == 1 => say.push(Say::note("there is one future only")),
            Ask::Join => self.join(stage),
            Ask::Save { name } => say.push(self.save(name, stage)?),
            Ask::Load { name } => say.extend(self.load(&name, stage, recorder)?),
            Ask::Record { on: true } if self.take.is_some() => say.push(Say::note("it is recording already")),
            Ask::Record { on: true } => {
                recorder.check()?;
                self.begin_take(stage);
            }
            Ask::Record { on: false } => match self.take.take() {
                Some(take) => {
                    say.push(recorder.keep(take).unwrap_or_else(|| Say::note("no step was taken: nothing to keep")))
                }
                None => say.push(Say::note("it is not recording")),
            },
            Ask::Anchor => {
                let moment = self.moment(stage);
                if let Err(error) = stage.anchor(self.lane().row) {
                    moment.forget(stage);
                    return Err(error);
                }
                self.memory.push(moment, stage);
                self.lanes[self.driven].anchored();
            }
            Ask::Read => say.push(self.read(stage)),
        }
        Ok(say)
    }

    /// Remembers this moment, takes down what is seen and done, and says what is to be done: rows and their actions.
    pub(crate) fn leave(&mut self, stage: &Stage) -> (Vec<usize>, Vec<f32>) {
        let moment = self.moment(stage);
        self.memory.push(moment, stage);
        let lane = &self.lanes[self.driven];
        if let Some(take) = &mut self.take {
            let look = lane.look.clone().unwrap_or_else(|| stage.look(&[lane.row]).0.swap_remove(0));
            let [learned, real] = stage.tell(lane.row);
            let print = look.print(learned.as_deref().unwrap_or_default());
            let state = if stage.is_real() { real } else { learned }.unwrap_or_default();
            take.leave((state.as_slice(), look.into_true_one()), print, &lane.place.held);
        }
        (self.rows(), self.lanes.iter().flat_map(|lane| lane.place.held.iter().copied()).collect())
    }

    /// Takes note of what the step brought, one a future. Where the driven episode ended, time stops and the recording is kept.
    pub(crate) fn arrive(&mut self, steps: &[Step], stage: &Stage, recorder: &mut Recorder) -> Vec<Say> {
        self.echo = self.asked_at.take();
        let mut ends = false;
        for (at, (lane, step)) in self.lanes.iter_mut().zip(steps).enumerate() {
            ends |= lane.stepped(step) && at == self.driven;
        }
        let mut say = Vec::new();
        if let Some(take) = &mut self.take {
            take.arrive(steps[self.driven], &self.lanes[self.driven].place.trail);
            if take.len() >= ROWS_MOST {
                say.extend(self.cut(recorder, stage));
            }
        }
        if ends {
            self.paused = true;
            say.push(Say::note("the episode ended here; reset, rewind, or go on beyond its end"));
            say.extend(self.take.take().and_then(|take| recorder.keep(take)));
        }
        say
    }

    /// The rows of its futures.
    pub(crate) fn rows(&self) -> Vec<usize> {
        self.lanes.iter().map(|lane| lane.row).collect()
    }

    /// Whether its pictures are older than its futures.
    pub(crate) fn is_stale(&self) -> bool {
        self.lanes.iter().any(|lane| lane.look.is_none())
    }

    /// Takes the pictures of its futures, in order.
    pub(crate) fn see(&mut self, looks: impl IntoIterator<Item = Look>) {
        self.lanes.iter_mut().zip(looks).for_each(|(lane, look)| lane.look = Some(look));
    }

    /// What to show: the header of a frame, and its pictures. The echo comes once.
    pub(crate) fn frame(&mut self, took_ms: f64, stage: &Stage) -> (Header, Vec<&Image>) {
        let echo = self.echo.take();
        let (lane, dt) = (&self.lanes[self.driven], stage.spec().dt);
        let mut header = Header {
            step: lane.place.step,
            time: lane.place.step as f64 * dt,
            lane: self.driven,
            lanes: self.lanes.len(),
            paused: self.paused,
            speed: self.speed,
            size: stage.size(),
            took_ms,
            echo,
            action: lane.place.held.clone(),
            error: lane.look.as_ref().and_then(Look::error),
            recording: self.take.as_ref().map(Take::len),
            reward: lane.place.reward,
            ended: lane.place.ended,
            anchored: lane.place.anchored,
            remembered: self.memory.len(),
            ..Header::default()
        };
        let mut pictures = Vec::new();
        for (at, look) in self.lanes.iter().enumerate().filter_map(|(at, lane)| Some((at, lane.look.as_ref()?))) {
            header.pictures.push(format!("learned:{at}"));
            pictures.push(&look.learned);
            if let Some(real) = &look.real {
                header.pictures.push(format!("real:{at}"));
                pictures.push(real);
            }
        }
        (header, pictures)
    }

    /// Ends it: the recording is kept, all is forgotten, and its rows are given back.
    pub(crate) fn close(mut self, stage: &mut Stage, recorder: &mut Recorder) -> Option<Say> {
        let kept = self.take.take().and_then(|take| recorder.keep(take));
        self.memory.clear(stage);
        self.saved.into_values().for_each(|moment| moment.forget(stage));
        self.lanes.iter().for_each(|lane| stage.take_back(lane.row));
        kept
    }

    fn lane(&self) -> &Lane {
        &self.lanes[self.driven]
    }

    /// This moment, to come back to.
    fn moment(&self, stage: &Stage) -> Moment {
        let take = self.take.as_ref().map(|take| (take.number, take.len()));
        Moment { lanes: self.lanes.iter().map(|lane| lane.moment(stage)).collect(), take }
    }

    fn drive(&mut self, action: &[f64], at: Option<f64>, stage: &Stage) -> Result<()> {
        let space = stage.spec().actions.space();
        if action.len() != space.width() {
            return Err(Error::Invalid(format!(
                "an action of {} numbers; say {}: {}",
                action.len(),
                space.width(),
                space.names.join(", ")
            )));
        }
        let mut held: Vec<f32> = action.iter().map(|x| *x as f32).collect();
        space.clamp(&mut held);
        self.lanes[self.driven].place.held = held;
        self.asked_at = at.or(self.asked_at);
        Ok(())
    }

    /// Begins anew, with one future and nothing to rewind.
    fn reset(&mut self, origin: &Origin, stage: &mut Stage, recorder: &mut Recorder) -> Result<Vec<Say>> {
        let row = self.lane().row;
        let began = match *origin {
            Origin::Seed { seed } => {
                stage.reset(row, seed)?;
                Began::Seed(seed)
            }
            Origin::Episode { episode, row: at } => stage.start(row, episode, at)?,
        };
        self.join(stage);
        self.memory.clear(stage);
        self.lanes[0] = Lane::begun(row, began, stage);
        Ok(self.cut(recorder, stage).into_iter().collect())
    }

    /// Pauses, and goes back. What was recorded of the steps that are rewound is dropped with them.
    fn rewind(&mut self, steps: usize, stage: &mut Stage) -> Option<Say> {
        let known = self.memory.len();
        self.paused = true;
        let Some(Moment { lanes, take: taken }) = self.memory.back(steps, stage) else {
            return Some(Say::note("there is nothing to rewind"));
        };
        // Futures that began later than this moment are gone.
        self.lanes.drain(lanes.len()..).for_each(|lane| stage.take_back(lane.row));
        self.driven = self.driven.min(lanes.len() - 1);
        for (lane, moment) in self.lanes.iter_mut().zip(lanes) {
            lane.restore(&moment, stage);
            moment.forget(stage);
        }
        if let Some(take) = &mut self.take {
            match taken {
                Some((number, rows)) if take.number == number => {
                    take.truncate(rows, &self.lanes[self.driven].place.trail);
                }
                _ => self.begin_take(stage),
            }
        }
        (known < steps).then(|| Say::note(format!("{known} steps were all that is remembered")))
    }

    fn branch(&mut self, stage: &mut Stage) -> Result<Option<Say>> {
        if self.lanes.len() > 1 {
            return Ok(Some(Say::note("there are two futures already; join them first")));
        }
        let row = stage.lend().ok_or_else(|| full(stage))?;
        let fork = self.lane().forked(row, stage);
        self.lanes.push(fork);
        Ok(None)
    }

    fn turn_to(&mut self, lane: usize, recorder: &mut Recorder, stage: &Stage) -> Result<Option<Say>> {
        if lane >= self.lanes.len() {
            let n = self.lanes.len();
            return Err(Error::Invalid(format!("there is no lane {lane} among {n}; branch first, lanes count from 0")));
        }
        if lane == self.driven {
            return Ok(None);
        }
        self.driven = lane;
        Ok(self.cut(recorder, stage))
    }

    /// The driven future goes on alone.
    fn join(&mut self, stage: &mut Stage) {
        let kept = self.lanes.swap_remove(self.driven);
        self.lanes.drain(..).for_each(|other| stage.take_back(other.row));
        self.lanes.push(kept);
        self.memory.join(self.driven, stage);
        self.driven = 0;
    }

    fn save(&mut self, name: String, stage: &Stage) -> Result<Say> {
        if self.saved.len() >= SAVED_MOST && !self.saved.contains_key(&name) {
            return Err(Error::Invalid(format!(
                "{SAVED_MOST} states are saved, the most there can be; save over one of them"
            )));
        }
        let moment = self.lane().moment(stage);
        if let Some(older) = self.saved.insert(name, moment) {
            older.forget(stage);
        }
        Ok(Say::Saved { names: self.saved.keys().cloned().collect() })
    }

    /// The driven future becomes a saved one; to rewind undoes it.
    fn load(&mut self, name: &str, stage: &mut Stage, recorder: &mut Recorder) -> Result<Option<Say>> {
        let now = self.moment(stage);
        let Some(moment) = self.saved.get(name) else {
            now.forget(stage);
            let names: Vec<&str> = self.saved.keys().map(String::as_str).collect();
            return Err(Error::Invalid(format!("nothing is saved as {name:?}; there is [{}]", names.join(", "))));
        };
        self.memory.push(now, stage);
        self.lanes[self.driven].restore(moment, stage);
        Ok(self.cut(recorder, stage))
    }

    fn read(&self, stage: &Stage) -> Say {
        let lane = self.lane();
        let [learned, real] = stage.tell(lane.row);
        Say::State { lane: self.driven, step: lane.place.step, learned, real, names: stage.spec().names() }
    }

    /// Keeps the recording that goes on, if one does, and begins another: a recording has no jumps.
    fn cut(&mut self, recorder: &mut Recorder, stage: &Stage) -> Option<Say> {
        let kept = recorder.keep(self.take.take()?);
        self.begin_take(stage);
        kept
    }

    fn begin_take(&mut self, stage: &Stage) {
        let lane = &self.lanes[self.driven];
        let began = (Arc::clone(&lane.place.origin), lane.place.step);
        let widths = [stage.told(lane.row).len(), stage.spec().actions.width()];
        self.takes += 1;
        self.take = Some(Take::new(self.takes, began, widths));
    }
}

fn full(stage: &Stage) -> Error {
    Error::Invalid(format!("all {} futures are lent; wait until somebody leaves or joins two", stage.n()))
}

#[cfg(test)]
mod tests;
