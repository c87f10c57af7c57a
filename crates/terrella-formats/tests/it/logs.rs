//! Logs read by a mapping: every kind of file, several clocks, what is left out, archives, and the
//! recordings of others where they are present.

use crate::elsewhere::recordings;
use crate::fixtures::assert_says;
use std::fs;
use std::io::Write;
use std::path::Path;
use terrella_data::{Format, Source, SourceOptions};
use terrella_formats::{ImportOptions, OpenOptions, detect, import, open};

fn with_map(map: &Path) -> SourceOptions {
    SourceOptions { map: Some(map.to_string_lossy().into_owned()), ..SourceOptions::default() }
}

/// Writes files and a mapping, and opens the folder with it.
fn opened(files: &[(&str, &[u8])], mapping: &str) -> terrella_data::Result<Box<dyn Source>> {
    let base = tempfile::tempdir().expect("a folder");
    let (folder, map) = (base.path().join("log"), base.path().join("map.toml"));
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
    fs::write(&map, mapping).expect("a mapping");
    logs().open(&folder, &with_map(&map))
}

fn logs() -> &'static dyn Format {
    *terrella_formats::FORMATS.iter().find(|f| f.name() == "log").expect("registered")
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).expect("packed");
    packed.finish().expect("packed")
}

#[test]
fn one_mapping_reads_tables_in_text_json_and_lines() {
    let csv = b"time,x,u\n0.0,0,10\n0.1,1,11\n0.2,2,12\n";
    let json = br#"{"time": [0.0, 0.1, 0.2], "x": [0, 1, 2], "u": [10, 11, 12]}"#;
    let lines = b"{\"time\": 0.0, \"x\": 0, \"u\": 10}\n{\"time\": 0.1, \"x\": 1, \"u\": 11}\n{\"time\": 0.2, \"x\": 2, \"u\": 12}\n";
    let source = opened(
        &[("a.csv", csv), ("b.csv.gz", &gz(csv)), ("c.json", json), ("d.jsonl", lines)],
        "episodes = \"*\"\ntask = \"go\"\nfps = 10.0\n[clock]\ncolumn = \"time\"\n[[state]]\ncolumns = [\"x\"]\n[[action]]\ncolumns = [\"u\"]\n",
    )
    .expect("opened");
    assert_eq!(source.lengths(), [3, 3, 3, 3], "a recording each");
    for at in 0..4 {
        let episode = source.episode(at);
        assert_eq!((episode.states.data, episode.actions.data), (vec![0.0, 1.0, 2.0], vec![10.0, 11.0, 12.0]), "{at}");
        assert_eq!(episode.task, "go", "the task");
    }
    assert!(source.notes().is_empty(), "nothing to tell: {:?}", source.notes());
}

#[test]
fn sensors_with_clocks_of_their_own_meet_on_rows_and_the_misfit_is_told() {
    let slow = b"t,x\n100,0\n300,20\n500,40\n";
    let fast = b"t,u\n0,0\n90,9\n190,19\n290,29\n390,39\n490,49\n590,59\n";
    let source = opened(
        &[("slow.csv", slow), ("fast.csv", fast)],
        "fps = 10.0\n[clock]\ncolumn = \"t\"\nunit = \"ms\"\n[[state]]\nfile = \"slow.csv\"\ncolumns = [\"x\"]\n[[action]]\nfile = \"fast.csv\"\ncolumns = [\"u\"]\n",
    )
    .expect("opened");
    let episode = source.episode(0);
    assert_eq!(episode.states.data, [0.0, 10.0, 20.0, 30.0, 40.0], "interpolated from 0.1 to 0.5 s");
    assert_eq!(episode.actions.data, [9.0, 19.0, 29.0, 39.0, 49.0], "the newest command in force");
    let notes: Vec<String> = source.notes().iter().map(ToString::to_string).collect();
    assert!(notes.iter().any(|n| n.contains("x (interpolated)") && n.contains("up to 100.0 ms")), "{notes:?}");
    assert!(notes.iter().any(|n| n.contains("u (held)") && n.contains("up to 10.0 ms")), "{notes:?}");
}

#[test]
fn a_bad_recording_is_left_out_and_told_and_the_others_are_read() {
    let good: &[u8] = b"t,x,u\n0,0,0\n1,1,0\n";
    let source = opened(
        &[
            ("a.csv", good),
            ("backwards.csv", b"t,x,u\n0,0,0\n2,1,0\n1,2,0\n"),
            ("columns.csv", b"t,y,u\n0,0,0\n"),
            ("ragged.csv", b"t,x,u\n0,0\n"),
            ("z.csv", good),
        ],
        "episodes = \"*.csv\"\n[clock]\ncolumn = \"t\"\n[[state]]\ncolumns = [\"x\"]\n[[action]]\ncolumns = [\"u\"]\n",
    )
    .expect("opened");
    assert_eq!(source.lengths(), [2, 2], "two are good");
    let notes: Vec<String> = source.notes().iter().map(ToString::to_string).collect();
    for (name, word) in [("backwards.csv", "sample 2"), ("columns.csv", "no column \"x\""), ("ragged.csv", "2 fields")]
    {
        assert!(
            notes.iter().any(|n| n.starts_with(name) && n.contains("left out") && n.contains(word)),
            "{word}: {notes:?}"
        );
    }
}

#[test]
fn missing_cells_gaps_and_pieces() {
    let mut csv = String::from("t,x,u\n");
    for i in 0..30 {
        let t = if i < 20 { f64::from(i) } else { f64::from(i) + 50.0 };
        csv += &format!("{t},{},{i}\n", if i == 3 { String::new() } else { i.to_string() });
    }
    let source = opened(
        &[("a.csv", csv.as_bytes())],
        "fps = 1.0\nepisodes = \"*.csv\"\nmax_gap = 5.0\nepisode_seconds = 9.0\n[clock]\ncolumn = \"t\"\n[[state]]\ncolumns = [\"x\"]\n[[action]]\ncolumns = [\"u\"]\n",
    )
    .expect("opened");
    assert_eq!(source.lengths(), [9, 11, 10], "cut by length, at the gap, and a short rest not left alone");
    assert_eq!(source.episode(0).states.data[3], 3.0, "the missing cell lies on the line between its neighbours");
    assert_eq!(source.episode(2).states.data[0], 20.0, "no row lies in the gap");
    let notes: Vec<String> = source.notes().iter().map(ToString::to_string).collect();
    assert!(notes.iter().any(|n| n.contains("1 of 30 samples of x are missing")), "{notes:?}");
    assert!(notes.iter().any(|n| n.contains("stands still for 51.000 s")), "{notes:?}");
}

#[test]
fn pictures_come_with_their_rows_from_a_tar_and_litter_is_passed_by() {
    let base = tempfile::tempdir().expect("a folder");
    let mut tar = tar::Builder::new(Vec::new());
    let mut add = |name: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, bytes).expect("an entry");
    };
    let mut records = String::new();
    for i in 0..12u8 {
        let mut png = Vec::new();
        let mut encoder = png::Encoder::new(&mut png, 2, 3);
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header().and_then(|mut w| w.write_image_data(&[i; 18])).expect("a picture");
        add(&format!("tub/images/{i}.png"), &png);
        records += &format!("{{\"cam/image_array\": \"{i}.png\", \"user/angle\": {i}, \"user/throttle\": 0.5}}\n");
    }
    add("tub/manifest.json", b"[]\n");
    add("tub/._catalog_0.catalog", b"\0\x05\x16");
    add("tub/catalog_0.catalog", records.as_bytes());
    let path = base.path().join("tub.tar.gz");
    fs::write(&path, gz(&tar.into_inner().expect("a tar"))).expect("a file");

    let format = detect(&path).expect("recognised by its files");
    let source = format.open(&path, &SourceOptions::default()).expect("opened");
    assert_eq!((source.signature().image, source.lengths()), (Some([3, 2]), vec![12]), "pictures");
    let frames = source.pictures(0).expect("decoded").expect("pictures");
    assert_eq!((frames.bytes(10)[0], source.episode(0).actions.row(10)[0]), (10, 10.0), "the picture of its row");

    let written = import(&path, &base.path().join("out"), &ImportOptions::default(), &mut |_, _| {});
    assert!(written.is_ok(), "imported: {written:?}");
    let back = open(base.path().join("out"), &OpenOptions::default()).expect("opened again");
    assert_eq!(back.episodes[0].frames.as_ref().map(|f| f.bytes(11)[0]), Some(11), "nothing is lost");
}

#[test]
fn a_mapping_changes_the_hash_of_the_content() {
    let base = tempfile::tempdir().expect("a folder");
    let file = base.path().join("a.csv");
    fs::write(&file, b"x,y,u\n0,5,0\n1,6,0\n").expect("a file");
    let hash = |column: &str| {
        let map = base.path().join(format!("{column}.toml"));
        fs::write(&map, format!("fps = 1.0\n[[state]]\ncolumns = [\"{column}\"]\n[[action]]\ncolumns = [\"u\"]\n"))
            .expect("a mapping");
        open(&file, &OpenOptions { source: with_map(&map), ..OpenOptions::default() }).expect("opened").hash
    };
    assert_ne!(hash("x"), hash("y"), "other numbers, another hash");
    assert_eq!(hash("x"), hash("x"), "and the same for the same");
}

#[test]
fn a_log_without_a_mapping_tells_how_to_write_one() {
    let base = tempfile::tempdir().expect("a folder");
    let file = base.path().join("swing.csv");
    fs::write(&file, b"time,angle,torque\n0,1,2\n").expect("a file");
    let error = logs().open(&file, &SourceOptions::default()).err().expect("refused");
    assert_says(&error, &["swing.csv", "angle, time, torque", "--map", "column = \"time\""]);
    let error = logs().open(&file, &with_map(Path::new("nowhere.toml"))).err().expect("refused");
    assert_says(&error, &["nowhere.toml", "double-pendulum"]);
}

/// Recordings of others: folder, mapping, rows, episodes, numbers of state and action, pictures.
type Known = (&'static str, Option<&'static str>, usize, usize, [usize; 2], Option<[usize; 2]>);

const KNOWN: [Known; 8] = [
    ("comma2k19_segment", None, 1199, 6, [14, 1], None),
    ("donkeycar_tub/tub.tar.gz", None, 1000, 10, [0, 2], Some([120, 160])),
    ("double_pendulum_dfki", Some("double-pendulum"), 50_585, 126, [4, 2], None),
    ("simple_pendulum_dfki", Some("simple-pendulum"), 7954, 40, [2, 1], None),
    ("table_tennis_ball", Some("table-tennis"), 13_207, 106, [6, 1], None),
    ("droid_sample", Some("droid-json"), 854, 11, [14, 8], None),
    ("slambook_rgbd", None, 4, 1, [7, 1], Some([480, 640])),
    ("vjepa2_franka/franka_example_traj.npz", Some("vjepa2-franka"), 2, 1, [7, 1], Some([256, 256])),
];

#[test]
fn recordings_of_others_are_read_by_the_mappings_that_are_shipped() {
    for (name, map, rows, episodes, widths, image) in KNOWN {
        let Some(path) = recordings(name) else { continue };
        // Videos need decoders, which are not always built.
        let no_pictures = image.is_none();
        let options = SourceOptions { map: map.map(str::to_owned), no_pictures, ..SourceOptions::default() };
        let format = if map.is_some() { logs() } else { detect(&path).expect(name) };
        let source = format.open(&path, &options).expect(name);
        let signature = source.signature();
        let lengths = source.lengths();
        assert_eq!((lengths.iter().sum::<usize>(), lengths.len()), (rows, episodes), "{name}");
        assert_eq!(([signature.state.len(), signature.action.len()], signature.image), (widths, image), "{name}");
        if image.is_some() {
            let frames = source.pictures(episodes - 1).expect(name).expect("pictures");
            assert_eq!(frames.len(), lengths[episodes - 1], "{name}");
        }
        let left_out = source.notes().into_iter().filter(|n| n.what.starts_with("left out")).count();
        assert_eq!(left_out, 0, "{name}: {:?}", source.notes());
    }
}

#[test]
fn the_video_of_a_log_is_its_pictures() {
    if cfg!(not(feature = "video")) {
        eprintln!("skipped: the decoders were not built");
        return;
    }
    let Some(path) = recordings("droid_sample") else { return };
    let options = SourceOptions { map: Some("droid-json".to_owned()), ..SourceOptions::default() };
    let source = logs().open(&path, &options).expect("opened");
    assert_eq!((source.signature().image, source.lengths().len()), (Some([192, 320]), 11), "a camera");
    let frames = source.pictures(0).expect("decoded").expect("pictures");
    assert_eq!(frames.len(), source.lengths()[0], "a picture each row");
    let differs = |a: usize, b: usize| frames.image(a).mean_abs_difference(&frames.image(b));
    let step: f64 = (1..frames.len()).map(|t| differs(t - 1, t)).sum::<f64>() / (frames.len() - 1) as f64;
    let whole = differs(0, frames.len() - 1);
    assert!(step > 0.1 && whole > 2.0 * step, "pictures move on in order: {step:.2} a step, {whole:.2} in all");
}

#[test]
fn rows_without_a_rate_keep_their_own_times_through_an_import() {
    let base = tempfile::tempdir().expect("a folder");
    let (folder, map) = (base.path().join("log"), base.path().join("map.toml"));
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("a.csv"), b"t,x,u\n7,0,0\n7.0015,1,1\n7.0065,2,0\n7.0090,3,1\n7.0115,4,0\n").expect("a file");
    // The second has a constant rate, which is not the median of both.
    fs::write(folder.join("b.csv"), b"t,x,u\n0,0,0\n0.004,1,1\n0.008,2,0\n0.012,3,1\n0.016,4,0\n").expect("a file");
    fs::write(
        &map,
        "episodes = \"*.csv\"\n[clock]\ncolumn = \"t\"\n[[state]]\ncolumns = [\"x\"]\n[[action]]\ncolumns = [\"u\"]\n",
    )
    .expect("a mapping");
    let source = logs().open(&folder, &with_map(&map)).expect("opened");
    let near = |times: &[f64], wanted: &[f64]| {
        times.len() == wanted.len() && times.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-12)
    };
    let first = source.episode(0).times;
    assert!(near(&first, &[0.0, 0.0015, 0.0065, 0.009, 0.0115]), "from the first row: {first:?}");
    let fps = source.signature().fps;
    let seconds: Vec<f64> = source.episode(0).durations(0..5, fps).collect();
    assert!((seconds[1] - 0.005).abs() < 1e-12 && seconds[4] == 1.0 / fps, "how long actions last: {seconds:?}");
    let out = base.path().join("out");
    import(&folder, &out, &with_map(&map).into(), &mut |_, _| {}).expect("imported");
    let read = open(&out, &OpenOptions::default()).expect("opened");
    for at in 0..2 {
        let recorded = source.episode(at);
        let wanted: Vec<f64> = (0..5).map(|row| recorded.time(row, fps)).collect();
        let stored: Vec<f64> = (0..5).map(|row| read.episodes[at].time(row, read.signature.fps)).collect();
        assert!(near(&stored, &wanted), "{at}: {stored:?}, not {wanted:?}");
    }
    assert_eq!(read.episodes[0].times, first, "bit for bit");
    // With a rate, rows lie on a grid as before.
    let options = SourceOptions { fps: Some(500.0), ..with_map(&map) };
    let grid = logs().open(&folder, &options).expect("opened");
    assert!(grid.episode(0).times.is_empty() && grid.episode(0).len() == 6, "a grid needs no times");
}

#[test]
fn rewards_and_ends_of_a_log_belong_to_the_action_before_the_next_row() {
    let csv = b"t,x,u,r,d\n0,0,0,1,0\n1,1,0,2,0\n2,2,0,4,1\n3,3,0,8,0\n4,4,0,16,0\n";
    let map = "episodes = \"*.csv\"\n[clock]\ncolumn = \"t\"\n[[state]]\ncolumns = [\"x\"]\n[[action]]\ncolumns = [\"u\"]\n[reward]\ncolumns = [\"r\"]\n[terminated]\ncolumns = [\"d\"]\n";
    let source = opened(&[("a.csv", csv)], map).expect("opened");
    assert!(source.signature().reward && source.signature().ends && source.notes().is_empty(), "{:?}", source.notes());
    let episode = source.episode(0);
    assert_eq!(episode.rewards, [1.0, 2.0, 4.0, 8.0, 16.0], "rows are samples");
    assert_eq!(episode.terminated, [false, false, true, false, false], "the end");
    assert!(episode.truncated.is_empty(), "nothing says so");
    let source = opened(&[("a.csv", csv)], &format!("fps = 0.5\n{map}")).expect("opened");
    let episode = source.episode(0);
    assert_eq!(episode.rewards, [3.0, 12.0, 16.0], "sums until the next row");
    assert_eq!(episode.terminated, [false, true, false], "an end between two rows is not lost");
    let error = opened(&[("a.csv", csv)], &map.replace("[\"r\"]", "[\"r\", \"d\"]")).err().expect("refused");
    assert_says(&error, &["reward has 2 numbers a sample (r, d)"]);
}

#[test]
fn the_clocks_of_real_pendulums_reach_the_rows() {
    for (name, map) in
        [("double_pendulum_dfki", "double-pendulum-recorded"), ("simple_pendulum_dfki", "simple-pendulum-recorded")]
    {
        let Some(path) = recordings(name) else { continue };
        let base = tempfile::tempdir().expect("a folder");
        let out = base.path().join("out");
        let options = SourceOptions { map: Some(map.to_owned()), ..SourceOptions::default() };
        import(&path, &out, &options.into(), &mut |_, _| {}).expect("imported");
        let data = open(&out, &OpenOptions::default()).expect("opened");
        let own = data.episodes.iter().filter(|e| !e.times.is_empty()).count();
        let fps = data.signature.fps;
        let seconds: Vec<f64> = data.episodes.iter().flat_map(|e| e.durations(0..e.len() - 1, fps)).collect();
        let (least, most) = seconds.iter().fold((f64::MAX, 0.0f64), |(a, b), s| (a.min(*s), b.max(*s)));
        eprintln!(
            "{name}: {own} of {} episodes, {} rows, {fps} Hz, {least:.6} to {most:.6} s",
            data.episodes.len(),
            data.n_rows()
        );
        assert!(own * 2 > data.episodes.len() && least > 0.0 && most > 1.5 * least, "recorded times");
    }
}
