//! `ssi run`: runs a check now and shows what it prints while it prints it.

use std::time::Duration;

use jiff::tz::TimeZone;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::args::RunArgs;
use super::failure::{Failure, is_member};
use super::live;
use super::status::line_of_run;
use super::ui::Ui;
use crate::check::CheckId;
use crate::journal;
use crate::line::{self, Line, Trigger};
use crate::outcome::Outcome;
use crate::paths::Paths;
use crate::scheduler::{self, Running};
use crate::status::Status;
use crate::systemd::{JobResult, Systemd, SystemdError};
use crate::tail::{Signal, Start, Tail, Watch};
use crate::unit::{self, Scope};

/// How long after the end of the job the handler of a killed run has to write its end.
const HANDLER: Duration = Duration::from_secs(10);
/// How long the journal has to take in what a run sent it.
const JOURNAL: Duration = Duration::from_secs(3);
/// Between two questions to it.
const AGAIN: Duration = Duration::from_millis(200);

/// `ssi run ID --json`.
#[derive(Serialize)]
struct Report<'a> {
    id: &'a CheckId,
    run: &'a str,
    status: Status,
    message: &'a str,
    lines: &'a [String],
}

/// Starts a run of a check and does not wait for it.
pub(super) async fn start(paths: &Paths, id: &str) -> Result<(), Failure> {
    let site = live::site(paths).await?;
    let id = site.get(id)?.id;
    match &site.systemd {
        Some(systemd) => {
            let started = systemd.start(&unit::service_name(&id)).await;
            started.map_err(|error| refused(error, &id, paths.scope))?;
        }
        None => drop(embedded(paths, &id)?),
    }
    Ok(())
}

/// Who may start a check, where the caller may not.
fn refused(error: SystemdError, id: &CheckId, scope: Scope) -> Failure {
    if !error.is_permission() || scope == Scope::User {
        return error.into();
    }
    let text = match is_member() {
        true => format!(
            "not permitted to start `{id}`: polkit lets members of the group `_ssi` do so, and you are one, so that the package `polkitd` may be \
             missing, or not have learnt of you yet; else run it as root (`--user` is for your own checks)"
        ),
        false => format!(
            "not permitted to start `{id}`: run it as root, or join the group `_ssi`, which polkit lets run checks (`sudo usermod -aG _ssi USER`, \
             and log in again); `--user` is for your own checks"
        ),
    };
    Failure::maybe_permission(anyhow::Error::msg(text), true)
}

/// Runs a check where no systemd does.
fn embedded(paths: &Paths, id: &CheckId) -> Result<Running, Failure> {
    scheduler::start(paths, &std::env::current_exe()?, id, Trigger::Manual).map_err(Failure::new)
}

pub(super) fn run(args: &RunArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    live::block_on(async {
        if args.no_wait {
            start(paths, &args.id).await?;
            ui.say(format!("started {}", args.id))?;
            return Ok(0);
        }
        let site = live::site(paths).await?;
        let id = site.get(&args.id)?.id;
        // Follow the log before the run begins, or its first lines are lost.
        let mut follow = Follow::start(paths, &id)?;
        match &site.systemd {
            Some(systemd) => under_systemd(systemd, paths.scope, &id, &mut follow, ui).await?,
            None => {
                let running = embedded(paths, &id)?;
                follow.run = Some(running.run.clone());
                follow.until(running.wait(&TimeZone::system()), ui).await??;
            }
        }
        follow.drain(ui)?;
        verdict(&id, &follow, ui)
    })
}

async fn under_systemd(
    systemd: &Systemd,
    scope: Scope,
    id: &CheckId,
    follow: &mut Follow,
    ui: &Ui,
) -> Result<(), Failure> {
    let service = unit::service_name(id);
    let mut jobs = systemd.jobs().await?;
    let job = jobs.start(&service).await.map_err(|error| refused(error, id, scope))?;
    let result = follow.until(jobs.ended(&job), ui).await??;
    let state = systemd.service(&service).await?;
    follow.run = Some(state.invocation).filter(|run| !run.is_empty());
    follow.drain(ui)?;
    if follow.end().is_some() {
        return Ok(());
    }
    // A log that takes nothing gets no end at all, so both witnesses are asked at once: what killed the runner is written by the handler,
    // which systemd starts now, and what the runner could not write is in the journal.
    let limit = if result == JobResult::Done { JOURNAL } else { HANDLER };
    let Some(run) = follow.run.clone() else { return Ok(()) };
    let told = tokio::select! {
        biased;
        _ = timeout(limit, follow.ended(ui)) => None,
        outcome = recorded(scope, id, &run) => Some(outcome),
    };
    follow.drain(ui)?;
    if let Some(outcome) = told.filter(|_| follow.end().is_none()) {
        ui.warn(format!(
            "the log of `{id}` has no end of this run, most often because its disk is full: the journal tells it"
        ));
        let message = outcome.message().to_owned();
        follow.ends.push(Ended { run: outcome.run, status: outcome.status, message });
    }
    Ok(())
}

/// How a run of `id` ended, as soon as the journal tells it. Pends where it does not, which whoever may not read it can't know.
async fn recorded(scope: Scope, id: &CheckId, run: &str) -> Outcome {
    loop {
        let recorded = journal::of_runs(scope, &[run]).await.unwrap_or_default();
        match recorded.into_iter().find(|outcome| outcome.check == *id) {
            Some(outcome) => return outcome,
            None => sleep(AGAIN).await,
        }
    }
}

fn verdict(id: &CheckId, follow: &Follow, ui: &Ui) -> Result<u8, Failure> {
    // Where another run has begun since, systemd tells of that one; the last end is that of the run that was asked for.
    let Some(Ended { run, status, message }) = follow.end().or(follow.ends.last()) else {
        return Err(Failure::failed(format!(
            "the run of `{id}` wrote no verdict into its log, where a full disk takes none, and the journal has none that you may read \
             (root may, and so may the group `systemd-journal`): `systemctl status {}` and `journalctl -u {0}` say more",
            unit::service_name(id)
        )));
    };
    if ui.json {
        ui.json(&Report { id, run, status: *status, message, lines: &follow.lines })?;
    } else {
        ui.say(format!("{} - {}", ui.status(*status), line::printable(message)))?;
    }
    Ok(status.plugin_exit())
}

/// The lines of one run, as they come.
struct Follow {
    tail: Tail,
    changed: mpsc::Receiver<()>,
    _watch: Watch,
    /// The run that was started, once it is known which that is. One that went on before may end first.
    run: Option<String>,
    inside: bool,
    lines: Vec<String>,
    ends: Vec<Ended>,
}

/// The end of a run.
struct Ended {
    run: String,
    status: Status,
    message: String,
}

impl Follow {
    fn start(paths: &Paths, id: &CheckId) -> Result<Follow, Failure> {
        let (sender, changed) = mpsc::channel(1);
        let name = unit::log_file_name(id);
        let watch = Watch::start([&paths.logs], move |signal| {
            // The log itself, or what a rotation made of it.
            let is_ours = |changed: &std::ffi::OsStr| changed.as_encoded_bytes().starts_with(name.as_bytes());
            if !matches!(signal, Signal::Changed { name: changed, .. } if !is_ours(changed)) {
                // A full channel has a wake-up in it already.
                let _ = sender.try_send(());
            }
        })?;
        let mut tail = Tail::new(&paths.logs);
        tail.follow(id.as_ref(), Start::End);
        let (run, lines, ends) = (None, Vec::new(), Vec::new());
        Ok(Follow { tail, changed, _watch: watch, run, inside: false, lines, ends })
    }

    fn is_wanted(&self, run: &str) -> bool {
        self.run.as_deref().is_none_or(|wanted| wanted == run)
    }

    /// How the run ended, if it has.
    fn end(&self) -> Option<&Ended> {
        self.ends.iter().rev().find(|ended| self.is_wanted(&ended.run))
    }

    /// Shows lines until `done` is.
    async fn until<T>(&mut self, done: impl Future<Output = T>, ui: &Ui) -> Result<T, Failure> {
        tokio::pin!(done);
        loop {
            tokio::select! {
                result = &mut done => return Ok(result),
                Some(()) = self.changed.recv() => self.drain(ui)?,
            }
        }
    }

    /// Shows lines until the run has its end.
    async fn ended(&mut self, ui: &Ui) -> Result<(), Failure> {
        while self.end().is_none() && self.changed.recv().await.is_some() {
            self.drain(ui)?;
        }
        Ok(())
    }

    fn drain(&mut self, ui: &Ui) -> Result<(), Failure> {
        let mut new = Vec::new();
        let errors = self.tail.poll_all(&mut |lines| {
            new.extend(lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()));
        });
        if let Some(error) = errors.into_iter().next() {
            return Err(error.into());
        }
        new.into_iter().try_for_each(|text| self.take(text, ui))
    }

    fn take(&mut self, text: String, ui: &Ui) -> Result<(), Failure> {
        match line::parse(&text) {
            Line::Start(start) if self.is_wanted(start.run) => self.inside = true,
            Line::End(end) => {
                self.inside &= !self.is_wanted(end.run);
                let (run, message) = (end.run.to_owned(), end.message.to_owned());
                self.ends.push(Ended { run, status: end.status, message });
            }
            _ if self.inside => {
                if !ui.json {
                    ui.say(line_of_run(&text, ui))?;
                }
                self.lines.push(text);
            }
            _ => {}
        }
        Ok(())
    }
}
