//! Starting and stopping units, and waiting for the jobs to end.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use zbus::OwnedObjectPath;

use super::error::{during, is_no_such_unit};
use super::proxy::JobRemovedStream;
use super::{Systemd, SystemdError};

/// How many jobs are under way at once. systemd answers when a job is queued and runs jobs when no call waits; it keeps a match rule for
/// each, of which a bus allows 512: measured, the 513th made the bus drop PID 1's connection.
const WINDOW: usize = 64;
/// How long systemd may be silent while jobs are under way.
const SILENCE: Duration = Duration::from_secs(60);

/// How a job ended, in systemd's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobResult {
    /// It was done.
    Done,
    /// Something else: `failed`, `canceled`, `timeout`, `dependency`, `skipped`, …
    Other(String),
}

/// What to do with units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start them.
    Start,
    /// Stop them; units that are not loaded are no error.
    Stop,
    /// Start them anew, with what their files say now.
    Restart,
}

impl Action {
    /// In words: `start`.
    pub const fn verb(self) -> &'static str {
        match self {
            Action::Start => "start",
            Action::Stop => "stop",
            Action::Restart => "restart",
        }
    }
}

/// A subscription to the ends of jobs, made before the first job so that none is missed.
pub struct Jobs {
    systemd: Systemd,
    removed: JobRemovedStream,
}

impl Systemd {
    /// Listens for jobs from now on.
    pub async fn jobs(&self) -> Result<Jobs, SystemdError> {
        // On a connection of its own: ends that nobody reads at the moment would hold up every reply on this one, for ever.
        let listener = Systemd::connect(self.scope).await?;
        listener.subscribe().await?;
        let removed = listener.manager.receive_job_removed().await.map_err(during("listen to systemd"))?;
        Ok(Jobs { systemd: self.clone(), removed })
    }

    /// Queues a job; `None` when there was nothing to stop.
    async fn queue(&self, action: Action, unit: &str) -> Result<Option<OwnedObjectPath>, SystemdError> {
        match action {
            Action::Start => {
                self.manager.start_unit(unit, "replace").await.map_err(during("start the units")).map(Some)
            }
            Action::Restart => {
                self.manager.restart_unit(unit, "replace").await.map_err(during("restart the units")).map(Some)
            }
            Action::Stop => match self.manager.stop_unit(unit, "replace").await {
                Err(error) if is_no_such_unit(&error) => Ok(None),
                result => result.map_err(during("stop the units")).map(Some),
            },
        }
    }

    /// Gives one job and does not wait for its end.
    pub async fn order(&self, action: Action, unit: &str) -> Result<(), SystemdError> {
        self.queue(action, unit).await.map(drop)
    }

    /// Starts one unit and does not wait for it.
    pub async fn start(&self, unit: &str) -> Result<(), SystemdError> {
        self.queue(Action::Start, unit).await.map(drop)
    }
}

impl Jobs {
    /// Does the same with many units and waits for all jobs. Names the units whose job was not done.
    pub async fn carry_out(&mut self, action: Action, units: &[String]) -> Result<Vec<String>, SystemdError> {
        let lost = || SystemdError::Lost { action: "finish its jobs" };
        let systemd = self.systemd.clone();
        let mut waiting = units.iter();
        let mut calls = FuturesUnordered::new();
        // A job may end before the answer that names it was read.
        let (mut open, mut ended): (HashMap<String, &String>, HashMap<String, bool>) = Default::default();
        let mut failed = HashSet::new();
        loop {
            while calls.len() + open.len() < WINDOW
                && let Some(unit) = waiting.next()
            {
                let systemd = &systemd;
                calls.push(async move { (unit, systemd.queue(action, unit).await) });
            }
            if calls.is_empty() && open.is_empty() {
                return Ok(units.iter().filter(|unit| failed.contains(unit)).cloned().collect());
            }
            let mut took = |unit, done: bool| (!done).then(|| failed.insert(unit));
            tokio::select! {
                Some((unit, answer)) = calls.next() => if let Some(job) = answer? {
                    match ended.remove(job.as_str()) {
                        Some(done) => { took(unit, done); }
                        None => { open.insert(job.to_string(), unit); }
                    }
                },
                signal = self.removed.next() => {
                    let signal = signal.ok_or_else(lost)?;
                    if let Ok(args) = signal.args() {
                        let done = args.result == "done";
                        match open.remove(args.job.as_str()) {
                            Some(unit) => { took(unit, done); }
                            None => { ended.insert(args.job.to_string(), done); }
                        }
                    }
                }
                () = tokio::time::sleep(SILENCE) => return Err(lost()),
            }
        }
    }

    /// Starts one unit and tells its job, for [`Jobs::next`] or [`Jobs::ended`].
    pub async fn start(&mut self, unit: &str) -> Result<OwnedObjectPath, SystemdError> {
        self.systemd.manager.start_unit(unit, "replace").await.map_err(during("start the check"))
    }

    /// The next job that ends.
    pub async fn next(&mut self) -> Result<(OwnedObjectPath, JobResult), SystemdError> {
        let lost = || SystemdError::Lost { action: "finish the run" };
        loop {
            let signal = self.removed.next().await.ok_or_else(lost)?;
            if let Ok(args) = signal.args() {
                let result = match args.result.as_str() {
                    "done" => JobResult::Done,
                    other => JobResult::Other(other.to_owned()),
                };
                return Ok((args.job.clone().into(), result));
            }
        }
    }

    /// Waits for the end of one job.
    pub async fn ended(&mut self, job: &OwnedObjectPath) -> Result<JobResult, SystemdError> {
        loop {
            let (ended, result) = self.next().await?;
            if ended == *job {
                return Ok(result);
            }
        }
    }
}
