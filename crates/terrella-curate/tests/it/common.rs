//! Small recordings, and a pipeline run on them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrella_core::{Dataset, Episode, Frames, Key, Signature, Table};
use terrella_curate::{Curated, Pipeline, Result, curate};
use terrella_data::Writer;
use terrella_formats::{OpenOptions, open};

/// Side of the pictures.
pub(crate) const SIDE: usize = 12;

/// Writes `n` random walks of 30 to 60 rows at 10 Hz, with a state of two numbers and an action of one. The
/// pictures, if wanted, have the row in their first pixel and the episode in the second.
pub(crate) fn record(path: &Path, n: usize, pictures: bool) {
    let signature = Signature {
        fps: 10.0,
        image: pictures.then_some([SIDE, SIDE]),
        state: vec!["x".into(), "y".into()],
        action: vec!["push".into()],
        env: None,
        ..Signature::default()
    };
    let mut writer = Writer::create(path, &signature).expect("a folder");
    for e in 0..n {
        let mut stream = Key::new(7).with("walk").at(e as u64).stream();
        let rows = 30 + stream.below(31);
        let (mut states, mut actions) = (Table::new(2), Table::new(1));
        let (mut x, mut y) = (stream.normal(), stream.normal());
        for _ in 0..rows {
            let push = 0.1 * stream.normal();
            states.push(&[x as f32, y as f32]);
            actions.push(&[push as f32]);
            x += push;
            y += 0.1 * stream.normal();
        }
        let frames = pictures.then(|| {
            let mut bytes = vec![0; rows * SIDE * SIDE * 3];
            for (t, picture) in bytes.chunks_mut(SIDE * SIDE * 3).enumerate() {
                // Stripes whose place depends on the episode, for hashes to differ.
                picture
                    .chunks_mut(3)
                    .enumerate()
                    .for_each(|(at, p)| p.fill(if (at / 2 + e) % 4 < 2 { 200 } else { 20 }));
                (picture[0], picture[3]) = (t as u8, e as u8);
            }
            Frames::new(SIDE, SIDE, rows, Arc::new(bytes), 0)
        });
        let task = if e % 3 == 0 { "push left" } else { "push right" };
        writer
            .write_episode(&Episode { index: e, task: task.into(), states, actions, frames, ..Episode::default() })
            .expect("written");
    }
    writer.finish().expect("finished");
}

/// A folder with recordings in `source`, where pipelines run.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new(n: usize, pictures: bool) -> Self {
        let bench = Self { folder: tempfile::tempdir().expect("a folder") };
        record(&bench.path("source"), n, pictures);
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs stages on the recordings, into a folder of this name.
    pub(crate) fn run(&self, name: &str, stages: &str) -> Result<Curated> {
        self.run_with(name, "", stages)
    }

    /// With settings before the source.
    pub(crate) fn run_with(&self, name: &str, settings: &str, stages: &str) -> Result<Curated> {
        let file = self.path(&format!("{name}.toml"));
        std::fs::write(&file, format!("{settings}\n[[source]]\npath = \"source\"\n{stages}")).expect("written");
        curate(&Pipeline::read(&file)?, &self.path(name), &mut |_, _, _| {})
    }

    /// Opens a dataset of this name.
    pub(crate) fn open(&self, name: &str) -> Dataset {
        open(self.path(name), &OpenOptions::default()).expect("a dataset")
    }
}
