//! Several cameras and depth: kept beside the camera that models see, in every format that has them.

use crate::elsewhere::recordings;
use crate::fixtures::{SIZE, assert_says, episode, signature, write_dataset};
use std::fs;
use std::path::Path;
use terrella_core::{Episode, Frames, Key, Pixel};
use terrella_data::{ALL, SourceOptions, View, Writer};
use terrella_formats::{ImportOptions, OpenOptions, Opened, export_mcap, import, open, open_source};

/// A wrist camera of another size, and depth in steps of a fifth of a millimetre.
fn views() -> [View; 2] {
    let view = |name: &str, size, depth| View { name: name.to_owned(), size, depth };
    [view("wrist", [4, 8], None), view("front_depth", [6, 4], Some(0.0002))]
}

fn noise(view: &View, episode: usize, rows: usize) -> Frames {
    let mut stream = Key::new(9).with(&view.name).at(episode as u64).stream();
    let n = rows * view.size[0] * view.size[1] * view.pixel().bytes();
    Frames::of(view.pixel(), view.size, (0..n).map(|_| stream.below(256) as u8).collect())
}

fn write(path: &Path, lengths: &[usize]) {
    let mut writer = Writer::create(path, &signature()).expect("made").with_views(&views());
    for (index, rows) in lengths.iter().enumerate() {
        let beside = views().map(|view| noise(&view, index, *rows));
        writer.write_views(&episode(index, *rows), &beside).expect("written");
    }
    writer.finish().expect("finished");
}

fn asking(views: &[&str]) -> SourceOptions {
    SourceOptions { views: views.iter().map(ToString::to_string).collect(), ..SourceOptions::default() }
}

fn opened(path: &Path, options: &SourceOptions) -> Opened {
    open_source(path, options).expect("opened")
}

fn bytes(frames: &Frames) -> Vec<u8> {
    (0..frames.len()).flat_map(|t| frames.bytes(t).to_vec()).collect()
}

/// Every picture of every view of both.
fn assert_same_views(a: &Opened, b: &Opened) {
    let described = |s: &Opened| s.views().iter().map(|v| (v.size, v.depth)).collect::<Vec<_>>();
    assert_eq!((described(a), a.lengths()), (described(b), b.lengths()), "sizes, units and rows");
    for at in 0..a.lengths().len() {
        for view in 0..a.views().len() {
            let (a, b) = (a.view(at, view).expect("decoded"), b.view(at, view).expect("decoded"));
            assert_eq!((a.pixel(), bytes(&a)), (b.pixel(), bytes(&b)), "view {view} of episode {at}");
        }
        let camera = |s: &Opened| s.pictures(at).expect("decoded").map(|f| bytes(&f));
        assert_eq!(camera(a), camera(b), "the camera of episode {at}");
    }
}

#[test]
fn views_are_written_and_read_back() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("data");
    write(&path, &[5, 1, 9]);
    let source = opened(&path, &asking(&[ALL]));
    let found: Vec<(&str, [usize; 2], Option<f64>)> =
        source.views().iter().map(|v| (v.name.as_str(), v.size, v.depth)).collect();
    let depth = ("observation.images.front_depth", [6, 4], Some(0.0002));
    assert_eq!(found, [depth, ("observation.images.wrist", [4, 8], None)], "in the order of the names");
    for (at, rows) in [5, 1, 9].into_iter().enumerate() {
        for (view, written) in [(1, &views()[0]), (0, &views()[1])] {
            let frames = source.view(at, view).expect("decoded");
            assert_eq!((frames.len(), bytes(&frames)), (rows, bytes(&noise(written, at, rows))), "bit for bit");
        }
    }
    let one = opened(&path, &asking(&["observation.images.front_depth"]));
    assert_eq!(one.view(2, 0).expect("decoded").pixel(), Pixel::Depth, "one alone");
    assert!(one.notes().iter().any(|n| n.what.contains("not kept: observation.images.wrist")), "{:?}", one.notes());
}

#[test]
fn training_reads_one_camera() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("data");
    write(&path, &[4, 6]);
    let dataset = open(&path, &OpenOptions::default()).expect("opened");
    assert_eq!(dataset.signature.image, Some(SIZE), "the camera");
    let camera = Some("observation.images.wrist".to_owned());
    let source = SourceOptions { camera, ..SourceOptions::default() };
    let dataset = open(&path, &OpenOptions { source, ..OpenOptions::default() }).expect("opened");
    assert_eq!(dataset.signature.image, Some([4, 8]), "another");
    let frames = dataset.episodes[1].frames.as_ref().expect("pictures");
    assert_eq!(bytes(frames), bytes(&noise(&views()[0], 1, 6)), "its pictures");
    let small = |camera: &str| {
        let source = SourceOptions { camera: Some(camera.to_owned()), ..SourceOptions::default() };
        let options = OpenOptions { source, image_size: Some(4), ..OpenOptions::default() };
        let dataset = open(&path, &options).expect("opened");
        bytes(dataset.episodes[0].frames.as_ref().expect("pictures"))
    };
    let [front, wrist] = ["observation.image", "observation.images.wrist"].map(small);
    assert_ne!(front, wrist, "of one size, and yet each its own");
    assert_eq!((small("observation.image"), small("observation.images.wrist")), (front, wrist), "also when kept");
    let camera = Some("observation.images.front_depth".to_owned());
    let error = open_source(&path, &SourceOptions { camera, ..SourceOptions::default() }).err().expect("refused");
    assert_says(&error, &["front_depth is depth", "--views"]);
    let error = open_source(&path, &asking(&["side"])).err().expect("refused");
    assert_says(&error, &["no view \"side\"", "observation.images.front_depth, observation.images.wrist"]);
}

#[test]
fn an_import_keeps_and_scales_views() {
    let base = tempfile::tempdir().expect("a folder");
    let [data, copy, small] = ["data", "copy", "small"].map(|name| base.path().join(name));
    write(&data, &[5, 3]);
    import(&data, &copy, &asking(&[ALL]).into(), &mut |_, _| {}).expect("imported");
    let all = asking(&[ALL]);
    assert_same_views(&opened(&data, &all), &opened(&copy, &all));
    let options = ImportOptions { image_size: Some(2), ..asking(&[ALL]).into() };
    import(&data, &small, &options, &mut |_, _| {}).expect("imported");
    let source = opened(&small, &all);
    assert!(source.views().iter().all(|view| view.size == [2, 2]), "{:?}", source.views());
    let counts = |frames: &Frames| bytes(frames).as_chunks::<2>().0.to_vec();
    let before = counts(&noise(&views()[1], 0, 5));
    assert!(counts(&source.view(0, 0).expect("decoded")).iter().all(|c| before.contains(c)), "measured counts only");
}

#[test]
fn a_log_with_views_reads_back_as_it_is() {
    let base = tempfile::tempdir().expect("a folder");
    let (data, log) = (base.path().join("data"), base.path().join("log.mcap"));
    write(&data, &[5, 1]);
    let all = asking(&[ALL]);
    export_mcap(&data, &log, &all, &mut |_, _| {}).expect("exported");
    assert_same_views(&opened(&data, &all), &opened(&log, &all));
    let plain = opened(&log, &SourceOptions::default());
    let told: Vec<String> = plain.notes().iter().map(ToString::to_string).collect();
    assert_eq!(
        (plain.views().len(), told),
        (0, vec!["views: not kept: front_depth, wrist; --views all keeps them".to_owned()])
    );
    let camera = SourceOptions { camera: Some("wrist".to_owned()), ..asking(&["picture"]) };
    let turned = opened(&log, &camera);
    assert_eq!((turned.signature().image, turned.views()[0].size), (Some([4, 8]), SIZE), "the wrist is seen");
    let hash = |options: &SourceOptions| opened(&log, options).hash().expect("a hash").to_owned();
    assert_ne!(hash(&all), hash(&SourceOptions::default()), "what is read counts");
}

#[test]
fn files_of_several_cameras_are_views_of_a_mapping() {
    let base = tempfile::tempdir().expect("a folder");
    let folder = base.path().join("log");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("log.csv"), "t,x\n0.0,1\n0.1,2\n0.2,3\n").expect("written");
    for t in 0..3u8 {
        fs::write(folder.join(format!("depth-{t}.pgm")), [b"P5 2 1 65535\n".as_slice(), &[1, t, 0, 9]].concat())
            .expect("written");
        fs::write(folder.join(format!("left-{t}.ppm")), [b"P6 1 1 255\n".as_slice(), &[t, t, 7]].concat())
            .expect("written");
    }
    let map = base.path().join("map.toml");
    let text = "[clock]\ncolumn = \"t\"\n[[state]]\nfile = \"log.csv\"\ncolumns = [\"x\"]\n";
    let pictures = "file = \"log.csv\"\nclock = { file = \"log.csv\", column = \"t\" }\n";
    let text = format!(
        "{text}[views.left]\nfiles = \"left-*\"\n{pictures}[views.depth]\nfiles = \"depth-*\"\ndepth = 0.001\n{pictures}"
    );
    fs::write(&map, text).expect("written");
    let options = SourceOptions { map: Some(map.display().to_string()), ..asking(&[ALL]) };
    let source = opened(&folder, &options);
    assert_eq!(source.signature().image, None, "no camera is named");
    let names: Vec<&str> = source.views().iter().map(|v| v.name.as_str()).collect();
    assert_eq!(names, ["depth", "left"], "by name");
    assert_eq!(bytes(&source.view(0, 0).expect("decoded")), [0, 1, 9, 0, 1, 1, 9, 0, 2, 1, 9, 0], "the low byte first");
    assert_eq!(bytes(&source.view(0, 1).expect("decoded")), [0, 0, 7, 1, 1, 7, 2, 2, 7], "colours");
    let camera = SourceOptions { camera: Some("left".to_owned()), ..options.clone() };
    assert_eq!(opened(&folder, &camera).signature().image, Some([1, 1]), "one is chosen");
    let error = open_source(&folder, &SourceOptions { camera: Some("depth".to_owned()), ..options }).err();
    assert_says(&error.expect("refused"), &["depth is depth", "--views"]);
}

#[test]
fn a_writer_refuses_views_that_do_not_fit() {
    let base = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::create(&base.path().join("data"), &signature()).expect("made").with_views(&views());
    let beside = views().map(|view| noise(&view, 0, 4));
    let mut refused = |episode: &Episode, beside: &[Frames]| writer.write_views(episode, beside).expect_err("refused");
    assert_says(&refused(&episode(0, 4), &[]), &["cannot write episode 0", "Depth"]);
    assert_says(&refused(&episode(0, 5), &beside), &["(4, [4, 8], Rgb)", "(5, [4, 8], Rgb)"]);
    let [wrist, depth] = beside.clone();
    assert_says(&refused(&episode(0, 4), &[depth, wrist]), &["it has pictures"]);
    writer.write_views(&episode(0, 4), &beside).expect("fits");
}

#[test]
fn a_dataset_without_views_says_so() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("data");
    write_dataset(&path, &[3]).expect("written");
    assert!(opened(&path, &asking(&[ALL])).views().is_empty(), "all of none");
    let error = open_source(&path, &asking(&["wrist"])).err().expect("refused");
    assert_says(&error, &["no view \"wrist\"", "none beside the camera"]);
}

/// Recordings of others with several cameras: views, their sizes, and whether the first is depth.
type Known = (&'static str, Option<&'static str>, usize, [usize; 2], bool);
const KNOWN: [Known; 3] = [
    ("slambook_rgbd", Some("slambook"), 1, [480, 640], true),
    ("bridge_tfrecord", None, 2, [64, 64], false),
    ("droid_sample", Some("droid-json"), 2, [192, 320], false),
];

#[test]
fn views_of_recordings_of_others_are_read() {
    for (name, map, n, size, depth) in KNOWN {
        if name.starts_with("droid") && cfg!(not(feature = "video")) {
            eprintln!("skipped: the decoders were not built");
            continue;
        }
        let Some(path) = recordings(name) else { continue };
        let options = SourceOptions { map: map.map(str::to_owned), ..asking(&[ALL]) };
        let source = opened(&path, &options);
        assert_eq!(source.views().len(), n, "{name}: {:?}", source.notes());
        assert_eq!((source.views()[0].size, source.views()[0].depth.is_some()), (size, depth), "{name}");
        let frames = source.view(0, 0).expect(name);
        assert_eq!(frames.len(), source.lengths()[0], "{name}: a picture a row");
        if depth {
            let counts = bytes(&frames).as_chunks::<2>().0.iter().map(|c| u16::from_le_bytes(*c)).collect::<Vec<_>>();
            let measured: Vec<f64> = counts.iter().filter(|c| **c > 0).map(|c| f64::from(*c) * 0.001).collect();
            let mean = measured.iter().sum::<f64>() / measured.len() as f64;
            assert!((0.5..5.0).contains(&mean), "{name}: a room is some metres deep, {mean:.2} m");
        }
    }
}

#[test]
fn a_model_can_be_shown_several_cameras_in_one_picture() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("data");
    write(&path, &[3, 2]);
    let asked = |views: &[&str], side| {
        let options =
            OpenOptions { source: asking(views), image_size: Some(side), side_by_side: true, ..OpenOptions::default() };
        open(&path, &options)
    };
    let wrist = "observation.images.wrist";
    let dataset = asked(&[wrist], 8).expect("opened");
    assert_eq!(dataset.signature.image, Some([8, 8]), "one picture");
    let source = opened(&path, &asking(&[wrist]));
    for (at, episode) in dataset.episodes.iter().enumerate() {
        let shown = episode.frames.as_ref().expect("pictures");
        for camera in 0..2 {
            // Each alone, scaled into a quarter.
            let alone = source.frames(at, camera).expect("decoded");
            for row in 0..alone.len() {
                let quarter = alone.image(row).resized(4, 4);
                for (y, line) in quarter.data.chunks_exact(12).enumerate() {
                    let from = (y * 8 + camera * 4) * 3;
                    let apart = line.iter().zip(&shown.bytes(row)[from..from + 12]).map(|(a, b)| a.abs_diff(*b)).max();
                    assert!(apart <= Some(1), "line {y} of camera {camera}, row {row}: off by {apart:?}");
                }
                assert!(shown.bytes(row)[4 * 8 * 3..].iter().all(|x| *x == 0), "no camera fills the lower half");
            }
        }
    }
    let one = open(&path, &OpenOptions { image_size: Some(8), ..OpenOptions::default() }).expect("opened");
    let differ = one.episodes[0].frames.as_ref().expect("pictures").bytes(0)
        != dataset.episodes[0].frames.as_ref().expect("pictures").bytes(0);
    assert!(differ, "each choice of cameras has its own cache");
    assert_says(&asked(&["observation.images.front_depth"], 8).expect_err("depth"), &["front_depth", "is depth"]);
    assert_says(&asked(&[wrist], 1).expect_err("too small"), &["2 cameras do not fit"]);
}
