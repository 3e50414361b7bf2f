//! `ssi calendar`: what the expressions of a `schedule:` mean and when they elapse.

use std::io::{self, BufRead, IsTerminal};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::args::CalendarArgs;
use super::failure::Failure;
use super::range;
use super::ui::{self, Ui};
use crate::event::rfc3339;
use crate::line;
use crate::schedule::{Schedule, ScheduleError};

/// `ssi calendar --json`, one a line for each valid expression.
#[derive(Serialize)]
struct Answer {
    expression: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cron: bool,
    normalized: String,
    human: String,
    next: Vec<String>,
    /// Civil times up to the last of those that the clock passes over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skipped: Vec<String>,
}

/// The same for an expression with a mistake.
#[derive(Serialize)]
struct Mistake {
    expression: String,
    error: String,
    /// How many characters stand before it.
    at: usize,
    suggestion: Option<String>,
}

pub(super) fn calendar(args: &CalendarArgs, ui: &Ui) -> Result<u8, Failure> {
    let zone = TimeZone::system();
    let base = match &args.base_time {
        Some(text) => base_time(text, &zone)?,
        None => Timestamp::now(),
    };
    refuse_pieces(&args.expressions)?;
    let mut explainer = Explainer { ui, zone, base, iterations: args.iterations, blocks: 0, code: 0 };
    if args.expressions.is_empty() {
        if io::stdin().is_terminal() {
            return Err(Failure::usage(
                "no expression: give one as an argument, such as `ssi calendar daily`, or one a line on standard input",
            ));
        }
        explainer.input()?;
    }
    for text in &args.expressions {
        match text.as_str() {
            "-" => explainer.input()?,
            text => explainer.line(text)?,
        }
    }
    Ok(explainer.code)
}

struct Explainer<'a> {
    ui: &'a Ui,
    zone: TimeZone,
    base: Timestamp,
    iterations: u32,
    /// How many expressions were explained or refused.
    blocks: usize,
    code: u8,
}

impl Explainer<'_> {
    /// Explains every line of standard input but empty ones and comments.
    fn input(&mut self) -> Result<(), Failure> {
        for line in io::stdin().lock().split(b'\n') {
            let line = line?;
            let text = String::from_utf8_lossy(&line);
            let text = text.trim();
            if !text.is_empty() && !text.starts_with('#') {
                self.line(text)?;
            }
        }
        Ok(())
    }

    /// As in `schedule:`, one text may hold several expressions.
    fn line(&mut self, text: &str) -> Result<(), Failure> {
        for expression in text.split(';').map(str::trim) {
            match Schedule::parse(expression, jiff::tz::db()) {
                Ok(schedule) => self.explain(expression, &schedule)?,
                Err(errors) => {
                    self.code = 1;
                    for error in &errors {
                        self.refuse(expression, error)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn explain(&mut self, expression: &str, schedule: &Schedule) -> Result<(), Failure> {
        let ui = self.ui;
        let cron = schedule.parts().any(|part| part.is_cron);
        let expression = line::printable(expression);
        let mut next = Vec::new();
        let mut at = self.base;
        while next.len() < self.iterations as usize
            && let Some(elapse) = schedule.next_after(at, &self.zone)
        {
            next.push(elapse);
            at = elapse;
        }
        let calendars = schedule.calendars().iter();
        let skipped = calendars.flat_map(|calendar| calendar.skipped(self.base, at, &self.zone));
        let skipped: Vec<String> = skipped.map(|civil| civil.strftime("%F %T").to_string()).collect();
        if ui.json {
            let (normalized, human) = (schedule.to_string(), schedule.describe());
            let next = next.into_iter().map(rfc3339).collect();
            return ui.json(&Answer { expression, cron, normalized, human, next, skipped });
        }
        self.blocks += 1;
        if self.blocks > 1 {
            ui.print("")?;
        }
        let row = |label: &str, text: &str| ui.print(format!("{} {text}", ui.dim(format!("{label:>10}"))));
        let kind = if cron { ui.dim(" (cron)") } else { String::new() };
        row("original", &format!("{}{kind}", expression.replace('\t', " ")))?;
        for (rank, calendar) in schedule.calendars().iter().enumerate() {
            row(if rank == 0 { "normalized" } else { "" }, &calendar.to_string())?;
        }
        row("meaning", &schedule.describe())?;
        for (rank, elapse) in next.iter().enumerate() {
            let label = if rank == 0 { "next".to_owned() } else { format!("#{}", rank + 1) };
            row(&label, &format!("{} ({})", ui::clock(*elapse), ui::exactly(*elapse, self.base)))?;
        }
        if next.is_empty() {
            row("next", "never")?;
        }
        for civil in skipped {
            row("skipped", &format!("{civil}: the clock is put forward, and passes it over"))?;
        }
        Ok(())
    }

    fn refuse(&mut self, expression: &str, error: &ScheduleError) -> Result<(), Failure> {
        let (before, wrong) = (&expression[..error.span.start], &expression[error.span.clone()]);
        let at = before.chars().count();
        let expression = line::printable(expression);
        if self.ui.json {
            let suggestion = error.suggestion().map(line::printable);
            return self.ui.json(&Mistake { expression, error: line::printable(&error.to_string()), at, suggestion });
        }
        self.blocks += 1;
        if self.blocks > 1 {
            eprintln!();
        }
        // The marks stand below their place only if a tab takes one column.
        let expression = expression.replace('\t', " ");
        let hint = error.suggestion().map(|text| format!("; did you mean `{text}`?")).unwrap_or_default();
        self.ui.failure(&Failure::failed(format!("`{expression}`: {error}{hint}").replace('\t', " ")));
        eprintln!("  {expression}\n  {}{}", " ".repeat(at), "^".repeat(wrong.chars().count().max(1)));
        Ok(())
    }
}

/// A cron line without quotes comes as five arguments or more, and each `*` as the names of all files.
fn refuse_pieces(expressions: &[String]) -> Result<(), Failure> {
    const CRON_FIELDS: usize = 5;
    let is_schedule = |text: &String| Schedule::parse(text, jiff::tz::db()).is_ok();
    let is_piece = |text: &String| !text.contains(char::is_whitespace);
    if expressions.len() >= CRON_FIELDS && expressions.iter().all(is_piece) && !expressions.iter().any(is_schedule) {
        return Err(Failure::usage(
            "none of the arguments is a schedule: a cron line is one argument, put it in quotes, as in `ssi calendar '0 3 * * *'`",
        ));
    }
    Ok(())
}

fn base_time(text: &str, zone: &TimeZone) -> Result<Timestamp, Failure> {
    range::clock_time(text, zone).ok_or_else(|| {
        Failure::usage(format!(
            "`--base-time {text}`: expected a time such as `2026-11-22T08:06:00Z` or `2026-11-22 08:06:00`"
        ))
    })
}
