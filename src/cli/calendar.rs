//! `ssi calendar`: what an OnCalendar= expression means and when it elapses.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::args::CalendarArgs;
use super::failure::Failure;
use super::ui::{self, Ui};
use crate::calendar::Calendar;
use crate::event::rfc3339;
use crate::line;

/// `ssi calendar --json`, one a line for each expression.
#[derive(Serialize)]
struct Answer<'a> {
    expression: &'a str,
    normalized: String,
    human: String,
    next: Vec<String>,
}

pub(super) fn calendar(args: &CalendarArgs, ui: &Ui) -> Result<u8, Failure> {
    let zone = TimeZone::system();
    let now = Timestamp::now();
    let base = match &args.base_time {
        Some(text) => base_time(text, &zone)?,
        None => now,
    };
    let mut code = 0;
    // As in `schedule:`, one argument may hold several.
    let expressions = args.expressions.iter().flat_map(|text| text.split(';')).map(str::trim);
    for (index, expression) in expressions.enumerate() {
        let calendar = match Calendar::parse(expression, jiff::tz::db()) {
            Ok(calendar) => calendar,
            Err(error) => {
                let hint = error.suggestion().map(|text| format!("; did you mean `{text}`?")).unwrap_or_default();
                let place = " ".repeat(expression[..error.span.start].chars().count());
                let width = expression[error.span.clone()].chars().count().max(1);
                let failure = Failure::failed(format!("`{}`: {error}{hint}", line::printable(expression)));
                ui.failure(&failure);
                eprintln!("  {}\n  {place}{}", line::printable(expression), "^".repeat(width));
                code = 1;
                continue;
            }
        };
        let mut next = Vec::new();
        let mut at = base;
        while next.len() < args.iterations as usize
            && let Some(elapse) = calendar.next_after(at, &zone)
        {
            next.push(elapse);
            at = elapse;
        }
        let (normalized, human) = (calendar.to_string(), calendar.describe());
        if ui.json {
            ui.json(&Answer { expression, normalized, human, next: next.into_iter().map(rfc3339).collect() })?;
            continue;
        }
        if index > 0 {
            ui.print("")?;
        }
        ui.print(format!("{} {}", ui.dim("  original"), expression))?;
        ui.print(format!("{} {normalized}", ui.dim("normalized")))?;
        ui.print(format!("{} {human}", ui.dim("   meaning")))?;
        for (n, elapse) in next.iter().enumerate() {
            let label = if n == 0 { "      next".to_owned() } else { format!("{:>10}", format!("#{}", n + 1)) };
            ui.print(format!("{} {} ({})", ui.dim(label), ui::clock(*elapse), ui::relative(Some(*elapse), now)))?;
        }
        if next.is_empty() {
            ui.print(format!("{} never", ui.dim("      next")))?;
        }
    }
    Ok(code)
}

fn base_time(text: &str, zone: &TimeZone) -> Result<Timestamp, Failure> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant);
    }
    let civil = text.strip_suffix(" UTC").map(|civil| (civil, TimeZone::UTC)).unwrap_or((text, zone.clone()));
    let parsed = civil.0.parse::<DateTime>().ok().and_then(|time| civil.1.to_zoned(time).ok());
    parsed.map(|zoned| zoned.timestamp()).ok_or_else(|| {
        Failure::usage(format!(
            "`--base-time {text}`: expected a time such as `2026-11-22T08:06:00Z` or `2026-11-22 08:06:00`"
        ))
    })
}
