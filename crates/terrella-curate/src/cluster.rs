//! The same stages on several machines, by Ballista: a scheduler, executors, and this process as their client.
//!
//! Plans travel by the names of functions, so scheduler and executors have to know ours; that is why they are started
//! from here and not from Ballista's own programs. Tables travel by path: every machine has to see
//! the folder `<destination>.work` under the same name, as a shared file system gives it. Nothing about an
//! answer depends on who computed it: our functions sort what they are given and draw random numbers by key.

use crate::{Error, Result, functions};
use ballista::prelude::SessionContextExt;
use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::start_server;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::session_state::SessionState;
use datafusion::prelude::{SessionConfig, SessionContext};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Who computes the answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Workers {
    /// DataFusion in this process.
    #[default]
    Here,
    /// A scheduler and an executor of Ballista within this process: to try out what a cluster would do.
    Standalone,
    /// The scheduler of a cluster, as `df://host:port`.
    Cluster(String),
}

impl std::str::FromStr for Workers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "here" => Ok(Self::Here),
            "standalone" => Ok(Self::Standalone),
            url if url.starts_with("df://") => Ok(Self::Cluster(url.to_owned())),
            other => Err(format!("{other:?} is none of here, standalone and df://HOST:PORT")),
        }
    }
}

/// A session whose queries are computed by `workers`, which are not this process.
pub(crate) async fn session(workers: &Workers, state: SessionState) -> Result<SessionContext, DataFusionError> {
    let mut context = match workers {
        Workers::Here => return Ok(SessionContext::new_with_state(state)),
        Workers::Standalone => SessionContext::standalone_with_state(state).await?,
        Workers::Cluster(url) => SessionContext::remote_with_state(url, state).await?,
    };
    // Ballista puts its own list in place of ours.
    functions::register(&mut context)?;
    Ok(context)
}

/// Runs a scheduler at an address until the process ends. An executor that is silent for `patience_s` seconds
/// counts as lost, and what it had is computed again.
///
/// # Errors
/// If the address is taken, or the network fails.
pub fn scheduler(address: SocketAddr, patience_s: u64) -> Result<()> {
    let config = SchedulerConfig {
        bind_host: address.ip().to_string(),
        bind_port: address.port(),
        external_host: address.ip().to_string(),
        executor_timeout_seconds: patience_s.max(1),
        expire_dead_executor_interval_seconds: (patience_s / 4).max(1),
        // Executors ask for work: one that is gone does not ask, and nothing is sent to it.
        scheduling_policy: TaskSchedulingPolicy::PullStaged,
        override_session_builder: Some(Arc::new(with_functions)),
        ..SchedulerConfig::default()
    };
    let failed = |e: ballista_core::error::BallistaError| Error::Invalid(format!("the scheduler at {address}: {e}"));
    runtime()?.block_on(async {
        let cluster = BallistaCluster::new_from_config(&config).await.map_err(failed)?;
        start_server(cluster, address, Arc::new(config)).await.map_err(failed)
    })
}

/// How an executor works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutorOptions {
    /// Host and port of the scheduler.
    pub scheduler: (String, u16),
    /// The address that the others reach this machine by.
    pub host: String,
    /// Tasks at a time; each has an equal part of the memory.
    pub tasks: usize,
    /// Memory for queries, in MiB.
    pub memory_mib: u64,
    /// Where results wait for those who need them.
    pub work: PathBuf,
}

/// Runs an executor until the process ends.
///
/// # Errors
/// If the scheduler does not answer, or the network fails.
pub fn executor(options: &ExecutorOptions) -> Result<()> {
    let failed = |e: &dyn std::fmt::Display| Error::Invalid(format!("the executor: {e}"));
    let state = with_functions(SessionConfig::new()).map_err(|e| failed(&e))?;
    std::fs::create_dir_all(&options.work).map_err(Error::io("create", &options.work))?;
    let config = ExecutorProcessConfig {
        bind_host: options.host.clone(),
        external_host: Some(options.host.clone()),
        port: free_port(&options.host)?,
        grpc_port: free_port(&options.host)?,
        scheduler_host: options.scheduler.0.clone(),
        scheduler_port: options.scheduler.1,
        scheduler_connect_timeout_seconds: 30,
        concurrent_tasks: options.tasks.max(1),
        task_scheduling_policy: TaskSchedulingPolicy::PullStaged,
        work_dir: Some(options.work.to_string_lossy().into_owned()),
        executor_heartbeat_interval_seconds: 1,
        memory_pool_size: Some(options.memory_mib << 20),
        override_function_registry: Some(Arc::new(BallistaFunctionRegistry::from(&state))),
        ..ExecutorProcessConfig::default()
    };
    runtime()?.block_on(start_executor_process(Arc::new(config))).map_err(|e| failed(&e))
}

fn runtime() -> Result<Runtime> {
    Runtime::new().map_err(|e| Error::Invalid(format!("cannot start threads: {e}")))
}

/// A port that nobody has. Ballista tells others the number that it was given, so 0 will not do.
fn free_port(host: &str) -> Result<u16> {
    let listener = TcpListener::bind((host, 0)).and_then(|l| l.local_addr());
    listener.map(|a| a.port()).map_err(|e| Error::Invalid(format!("no port is free at {host}: {e}")))
}

fn with_functions(config: SessionConfig) -> Result<SessionState, DataFusionError> {
    let mut state = SessionStateBuilder::new().with_config(config).with_default_features().build();
    functions::register(&mut state)?;
    Ok(state)
}
