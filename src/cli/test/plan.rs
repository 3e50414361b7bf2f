//! What `add` would install: who runs it, when, in which units, and what may surprise.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::ran::Run;
use crate::cli::failure::Failure;
use crate::cli::ui::{self, Ui};
use crate::cli::warnings;
use crate::event::rfc3339;
use crate::install::{self, Candidate, Program};
use crate::line;
use crate::paths::Paths;
use crate::source::{Problem, Source};
use crate::systemd;
use crate::timespan;
use crate::unit::{self, Scope};

/// How many of the next runs are shown.
const NEXT_RUNS: usize = 5;

/// `ssi test --json`.
#[derive(Default, Serialize)]
pub(super) struct Report {
    id: Option<String>,
    name: Option<String>,
    valid: bool,
    problems: Vec<ProblemLine>,
    warnings: Vec<String>,
    user: Option<String>,
    sandbox: Option<String>,
    exposure: Option<f64>,
    timeout_seconds: Option<f64>,
    jitter_seconds: Option<f64>,
    schedule: Option<String>,
    normalized: Option<String>,
    schedule_human: Option<String>,
    next: Vec<String>,
    units: Vec<Unit>,
    pub(super) not_run: Option<String>,
    pub(super) run: Option<Run>,
}

/// A mistake, a warning of the parser, or a finding of shellcheck.
#[derive(Serialize)]
struct ProblemLine {
    line: usize,
    column: usize,
    error: bool,
    message: String,
}

#[derive(Serialize)]
struct Unit {
    name: String,
    content: String,
}

impl Report {
    /// All that can be said of a script whose header has mistakes.
    pub(super) fn invalid(content: &[u8], mistakes: &[Problem]) -> Report {
        Report { problems: problems(content, mistakes), ..Report::default() }
    }
}

pub(super) fn report(script: &Candidate, findings: &[Problem], paths: &Paths, program: &Program) -> Report {
    let check = &script.check;
    let units = unit::render(check, &paths.place(program.path.clone()));
    let schedule = check.schedule.as_ref();
    let zone = TimeZone::system();
    let after = |base: Timestamp| schedule.and_then(|schedule| schedule.next_after(base, &zone));
    let next = std::iter::successors(after(Timestamp::now()), |last| after(*last)).take(NEXT_RUNS);
    let of_the_machine = warnings::of_the_machine(paths).filter(|_| check.user.is_none());
    let user = match paths.scope {
        Scope::System => check.user.clone().unwrap_or_else(|| unit::CHECK_USER.to_owned()),
        Scope::User => {
            nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten().map_or_else(String::new, |u| u.name)
        }
    };
    let mut problems = problems(&script.content, &script.warnings);
    problems.extend(self::problems(&script.content, findings));
    Report {
        id: Some(check.id.to_string()),
        name: Some(check.name.clone()),
        valid: true,
        problems,
        warnings: of_the_machine
            .into_iter()
            .chain(warnings::Surprises::new().of_the_check(check, &script.file))
            .collect(),
        user: Some(user),
        sandbox: Some(check.sandbox.to_string()),
        exposure: units.first().and_then(systemd::exposure),
        timeout_seconds: Some(check.timeout.as_secs_f64()),
        jitter_seconds: Some(check.jitter.as_secs_f64()),
        schedule: Some(check.schedule_text.clone()).filter(|text| !text.is_empty()),
        normalized: schedule.map(ToString::to_string),
        schedule_human: schedule.map(|schedule| schedule.describe()),
        next: next.map(rfc3339).collect(),
        units: units.into_iter().map(|unit| Unit { name: unit.name, content: unit.content }).collect(),
        not_run: None,
        run: None,
    }
}

fn problems(content: &[u8], problems: &[Problem]) -> Vec<ProblemLine> {
    let source = Source::new("", content);
    let line = |problem: &Problem| {
        let at = source.position(problem.span);
        ProblemLine { line: at.line, column: at.column, error: problem.is_error(), message: problem.message.clone() }
    };
    problems.iter().map(line).collect()
}

pub(super) fn print(report: &Report, script: &Candidate, findings: &[Problem], ui: &Ui) -> Result<(), Failure> {
    let check = &script.check;
    for unit in &report.units {
        ui.print(format!("{}\n{}\n", ui.dim(format!("--- {}", unit.name)), unit.content.trim_end()))?;
    }
    ui.print(format!("{} {} {}", ui.bold(&check.id), line::printable(&check.name), ui.dim(&check.version)))?;
    let fact = |name: &str, value: &str| ui.fact(name, value);
    fact("schedule", report.schedule_human.as_deref().unwrap_or("with its profile"))?;
    if let (Some(text), Some(normal)) = (&report.schedule, &report.normalized)
        && text != normal
    {
        fact("", &format!("{text} = {normal}"))?;
    }
    let now = Timestamp::now();
    for (n, elapse) in report.next.iter().filter_map(|text| text.parse().ok()).enumerate() {
        let label = if n == 0 { "next" } else { "" };
        fact(label, &format!("{} ({})", ui::clock(elapse), ui::relative(Some(elapse), now)))?;
    }
    if !check.jitter.is_zero() && !report.next.is_empty() {
        let splay = timespan::words(check.jitter);
        fact("jitter", &format!("each starts up to {splay} later, on this machine always by the same time"))?;
    }
    let exposure = match report.exposure {
        Some(level) => format!("exposure {level:.1} of 10 (`systemd-analyze security`)"),
        None => "exposure not known: `systemd-analyze security` of systemd 250 tells it".to_owned(),
    };
    let group = check.group.as_ref().map(|group| format!(", group {group}")).unwrap_or_default();
    fact("runs as", &format!("{}{group}", report.user.as_deref().unwrap_or_default()))?;
    fact("sandbox", &format!("{}, {exposure}", check.sandbox))?;
    fact("timeout", &timespan::words(check.timeout))?;
    // Whatever else the header says.
    let shown = ["name", "description", "version", "schedule", "timeout", "id", "user", "group", "sandbox", "jitter"];
    for (key, value) in check.to_header().lines().filter_map(|line| line.strip_prefix("# ")?.split_once(": ")) {
        if !shown.contains(&key) {
            fact(key, &line::printable(value.trim()))?;
        }
    }
    let problems: Vec<Problem> = script.warnings.iter().chain(findings).cloned().collect();
    if !ui.quiet && !problems.is_empty() {
        eprint!("\n{}", install::explain(&script.file, &script.content, &problems, ui.color));
    }
    if !ui.quiet && !report.warnings.is_empty() {
        eprintln!();
    }
    report.warnings.iter().for_each(|warning| ui.warn(warning));
    Ok(())
}
