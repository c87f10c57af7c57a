//! `terrella play`.

use super::SettingOptions;
use super::eval::load_recordings;
use super::shared::{data_of, device};
use crate::error::usage;
use crate::out;
use crate::pipeline::{BROUGHT, Folder, Made, Named, Shelves, brought, pilot, stage};
use anyhow::{Context, Result};
use clap::Args;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use terrella_core::Signature;
use terrella_model::{Saved, fingerprint};
use terrella_play::{Key, serve};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Run directory with a trained model; without, a world that comes with the program
    run: Option<PathBuf>,
    /// Port of the page; 0 takes one that is free
    #[arg(long, default_value_t = 8765)]
    port: u16,
    /// Address that it is reached at; another than this machine's own needs a key
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    address: IpAddr,
    /// File of keys, one a line: KEY, read:KEY, step:KEY or record:KEY, by what they are for
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Host names that it may be called by, beside localhost and addresses
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    host: Vec<String>,
    /// People at a time, 1 to 32
    #[arg(long, default_value_t = 8)]
    sessions: usize,
    /// Folder that recordings of what is driven are kept in
    #[arg(long, value_name = "DIR", default_value = "drives")]
    record: PathBuf,
    #[command(flatten)]
    settings: SettingOptions,
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        let watch = super::shared::watch();
        if !(1..=32).contains(&self.sessions) {
            return Err(usage(format!("--sessions {}: 1 to 32 people can play at a time", self.sessions)));
        }
        let keys = self.keys()?;
        let path = match &self.run {
            Some(path) => path.clone(),
            None => {
                brought(BROUGHT.as_ref(), &watch)?;
                BROUGHT.into()
            }
        };
        let (run, recordings) = load_recordings(&path, &self.settings, &watch)?;
        let saved = Saved::load(&run.file("model"), &device())?;
        let (stage, mut about) =
            stage(saved.world.clone(), Some(&recordings), recordings.world.as_ref(), self.sessions)?;
        let planner = pilot(&run, saved, &recordings);
        if let Err(why) = &planner {
            out::note(&format!("no planner can drive: {why}"));
        }
        let stage = stage.with_pilot(planner);
        let data = &run.settings.data;
        let paths: Vec<PathBuf> = std::iter::once(data_of(&run)).chain(data.also.iter().cloned()).collect();
        let shelves = Shelves::new(&paths, data, &path, &watch);
        let made = Made {
            run: path.clone(),
            model: fingerprint(&run.file("model"))?,
            world: recordings.spec().map(|spec| spec.id.to_string()),
            picture: about.picture,
            recordings: recordings
                .world
                .is_none()
                .then(|| Named { paths: paths.clone(), hash: recordings.dataset.hash.clone() }),
        };
        // A world with goals rewards nothing and never ends.
        let rewards = recordings.rewarding().is_some();
        let folder =
            Folder::new(&self.record, Signature { reward: rewards, ends: rewards, ..stage.signature() }, made)?;
        about.record = Some(self.record.clone());
        out::note(&format!("{} of {}: {}", path.display(), about.world, about.model));
        let options = terrella_play::Options {
            address: SocketAddr::new(self.address, self.port),
            keys,
            names: self.host,
            sessions: self.sessions,
            keep: Some(Box::new(folder)),
            library: Some(Arc::new(shelves)),
        };
        let running = serve(stage, about, options)?;
        out::line(&format!("http://{}", running.address()))?;
        out::note("open this page to drive; Ctrl-C ends it and keeps what is being recorded");
        while !watch.stopped() && !running.is_over() {
            std::thread::sleep(Duration::from_millis(100));
        }
        running.stop();
        Ok(running.join()?)
    }

    fn keys(&self) -> Result<Vec<Key>> {
        let Some(path) = &self.keys else { return Ok(Vec::new()) };
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.map(|line| line.parse::<Key>().with_context(|| format!("in {}", path.display()))).collect()
    }
}
