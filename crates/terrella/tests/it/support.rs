//! Tiny settings, a finished tiny run that tests share, and the program as a child process.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use terrella::pipeline::{CollectConfig, Run, collect, quickstart};
use terrella::{Layers, Settings, Watch};

/// The CPU, that all tests run on.
pub(crate) fn device() -> burn::tensor::Device {
    burn::tensor::Device::flex()
}

/// Weights are drawn from one stream a process, so trainings take turns.
pub(crate) fn training() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Settings that take seconds: enough to go through every line, too little to learn.
pub(crate) fn tiny(env: &str, more: &[&str]) -> Settings {
    let mut layers = Layers::new().expect("defaults");
    layers.preset("quickstart").expect("a preset");
    layers.value("data.env", env, "test").expect("a world");
    // Another kind brings a preset of its own, which is then made tiny.
    let (kind, more): (Vec<&str>, Vec<&str>) = more.iter().partition(|set| set.starts_with("model.kind="));
    for assignment in kind.iter().chain(TINY).chain(&more) {
        layers.set(assignment).expect("a setting");
    }
    layers.resolve().expect("settings")
}

const TINY: &[&str] = &[
    "data.state=logged",
    "data.episodes=12",
    "data.episode_steps=60",
    "data.held_out=0.25",
    "train.steps=12",
    "train.batch_size=8",
    "train.log_every=4",
    "decoder.steps=3",
    "decoder.batch_size=8",
    "reacher.steps=5",
    "reacher.batch_size=32",
    "planner.samples=8",
    "planner.iterations=2",
    "planner.elites=2",
    "eval.pairs=4",
    "eval.seeds=[0]",
    "eval.rollout.clips=6",
    "eval.rollout.horizon=4",
    "eval.rollout.batch=6",
    "eval.rollout.mean_rows=16",
];

/// A finished tiny run in TwoRoom.
pub(crate) fn finished() -> &'static Path {
    static RUN: OnceLock<PathBuf> = OnceLock::new();
    RUN.get_or_init(|| {
        let _turn = training();
        let path = fresh("finished");
        let run = Run::create("quickstart", Some(&path), tiny("tworoom", &[])).expect("a run");
        quickstart(run, &device(), &Watch::silent()).expect("the whole thread");
        path
    })
}

/// Records episodes of so many steps in a world, with pictures of this side, if any.
pub(crate) fn record(path: &Path, env: &str, (episodes, steps): (usize, usize), size: usize, seed: u64) {
    let (env, steps) = (env.to_owned(), Some(steps));
    let explorer = Default::default();
    let config = CollectConfig { env, episodes, steps, explore: 0.2, explorer, noise: 0.03, size, seed, threads: 2 };
    collect(path, &config, &Watch::silent()).expect("recordings");
}

/// A path in the build folder at which there is nothing.
pub(crate) fn fresh(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    path
}

/// Copies a folder.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("a file");
        }
    }
}

/// Runs the program in a folder.
pub(crate) fn program(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_terrella"));
    command.args(arguments).current_dir(folder).env_remove("RUST_BACKTRACE").env("COLUMNS", "100");
    command.output().expect("the program starts")
}

/// What the program said, as one text.
pub(crate) fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    let code = output.status.code().unwrap_or(-1);
    format!("exit {code}\n--- stdout\n{}\n--- stderr\n{}", text(&output.stdout), text(&output.stderr))
}

/// Compares with a file in `snapshots/`; `TERRELLA_SNAPSHOTS=update` writes it. A crate for this would
/// switch on features of shared dependencies in tests only, and Burn would be built twice.
pub(crate) fn snapshot(name: &str, text: &str) {
    let text = text.replace(env!("CARGO_TARGET_TMPDIR"), "[tmp]").replace(env!("CARGO_PKG_VERSION"), "[version]");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let text = lines.join("\n") + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots").join(format!("{name}.txt"));
    if std::env::var("TERRELLA_SNAPSHOTS").is_ok_and(|v| v == "update") {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        return;
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        wanted == text,
        "{name} says something else; if that is wanted, run with TERRELLA_SNAPSHOTS=update\n--- before\n{wanted}\n--- now\n{text}"
    );
}
