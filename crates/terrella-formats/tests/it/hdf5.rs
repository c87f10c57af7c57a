//! HDF5 in the layouts of robomimic and stable-worldmodel.

use hdf5_pure::{AttrValue, FileBuilder};
use std::path::{Path, PathBuf};
use terrella_data::SourceOptions;
use terrella_formats::{detect, open_source};

const SIDE: usize = 4;

/// `demo_0`, `demo_2` and `demo_10`, of 5, 7 and 15 rows; a compressed one too.
fn robomimic(path: &Path, spoil: impl Fn(usize, &str, &mut Vec<f32>)) {
    let mut file = FileBuilder::new();
    let mut data = file.create_group("data");
    let environment = r#"{"env_name": "Lift", "env_kwargs": {"control_freq": 20}}"#;
    data.set_attr("env_args", AttrValue::String(environment.into()));
    for number in [10_usize, 2, 0] {
        let rows = 5 + number;
        let mut demo = data.create_group(&format!("demo_{number}"));
        let numbers = |name: &str, width: usize| {
            let mut values: Vec<f32> =
                (0..rows * width).map(|i| (number * 1000 + i) as f32 + width as f32 / 8.0).collect();
            spoil(number, name, &mut values);
            (values.clone(), [values.len() as u64 / width as u64, width as u64])
        };
        let (values, shape) = numbers("actions", 2);
        demo.create_dataset("actions")
            .with_f32_data(&values)
            .with_shape(&shape)
            .with_chunks(&[2, 2])
            .with_shuffle()
            .with_deflate(4);
        demo.create_dataset("rewards")
            .with_f64_data(&(0..rows).map(|t| f64::from(number == 2 && t + 1 == rows)).collect::<Vec<_>>());
        demo.create_dataset("dones").with_i64_data(&(0..rows).map(|t| i64::from(t + 1 == rows)).collect::<Vec<_>>());
        let mut obs = demo.create_group("obs");
        let (values, shape) = numbers("pos", 3);
        obs.create_dataset("pos").with_f32_data(&values).with_shape(&shape);
        let (values, _) = numbers("grip", 1);
        obs.create_dataset("grip").with_f64_data(&values.iter().map(|x| f64::from(*x)).collect::<Vec<_>>());
        let pixels: Vec<u8> = (0..rows * SIDE * SIDE * 3).map(|i| (i / (SIDE * SIDE * 3) + number) as u8).collect();
        let shape = [rows, SIDE, SIDE, 3].map(|n| n as u64);
        obs.create_dataset("front_image")
            .with_u8_data(&pixels)
            .with_shape(&shape)
            .with_chunks(&[2, 4, 4, 3])
            .with_deflate(1);
        demo.add_group(obs.finish());
        data.add_group(demo.finish());
    }
    file.add_group(data.finish());
    file.write(path).expect("written");
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("demo.hdf5");
    (folder, path)
}

#[test]
fn demonstrations_are_read_in_the_order_of_their_numbers() {
    let (_keep, path) = folder();
    robomimic(&path, |_, _, _| {});
    let source = open_source(&path, &SourceOptions::default()).expect("opened");
    assert_eq!((source.format(), source.lengths()), ("robomimic", vec![5, 7, 15]), "0, 2, 10");
    let signature = source.signature();
    assert_eq!((signature.fps, signature.image), (20.0, Some([SIDE, SIDE])), "from env_args, from the pictures");
    assert_eq!(signature.state, ["grip.0", "pos.0", "pos.1", "pos.2"], "by name");
    let episode = source.episode(2);
    assert_eq!(
        (episode.task.as_str(), episode.states.row(1)),
        ("Lift", [10001.125, 10003.375, 10004.375, 10005.375].as_slice())
    );
    assert_eq!(episode.actions.row(14), [10028.25, 10029.25], "compressed");
    let frames = source.pictures(2).expect("read").expect("pictures");
    assert!((0..15).all(|t| frames.bytes(t).iter().all(|b| *b as usize == t + 10)), "each its row");
    let success: Vec<_> = (0..3).map(|at| source.evidence(at).success).collect();
    assert_eq!(success, [None, Some(true), None], "who was rewarded");
    assert!(signature.reward && signature.ends && source.notes().is_empty(), "{:?}", source.notes());
    let episode = source.episode(1);
    assert_eq!(episode.rewards, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0], "rewards");
    assert_eq!((episode.terminated[5..].to_vec(), episode.truncated.len()), (vec![false, true], 0), "dones");
    source.hash().expect("a hash");
}

#[test]
fn vectors_make_the_state_as_asked() {
    let asking = |names: &[&str]| SourceOptions {
        fps: Some(20.0),
        vectors: names.iter().map(ToString::to_string).collect(),
        ..SourceOptions::default()
    };
    let (_keep, path) = folder();
    robomimic(&path, |_, _, _| {});
    let source = open_source(&path, &asking(&["obs/pos", "obs/grip"])).expect("opened");
    assert_eq!(source.signature().state, ["pos.0", "pos.1", "pos.2", "grip.0"], "in the order asked for");
    assert_eq!(source.episode(2).states.row(1), [10003.375, 10004.375, 10005.375, 10001.125], "their numbers");
    let source = open_source(&path, &asking(&["obs/grip"])).expect("opened");
    assert!(source.notes()[0].what.contains("not kept: obs/pos"), "{:?}", source.notes());
    let error = open_source(&path, &asking(&["pos"])).err().expect("refused").to_string();
    assert!(error.contains("no vector \"pos\" (there are: obs/grip, obs/pos)"), "{error}");
    let (_keep, path) = folder();
    rows(&path, &[4, 3], Some(&[0, 4]), 1.0);
    let source = open_source(&path, &asking(&["proprio", "state"])).expect("opened");
    assert_eq!(source.signature().state, ["proprio.0", "state.0", "state.1", "state.2"], "columns of a table");
    assert_eq!(source.episode(1).states.row(0), [0.0, 12.0, 13.0, 14.0], "of the second episode");
}

#[test]
fn bad_demonstrations_are_left_out_and_told() {
    let (_keep, path) = folder();
    robomimic(&path, |number, name, values| match (number, name) {
        (0, "pos") => values[4] = f32::NAN,
        (10, "grip") => values.truncate(3),
        _ => {}
    });
    let source = open_source(&path, &SourceOptions::default()).expect("opened");
    assert_eq!(source.lengths(), [7], "only the good one");
    let told: Vec<String> = source.notes().iter().filter(|n| n.is_loss()).map(ToString::to_string).collect();
    assert!(told[0].contains("demo_0") && told[0].contains("pos.1 is NaN"), "{told:?}");
    assert!(told[1].contains("demo_10") && told[1].contains("grip has 3 rows"), "{told:?}");
}

/// Two episodes of 4 and 3 rows, with one picture more than needed if `long`.
fn rows(path: &Path, lengths: &[i64], offsets: Option<&[i64]>, rate: f32) {
    let mut file = FileBuilder::new();
    let n = 7;
    let mut actions: Vec<f32> = (0..n * 2).map(|i| i as f32 * rate).collect();
    actions[6..8].fill(f32::NAN);
    actions[12..14].fill(f32::NAN);
    file.create_dataset("action").with_f32_data(&actions).with_shape(&[n, 2]);
    file.create_dataset("state").with_f64_data(&(0..n * 3).map(|i| i as f64).collect::<Vec<_>>()).with_shape(&[n, 3]);
    file.create_dataset("proprio").with_f32_data(&vec![0.0; n as usize]);
    let pixels: Vec<u8> = (0..n as usize * SIDE * SIDE * 3).map(|i| (i / (SIDE * SIDE * 3)) as u8).collect();
    file.create_dataset("pixels").with_u8_data(&pixels).with_shape(&[n, SIDE as u64, SIDE as u64, 3]);
    file.create_dataset("ep_len").with_i64_data(lengths);
    if let Some(offsets) = offsets {
        file.create_dataset("ep_offset").with_i64_data(offsets);
    }
    file.write(path).expect("written");
}

#[test]
fn rows_are_cut_into_episodes() {
    let (_keep, path) = folder();
    rows(&path, &[4, 3], Some(&[0, 4]), 1.0);
    let error = open_source(&path, &SourceOptions::default()).err().expect("no rate").to_string();
    assert!(error.contains("does not store its rate"), "{error}");
    let options = SourceOptions { fps: Some(10.0), ..Default::default() };
    let source = open_source(&path, &options).expect("opened");
    assert_eq!((source.format(), source.lengths()), ("hdf5-rows", vec![4, 3]), "episodes");
    let second = source.episode(1);
    assert_eq!((second.states.row(0), second.actions.row(1)), ([12.0, 13.0, 14.0].as_slice(), [10.0, 11.0].as_slice()));
    assert_eq!(second.actions.row(2), [0.0, 0.0], "nothing follows the last row");
    assert_eq!(source.pictures(1).expect("read").expect("pictures").bytes(2)[0], 6, "its picture");
    let notes: Vec<String> = source.notes().iter().map(ToString::to_string).collect();
    assert!(notes.iter().any(|n| n.contains("not kept: proprio")), "{notes:?}");
    assert!(notes.iter().any(|n| n.contains("last action of 2 episodes is NaN")), "{notes:?}");
}

#[test]
fn lies_about_rows_are_refused() {
    let options = SourceOptions { fps: Some(10.0), ..Default::default() };
    for (lengths, offsets, said) in [
        (vec![4, 300], None, "has 7 rows, 300 from row 4 on are needed"),
        (vec![4, -3], None, "has -3 rows"),
        (vec![4, i64::MAX], Some(vec![0, i64::MAX]), "are needed"),
        (vec![4, 3], Some(vec![0]), "ep_offset 1"),
    ] {
        let (_keep, path) = folder();
        rows(&path, &lengths, offsets.as_deref(), 1.0);
        let told = match open_source(&path, &options) {
            Ok(source) => source.notes().iter().map(ToString::to_string).collect::<String>(),
            Err(error) => error.to_string(),
        };
        assert!(told.contains(said), "{lengths:?} {offsets:?}: {told}");
    }
}

#[test]
fn other_files_are_told_what_they_hold() {
    let (_keep, path) = folder();
    let mut file = FileBuilder::new();
    file.create_dataset("temperature").with_f64_data(&[1.0, 2.0]);
    file.write(&path).expect("written");
    let error = open_source(&path, &SourceOptions::default()).err().expect("no layout").to_string();
    assert!(error.contains("temperature (f64 [2])"), "{error}");
}

#[test]
fn damaged_files_are_refused_without_panic() {
    let (_keep, path) = folder();
    robomimic(&path, |_, _, _| {});
    let whole = std::fs::read(&path).expect("read");
    let mut refused = 0;
    for at in 0..whole.len() * 2 {
        let mut bytes = whole.clone();
        // First each byte flipped, then cut there.
        if at < whole.len() {
            bytes[at] ^= 0xff
        } else {
            bytes.truncate(at - whole.len())
        }
        if at % 7 != 0 && at > 2048 {
            continue;
        }
        std::fs::write(&path, &bytes).expect("written");
        match detect(&path).and_then(|_| open_source(&path, &SourceOptions::default())) {
            Ok(source) => {
                drop((0..source.lengths().len()).map(|e| source.pictures(e)).collect::<Vec<_>>());
                // Where it is read all the same, no part of the state is passed over.
                let told = source.signature().state.len() == 4 || !source.notes().is_empty();
                assert!(told, "byte {at}: {:?}", source.signature().state);
            }
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 500, "{refused} of {} were refused", whole.len());
}
