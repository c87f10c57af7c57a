//! The server: a page, what a page is told, and a WebSocket for each session, around the one thread that plays.
//!
//! No path of a request reaches the disk, and none of it waits for a world; what is read for the [`Library`] waits on threads of its own. It stops when it is told to: recordings are kept,
//! pages are told, and all is over within two seconds, whoever does not answer.

use crate::about::About;
use crate::guard::Guard;
use crate::key::Key;
use crate::library::{Answer, Library, PATHS, answer};
use crate::page::{FILES, protect, set_apart};
use crate::recorder::{Keep, Recorder};
use crate::sessions::Sessions;
use crate::socket::{self, LONGEST};
use crate::stage::Stage;
use crate::thread::{self, Order};
use axum::Router;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{RawQuery, Request, State, WebSocketUpgrade};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;
use std::time::Duration;
use terrella_core::Error;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, mpsc as across, watch};

/// Most sessions that may be allowed.
const SESSIONS_MOST: usize = 32;
/// Questions that the library answers at a time: it decodes pictures, and whoever drives needs the processor more.
const READERS: usize = 2;
/// How long farewells may take in all; what is left then is cut off.
const GRACE: Duration = Duration::from_millis(1500);

/// How a server is reached and what it allows.
pub struct Options {
    /// Where it listens; port 0 takes any that is free.
    pub address: SocketAddr,
    /// Keys, of which one is needed; where there is none, everybody on this machine may do everything.
    pub keys: Vec<Key>,
    /// Host names by which it may be called, beside `localhost` and IP addresses.
    pub names: Vec<String>,
    /// Sessions at a time, 1 to 32.
    pub sessions: usize,
    /// Keeps recordings; nothing is recorded without.
    pub keep: Option<Box<dyn Keep>>,
    /// Recordings and runs to look through beside driving.
    pub library: Option<Arc<dyn Library>>,
}

impl Default for Options {
    /// Eight sessions, on this machine only.
    fn default() -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { address, keys: Vec::new(), names: Vec::new(), sessions: 8, keep: None, library: None }
    }
}

/// A server that runs in threads of its own. It stops when this is dropped.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    stopper: Stopper,
    lent: Arc<AtomicUsize>,
    stage: Option<JoinHandle<terrella_core::Result<()>>>,
    server: Option<JoinHandle<()>>,
}

/// Stops a server, from any thread.
#[derive(Clone, Debug)]
pub struct Stopper(Sender<Order>);

/// What requests share.
struct Hall {
    guard: Guard,
    about: About,
    library: Option<Arc<dyn Library>>,
    /// Who may make the library read.
    turns: Arc<Semaphore>,
    orders: Sender<Order>,
    /// Counts the sessions that ever were.
    ids: AtomicU64,
    /// Each socket has a copy; the server waits until all are gone.
    alive: across::Sender<Infallible>,
}

/// Serves a stage. Returns once the address is taken; people can come from then on.
///
/// # Errors
/// If the address cannot be taken, others can reach it and there is no key, or there are not 1 to 32 sessions with a row each.
pub fn serve(stage: Stage, about: About, options: Options) -> terrella_core::Result<Running> {
    let Options { address, keys, names, sessions, keep, library } = options;
    if !(1..=SESSIONS_MOST.min(stage.n())).contains(&sessions) {
        return Err(Error::Invalid(format!(
            "{sessions} sessions on a stage of {} futures; allow 1 to {SESSIONS_MOST}, and give the stage two futures for each",
            stage.n()
        )));
    }
    let guard = Guard::new(address.ip(), keys, names)?;
    let listener = std::net::TcpListener::bind(address).map_err(cannot("listen at", address))?;
    listener.set_nonblocking(true).map_err(cannot("listen at", address))?;
    let address = listener.local_addr().map_err(cannot("listen at", address))?;
    // Two threads move the bytes of all sockets; the worlds have one of their own.
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(cannot("start threads for", address))?;
    let listener = {
        let _inside = runtime.enter();
        tokio::net::TcpListener::from_std(listener).map_err(cannot("listen at", address))?
    };

    let (orders, obeyed) = mpsc::channel();
    let (stops, stopped) = watch::channel(());
    let (alive, gone) = across::channel(1);
    let about = About { sessions_most: sessions, planner: stage.planner(), library: library.is_some(), ..about };
    let (orders_too, ids, turns) = (orders.clone(), AtomicU64::new(0), Arc::new(Semaphore::new(READERS)));
    let hall = Arc::new(Hall { guard, about, library, turns, orders: orders_too, ids, alive });
    let lent = stage.lent();
    let recorder = Recorder::new(keep, !stage.is_real());
    let playing = Sessions::new(stage, recorder, sessions);
    let stage = spawn("terrella-stage", address, move || {
        let result = thread::run(playing, &obeyed);
        // The end of it is what the server waits for.
        drop(stops);
        result
    })?;
    let server = spawn("terrella-server", address, move || listen(runtime, listener, hall, stopped, gone))?;
    Ok(Running { address, stopper: Stopper(orders), lent, stage: Some(stage), server: Some(server) })
}

fn spawn<T: Send + 'static>(
    name: &str,
    address: SocketAddr,
    work: impl FnOnce() -> T + Send + 'static,
) -> terrella_core::Result<JoinHandle<T>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map_err(cannot("start threads for", address))
}

fn cannot(what: &'static str, address: SocketAddr) -> impl FnOnce(std::io::Error) -> Error {
    move |error| Error::Invalid(format!("cannot {what} {address}: {error}; choose another address or port"))
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it has ended, by an error perhaps, which [`Self::join`] tells.
    pub fn is_over(&self) -> bool {
        self.server.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Futures that are lent to sessions now.
    pub fn lent(&self) -> usize {
        self.lent.load(Ordering::Relaxed)
    }

    /// What stops it, to be called from anywhere.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Stops it: see [`Stopper::stop`].
    pub fn stop(&self) {
        self.stopper.stop();
    }

    /// Waits until it has stopped.
    ///
    /// # Errors
    /// If a world failed, or a recording was lost.
    pub fn join(mut self) -> terrella_core::Result<()> {
        self.wait()
    }

    fn wait(&mut self) -> terrella_core::Result<()> {
        let ended = |what: &str| Error::Invalid(format!("the thread of the {what} panicked, which is a bug"));
        let server = self.server.take().map_or(Ok(()), |server| server.join().map_err(|_| ended("server")));
        let stage = self.stage.take().map_or(Ok(()), |stage| stage.join().unwrap_or_else(|_| Err(ended("stage"))));
        stage.and(server)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
        // Whoever wants to know how it ended joins it.
        let _ = self.wait();
    }
}

impl Stopper {
    /// Keeps the recordings that go on, tells pages, and ends the server within two seconds. Does not wait for that.
    pub fn stop(&self) {
        // It has stopped already where nobody listens.
        let _ = self.0.send(Order::Stop);
    }
}

/// Answers requests until the stage has ended, and a little longer.
fn listen(
    runtime: Runtime,
    listener: tokio::net::TcpListener,
    hall: Arc<Hall>,
    stopped: watch::Receiver<()>,
    mut gone: across::Receiver<Infallible>,
) {
    // An error of this channel is its end.
    let ended = |mut stopped: watch::Receiver<()>| async move { while stopped.changed().await.is_ok() {} };
    runtime.block_on(async {
        // A frame goes out at once, however small.
        let listener = listener.tap_io(|stream| _ = stream.set_nodelay(true));
        let server = axum::serve(listener, router(hall)).with_graceful_shutdown(ended(stopped.clone()));
        let server = tokio::spawn(server.into_future());
        ended(stopped).await;
        let farewells = async {
            let _ = server.await;
            gone.recv().await
        };
        let _ = tokio::time::timeout(GRACE, farewells).await;
    });
    runtime.shutdown_timeout(Duration::from_millis(100));
}

fn router(hall: Arc<Hall>) -> Router {
    let files = FILES
        .into_iter()
        .fold(Router::<Arc<Hall>>::new(), |router, file| router.route(file.path, get(move || async move { file })));
    let paths = PATHS.into_iter().fold(files, |router, path| router.route(path, get(looked_up)));
    paths
        .route("/about", get(about))
        .route("/live", get(live))
        .layer(from_fn_with_state(Arc::clone(&hall), guarded))
        .with_state(hall)
}

/// Lets in who calls the server by a name of its own, and protects what is answered.
async fn guarded(State(hall): State<Arc<Hall>>, request: Request, next: Next) -> Response {
    let called = hall.guard.host(&texts(request.headers(), header::HOST));
    let mut response = match called {
        Ok(()) => next.run(request).await,
        Err(why) => refuse(why),
    };
    protect(&mut response);
    response
}

/// What a page is told before it begins. Where recordings lie on this machine only those hear who have a key.
async fn about(State(hall): State<Arc<Hall>>, RawQuery(query): RawQuery) -> Response {
    let mut about = hall.about.clone();
    if hall.guard.scope(query.as_deref()).is_err() {
        about.record = about.record.map(|path| path.file_name().map_or_else(|| path.clone(), PathBuf::from));
    }
    match serde_json::to_string(&about) {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// Looks something up in the library, by numbers alone, for whoever has any key.
async fn looked_up(State(hall): State<Arc<Hall>>, request: Request) -> Response {
    let (path, query) = (request.uri().path().to_owned(), request.uri().query().unwrap_or_default().to_owned());
    if let Err(why) = hall.guard.scope(Some(&query)) {
        return refuse(why);
    }
    let Some(library) = hall.library.clone() else {
        return (StatusCode::NOT_FOUND, "this program was started without recordings to look through").into_response();
    };
    // It is never closed. Who goes away meanwhile leaves the work and its turn behind.
    let turn = Arc::clone(&hall.turns).acquire_owned().await;
    let work = move || {
        let _turn = turn;
        answer(&*library, &path, &query)
    };
    let found = tokio::task::spawn_blocking(work).await;
    let kind = |kind: &'static str| [(header::CONTENT_TYPE, kind)];
    match found {
        Ok(Ok(Answer::Json(text))) => (kind("application/json"), text).into_response(),
        Ok(Ok(Answer::Pictures(bytes))) => (kind("application/octet-stream"), bytes).into_response(),
        Ok(Ok(Answer::Page(text))) => set_apart((kind("text/html; charset=utf-8"), text).into_response()),
        Ok(Err(error)) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("this is a bug: {error}")).into_response(),
    }
}

/// Begins a session.
async fn live(
    State(hall): State<Arc<Hall>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let host = texts(&headers, header::HOST).concat();
    let origins = texts(&headers, header::ORIGIN);
    let scope = match hall.guard.scope(query.as_deref()) {
        Ok(scope) => scope,
        Err(why) => return refuse(why),
    };
    // A browser does not tell a page why a socket was refused; a page that asks once more as it asks for files hears it above.
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    if let Err(why) = Guard::origin(origins.first().copied(), &host) {
        return refuse(why);
    }
    let id = hall.ids.fetch_add(1, Ordering::Relaxed);
    let (orders, alive) = (hall.orders.clone(), hall.alive.clone());
    upgrade.max_message_size(LONGEST).max_frame_size(LONGEST).on_upgrade(move |socket| async move {
        socket::serve(socket, id, scope, orders).await;
        drop(alive);
    })
}

/// The values of a header that are text.
fn texts(headers: &HeaderMap, name: HeaderName) -> Vec<&str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect()
}

fn refuse(why: String) -> Response {
    (StatusCode::FORBIDDEN, why).into_response()
}
