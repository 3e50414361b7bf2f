//! Starting and stopping units, and waiting for the jobs to end.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use zbus::OwnedObjectPath;

use super::error::{during, is_no_such_unit};
use super::proxy::JobRemovedStream;
use super::{IN_FLIGHT, Systemd, SystemdError};

/// How a job ended, in systemd's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobResult {
    /// It was done.
    Done,
    /// Something else: `failed`, `canceled`, `timeout`, `dependency`, `skipped`, …
    Other(String),
}

/// A subscription to the ends of jobs, made before the first job so that none is missed.
pub struct Jobs {
    systemd: Systemd,
    removed: JobRemovedStream,
}

impl Systemd {
    /// Listens for jobs from now on.
    pub async fn jobs(&self) -> Result<Jobs, SystemdError> {
        let removed = self.manager.receive_job_removed().await.map_err(during("listen to systemd"))?;
        self.subscribe().await?;
        Ok(Jobs { systemd: self.clone(), removed })
    }

    /// Asks systemd to start units; does not wait for the jobs.
    pub async fn start(&self, units: &[String]) -> Result<Vec<OwnedObjectPath>, SystemdError> {
        let calls = units.iter().map(|unit| self.manager.start_unit(unit, "replace"));
        let answers: Vec<_> = stream::iter(calls).buffered(IN_FLIGHT).collect().await;
        answers.into_iter().map(|answer| answer.map_err(during("start the units"))).collect()
    }

    /// Starts units anew, with what their files say now.
    pub async fn restart(&self, units: &[String]) -> Result<Vec<OwnedObjectPath>, SystemdError> {
        let calls = units.iter().map(|unit| self.manager.restart_unit(unit, "replace"));
        let answers: Vec<_> = stream::iter(calls).buffered(IN_FLIGHT).collect().await;
        answers.into_iter().map(|answer| answer.map_err(during("restart the timers"))).collect()
    }

    /// Asks systemd to stop units; units that are not loaded are no error.
    pub async fn stop(&self, units: &[String]) -> Result<Vec<OwnedObjectPath>, SystemdError> {
        let calls = units.iter().map(|unit| self.manager.stop_unit(unit, "replace"));
        let answers: Vec<_> = stream::iter(calls).buffered(IN_FLIGHT).collect().await;
        let real = answers.into_iter().filter(|answer| !matches!(answer, Err(error) if is_no_such_unit(error)));
        real.map(|answer| answer.map_err(during("stop the units"))).collect()
    }
}

impl Jobs {
    /// Waits until all of these jobs have ended and names the units of those that were not done (`failed`, `assert`,
    /// `dependency`, …). One that is not over after `limit` is left to itself.
    pub async fn wait(&mut self, jobs: &[OwnedObjectPath], limit: Duration) -> Result<Vec<String>, SystemdError> {
        let mut open: HashSet<&str> = jobs.iter().map(|job| job.as_str()).collect();
        let mut failed = Vec::new();
        let all = async {
            while !open.is_empty() {
                let signal = self.removed.next().await.ok_or(SystemdError::Lost { action: "finish its jobs" })?;
                if let Ok(args) = signal.args()
                    && open.remove(args.job.as_str())
                    && args.result != "done"
                {
                    failed.push(args.unit.clone());
                }
            }
            Ok(())
        };
        tokio::time::timeout(limit, all).await.unwrap_or(Ok(()))?;
        Ok(failed)
    }

    /// Starts one unit and waits for the end of its job.
    pub async fn run(&mut self, unit: &str) -> Result<JobResult, SystemdError> {
        let job = self.start(unit).await?;
        self.ended(&job).await
    }

    /// Starts one unit.
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
