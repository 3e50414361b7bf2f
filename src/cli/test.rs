//! `ssi test`: what a script's header means, before anything is installed.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::args::TestArgs;
use super::failure::Failure;
use super::ui::{self, Ui};
use crate::event::rfc3339;
use crate::install::{self, InstallError, Invalid, Options};
use crate::paths::Paths;
use crate::source::Source;
use crate::unit;

/// `ssi test --json`.
#[derive(Serialize)]
struct Report {
    id: Option<String>,
    valid: bool,
    problems: Vec<ProblemLine>,
    schedule_human: Option<String>,
    next: Vec<String>,
    units: Vec<String>,
}

#[derive(Serialize)]
struct ProblemLine {
    line: usize,
    column: usize,
    error: bool,
    message: String,
}

pub(super) fn test(args: &TestArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let options = Options { allow_root: args.allow_root, ..Options::default() };
    let scripts = match install::read(std::slice::from_ref(&args.file), &options) {
        Err(InstallError::Invalid(invalid)) => {
            for Invalid { file, content, problems } in &invalid {
                if ui.json {
                    let problems = lines(content, problems);
                    let (id, schedule_human) = (None, None);
                    ui.json(&Report { id, valid: false, problems, schedule_human, next: vec![], units: vec![] })?;
                } else {
                    eprint!("{}", install::explain(file, content, problems, ui.color));
                }
            }
            return Ok(1);
        }
        scripts => scripts?,
    };
    let (now, zone) = (Timestamp::now(), TimeZone::system());
    let program = install::program_for(paths, &std::env::current_exe()?)?;
    for script in &scripts {
        install::fit(script, paths.scope, &options)?;
        let check = &script.check;
        let units = unit::render(check, &paths.place(program.path.clone()));
        let schedule = check.schedule.as_ref();
        let mut next = Vec::new();
        while let Some(elapse) = schedule.and_then(|s| s.next_after(next.last().copied().unwrap_or(now), &zone)) {
            next.push(elapse);
            if next.len() == 5 {
                break;
            }
        }
        if schedule.is_some() && next.is_empty() {
            ui.warn(format!("`schedule: {}` never elapses again", check.schedule_text));
        }
        if ui.json {
            ui.json(&Report {
                id: Some(check.id.to_string()),
                valid: true,
                problems: lines(&script.content, &script.warnings),
                schedule_human: schedule.map(|s| s.describe()),
                next: next.into_iter().map(rfc3339).collect(),
                units: units.into_iter().map(|unit| unit.content).collect(),
            })?;
            continue;
        }
        if !script.warnings.is_empty() {
            eprint!("{}", install::explain(&script.file, &script.content, &script.warnings, ui.color));
        }
        let user = check.user.clone().unwrap_or_else(|| unit::CHECK_USER.to_owned());
        ui.print(format!("{} {} {}", ui.bold(&check.id), check.name, ui.dim(&check.version)))?;
        ui.print(format!("  {} {}", ui.dim("schedule"), schedule.map_or_else(|| "-".to_owned(), |s| s.describe())))?;
        for elapse in next {
            ui.print(format!("           {} ({})", ui::clock(elapse), ui::relative(Some(elapse), now)))?;
        }
        ui.print(format!("  {} {user}, sandbox {}", ui.dim(" runs as"), check.sandbox))?;
        for unit in units {
            ui.print(format!("\n{}\n{}", ui.dim(format!("--- {}", unit.name)), unit.content.trim_end()))?;
        }
    }
    Ok(0)
}

fn lines(content: &[u8], problems: &[crate::source::Problem]) -> Vec<ProblemLine> {
    let source = Source::new("", content);
    let line = |problem: &crate::source::Problem| {
        let at = source.position(problem.span);
        ProblemLine { line: at.line, column: at.column, error: problem.is_error(), message: problem.message.clone() }
    };
    problems.iter().map(line).collect()
}
