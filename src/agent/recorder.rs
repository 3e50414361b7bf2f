//! Records what happens: events, what came of the logs, and how far they were read, in one transaction each.
//!
//! Input: the live board and the engine. Output: the history's database. A thread of its own waits for events, lets a few gather, and
//! cuts events, board and places in the logs at one instant. What an agent that is killed had not recorded yet is read from the logs again.

mod book;
mod catch_up;
mod gaps;
mod held;
mod numbers;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::sync::watch::Receiver;

use super::AgentError;
use super::engine::{Cut, Engine};
use crate::config::Settings;
use crate::history::Keep;
use crate::journal::Message;
use crate::paths::Paths;
use crate::server::Live;

pub(super) use book::{Beginning, Book};
pub(super) use held::{AllKept, Held, Memories};

/// How long events gather before they are recorded together.
const GATHER: Duration = Duration::from_millis(100);
/// Between attempts to write to a database that can't be written.
const RETRY: Duration = Duration::from_secs(2);
/// How often old rows are looked for.
const TRIM: Duration = Duration::from_secs(600);

/// The database and how to go on. Where it can't be had nothing is recorded, which is said.
pub(super) fn open(paths: &Paths) -> (Option<Arc<Book>>, Beginning) {
    match Book::open(paths) {
        Ok((book, beginning)) => (Some(Arc::new(book)), beginning),
        Err(error) => {
            Message::error(format_args!("no history is recorded: {}", book::chain(&error))).send();
            (None, Beginning::new())
        }
    }
}

/// The thread that records.
pub(super) struct Recorder {
    work: Arc<Work>,
    thread: JoinHandle<()>,
    /// Closes when the thread ends.
    ended: Option<oneshot::Receiver<()>>,
}

struct Work {
    paths: Paths,
    engine: Arc<Mutex<Engine>>,
    live: Arc<Live>,
    book: Arc<Book>,
    stop: AtomicBool,
    settings: Receiver<Arc<Settings>>,
}

impl Recorder {
    /// Begins to record.
    pub(super) fn start(
        paths: Paths,
        engine: Arc<Mutex<Engine>>,
        live: Arc<Live>,
        book: Arc<Book>,
        settings: Receiver<Arc<Settings>>,
    ) -> Result<Recorder, AgentError> {
        let work = Arc::new(Work { paths, engine, live, book, stop: AtomicBool::new(false), settings });
        let (alive, ended) = oneshot::channel::<()>();
        let thread = {
            let work = Arc::clone(&work);
            let body = move || {
                let _alive = alive;
                work.run();
            };
            std::thread::Builder::new().name("history".to_owned()).spawn(body)?
        };
        Ok(Recorder { work, thread, ended: Some(ended) })
    }

    /// Until `stop` is ready; an error when the thread ends before.
    pub(super) fn supervise(
        &mut self,
        stop: impl Future<Output = ()> + 'static,
    ) -> impl Future<Output = Result<&'static str, AgentError>> + 'static {
        let ended = self.ended.take();
        async move {
            let ended = async {
                match ended {
                    Some(ended) => drop(ended.await),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop => Ok("history"),
                () = ended => Err(AgentError::Worker("history")),
            }
        }
    }

    /// Records the rest, once nothing comes any more.
    pub(super) fn finish(self) {
        self.work.stop.store(true, Ordering::Relaxed);
        self.work.live.stir();
        self.thread.thread().unpark();
        if self.thread.join().is_ok() {
            self.work.record();
            self.work.book.close(self.work.live.origin());
        }
    }
}

impl Work {
    fn run(&self) {
        let mut trimmed: Option<Instant> = None;
        while !self.is_over() {
            if self.book.is_behind() {
                self.catch_up();
                self.pause(if self.book.is_behind() { RETRY } else { Duration::ZERO });
                continue;
            }
            if trimmed.is_none_or(|at| at.elapsed() >= TRIM) {
                // In small steps, between which others come to their turn.
                while !self.is_over() && self.book.trim(&keep(&self.settings.borrow())) {}
                trimmed = Some(Instant::now());
            }
            let is_retry = self.book.is_waiting();
            let until = if is_retry { RETRY } else { TRIM };
            if self.live.await_unrecorded(Some(until)) || is_retry {
                self.pause(if is_retry { RETRY } else { GATHER });
                self.record();
            }
        }
    }

    fn catch_up(&self) {
        if let Err(error) = catch_up::catch_up(&self.paths, &self.engine, &self.live, &self.book, &self.stop) {
            self.book.gave_up(&error);
        }
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Sleeps, and ends early when all is to end.
    fn pause(&self, time: Duration) {
        let until = Instant::now() + time;
        while !self.is_over() && Instant::now() < until {
            std::thread::park_timeout(until.saturating_duration_since(Instant::now()));
        }
    }

    /// One instant goes to the database.
    fn record(&self) {
        let mut engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        let Cut { events, kept, seq } = engine.cut();
        self.book.write(self.live.origin(), events, kept, seq, || drop(engine));
    }
}

/// How long rows are kept, as the configuration has it.
fn keep(settings: &Settings) -> Keep {
    let crate::config::History { raw, detail, transitions, hours, events } = settings.history;
    Keep { raw, detail_of_good_runs: detail, transitions, hours, events, ..Keep::default() }
}
