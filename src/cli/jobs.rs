//! `ssi jobs`: everything that is scheduled on this host.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::failure::Failure;
use super::live;
use super::table::{self, Column, shorten};
use super::ui::{self, Ui, with_causes};
use crate::board::Board;
use crate::jobs::{self, Clock, Document, Job, Report, Timers};
use crate::line;
use crate::paths::Paths;
use crate::probe::{self, Host};
use crate::systemd::Systemd;
use crate::unit::Scope;

pub(super) fn jobs(paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let report = report(&live::board(paths, ui)?, paths)?;
    if ui.json {
        ui.json(&report)?;
        return Ok(0);
    }
    if report.items.is_empty() {
        ui.say("nothing is scheduled here")?;
    } else {
        let width = ui::terminal_size().map(|(width, _)| width);
        ui.print(table(report.items.clone(), Timestamp::now(), width, ui))?;
    }
    for job in &report.items {
        if let Some(error) = &job.error {
            ui.warn(line::printable(&format!("{}: {error}", job.source)));
        }
    }
    if let Some(error) = &report.error {
        ui.warn(line::printable(error));
    }
    Ok(0)
}

/// The jobs as they are now, without an agent.
pub(super) fn report(board: &Board, paths: &Paths) -> Result<Report, Failure> {
    let timers = match &paths.root {
        Some(_) => Timers { asked: Some(Timestamp::now()), ..Timers::default() },
        None => live::block_on(async { Ok(timers(paths.scope).await) })?,
    };
    let (now, zone) = (Timestamp::now(), TimeZone::system());
    let clock = Clock { now, zone: &zone, zones: jiff::tz::db() };
    Ok(jobs::report(board, &timers, crontabs(board, paths), clock))
}

async fn timers(scope: Scope) -> Timers {
    let ask = async { Systemd::connect(scope).await?.all_timers(|_| false).await };
    match ask.await {
        Ok(timers) => Timers { timers, asked: Some(Timestamp::now()), error: None },
        Err(error) => Timers { error: Some(with_causes(&error.into())), ..Timers::default() },
    }
}

/// The crontabs, where they can be read, or where nobody else reads them.
fn crontabs(board: &Board, paths: &Paths) -> Option<Document> {
    let host = Host { root: paths.root.clone(), scope: paths.scope };
    let read = (paths.scope == Scope::System).then(|| probe::crontabs(&host));
    read.filter(|document| document.unreadable.is_empty() || !jobs::has_crontabs(board))
}

/// The jobs as a table, what is due first at its top.
fn table(mut jobs: Vec<Job>, now: Timestamp, width: Option<usize>, ui: &Ui) -> String {
    jobs.sort_by_key(|job| (job.next_run.is_none(), job.next_run));
    let plain = |title, text: &dyn Fn(&Job) -> String| Column::plain(title, jobs.iter().map(text));
    let or_dash = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), line::printable);
    let overdue = |job: &Job| match job.overdue {
        Some(true) => "overdue",
        Some(false) => "no",
        None => "-",
    };
    let when = |job: &Job| match (&job.human, &job.error) {
        (None, Some(_)) => "not understood".to_owned(),
        (human, _) => or_dash(human),
    };
    let mut columns = vec![
        plain("KIND", &|job| job.kind.word().to_owned()),
        Column {
            title: "NAME",
            cells: jobs
                .iter()
                .map(|job| line::printable(&job.name))
                .map(|name| (name.clone(), ui.bold(name)))
                .collect(),
        },
        plain("SCHEDULE", &|job| or_dash(&job.schedule)),
        plain("WHEN", &when),
        plain("NEXT RUN", &|job| if job.enabled { ui::relative(job.next_run, now) } else { "off".to_owned() }),
        plain("LAST RUN", &|job| ui::relative(job.last_run, now)),
        plain("RESULT", &|job| or_dash(&job.last_result)),
        plain("OVERDUE", &|job| overdue(job).to_owned()),
    ];
    table::fit(&mut columns, &["SCHEDULE", "KIND", "LAST RUN", "OVERDUE"], width);
    let room = table::message_room(&columns, width);
    columns.push(Column::plain("COMMAND", jobs.iter().map(|job| shorten(&or_dash(&job.command), room))));
    table::render(&columns, ui)
}
