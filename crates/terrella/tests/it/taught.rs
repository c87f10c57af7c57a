//! What pictures alone are taught by, from settings to the page, and a split for choosing such settings.

use crate::support::{device, finished, fresh, record, tiny, training};
use std::collections::BTreeSet;
use std::fs;
use terrella::pipeline::{Recordings, Run, quickstart};
use terrella::{Layers, Watch};
use terrella_model::{Augment, Symmetry};

/// Recordings of TwoRoom, whose actions are displacements and which declares no symmetry.
fn recordings(more: &[&str]) -> (terrella::Settings, Recordings) {
    let settings = tiny("tworoom", &[&["model.kind=jepa"], more].concat());
    let recordings = Recordings::open(&finished().join("data"), &settings, &Watch::silent()).expect("recordings");
    (settings, recordings)
}

#[test]
fn actions_teach_and_pictures_vary_where_settings_say_so() {
    let _turn = training();
    let path = fresh("taught");
    let taught =
        ["model.kind=jepa", "model.readout=false", "cost.kind=latent", "model.weights.reach=1", "model.reach=20"];
    let varied = ["train.augment.shift=6", "train.augment.colour=0.2", "eval.budget=30"];
    let run = Run::create("quickstart", Some(&path), tiny("pusht", &[&taught[..], &varied].concat())).expect("a run");
    quickstart(run, &device(), &Watch::silent()).expect("the whole thread");
    let read = |file: &str| fs::read_to_string(path.join(file)).expect("a file");
    let model: serde_json::Value = serde_json::from_str(&read("model/model.json")).expect("JSON");
    let moves = &model["train"]["augment"]["moves"];
    assert_eq!((&moves["extent"], &moves["action_points"][0][1]), (&512.0.into(), &1.into()), "as PushT declares it");
    let log: serde_json::Value =
        serde_json::from_str(read("train.jsonl").lines().last().expect("a line")).expect("JSON");
    assert!(log["reach"].as_f64().is_some_and(|loss| loss > 0.0 && loss < 3.0), "{log}");
    assert!(read("report.html").contains("Telling what was done"), "a chart of it");
}

#[test]
fn pictures_are_moved_only_where_it_is_known_what_moves_with_them() {
    let told = |more: &[&str]| {
        let (settings, recordings) = recordings(more);
        recordings.train_config(&settings).expect_err("refused").to_string()
    };
    let shift = "train.augment.shift=6";
    let (settings, unseen) = recordings(&[shift, "model.readout=false"]);
    let moves = unseen.train_config(&settings).expect("displacements").augment.moves.expect("said");
    assert!(moves.points.is_empty() && moves.action_points.is_empty(), "nothing has to move: {moves:?}");
    let text = told(&[shift, "model.readout=true"]);
    assert!(
        text.contains("tworoom") && text.contains("logged state") && text.contains("train.augment.moves"),
        "{text}"
    );
    let text = told(&["train.augment.colour=0.2", "model.sees=state"]);
    assert!(text.contains("shown none"), "{text}");
    for absurd in ["train.augment.colour=1.5", "model.reach=0", "model.weights.reach=-1"] {
        let text = Layers::new().expect("defaults").set(absurd).expect_err("refused").to_string();
        assert!(absurd.split('=').all(|part| text.contains(part)), "{text}");
    }
    let text = told(&["train.augment.shift=60"]);
    assert!(text.contains("60") && text.contains("96 pixels"), "{text}");
    let text = told(&[shift, "train.augment.moves={extent=224.0, points=[[0,1]], headings=[], action_points=[[0,2]]}"]);
    assert!(text.contains("action_points names number 2 of 2"), "{text}");
    let said = [shift, "train.augment.moves={extent=224.0, points=[[0,1]], headings=[], action_points=[]}"];
    let (settings, there) = recordings(&said);
    let moves = there.train_config(&settings).expect("the user says it").augment.moves.expect("said");
    assert_eq!((moves.side, moves.points), (224.0, vec![[0, 1]]));
    // A model of states may have its world elsewhere, too; it is asked by a preset only where the world says how.
    let sightless = ["model.sees=state", "model.readout=true"];
    let text = told(&[&sightless[..], &[shift]].concat());
    assert!(text.contains("declares no symmetry"), "{text}");
    let (settings, there) = recordings(&[&sightless[..], &["data.shift=6"]].concat());
    assert_eq!(there.train_config(&settings).expect("left out").augment.shift, 0, "TwoRoom does not say");
    let path = fresh("pushes");
    record(&path, "pusht", (4, 20), 0, 1);
    let settings = tiny("pusht", &[&["model.kind=jepa"], &sightless[..], &["data.shift=6"]].concat());
    let pushes = Recordings::open(&path, &settings, &Watch::silent()).expect("recordings");
    let augment = pushes.train_config(&settings).expect("declared").augment;
    assert_eq!((augment.shift, augment.moves.map(|moves| moves.points.len())), (6, Some(2)), "PushT does");
    let (settings, mut of_nowhere) = recordings(&[shift, "model.readout=false"]);
    of_nowhere.world = None;
    let text = of_nowhere.train_config(&settings).expect_err("refused").to_string();
    assert!(text.contains("name no world"), "{text}");
    let (settings, plain) = recordings(&[]);
    let nothing = plain.train_config(&settings).expect("nothing asked");
    assert_eq!(nothing.augment, Augment::default(), "nothing asked, nothing filled in");
    assert_eq!(nothing.symmetry, None::<Symmetry>, "TwoRoom has none");
}

/// Whoever chooses settings never sees the episodes that they will be judged on, in training or in judging.
#[test]
fn an_inner_split_leaves_the_held_out_episodes_unopened() {
    let (_, whole) = recordings(&[]);
    let (settings, inner) = recordings(&["data.inner=true"]);
    let rows = |recordings: &Recordings, episodes: &[usize]| -> BTreeSet<Vec<u32>> {
        let bits = |&e: &usize| recordings.dataset.episodes[e].states.data.iter().map(|x| x.to_bits()).collect();
        episodes.iter().map(bits).collect()
    };
    assert_eq!((whole.split.train.len(), whole.split.held_out.len()), (9, 3));
    assert_eq!((inner.split.train.len(), inner.split.held_out.len()), (7, 2), "a quarter of nine");
    let all: Vec<usize> = (0..inner.dataset.episodes.len()).collect();
    assert_eq!(rows(&inner, &all), rows(&whole, &whole.split.train), "what is learned from, and nothing else");
    assert!(rows(&inner, &inner.split.held_out).is_disjoint(&rows(&inner, &inner.split.train)), "judged on others");
    assert_ne!(inner.dataset.hash, whole.dataset.hash, "other recordings, by their hash");
    assert!(inner.split_words.contains("inner") && inner.split_words.contains("of the 9"), "{}", inner.split_words);
    let _turn = training();
    let path = fresh("inner");
    let mut settings = settings;
    settings.data.path = Some(finished().join("data"));
    let run = Run::create("quickstart", Some(&path), settings).expect("a run");
    quickstart(run, &device(), &Watch::silent()).expect("the whole thread");
    let evaluation = fs::read_to_string(path.join("eval.json")).expect("an evaluation");
    let evaluation: serde_json::Value = serde_json::from_str(&evaluation).expect("JSON");
    let card = &evaluation["scorecards"][0]["provenance"];
    assert!(card["split"].as_str().is_some_and(|words| words.contains("inner")), "the score says so: {card}");
    assert_eq!(evaluation["notes"].as_array().map(Vec::len), Some(0), "nothing strange: {}", evaluation["notes"]);
}
