//! One run, with what it printed.

use super::super::failure::Failure;
use super::super::live;
use super::super::status::line_of_run;
use super::super::ui::{self, Ui};
use super::selection::Selection;
use super::table::{memory, result};
use super::{length, took};
use crate::event::Key;
use crate::history::{Run, columns};
use crate::line;
use crate::paths::Paths;
use crate::perfdata;
use crate::survey;
use jiff::Timestamp;

/// Shows the run whose id is `id`, or is the only one to begin so.
pub(super) fn show(id: &str, selection: &Selection<'_>, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let (mut found, mut others): (Option<Run>, usize) = (None, 0);
    selection.each(ui, &mut |run| {
        if run.run.starts_with(id) {
            others += usize::from(found.is_some());
            found = Some(run);
        }
    })?;
    let of = selection.key.as_ref().map(Key::id).unwrap_or_default();
    let run = match found {
        Some(run) if others == 0 || run.run == id => run,
        Some(_) => {
            return Err(Failure::failed(format!(
                "{} runs of `{of}` begin with `{id}`: give more of its id",
                others + 1
            )));
        }
        None => {
            return Err(Failure::failed(format!(
                "no run of `{of}` is recorded that begins with `{id}`: `ssi runs {of} -n 100` shows the last ones"
            )));
        }
    };
    let lines = lines(&run, selection, paths)?;
    if ui.json {
        let mut object = columns::object(columns::RUN, columns::run(&run, &live::host_name()));
        object.insert("lines".to_owned(), lines.into());
        return ui.json(&object).map(|()| 0);
    }
    print(&run, selection.now, ui)?;
    if !lines.is_empty() {
        ui.print(ui.dim("lines:"))?;
    }
    lines.iter().try_for_each(|text| ui.print(line_of_run(text, ui)))?;
    Ok(0)
}

fn print(run: &Run, now: Timestamp, ui: &Ui) -> Result<(), Failure> {
    let status = run.status.map_or_else(|| "running".to_owned(), |status| ui.status(status));
    let message = line::printable(run.message.as_deref().unwrap_or_default());
    ui.print(format!("{status} - {}: {message}", run.key))?;
    let clock = |time: Option<Timestamp>| time.map(ui::clock);
    let facts = [
        ("run", Some(run.run.clone())),
        ("started", clock(run.began)),
        ("finished", clock(run.ended)),
        ("took", length(run, now).map(took)),
        ("trigger", run.trigger.clone()),
        ("result", run.result.as_ref().map(|_| result(run))),
        ("CPU", run.cpu.map(|cpu| format!("{:.3} s", cpu.as_secs_f64()))),
        ("memory", run.rss.map(memory)),
        ("metrics", (!run.metrics.is_empty()).then(|| perfdata::render(&run.metrics))),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            ui.fact(name, &line::printable(&value))?;
        }
    }
    Ok(())
}

/// Its lines as the log has them; where the log was rotated away, what the database keeps of them.
fn lines(run: &Run, selection: &Selection<'_>, paths: &Paths) -> Result<Vec<String>, Failure> {
    if let Key::Check(id) = &run.key {
        let lines = survey::lines_of_run(&paths.logs, id, &run.run);
        if !lines.is_empty() {
            return Ok(lines);
        }
    }
    let Some(reader) = selection.past.reader() else { return Ok(Vec::new()) };
    Ok(reader.detail(&run.key, &run.run)?.iter().map(|text| line::detail(text)).collect())
}
