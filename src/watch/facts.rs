//! What systemd says of a unit, in its own words.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// `ActiveState`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Active {
    /// Started, or listening, or mounted …
    Active,
    /// Started, and about to read its configuration again.
    Reloading,
    /// Stopped.
    Inactive,
    /// Stopped, and not in order.
    Failed,
    /// Starting, or waiting to be restarted.
    Activating,
    /// Stopping.
    Deactivating,
    /// A word that only other releases know.
    Other(String),
}

/// A word that is no state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected `active`, `reloading`, `inactive`, `failed`, `activating` or `deactivating`")]
pub struct NoState;

impl From<String> for Active {
    fn from(word: String) -> Active {
        word.parse().unwrap_or(Active::Other(word))
    }
}

impl From<Active> for String {
    fn from(active: Active) -> String {
        active.to_string()
    }
}

impl FromStr for Active {
    type Err = NoState;

    fn from_str(word: &str) -> Result<Active, NoState> {
        Ok(match word {
            "active" => Active::Active,
            "reloading" => Active::Reloading,
            "inactive" => Active::Inactive,
            "failed" => Active::Failed,
            "activating" => Active::Activating,
            "deactivating" => Active::Deactivating,
            _ => return Err(NoState),
        })
    }
}

impl fmt::Display for Active {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Active::Active => "active",
            Active::Reloading => "reloading",
            Active::Inactive => "inactive",
            Active::Failed => "failed",
            Active::Activating => "activating",
            Active::Deactivating => "deactivating",
            Active::Other(word) => word,
        })
    }
}

/// `LoadState`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Load {
    /// Its file was read.
    Loaded,
    /// It has no file.
    NotFound,
    /// Its file says that it must not start.
    Masked,
    /// `bad-setting`, `error` and what other releases know.
    Other(String),
}

impl From<String> for Load {
    fn from(word: String) -> Load {
        match word.as_str() {
            "loaded" => Load::Loaded,
            "not-found" => Load::NotFound,
            "masked" => Load::Masked,
            _ => Load::Other(word),
        }
    }
}

impl From<Load> for String {
    fn from(load: Load) -> String {
        match load {
            Load::Loaded => "loaded".to_owned(),
            Load::NotFound => "not-found".to_owned(),
            Load::Masked => "masked".to_owned(),
            Load::Other(word) => word,
        }
    }
}

/// How a main process ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Exit {
    /// It has not.
    None,
    /// By itself, with this code.
    Code(i32),
    /// By this signal, as in `SIGKILL`.
    Signal(String),
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::None => Ok(()),
            Exit::Code(code) => write!(f, "{code}"),
            Exit::Signal(name) => f.write_str(name),
        }
    }
}

/// When a timer elapses and when it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elapses {
    /// The next time, splay included; `None` when it elapses no more.
    pub next: Option<Timestamp>,
    /// The last time.
    pub last: Option<Timestamp>,
}

/// What is known of a unit. A signal carries some of it; `None` is what was not told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// `Description`.
    pub description: Option<String>,
    /// `LoadState`.
    pub load: Option<Load>,
    /// `UnitFileState`: `enabled`, `static`, `disabled`, `masked`, …
    pub file: Option<String>,
    /// `ActiveState`.
    pub active: Option<Active>,
    /// `SubState`: `running`, `exited`, `auto-restart`, `listening`, …
    pub sub: Option<String>,
    /// Since when it is so.
    pub since: Option<Timestamp>,
    /// When it last began to start.
    pub began: Option<Timestamp>,
    /// 32 hexadecimal digits, or empty when it never ran.
    pub invocation: Option<String>,
    /// The number of the job that is queued or at work for it; 0 without one.
    pub job: Option<u32>,
    /// `success`, or what ended it.
    pub result: Option<String>,
    /// Its main process; 0 without one.
    pub main_pid: Option<u32>,
    /// How often systemd restarted it by itself since somebody last started it.
    pub restarts: Option<u32>,
    /// How its main process ended.
    pub exit: Option<Exit>,
    /// When that was.
    pub exited: Option<Timestamp>,
    /// When it last ceased to be active: by a stop before its main process ends, by a death after it.
    pub left: Option<Timestamp>,
    /// Whether it does something once, and is fine when that is done.
    pub oneshot: Option<bool>,
    /// How long it may take to start, for a oneshot: to run. `Duration::MAX` without a limit.
    pub timeout: Option<Duration>,
    /// Of a timer: when it elapses.
    pub elapses: Option<Elapses>,
    /// Of a timer: by how much it may be late.
    pub accuracy: Option<Duration>,
    /// Of a timer: what it starts.
    pub starts: Option<String>,
}

impl Facts {
    /// The part that no signal tells, since only its file, or its absence, changes it.
    pub fn of_its_file(self) -> Facts {
        let Facts { description, load, file, oneshot, timeout, accuracy, starts, .. } = self;
        Facts { description, load, file, oneshot, timeout, accuracy, starts, ..Facts::default() }
    }

    /// Takes in what is told anew.
    pub(super) fn learn(&mut self, news: Facts) {
        macro_rules! take {
            ($($field:ident)*) => { $(if news.$field.is_some() { self.$field = news.$field; })* };
        }
        take!(description load file active sub since began invocation job result main_pid restarts exit oneshot);
        take!(exited left timeout elapses accuracy starts);
    }

    /// systemd tells of a new invocation before it tells of the new state: a job starts it now.
    pub(super) fn mend(&mut self, before: &Facts) {
        let is_new =
            self.invocation.as_ref().is_some_and(|new| !new.is_empty() && before.invocation.as_ref() != Some(new));
        let is_down = matches!(self.active, Some(Active::Inactive | Active::Failed));
        let result = self.result.as_ref().or(before.result.as_ref());
        if is_new && is_down && self.has_job() && result.is_none_or(|result| result == "success") {
            self.active = Some(Active::Activating);
            self.sub = Some("start".to_owned());
        }
    }

    /// `active (running)`, as systemctl has it.
    pub(super) fn words(&self) -> String {
        let active = self.active.as_ref().map_or_else(|| "unknown".to_owned(), Active::to_string);
        match self.sub.as_deref() {
            Some(sub) if !sub.is_empty() => format!("{active} ({sub})"),
            _ => active,
        }
    }

    /// systemd waits to start it again by itself.
    pub(super) fn is_restarting(&self) -> bool {
        self.sub.as_deref().is_some_and(|sub| sub.starts_with("auto-restart"))
    }

    /// Its processes are not all gone yet, or its `ExecStopPost=` runs.
    pub(super) fn is_ending(&self) -> bool {
        self.active == Some(Active::Deactivating)
    }

    pub(super) fn has_job(&self) -> bool {
        self.job.is_some_and(|job| job != 0)
    }

    /// Nothing is wrong with how it ended, as far as systemd knows.
    pub(super) fn is_success(&self) -> bool {
        self.result.as_deref().is_none_or(|result| result == "success")
    }

    /// Its result is none that a stop could have, whatever a process makes of being told to end.
    pub(super) fn is_no_stop(&self) -> bool {
        let results = ["core-dump", "oom-kill", "watchdog", "start-limit-hit", "resources", "protocol"];
        self.result.as_deref().is_some_and(|result| results.contains(&result))
    }

    /// Its main process ended before anybody stopped it.
    pub(super) fn ended_by_itself(&self) -> bool {
        let is_of_this_run = |exited: &Timestamp| self.began.is_none_or(|began| began <= *exited);
        let exited = self.exited.filter(is_of_this_run);
        exited.zip(self.left).is_some_and(|(exited, left)| exited <= left)
    }

    pub(super) fn is_oneshot(&self) -> bool {
        self.oneshot == Some(true)
    }

    /// Where it stands between down and up.
    pub(super) fn standing(&self) -> Standing {
        match self.active.as_ref() {
            None => Standing::Unknown,
            Some(Active::Activating) if self.is_restarting() => Standing::Down,
            Some(Active::Activating) => Standing::Starting,
            Some(Active::Deactivating) if self.has_job() && self.is_success() => Standing::Stopping,
            Some(Active::Inactive | Active::Failed | Active::Deactivating) => Standing::Down,
            Some(Active::Other(word)) if word == "maintenance" => Standing::Down,
            Some(Active::Active | Active::Reloading | Active::Other(_)) => Standing::Up,
        }
    }
}

/// Where a unit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nobody said.
    Unknown,
    /// It is there.
    Up,
    /// On its way up.
    Starting,
    /// A job stops it.
    Stopping,
    /// Not there, or ended and not cleaned up yet, or waiting to be restarted.
    Down,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_other_releases_come_back() {
        for word in ["active", "reloading", "inactive", "failed", "activating", "deactivating", "refreshing"] {
            assert_eq!(Active::from(word.to_owned()).to_string(), word);
        }
        assert_eq!("actve".parse::<Active>(), Err(NoState));
        for word in ["loaded", "not-found", "masked", "bad-setting"] {
            assert_eq!(String::from(Load::from(word.to_owned())), word);
        }
    }
}
