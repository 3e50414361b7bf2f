//! `ssi logs`: the log of a check.

use std::io::{BufRead, BufReader};

use jiff::tz::TimeZone;
use serde::Serialize;

use super::args::LogsArgs;
use super::failure::Failure;
use super::status::line_of_run;
use super::ui::Ui;
use crate::event::rfc3339;
use crate::files::FileError;
use crate::install::Site;
use crate::line::{self, Line};
use crate::paths::Paths;
use crate::status::Status;
use crate::survey;
use crate::tail::{Start, Tail, Until, Watch};

/// So many lines are shown of a log that was rotated.
const MOST: usize = 1000;

/// One line of `ssi logs --json`.
#[derive(Serialize)]
struct Entry<'a> {
    kind: &'static str,
    time: Option<String>,
    status: Option<Status>,
    run: Option<&'a str>,
    text: &'a str,
}

pub(super) fn logs(args: &LogsArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let id = match args.id.parse() {
        // The log outlives its check.
        Ok(id) if paths.log(&id).exists() => id,
        _ => Site { paths, systemd: None }.get(&args.id)?.id,
    };
    let path = paths.log(&id);
    let fail = |error| {
        let error = FileError::at("read", &path)(error);
        let is_permission = error.is_permission();
        Failure::reading(error.into(), is_permission)
    };
    // Followed from where this reading ends, so that nothing is printed twice or left out.
    let mut tail = Tail::new(&paths.logs);
    tail.follow(id.as_ref(), Start::End);
    let end = tail.position(id.as_ref()).and_then(|position| position.newest).map(|mark| mark.offset);
    if let Some(end) = end {
        let file = std::fs::File::open(&path).map_err(fail)?;
        let mut lines = std::collections::VecDeque::new();
        for line in BufReader::new(std::io::Read::take(file, end)).split(b'\n') {
            let line = line.map_err(fail)?;
            if args.lines == Some(lines.len()) {
                lines.pop_front();
            }
            if args.lines != Some(0) {
                lines.push_back(line);
            }
            if args.lines.is_none() {
                print(&lines.pop_front().unwrap_or_default(), ui)?;
            }
        }
        lines.iter().try_for_each(|line| print(line, ui))?;
    } else if !args.follow {
        // Says why it can't be read, if that is so.
        std::fs::File::open(&path).map_err(fail)?;
    }
    if end.is_none_or(|end| end == 0) && !args.follow {
        // It was rotated, and nothing came since.
        let most = args.lines.unwrap_or(MOST);
        let before = survey::last_lines(&paths.logs, &id, most, Until::Now).unwrap_or_default();
        before.iter().try_for_each(|line| print(line.as_bytes(), ui))?;
        if !before.is_empty() {
            return Ok(0);
        }
        ui.warn(format!("nothing is logged yet: `ssi run {id}` runs it"));
    }
    if args.follow { follow(tail, paths, ui) } else { Ok(0) }
}

fn print(line: &[u8], ui: &Ui) -> Result<(), Failure> {
    let text = String::from_utf8_lossy(line);
    if ui.json { ui.json(&entry(&text)) } else { ui.print(line_of_run(&text, ui)) }
}

fn entry(text: &str) -> Entry<'_> {
    let zone = TimeZone::system();
    let plain = |kind, text| Entry { kind, time: None, status: None, run: None, text };
    match line::parse(text) {
        Line::Start(start) => Entry {
            time: Some(rfc3339(start.time.instant)),
            run: Some(start.run),
            ..plain("start", start.trigger.word())
        },
        Line::End(end) => Entry {
            time: Some(rfc3339(end.time.instant)),
            status: Some(end.status),
            run: Some(end.run),
            ..plain("end", end.message)
        },
        Line::Status(status) => Entry {
            time: status.stamp.instant(&zone).map(rfc3339),
            status: Some(status.status),
            ..plain("status", status.message)
        },
        Line::Perfdata(text) => plain("perfdata", text),
        Line::Json(text) => plain("json", text),
        Line::Detail(text) => plain("detail", text),
    }
}

/// Prints new lines until the reader goes away.
fn follow(mut tail: Tail, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let (sender, changes) = std::sync::mpsc::channel();
    let _watch = Watch::start([&paths.logs], move |_| {
        // The receiver is gone when this process ends.
        let _ = sender.send(());
    })?;
    loop {
        let mut result = Ok(());
        let errors = tail.poll_all(&mut |lines| {
            for line in lines.iter() {
                result = std::mem::replace(&mut result, Ok(())).and_then(|()| print(line, ui));
            }
        });
        result?;
        if let Some(error) = errors.into_iter().next() {
            ui.warn(error);
        }
        if changes.recv().is_err() {
            return Ok(0);
        }
    }
}
