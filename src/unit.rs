//! The systemd units of a check, as text.
//!
//! Input: a [`Check`] and the [`Place`] that its units point at. Output: [`UnitFile`]s. Nothing here touches a disk or a bus;
//! whatever a header says is escaped in one module ([`escape`]) and can't become a directive.

mod escape;
pub mod handler;
mod marker;
mod sandbox;
mod service;
mod timer;

use std::path::{Path, PathBuf};

pub use marker::owner;
use service::Purpose;

use crate::check::{Check, CheckId};

/// Whose systemd runs the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// PID 1.
    System,
    /// `systemd --user`.
    User,
}

/// What the units of one installation point at, as systemd will see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Whose systemd.
    pub scope: Scope,
    /// The `ssi` binary.
    pub program: PathBuf,
    /// Directory of the installed scripts.
    pub scripts: PathBuf,
    /// Directory of the logs.
    pub logs: PathBuf,
}

impl Place {
    /// The installed script of a check.
    pub fn script(&self, id: &CheckId) -> PathBuf {
        self.scripts.join(script_file_name(id))
    }

    /// The log of a check.
    pub fn log(&self, id: &CheckId) -> PathBuf {
        self.logs.join(log_file_name(id))
    }
}

/// A unit file: its name and its content.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitFile {
    /// As in `ssi_disk.timer`.
    pub name: String,
    /// The whole file.
    pub content: String,
}

/// The user that checks run as unless their header names one.
pub const CHECK_USER: &str = "_ssi-check";

/// `disk.bash`.
pub fn script_file_name(id: &CheckId) -> String {
    format!("{id}.bash")
}

/// `disk.log`.
pub fn log_file_name(id: &CheckId) -> String {
    format!("{id}.log")
}

/// `ssi_disk.service`.
pub fn service_name(id: &CheckId) -> String {
    format!("ssi_{id}.service")
}

/// `ssi_disk.timer`.
pub fn timer_name(id: &CheckId) -> String {
    format!("ssi_{id}.timer")
}

/// The check whose service or timer has this name, and which of the two it is.
pub fn check_of(unit: &str) -> Option<(CheckId, Kind)> {
    let (stem, kind) = match unit.strip_prefix("ssi_")?.rsplit_once('.')? {
        (stem, "service") => (stem, Kind::Service),
        (stem, "timer") => (stem, Kind::Timer),
        _ => return None,
    };
    Some((stem.parse().ok()?, kind))
}

/// Which of a check's two units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Runs it.
    Service,
    /// Starts it.
    Timer,
}

/// Renders the service, and the timer of a check that has a schedule.
pub fn render(check: &Check, place: &Place) -> Vec<UnitFile> {
    let service = UnitFile { name: service_name(&check.id), content: service::render(check, place, Purpose::Check) };
    let timer = check
        .schedule
        .as_ref()
        .map(|schedule| UnitFile { name: timer_name(&check.id), content: timer::render(check, schedule) });
    std::iter::once(service).chain(timer).collect()
}

/// Renders the service of one run of a script that is not installed: the same sandbox, script and log as `place` has them, all below
/// `root`. Its name is that of no check, so that nobody who watches checks takes it for one.
pub fn render_trial(check: &Check, place: &Place, root: &Path) -> UnitFile {
    let content = service::render(check, place, Purpose::Trial(root));
    UnitFile { name: trial_name(&check.id), content }
}

/// `ssi-trial-7f3a.service` for the id `trial-7f3a`.
pub fn trial_name(id: &CheckId) -> String {
    format!("ssi-{id}.service")
}
