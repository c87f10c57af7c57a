//! The published PushT recordings, where they are present.

use std::path::PathBuf;
use terrella_data::{SourceOptions, detect, inspect, open_source};

fn pusht() -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/pusht_human/pusht_cchi_v7_replay.zarr.zip");
    if !path.exists() {
        eprintln!("skipped: {} is not here", path.display());
    }
    path.exists().then_some(path)
}

#[test]
fn the_pusht_recordings_are_recognised_and_read() {
    let Some(path) = pusht() else { return };
    let source = detect(&path).expect("a known format").open(&path, &SourceOptions::default()).expect("opened");
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
fn inspecting_the_zip_finds_nothing_odd() {
    let Some(path) = pusht() else { return };
    let summary = inspect(&open_source(&path, &SourceOptions::default()).expect("opened")).expect("inspected");
    assert_eq!((summary.episodes, summary.lengths[1]), (206, 122), "median length");
    assert!(summary.warnings.is_empty(), "{:?}", summary.warnings);
    let folder = path.parent().expect("a folder");
    let others = std::fs::read_dir(folder).expect("listed").flatten().map(|e| e.path()).filter(|p| p != &path);
    assert!(others.into_iter().all(|p| !p.to_string_lossy().contains(".cache")), "nothing is written beside a source");
}
