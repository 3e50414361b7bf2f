//! The agent: follows logs, scripts and systemd, and serves the board that they make.
//!
//! Input: [`Options`] and listeners. Output: nothing until the shutdown future is ready, then the first error of a worker, if any.
//! One worker a resource: the watcher's thread reads files and publishes; the bus, the embedded scheduler, the port and the
//! conversation with systemd are tasks of one thread. A worker that ends or panics ends the agent: a monitor that is half alive is worse
//! than none.

mod bus;
mod clock;
mod deadlines;
mod drift;
mod engine;
mod fixing;
mod folding;
mod health;
mod jobs;
mod orders;
mod pings;
mod recorder;
mod recovery;
mod scheduling;
mod settings;
mod unbegun;
mod unended;
mod watches;
mod watching;
mod witness;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::{JoinSet, LocalSet};

use crate::api::{self, Api, Hands, TokenFile};
use crate::config::Settings;
use crate::event::Origin;
use crate::files;
use crate::identity;
use crate::journal::Message;
use crate::page;
use crate::paths::Paths;
use crate::server::{self, Guard, Live, Past};
use crate::store;
use crate::survey;
use crate::systemd::Interest;
use engine::{Changed, Engine};
pub use fixing::action;
pub use jobs::Jobs;
pub use orders::{OrderError, RULE_FOR_UNITS, order};
use recorder::{Beginning, Book, Memories, Recorder};
pub use settings::Mistakes;

/// How long the first look at what is watched may take; without it the board is served as it is.
const FIRST_LOOK: std::time::Duration = std::time::Duration::from_secs(2);
/// How many runs, or units to look at, may be asked for before they are taken up.
const ASKED: usize = 64;

/// What the agent is to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where everything lies.
    pub paths: Paths,
    /// Whether the agent runs the checks itself.
    pub embedded: bool,
    /// The binary that runs a check, for the embedded scheduler.
    pub program: PathBuf,
    /// The host's name.
    pub host: String,
    /// What `[http] listen` said when its sockets were opened; `None` where it does not say where to listen.
    pub listen: Option<Vec<SocketAddr>>,
}

/// Why the agent ended.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Its directories could not be made or read.
    #[error(transparent)]
    File(#[from] crate::files::FileError),
    /// inotify could not be had.
    #[error(transparent)]
    Watch(#[from] crate::tail::WatchError),
    /// The port.
    #[error("could not serve")]
    Serve(#[from] io::Error),
    /// A worker panicked; its message was printed.
    #[error("the worker `{0}` broke: this is a defect of ssi, please report it")]
    Worker(&'static str),
}

/// An agent that has read everything and is ready to serve.
pub struct Agent {
    options: Options,
    live: Arc<Live>,
    watching: watching::Watching,
    book: Option<Arc<Book>>,
    /// `None` where there is no database to record in.
    recorder: Option<Recorder>,
    changed: Changed,
    reader: settings::Reader,
    told: settings::Told,
    /// What is known from before of what has no log.
    memories: Memories,
}

impl Agent {
    /// Reads scripts and the last status of every check, and follows them from there on.
    pub async fn start(options: Options) -> Result<Agent, AgentError> {
        // Each log and each subscriber is one.
        if let Err(error) = files::raise_limit() {
            Message::warning(format_args!("the limit of open files could not be raised: {error}")).send();
        }
        let (book, beginning) = recorder::open(&options.paths);
        let Beginning { epoch, seq, floor, kept, memories } = beginning;
        let origin = Origin { epoch, host: options.host.clone() };
        let board = crate::board::Board::new(options.host.clone(), TimeZone::system());
        let mut live = Live::new(board, origin, identity::host_id())?;
        if let Some(book) = &book {
            live = live.go_on(seq, floor, Arc::clone(book) as Arc<dyn Past>);
        }
        let live = Arc::new(live);
        let changed = Changed::default();
        let (reader, told) = settings::Reader::start(options.paths.clone(), options.listen.clone());
        let journal = match (options.embedded, &options.paths.root) {
            (false, None) => {
                // Without a history nobody can tell which outcomes are known already.
                let last_runs = match book.as_ref().is_some_and(|book| !book.is_behind()) {
                    true => witness::last_runs(store::changes(&options.paths)?, &kept),
                    false => BTreeMap::new(),
                };
                let scope = options.paths.scope;
                Some(engine::Journal { scope, recorded: witness::recorded(scope, &last_runs).await })
            }
            _ => None,
        };
        let engine =
            Engine::new(options.paths.clone(), Arc::clone(&live), changed.clone(), kept, book.clone(), journal);
        let watching = watching::Watching::start(engine)?;
        let recorder = match &book {
            Some(book) => {
                let (paths, live, book) = (options.paths.clone(), Arc::clone(&live), Arc::clone(book));
                Some(Recorder::start(paths, watching.engine(), live, book, told.settings.clone())?)
            }
            None => None,
        };
        Ok(Agent { options, live, watching, book, recorder, changed, reader, told, memories })
    }

    /// The board, for whoever shows it beside the port.
    pub fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// What is in force of the configuration; told when that changes.
    pub fn settings(&self) -> watch::Receiver<Arc<Settings>> {
        self.told.settings.clone()
    }

    /// Serves until `shutdown` is ready, then drains and says goodbye.
    pub async fn run(self, listeners: Vec<TcpListener>, shutdown: impl Future<Output = ()>) -> Result<(), AgentError> {
        // One thread serves all workers, so none of them needs to be able to move to another.
        LocalSet::new().run_until(self.work(listeners, shutdown)).await
    }

    async fn work(self, listeners: Vec<TcpListener>, shutdown: impl Future<Output = ()>) -> Result<(), AgentError> {
        let Agent { options, live, watching, book, mut recorder, changed, reader, told, memories } = self;
        let settings::Told { settings, mistakes } = told;
        let checks_changed = changed.checks;
        let addresses = addresses(&listeners)?;
        // Whoever subscribes first is to find the board complete.
        match (options.embedded, &options.paths.root) {
            (true, _) => live.update(now(), |board, _| {
                // Nobody else runs the checks: what was due while the agent was away could not come.
                board.awake(now());
                survey::schedules(board, now(), &TimeZone::system());
            }),
            (false, None) => bus::prime(&options.paths, &live, book.as_deref()).await,
            (false, Some(_)) => {}
        }
        let (stop, stopping) = watch::channel(false);
        let stopped = |mut stopping: watch::Receiver<bool>| async move {
            // The sender lives as long as this function: an error can't happen.
            let _ = stopping.wait_for(|stop| *stop).await;
        };
        let mut workers: JoinSet<Result<&'static str, AgentError>> = JoinSet::new();
        let (scope, watched) = (options.paths.scope, Arc::clone(&live));
        watches::restore(&live, &settings, memories.watches);
        pings::restore(&live, &settings, memories.pings);
        workers.spawn_local(pings::run(Arc::clone(&live), settings.clone(), stopped(stopping.clone())));
        let in_force = settings.clone();
        let (run, runs_asked) = mpsc::channel(ASKED);
        let (look, looks_asked) = mpsc::channel(ASKED);
        let hands = match (options.embedded, &options.paths.root) {
            (true, _) => Hands::Scheduler { run },
            (false, Some(_)) => Hands::Nobody,
            (false, None) => Hands::Systemd { look },
        };
        if options.embedded || options.paths.root.is_some() {
            workers.spawn_local(watches::without_systemd(watched, settings, stopped(stopping.clone())));
        } else {
            let (ready, looked) = oneshot::channel();
            let (targets, asked) = watch::channel(Vec::new());
            let (prober, again) = mpsc::channel(ASKED);
            let probing = watches::probe(Arc::clone(&live), asked, again, stopped(stopping.clone()));
            let again = watches::Again { asked: looks_asked, prober };
            workers.spawn_local(watches::run(
                scope,
                watched,
                settings,
                targets,
                again,
                ready,
                stopped(stopping.clone()),
            ));
            workers.spawn_local(probing);
            workers.spawn_local(fixing::run(scope, Arc::clone(&live), stopped(stopping.clone())));
            // Dropped where there is nothing to watch, or nobody to ask.
            let _ = tokio::time::timeout(FIRST_LOOK, looked).await;
        }
        live.update(now(), |board, out| board.overdue(now(), out));
        let guard = Guard::new([]).with_settings(in_force.clone());
        let guard = guard.with_access(Arc::new(TokenFile(options.paths.clone())));
        let jobs = Jobs::default();
        let (live_of_api, paths) = (Arc::clone(&live), options.paths.clone());
        let api =
            Api { live: live_of_api, paths, settings: in_force, mistakes: mistakes.clone(), hands, jobs: jobs.clone() };
        let pages = page::routes(Arc::clone(&live), mistakes.clone()).merge(api::routes(api));
        let review = {
            let (guard, live) = (guard.clone(), Arc::clone(&live));
            move || guard.review(&live)
        };
        let serving = server::serve(listeners, Arc::clone(&live), pages, guard, stopped(stopping.clone()));
        workers.spawn_local(async move { serving.await.map(|()| "port").map_err(AgentError::from) });
        let told = Arc::new(Notify::new());
        workers.spawn_local(watching.supervise(Arc::clone(&told), stopped(stopping.clone())));
        workers.spawn_local(reader.run(changed.settings, review, stopped(stopping.clone())));
        if options.embedded {
            let live = Arc::clone(&live);
            workers.spawn_local(scheduling::run(
                options.clone(),
                live,
                checks_changed,
                runs_asked,
                stopped(stopping.clone()),
            ));
        } else if options.paths.root.is_none() {
            let (timers, started) = (jobs.changed(), Interest::default());
            workers.spawn_local(jobs.run(scope, started.clone(), stopped(stopping.clone())));
            workers.spawn_local(bus::run(
                options.paths.clone(),
                Arc::clone(&live),
                book,
                bus::Bells { checks_changed, told, timers, started },
                stopped(stopping.clone()),
            ));
        }
        if let Some(recorder) = &mut recorder {
            workers.spawn_local(recorder.supervise(stopped(stopping.clone())));
        }
        workers.spawn_local(deadlines::run(Arc::clone(&live), stopped(stopping.clone())));
        workers.spawn_local(health::run(Arc::clone(&live), addresses, mistakes, stopped(stopping.clone())));
        let early = tokio::select! {
            () = shutdown => None,
            ended = workers.join_next() => ended,
        };
        health::stopping();
        // Nobody may be listening any more; then they have ended.
        let _ = stop.send(true);
        let mut result =
            early.map_or(Ok(()), |ended| outcome(ended).and_then(|worker| Err(AgentError::Worker(worker))));
        while let Some(ended) = workers.join_next().await {
            result = result.and(outcome(ended).map(drop));
        }
        // Nothing comes any more.
        if let Some(recorder) = recorder {
            recorder.finish();
        }
        result
    }
}

fn outcome(
    ended: Result<Result<&'static str, AgentError>, tokio::task::JoinError>,
) -> Result<&'static str, AgentError> {
    ended.unwrap_or(Err(AgentError::Worker("task")))
}

/// Where the agent listens unless told otherwise.
pub fn default_address(scope: crate::unit::Scope) -> SocketAddr {
    let port = match scope {
        crate::unit::Scope::System => 5000,
        crate::unit::Scope::User => 5001,
    };
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// Where these listeners are asked, in words.
pub fn addresses(listeners: &[TcpListener]) -> io::Result<String> {
    let name =
        |listener: &TcpListener| listener.local_addr().map(|address| format!("http://{address} and ws://{address}"));
    Ok(listeners.iter().map(name).collect::<io::Result<Vec<_>>>()?.join(", "))
}

/// The present, for events.
fn now() -> Timestamp {
    Timestamp::now()
}
