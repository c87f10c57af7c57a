//! Flight logs: topics become streams, with and without a mapping; damage costs what it hits, and is told.

use crate::elsewhere::recordings;
use crate::fixtures::{assert_says, changed, read_all, rounds};
use crate::flight_fixtures::{MARK, ROWS, crazyflie, message, ulog, ulog_head, ulog_rows};
use std::fs;
use terrella_data::SourceOptions;
use terrella_formats::{OpenOptions, Opened, detect, open, open_source};

/// A file of these bytes opened, with a mapping if there is one.
fn opened(name: &str, bytes: &[u8], map: &str) -> terrella_data::Result<Opened> {
    let base = tempfile::tempdir().expect("a folder");
    let (path, mapping) = (base.path().join(name), base.path().join("map.toml"));
    fs::write(&path, bytes).expect("written");
    fs::write(&mapping, map).expect("written");
    let map = (!map.is_empty()).then(|| mapping.to_string_lossy().into_owned());
    open_source(&path, &SourceOptions { map, ..SourceOptions::default() })
}

fn told(source: &Opened) -> String {
    source.notes().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_ulog_of_known_topics_needs_no_mapping() {
    let source = opened("flight.ulg", &ulog(), "").expect("opened");
    let signature = source.signature();
    assert_eq!((signature.fps, source.lengths()), (50.0, vec![96]), "until the last position: {}", told(&source));
    assert_eq!(signature.state, ["q.0", "q.1", "q.2", "q.3", "vx", "x"], "attitude and position");
    assert_eq!(signature.action, ["control[0]", "control[1]", "control[2]", "control[3]"], "motors that there are");
    assert_eq!(signature.units, ["", "", "", "", "m/s", "m"], "units of PX4");
    let episode = source.episode(0);
    for i in 0..96 {
        let x = i as f32;
        let row = episode.states.row(i);
        assert_eq!(row[..5], [1.0, x, -x, 0.5, 3.0], "row {i}");
        assert!((row[5] - 2.0 * x).abs() < 1e-4, "row {i}: between positions");
        assert_eq!(episode.actions.row(i), [x, 0.1, 0.2, 0.3], "row {i}");
    }
    let notes = told(&source);
    for words in [
        "vehicle_attitude (q)",
        "as the action",
        "1 dropouts, 0.030 s in all, the longest 0.030 s at 1.000 s",
        "1 parameters were changed while logging: MC_P_ROLL",
        "not kept",
    ] {
        assert!(notes.contains(words), "{words} is missing in: {notes}");
    }
    let other = SourceOptions { vectors: vec!["esc_status.1".to_owned()], ..SourceOptions::default() };
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("a.ulg");
    fs::write(&path, ulog()).expect("written");
    let source = open_source(&path, &other).expect("opened");
    assert_eq!(
        source.signature().state,
        ["counter", "esc[0].rpm", "esc[0].timestamp", "esc[1].rpm", "esc[1].timestamp"]
    );
    let missing = SourceOptions { vectors: vec!["esc_status.2".to_owned()], ..SourceOptions::default() };
    assert_says(
        &open_source(&path, &missing).err().expect("refused"),
        &["no vector \"esc_status.2\"", "esc_status.1 (20 messages)"],
    );
}

const MAP: &str = "fps = 10.0\n[[state]]\ntopic = \"esc_status\"\ncolumns = [\"esc[0].rpm\", \"esc[1].rpm\"]\nunit = \"rpm\"\n[[state]]\ntopic = \"vehicle_attitude\"\ncolumns = [\"roll_rad\", \"q[1:3]\"]\n[[action]]\ntopic = \"actuator_motors\"\ncolumns = [\"control[0]\"]\nclock = { column = \"timestamp_sample\", unit = \"us\" }\ndelay = -5e-6\n[clock]\ncolumn = \"timestamp\"\n";

#[test]
fn a_mapping_picks_topics_of_a_ulog() {
    let dotted = MAP.replace(
        "topic = \"esc_status\"\ncolumns = [\"esc[0].rpm\", \"esc[1].rpm\"]",
        "columns = [\"esc_status.esc[0].rpm\", \"esc_status.esc[1].rpm\"]",
    );
    assert_ne!(dotted, MAP, "columns with their topic");
    for map in [MAP, &dotted] {
        let source = opened("flight.ulg", &ulog(), map).expect("opened");
        assert_eq!(source.signature().state, ["esc[0].rpm", "esc[1].rpm", "roll_rad", "q.1", "q.2"], "columns");
        assert_eq!(source.signature().units, ["", "", "rad", "", ""], "units");
        assert_eq!(source.lengths(), [20], "{}", told(&source));
        let episode = source.episode(0);
        for (i, row) in episode.states.rows().enumerate() {
            let x = 5.0 * i as f32;
            let rpm = std::f32::consts::TAU / 60.0;
            let wanted = [(100.0 + x) * rpm, (x - 200.0) * rpm, 0.25 * x, x, -x];
            assert!(row.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-3), "row {i}: {row:?}, not {wanted:?}");
            assert_eq!(episode.actions.row(i), [x], "row {i}: the command in force, on a clock of its own");
        }
    }
    let seconds = MAP.replace("column = \"timestamp\"\n", "column = \"timestamp\"\nunit = \"s\"\n");
    let error = opened("flight.ulg", &ulog(), &seconds).err().expect("refused");
    assert_says(&error, &["the clock timestamp is in us by its type, and in s by the mapping"]);
    let error = opened("flight.ulg", &ulog(), &MAP.replace("topic = \"esc_status\"", "topic = \"escs\"")).err();
    assert_says(&error.expect("refused"), &["no messages of topic escs", "esc_status (20 messages)"]);
    let error = opened("flight.ulg", &ulog(), &MAP.replace("esc[0].rpm", "raw")).err().expect("refused");
    assert_says(&error, &["no column \"raw\"", "esc[1].rpm"]);
    let texts = "fps = 10.0\n[[state]]\ntopic = \"vehicle_attitude\"\ncolumns = [\"q\"]\n[marks]\ntopic = \"logged_string\"\ntask = \"message\"\n";
    let source = opened("flight.ulg", &ulog(), texts).expect("opened");
    assert_eq!((source.episode(0).task, source.lengths()), ("landed".to_owned(), vec![10]), "what was printed");
}

#[test]
fn a_ulog_that_was_cut_gives_what_is_there() {
    let whole = ulog();
    let mut last = 0;
    for end in (ulog_head(&[0; 40]).len() + 3000..whole.len()).step_by(97) {
        let source = opened("cut.ulg", &whole[..end], "").expect("opened");
        let rows = source.lengths()[0];
        assert!(
            rows >= last && source.episode(0).states.rows().enumerate().all(|(i, row)| row[1] == i as f32),
            "{end}"
        );
        // Between two messages nothing is torn.
        last = rows;
    }
    let source = opened("cut.ulg", &whole[..whole.len() - 5], "").expect("opened");
    let notes = told(&source);
    assert!(
        last > 80 && notes.contains("left out: what follows byte") && notes.contains("messages before that were read"),
        "{notes}"
    );
    assert_says(&opened("cut.ulg", &whole[..12], "").err().expect("refused"), &["12 bytes, the head of a ULog 16"]);
    assert_says(&opened("cut.ulg", b"ULOG", "").err().expect("refused"), &["does not begin as a ULog does"]);
    assert_says(
        &opened("cut.ulg", &ulog_head(&[0; 40]), "").err().expect("refused"),
        &["no topic is surely the state"],
    );
}

#[test]
fn damage_within_a_ulog_costs_until_the_next_mark() {
    let mut bytes = [ulog_head(&[0; 40]), ulog_rows(0..45)].concat();
    bytes.extend(message(0, &[1, 2, 3]));
    bytes.extend(ulog_rows(45..ROWS));
    let source = opened("damaged.ulg", &bytes, "").expect("opened");
    let notes = told(&source);
    assert!(notes.contains("left out: bytes") && notes.contains("a message of kind 0"), "{notes}");
    // Rows 45 to 60 were lost, until the mark behind row 60.
    assert_eq!(source.lengths().iter().sum::<usize>(), 96, "the clock runs over the gap: {notes}");
    assert!(notes.contains("stands still for 0.340 s"), "and that is told: {notes}");
}

#[test]
fn appended_parts_are_read_and_what_is_not_understood_is_refused() {
    let mut flags = [0; 40];
    let head = ulog_head(&flags);
    let rows = [ulog_rows(0..50), message(b'D', &[9; 30])].concat();
    // The recorder crashed within a message; what it still had to say was appended later.
    let cut = head.len() + rows.len() - 7;
    flags[8] = 1;
    flags[16..24].copy_from_slice(&(cut as u64).to_le_bytes());
    let mut bytes = [ulog_head(&flags), rows].concat();
    bytes.truncate(cut);
    bytes.extend(ulog_rows(50..ROWS));
    let source = opened("crashed.ulg", &bytes, "").expect("opened");
    let notes = told(&source);
    assert_eq!(source.lengths(), [96], "both parts: {notes}");
    assert!(notes.contains("left out: bytes") && notes.contains("which is more than follows"), "{notes}");
    flags[16..24].fill(0xff);
    bytes.splice(16 + 3..16 + 43, flags);
    assert!(told(&opened("crashed.ulg", &bytes, "").expect("opened")).contains("a part at byte 18446744073709551615"));
    flags[8] = 3;
    bytes.splice(16 + 3..16 + 43, flags);
    assert_says(&opened("newer.ulg", &bytes, "").err().expect("refused"), &["newer reader", "[03, 00"]);
    assert!(MARK.len() == 11, "a mark");
}

#[test]
fn logs_of_a_crazyflie_are_told_by_their_head() {
    let base = tempfile::tempdir().expect("a folder");
    for version in [1, 2] {
        let path = base.path().join(format!("log0{version}"));
        fs::write(&path, crazyflie(version)).expect("written");
        assert_eq!(detect(&path).map(|f| f.name()).ok(), Some("log"), "a file without an ending");
        let source = open_source(&path, &SourceOptions::default()).expect("opened");
        let notes = told(&source);
        assert_eq!((source.signature().fps, source.lengths()), (500.0, vec![ROWS as usize]), "{notes}");
        assert_eq!(
            (&source.signature().state[..], &source.signature().action[..]),
            (&["acc.x".to_owned(), "gyro.z".to_owned()][..], &["motor.m1".to_owned()][..])
        );
        assert_eq!(source.signature().units, ["m/s^2", "rad/s"], "converted");
        for (i, row) in source.episode(0).states.rows().enumerate() {
            let x = i as f64;
            let wanted = [9.806_65 * x, -2.0 * x.to_radians()].map(|x| x as f32);
            assert_eq!((row, source.episode(0).actions.row(i)), (&wanted[..], &[3.0 * i as f32][..]), "row {i}");
        }
        assert!(notes.contains("fixedFrequency") && notes.contains("landed") && !notes.contains("left out"), "{notes}");
    }
    fs::write(base.path().join("LICENSE"), b"do what you like\n").expect("written");
    let both = open(base.path(), &OpenOptions::default()).expect("a folder of them");
    assert_eq!((both.episodes.len(), both.episodes[1].len()), (2, ROWS as usize), "a recording each: {:?}", both.notes);
}

#[test]
fn a_mapping_picks_events_of_a_crazyflie() {
    let map = "fps = 100.0\n[clock]\ncolumn = \"timestamp\"\n[[state]]\ntopic = \"fixedFrequency\"\ncolumns = [\"gyro.z\"]\nunit = \"deg\"\n[[state]]\ntopic = \"fixedFrequency\"\ncolumns = [\"pm.state\"]\n";
    for map in
        [map.to_owned(), map.replace("topic = \"fixedFrequency\"\ncolumns = [\"", "columns = [\"fixedFrequency.")]
    {
        let source = opened("log07", &crazyflie(2), &map).expect("opened");
        assert_eq!(source.lengths(), [20], "{}", told(&source));
        let row = source.episode(0).states.row(3).to_vec();
        assert!((f64::from(row[0]) + 30f64.to_radians()).abs() < 1e-6 && row[1] == -1.0, "{row:?}");
    }
    let error =
        opened("log07", &crazyflie(2), &map.replace("topic = \"fixedFrequency\"\n", "")).err().expect("refused");
    assert_says(&error, &["say which topic is meant", "fixedFrequency (100 messages)", "landed (1 messages)"]);
}

#[test]
fn a_log_of_a_crazyflie_that_was_cut_or_damaged_is_read_and_told() {
    let whole = crazyflie(2);
    for (bytes, rows, words) in [
        (whole[..whole.len() - 4].to_vec(), 100, "ends within an event"),
        (whole[..whole.len() - 10].to_vec(), 99, "left out: what follows byte"),
        ([&whole[..whole.len() - 4], &[0; 600][..]].concat(), 100, "an event of kind 0"),
        ([&whole[..whole.len() - 1], &[whole[whole.len() - 1] ^ 1][..]].concat(), 100, "its checksum is"),
    ] {
        let source = opened("log00", &bytes, "").expect("opened");
        let notes = told(&source);
        assert!(notes.contains(words), "{words} is missing in: {notes}");
        assert_eq!(source.lengths(), [rows], "{notes}");
    }
    let error = opened("log00", &whole[..40], "fps = 1.0\n[[state]]\ncolumns = [\"a\"]\n").err().expect("refused");
    assert_says(&error, &["log00: its head is cut off"]);
}

#[test]
fn flight_logs_that_lie_are_refused_without_panic() {
    let base = tempfile::tempdir().expect("a folder");
    for (name, seeds) in [("lies.ulg", vec![ulog()]), ("log00", vec![crazyflie(1), crazyflie(2)])] {
        let path = base.path().join(name);
        for round in 0..rounds(150) {
            fs::write(&path, changed(&seeds, round)).expect("written");
            read_all(&path);
        }
    }
    // A few bytes that ask for very many fields.
    let mut bytes = ulog_head(&[0; 40]);
    for i in 0..2000 {
        bytes.extend(message(b'F', format!("f{i}:uint64_t timestamp;uint8_t[4000] a;g{i}[4000] b;").as_bytes()));
        bytes.extend(message(b'F', format!("g{i}:uint8_t x;").as_bytes()));
        bytes.extend(message(b'A', &[&[0, (i % 256) as u8, 1 + (i / 256) as u8], format!("f{i}").as_bytes()].concat()));
    }
    bytes.extend(ulog_rows(0..ROWS));
    let source = opened("many.ulg", &bytes, "").expect("opened");
    assert_eq!(source.lengths(), [96], "the others are read: {}", told(&source));
}

#[test]
fn flights_of_others_are_read() {
    for (name, rows, fps, state, action) in [
        ("px4_ulog/sample.ulg", &[5713][..], 83.0, 13, 8),
        ("px4_ulog/sample_px4_events.ulg", &[652], 21.0, 13, 4),
        ("crazyflie_usd/log10", &[50_558], 1011.0, 6, 4),
        ("crazyflie_usd", &[50_558, 62_873], 1011.0, 6, 4),
    ] {
        let Some(path) = recordings(name) else { continue };
        let source = open_source(&path, &SourceOptions::default()).expect(name);
        let (signature, notes) = (source.signature(), told(&source));
        assert_eq!((&source.lengths()[..], signature.fps), (rows, fps), "{name}: {notes}");
        assert_eq!((signature.state.len(), signature.action.len()), (state, action), "{name}: {notes}");
        let dropouts = "4 dropouts, 0.119 s in all, the longest 0.062 s at 41.355 s";
        assert_eq!(notes.contains(dropouts), name.ends_with("sample.ulg"), "{name}: {notes}");
        let lost = source.notes().iter().filter(|note| note.is_loss()).count();
        assert_eq!(lost, usize::from(name.ends_with("sample.ulg")), "{name}: {notes}");
    }
}
