//! The configuration as it is in force, read again whenever one of its files changes.
//!
//! A file that goes wrong counts as it was. The journal says once what is wrong with it; systemd, `/health` and the page say so as long as
//! it is so.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch};

use super::{AgentError, health};
use crate::config::Settings;
use crate::journal::Message;
use crate::paths::Paths;
use crate::settings::{Configuration, Report};

/// Reads the configuration and tells what is in force.
pub(super) struct Reader {
    paths: Paths,
    configuration: Configuration,
    /// What the journal knows already.
    said: BTreeSet<String>,
    in_force: watch::Sender<Arc<Settings>>,
    mistakes: watch::Sender<Mistakes>,
}

/// What is wrong with files that do not count as they are, a line each.
pub type Mistakes = Arc<Vec<String>>;

/// What others are told of the configuration.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// What is in force.
    pub(super) settings: watch::Receiver<Arc<Settings>>,
    /// What is wrong.
    pub(super) mistakes: watch::Receiver<Mistakes>,
}

impl Reader {
    /// Reads everything for the first time. The receivers have what is in force and what is wrong, and are told when that changes.
    pub(super) fn start(paths: Paths) -> (Reader, Told) {
        let (in_force, settings) = watch::channel(Arc::default());
        let (mistakes, wrong) = watch::channel(Arc::default());
        let mut reader = Reader {
            paths,
            configuration: Configuration::new(std::env::vars_os()),
            said: BTreeSet::new(),
            in_force,
            mistakes,
        };
        reader.read();
        (reader, Told { settings, mistakes: wrong })
    }

    /// Reads again each time that a file changed, and when it is told to by SIGHUP, and calls `read` then, until `stop` is ready.
    pub(super) async fn run(
        mut self,
        changed: Arc<Notify>,
        read: impl Fn(),
        stop: impl Future<Output = ()>,
    ) -> Result<&'static str, AgentError> {
        let mut hangup = signal(SignalKind::hangup())?;
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return Ok("settings"),
                () = changed.notified() => self.read(),
                _ = hangup.recv() => health::reloading(|| self.read()),
            }
            read();
        }
    }

    fn read(&mut self) {
        let loaded = self.configuration.load(&self.paths);
        let findings = || loaded.reports.iter().flat_map(Report::findings);
        let mistakes: Vec<String> =
            findings().filter(|finding| finding.is_error).map(|finding| finding.to_string()).collect();
        let wrong: BTreeSet<String> = findings().map(|finding| finding.to_string()).collect();
        wrong.difference(&self.said).for_each(|line| Message::warning(line).send());
        self.said = wrong;
        self.mistakes.send_if_modified(|told| {
            let is_new = **told != mistakes;
            *told = Arc::new(mistakes);
            is_new
        });
        self.in_force.send_if_modified(|settings| {
            let is_new = **settings != loaded.settings;
            *settings = Arc::new(loaded.settings);
            is_new
        });
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn what_changes_is_told_and_what_is_wrong_keeps_what_was() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        let paths = Paths::system(Some(dir.path()));
        fs::create_dir_all(&paths.config)?;
        let file = paths.config.join("ssi.toml");
        let (reader, Told { settings: mut receiver, mut mistakes }) = Reader::start(paths);
        assert_eq!(**receiver.borrow_and_update(), Settings::default());
        let changed = Arc::new(Notify::new());
        let worker = tokio::spawn(reader.run(Arc::clone(&changed), || (), std::future::pending()));
        let units = |settings: &Settings| settings.watches.len();
        fs::write(&file, "[[watch]]\nunit = \"a.service\"\n")?;
        changed.notify_one();
        assert!(receiver.changed().await.is_ok());
        assert_eq!(units(&receiver.borrow_and_update()), 1);
        fs::write(&file, "[[watch]]\nunit = 7\n")?;
        changed.notify_one();
        assert!(mistakes.changed().await.is_ok());
        assert!(mistakes.borrow_and_update()[0].contains("ssi.toml:2:8: `unit` is a whole number"));
        assert!(!receiver.has_changed().is_ok_and(|changed| changed));
        fs::write(&file, "")?;
        changed.notify_one();
        assert!(receiver.changed().await.is_ok());
        assert_eq!(units(&receiver.borrow_and_update()), 0);
        assert!(mistakes.borrow().is_empty());
        worker.abort();
        Ok(())
    }
}
