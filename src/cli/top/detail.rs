//! All that is known of one thing: the agent's answer as lines.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::frame::{Row, Watched};
use super::log::{rich, stamp};
use super::pane::{Rich, Role};
use crate::cli::{runs, ui};
use crate::line::{self, Line};
use crate::status::Status;

/// So many next runs are shown.
const NEXT: usize = 3;

/// The agent's answer.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Answer {
    pub(super) row: Row,
    header: Option<Header>,
    #[serde(default)]
    next_runs: Option<Vec<Timestamp>>,
    running_since: Option<Timestamp>,
    usual_seconds: Option<f64>,
    runs: Option<Vec<Run>>,
    transitions: Option<Vec<Change>>,
    log: Option<Vec<String>>,
    journal: Option<Vec<String>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Header {
    runbook: Option<String>,
    user: Option<String>,
    sandbox: Option<String>,
    network: Option<String>,
    protocol: Option<String>,
    confirm: Option<u32>,
}

#[derive(Clone, Debug, Deserialize)]
struct Run {
    started: Option<Timestamp>,
    finished: Option<Timestamp>,
    trigger: Option<String>,
    duration_seconds: Option<f64>,
    status: Option<Status>,
    message: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Change {
    time: Timestamp,
    from: Status,
    to: Status,
    message: String,
}

/// The answer in lines, with times as they are at `now` on the clock of `zone`.
pub(super) fn lines(answer: &Answer, now: Timestamp, zone: &TimeZone) -> Vec<Rich> {
    let mut lines = facts(answer, now, zone);
    output(answer, zone, &mut lines);
    if let Some(runs) = answer.runs.as_ref().filter(|runs| !runs.is_empty()) {
        section("Runs", &mut lines);
        lines.extend(runs.iter().map(|run| of_run(run, zone)));
    }
    if let Some(changes) = answer.transitions.as_ref().filter(|changes| !changes.is_empty()) {
        section("Changes", &mut lines);
        lines.extend(changes.iter().map(|change| of_change(change, zone)));
    }
    if answer.runs.is_none() && answer.transitions.is_none() {
        lines.push(Rich::default());
        lines.push(Rich::new([(Role::Dim, "runs and changes are not known: the agent has no history".to_owned())]));
    }
    if let Some(journal) = answer.journal.as_ref().filter(|journal| !journal.is_empty()) {
        section("Journal", &mut lines);
        lines.extend(journal.iter().map(|text| Rich::new([(Role::Plain, format!("  {text}"))])));
    }
    lines
}

fn section(words: &str, lines: &mut Vec<Rich>) {
    lines.push(Rich::default());
    lines.push(Rich::heading(words));
}

fn facts(answer: &Answer, now: Timestamp, zone: &TimeZone) -> Vec<Rich> {
    let (row, header) = (&answer.row, answer.header.as_ref());
    let when = |time: Option<Timestamp>| time.map(|at| format!("{} ({})", stamp(at, zone), ui::relative(time, now)));
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let seconds = |seconds: f64| runs::took(SignedDuration::try_from_secs_f64(seconds).unwrap_or_default());
    let next = |at: &Timestamp| format!("{} ({})", stamp(*at, zone), ui::relative(Some(*at), now));
    let mut next_runs = answer.next_runs.iter().flatten().take(NEXT).map(next);
    let first = next_runs.next().or_else(|| when(row.next_run));
    let sandbox = |header: &Header| {
        let protocol = header.protocol.as_deref().filter(|protocol| *protocol != "ssi");
        let words = [
            header.sandbox.as_ref().map(|sandbox| format!("sandbox {sandbox}")),
            header.user.as_ref().map(|user| format!("user {user}")),
            header.network.as_ref().map(|network| format!("network {network}")),
            protocol.map(|protocol| format!("protocol {protocol}")),
            header.confirm.filter(|confirm| *confirm > 1).map(|confirm| format!("confirm {confirm}")),
        ];
        words.into_iter().flatten().collect::<Vec<_>>().join(", ")
    };
    let watch = row.watch.as_ref();
    let schedule = match (&row.schedule_human, &row.schedule) {
        (Some(human), Some(text)) if human != text => Some(format!("{human} ({text})")),
        (human, text) => human.clone().or_else(|| text.clone()),
    };
    let mut facts = vec![
        ("name", text(&row.title)),
        ("about", text(&row.description)),
        ("since", when(row.since)),
        ("schedule", schedule),
        ("next runs", if row.enabled { first } else { text("switched off") }),
    ];
    facts.extend(next_runs.map(|next| ("", Some(next))));
    facts.extend([
        ("last run", when(row.last_run)),
        ("running", when(answer.running_since)),
        ("usually", answer.usual_seconds.map(|took| format!("takes {}", seconds(took)))),
        ("actual", watch.map(|watch: &Watched| watch.actual.clone())),
        ("restarts", watch.and_then(|watch| watch.restarts).map(|count| count.to_string())),
        ("answers", watch.and_then(|watch| watch.latency_seconds).map(|took| format!("in {}", seconds(took)))),
        ("runbook", header.and_then(|header| header.runbook.clone())),
        ("runs with", header.map(sandbox)),
        ("tags", text(&row.tags.join(", "))),
        ("marks", text(&row.marks.join(", "))),
    ]);
    let fact = |(name, value): (&str, Option<String>)| {
        value.map(|value| Rich::new([(Role::Dim, format!("{name:>10}  ")), (Role::Plain, value)]))
    };
    facts.into_iter().filter_map(fact).collect()
}

/// What the last run said; the one that goes on, if one does.
fn output(answer: &Answer, zone: &TimeZone, lines: &mut Vec<Rich>) {
    let Some(log) = &answer.log else { return };
    if log.is_empty() && answer.row.name.kind != "check" {
        return;
    }
    let start = log.iter().rposition(|text| matches!(line::parse(text), Line::Start(_))).unwrap_or(0);
    section("Last output", lines);
    if log.is_empty() {
        lines.push(Rich::new([(Role::Dim, "  nothing is logged yet: `r` runs it".to_owned())]));
    }
    for text in &log[start..] {
        let Rich(mut parts) = rich(text, zone);
        parts.insert(0, (Role::Plain, "  ".to_owned()));
        lines.push(Rich(parts));
    }
}

fn of_run(run: &Run, zone: &TimeZone) -> Rich {
    let time = run.started.or(run.finished).map(|at| stamp(at, zone)).unwrap_or_default();
    let took = run.duration_seconds.and_then(|took| SignedDuration::try_from_secs_f64(took).ok());
    let took = took.map(runs::took).unwrap_or_default();
    Rich::new([
        (Role::Dim, format!("  {time:19}  ")),
        run.status.map_or((Role::Plain, "running".to_owned()), |status| (Role::Status(status), format!("{status:7}"))),
        (Role::Dim, format!("  {took:>8}  {:7}  ", run.trigger.as_deref().unwrap_or_default())),
        (Role::Plain, run.message.clone().unwrap_or_default()),
    ])
}

fn of_change(change: &Change, zone: &TimeZone) -> Rich {
    Rich::new([
        (Role::Dim, format!("  {}  ", stamp(change.time, zone))),
        (Role::Status(change.from), format!("{:>7}", change.from)),
        (Role::Dim, " → ".to_owned()),
        (Role::Status(change.to), format!("{:7}", change.to)),
        (Role::Plain, format!("  {}", change.message)),
    ])
}
