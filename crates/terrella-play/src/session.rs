//! One person's play: one future or two, what is done in them, what can be come back to, and a recording that goes on.
//!
//! A state machine without clocks or sockets: it is asked, it is stepped together with all others that are due, and it says
//! what a page should be told. Its futures are rows of the stage, which it gives back when it closes.

use crate::frame::Header;
use crate::lane::{Lane, LaneMoment};
use crate::memory::{Memory, Moment};
use crate::messages::{Ask, Origin, Say};
use crate::recorder::{ROWS_MOST, Recorder, Take};
use crate::stage::{Look, Stage};
use std::collections::BTreeMap;
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
            lanes: vec![Lane::begun(row, "seed 0", stage)],
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
                let lane = &mut self.lanes[self.driven];
                (lane.place.anchored, lane.look) = (lane.place.step, None);
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
            take.leave(&stage.told(lane.row), look.into_true_one(), &lane.place.held);
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
            take.arrive(steps[self.driven]);
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
        let words = match *origin {
            Origin::Seed { seed } => {
                stage.reset(row, seed)?;
                format!("seed {seed}")
            }
            Origin::Episode { episode, row: at } => {
                stage.start(row, episode, at)?;
                format!("episode {episode}, row {at}")
            }
        };
        self.join(stage);
        self.memory.clear(stage);
        self.lanes[0] = Lane::begun(row, &words, stage);
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
        match (&mut self.take, taken) {
            (Some(take), Some((number, rows))) if take.number == number => take.truncate(rows),
            (Some(_), _) => self.begin_take(stage),
            (None, _) => {}
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
        let provenance = format!("{}, step {}", lane.place.origin, lane.place.step);
        let widths = [stage.told(lane.row).len(), stage.spec().actions.width()];
        self.takes += 1;
        self.take = Some(Take::new(self.takes, provenance, widths));
    }
}

fn full(stage: &Stage) -> Error {
    Error::Invalid(format!("all {} futures are lent; wait until somebody leaves or joins two", stage.n()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorder::{Driven, Keep};
    use crate::toy::counted;
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicIsize, Ordering};
    use std::sync::{Arc, mpsc};

    struct Kept(mpsc::Sender<Driven>);

    impl Keep for Kept {
        fn keep(&mut self, driven: Driven) -> Result<PathBuf> {
            self.0.send(driven).map_err(|error| Error::Invalid(error.to_string()))?;
            Ok("kept".into())
        }
    }

    /// A session with its stage.
    struct Play {
        session: Session,
        stage: Stage,
        recorder: Recorder,
        kept: mpsc::Receiver<Driven>,
        filed: Arc<AtomicIsize>,
    }

    impl Play {
        fn new(n: usize, real: bool) -> Self {
            let (mut stage, filed) = counted(n, real);
            let (sender, kept) = mpsc::channel();
            let recorder = Recorder::new(Some(Box::new(Kept(sender))), !real);
            Self { session: Session::open(&mut stage).expect("a row"), stage, recorder, kept, filed }
        }

        fn ask(&mut self, text: &str) -> Result<Vec<Say>> {
            self.session.hear(Ask::read(text).expect(text), &mut self.stage, &mut self.recorder)
        }

        fn step(&mut self) -> Vec<Say> {
            let (rows, actions) = self.session.leave(&self.stage);
            let (steps, _) = self.stage.step(&rows, &actions).expect("a step");
            self.session.arrive(&steps, &self.stage, &mut self.recorder)
        }

        /// Drives this way and that; the pictures after each step.
        fn wander(&mut self, actions: &[[f64; 2]]) -> Vec<Vec<u8>> {
            let mut seen = Vec::new();
            for [x, y] in actions {
                self.ask(&format!(r#"{{"do":"drive","action":[{x},{y}]}}"#)).expect("an action");
                self.step();
                seen.push(self.shown().1);
            }
            seen
        }

        /// Header and pictures, side by side.
        fn shown(&mut self) -> (Header, Vec<u8>) {
            let looks = self.stage.look(&self.session.rows()).0;
            self.session.see(looks);
            let (header, pictures) = self.session.frame(0.0, &self.stage);
            (header, pictures.iter().flat_map(|image| image.data.clone()).collect())
        }

        fn lent(&self) -> usize {
            self.stage.lent().load(Ordering::Relaxed)
        }
    }

    const WAY: [[f64; 2]; 6] = [[1.0, 0.0], [0.5, 1.0], [-1.0, 1.0], [1.0, -0.5], [0.0, 0.0], [1.0, 1.0]];

    #[test]
    fn what_is_rewound_comes_again_bit_for_bit() {
        let mut play = Play::new(1, true);
        play.wander(&WAY);
        let first = play.wander(&WAY);
        assert_eq!(play.shown().0.remembered, 12);
        play.ask(r#"{"do":"rewind","steps":6}"#).expect("steps to rewind");
        let header = play.shown().0;
        assert_eq!((header.step, header.remembered, header.paused), (6, 6, true));
        assert_eq!(play.wander(&WAY), first, "the same actions, the same pictures");
        let other = play.wander(&[[-1.0, -1.0]; 2]);
        play.ask(r#"{"do":"rewind","steps":2}"#).expect("steps to rewind");
        assert_ne!(play.wander(&WAY[..2]), other, "other actions, other pictures");
        let told = play.ask(r#"{"do":"rewind","steps":900}"#).expect("as far as it goes");
        assert!(matches!(&told[..], [Say::Note { text }] if text.contains("14 steps")), "{told:?}");
        assert_eq!((play.shown().0.step, play.shown().0.remembered), (0, 0));
    }

    #[test]
    fn a_second_future_goes_its_own_way_until_one_is_dropped() {
        let mut play = Play::new(2, true);
        play.wander(&WAY);
        play.ask(r#"{"do":"branch"}"#).expect("a free row");
        let (header, pictures) = play.shown();
        assert_eq!(header.pictures, ["learned:0", "real:0", "learned:1", "real:1"]);
        assert_eq!((header.lane, header.lanes, play.lent()), (0, 2, 2));
        let half = pictures.len() / 2;
        assert_eq!(pictures[..half], pictures[half..], "a fork");
        let told = play.ask(r#"{"do":"branch"}"#).expect("no more than a note");
        assert!(matches!(told[..], [Say::Note { .. }]), "{told:?}");
        play.ask(r#"{"do":"lane","lane":1}"#).expect("the other");
        play.wander(&[[-1.0, -1.0]; 3]);
        let (header, apart) = play.shown();
        assert_eq!((header.lane, header.action.clone()), (1, vec![-1.0, -1.0]));
        assert_ne!(apart[..half], apart[half..], "the first held its last action");
        play.ask(r#"{"do":"join"}"#).expect("two futures");
        let (header, alone) = play.shown();
        assert_eq!((header.lane, header.lanes, play.lent()), (0, 1, 1));
        assert_eq!(alone, apart[half..], "the driven one is kept");
        play.ask(r#"{"do":"rewind","steps":2}"#).expect("steps to rewind");
        let again = play.wander(&[[-1.0, -1.0]; 2]);
        assert_eq!(again[1], alone, "its past is kept too");
        assert!(play.ask(r#"{"do":"lane","lane":1}"#).is_err(), "it was dropped");
    }

    #[test]
    fn rewinding_past_a_fork_undoes_it() {
        let mut play = Play::new(2, true);
        play.wander(&WAY);
        play.ask(r#"{"do":"branch"}"#).expect("a free row");
        play.ask(r#"{"do":"lane","lane":1}"#).expect("the other");
        play.wander(&WAY[..2]);
        play.ask(r#"{"do":"rewind","steps":1}"#).expect("steps to rewind");
        assert_eq!((play.shown().0.lane, play.shown().0.lanes), (1, 2));
        play.ask(r#"{"do":"rewind","steps":3}"#).expect("steps to rewind");
        assert_eq!((play.shown().0.lane, play.shown().0.lanes, play.lent()), (0, 1, 1));
        assert_eq!(play.shown().0.step, 4);
    }

    #[test]
    fn without_a_free_row_there_is_no_second_future_and_no_second_session() {
        let mut play = Play::new(1, false);
        let error = play.ask(r#"{"do":"branch"}"#).expect_err("one row").to_string();
        assert!(error.contains("all 1 futures"), "{error}");
        assert!(Session::open(&mut play.stage).is_err(), "nor anybody else");
        assert!(play.ask(r#"{"do":"anchor"}"#).is_err(), "there is nothing real");
        assert_eq!(play.shown().0.pictures, ["learned:0"]);
        assert_eq!(play.shown().0.error, None);
    }

    #[test]
    fn states_are_saved_by_name_and_loaded() {
        let mut play = Play::new(1, true);
        play.wander(&WAY[..3]);
        let there = play.shown().1;
        let told = play.ask(r#"{"do":"save","name":"here"}"#).expect("a place");
        assert_eq!(told, [Say::Saved { names: vec!["here".into()] }]);
        play.wander(&WAY);
        let elsewhere = play.shown().1;
        play.ask(r#"{"do":"load","name":"here"}"#).expect("it is saved");
        assert_eq!((play.shown().0.step, play.shown().1), (3, there));
        play.ask(r#"{"do":"rewind","steps":1}"#).expect("to load is undone");
        assert_eq!((play.shown().0.step, play.shown().1), (9, elsewhere));
        let error = play.ask(r#"{"do":"load","name":"there"}"#).expect_err("never saved").to_string();
        assert!(error.contains("[here]"), "{error}");
        for at in 1..SAVED_MOST {
            play.ask(&format!(r#"{{"do":"save","name":"s{at}"}}"#)).expect("a place");
        }
        assert!(play.ask(r#"{"do":"save","name":"more"}"#).is_err(), "too many");
        assert!(play.ask(r#"{"do":"save","name":"s3"}"#).is_ok(), "over an older one");
    }

    #[test]
    fn it_begins_anew_from_a_seed_or_in_a_recording() {
        let mut play = Play::new(2, true);
        play.wander(&WAY);
        play.ask(r#"{"do":"branch"}"#).expect("a free row");
        play.ask(r#"{"do":"reset","episode":0,"row":2}"#).expect("a row of a recording");
        let header = play.shown().0;
        assert_eq!((header.step, header.lanes, header.remembered, play.lent()), (0, 1, 0, 1));
        let told = play.ask(r#"{"do":"read"}"#).expect("numbers");
        let Say::State { learned, real, names, .. } = &told[0] else { panic!("{told:?}") };
        assert_eq!((learned, real), (&Some(vec![2.0, 4.0]), &Some(vec![2.0, 4.0])));
        assert_eq!(names[..], ["dot.x", "dot.y"]);
        let before = play.shown().1;
        assert!(play.ask(r#"{"do":"reset","episode":7,"row":0}"#).is_err(), "there is none");
        assert_eq!(play.shown().1, before, "nothing has changed");
        play.ask(r#"{"do":"reset","seed":0}"#).expect("a seed");
        assert_eq!(play.shown().1, Play::new(1, true).shown().1, "a session begins at seed 0");
    }

    #[test]
    fn the_learned_world_looks_again_when_it_is_asked() {
        let mut play = Play::new(1, true);
        play.wander(&WAY);
        let header = play.shown().0;
        assert!(header.error.is_some_and(|error| error > 1e-3) && header.anchored == 0, "{header:?}");
        play.ask(r#"{"do":"anchor"}"#).expect("a real world");
        let header = play.shown().0;
        assert!(header.error.is_some_and(|error| error < 1e-3) && header.anchored == 6, "{header:?}");
        play.ask(r#"{"do":"rewind","steps":1}"#).expect("to anchor is undone");
        assert_eq!((play.shown().0.anchored, play.shown().0.step), (0, 6));
    }

    #[test]
    fn an_action_is_clamped_or_refused_and_its_echo_comes_with_the_step_that_shows_it() {
        let mut play = Play::new(1, true);
        play.ask(r#"{"do":"drive","action":[7,-0.5],"at":12.5}"#).expect("an action");
        assert_eq!((play.shown().0.action.clone(), play.shown().0.echo), (vec![1.0, -0.5], None), "not shown yet");
        play.step();
        assert_eq!(play.shown().0.echo, Some(12.5));
        assert_eq!(play.shown().0.echo, None, "once");
        let error = play.ask(r#"{"do":"drive","action":[1]}"#).expect_err("one number").to_string();
        assert!(error.contains("say 2: x, y"), "{error}");
    }

    #[test]
    fn a_recording_is_what_the_real_world_did_without_what_was_rewound() {
        let mut play = Play::new(1, true);
        play.wander(&WAY[..2]);
        play.ask(r#"{"do":"record","on":true}"#).expect("a place for it");
        let start = play.stage.told(play.session.rows()[0]);
        play.wander(&WAY[..4]);
        play.ask(r#"{"do":"rewind","steps":2}"#).expect("steps to rewind");
        assert_eq!(play.shown().0.recording, Some(2));
        play.wander(&WAY[4..6]);
        let told = play.ask(r#"{"do":"record","on":false}"#).expect("it was on");
        assert_eq!(told, [Say::Recorded { path: "kept".into(), rows: 4 }]);
        let Driven { episode, provenance, dreamt } = play.kept.recv().expect("an episode");
        assert_eq!((provenance.as_str(), dreamt, episode.states.row(0)), ("seed 0, step 2", false, &start[..]));
        let done: Vec<f32> = [0, 1, 4, 5].iter().flat_map(|&at: &usize| WAY[at].map(|x| x as f32)).collect();
        assert_eq!(episode.actions.data, done, "the action that left each row");
        for row in 1..4 {
            let before = [f64::from(episode.states.row(row - 1)[0]), f64::from(episode.states.row(row - 1)[1])];
            let moved = before[0] + 0.25 * f64::from(episode.actions.row(row - 1)[0]);
            assert!(
                (moved.clamp(0.0, 8.0) - f64::from(episode.states.row(row)[0])).abs() < 1e-5,
                "row {row} follows, without drift"
            );
        }
        assert_eq!(episode.frames.map(|frames| frames.len()), Some(4));
        assert!(play.shown().0.recording.is_none());
    }

    #[test]
    fn a_jump_keeps_a_recording_and_begins_another() {
        let mut play = Play::new(2, false);
        play.ask(r#"{"do":"record","on":true}"#).expect("a place for it");
        play.wander(&WAY[..3]);
        let told = play.ask(r#"{"do":"reset","seed":4}"#).expect("a seed");
        assert_eq!(told, [Say::Recorded { path: "kept".into(), rows: 3 }]);
        play.wander(&WAY[..2]);
        play.ask(r#"{"do":"rewind","steps":2}"#).expect("steps to rewind");
        let told = play.ask(r#"{"do":"record","on":false}"#).expect("it was on");
        assert!(matches!(&told[..], [Say::Note { text }] if text.contains("no step")), "all was rewound: {told:?}");
        let first = play.kept.recv().expect("the first");
        assert!(first.dreamt && first.provenance == "seed 0, step 0", "{}", first.provenance);
        assert!(play.kept.try_recv().is_err(), "and no second");
    }

    #[test]
    fn where_the_episode_ends_time_stops_and_the_recording_is_kept() {
        let mut play = Play::new(1, true);
        play.ask(r#"{"do":"reset","episode":0,"row":0}"#).expect("a row");
        play.ask(r#"{"do":"record","on":true}"#).expect("a place for it");
        play.ask(r#"{"do":"drive","action":[1,0]}"#).expect("an action");
        let told: Vec<Say> = (0..32).flat_map(|_| play.step()).collect();
        assert!(matches!(&told[..], [Say::Note { .. }, Say::Recorded { rows: 32, .. }]), "{told:?}");
        let header = play.shown().0;
        assert!(header.ended && header.paused && header.recording.is_none(), "{header:?}");
        let episode = play.kept.recv().expect("an episode").episode;
        assert_eq!((episode.terminated.iter().filter(|end| **end).count(), episode.terminated[31]), (1, true));
        play.ask(r#"{"do":"go"}"#).expect("beyond the end");
        assert!(play.step().is_empty() && play.session.is_running(), "it goes on");
    }

    #[test]
    fn whoever_leaves_gives_everything_back() {
        let mut play = Play::new(2, true);
        play.wander(&WAY);
        play.ask(r#"{"do":"branch"}"#).expect("a free row");
        play.ask(r#"{"do":"save","name":"here"}"#).expect("a place");
        play.ask(r#"{"do":"record","on":true}"#).expect("a place for it");
        play.wander(&WAY);
        assert!(play.filed.load(Ordering::Relaxed) > 0, "moments are filed");
        let Play { session, mut stage, mut recorder, filed, .. } = play;
        assert!(session.close(&mut stage, &mut recorder).is_some(), "the recording that went on is told");
        assert_eq!((stage.lent().load(Ordering::Relaxed), filed.load(Ordering::Relaxed)), (0, 0));
    }
}
