//! Recordings with one part replaced by arbitrary bytes, read to the end: nothing may panic, and memory stays
//! below libFuzzer's limit.
//!
//! A target is a recording that is whole but for one file. Where there are several files to choose from, the first
//! byte chooses. Whatever opens is read completely: tables, pictures, evidence, claims, notes.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use terrella_data::{ALL, SourceOptions};
use terrella_formats::open_source;

#[path = "../../crates/terrella-formats/tests/it/bag_fixtures.rs"]
mod bag_fixtures;
#[path = "../../crates/terrella-formats/tests/it/flight_fixtures.rs"]
#[allow(dead_code)]
mod flight_fixtures;
#[path = "../../crates/terrella-formats/tests/it/rlds_fixtures.rs"]
#[allow(dead_code)]
mod rlds_fixtures;
pub mod seeds;

/// What is fuzzed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Lerobot,
    Rlds,
    Zarr,
    Hdf5,
    Csv,
    Json,
    Npy,
    Npz,
    Parquet,
    Tar,
    Mapping,
    Mcap,
    Mp4,
    Ulog,
    Crazyflie,
}

impl Target {
    pub const ALL: [Self; 15] = [
        Self::Lerobot,
        Self::Rlds,
        Self::Zarr,
        Self::Hdf5,
        Self::Csv,
        Self::Json,
        Self::Npy,
        Self::Npz,
        Self::Parquet,
        Self::Tar,
        Self::Mapping,
        Self::Mcap,
        Self::Mp4,
        Self::Ulog,
        Self::Crazyflie,
    ];

    /// Its name on the command line.
    pub fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    /// Names of the files that the bytes can stand for; of the recording as a whole if there is one.
    pub fn files(self) -> &'static [&'static str] {
        match self {
            Self::Lerobot => &[
                "meta/info.json",
                "meta/tasks.parquet",
                "meta/stats.json",
                "meta/episodes/chunk-000/file-000.parquet",
                "data/chunk-000/file-000.parquet",
            ],
            Self::Rlds => &["features.json", "dataset_info.json", rlds_fixtures::SHARD],
            Self::Zarr => &["buffer.zarr.zip"],
            Self::Hdf5 => &["demo.hdf5"],
            Self::Csv => &["log.csv"],
            Self::Json => &["log.json", "log.jsonl"],
            Self::Npy => &["log.npy"],
            Self::Npz => &["log.npz"],
            Self::Parquet => &["log.parquet"],
            Self::Tar => &["logs.tar"],
            Self::Mapping => &["map.toml"],
            Self::Mcap => &["log.mcap"],
            Self::Mp4 => &["clip.mp4"],
            Self::Ulog => &["log.ulg"],
            Self::Crazyflie => &["log00"],
        }
    }

    /// The mapping that logs are read with.
    fn mapping(self) -> Option<&'static str> {
        Some(match self {
            Self::Npy => "fps = 10.0\n[clock]\nrate = 10.0\n[[state]]\ncolumns = [\"log[0]\"]\n",
            Self::Npz => {
                "fps = 10.0\n[clock]\nrate = 10.0\n[[state]]\ncolumns = [\"a[0]\"]\n[picture]\narray = \"p\"\n"
            }
            Self::Tar => "episodes = \"**/*.csv\"\nfps = 10.0\n[clock]\ncolumn = \"t\"\n[[state]]\ncolumns = [\"a\"]\n",
            Self::Mp4 => {
                "episodes = \"*.csv\"\nfps = 5.0\n[clock]\ncolumn = \"t\"\n[[state]]\ncolumns = [\"a\"]\n[picture]\nvideo = \"clip.mp4\"\n"
            }
            Self::Csv | Self::Json | Self::Parquet => {
                "fps = 10.0\n[clock]\ncolumn = \"t\"\n[[state]]\ncolumns = [\"a\"]\nunit = \"deg\"\n[[action]]\ncolumns = [\"b | c\"]\n"
            }
            Self::Mapping => return Some("map.toml"),
            _ => return None,
        })
    }

    /// Reads a recording in which these bytes are one file.
    pub fn read(self, data: &[u8]) {
        // A panic that the readers turn into an error is none; libFuzzer ends at any that comes this far.
        static HOOK: std::sync::Once = std::sync::Once::new();
        HOOK.call_once(|| {
            std::panic::set_hook(Box::new(|info| eprintln!("{info}")));
            // On this thread alone: what is covered then depends on the bytes only, and no time goes into waking others.
            let _ = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global();
        });
        thread_local!(static FOLDER: RefCell<Option<(Target, tempfile::TempDir)>> = const { RefCell::new(None) });
        FOLDER.with_borrow_mut(|kept| {
            if kept.as_ref().is_none_or(|(of, _)| *of != self) {
                *kept = None;
            }
            let (_, folder) = kept.get_or_insert_with(|| {
                let shm = Path::new("/dev/shm");
                let place = if shm.is_dir() { shm.to_path_buf() } else { std::env::temp_dir() };
                let folder = tempfile::tempdir_in(place).expect("a folder");
                seeds::write(self, folder.path());
                (self, folder)
            });
            self.read_in(folder.path(), data);
        });
    }

    fn read_in(self, folder: &Path, data: &[u8]) {
        let files = self.files();
        let (choice, bytes) =
            if files.len() == 1 { (0, data) } else { data.split_first().map_or((0, data), |(c, b)| (*c as usize, b)) };
        let path = folder.join(files[choice % files.len()]);
        let before = fs::read(&path).ok();
        fs::write(&path, bytes).expect("written");
        let mut options = SourceOptions { fps: Some(10.0), views: vec![ALL.to_owned()], ..Default::default() };
        if let Some(mapping) = self.mapping() {
            let map = folder.join("map.toml");
            if self != Self::Mapping {
                fs::write(&map, mapping).expect("written");
            }
            options.map = Some(map.to_string_lossy().into_owned());
        }
        let whole = match self {
            Self::Lerobot | Self::Rlds | Self::Mp4 => folder.to_path_buf(),
            Self::Mapping => folder.join("log.csv"),
            _ => path.clone(),
        };
        read_all(&whole, &options);
        if self == Self::Json {
            // Of two names only one is there.
            let _ = fs::remove_file(&path);
        } else if let Some(before) = before {
            fs::write(&path, before).expect("written");
        }
    }
}

fn read_all(path: &Path, options: &SourceOptions) {
    // What is refused is refused; what opens has to be readable or refused, too.
    let Ok(source) = open_source(path, options) else { return };
    for (at, rows) in source.lengths().into_iter().enumerate() {
        let episode = source.episode(at);
        assert_eq!(episode.len(), rows, "as many rows as were told");
        if let Ok(Some(frames)) = source.pictures(at) {
            assert_eq!(frames.len(), rows, "a picture a row");
        }
        for view in 0..source.views().len() {
            if let Ok(frames) = source.view(at, view) {
                assert_eq!(frames.len(), rows, "a picture a row");
            }
        }
        let _ = source.evidence(at);
    }
    let _ = source.claims();
    let _ = source.notes();
    for (name, _) in source.files().unwrap_or_default() {
        assert!(!name.contains(".."), "a path that leads out: {name}");
    }
}
