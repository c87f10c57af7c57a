//! `terrella cluster`: the processes that compute the stages of `terrella curate` on other machines.

use anyhow::Result;
use clap::{Args, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    role: Role,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// Hands out the work; one for a cluster.
    Scheduler {
        /// Address to listen at
        #[arg(long, default_value = "127.0.0.1:50050")]
        bind: SocketAddr,
        /// Seconds of silence after which an executor counts as lost
        #[arg(long, default_value_t = 20)]
        patience: u64,
        /// File with the key of the cluster, which it needs at an address that other machines reach
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
    /// Does the work; one for each machine.
    Executor {
        /// Host and port of the scheduler
        #[arg(long, default_value = "127.0.0.1:50050", value_parser = host_and_port)]
        scheduler: (String, u16),
        /// Address that the others reach this machine by
        #[arg(long, default_value = "127.0.0.1")]
        host: String,
        /// Tasks at a time
        #[arg(long, default_value_t = 2)]
        tasks: usize,
        /// Memory for queries, in MiB
        #[arg(long, default_value_t = 1024)]
        memory_mib: u64,
        /// Folder where results wait for those who need them
        #[arg(long)]
        work: PathBuf,
        /// File with the key of the cluster
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
}

fn host_and_port(text: &str) -> Result<(String, u16), String> {
    let (host, port) = text.rsplit_once(':').ok_or("write host and port as in 10.0.0.1:50050")?;
    port.parse().map(|port| (host.to_owned(), port)).map_err(|_| format!("{port:?} is no port"))
}

#[cfg(feature = "cluster")]
impl Options {
    pub(super) fn run(self) -> Result<()> {
        use terrella_curate::cluster::{ExecutorOptions, Key, executor, scheduler};
        let read = |key: Option<PathBuf>| key.map(|path| Key::read(&path)).transpose();
        match self.role {
            Role::Scheduler { bind, patience, key } => scheduler(bind, patience, read(key)?.as_ref())?,
            Role::Executor { scheduler, host, tasks, memory_mib, work, key } => {
                executor(&ExecutorOptions { scheduler, host, tasks, memory_mib, work, key: read(key)? })?;
            }
        }
        Ok(())
    }
}

#[cfg(not(feature = "cluster"))]
impl Options {
    pub(super) fn run(self) -> Result<()> {
        // Read, so that both builds take the same words.
        let _ = self.role;
        anyhow::bail!(
            "this program was built without clusters; build it with `cargo run --release --features cluster -- cluster …`"
        )
    }
}
