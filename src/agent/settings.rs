//! The configuration as it is in force, read again whenever one of its files changes.
//!
//! A file that goes wrong counts as it was, and where to listen counts at the next start. The journal says once what is not in force; systemd,
//! `/health` and the page say so as long as it is so.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch};

use super::{AgentError, health};
use crate::access;
use crate::config::Settings;
use crate::journal::Message;
use crate::paths::Paths;
use crate::settings::{Configuration, Loaded, Report};

/// The setting that counts at the next start.
const LISTEN: (&str, &str) = ("http", "listen");

/// Reads the configuration and tells what is in force.
pub(super) struct Reader {
    paths: Paths,
    configuration: Configuration,
    /// What is said of where to listen since the start; `None` where it is not asked.
    listen: Option<Vec<SocketAddr>>,
    /// What the journal knows already.
    said: BTreeSet<String>,
    in_force: watch::Sender<Arc<Settings>>,
    mistakes: watch::Sender<Mistakes>,
}

/// What of the files is not in force as it stands there, and why, a line each.
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
    pub(super) fn start(paths: Paths, listen: Option<Vec<SocketAddr>>) -> (Reader, Told) {
        let (in_force, settings) = watch::channel(Arc::default());
        let (mistakes, wrong) = watch::channel(Arc::default());
        let mut reader = Reader {
            paths,
            configuration: Configuration::new(std::env::vars_os()),
            listen,
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
        let mut loaded = self.configuration.load(&self.paths);
        loaded.reports.extend(access::refusal(&self.paths, loaded.needs_token.take()));
        let findings = || loaded.reports.iter().flat_map(Report::findings);
        let mut mistakes: Vec<String> =
            findings().filter(|finding| finding.is_error).map(|finding| finding.to_string()).collect();
        let mut said: BTreeSet<String> = findings().map(|finding| finding.to_string()).collect();
        said.difference(&self.said).for_each(|line| Message::warning(line).send());
        if let Some(line) = self.waiting(&loaded) {
            if !self.said.contains(&line) {
                Message::notice(&line).with("SSI_SETTING", format_args!("{}.{}", LISTEN.0, LISTEN.1)).send();
            }
            mistakes.push(line.clone());
            said.insert(line);
        }
        self.said = said;
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

    /// What counts at the next start, if that is something else than what counts now.
    fn waiting(&self, loaded: &Loaded) -> Option<String> {
        let listen = &loaded.settings.http.listen;
        self.listen.as_ref().filter(|now| *now != listen)?;
        let place = loaded.origins.get(&LISTEN).map(|file| format!("{}: ", file.display())).unwrap_or_default();
        Some(format!(
            "{place}`{}` in `[{}]` changed, which takes effect at the next restart of the agent",
            LISTEN.1, LISTEN.0
        ))
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
        let (reader, Told { settings: mut receiver, mut mistakes }) = Reader::start(paths, None);
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

    #[tokio::test]
    async fn where_to_listen_waits_for_the_next_start() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let paths = Paths::system(Some(dir.path()));
        fs::create_dir_all(&paths.config)?;
        let file = paths.config.join("ssi.toml");
        let listen = |text: &str| fs::write(&file, format!("[http]\nlisten = {text}\n"));
        listen("\"127.0.0.1:5005\"")?;
        let begun = Some(vec!["127.0.0.1:5005".parse()?]);
        // Asked for by a flag, it is no matter of files.
        let ((mut reader, told), (mut by_flag, of_flag)) =
            (Reader::start(paths.clone(), begun), Reader::start(paths, None));
        let rows = [
            ("[]", vec!["ssi.toml: `listen` in `[http]` changed, which takes effect at the next restart of the agent"]),
            ("\"127.0.0.1:5005\"", vec![]),
            (
                "\"192.0.2.1:5005\"",
                vec!["ssi.toml:2:10: `192.0.2.1:5005` is beyond loopback", "ssi.toml: `listen` in `[http]` changed"],
            ),
        ];
        for (text, expected) in rows {
            listen(text)?;
            reader.read();
            by_flag.read();
            let lines = told.mistakes.borrow().clone();
            let is_told = |(line, words): (&String, &&str)| line.contains(words);
            assert!(lines.len() == expected.len() && lines.iter().zip(&expected).all(is_told), "{text}: {lines:?}");
            assert!(of_flag.mistakes.borrow().iter().all(|line| !line.contains("restart")), "{text}");
        }
        fs::remove_file(&file)?;
        reader.read();
        assert!(told.mistakes.borrow()[0].starts_with("`listen` in `[http]` changed"));
        Ok(())
    }
}
