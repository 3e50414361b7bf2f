//! What one run said: how each line was read, the verdict and why, what it cost, and what the sandbox refused.

use serde::Serialize;

use super::How;
use super::plan::Report;
use crate::check::{Check, Protocol};
use crate::cli::failure::Failure;
use crate::cli::ui::Ui;
use crate::line::{self, Line};
use crate::refusal::{self, Refusal};
use crate::status::Status;
use crate::trial::Ran;
use crate::verdict::{self, Said, Verdict};

/// `run` of `ssi test --json`.
#[derive(Serialize)]
pub(super) struct Run {
    sandboxed: bool,
    pub(super) status: Status,
    message: String,
    reason: String,
    exit: String,
    duration_seconds: Option<f64>,
    cpu_seconds: Option<f64>,
    memory_bytes: Option<u64>,
    lines: Vec<Classified>,
    refusals: Vec<Refused>,
}

/// A line of the script, and what it was read as.
#[derive(Serialize)]
struct Classified {
    kind: &'static str,
    status: Option<Status>,
    text: String,
    /// The status that it was probably meant to say.
    near_miss: Option<Status>,
}

#[derive(Serialize)]
struct Refused {
    line: String,
    advice: String,
}

pub(super) fn report(check: &Check, ran: &Ran, how: &How) -> Option<Run> {
    let end = ran.end()?;
    let lines: Vec<Classified> = ran.lines().map(|text| classify(text, check.protocol)).collect();
    let reason = match end.result {
        None => verdict::reason(check.protocol, &said(ran), end.exit),
        Some(result) => format!("its runner did not get to the end, of which systemd says `{result}`"),
    };
    let sandboxed = matches!(how, How::Sandboxed);
    let refused = |refusal: Refusal| Refused { line: refusal.line, advice: refusal.advice };
    let refusals = match sandboxed {
        true => refusal::refusals(check, lines.iter().map(|line| line.text.as_str()).chain([end.message])),
        false => Vec::new(),
    };
    let refusals: Vec<Refused> = refusals.into_iter().map(refused).collect();
    Some(Run {
        sandboxed,
        status: end.status,
        message: end.message.to_owned(),
        reason,
        exit: end.exit.to_string(),
        duration_seconds: end.cost.duration.map(|duration| duration.as_secs_f64()),
        cpu_seconds: end.cost.cpu.map(|cpu| cpu.as_secs_f64()),
        memory_bytes: end.cost.rss,
        refusals,
        lines,
    })
}

/// What counted for the verdict, as far as the log tells.
fn said(ran: &Ran) -> Said {
    let mut said = Said::default();
    for text in ran.lines() {
        match line::parse(text) {
            Line::Status(status) => said.status = Some(Verdict::new(status.status, status.message)),
            Line::Json(document) => said.json = serde_json::from_str(document).ok(),
            _ => {}
        }
    }
    said
}

fn classify(text: &str, protocol: Protocol) -> Classified {
    let near_miss = |text: &str| line::near_miss(text).filter(|_| protocol == Protocol::Ssi);
    let (kind, status, text, near_miss) = match line::parse(text) {
        Line::Status(status) => ("status", Some(status.status), status.message, None),
        Line::Perfdata(metrics) => ("metrics", None, metrics, None),
        Line::Json(document) => ("json", None, document, None),
        Line::Detail(text) => ("detail", None, text, near_miss(text)),
        Line::Start(_) | Line::End(_) => ("detail", None, text, None),
    };
    Classified { kind, status, text: text.to_owned(), near_miss }
}

pub(super) fn print(report: &Report, check: &Check, ui: &Ui) -> Result<(), Failure> {
    let Some(run) = &report.run else {
        let reason = report.not_run.as_deref().unwrap_or("it wrote nothing");
        return ui.print(format!("\n{}", ui.dim(format!("--- not run: {reason}"))));
    };
    let fact = |name: &str, value: &str| ui.fact(name, value);
    if run.lines.is_empty() {
        fact("", &ui.dim("(it printed nothing)"))?;
    }
    let refused = |text: &str| {
        let of_the_line = run.refusals.iter().filter(|refused| refused.line == text.trim());
        of_the_line.map(|refused| &refused.advice).try_for_each(|advice| fact("", &format!("^ refused: {advice}")))
    };
    for line in &run.lines {
        let text = line::printable(&line.text);
        match line.status {
            Some(status) => fact(line.kind, &format!("{} {text}", ui.status(status)))?,
            None => fact(line.kind, &text)?,
        }
        if let Some(meant) = line.near_miss {
            fact("", &ui.dim(format!("^ read as a detail: a status line begins with `{meant}, `")))?;
        }
        refused(&line.text)?;
    }
    fact("verdict", &format!("{} - {}", ui.status(run.status), line::printable(&run.message)))?;
    if run.lines.iter().all(|line| line.text != run.message) {
        refused(&run.message)?;
    }
    fact("because", &run.reason)?;
    let seconds = |seconds: f64| format!("{seconds:.3} s");
    let duration = run.duration_seconds.map(|d| format!("{} of {:.0} s", seconds(d), check.timeout.as_secs_f64()));
    let cpu = run.cpu_seconds.map(|cpu| format!("{} of CPU", seconds(cpu)));
    let memory = run.memory_bytes.map(|bytes| format!("{:.1} MB of memory", bytes as f64 / 1e6));
    let cost: Vec<String> = [duration, cpu, memory].into_iter().flatten().collect();
    if cost.is_empty() {
        return Ok(());
    }
    fact("cost", &cost.join(", "))
}
