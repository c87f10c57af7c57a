//! How well the measures of physics tell damaged recordings from real ones, on real balls and pendulums.
//!
//! The figure is the area under the ROC curve: the chance that a real episode scores higher than a damaged one.
//! Run with `--nocapture` to see the table of `docs/curate.md`.

use crate::elsewhere::recordings;
use arrow::array::{Array, AsArray};
use arrow::datatypes::Float64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::path::Path;
use terrella_core::{Dataset, Episode, Key, Table};
use terrella_curate::{Pipeline, curate};
use terrella_data::{SourceOptions, Writer};
use terrella_formats::{OpenOptions, open};

/// Damages an episode whose state is positions, then velocities.
type Damage = fn(&Table, Key) -> Table;

fn change(table: &Table, f: impl Fn(usize, usize) -> f32) -> Table {
    let (rows, width) = (table.len(), table.width);
    Table { width, data: (0..rows).flat_map(|t| (0..width).map(move |i| (t, i))).map(|(t, i)| f(t, i)).collect() }
}

/// A stretch of this share of the rows, somewhere in the middle.
fn stretch(rows: usize, share: f64, key: Key) -> std::ops::Range<usize> {
    let n = ((rows as f64 * share) as usize).max(2);
    let from = rows / 10 + key.stream().below(rows - n - rows / 5);
    from..from + n
}

/// From some row on, all is elsewhere: by five times the usual step.
fn teleport(table: &Table, key: Key) -> Table {
    let half = table.width / 2;
    let usual = |i: usize| {
        let sum: f32 = (1..table.len()).map(|t| (table.row(t)[i] - table.row(t - 1)[i]).powi(2)).sum();
        (sum / (table.len() - 1) as f32).sqrt()
    };
    let (from, sign) =
        (stretch(table.len(), 0.2, key).start, if key.with("sign").stream().unit() < 0.5 { -5.0 } else { 5.0 });
    change(table, |t, i| table.row(t)[i] + if t >= from && i < half { sign * usual(i) } else { 0.0 })
}

/// Velocities have the other sign for a fifth of the rows.
fn flipped(table: &Table, key: Key) -> Table {
    let at = stretch(table.len(), 0.2, key);
    change(table, |t, i| table.row(t)[i] * if at.contains(&t) && i >= table.width / 2 { -1.0 } else { 1.0 })
}

/// Positions stand still for a fifth of the rows; velocities go on.
fn frozen(table: &Table, key: Key) -> Table {
    let at = stretch(table.len(), 0.2, key);
    change(table, |t, i| table.row(if at.contains(&t) && i < table.width / 2 { at.start } else { t })[i])
}

/// Time runs backwards.
fn reversed(table: &Table, _: Key) -> Table {
    let last = table.len() - 1;
    change(table, |t, i| table.row(last - t)[i] * if i >= table.width / 2 { -1.0 } else { 1.0 })
}

/// No gravity: it goes straight on for half of the rows.
fn floating(table: &Table, key: Key) -> Table {
    let (at, half) = (stretch(table.len(), 0.5, key), table.width / 2);
    let (a, b) = (table.row(at.start), table.row(at.end));
    let step = |i: usize| (b[i] - a[i]) / at.len() as f32;
    change(table, |t, i| match (at.contains(&t), i < half) {
        (false, _) => table.row(t)[i],
        (true, true) => a[i] + step(i) * (t - at.start) as f32,
        (true, false) => step(i - half) * 90.0,
    })
}

/// Scores of real episodes, then of damaged ones, by measure.
fn scores(
    folder: &Path,
    data: &Dataset,
    rows: usize,
    damage: Damage,
    columns: &str,
) -> BTreeMap<String, [Vec<f64>; 2]> {
    let mut signature = data.signature.clone();
    (signature.image, signature.env) = (None, None);
    let mut clips: Vec<(Table, Table)> = Vec::new();
    for episode in &data.episodes {
        let n = episode.len().min(rows);
        for from in (0..=episode.len() - n).step_by(n.max(1)) {
            let cut = |t: &Table| Table { width: t.width, data: t.data[from * t.width..(from + n) * t.width].to_vec() };
            clips.push((cut(&episode.states), cut(&episode.actions)));
        }
    }
    clips.retain(|(states, _)| states.len() >= 30);
    let source = folder.join("source");
    let mut writer = Writer::create(&source, &signature).expect("a folder");
    for damaged in [false, true] {
        for (at, (states, actions)) in clips.iter().enumerate() {
            let states = if damaged { damage(states, Key::new(1).at(at as u64)) } else { states.clone() };
            let episode = Episode {
                index: 0,
                task: "x".into(),
                states,
                actions: actions.clone(),
                frames: None,
                ..Episode::default()
            };
            writer.write_episode(&episode).expect("written");
        }
    }
    writer.finish().expect("finished");
    let file = folder.join("out.toml");
    std::fs::write(&file, format!("[[source]]\npath = \"source\"\n[[stage]]\ndo = \"measure\"\ncolumns = {columns}\n"))
        .expect("written");
    curate(&Pipeline::read(&file).expect("a pipeline"), &folder.join("out"), &mut |_, _, _| {}).expect("curated");
    let table = std::fs::File::open(folder.join("out/lineage/episodes.parquet")).expect("a table");
    let mut found: BTreeMap<String, [Vec<f64>; 2]> = BTreeMap::new();
    let mut seen = 0;
    for batch in ParquetRecordBatchReaderBuilder::try_new(table).expect("Parquet").build().expect("a reader") {
        let batch = batch.expect("rows");
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            if let Some(column) = column.as_primitive_opt::<Float64Type>() {
                for at in 0..column.len() {
                    assert!(column.is_valid(at), "{} has no value in row {at}", field.name());
                    found.entry(field.name().clone()).or_default()[usize::from(seen + at >= clips.len())]
                        .push(column.value(at));
                }
            }
        }
        seen += batch.num_rows();
    }
    assert_eq!(seen, 2 * clips.len(), "all are scored");
    found
}

fn auc([real, damaged]: &[Vec<f64>; 2]) -> f64 {
    let wins = real.iter().flat_map(|r| {
        damaged.iter().map(move |d| {
            if r > d {
                1.0
            } else if r == d {
                0.5
            } else {
                0.0
            }
        })
    });
    wins.sum::<f64>() / (real.len() * damaged.len()) as f64
}

/// One row of the table for each damage; with the measure that should see it, and how well.
fn check(name: &str, data: &Dataset, rows: usize, columns: &str, cases: &[(&str, Damage, &str, f64)]) {
    for (kind, damage, measure, least) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        let scores = scores(folder.path(), data, rows, *damage, columns);
        let n = scores.values().next().map_or(0, |s| s[0].len());
        let all: Vec<String> = scores.iter().map(|(m, s)| format!("{m} {:.3}", auc(s))).collect();
        eprintln!("{name}, {n} clips, {kind}: {}", all.join(", "));
        let found = auc(&scores[*measure]);
        assert!(found >= *least, "{name}, {kind}: {measure} has an AUC of {found:.3}, it had {least}");
    }
}

fn real(name: &str, map: &str) -> Option<Dataset> {
    let path = recordings(name)?;
    let source = SourceOptions { map: Some(map.to_owned()), ..Default::default() };
    Some(open(&path, &OpenOptions { source, skip_images: true, ..Default::default() }).expect("recordings"))
}

#[test]
fn damaged_balls_are_told_from_real_ones() {
    let Some(data) = real("table_tennis_ball", "table-tennis") else { return };
    let (x, v) = (
        "state_ball_x, state_ball_y, state_ball_z",
        "state_ball_velocity_x, state_ball_velocity_y, state_ball_velocity_z",
    );
    let columns = format!(
        "{{ consistency = \"consistency({x}, {v} ORDER BY timestamp)\", free_fall = \"free_fall(state_ball_z ORDER BY timestamp)\", dissipation = \"dissipation(state_ball_z, {v}, 9.81 ORDER BY timestamp)\" }}"
    );
    check(
        "ball",
        &data,
        1000,
        &columns,
        &[
            ("teleport", teleport, "consistency", 0.9),
            ("velocity flipped", flipped, "consistency", 0.9),
            ("frozen", frozen, "consistency", 0.9),
            ("reversed", reversed, "dissipation", 0.9),
            ("floating", floating, "free_fall", 0.9),
        ],
    );
}

#[test]
fn damaged_pendulums_are_told_from_real_ones() {
    let Some(data) = real("double_pendulum_dfki", "double-pendulum") else { return };
    let columns = "{ consistency = \"consistency({state} ORDER BY timestamp)\" }";
    check(
        "double pendulum",
        &data,
        200,
        columns,
        &[
            ("teleport", teleport, "consistency", 0.8),
            ("velocity flipped", flipped, "consistency", 0.8),
            ("frozen", frozen, "consistency", 0.8),
        ],
    );
}
