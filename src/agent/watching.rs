//! The watcher's thread with the engine on it, and the care for directories that come and go.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};

use super::AgentError;
use super::engine::Engine;
use crate::journal::Message;
use crate::tail::{Signal, Watch};

/// How long to wait before a missing directory is looked for again.
const RETRY: Duration = Duration::from_secs(2);

/// A watch that feeds an engine.
pub(super) struct Watching {
    engine: Arc<Mutex<Engine>>,
    watch: Watch,
    /// Directories that are not watched. The channel closes when the watcher's thread dies.
    gone: mpsc::UnboundedReceiver<PathBuf>,
    missing: Vec<PathBuf>,
}

impl Watching {
    /// Watches first, then reads everything, so that nothing falls between the two.
    pub(super) fn start(engine: Engine) -> Result<Watching, AgentError> {
        let dirs = engine.directories();
        let engine = Arc::new(Mutex::new(engine));
        let (sender, gone) = mpsc::unbounded_channel();
        let handler = {
            let engine = Arc::clone(&engine);
            move |signal: Signal<'_>| match signal {
                Signal::Changed { dir, name } => lock(&engine).changed(dir, name),
                Signal::Rescan => lock(&engine).rescan(),
                Signal::Gone { dir } => {
                    // The receiver is gone at the end only.
                    let _ = sender.send(dir.to_owned());
                }
            }
        };
        let watch = Watch::prepare(handler)?;
        let mut missing = Vec::new();
        for dir in dirs {
            // Made where the rights allow it; else whoever installs the first check makes it.
            let _ = std::fs::create_dir_all(&dir);
            match watch.renew(&dir) {
                Ok(()) => {}
                Err(error) if dir.exists() => return Err(error.into()),
                Err(_) => {
                    Message::warning(format_args!("waiting for the directory `{}`", dir.display())).send();
                    missing.push(dir);
                }
            }
        }
        lock(&engine).start();
        Ok(Watching { engine, watch, gone, missing })
    }

    /// What turns changes of files into changes of the board.
    pub(super) fn engine(&self) -> Arc<Mutex<Engine>> {
        Arc::clone(&self.engine)
    }

    /// Watches directories anew that were deleted and made again. Ends with an error when the watcher's thread does.
    /// `told`: another witness than the logs told of runs that are over.
    pub(super) async fn supervise(
        mut self,
        told: Arc<Notify>,
        stop: impl Future<Output = ()>,
    ) -> Result<&'static str, AgentError> {
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return Ok("watcher"),
                dir = self.gone.recv() => match dir {
                    Some(dir) => self.missing.push(dir),
                    None => return Err(AgentError::Worker("watcher")),
                },
                () = told.notified() => lock(&self.engine).close_deleted(),
                () = tokio::time::sleep(RETRY), if !self.missing.is_empty() => self.look_again(),
            }
        }
    }

    fn look_again(&mut self) {
        let Watching { watch, missing, engine, .. } = self;
        let before = missing.len();
        missing.retain(|dir| !dir.exists() || watch.renew(dir).is_err());
        if missing.len() < before {
            lock(engine).rescan();
        }
    }
}

fn lock(engine: &Mutex<Engine>) -> std::sync::MutexGuard<'_, Engine> {
    engine.lock().unwrap_or_else(PoisonError::into_inner)
}
