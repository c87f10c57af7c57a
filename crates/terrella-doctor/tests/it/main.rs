//! The doctor on a healthy world, on that world with seeded damage, and on real recordings.

#[path = "../../../terrella-formats/tests/it/elsewhere.rs"]
mod elsewhere;

use elsewhere::recordings;
use std::collections::BTreeSet;
use std::path::Path;
use terrella_core::{Episode, Key, Signature, Table};
use terrella_data::{Claims, Evidence, SourceOptions, Writer};
use terrella_doctor::{Check, Defect, Severity, Sight, Strength, Subject, examine, lag, lagging, seed, tally};

/// A mass that is pulled to targets, seen by a camera: 30 recordings of 100 rows at 20 Hz.
fn healthy() -> Subject {
    let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    let fps = 20.0;
    let mut episodes = Vec::new();
    let mut sights = Vec::new();
    for e in 0..30usize {
        let mut stream = Key::new(7).with("test").at(e as u64).stream();
        let mut uniform = |scale: f64| stream.uniform(-scale, scale);
        let (mut at, mut speed, mut target) = ([uniform(1.0), uniform(1.0)], [0.0f64; 2], [0.0f64; 2]);
        let (mut states, mut actions, mut sight) = (Table::new(8), Table::new(2), Sight::default());
        let mut phase = uniform(3.0);
        for t in 0..100 {
            if t % 9 == 0 {
                target = [uniform(1.0), uniform(1.0)];
            }
            // A hand trembles; a sensor of its own turns on.
            let action = target.map(|x| x + uniform(0.05));
            phase += 0.05 + uniform(0.02);
            let (sin, cos) = phase.sin_cos();
            let rotation = [0.6 * sin, 0.8 * sin, 0.0, cos];
            let row = [at[0], at[1], speed[0], speed[1], rotation[0], rotation[1], rotation[2], rotation[3]];
            states.push(&row.map(|x| x as f32));
            actions.push(&action.map(|x| x as f32));
            look(&mut sight, at);
            for i in 0..2 {
                speed[i] += (20.0 * (action[i] - at[i]) - 6.0 * speed[i]) / fps + uniform(0.01);
                at[i] += speed[i] / fps;
            }
        }
        sights.push(sight);
        episodes.push(Episode {
            index: e,
            task: "Follow the target.".to_owned(),
            states,
            actions,
            frames: None,
            ..Episode::default()
        });
    }
    let times: Vec<f64> = (0..100).map(|t| f64::from(t) / fps).collect();
    Subject {
        format: "test".to_owned(),
        signature: Signature {
            fps,
            image: Some([12, 12]),
            state: names(&["x", "y", "x.velocity", "y.velocity", "qx", "qy", "qz", "qw"]),
            action: names(&["target.x", "target.y"]),
            env: None,
            ..Signature::default()
        },
        evidence: vec![Evidence { times, success: None }; episodes.len()],
        episodes,
        claims: Claims::default(),
        notes: Vec::new(),
        sights,
        hash: String::new(),
    }
}

/// A picture with a soft red spot.
fn look(sight: &mut Sight, at: [f64; 2]) {
    let side = Sight::SIDE as f64;
    for row in 0..Sight::SIDE {
        for column in 0..Sight::SIDE {
            let place = |x: f64| (x + 1.6) / 3.2 * side;
            let far = (column as f64 - place(at[0])).powi(2) + (row as f64 - place(at[1])).powi(2);
            sight.small.extend([(-far / 6.0).exp() as f32, 0.2, 0.1]);
        }
    }
    sight.hashes.push(at[0].to_bits() ^ at[1].to_bits().rotate_left(7));
}

fn found(subject: &Subject, check: Check) -> BTreeSet<usize> {
    examine(subject).findings.iter().filter(|f| f.check == check).filter_map(|f| f.episode).collect()
}

#[test]
fn a_healthy_dataset_has_no_failures_and_no_warnings() {
    let checkup = examine(&healthy());
    let bad: Vec<_> = checkup.findings.iter().filter(|f| f.severity > Severity::Info).collect();
    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn strong_damage_of_every_kind_is_found_where_it_is() {
    let healthy = healthy();
    let before = examine(&healthy);
    for defect in Defect::ALL {
        let tally = tally(&healthy, &before, defect, Strength::Strong, Key::new(1))
            .unwrap_or_else(|| panic!("{defect:?} cannot be seeded"));
        assert_eq!((tally.found, tally.missed, tally.false_alarms), (6, 0, 0), "{defect:?}");
    }
}

#[test]
fn damage_is_the_same_for_a_key_and_other_for_another() {
    let healthy = healthy();
    let episodes = |key| {
        let seeded = seed(&healthy, Defect::Jump, Strength::Middle, Key::new(key)).expect("damaged");
        (seeded.episodes, seeded.subject.episodes[3].states.clone())
    };
    assert_eq!(episodes(1), episodes(1), "the same key");
    assert_ne!(episodes(1).0, episodes(2).0, "another key");
}

#[test]
fn the_lag_of_zero_to_five_rows_is_exact() {
    let healthy = healthy();
    for rows in 0..=5 {
        let told = lag(&lagging(&healthy, rows)).expect("actions explain the motion");
        assert_eq!(told.rows, rows as i64, "{told:?}");
        assert!((told.exact - rows as f64).abs() < 0.3, "{} rows, {}", rows, told.exact);
    }
}

/// Shows in every row the picture of the row that a camera of so many pictures in so many rows took last.
fn slow_camera(subject: &mut Subject, [pictures, rows]: [usize; 2]) {
    for sight in &mut subject.sights {
        let before = sight.clone();
        for t in 0..sight.len() {
            let from = (0..=t).rev().find(|t| t * pictures % rows < pictures).unwrap_or(0);
            sight.small[t * Sight::SIZE..(t + 1) * Sight::SIZE].copy_from_slice(before.row(from));
            sight.hashes[t] = before.hashes[from];
        }
    }
}

#[test]
fn a_camera_that_is_slower_than_the_rows_is_told_once() {
    for (cadence, words) in [
        ([1, 3], "a new picture every 3 rows, 6.7 a second at 20 rows a second"),
        ([1, 2], "a new picture every 2 rows, 10.0 a second"),
        ([3, 4], "3 new pictures in 4 rows, 15.0 a second"),
    ] {
        let mut subject = healthy();
        slow_camera(&mut subject, cadence);
        let findings = examine(&subject).findings;
        let told: Vec<_> = findings.iter().filter(|f| f.check == Check::PictureRate).collect();
        assert_eq!((told.len(), told[0].episode), (1, None), "of the dataset: {findings:#?}");
        assert!(told[0].what.contains(words), "{}", told[0].what);
        assert!(findings.iter().all(|f| f.check != Check::PictureFrozen), "no stretch is blamed: {findings:#?}");
    }
    // A hang is one even there.
    let mut subject = healthy();
    slow_camera(&mut subject, [1, 3]);
    let sight = &mut subject.sights[7];
    let (picture, hash) = (sight.row(30).to_vec(), sight.hashes[30]);
    for t in 30..60 {
        sight.small[t * Sight::SIZE..(t + 1) * Sight::SIZE].copy_from_slice(&picture);
        sight.hashes[t] = hash;
    }
    assert_eq!(found(&subject, Check::PictureFrozen), BTreeSet::from([7]), "thirty rows");
}

#[test]
fn a_sensor_that_is_slower_than_the_rows_is_told_by_its_columns() {
    let mut subject = healthy();
    for episode in &mut subject.episodes {
        let before = episode.states.clone();
        for t in 0..before.len() {
            for column in [0, 2] {
                episode.states.data[t * before.width + column] = before.row(t - t % 4)[column];
            }
        }
    }
    let findings = examine(&subject).findings;
    let told: Vec<_> = findings.iter().filter(|f| f.check == Check::SensorRate).collect();
    assert_eq!(told.len(), 1, "{findings:#?}");
    assert!(
        told[0].what.contains("state x, state x.velocity: a new value every 4 rows, 5.0 a second"),
        "{}",
        told[0].what
    );
}

#[test]
fn times_that_come_in_pairs_are_uneven_and_no_other_rate() {
    let mut subject = healthy();
    let clock = |e: usize| -> Vec<f64> {
        let mut stream = Key::new(11).at(e as u64).stream();
        let mut late = |t: usize| if e.is_multiple_of(2) { (t % 2) as f64 * 0.5 } else { stream.uniform(0.0, 0.9) };
        (0..100).map(|t| (t as f64 + late(t)) / 20.0).collect()
    };
    subject.evidence.iter_mut().enumerate().for_each(|(e, evidence)| evidence.times = clock(e));
    let findings = examine(&subject).findings;
    let told: Vec<_> = findings.iter().filter(|f| f.check == Check::ClockJitter).collect();
    assert_eq!((told.len(), told[0].episode), (1, None), "of the dataset: {findings:#?}");
    assert!(told[0].what.contains("of 50."), "{}", told[0].what);
    assert!(findings.iter().all(|f| f.check != Check::ClockRate), "one rate: {findings:#?}");
}

/// The row from which a state goes farthest in so many rows, if it moves there.
fn travels(states: &Table, column: usize, rows: usize) -> usize {
    let step = |from: usize, to: usize| (states.row(to)[column] - states.row(from)[column]).abs();
    let able = (2..states.len() - rows - 1).filter(|t| step(*t - 1, *t) > 0.03);
    able.max_by(|a, b| step(*a, *a + rows).total_cmp(&step(*b, *b + rows))).expect("it moves")
}

#[test]
fn a_hang_that_every_episode_has_is_told_in_each() {
    const ROWS: usize = 15;
    let nearly_all = |told: BTreeSet<usize>, what: &str| assert!(told.len() > 26, "{what}: {} of 30", told.len());
    // A sensor.
    let mut subject = healthy();
    for episode in &mut subject.episodes {
        let (at, width) = (travels(&episode.states, 0, ROWS), episode.states.width);
        let value = episode.states.row(at)[0];
        (at..at + ROWS).for_each(|t| episode.states.data[t * width] = value);
    }
    nearly_all(found(&subject, Check::Frozen), "a sensor");
    // A camera.
    let mut subject = healthy();
    for (episode, sight) in subject.episodes.iter().zip(&mut subject.sights) {
        let at = travels(&episode.states, 0, ROWS);
        let (picture, hash) = (sight.row(at).to_vec(), sight.hashes[at]);
        for t in at..at + ROWS {
            sight.small[t * Sight::SIZE..(t + 1) * Sight::SIZE].copy_from_slice(&picture);
            sight.hashes[t] = hash;
        }
    }
    nearly_all(found(&subject, Check::PictureFrozen), "a camera");
    // A clock, in episodes so short that the hole is a tenth of all intervals.
    let mut subject = healthy();
    let late = |t: u32| f64::from(t) / 20.0 + if t < 5 { 0.0 } else { 2.0 };
    subject.evidence.iter_mut().for_each(|e| e.times = (0..10).map(late).collect());
    nearly_all(found(&subject, Check::ClockGap), "a clock");
}

#[test]
fn rounded_times_and_bursts_have_no_holes() {
    let clocks: [fn(u32) -> f64; 4] = [
        |t| (f64::from(t) / 2.0).floor() / 10.0,
        |t| (f64::from(t) / 20.0 / 0.03).round() * 0.03,
        |t| (f64::from(t) / 20.0).floor(),
        |t| f64::from(t / 10) / 2.0 + f64::from(t % 10) / 1000.0,
    ];
    for (at, clock) in clocks.into_iter().enumerate() {
        let mut subject = healthy();
        subject.evidence.iter_mut().for_each(|e| e.times = (0..100).map(clock).collect());
        assert!(found(&subject, Check::ClockGap).is_empty(), "clock {at}");
    }
}

#[test]
fn positions_and_velocities_tell_a_wrong_rate() {
    let mut subject = healthy();
    subject.signature.fps = 25.0;
    let findings = examine(&subject).findings;
    let told = findings.iter().find(|f| f.check == Check::RatePhysics).expect("found");
    assert!(told.what.contains("20.") || told.what.contains("19.9"), "{}", told.what);
}

#[test]
fn texts_outcomes_and_copies_are_told() {
    let mut subject = healthy();
    subject.episodes[2].task = " ".to_owned();
    subject.episodes[4].task = "follow the target".to_owned();
    subject.evidence[5].success = Some(false);
    assert_eq!(found(&subject, Check::Task), BTreeSet::from([2]), "an empty task");
    assert!(
        examine(&subject).findings.iter().any(|f| f.check == Check::Task && f.what.contains("several ways")),
        "spelling"
    );
    assert_eq!(found(&subject, Check::Failure), BTreeSet::from([5]), "a failure");
    // Actions that were read back instead of commanded.
    for episode in &mut subject.episodes {
        let copies: Vec<f32> = episode.states.rows().flat_map(|row| [row[0], row[1]]).collect();
        episode.actions = Table::from_data(2, copies);
    }
    assert!(examine(&subject).findings.iter().any(|f| f.check == Check::LabelLeakage), "actions equal states");
}

#[test]
fn an_episode_on_both_sides_of_a_split_is_told() {
    let mut subject = healthy();
    subject.claims.splits = vec![("train".to_owned(), 0..20), ("test".to_owned(), 20..30)];
    assert!(found(&subject, Check::Leakage).is_empty(), "all differ");
    subject.episodes[25] = Episode { index: 25, ..subject.episodes[3].clone() };
    assert_eq!(found(&subject, Check::Leakage), BTreeSet::from([25]), "a copy of one that trains");
    assert_eq!(found(&subject, Check::Duplicate), BTreeSet::from([25]), "it is a duplicate, too");
}

#[test]
fn a_dataset_on_disk_is_held_against_its_claims() {
    let healthy = healthy();
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("data");
    let signature = Signature { image: None, ..healthy.signature };
    let mut writer = Writer::create(&path, &signature).expect("a writer");
    healthy.episodes.iter().for_each(|e| writer.write_episode(e).expect("written"));
    writer.finish().expect("finished");
    let open = || Subject::open(&path, &SourceOptions::default(), &mut |_, _| {}).expect("opened");
    let checks = |subject: &Subject| examine(subject).findings.iter().map(|f| f.check).collect::<BTreeSet<_>>();
    assert!(!checks(&open()).contains(&Check::Statistics), "they agree");
    let stats = path.join("meta/stats.json");
    let mut value: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&stats).expect("statistics")).expect("JSON");
    value["action"]["std"][1] = serde_json::json!(5.0);
    std::fs::write(&stats, value.to_string()).expect("written");
    let findings = examine(&open()).findings;
    let told: Vec<_> = findings.iter().filter(|f| f.check == Check::Statistics).collect();
    assert_eq!(told.len(), 1, "one number is wrong: {findings:#?}");
    assert_eq!(told[0].column.as_deref(), Some("action target.y"), "and it is named");
}

#[test]
fn what_is_wrong_with_real_recordings_is_found() {
    let names = ["g1_lerobot_v21", "donkeycar_tub/tub.tar.gz", "table_tennis_ball"];
    let [Some(g1), Some(donkey), Some(ball)] = names.map(recordings) else { return };
    let open = |path: &Path, map: Option<&str>| {
        let options = SourceOptions { map: map.map(str::to_owned), no_pictures: true, ..SourceOptions::default() };
        Subject::open(path, &options, &mut |_, _| {}).expect("opened")
    };
    let told = |subject: &Subject, check: Check, words: &str| {
        let findings = examine(subject).findings;
        assert!(findings.iter().any(|f| f.check == check && f.what.contains(words)), "{words}: {findings:#?}");
    };
    let g1 = open(&g1, None);
    told(&g1, Check::Missing, "episodes 80-99");
    told(&open(&donkey, None), Check::ClockRate, "the dataset says 20");
    let ball = open(&ball, Some("table-tennis"));
    told(&ball, Check::NoClock, "no times are stored");
    told(&ball, Check::RatePhysics, "ms apart");
    for rows in 0..=5 {
        let exact = lag(&lagging(&g1, rows)).expect("told").rows - lag(&g1).expect("told").rows;
        assert_eq!(exact, rows as i64, "a lag of {rows} rows in a real robot");
    }
}
