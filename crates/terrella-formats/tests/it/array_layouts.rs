//! Recordings of arrays: ALOHA, D4RL, Minari, ManiSkill and robomimic in HDF5, the replay of Dreamer and TD-MPC2 in npz, and any other by a mapping.

use crate::array_files::{Data, at, by_h5py, hdf5, npz, on, opened, refused, told};
use base64::Engine;
use std::path::Path;
use terrella_data::{ALL, SourceOptions};

const NONE: &[usize] = &[];

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn aloha(path: &Path, from: f64, rows: usize) {
    hdf5(
        path,
        &[
            ("action", Data::rows(from + 0.5, rows, 2)),
            ("observations/qpos", Data::rows(from, rows, 2)),
            ("observations/qvel", Data::rows(-from, rows, 2)),
            ("observations/images/cam_high", Data::pictures(0, rows)),
            ("observations/images/cam_left_wrist", Data::pictures(100, rows)),
        ],
    );
}

#[test]
fn a_folder_of_aloha_files_is_a_dataset() {
    let folder = folder();
    for (number, rows) in [(0, 3), (10, 5), (2, 4)] {
        aloha(&folder.path().join(format!("episode_{number}.hdf5")), f64::from(number), rows);
    }
    std::fs::write(folder.path().join("episode_3.hdf5"), "killed").expect("written");
    let source = opened(folder.path(), &SourceOptions::default());
    assert_eq!((source.format(), source.lengths()), ("aloha", vec![3, 4, 5]), "in the order of their numbers");
    assert_eq!((source.signature().fps, source.signature().image), (50.0, Some([4, 4])), "as ACT records");
    assert_eq!(source.signature().state, ["qpos.0", "qpos.1"], "positions");
    assert_eq!(
        (source.episode(1).states.row(3), source.episode(1).actions.row(0)),
        ([5.0, 5.125].as_slice(), [2.5, 2.625].as_slice())
    );
    assert_eq!(source.pictures(2).expect("read").expect("pictures").bytes(4)[0], 4, "cam_high of the third");
    let told = told(&source);
    for words in ["50 rows a second are assumed", "observations/qvel", "cam_left_wrist", "episode_3.hdf5: left out"] {
        assert!(told.contains(words), "{words} is missing in {told}");
    }
    let asked = SourceOptions {
        vectors: vec!["observations/qvel".into(), "observations/qpos".into()],
        views: vec![ALL.into()],
        ..at(25.0)
    };
    let source = opened(folder.path(), &asked);
    assert_eq!((source.signature().fps, source.cameras().len()), (25.0, 2), "as told");
    assert_eq!(source.episode(1).states.row(0), [-2.0, -1.875, 2.0, 2.125], "as asked");
    assert_eq!(source.view(0, 0).expect("read").bytes(2)[0], 102, "the wrist");
    let one = opened(&folder.path().join("episode_2.hdf5"), &SourceOptions::default());
    assert_eq!(one.lengths(), [4], "a file is an episode");
    assert_eq!(source.files().expect("listed").len(), 4, "all files count for the hash");
}

/// Grey of 120, and red, of 8 by 8.
const JPEG: [&str; 2] = [
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AJ//Z",
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/2wBDAQkJCQwLDBgNDRgyIRwhMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjL/wAARCAAIAAgDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAb/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFQEBAQAAAAAAAAAAAAAAAAAABQf/xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oADAMBAAIRAxEAPwCXADqO/9k=",
];

#[test]
fn padded_jpeg_rows_are_pictures_with_and_without_their_lengths() {
    let folder = folder();
    let jpeg = JPEG.map(|text| base64::engine::general_purpose::STANDARD.decode(text).expect("bytes"));
    let mut padded: Vec<u8> = Vec::new();
    for one in &jpeg {
        padded.extend(one);
        padded.resize(padded.len().div_ceil(400) * 400, 0);
    }
    for (with, spoil) in [(true, false), (false, false), (false, true)] {
        let path = folder.path().join("episode_0.hdf5");
        let mut bytes = padded.clone();
        if spoil {
            bytes[400..450].fill(7);
        }
        let mut arrays = vec![
            ("action", Data::rows(0.0, 2, 1)),
            ("observations/qpos", Data::rows(0.0, 2, 1)),
            ("observations/images/top", Data::Bytes(bytes, vec![400])),
        ];
        if with {
            arrays.push(("compress_len", Data::Whole(vec![159, 287])));
        }
        hdf5(&path, &arrays);
        let source = opened(&path, &SourceOptions::default());
        let frames = source.pictures(0).map(|frames| frames.expect("pictures"));
        if spoil {
            let error = frames.expect_err("no picture").to_string();
            assert!(error.contains("row 1 of observations/images/top is no picture"), "{error}");
            continue;
        }
        let frames = frames.expect("read");
        assert_eq!((frames.len(), frames.size()), (2, [8, 8]), "a picture a row");
        assert!(frames.bytes(0).iter().all(|b| b.abs_diff(120) < 3), "grey");
        let red = frames.bytes(1)[..3].to_vec();
        assert!(red[0] > 180 && red[1] < 60 && red[2] < 60, "{red:?}");
        assert!(told(&source).contains("red and blue") && !told(&source).contains("compress_len"), "{}", told(&source));
    }
}

#[test]
fn rows_of_d4rl_end_as_they_say() {
    let folder = folder();
    let path = folder.path().join("d4rl.hdf5");
    let rows = vec![
        ("observations", Data::rows(0.0, 9, 3)),
        ("actions", Data::rows(0.5, 9, 2)),
        ("rewards", Data::rows(7.0, 9, 1)),
        ("terminals", Data::flags(9, &[3])),
        ("infos/qpos", Data::rows(30.0, 9, 2)),
    ];
    let mut timed = rows.clone();
    timed.push(("timeouts", Data::flags(9, &[6])));
    hdf5(&path, &timed);
    assert!(refused(&path, &SourceOptions::default()).contains("--fps"), "no rate is stored");
    let source = opened(&path, &at(20.0));
    assert_eq!((source.format(), source.lengths()), ("d4rl", vec![4, 3, 2]), "the last two have no end");
    let ends: Vec<_> = (0..3).map(|e| (on(&source.episode(e).terminated), on(&source.episode(e).truncated))).collect();
    assert_eq!(ends, [(vec![3], vec![]), (vec![], vec![2]), (vec![], vec![])], "terminal, timed out, neither");
    assert_eq!((source.episode(1).rewards[0], source.episode(1).states.row(0)[0]), (11.0, 4.0), "its rows");
    assert!(told(&source).contains("the last 2 rows, from row 7 on") && told(&source).contains("infos/qpos"));
    let asked = SourceOptions { vectors: vec!["infos/qpos".into()], ..at(20.0) };
    assert_eq!(opened(&path, &asked).episode(0).states.row(0), [30.0, 30.125], "as asked");

    hdf5(&path, &rows);
    assert_eq!(opened(&path, &at(20.0)).lengths(), [4, 5], "terminals alone");
    assert!(told(&opened(&path, &at(20.0))).contains("timeouts: not stored"), "told");
    // What comes next is the next row, but for rows 3 and 5.
    let next =
        (0..9).flat_map(|t| (0..3).map(move |c| if t == 5 { 99.0 } else { f64::from(t) + 1.0 + f64::from(c) / 8.0 }));
    let mut jumping = rows.clone();
    jumping.push(("next_observations", Data::Floats(next.collect(), vec![3])));
    hdf5(&path, &jumping);
    let source = opened(&path, &at(20.0));
    assert_eq!(source.lengths(), [4, 2, 3], "a jump ends one");
    assert_eq!((on(&source.episode(1).terminated), on(&source.episode(1).truncated)), (vec![], vec![1]), "by a cut");
}

#[test]
fn the_last_observation_of_minari_is_a_row_of_its_own() {
    let folder = folder();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("a folder");
    let world = r#"{"env_spec": "{\"id\": \"Maze-v3\"}", "total_episodes": 2}"#;
    std::fs::write(data.join("metadata.json"), world).expect("written");
    let episode = |e: usize, end: &[usize], cut: &[usize]| {
        let from = 10.0 * e as f64;
        let named = |name: &str| -> &'static str { Box::leak(format!("episode_{e}/{name}").into_boxed_str()) };
        vec![
            (named("actions"), Data::Whole(vec![1, 2, 3])),
            (named("observations/goal"), Data::rows(from + 5.0, 4, 1)),
            (named("observations/observation"), Data::rows(from, 4, 2)),
            (named("rewards"), Data::rows(1.0, 3, 1)),
            (named("terminations"), Data::flags(3, end)),
            (named("truncations"), Data::flags(3, cut)),
            (named("infos/x"), Data::rows(0.0, 4, 1)),
        ]
    };
    let all: Vec<_> = [episode(0, &[2], NONE), episode(1, NONE, &[2])].concat();
    hdf5(&data.join("main_data.hdf5"), &all);
    for path in [folder.path().to_path_buf(), data.clone(), data.join("main_data.hdf5")] {
        let source = opened(&path, &at(10.0));
        assert_eq!((source.format(), source.lengths()), ("minari", vec![4, 4]), "{}", path.display());
        assert_eq!(source.signature().state, ["goal.0", "observation.0", "observation.1"], "a dictionary");
        let one = source.episode(1);
        assert_eq!((one.task.as_str(), one.states.row(3)), ("Maze-v3", [18.0, 13.0, 13.125].as_slice()), "the last");
        assert_eq!(
            (one.actions.data, one.rewards),
            (vec![1.0, 2.0, 3.0, 0.0], vec![1.0, 2.0, 3.0, 0.0]),
            "nothing more"
        );
        assert_eq!(
            (on(&source.episode(0).terminated), on(&source.episode(0).truncated)),
            (vec![2, 3], vec![]),
            "ended"
        );
        assert_eq!((on(&one.terminated), on(&one.truncated)), (vec![], vec![2, 3]), "cut");
        let told = told(&source);
        assert!(
            told.contains("2 episodes have an observation after their last action") && told.contains("infos/x"),
            "{told}"
        );
    }
}

#[test]
fn trajectories_of_maniskill_take_the_world_from_beside_them() {
    let folder = folder();
    let path = folder.path().join("trajectory.h5");
    let traj = |number: usize, rows: usize| {
        let named = |name: &str| -> &'static str { Box::leak(format!("traj_{number}/{name}").into_boxed_str()) };
        vec![
            (named("actions"), Data::rows(0.0, rows, 2)),
            (named("obs/agent/qpos"), Data::rows(0.0, rows + 1, 2)),
            (named("obs/extra/tcp"), Data::rows(50.0, rows + 1, 1)),
            (named("obs/sensor_data/base_camera/rgb"), Data::pictures(number, rows + 1)),
            (named("obs/sensor_param/base_camera/k"), Data::rows(0.0, rows + 1, 9)),
            (named("success"), Data::flags(rows, &[rows - 1])),
            (named("terminated"), Data::flags(rows, &[rows - 1])),
            (named("truncated"), Data::flags(rows, NONE)),
        ]
    };
    hdf5(&path, &[traj(2, 3), traj(10, 4)].concat());
    let source = opened(&path, &SourceOptions::default());
    assert!(
        told(&source).contains("trajectory.json: not there") && told(&source).contains("20 rows a second are assumed")
    );
    let beside = r#"{"env_info": {"env_id": "Pick-v1", "env_kwargs": {"control_freq": 40}}, "episodes": []}"#;
    std::fs::write(folder.path().join("trajectory.json"), beside).expect("written");
    for path in [path.as_path(), folder.path()] {
        let source = opened(path, &SourceOptions::default());
        assert_eq!((source.format(), source.lengths()), ("maniskill", vec![4, 5]), "one observation more than actions");
        assert_eq!((source.signature().fps, source.episode(0).task.as_str()), (40.0, "Pick-v1"), "from beside it");
        assert_eq!(source.signature().state, ["qpos.0", "qpos.1", "tcp.0"], "no matrices of cameras");
        assert_eq!(source.episode(1).states.row(4), [4.0, 4.125, 54.0], "the last");
        assert_eq!(source.evidence(0).success, Some(true), "done at the end");
        assert_eq!(source.pictures(1).expect("read").expect("pictures").bytes(4)[0], 14, "as many pictures");
    }
}

#[test]
fn masks_of_robomimic_are_splits_of_what_can_be_read() {
    let folder = folder();
    let path = folder.path().join("demos.hdf5");
    let demo = |e: usize, x: f64| {
        let named = |name: &str| -> &'static str { Box::leak(format!("data/demo_{e}/{name}").into_boxed_str()) };
        vec![(named("actions"), Data::rows(x, 3, 1)), (named("obs/eef"), Data::rows(0.0, 3, 1))]
    };
    let mut arrays = [demo(0, 0.0), demo(1, f64::NAN), demo(2, 0.0), demo(3, 0.0)].concat();
    arrays.push(("mask/train", Data::Texts(vec!["demo_0", "demo_2", "demo_1"])));
    arrays.push(("mask/valid", Data::Texts(vec!["demo_3"])));
    hdf5(&path, &arrays);
    let source = opened(&path, &at(20.0));
    let splits = source.claims().expect("claims").splits;
    assert_eq!(splits, [("train".to_owned(), 0..2), ("valid".to_owned(), 2..3)], "demo_1 is left out");
    assert!(told(&source).contains("split train: 2 of 3 episodes"), "{}", told(&source));
}

#[test]
fn dreamer_stores_what_led_to_a_row() {
    let folder = folder();
    let episode = |name: &str, end: &[usize], extra: Option<(&'static str, Data)>| {
        let mut arrays = vec![
            ("image", Data::pictures(10, 4)),
            ("action", Data::rows(0.0, 4, 2)),
            ("reward", Data::rows(100.0, 4, 1)),
            ("is_first", Data::flags(4, &[0])),
            ("is_last", Data::flags(4, &[3])),
            ("is_terminal", Data::flags(4, end)),
        ];
        arrays.extend(extra);
        npz(&folder.path().join(name), &arrays);
    };
    episode("20240301T100000-0-4.npz", &[3], None);
    episode("20240301T100100-1-4.npz", NONE, None);
    let source = opened(folder.path(), &at(30.0));
    assert_eq!((source.format(), source.lengths()), ("dreamer-npz", vec![4, 4]), "a file an episode");
    let one = source.episode(0);
    assert_eq!(
        (one.actions.row(0), one.actions.row(2), one.actions.row(3)),
        ([1.0, 1.125].as_slice(), [3.0, 3.125].as_slice(), [0.0, 0.0].as_slice())
    );
    assert_eq!(one.rewards, [101.0, 102.0, 103.0, 0.0], "what came of each");
    assert_eq!((on(&one.terminated), on(&one.truncated)), (vec![2, 3], vec![]), "an end");
    assert_eq!((on(&source.episode(1).terminated), on(&source.episode(1).truncated)), (vec![], vec![2, 3]), "a cut");
    assert_eq!(source.pictures(1).expect("read").expect("pictures").bytes(3)[0], 13, "pictures stay");
    assert!(told(&source).contains("go one row up"), "{}", told(&source));
    // Chunks of a stream hold several episodes, and actions that leave their rows.
    let chunk = folder.path().join("20240301T100000F000000-a-b-6.npz");
    npz(
        &chunk,
        &[
            ("image", Data::pictures(0, 6)),
            ("action", Data::rows(0.0, 6, 1)),
            ("reward", Data::rows(100.0, 6, 1)),
            ("is_first", Data::flags(6, &[0, 4])),
            ("is_terminal", Data::flags(6, &[3])),
        ],
    );
    let source = opened(&chunk, &at(30.0));
    assert_eq!(source.lengths(), [4, 2], "two in one");
    assert_eq!(
        (source.episode(0).actions.data, on(&source.episode(0).terminated)),
        (vec![0.0, 1.0, 2.0, 3.0], vec![2, 3])
    );
    assert_eq!(source.episode(1).rewards, [105.0, 0.0], "rewards go up all the same");
}

#[test]
fn tdmpc2_stores_what_led_to_a_row_and_nothing_in_the_first() {
    let folder = folder();
    let led = |from: f64| vec![f64::NAN, from + 1.0, from + 2.0, from + 3.0];
    for (name, last) in [("0.npz", 1.0), ("1.npz", 0.0)] {
        npz(
            &folder.path().join(name),
            &[
                ("obs", Data::rows(0.0, 4, 3)),
                ("action", Data::Floats(led(0.0), vec![1])),
                ("reward", Data::Floats(led(100.0), vec![])),
                ("terminated", Data::Floats(vec![f64::NAN, 0.0, 0.0, last], vec![])),
                ("task", Data::Whole(vec![7; 4])),
            ],
        );
    }
    let source = opened(folder.path(), &at(30.0));
    assert_eq!((source.format(), source.lengths()), ("tdmpc2-npz", vec![4, 4]), "a file an episode");
    let one = source.episode(0);
    assert_eq!((one.actions.data, one.rewards), (vec![1.0, 2.0, 3.0, 0.0], vec![101.0, 102.0, 103.0, 0.0]), "one up");
    assert_eq!(one.states.row(3), [3.0, 3.125, 3.25], "states stay");
    assert_eq!((on(&one.terminated), on(&one.truncated)), (vec![2, 3], vec![]), "an end");
    assert_eq!((on(&source.episode(1).terminated), on(&source.episode(1).truncated)), (vec![], vec![2, 3]), "a cut");
    assert!(told(&source).contains("go one row up") && told(&source).contains("task"), "{}", told(&source));
    // Several episodes in one file, without ends.
    let both = folder.path().join("both.npz");
    let twice = |from: f64| [led(from), vec![f64::NAN, from + 5.0]].concat();
    npz(
        &both,
        &[
            ("obs", Data::rows(0.0, 6, 1)),
            ("action", Data::Floats(twice(0.0), vec![1])),
            ("reward", Data::Floats(twice(100.0), vec![1])),
        ],
    );
    let source = opened(&both, &at(30.0));
    assert_eq!((source.lengths(), source.signature().ends), (vec![4, 2], false), "each begins without a reward");
    assert_eq!((source.episode(1).actions.data, source.episode(1).rewards), (vec![5.0, 0.0], vec![105.0, 0.0]));
    // Pictures as PyTorch wants them.
    npz(
        &both,
        &[
            ("obs", Data::Bytes(vec![0; 4 * 36], vec![9, 2, 2])),
            ("action", Data::Floats(led(0.0), vec![1])),
            ("reward", Data::Floats(led(100.0), vec![])),
        ],
    );
    assert!(refused(&both, &at(30.0)).contains("colours last"), "{}", refused(&both, &at(30.0)));
}

#[test]
fn files_of_pytorch_are_refused_with_what_helps() {
    let folder = folder();
    let file = folder.path().join("chunk_0.pt");
    std::fs::write(&file, b"PK\x03\x04").expect("written");
    for path in [folder.path(), &file] {
        let error = refused(path, &at(30.0));
        assert!(error.contains("chunk_0.pt: it is a file of PyTorch") && error.contains("np.savez"), "{error}");
    }
}

#[test]
fn a_discount_of_0_is_an_end_where_nothing_else_tells() {
    let folder = folder();
    let path = folder.path().join("a-1-3.npz");
    let discount = Data::Floats(vec![1.0, 1.0, 0.0], vec![]);
    let arrays = [
        ("state", Data::rows(0.0, 3, 1)),
        ("action", Data::rows(0.0, 3, 1)),
        ("reward", Data::rows(0.0, 3, 1)),
        ("discount", discount),
    ];
    npz(&path, &arrays);
    let source = opened(&path, &at(30.0));
    assert_eq!((on(&source.episode(0).terminated), source.signature().state.len()), (vec![1, 2], 1), "an end");
    assert!(told(&source).contains("taken as the end"), "{}", told(&source));
}

#[test]
fn a_file_that_was_cut_off_gives_what_is_whole() {
    let source = opened(&by_h5py("cut.hdf5"), &SourceOptions::default());
    assert_eq!((source.format(), source.lengths()), ("robomimic", vec![3, 3]), "two of three: {}", told(&source));
    assert_eq!(
        (source.episode(1).states.row(2), source.episode(1).actions.row(0)),
        ([12.5].as_slice(), [10.0].as_slice())
    );
    let all = told(&source);
    assert!(all.contains("cut off at byte 14659 of 16288") && all.contains("data/demo_2: left out"), "{all}");
    // Wherever it is cut: what is read is whole, and what is refused says where.
    let bytes = std::fs::read(by_h5py("cut.hdf5")).expect("read");
    let (folder, mut refusals) = (folder(), 0);
    for length in (100..bytes.len()).step_by(61) {
        let path = folder.path().join("shorter.hdf5");
        std::fs::write(&path, &bytes[..length]).expect("written");
        let says = format!("cut off at byte {length} of 16288");
        match terrella_formats::open_source(&path, &SourceOptions::default()) {
            Ok(source) => {
                assert!(told(&source).contains(&says), "{length}: {}", told(&source));
                assert!((0..source.lengths().len()).all(|e| source.episode(e).states.len() == 3), "{length}: whole");
            }
            Err(error) => {
                refusals += 1;
                assert!(error.to_string().contains(&says), "{length}: {error}");
            }
        }
    }
    assert!(refusals > 50, "{refusals}");
}

#[test]
fn links_are_followed_or_told() {
    let source = opened(&by_h5py("links.hdf5"), &at(10.0));
    assert_eq!((source.format(), source.lengths()), ("minari", vec![4, 4]), "in this file and in another");
    assert_eq!(
        (source.episode(0).states.row(3), source.episode(1).states.row(3)),
        ([13.0].as_slice(), [23.0].as_slice())
    );
    assert_eq!(
        (on(&source.episode(0).truncated), on(&source.episode(1).terminated)),
        (vec![2, 3], vec![2, 3]),
        "truths"
    );
    let all = told(&source);
    assert!(all.contains("episode_2 (to missing.hdf5)") && all.contains("episode_3 (to ../part.hdf5)"), "{all}");
    let files = source.files().expect("listed");
    assert!(files.iter().any(|(name, _)| name == "part.hdf5"), "the other file counts for the hash: {files:?}");
    let error = refused(&by_h5py("links_old.hdf5"), &at(10.0));
    assert!(error.contains("a/b (f32 [3, 1]), a/c (f32 [3, 1])") && error.contains("round (to /round)"), "{error}");
}

#[test]
fn what_no_layout_knows_is_listed_and_a_mapping_reads_it() {
    let folder = folder();
    let (path, map) = (folder.path().join("own.h5"), folder.path().join("map.toml"));
    hdf5(
        &path,
        &[
            ("runs/run_2/cmd", Data::rows(0.5, 3, 1)),
            ("runs/run_2/arm/q", Data::rows(0.0, 4, 2)),
            ("runs/run_2/score", Data::rows(7.0, 3, 1)),
            ("runs/run_10/cmd", Data::rows(10.5, 2, 1)),
            ("runs/run_10/arm/q", Data::rows(10.0, 3, 2)),
            ("runs/run_10/score", Data::rows(7.0, 2, 1)),
            ("about", Data::Texts(vec!["mine"])),
        ],
    );
    let error = refused(&path, &SourceOptions::default());
    for words in ["about (string [1])", "runs/run_2/arm/q (f64 [4, 2]) and 1 more like it", "--map FILE", "[arrays]"] {
        assert!(error.contains(words), "{words} is missing in {error}");
    }
    let by = |text: &str| {
        std::fs::write(&map, text).expect("written");
        SourceOptions { map: Some(map.display().to_string()), ..SourceOptions::default() }
    };
    let head = "fps = 5.0\ntask = \"Reach.\"\n[arrays]\nstate = [\"arm/q\"]\naction = [\"cmd\"]\n";
    let source = opened(&path, &by(&format!("{head}episodes = \"runs/run_*\"\nreward = \"score\"\n")));
    assert_eq!((source.lengths(), source.signature().fps), (vec![4, 3], 5.0), "a group an episode");
    let one = source.episode(1);
    assert_eq!(
        (one.task.as_str(), one.states.row(2), one.rewards),
        ("Reach.", [12.0, 12.125].as_slice(), vec![7.0, 8.0, 0.0])
    );
    for (more, words) in [
        ("episodes = \"walks/*\"", "no group fits"),
        (
            "episodes = \"runs/*\"\nreward = \"gain\"",
            "names runs/run_2/gain, which is not there; there is about (string [1])",
        ),
        ("episodes = \"runs/*\"\nends = \"stops\"", "several ways"),
        ("episode = \"runs/*\"", "unknown field"),
    ] {
        let error = refused(&path, &by(&format!("{head}{more}\n")));
        assert!(error.contains(words), "{words} is missing in {error}");
    }
}

#[test]
fn a_mapping_finds_episodes_among_rows() {
    let folder = folder();
    let map = folder.path().join("map.toml");
    let arrays = [
        ("x", Data::rows(0.0, 6, 1)),
        ("u", Data::rows(0.5, 6, 1)),
        ("seen", Data::pictures(0, 6)),
        ("stop", Data::flags(6, &[2, 5])),
        ("start", Data::flags(6, &[0, 3])),
        ("lengths", Data::Whole(vec![3, 3])),
        ("ends", Data::Whole(vec![3, 6])),
        ("falling", Data::Whole(vec![6, 3])),
        ("longer", Data::Whole(vec![3, 4])),
    ];
    let (one, other) = (folder.path().join("rows.h5"), folder.path().join("rows.npz"));
    hdf5(&one, &arrays);
    npz(&other, &arrays);
    for (path, way) in [&one, &other].into_iter().flat_map(|path| {
        ["last = [\"stop\"]", "first = \"start\"", "lengths = \"lengths\"", "ends = \"ends\""].map(|way| (path, way))
    }) {
        let text = format!(
            "fps = 5.0\n[arrays]\nstate = [\"x\"]\naction = [\"u\"]\npictures = [\"seen\"]\nled = true\n{way}\n"
        );
        std::fs::write(&map, text).expect("written");
        let by = SourceOptions { map: Some(map.display().to_string()), ..SourceOptions::default() };
        let source = opened(path, &by);
        assert_eq!(source.lengths(), [3, 3], "{way}");
        let second = source.episode(1);
        assert_eq!((second.states.data, second.actions.data), (vec![3.0, 4.0, 5.0], vec![4.5, 5.5, 0.0]), "{way}: led");
        assert_eq!(source.pictures(1).expect("read").expect("pictures").bytes(0)[0], 3, "{way}: pictures");
    }
    for (way, words) in
        [("ends = \"falling\"", "falling holds numbers that are no"), ("lengths = \"longer\"", "4 from row 3 on")]
    {
        std::fs::write(&map, format!("fps = 5.0\n[arrays]\nstate = [\"x\"]\naction = [\"u\"]\n{way}\n"))
            .expect("written");
        let by = SourceOptions { map: Some(map.display().to_string()), ..SourceOptions::default() };
        let said = match terrella_formats::open_source(&one, &by) {
            Ok(source) => told(&source),
            Err(error) => error.to_string(),
        };
        assert!(said.contains(words), "{words} is missing in {said}");
    }
}
