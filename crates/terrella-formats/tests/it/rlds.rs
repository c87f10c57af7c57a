//! RLDS datasets: what is read, what is left out with a note, what is refused; and no bytes panic.

use crate::elsewhere::recordings;
use crate::fixtures::{assert_nothing_at, assert_says, options};
use crate::rlds_fixtures::{Example, SHARD, Values, example, features, frame, picture, set, shard, write};
use proptest::prelude::*;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use terrella_data::{Error, Source, SourceOptions};
use terrella_formats::{detect, import, inspect, open_source};

fn open_with(path: &Path, options: &SourceOptions) -> Result<Box<dyn Source>, Error> {
    let format = detect(path)?;
    assert_eq!(format.name(), "rlds", "recognised");
    format.open(path, options)
}

fn told(source: &dyn Source) -> String {
    source.notes().iter().map(|note| format!("{note}\n")).collect()
}

/// Opens three episodes of 4, 3 and 5 steps after a change to the second one.
fn open_spoilt(spoil: impl FnOnce(&mut Example)) -> (Vec<usize>, String) {
    let base = tempfile::tempdir().expect("a folder");
    let mut examples = [example(0, 4), example(1, 3), example(2, 5)];
    spoil(&mut examples[1]);
    write(base.path(), &examples);
    let source = open_with(base.path(), &options()).expect("opened");
    for at in 0..source.lengths().len() {
        source.pictures(at).expect("decoded");
    }
    (source.lengths(), told(&*source))
}

#[test]
fn episodes_are_read_as_they_were_written() {
    let base = tempfile::tempdir().expect("a folder");
    write(base.path(), &[example(0, 4), example(1, 3)]);
    for path in [base.path().to_path_buf(), base.path().join(SHARD)] {
        let source = open_with(&path, &options()).expect("opened");
        let signature = source.signature();
        assert_eq!((signature.fps, signature.image), (10.0, Some([6, 4])), "rate and size");
        assert_eq!(signature.action, ["action.0", "action.1"], "names");
        assert_eq!(source.lengths(), [4, 3], "rows");
        let episode = source.episode(1);
        assert_eq!((episode.task.as_str(), episode.actions.row(2)), ("task 1", &[102.0, 0.5][..]), "the last action");
        assert_eq!(episode.states.row(1), [101.0, 1.0, -101.0], "a state");
        let frames = source.pictures(1).expect("decoded").expect("pictures");
        assert_eq!((frames.len(), frames.size(), frames.bytes(2)[0]), (3, [6, 4], 112), "image_1, as image_0 is black");
        let names: Vec<String> = source.files().expect("listed").into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["dataset_info.json", "features.json", SHARD], "files");
        let notes = told(&*source);
        for words in [
            "steps/observation/image_0: black in all pictures looked at, of 2 episodes",
            "steps/observation/image_1: taken as the camera; there are also steps/observation/image_0",
            "steps/label: skipped, ClassLabel is not read",
            "not kept: steps/is_last, steps/observation/image_0",
        ] {
            assert!(notes.contains(words), "\"{words}\" is missing in: {notes}");
        }
    }
    let summary = inspect(&open_source(base.path(), &options()).expect("opened")).expect("inspected");
    assert_eq!((summary.format.as_str(), summary.tasks.len()), ("rlds", 2), "the summary");
    let out = base.path().join("out");
    import(base.path(), &out, &options().into(), &mut |_, _| {}).expect("imported");
}

#[test]
fn a_camera_and_names_can_be_asked_for() {
    let base = tempfile::tempdir().expect("a folder");
    write(base.path(), &[example(0, 4)]);
    let ask = |camera: &str| SourceOptions { camera: Some(camera.to_owned()), ..options() };
    let source = open_with(base.path(), &ask("image_0")).expect("opened");
    assert_eq!(source.pictures(0).expect("decoded").expect("pictures").bytes(0)[0], 0, "the black one");
    let error = open_with(base.path(), &ask("wrist")).err().expect("no such camera");
    assert_says(&error, &["no picture feature \"wrist\"", "steps/observation/image_0, steps/observation/image_1"]);
    let named = SourceOptions { action: Some(vec!["u".to_owned()]), ..options() };
    let error = open_with(base.path(), &named).err().expect("too few names");
    assert_says(&error, &["1 action names were given, the rows have 2 numbers"]);
}

#[test]
fn an_episode_that_does_not_fit_is_left_out_and_named() {
    let numbers = |values: Vec<f32>| Some(Values::Floats(values));
    let pictures = |list: Vec<Vec<u8>>| Some(Values::Bytes(list));
    let mut promises = picture(6, 4, 9);
    promises[16..24].copy_from_slice(&[0, 0, 60, 0, 0, 0, 60, 0]);
    let header_crc = flate2_crc(&promises[12..29]);
    promises[29..33].copy_from_slice(&header_crc.to_be_bytes());
    for (name, values, words) in [
        ("steps/action", numbers(vec![1.0, 2.0, 3.0, f32::NAN, 5.0, 6.0]), "row 1: action action.1 is NaN"),
        ("steps/observation/state", numbers(vec![f32::INFINITY; 9]), "row 0: state state.0 is inf"),
        ("steps/action", numbers(vec![1.0; 5]), "steps/action has 5 numbers, which are no rows of 2"),
        ("steps/action", numbers(Vec::new()), "steps/action has no steps"),
        ("steps/action", None, "steps/action is not there"),
        ("steps/action", pictures(vec![vec![1]]), "steps/action holds bytes"),
        ("steps/observation/state", numbers(vec![1.0; 6]), "3 actions and 2 states"),
        ("steps/language_instruction", pictures(vec![vec![1]]), "3 actions and 1 of steps/language_instruction"),
        ("steps/observation/image_1", pictures(vec![picture(6, 4, 9)]), "3 actions and 1 pictures"),
        ("steps/observation/image_1", pictures(vec![vec![7; 9]; 3]), "row 0: steps/observation/image_1 is no picture"),
        (
            "steps/observation/image_1",
            pictures(vec![picture(8, 4, 9); 3]),
            "its pictures of steps/observation/image_1 are 8x4, those of the dataset",
        ),
        ("steps/observation/image_1", pictures(vec![promises; 3]), "cannot hold 15360x15360 pixels"),
    ] {
        let (lengths, notes) = open_spoilt(|example| set(example, name, values));
        assert_eq!(lengths, [4, 5], "the others are read: {words}");
        assert!(notes.contains(words), "\"{words}\" is missing in: {notes}");
        assert!(notes.contains(&format!("{SHARD}, record 1 at byte ")), "its place: {notes}");
    }
}

/// The checksum of a PNG chunk.
fn flate2_crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[test]
fn instructions_that_change_or_lack_are_told() {
    let texts = |list: &[&str]| Some(Values::Bytes(list.iter().map(|t| t.as_bytes().to_vec()).collect()));
    let (_, notes) = open_spoilt(|e| set(e, "steps/language_instruction", texts(&["a", "a", "b"])));
    assert!(notes.contains("the instruction changes within 1 of 3 episodes"), "{notes}");
    let (_, notes) = open_spoilt(|e| set(e, "steps/language_instruction", texts(&["", "", ""])));
    assert!(notes.contains("1 of 3 episodes have no instruction; their task is \"unknown\""), "{notes}");
}

#[test]
fn damaged_records_are_left_out_and_the_others_read() {
    let base = tempfile::tempdir().expect("a folder");
    let examples = [example(0, 4), example(1, 3), example(2, 5)];
    write(base.path(), &examples);
    let path = base.path().join(SHARD);
    let whole = fs::read(&path).expect("the shard");
    let starts = [0, shard(&examples[..1]).len(), shard(&examples[..2]).len()];
    let open = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("spoilt");
        let source = open_with(base.path(), &options()).expect("opened");
        (source.lengths(), told(&*source))
    };
    let flip = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 4;
        bytes
    };
    let place = format!("{SHARD}, record 1 at byte {}", starts[1]);
    let (lengths, notes) = open(&flip(starts[1] + 40));
    assert_eq!(lengths, [4, 5], "bad data");
    assert!(notes.contains(&format!("{place}: left out, its ")) && notes.contains("is stored"), "{notes}");
    let (lengths, notes) = open(&flip(starts[1] + 2));
    assert_eq!(lengths, [4], "a bad length: nothing after it can be found");
    assert!(notes.contains(&place) && notes.contains("bytes after it cannot be read"), "{notes}");
    for keep in [starts[2] - 1, starts[1] + 5] {
        let (lengths, notes) = open(&whole[..keep]);
        assert_eq!(lengths, [4], "truncated");
        assert!(notes.contains(&place) && notes.contains("truncated"), "{notes}");
    }
    let (lengths, notes) = open(&[frame(b"\xff\xff"), whole.clone()].concat());
    assert_eq!(lengths, [4, 3, 5], "no example");
    assert!(notes.contains("record 0 at byte 0: left out, not a tf.train.Example"), "{notes}");
}

#[test]
fn missing_shards_are_told() {
    let base = tempfile::tempdir().expect("a folder");
    write(base.path(), &[example(0, 4)]);
    fs::rename(base.path().join(SHARD), base.path().join("toy-train.tfrecord-00001-of-00003")).expect("renamed");
    let notes = told(open_with(base.path(), &options()).expect("opened").as_ref());
    assert!(notes.contains("toy-train.tfrecord: 2 of 3 shards are not there (00000, 00002)"), "{notes}");
}

#[test]
fn what_cannot_be_opened_says_why() {
    let base = tempfile::tempdir().expect("a folder");
    let folder = base.path();
    let refused = |options: &SourceOptions| {
        let out = folder.join("out");
        let error = import(folder, &out, &options.clone().into(), &mut |_, _| {}).expect_err("refused");
        assert_nothing_at(&out);
        error
    };
    write(folder, &[example(0, 4)]);
    assert_says(&refused(&SourceOptions::default()), &["does not store its rate", "--fps"]);
    fs::write(folder.join("dataset_info.json"), r#"{"name": "bridge_toy"}"#).expect("info");
    let source = open_with(folder, &SourceOptions::default()).expect("a rate that is known");
    assert_eq!(source.signature().fps, 5.0, "BridgeData");
    assert!(told(&*source).contains("5 Hz is that of BridgeData, for bridge_toy"), "a note");

    let mut spoilt = example(0, 4);
    set(&mut spoilt, "steps/action", None);
    write(folder, &[spoilt.clone(), spoilt]);
    let words = ["none of 2 episodes can be used", "record 0 at byte 0: steps/action is not there", "download"];
    assert_says(&refused(&options()), &words);
    fs::write(folder.join(SHARD), b"").expect("an empty shard");
    assert_says(&refused(&options()), &["the shards hold no record"]);

    fs::remove_file(folder.join("features.json")).expect("removed");
    assert_says(&refused(&options()), &["features.json", "check the spelling"]);
    fs::write(folder.join("features.json"), b"{").expect("half a file");
    assert_says(&refused(&options()), &["not a features.json of an RLDS dataset", "download"]);
    let text = features().to_string().replace("\"action\"", "\"command\"");
    fs::write(folder.join("features.json"), text).expect("another name");
    assert_says(&refused(&options()), &["no feature \"steps/action\"", "steps/command"]);
    let text = features().to_string().replace("[\"2\"]", "[\"-1\"]");
    fs::write(folder.join("features.json"), text).expect("a width that varies");
    assert_says(&refused(&options()), &["steps/action cannot become rows", "fixed shape"]);
    fs::write(folder.join("features.json"), features().to_string()).expect("whole again");
    fs::remove_file(folder.join(SHARD)).expect("removed");
    assert_says(&refused(&options()), &["there is no *.tfrecord-00000-of-00001", "download"]);
}

#[test]
fn a_file_that_changes_while_it_is_read_is_named() {
    let base = tempfile::tempdir().expect("a folder");
    write(base.path(), &[example(0, 4)]);
    let source = open_with(base.path(), &options()).expect("opened");
    fs::write(base.path().join(SHARD), b"").expect("emptied");
    assert_says(&source.pictures(0).expect_err("gone"), &[SHARD, "at byte 0", "become shorter", "leave the files"]);
}

/// A valid shard, made once.
fn valid() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| shard(&[example(0, 3), example(1, 2)]))
}

/// Opens a folder and decodes all it has; only a panic is wrong.
fn read_all(folder: &Path) {
    if let Ok(source) = open_with(folder, &options()) {
        for at in 0..source.lengths().len() {
            let _ = source.pictures(at);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_shard_panics(
        noise in proptest::collection::vec(any::<u8>(), 0..300),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        keep in any::<prop::sample::Index>(),
        framed in any::<bool>(),
    ) {
        let base = tempfile::tempdir().expect("a folder");
        write(base.path(), &[]);
        let mut bytes = valid().to_vec();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(keep.index(bytes.len()) + 1);
        // Whole frames around damaged data reach further in than damaged frames.
        let whole = if framed { [frame(&bytes[12.min(bytes.len())..]), frame(&noise)].concat() } else { bytes };
        for content in [whole, noise] {
            fs::write(base.path().join(SHARD), content).expect("a shard");
            read_all(base.path());
        }
    }

    #[test]
    fn no_features_panic(at in any::<prop::sample::Index>(), put in "[\\-0-9\"{}a-z]{0,3}", keep in any::<bool>()) {
        let base = tempfile::tempdir().expect("a folder");
        write(base.path(), &[example(0, 3)]);
        let text = features().to_string();
        let at = at.index(text.len());
        let rest = if keep { text.get(at + put.len()..).unwrap_or_default() } else { "" };
        fs::write(base.path().join("features.json"), format!("{}{put}{rest}", &text[..at])).expect("features");
        read_all(base.path());
    }
}

#[test]
fn the_bridge_recordings_are_read_where_they_are() {
    let Some(path) = recordings("bridge_tfrecord") else { return };
    let source = open_with(&path, &SourceOptions::default()).expect("opened");
    let signature = source.signature();
    assert_eq!((signature.fps, signature.image), (5.0, Some([64, 64])), "rate and size");
    assert_eq!((signature.action.len(), signature.state.len()), (7, 7), "widths");
    assert_eq!(source.lengths(), [10; 25], "25 episodes of 10 steps");
    assert!(!source.episode(0).task.is_empty(), "an instruction");
    for at in 0..25 {
        let frames = source.pictures(at).expect("decoded").expect("pictures");
        assert_eq!((frames.len(), frames.size()), (10, [64, 64]), "pictures of episode {at}");
    }
    eprintln!("{}", told(&*source));
}

/// Opens two episodes of 4 and 3 steps with further features a step, and tells what is said of them.
fn open_with_outcomes(
    given: &[(&str, &str)],
    values: impl Fn(&str, usize) -> Option<Values>,
) -> (Box<dyn Source>, String) {
    let base = tempfile::tempdir().expect("a folder");
    let mut examples = [example(0, 4), example(1, 3)];
    for (example, n) in examples.iter_mut().zip([4, 3]) {
        given.iter().for_each(|(name, _)| set(example, &format!("steps/{name}"), values(name, n)));
    }
    write(base.path(), &examples);
    let mut declared = features();
    let step = &mut declared["featuresDict"]["features"]["steps"]["sequence"]["feature"]["featuresDict"]["features"];
    for (name, dtype) in given {
        step[*name] = serde_json::json!({"tensor": {"shape": {"dimensions": []}, "dtype": dtype, "encoding": "none"}});
    }
    fs::write(base.path().join("features.json"), declared.to_string()).expect("features");
    let source = open_with(base.path(), &options()).expect("opened");
    let notes = told(&*source);
    (source, notes)
}

#[test]
fn rewards_and_ends_are_kept() {
    let kinds = [("reward", "float32"), ("is_terminal", "bool"), ("discount", "float32")];
    // Only the longer episode ends its task.
    let values = |name: &str, n: usize| match name {
        "reward" => Some(Values::Floats((0..n).map(|t| t as f32 / 8.0).collect())),
        "is_terminal" => Some(Values::Integers((0..n).map(|t| u8::from(t == 3)).collect())),
        _ => Some(Values::Floats((0..n).map(|t| f32::from(u8::from(t != 3))).collect())),
    };
    for (given, words) in
        [(&kinds[..2], "not kept: steps/observation/image_0"), (&kinds[2..], "steps/discount: taken as")]
    {
        let (source, notes) = open_with_outcomes(given, values);
        assert!(notes.contains(words) && !notes.contains("is_last"), "{notes}");
        assert_eq!((source.signature().reward, source.signature().ends), (given.len() == 2, true), "the signature");
        let (ended, cut) = (source.episode(0), source.episode(1));
        assert_eq!((ended.terminated, ended.truncated), (vec![false, false, false, true], vec![false; 4]), "ended");
        assert_eq!((cut.terminated, cut.truncated), (vec![false; 3], vec![false, false, true]), "cut");
        let wanted: &[f32] = if given.len() == 2 { &[0.0, 0.125, 0.25] } else { &[] };
        assert_eq!(cut.rewards, wanted, "rewards");
    }
    let (source, notes) = open_with_outcomes(&kinds[..1], |_, n| (n == 4).then(|| Values::Floats(vec![1.0; 4])));
    assert!(!source.signature().reward && source.episode(0).rewards.is_empty(), "all or none");
    assert!(notes.contains("steps/reward: not kept: 1 of 2 episodes have it"), "{notes}");
}
