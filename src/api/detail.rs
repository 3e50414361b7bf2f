//! One check, watch or ping with all that is known of it. What can't be had is null.

use std::sync::Arc;

use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Api;
use super::answer::{history, not_found};
use super::log::{JOURNAL_LINES, LOG_LINES, journal_tail, log_tail};
use super::paging::Page;
use super::past::{part_of_runs, part_of_transitions};
use crate::board::Entry;
use crate::check::Check;
use crate::checksum::Modified;
use crate::event::{Key, Row, millis_or_null, rfc3339};
use crate::perfdata::Metric;
use crate::ping::Ping;
use crate::server::Problem;

/// So many runs and changes are shown with it.
const ROWS: u32 = 20;
/// So many next runs.
const NEXT: usize = 5;

type Items = Vec<Map<String, Value>>;

/// The answer.
#[derive(Debug, Serialize)]
pub(super) struct Detail {
    row: Row,
    #[serde(flatten)]
    known: Known,
    usual_seconds: Option<f64>,
    runs: Option<Items>,
    transitions: Option<Items>,
    log: Option<Vec<String>>,
    journal: Option<Vec<String>>,
}

/// What the board knows.
#[derive(Debug, Default, Serialize)]
struct Known {
    header: Option<Header>,
    schedule_human: Option<String>,
    next_runs: Option<Vec<String>>,
    #[serde(serialize_with = "millis_or_null")]
    running_since: Option<Timestamp>,
    perfdata: Option<Vec<Metric>>,
    document: Option<Value>,
    modified: Option<Modified>,
}

/// What the header of a check's script says, with its defaults.
#[derive(Debug, Serialize)]
struct Header {
    tags: Vec<String>,
    runbook: Option<String>,
    profile: Option<String>,
    user: Option<String>,
    group: Option<String>,
    sandbox: &'static str,
    network: &'static str,
    protocol: &'static str,
    section: Option<String>,
    confirm: u32,
    jitter_seconds: f64,
    persistent: bool,
    on_boot_seconds: Option<f64>,
    stale_after_seconds: Option<f64>,
    memory_bytes: u64,
    tasks: u32,
    state: bool,
}

/// All that is known of a thing.
pub(super) async fn detail(api: &Arc<Api>, key: Key) -> Result<Detail, Problem> {
    let row = api.row(&key)?;
    let known = match &key {
        Key::Watch(_) => Known::default(),
        Key::Ping(name) => api.live.read(|board| board.ping(name).map(of_ping).unwrap_or_default()),
        Key::Check(id) => {
            let now = Timestamp::now();
            let known = api.live.read(|board| board.get(id).map(|entry| of_board(entry, now, board.zone())));
            known.ok_or_else(|| not_found(format!("`{id}` is gone")))?
        }
    };
    let past = {
        let (key, host) = (key.clone(), row.host.clone());
        history(api, move |reader| {
            let runs = part_of_runs(reader, Page::first(ROWS), &key, &host, false)?.items;
            let output = match (&key, runs.first().and_then(|run| run.get("run")?.as_str())) {
                (Key::Ping(_), Some(run)) => {
                    let mut lines = reader.detail(&key, run)?;
                    Some(lines.split_off(lines.len().saturating_sub(LOG_LINES as usize)))
                }
                _ => None,
            };
            let transitions = part_of_transitions(reader, Page::first(ROWS), &key)?.items;
            Ok((reader.usual(&key)?, runs, transitions, output))
        })
    };
    let (past, log, journal) =
        tokio::join!(past, log_tail(api, &key, LOG_LINES), journal_tail(api, &key, JOURNAL_LINES));
    let (usual, runs, transitions, output) = match past {
        Ok((usual, runs, transitions, output)) => (usual, Some(runs), Some(transitions), output),
        Err(problem) if problem.status() == StatusCode::SERVICE_UNAVAILABLE => (None, None, None, None),
        Err(problem) => return Err(problem),
    };
    let usual_seconds = usual.map(|usual| usual.as_secs_f64());
    // A program that tells of its runs writes to no log here: what it sent with the last one is what it printed.
    Ok(Detail { row, known, usual_seconds, runs, transitions, log: log.or(output), journal })
}

fn of_board(entry: &Entry, now: Timestamp, zone: &TimeZone) -> Known {
    Known {
        header: Some(header(&entry.check)),
        schedule_human: entry.check.schedule.as_ref().map(|schedule| schedule.describe()),
        next_runs: Some(next_runs(entry, now, zone).into_iter().map(rfc3339).collect()),
        running_since: entry.running_since(),
        perfdata: Some(entry.perfdata.clone()),
        document: entry.document.as_ref().and_then(|text| serde_json::from_str(text).ok()),
        modified: entry.modified().cloned(),
    }
}

fn of_ping(ping: &Ping) -> Known {
    Known { schedule_human: Some(ping.rule().due.to_string()), running_since: ping.running_since(), ..Known::default() }
}

/// The next one as the timer has it, and those that follow by the schedule alone.
fn next_runs(entry: &Entry, now: Timestamp, zone: &TimeZone) -> Vec<Timestamp> {
    let Some(schedule) = entry.check.schedule.as_ref().filter(|_| entry.enabled) else { return Vec::new() };
    let first = entry.next_run.or_else(|| schedule.next_after(now, zone));
    std::iter::successors(first, |last| schedule.next_after(*last, zone)).take(NEXT).collect()
}

fn header(check: &Check) -> Header {
    let seconds = |duration: std::time::Duration| duration.as_secs_f64();
    Header {
        tags: check.tags.clone(),
        runbook: check.runbook.clone(),
        profile: check.profile.clone(),
        user: check.user.clone(),
        group: check.group.clone(),
        sandbox: check.sandbox.as_str(),
        network: check.network.as_str(),
        protocol: check.protocol.as_str(),
        section: check.section.clone(),
        confirm: check.confirm,
        jitter_seconds: seconds(check.jitter),
        persistent: check.persistent,
        on_boot_seconds: check.on_boot.map(seconds),
        stale_after_seconds: check.stale_after.map(seconds),
        memory_bytes: check.memory,
        tasks: check.tasks,
        state: check.state,
    }
}
