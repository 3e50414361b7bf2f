//! One run of a check: `ssi exec`.
//!
//! Input: an installed script and what systemd says in the environment. Output: the lines of the run on standard output, which is
//! the check's log, and its outcome, whether the log took it or not. Single-threaded and without a runtime:
//! this process stands before every run of every check.

mod cause;
pub mod ended;
mod lines;
mod log;
mod process;
mod secrets;
mod spawn;
mod transcript;

use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::check::{self, Check, CheckId, Limits, Protocol};
use crate::line::{self, Cost, Exit, Moment, RunEnd, RunStart, Trigger};
use crate::outcome::Outcome;
use crate::status::Status;
use crate::verdict::{self, Verdict};

pub use cause::{Cause, Ended};
pub use log::Log;
pub use process::hold_signals;
use secrets::Secrets;
use transcript::Transcript;

/// What the surroundings say about this run.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// systemd's invocation id, or one that was made up.
    pub run: String,
    /// What started it.
    pub trigger: Trigger,
}

impl Invocation {
    /// Reads the environment of a process that systemd or the embedded scheduler started. `trigger` is asked where that says nothing of
    /// what started it.
    pub fn from_env(var: impl Fn(&str) -> Option<String>, trigger: impl FnOnce() -> Trigger) -> Invocation {
        let run = var("INVOCATION_ID").filter(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_hexdigit()));
        let trigger = match var("SSI_TRIGGER").as_deref() {
            Some("timer") => Trigger::Timer,
            Some(_) => Trigger::Manual,
            None => trigger(),
        };
        Invocation { run: run.unwrap_or_else(crate::identity::random_hex), trigger }
    }
}

/// Runs the script of a check and writes its run to `log`, which may fail: the check does its work all the same.
pub fn run(id: &CheckId, script: &Path, invocation: &Invocation, log: &mut Log, zone: &TimeZone) -> Outcome {
    let started = Instant::now();
    let moment = |zone| Moment::new(Timestamp::now(), zone);
    let start = RunStart { run: &invocation.run, time: moment(zone), trigger: invocation.trigger };
    log.begin(&start.to_string());
    let broken = |message| (Verdict::new(Status::Error, message), Exit::Unseen, Cost::default());
    let (verdict, exit, usage) = match load(script) {
        Ok(check) => {
            let secrets = Secrets::of(&check, texts(std::env::vars_os()));
            let mut transcript = Transcript::new(check.protocol, secrets, zone.clone(), log);
            match process::run(script, check.timeout, started, &mut transcript) {
                Ok(outcome) => {
                    let said = transcript.finish();
                    (verdict::decide(check.protocol, &said, outcome.ending), outcome.ending.exit(), outcome.usage)
                }
                Err(error) => broken(format!("could not run bash: {error}")),
            }
        }
        Err(reason) => broken(reason),
    };
    let cost = Cost { duration: Some(started.elapsed()), ..usage };
    let Verdict { status, message } = verdict;
    let message = line::printable(&message);
    let end = RunEnd { run: &invocation.run, time: moment(zone), status, exit, result: None, cost, message: &message };
    let outcome = Outcome::new(id, Some(&start), &end);
    log.end(&outcome.end);
    outcome
}

/// The installed script was valid when it was added; who changed it since is told here.
fn load(script: &Path) -> Result<Check, String> {
    let content = crate::files::read_limited(script, check::MAX_SCRIPT_BYTES as u64).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        format!("{error}{cause}")
    })?;
    // The ceiling of `timeout:` was checked by `add`, where the configuration is at hand.
    let limits = Limits { max_timeout: Duration::MAX };
    // Most schedules name no zone, and a run has no use for one: the zones are read where nothing else helps.
    let parsed = check::parse(&content, &TimeZoneDatabase::none(), &limits);
    let parsed = parsed.or_else(|_| check::parse(&content, jiff::tz::db(), &limits));
    parsed.map(|parsed| parsed.check).map_err(|problems| {
        let first = problems.iter().find(|problem| problem.is_error()).map_or("", |problem| &problem.message);
        format!("the header of the installed script is not valid any more: {first}")
    })
}

/// The variables that are text.
fn texts(environment: std::env::VarsOs) -> impl Iterator<Item = (String, String)> {
    environment.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// Whether the protocol needs the whole of standard output at the end.
const fn keeps_output(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Nagios | Protocol::Json)
}
