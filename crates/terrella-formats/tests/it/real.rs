//! The published PushT recordings, where they are present.

use crate::elsewhere::recordings;
use std::path::PathBuf;
use terrella_core::{Episode, Fingerprint, KnownRows, Table, recognise};
use terrella_data::SourceOptions;
use terrella_formats::{detect, inspect, open_source};

fn pusht() -> Option<PathBuf> {
    recordings("pusht_human/pusht_cchi_v7_replay.zarr.zip")
}

/// Who asks says of which world they are.
fn declared() -> SourceOptions {
    SourceOptions { env: Some("pusht".to_owned()), ..SourceOptions::default() }
}

#[test]
fn the_world_of_the_pusht_recordings_is_not_guessed() {
    let Some(path) = pusht() else { return };
    let error = open_source(&path, &SourceOptions::default()).err().map(|e| e.to_string()).unwrap_or_default();
    assert!(error.contains("--env pusht") && error.contains("--fps"), "{error}");
    let rated = SourceOptions { fps: Some(10.0), ..SourceOptions::default() };
    let source = open_source(&path, &rated).expect("opened");
    assert_eq!((source.signature().env.clone(), source.signature().state[0].as_str()), (None, "state.0"), "unnamed");
}

#[test]
fn the_pusht_recordings_are_recognised_and_read() {
    let Some(path) = pusht() else { return };
    let source = detect(&path).expect("a known format").open(&path, &declared()).expect("opened");
    let signature = source.signature();
    assert_eq!(
        (signature.fps, signature.image, signature.env.as_deref()),
        (10.0, Some([96, 96]), Some("pusht")),
        "PushT"
    );
    assert_eq!(signature.state, ["agent.x", "agent.y", "block.x", "block.y", "block.angle"], "state names");
    assert_eq!(signature.action, ["target.x", "target.y"], "action names");
    let lengths = source.lengths();
    let extremes = (lengths.iter().min().copied(), lengths.iter().max().copied());
    assert_eq!(
        (lengths.len(), lengths.iter().sum::<usize>(), extremes),
        (206, 25_650, (Some(49), Some(246))),
        "INDEX.md"
    );
    let frames = source.pictures(205).expect("decoded").expect("pictures");
    assert_eq!((frames.len(), frames.size()), (lengths[205], [96, 96]), "the last episode");
    let darkest = frames.bytes(0).iter().min().copied();
    assert!(darkest >= Some(60), "pictures lie in 65..255, the darkest byte is {darkest:?}");
}

#[test]
fn inspecting_the_zip_tells_what_is_not_kept_and_nothing_else() {
    let Some(path) = pusht() else { return };
    let summary = inspect(&open_source(&path, &declared()).expect("opened")).expect("inspected");
    assert_eq!((summary.episodes, summary.lengths[1]), (206, 122), "median length");
    assert_eq!(summary.warnings, ["arrays: not kept: data/keypoint, data/n_contacts"], "what is odd");
    let folder = path.parent().expect("a folder");
    let others = std::fs::read_dir(folder).expect("listed").flatten().map(|e| e.path()).filter(|p| p != &path);
    assert!(others.into_iter().all(|p| !p.to_string_lossy().contains(".cache")), "nothing is written beside a source");
}

/// Pieces of so many rows.
fn pieces(episodes: &[Episode], rows: usize) -> Vec<Episode> {
    let part = |t: &Table, at: usize| Table {
        width: t.width,
        data: t.data[at * rows * t.width..(at + 1) * rows * t.width].to_vec(),
    };
    let piece =
        |e: &Episode, at| Episode { states: part(&e.states, at), actions: part(&e.actions, at), ..Episode::default() };
    episodes.iter().flat_map(|e| (0..e.len() / rows).map(|at| piece(e, at)).collect::<Vec<_>>()).collect()
}

#[test]
fn pieces_of_learned_episodes_are_recognised_and_those_of_others_are_not() {
    let Some(path) = pusht() else { return };
    let source = open_source(&path, &declared()).expect("opened");
    let bare = |e: &Episode| Episode { states: Table::new(0), ..e.clone() };
    let (mut learned, mut others) = (Vec::new(), Vec::new());
    for at in 0..source.lengths().len() {
        if at % 10 == 0 { others.push(source.episode(at)) } else { learned.push(source.episode(at)) }
    }
    let [bare_learned, bare_others] = [&learned, &others].map(|e| e.iter().map(bare).collect::<Vec<_>>());
    let cases = [
        ("states in both", &learned, [&learned, &others]),
        ("actions in both", &bare_learned, [&bare_learned, &bare_others]),
        ("learned with states", &learned, [&bare_learned, &bare_others]),
        ("judged with states", &bare_learned, [&learned, &others]),
    ];
    for (case, known, asked) in cases {
        let prints: Vec<Fingerprint> = known.iter().map(Fingerprint::of).collect();
        let known = KnownRows::of(known.iter());
        for rows in [5, 10, 20, 50] {
            let [ours, theirs] = asked.map(|episodes| {
                let cut = pieces(episodes, rows);
                let seen = recognise(&prints, Some(&known), &cut).iter().filter(|&&seen| seen).count();
                (seen, cut.len())
            });
            // Five rows of actions alone say little where a hand rests.
            let least = if rows == 5 && case != "states in both" { 0.9 } else { 0.999 };
            assert!(ours.0 as f64 >= least * ours.1 as f64, "{case}, {rows} rows: {ours:?} learned pieces");
            assert_eq!(theirs.0, 0, "{case}, {rows} rows: of {} pieces of others", theirs.1);
        }
    }
}
