//! Settings that cannot be meant are refused when they are read, with the number and what would do.
//!
//! A number that is none trains silently for ten minutes and comes to nothing; a billion samples exhaust the
//! memory of the machine and take everything else with them. What only a world or a model can judge is
//! judged where they are known.

use std::ops::RangeInclusive;
use toml::{Table, Value};

/// Numbers that must lie in a range, and a usual value of each.
const RANGES: &[(&str, RangeInclusive<f64>, &str)] = &[
    ("minutes", 0.01..=1e6, "10"),
    ("train.batch_size", 1.0..=1e6, "64"),
    ("train.n_frames", 2.0..=1e4, "4"),
    ("train.learning_rate", 1e-12..=1.0, "1.5e-3"),
    ("train.weight_decay", 0.0..=1.0, "1e-3"),
    ("train.warmup", 0.0..=1.0, "0.05"),
    ("train.clip_norm", 1e-12..=1e12, "1"),
    ("train.log_every", 1.0..=1e12, "25"),
    // Beyond, factors near 0 would turn pictures black or grey.
    ("train.augment.colour", 0.0..=0.9, "0.2"),
    ("train.augment.share", 0.0..=1.0, "0.5"),
    ("train.augment.hue", 0.0..=1.0, "0.2"),
    ("train.augment.pale", 0.0..=1.0, "0.2"),
    ("train.augment.paint", 0.0..=1.0, "0.2"),
    ("train.augment.pan", 0.0..=0.5, "0.05"),
    ("train.augment.zoom", 0.0..=0.9, "0.1"),
    ("train.augment.light", 0.0..=1.0, "0.3"),
    ("train.augment.noise", 0.0..=128.0, "16"),
    ("train.augment.stranger", 0.0..=0.5, "0.1"),
    ("model.reach", 1.0..=1e6, "50"),
    ("model.residual", 0.0..=1e6, "0.1"),
    ("model.prior", 0.0..=1e6, "1e-4"),
    ("model.parts", 1.0..=1e4, "2"),
    ("model.weights.reach", 0.0..=1e6, "1"),
    ("model.weights.straight", 0.0..=1e6, "0.1"),
    ("decoder.batch_size", 1.0..=1e6, "64"),
    ("reacher.batch_size", 1.0..=1e6, "256"),
    ("reacher.width", 1.0..=1e5, "512"),
    ("reacher.reach", 1.0..=1e6, "50"),
    ("reacher.noise", 0.0..=1e3, "0"),
    ("reacher.learning_rate", 1e-12..=1.0, "1e-3"),
    ("steps_to_go.batch_size", 1.0..=1e6, "256"),
    ("steps_to_go.width", 1.0..=1e5, "256"),
    ("steps_to_go.reach", 1.0..=1e6, "100"),
    ("steps_to_go.learning_rate", 1e-12..=1.0, "1e-3"),
    ("data.explore", 0.0..=1.0, "0.2"),
    ("data.noise", 0.0..=1.0, "0.03"),
    ("data.held_out", 0.0..=1.0, "0.1"),
    ("cost.consistency", 0.0..=1e6, "1"),
    ("cost.discount", 0.0..=1.0, "1"),
    ("cost.timing.nearest", 0.0..=1.0, "0.5"),
    ("label.steps", 1.0..=1e9, "2000"),
    ("label.batch_size", 2.0..=1e6, "32"),
    ("label.learning_rate", 1e-12..=1.0, "1.5e-3"),
    ("label.before", 0.0..=100.0, "1"),
    ("label.after", 0.0..=100.0, "2"),
    ("label.shift", 0.0..=48.0, "8"),
    ("label.coverage", 0.01..=0.999, "0.9"),
    ("label.reach", 0.0..=1e6, "0.25"),
    ("label.min_rows", 1.0..=1e9, "30"),
    ("keypoints.count", 1.0..=64.0, "8"),
    ("keypoints.side", 16.0..=512.0, "96"),
    ("keypoints.steps", 1.0..=1e9, "1500"),
    ("keypoints.batch_size", 2.0..=1e4, "16"),
    ("keypoints.learning_rate", 1e-12..=1.0, "3e-3"),
    ("keypoints.look", 0.0..=64.0, "0"),
    ("keypoints.apart", 1.0..=1e9, "1"),
    ("keypoints.sparsity", 0.0..=1e3, "0.02"),
    ("keypoints.separation", 0.0..=1e3, "0.1"),
    ("keypoints.compact", 0.0..=1e3, "0.05"),
    ("keypoints.steady", 0.0..=1e3, "0.1"),
    ("eval.trust.level", 0.01..=0.999, "0.9"),
    ("eval.trust.horizon", 1.0..=1e5, "50"),
    ("eval.trust.clips", 1.0..=1e4, "4"),
    ("eval.trust.copies", 1.0..=1e4, "4"),
    ("identify.rows", 1.0..=1e6, "25"),
    ("identify.clips", 0.0..=1e9, "2000"),
    ("identify.parts", 1.0..=1e4, "2"),
    ("identify.iterations", 1.0..=1e6, "60"),
    ("identify.delay", 0.0..=1e3, "0"),
    ("identify.threads", 0.0..=1e3, "0"),
    ("mpc.horizon", 1.0..=1e5, "5"),
    ("mpc.replan_blocks", 1.0..=1e5, "1"),
    ("mpc.calibrate", 0.0..=1.0, "0.02"),
    ("mpc.margin", 0.0..=1.0, "0.5"),
    ("mpc.within", 0.0..=1e6, "25"),
];

/// Numbers that may be infinite: "whatever it is".
const ENDLESS: &[&str] = &["cost.tolerance"];

/// Numbers that an imagined state takes, at least (latents, what steers them, keys and values).
const STATE: f64 = 512.0;

/// What cannot be meant, in a sentence that names it; nothing if all is well.
pub(super) fn absurd(settings: &Table) -> Option<String> {
    not_finite(settings, "").or_else(|| RANGES.iter().find_map(|range| outside(settings, range))).or_else(|| {
        // Gibibytes of the candidates of one iteration of a search, each a rollout of so many states.
        let [samples, horizon] = ["planner.samples", "mpc.horizon"].map(|path| number(settings, path).unwrap_or(0.0));
        too_large("planner.samples", samples, horizon * STATE * 4.0)
            .or_else(|| {
                let rows = number(settings, "train.n_frames").unwrap_or(1.0);
                too_large("train.batch_size", number(settings, "train.batch_size")?, rows * STATE * 4.0)
            })
            .or_else(|| {
                // A picture of 96x96 as bytes, and as cells before and behind the first layer.
                let rows = ["before", "after"].map(|side| number(settings, &format!("label.{side}")).unwrap_or(0.0));
                let picture = 96.0 * 96.0 * 3.0 * 4.0;
                let size = number(settings, "label.batch_size")?;
                too_large("label.batch_size", size, (1.0 + rows[0] + rows[1]) * picture)
            })
            .or_else(|| {
                let width = number(settings, "reacher.width").unwrap_or(1.0);
                too_large("reacher.batch_size", number(settings, "reacher.batch_size")?, width * 4.0 * 8.0)
            })
    })
}

fn not_finite(table: &Table, path: &str) -> Option<String> {
    table.iter().find_map(|(key, value)| {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match value {
            Value::Table(table) => not_finite(table, &path),
            Value::Float(x) if x.is_nan() || (x.is_infinite() && !ENDLESS.contains(&path.as_str())) => {
                let usual = RANGES.iter().find(|(known, ..)| *known == path);
                let usual = usual.map_or_else(String::new, |(_, _, usual)| format!(" ({usual} is usual)"));
                Some(format!("{path} is {x}; give it a finite number{usual}"))
            }
            Value::Array(all) => {
                let bad = all.iter().filter_map(Value::as_float);
                let bad = bad.filter(|x| x.is_nan() || (x.is_infinite() && !ENDLESS.contains(&path.as_str())));
                bad.map(|x| format!("{path} holds {x}; give it finite numbers")).next()
            }
            _ => None,
        }
    })
}

fn outside(settings: &Table, (path, range, usual): &(&str, RangeInclusive<f64>, &str)) -> Option<String> {
    let x = number(settings, path).filter(|x| !range.contains(x))?;
    Some(format!("{path} is {x}; it must lie from {} to {} ({usual} is usual)", range.start(), range.end()))
}

/// Whether `n` things of so many bytes are more than this machine has.
fn too_large(path: &str, n: f64, bytes: f64) -> Option<String> {
    const GIB: f64 = (1u64 << 30) as f64;
    let (needs, there) = (n * bytes, memory()?);
    (needs > there).then(|| {
        format!(
            "{path} is {n}, which takes at least {:.0} GiB of memory, and this machine has {:.0}; use at most {:.0}",
            needs / GIB,
            there / GIB,
            (there / bytes).floor()
        )
    })
}

/// Memory of this machine in bytes, where the system tells.
fn memory() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<f64>().ok()? * 1024.0)
}

fn number(settings: &Table, path: &str) -> Option<f64> {
    let (section, key) = path.rsplit_once('.')?;
    let table = section.split('.').try_fold(settings, |t, name| t.get(name)?.as_table())?;
    match table.get(key)? {
        Value::Integer(x) => Some(*x as f64),
        Value::Float(x) => Some(*x),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::{Layers, PRESETS};

    #[test]
    fn what_cannot_be_meant_is_told_with_a_value_that_can() {
        let told = |set: &str| Layers::new().expect("defaults").set(set).expect_err("refused").to_string();
        let text = told("train.learning_rate=nan");
        assert!(text.contains("--set train.learning_rate=nan") && text.contains("1.5e-3 is usual"), "{text}");
        assert!(told("train.learning_rate=inf").contains("finite"), "infinite");
        assert!(told("train.learning_rate=0").contains("from"), "nothing would be learned");
        assert!(told("cost.tolerance=[1.0, nan]").contains("cost.tolerance holds NaN"), "in an array");
        assert!(told("data.held_out=1.5").contains("0.1 is usual"), "a share");
        assert!(told("mpc.horizon=0").contains("mpc.horizon"), "nothing to plan");
        if cfg!(target_os = "linux") {
            let text = told("planner.samples=1000000000");
            let most: u64 = text.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("a number that would do");
            assert!(text.contains("GiB"), "{text}");
            Layers::new().expect("defaults").set(&format!("planner.samples={most}")).expect("the remedy works");
        }
    }

    #[test]
    fn every_preset_and_an_endless_tolerance_are_taken() {
        for (name, _) in PRESETS {
            Layers::new().expect("defaults").preset(name).expect("a preset");
        }
        Layers::new().expect("defaults").set("cost.tolerance=[1.0, inf]").expect("whatever the second number is");
    }
}
