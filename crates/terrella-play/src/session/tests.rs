//! Sessions in a toy world: what is rewound, forked, saved and recorded.

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
    let Driven { episode, provenance, dreamt, .. } = play.kept.recv().expect("an episode");
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
