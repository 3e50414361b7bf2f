//! All jobs of a host, with how old and how certain that is.
//!
//! Input: the board, and what systemd last said of its timers ([`Timers`]). Output: a [`Report`]; [`crons`] is the short form of `/apps.json`.

use jiff::Timestamp;
use serde::Serialize;

use super::{Clock, Document, Job, Kind, SECTION, Timer, of_board, when};
use crate::board::{Board, Entry};
use crate::event::millis;
use crate::status::Status;

/// What systemd last said of all timers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timers {
    /// They, those of checks too.
    pub timers: Vec<Timer>,
    /// When; `None` where it never did.
    pub asked: Option<Timestamp>,
    /// Why it could not be asked since, in words.
    pub error: Option<String>,
}

/// All jobs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// When the oldest part of it was learned.
    #[serde(serialize_with = "millis")]
    pub generated_at: Timestamp,
    /// How long ago that is.
    pub age_ms: u64,
    /// Whether a part of it could not be learned anew.
    pub stale: bool,
    /// Why, or what else is missing.
    pub error: Option<String>,
    /// The check that reads crontabs; null where there is none, and none of them is listed.
    pub crontabs: Option<String>,
    /// The jobs, by kind and name.
    pub items: Vec<Job>,
}

/// A line of `crons` in `/apps.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Crons<'a> {
    server: &'a str,
    schedule: Option<&'a str>,
    human: Option<&'a str>,
    command: Option<&'a str>,
    name: &'a str,
}

/// The jobs of a host beside its checks, in the short form.
pub fn crons<'a>(host: &'a str, jobs: &'a [Job]) -> Vec<Crons<'a>> {
    let others = jobs.iter().filter(|job| !matches!(job.kind, Kind::Check | Kind::Profile));
    let short = |job: &'a Job| Crons {
        server: host,
        schedule: job.schedule.as_deref(),
        human: job.human.as_deref(),
        command: job.command.as_deref(),
        name: &job.name,
    };
    others.map(short).collect()
}

/// Puts all jobs together. What the caller `read` of crontabs itself counts instead of what a check last printed of them.
pub fn report(board: &Board, timers: &Timers, read: Option<Document>, clock: Clock<'_>) -> Report {
    let mut items = of_board(board);
    let foreign = timers.timers.iter().filter(|timer| !of_board::has_timer(board, &timer.unit));
    items.extend(foreign.map(|timer| timer.job(clock)));
    let mut errors: Vec<String> = timers.error.iter().cloned().collect();
    let mut oldest = timers.asked.unwrap_or(clock.now);
    let mut stale = timers.error.is_some();
    let reader = reader(board);
    let document = match (read, reader) {
        (Some(document), _) => Some(document),
        (None, None) => None,
        (None, Some(entry)) => {
            let trouble = trouble(entry);
            stale |= trouble.is_some();
            errors.extend(trouble);
            printed(entry).map_err(|error| errors.push(error)).ok()
        }
    };
    if let Some(document) = document {
        oldest = oldest.min(document.generated_at);
        errors.extend(missing(&document));
        items.extend(document.items.into_iter().map(|job| up_to_date(job, clock)));
    }
    items.sort_by(|a, b| (a.kind, &a.name, &a.source).cmp(&(b.kind, &b.name, &b.source)));
    Report {
        generated_at: oldest,
        age_ms: u64::try_from(clock.now.duration_since(oldest).as_millis()).unwrap_or(0),
        stale,
        error: Some(errors.join("; ")).filter(|text| !text.is_empty()),
        crontabs: reader.map(|entry| entry.check.id.to_string()),
        items,
    }
}

/// The check that reads crontabs.
fn reader(board: &Board) -> Option<&Entry> {
    board.entries().find(|entry| entry.check.section.as_deref() == Some(SECTION))
}

/// Whether a check reads the crontabs of this host and has printed them.
pub fn has_crontabs(board: &Board) -> bool {
    reader(board).is_some_and(|entry| entry.document.is_some())
}

/// What the check that reads crontabs last printed.
fn printed(entry: &Entry) -> Result<Document, String> {
    let id = &entry.check.id;
    let text = entry.document.as_deref().ok_or_else(|| format!("the check `{id}` has printed no crontabs yet"))?;
    Document::parse(text).ok_or_else(|| format!("the document of the check `{id}` is not that of `ssi probe jobs`"))
}

/// Why what it printed may be old.
fn trouble(entry: &Entry) -> Option<String> {
    let is_old = matches!(entry.status, Status::Unknown | Status::Error) && entry.document.is_some();
    is_old.then(|| format!("the check `{}` is {}: {}", entry.check.id, entry.status, entry.message))
}

/// What the document says that it lacks.
fn missing(document: &Document) -> impl Iterator<Item = String> {
    let count = document.omitted;
    let omitted =
        (count > 0).then(|| format!("{count} more lines of crontabs have no room in the document of the check"));
    document.unreadable.iter().cloned().chain(omitted)
}

/// A line of a crontab as it is now: it may have run since it was read.
fn up_to_date(job: Job, clock: Clock<'_>) -> Job {
    let is_over = job.next_run.is_some_and(|next| next <= clock.now);
    let again = || when::cron(job.schedule.as_deref()?, clock).ok()?.next;
    match job.kind == Kind::Cron && is_over {
        true => Job { next_run: again(), ..job },
        false => job,
    }
}
