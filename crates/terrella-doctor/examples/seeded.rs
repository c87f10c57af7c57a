//! Measures the checks: defects seeded into real recordings, and what is found of them.
//!
//! `cargo run --release -p terrella-doctor --features video --example seeded -- [--keys N] [--first-key K]
//! [--base] [--lags] PATH[=MAPPING] …` prints a line a defect and strength, over all recordings together. `--base` adds what
//! each dataset has by itself; `--lags` shifts the actions of whole datasets by 0 to 5 rows instead.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use terrella_core::{Key, Table};
use terrella_data::SourceOptions;
use terrella_doctor::{Defect, Strength, Subject, Tally, examine, lag, lagging, tally};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    let (mut keys, mut first_key, mut base, mut lags, mut paths) = (1u64, 0u64, false, false, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|n| n.parse().ok()).ok_or("a number has to follow");
        match argument.as_str() {
            "--keys" => keys = number()?,
            "--first-key" => first_key = number()?,
            "--base" => base = true,
            "--lags" => lags = true,
            _ => paths.push(argument),
        }
    }
    let mut all: BTreeMap<(Defect, Strength), Tally> = BTreeMap::new();
    for path in paths {
        let (path, map) = path.split_once('=').map_or((path.as_str(), None), |(p, m)| (p, Some(m.to_owned())));
        let mut options = SourceOptions { map, ..SourceOptions::default() };
        let begun = std::time::Instant::now();
        let subject = Subject::open(path.as_ref(), &options, &mut |_, _| {}).or_else(|_| {
            options.no_pictures = true;
            Subject::open(path.as_ref(), &options, &mut |_, _| {})
        })?;
        let subject = with_quaternion(subject);
        let opened = begun.elapsed();
        let before = examine(&subject);
        writeln!(
            out,
            "# {path}: {} episodes, {} rows, read in {opened:.1?}, examined in {:.1?}",
            before.episodes,
            before.rows,
            begun.elapsed() - opened
        )?;
        if lags {
            let told: Vec<String> = (0..=5)
                .map(|rows| {
                    let shifted = lagging(&subject, rows);
                    lag(&shifted).map_or("-".to_owned(), |l| format!("{} ({:.2})", l.rows, l.exact))
                })
                .collect();
            writeln!(out, "  lag of actions stored 0 to 5 rows early: {}", told.join(", "))?;
            continue;
        }
        if base {
            let mut kinds: BTreeMap<_, Vec<_>> = BTreeMap::new();
            before.findings.iter().for_each(|f| kinds.entry((f.check, f.severity)).or_default().push(f));
            for ((check, severity), list) in kinds {
                let f = list[0];
                writeln!(
                    out,
                    "  {severity:?} {check:?} ×{}: e{:?} {:?} {:?} {}",
                    list.len(),
                    f.episode,
                    f.rows,
                    f.column,
                    f.what
                )?;
            }
            if let Some(lag) = lag(&subject) {
                writeln!(
                    out,
                    "  lag {} ({:.2}), explained {:.3}, curve {:.3?}",
                    lag.rows, lag.exact, lag.explained, lag.curve
                )?;
            }
        }
        for defect in Defect::ALL {
            // Where many episodes have it by themselves it cannot be seeded.
            let own: BTreeSet<_> = before
                .findings
                .iter()
                .filter(|f| defect.checks().contains(&f.check))
                .filter_map(|f| f.episode)
                .collect();
            if own.len() * 10 > before.episodes {
                writeln!(out, "  left out {defect:?}: {} of {} episodes have it", own.len(), before.episodes)?;
                continue;
            }
            for strength in Strength::ALL {
                let mut here = Tally::default();
                for key in first_key..first_key + keys {
                    if let Some(counts) = tally(&subject, &before, defect, strength, Key::new(key)) {
                        here.add(&counts);
                    }
                }
                if here.found + here.missed > 0 {
                    if base {
                        writeln!(out, "    {defect:?} {strength:?} {here:?}")?;
                    }
                    all.entry((defect, strength)).or_default().add(&here);
                }
            }
        }
    }
    if lags {
        return Ok(());
    }
    writeln!(out, "| defect | strength | damaged | recall | precision | flagged before |\n|---|---|---|---|---|---|")?;
    for ((defect, strength), t) in all {
        let n = t.found + t.missed;
        writeln!(out, "| {defect:?} | {strength:?} | {n} | {:.3} | {:.3} | {} |", t.recall(), t.precision(), t.before)?;
    }
    Ok(())
}

/// Adds roll, pitch and yaw of a tool as a quaternion, so that a real orientation can lose its norm.
fn with_quaternion(mut subject: Subject) -> Subject {
    let names = &subject.signature.state;
    let angles = ["roll", "pitch", "yaw"].map(|n| names.iter().position(|name| name.ends_with(n)));
    let [Some(roll), Some(pitch), Some(yaw)] = angles else { return subject };
    subject.signature.state.extend(["qx", "qy", "qz", "qw"].map(str::to_owned));
    for episode in &mut subject.episodes {
        let mut states = Table::new(episode.states.width + 4);
        let mut before = [0.0f64; 4];
        for row in episode.states.rows() {
            let half = |at: usize| (f64::from(row[at]) / 2.0).sin_cos();
            let ((sr, cr), (sp, cp), (sy, cy)) = (half(roll), half(pitch), half(yaw));
            let mut q = [
                sr * cp * cy - cr * sp * sy,
                cr * sp * cy + sr * cp * sy,
                cr * cp * sy - sr * sp * cy,
                cr * cp * cy + sr * sp * sy,
            ];
            if q.iter().zip(&before).map(|(a, b)| a * b).sum::<f64>() < 0.0 {
                q = q.map(|x| -x);
            }
            before = q;
            states.push(&row.iter().copied().chain(q.map(|x| x as f32)).collect::<Vec<_>>());
        }
        episode.states = states;
    }
    subject
}
