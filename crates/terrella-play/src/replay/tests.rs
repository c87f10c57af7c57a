//! Drives of toy worlds come again, and what was changed is found.

use super::*;
use crate::messages::Ask;
use crate::past::Began;
use crate::recorder::{Driven, Keep, Recorder};
use crate::session::Session;
use crate::toy::{Dots, stage};
use std::path::PathBuf;
use std::sync::mpsc;
use terrella_core::{Frames, Table};

struct Kept(mpsc::Sender<Driven>);

impl Keep for Kept {
    fn keep(&mut self, driven: Driven) -> Result<PathBuf> {
        self.0.send(driven).map_err(|error| Error::Invalid(error.to_string()))?;
        Ok("kept".into())
    }
}

/// What is kept of a session that does all this: texts are said, and a number is so many steps.
fn driven(real: bool, deeds: &[&str]) -> Vec<Driven> {
    let mut stage = stage(2, real);
    let (sender, kept) = mpsc::channel();
    let mut recorder = Recorder::new(Some(Box::new(Kept(sender))), !real);
    let mut session = Session::open(&mut stage).expect("a row");
    for deed in deeds {
        if let Ok(steps) = deed.parse::<usize>() {
            for _ in 0..steps {
                let (rows, actions) = session.leave(&stage);
                let (steps, _) = stage.step(&rows, &actions).expect("a step");
                session.arrive(&steps, &stage, &mut recorder);
            }
        } else {
            session.hear(Ask::read(deed).expect(deed), &mut stage, &mut recorder).expect(deed);
        }
    }
    session.close(&mut stage, &mut recorder);
    drop(recorder);
    kept.iter().collect()
}

fn differs(real: bool, driven: &Driven) -> Vec<Differs> {
    let mut stage = stage(1, real);
    replay(&mut stage, &driven.past, &driven.learned, &driven.episode).expect("it can be driven")
}

const EAST: &str = r#"{"do":"drive","action":[1,0.25]}"#;
const NORTH: &str = r#"{"do":"drive","action":[0.1,-1]}"#;
const ANCHOR: &str = r#"{"do":"anchor"}"#;
const RECORD: &str = r#"{"do":"record","on":true}"#;
const BACK: &str = r#"{"do":"rewind","steps":2}"#;
const SAVE: &str = r#"{"do":"save","name":"here"}"#;
const LOAD: &str = r#"{"do":"load","name":"here"}"#;
const BRANCH: &str = r#"{"do":"branch"}"#;
const OTHER: &str = r#"{"do":"lane","lane":1}"#;
const JOIN: &str = r#"{"do":"join"}"#;

/// Ways to a recording, by all that a person can do.
const WAYS: [&[&str]; 7] = [
    &[RECORD, EAST, "4"],
    &[r#"{"do":"reset","seed":7}"#, EAST, "3", NORTH, RECORD, "2", EAST, "5"],
    &[r#"{"do":"reset","episode":0,"row":2}"#, EAST, "3", ANCHOR, "2", RECORD, NORTH, "3", ANCHOR, "2"],
    &[EAST, "5", BACK, NORTH, "1", RECORD, "4", BACK, EAST, "3"],
    &[EAST, "5", RECORD, "3", ANCHOR, "1", BACK, NORTH, "2", ANCHOR, ANCHOR, BACK, "2"],
    &[EAST, "3", SAVE, NORTH, "4", LOAD, RECORD, "2", NORTH, "2", LOAD, EAST, "2"],
    &[EAST, "3", BRANCH, OTHER, NORTH, "3", RECORD, "2", JOIN, EAST, "2"],
];

#[test]
fn whatever_led_to_a_drive_it_comes_again_bit_for_bit() {
    for way in WAYS {
        for real in [true, false] {
            let way: Vec<&str> = way.iter().copied().filter(|deed| real || *deed != ANCHOR).collect();
            let all = driven(real, &way);
            assert!(!all.is_empty(), "{way:?}");
            for driven in all {
                let told = differs(real, &driven);
                assert!(told.is_empty(), "{told:?} from {} by {way:?}", driven.provenance);
                assert_eq!(driven.learned.is_empty(), !real, "the dream's own, where the real world was recorded");
            }
        }
    }
}

#[test]
fn what_was_changed_is_found_in_its_row_with_how_much() {
    let first = |way: &[&str]| driven(true, way).swap_remove(0);
    let whole = first(WAYS[1]);
    let mut changed = whole.clone();
    changed.episode.states.data[2 * 2 + 1] += 0.5;
    changed.episode.rewards[4] += 1.0;
    changed.episode.terminated[5] = true;
    changed.learned[6] = "0123456789abcdef".to_owned();
    let frames = changed.episode.frames.take().expect("pictures");
    let mut images: Vec<_> = (0..frames.len()).map(|at| frames.image(at)).collect();
    let pixel = &mut images[3].data[10];
    *pixel = if *pixel > 100 { *pixel - 9 } else { *pixel + 9 };
    changed.episode.frames = Some(Frames::from_images(&images));
    let told = differs(true, &changed);
    assert_eq!(told.iter().map(|differs| differs.row).collect::<Vec<_>>(), [2, 3, 4, 5, 6]);
    let state = told[0].state.expect("a state");
    assert_eq!((state.at, state.of, state.values[0] - state.values[1] > 0.4), (1, 1, true));
    assert_eq!(told[1], Differs { row: 3, picture: Some(Levels { bytes: 1, most: 9 }), ..Differs::default() });
    let reward = whole.episode.rewards[4];
    assert_eq!(told[2].reward, Some([reward + 1.0, reward]));
    assert_eq!((told[3].end, told[4].dream, told[4].picture), (true, true, None));
    // Without the moment at which the model looked, only its dream is another.
    let mut blind = first(WAYS[2]);
    blind.past.path.as_mut().expect("a path").retain(|deed| *deed != Deed::Anchor);
    let told = differs(true, &blind);
    assert!(!told.is_empty() && told.iter().all(|d| *d == Differs { row: d.row, dream: true, ..Differs::default() }));
    let mut elsewhere = whole;
    elsewhere.past.origin = Began::Seed(8);
    assert_eq!(differs(true, &elsewhere).len(), 7, "another start, and nothing is the same");
}

#[test]
fn what_cannot_come_again_is_refused_with_the_reason() {
    let whole = driven(true, WAYS[1]).swap_remove(0);
    let refused = |change: &dyn Fn(&mut Driven), words: &str| {
        let mut changed = whole.clone();
        change(&mut changed);
        let mut stage = stage(1, true);
        let error = replay(&mut stage, &changed.past, &changed.learned, &changed.episode).expect_err(words).to_string();
        assert!(error.contains(words), "{words} in {error}");
        assert!(stage.lend().is_some(), "the row is given back");
    };
    refused(&|driven| driven.past.path = None, "record sooner");
    refused(&|driven| driven.past.step += 1, "4 to the first row");
    refused(&|driven| driven.episode.actions.data[0] = 0.5, "action of row 0");
    refused(&|driven| driven.episode.actions = Table::from_data(1, vec![0.0; 7]), "action numbers");
    refused(&|driven| driven.episode.frames = None, "no pictures");
    refused(&|driven| driven.learned.truncate(1), "fingerprints");
    let mut larger = crate::Stage::new(Dots::learned(1), Some(Dots::real(1)), 16).expect("a stage");
    let error = replay(&mut larger, &whole.past, &whole.learned, &whole.episode).expect_err("larger").to_string();
    assert!(error.contains("8 × 8") && error.contains("16 × 16"), "{error}");
}
