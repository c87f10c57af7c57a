//! Views travel with the rows that they show: cut, mirrored and divided as the camera is.

use crate::common::{Bench, SIDE};
use terrella_core::{Episode, Frames, Pixel};
use terrella_data::{SourceOptions, View, Writer};
use terrella_formats::{Opened, open_source};

fn opened(path: &std::path::Path) -> Opened {
    let options = SourceOptions { views: vec!["all".to_owned()], ..SourceOptions::default() };
    open_source(path, &options).expect("opened")
}

/// Depth whose counts are the red of the camera, so that a picture of another row or side would be noticed.
fn depth_of(frames: &Frames) -> Frames {
    let red =
        (0..frames.len()).flat_map(|t| frames.bytes(t).chunks_exact(3).flat_map(|p| [p[0], 0]).collect::<Vec<_>>());
    Frames::of(Pixel::Depth, frames.size(), red.collect())
}

#[test]
fn views_are_cut_mirrored_and_divided_with_their_rows() {
    let bench = Bench::new(4, true);
    let plain = opened(&bench.path("source"));
    let view = View { name: "front_depth".into(), size: [SIDE, SIDE], depth: Some(0.001) };
    let mut writer = Writer::create(&bench.path("deep"), plain.signature()).expect("a folder").with_views(&[view]);
    for at in 0..4 {
        let frames = plain.pictures(at).expect("decoded").expect("pictures");
        let depth = depth_of(&frames);
        writer.write_views(&Episode { frames: Some(frames), ..plain.episode(at) }, &[depth]).expect("written");
    }
    writer.finish().expect("finished");
    let stages = "
        [[source]]\npath = \"deep\"\nviews = [\"all\"]
        [[stage]]\ndo = \"split\"\nrows = 12\nat_least = 5
        [[stage]]\ndo = \"augment\"\ncopies = 1\nset = { state_x = \"-state_x\" }\nmirror_pictures = true
        [[stage]]\ndo = \"shard\"\nparts = { train = 0.5, held_out = 0.5 }";
    let file = bench.path("out.toml");
    std::fs::write(&file, stages).expect("written");
    let pipeline = terrella_curate::Pipeline::read(&file).expect("a pipeline");
    terrella_curate::curate(&pipeline, &bench.path("out"), &mut |_, _, _| {}).expect("curated");
    let mut compared = 0;
    for part in ["train", "held_out"] {
        let source = opened(&bench.path("out").join(part));
        let view = &source.views()[0];
        assert_eq!((view.name.as_str(), view.depth), ("observation.images.front_depth", Some(0.001)), "{part}");
        for at in 0..source.lengths().len() {
            let frames = source.pictures(at).expect("decoded").expect("pictures");
            let (depth, wanted) = (source.view(at, 0).expect("decoded"), depth_of(&frames));
            assert_eq!(depth.len(), source.lengths()[at], "a picture each row");
            assert!((0..depth.len()).all(|t| depth.bytes(t) == wanted.bytes(t)), "episode {at} of {part}");
            compared += depth.len();
        }
    }
    assert!(compared > 200, "{compared} pictures");
}
