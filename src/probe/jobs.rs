//! `ssi probe jobs`: what cron and anacron run, and when.

mod files;

use std::path::Path;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Host, ProbeError};
use crate::answer::Answer;
use crate::jobs::crontab::{self, Daemon, Table};
use crate::jobs::{Clock, Document, Job, anacrontab, periodic};
use crate::status::Status;
use files::Files;

/// Where crontabs of users lie: with Debian's cron, and with cronie.
const SPOOLS: [&str; 2] = ["/var/spool/cron/crontabs", "/var/spool/cron"];
/// Where anacron writes when it ran what.
const STAMPS: &str = "/var/spool/anacron";
/// Programs whose presence tells that this is not Debian's cron.
const OTHER_CRONS: [&str; 2] = ["/usr/sbin/crond", "/usr/lib/systemd/system-generators/systemd-crontab-generator"];
const ANACRON: &str = "/usr/sbin/anacron";
/// Lines that can't be read are named up to so many.
const MOST_NAMED: usize = 20;

/// The question.
#[derive(Debug, Args)]
#[command(
    after_help = "The crontabs of others can be read by root alone. `--json` prints every job; secrets in command lines are masked.\n\
    Exit codes: 0 OK, 1 WARNING (a line that cron can't read), 3 ERROR (a file could not be read) or wrong usage"
)]
pub struct Jobs {}

impl Jobs {
    pub(super) fn ask(&self, host: &Host) -> Result<Answer, ProbeError> {
        Ok(answer(&crontabs(host)))
    }
}

/// Everything that cron and anacron run on a host. What can't be read is named and keeps nothing else from being read.
pub fn crontabs(host: &Host) -> Document {
    let (now, zone) = (Timestamp::now(), TimeZone::system());
    let clock = Clock { now, zone: &zone, zones: jiff::tz::db() };
    let mut files = Files::new(host);
    let is_there = |path: &&str| host.path(path).exists();
    let daemon = if OTHER_CRONS.iter().any(is_there) { Daemon::Cronie } else { Daemon::Debian };
    let mut items = Vec::new();
    if let Some(text) = files.read("/etc/crontab") {
        items.extend(crontab::jobs(&text, Table { path: "/etc/crontab", user: None, name: None, daemon }, clock));
    }
    for name in files.names("/etc/cron.d").into_iter().filter(|name| periodic::takes(name)) {
        let path = format!("/etc/cron.d/{name}");
        if let Some(text) = files.read(&path) {
            items.extend(crontab::jobs(&text, Table { path: &path, user: None, name: Some(&name), daemon }, clock));
        }
    }
    for spool in SPOOLS {
        for user in files.names(spool).into_iter().filter(|name| !is_draft(name)) {
            let path = format!("{spool}/{user}");
            if let Some(text) = files.read(&path) {
                let table = Table { path: &path, user: Some(&user), name: None, daemon };
                items.extend(crontab::jobs(&text, table, clock));
            }
        }
    }
    if let Some(text) = files.read("/etc/anacrontab") {
        let stamps = files.stamps(STAMPS);
        items.extend(anacrontab::jobs(&text, "/etc/anacrontab", |name| stamps.get(name).copied(), clock));
    }
    let has_anacron = files::is_executable(&host.path(ANACRON));
    let scripts: Vec<Job> = periodic::DIRECTORIES
        .iter()
        .flat_map(|directory| periodic::jobs(directory, &scripts(host, &mut files, directory), &items, has_anacron))
        .collect();
    items.extend(scripts);
    Document { generated_at: now, items, omitted: 0, unreadable: files.unreadable }
}

/// What `crontab` writes before it takes the place of the old one.
fn is_draft(name: &str) -> bool {
    name.starts_with('.') || name.starts_with("tmp.")
}

/// The scripts that run-parts would run.
fn scripts(host: &Host, files: &mut Files<'_>, directory: &str) -> Vec<String> {
    let names = files.names(directory).into_iter().filter(|name| periodic::takes(name));
    let at = host.path(directory);
    names.filter(|name| files::is_executable(&at.join(Path::new(name)))).collect()
}

fn answer(document: &Document) -> Answer {
    let wrong: Vec<&Job> = document.items.iter().filter(|job| job.error.is_some()).collect();
    let count = document.items.len();
    let plural = if count == 1 { "" } else { "s" };
    let mut details = Vec::new();
    let (status, message) = match (&document.unreadable[..], &wrong[..]) {
        ([], []) => (Status::Ok, format!("{count} job{plural} of cron and anacron")),
        ([], [job, more @ ..]) => {
            let more = if more.is_empty() { String::new() } else { format!(" (and {} more)", more.len()) };
            let reason = job.error.as_deref().unwrap_or_default();
            (Status::Warning, format!("cron will not run {}: {reason}{more}", job.source))
        }
        ([first, ..], _) => (Status::Error, first.clone()),
    };
    details.extend(document.unreadable.iter().skip(1).cloned());
    details.extend(
        wrong.iter().skip(1).map(|job| format!("{}: {}", job.source, job.error.as_deref().unwrap_or_default())),
    );
    details.truncate(MOST_NAMED);
    let mut answer = Answer::new(status, message);
    answer.details = details;
    if let serde_json::Value::Object(facts) = document.to_json() {
        answer.facts = facts;
    }
    answer
}
