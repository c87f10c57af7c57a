//! The same stages on several machines, by Ballista: a scheduler, executors, and this process as their client.
//!
//! Plans travel by the names of functions, so scheduler and executors have to know ours; that is why they are started
//! from here and not from Ballista's own programs. Tables travel by path: every machine has to see
//! the folder `<destination>.work` under the same name, as a shared file system gives it. Nothing about an
//! answer depends on who computed it: our functions sort what they are given and draw random numbers by key.
//!
//! At 127.0.0.1 everybody may come in. At an address that other machines reach all of a cluster have one [`Key`], and
//! what they say goes through gates that ask for it (`tunnel`); without one nothing is started there.

mod key;
mod tunnel;

pub use key::Key;

use crate::{Error, Result, functions};
use ballista::prelude::{SessionConfigExt, SessionContextExt};
use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::extension::EndpointOverrideFn;
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::start_server;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::session_state::SessionState;
use datafusion::prelude::{SessionConfig, SessionContext};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tonic::transport::Endpoint;
use tunnel::{Doors, gate};

/// How long an executor waits for its scheduler.
const WAITS: Duration = Duration::from_secs(30);

/// Who computes the answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Workers {
    /// DataFusion in this process.
    #[default]
    Here,
    /// A scheduler and an executor of Ballista within this process: to try out what a cluster would do.
    Standalone,
    /// The scheduler of a cluster, as `df://host:port`, and the key of the cluster, if it has one.
    Cluster(String, Option<Key>),
}

impl Workers {
    /// The same with the key of their cluster.
    #[must_use]
    pub fn with_key(self, key: Option<Key>) -> Self {
        match self {
            Self::Cluster(url, _) => Self::Cluster(url, key),
            others => others,
        }
    }
}

impl std::str::FromStr for Workers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "here" => Ok(Self::Here),
            "standalone" => Ok(Self::Standalone),
            url if url.starts_with("df://") => Ok(Self::Cluster(url.to_owned(), None)),
            other => Err(format!("{other:?} is none of here, standalone and df://HOST:PORT")),
        }
    }
}

/// A session whose queries are computed by `workers`, which are not this process.
///
/// # Errors
/// If they cannot be reached, or the key is missing, not wanted or another.
pub(crate) async fn session(workers: &Workers, state: SessionState) -> Result<SessionContext> {
    let failed = |e: DataFusionError| Error::Invalid(format!("cannot reach the workers {workers:?}: {e}"));
    let context = match workers {
        Workers::Here => return Ok(SessionContext::new_with_state(state)),
        Workers::Standalone => SessionContext::standalone_with_state(state).await,
        Workers::Cluster(url, key) => {
            let (host, port) = place(url)?;
            guarded("the scheduler", host, port, key.as_ref())?;
            match key {
                None => SessionContext::remote_with_state(url, state).await,
                Some(key) => {
                    let doors = Arc::new(Doors::new(key.clone()));
                    doors.check(host, port).map_err(|e| unreached(host, port, &e))?;
                    let door = doors.to(host, port).map_err(|e| unreached(host, port, &e))?;
                    let config = state.config().clone();
                    let config = config.with_ballista_override_create_grpc_client_endpoint(through(doors));
                    let state = SessionStateBuilder::new_from_existing(state).with_config(config).build();
                    SessionContext::remote_with_state(&format!("df://127.0.0.1:{door}"), state).await
                }
            }
        }
    };
    let mut context = context.map_err(failed)?;
    // Ballista puts its own list in place of ours.
    functions::register(&mut context).map_err(failed)?;
    Ok(context)
}

/// Leads what is meant for another machine through a door.
fn through(doors: Arc<Doors>) -> EndpointOverrideFn {
    Arc::new(move |endpoint: Endpoint| -> Result<Endpoint, Box<dyn std::error::Error + Send + Sync>> {
        let uri = endpoint.uri();
        let (Some(host), Some(port)) = (uri.host(), uri.port_u16()) else { return Ok(endpoint) };
        // A door already, or the executor of this machine.
        if bare(host).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()) {
            return Ok(endpoint);
        }
        let door = doors.to(bare(host), port)?;
        Ok(Endpoint::from_shared(format!("http://127.0.0.1:{door}"))?.tcp_nodelay(true))
    })
}

/// Host and port of an address of a scheduler.
fn place(url: &str) -> Result<(&str, u16)> {
    let place = url.strip_prefix("df://").and_then(|rest| rest.trim_end_matches('/').rsplit_once(':'));
    let place = place.and_then(|(host, port)| Some((bare(host), port.parse().ok()?)));
    place.ok_or_else(|| Error::Invalid(format!("{url:?} is no address of a scheduler; write df://HOST:PORT")))
}

/// An address of IPv6 without what keeps it apart from a port.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Fails where others can reach a place and nobody is asked for a key, and where one is given that nobody is asked for.
fn guarded(what: &str, host: &str, port: u16, key: Option<&Key>) -> Result<()> {
    let unknown = |e| Error::Invalid(format!("{what} at {host}: {e}"));
    let alone = (bare(host), port).to_socket_addrs().map_err(unknown)?.all(|address| address.ip().is_loopback());
    match (alone, key) {
        (false, None) => Err(Error::Invalid(format!(
            "other machines can reach {what} at {host}; give all of the cluster one key (--key FILE, with 16 or more random letters and digits), or use 127.0.0.1"
        ))),
        (true, Some(_)) => Err(Error::Invalid(format!(
            "no other machine reaches {what} at {host}, so nobody would be asked for the key; leave --key out, or give the address that the others know"
        ))),
        _ => Ok(()),
    }
}

fn unreached(host: &str, port: u16, why: &std::io::Error) -> Error {
    Error::Invalid(format!(
        "the scheduler at {host}:{port}: {why}; it has to run there, and have the key that stands in the file of --key"
    ))
}

/// Runs a scheduler at an address until the process ends. An executor that is silent for `patience_s` seconds
/// counts as lost, and what it had is computed again.
///
/// # Errors
/// If others can reach the address and there is no key, if the address is taken, or the network fails.
pub fn scheduler(address: SocketAddr, patience_s: u64, key: Option<&Key>) -> Result<()> {
    guarded("the scheduler", &address.ip().to_string(), address.port(), key)?;
    let asked = address;
    let address = match key {
        None => asked,
        Some(key) => {
            let listener = TcpListener::bind(asked);
            let listener = listener.map_err(|e| Error::Invalid(format!("cannot listen at {asked}: {e}")))?;
            let inside = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port(INSIDE)?));
            gate(listener, inside, key.clone());
            inside
        }
    };
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
    let failed = |e: ballista_core::error::BallistaError| Error::Invalid(format!("the scheduler at {asked}: {e}"));
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
    /// The key of the cluster, which it has if others reach these addresses.
    pub key: Option<Key>,
}

/// Where Ballista listens if a gate stands before it.
const INSIDE: &str = "127.0.0.1";

/// How an executor and the others reach each other.
struct Reach {
    /// Where Ballista listens, at the port that others know.
    bind: String,
    port: u16,
    scheduler: (String, u16),
    /// What leads to others, if there is a key.
    doors: Option<Arc<Doors>>,
}

impl Reach {
    fn of(options: &ExecutorOptions) -> Result<Self> {
        let (host, port) = (&options.scheduler.0, options.scheduler.1);
        guarded("the scheduler", host, port, options.key.as_ref())?;
        guarded("this executor", &options.host, 0, options.key.as_ref())?;
        let Some(key) = &options.key else {
            let (bind, port) = (options.host.clone(), free_port(&options.host)?);
            return Ok(Self { bind, port, scheduler: options.scheduler.clone(), doors: None });
        };
        let doors = Doors::new(key.clone());
        let begun = Instant::now();
        loop {
            match doors.check(host, port) {
                Ok(()) => break,
                // It may be about to start.
                Err(e) if e.kind() == std::io::ErrorKind::ConnectionRefused && begun.elapsed() < WAITS => {
                    std::thread::sleep(Duration::from_millis(100));
                }
                Err(e) => return Err(unreached(host, port, &e)),
            }
        }
        let door = doors.to(host, port).map_err(|e| unreached(host, port, &e))?;
        let (listener, port) = free_on_both(&options.host)?;
        gate(listener, SocketAddr::from((Ipv4Addr::LOCALHOST, port)), key.clone());
        let scheduler = (INSIDE.to_owned(), door);
        Ok(Self { bind: INSIDE.to_owned(), port, scheduler, doors: Some(Arc::new(doors)) })
    }

    /// Sessions of tasks, which fetch from other executors what they need.
    fn sessions(&self) -> Option<Arc<dyn Fn() -> SessionConfig + Send + Sync>> {
        let doors = Arc::clone(self.doors.as_ref()?);
        Some(Arc::new(move || {
            let config = SessionConfig::new_with_ballista();
            config.with_ballista_override_create_grpc_client_endpoint(through(Arc::clone(&doors)))
        }))
    }
}

/// A port that is free at an address, and at 127.0.0.1, with a listener at the address.
fn free_on_both(host: &str) -> Result<(TcpListener, u16)> {
    let failed = |e| Error::Invalid(format!("cannot listen at {host}: {e}; --host is an address of this machine"));
    // Nearly always the first is.
    for _ in 0..100 {
        let listener = TcpListener::bind((bare(host), 0)).map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        if TcpListener::bind((INSIDE, port)).is_ok() {
            return Ok((listener, port));
        }
    }
    Err(Error::Invalid(format!("no port is free at {host} and at {INSIDE}")))
}

/// Runs an executor until the process ends.
///
/// # Errors
/// If others can reach these addresses and there is no key, if the scheduler does not answer or has another, or the network
/// fails.
pub fn executor(options: &ExecutorOptions) -> Result<()> {
    let failed = |e: &dyn std::fmt::Display| Error::Invalid(format!("the executor: {e}"));
    let state = with_functions(SessionConfig::new()).map_err(|e| failed(&e))?;
    let reach = Reach::of(options)?;
    std::fs::create_dir_all(&options.work).map_err(Error::io("create", &options.work))?;
    let sessions = reach.sessions();
    let config = ExecutorProcessConfig {
        grpc_port: free_port(&reach.bind)?,
        bind_host: reach.bind,
        external_host: Some(options.host.clone()),
        port: reach.port,
        scheduler_host: reach.scheduler.0,
        scheduler_port: reach.scheduler.1,
        override_config_producer: sessions,
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
