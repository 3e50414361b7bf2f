//! `ssi doctor`: what is wrong, why it matters and what mends it; with `--fix`, mended.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::args::DoctorArgs;
use super::failure::Failure;
use super::live;
use super::ui::{self, Ui};
use crate::diagnosis::{self, Facts, Finding, Remedy, Severity};
use crate::doctor::{self, MendError};
use crate::line;
use crate::paths::Paths;

/// What is mended may show what was hidden behind it; more often than this nothing new comes.
const ROUNDS: usize = 4;
/// The exit code where something is left.
const LEFT: u8 = 1;
/// The exit code where rights were missing.
const NOT_PERMITTED: u8 = 4;

pub(super) fn doctor(args: &DoctorArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let running = std::env::current_exe()?;
    let round = match args.fix {
        true => {
            let _turn = live::turn(paths, ui)?;
            live::block_on(mend(paths, &running))
        }
        false => live::block_on(async { Ok(Round::of(doctor::look(paths, &running).await?)) }),
    }?;
    let Round { facts, mended, failed } = round;
    let findings = diagnosis::examine(&facts);
    let has_failed = !failed.is_empty();
    let lacks_rights = failed.values().any(MendError::is_permission);
    for error in failed.into_values().map(anyhow::Error::new) {
        ui.warn(format!("could not mend: {}", line::printable(&ui::with_causes(&error))));
    }
    if ui.json {
        let document = |finding: &Finding| document(finding);
        ui.json(&json!({
            "findings": findings.iter().map(document).collect::<Vec<_>>(),
            "mended": mended.iter().map(document).collect::<Vec<_>>(),
            "unseen": facts.unseen,
        }))?;
    } else {
        show(&findings, &mended, &facts, ui)?;
    }
    let is_left = has_failed || findings.iter().any(|finding| finding.severity != Severity::Note);
    Ok(match (is_left, lacks_rights, facts.unseen.is_empty()) {
        (_, true, _) | (false, _, false) => NOT_PERMITTED,
        (true, false, _) => LEFT,
        (false, false, true) => 0,
    })
}

/// What came of looking and mending.
struct Round {
    facts: Facts,
    mended: Vec<Finding>,
    failed: BTreeMap<Remedy, MendError>,
}

impl Round {
    fn of(facts: Facts) -> Round {
        Round { facts, mended: Vec::new(), failed: BTreeMap::new() }
    }
}

/// Mends, looks again, and goes on as long as that helps.
async fn mend(paths: &Paths, running: &Path) -> Result<Round, Failure> {
    let mut round = Round::of(doctor::look(paths, running).await?);
    let mut tried: BTreeSet<Remedy> = BTreeSet::new();
    for _ in 0..ROUNDS {
        let before = diagnosis::examine(&round.facts);
        let remedies: BTreeSet<Remedy> = before.iter().filter_map(|finding| finding.remedy.clone()).collect();
        let remedies: BTreeSet<Remedy> = remedies.difference(&tried).cloned().collect();
        if remedies.is_empty() {
            break;
        }
        round.failed.extend(doctor::mend(paths, running, &remedies).await);
        round.facts = doctor::look(paths, running).await?;
        let after = diagnosis::examine(&round.facts);
        let is_there = |finding: &&Finding| {
            after.iter().any(|other| (other.code, &other.subject) == (finding.code, &finding.subject))
        };
        let asked = |finding: &&Finding| finding.remedy.as_ref().is_some_and(|remedy| remedies.contains(remedy));
        let worked = |finding: &&Finding| !finding.remedy.as_ref().is_some_and(|it| round.failed.contains_key(it));
        let gone = before.iter().filter(asked).filter(|finding| !is_there(finding)).filter(worked).cloned();
        round.mended.extend(gone.collect::<Vec<_>>());
        tried.extend(remedies);
    }
    Ok(round)
}

fn document(finding: &Finding) -> Value {
    json!({
        "severity": finding.severity,
        "code": finding.code,
        "subject": finding.subject,
        "what": finding.what,
        "why": finding.why,
        "command": finding.command,
        "fixable": finding.remedy.is_some(),
    })
}

fn show(findings: &[Finding], mended: &[Finding], facts: &Facts, ui: &Ui) -> Result<(), Failure> {
    let width = ui::terminal_size().map_or(80, |(width, _)| width).clamp(40, 120);
    for finding in mended {
        let style = AnsiColor::Green.on_default().bold();
        paragraph(ui, &paint(ui, style, "mended"), "mended", &finding.what, width)?;
    }
    for finding in findings {
        let word = finding.severity.to_string();
        let style = match finding.severity {
            Severity::Error => AnsiColor::Red.on_default().bold(),
            Severity::Warning => AnsiColor::Yellow.on_default().bold(),
            Severity::Note => Style::new().dimmed(),
        };
        paragraph(ui, &paint(ui, style, &word), &word, &finding.what, width)?;
        paragraph(ui, &ui.dim("why"), "why", finding.why, width)?;
        // Not broken into lines: it is there to be copied.
        ui.print(format!("{:>7}  {}", "", line::printable(&finding.command)))?;
    }
    if !facts.unseen.is_empty() {
        let text = format!("not looked at, for want of rights: {}", facts.unseen.join(", "));
        paragraph(ui, &ui.dim("unseen"), "unseen", &text, width)?;
    }
    ui.say(summary(findings, mended, facts))
}

fn paint(ui: &Ui, style: Style, text: &str) -> String {
    if ui.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

/// A word at the left and a text beside it, in lines of at most `width` columns.
fn paragraph(ui: &Ui, painted: &str, word: &str, text: &str, width: usize) -> Result<(), Failure> {
    let indent = " ".repeat(7_usize.saturating_sub(word.chars().count()));
    let text = line::printable(text);
    let (mut lines, mut current) = (Vec::new(), String::new());
    for part in text.split(' ') {
        if !current.is_empty() && current.chars().count() + 1 + part.chars().count() > width - 9 {
            lines.push(std::mem::take(&mut current));
        }
        if !current.is_empty() {
            current.push(' ');
        }
        current.push_str(part);
    }
    lines.push(current);
    for (number, line) in lines.iter().enumerate() {
        match number {
            0 => ui.print(format!("{indent}{painted}  {line}"))?,
            _ => ui.print(format!("{:9}{line}", ""))?,
        }
    }
    Ok(())
}

/// `2 errors, 1 warning; `ssi doctor --fix` mends 2 of them`.
fn summary(findings: &[Finding], mended: &[Finding], facts: &Facts) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let done = if mended.is_empty() { String::new() } else { format!("; mended {}", mended.len()) };
    if errors + warnings == 0 {
        let version = facts.host.systemd.map(|version| format!(", systemd {version}")).unwrap_or_default();
        return format!("nothing is wrong: {}{version}{done}", plural(facts.checks.len(), "check"));
    }
    let fixable = findings.iter().filter(|finding| finding.remedy.is_some()).count();
    let advice = match fixable {
        0 => String::new(),
        n => format!("; `ssi doctor --fix` mends {n} of them"),
    };
    format!("{}, {}{done}{advice}", plural(errors, "error"), plural(warnings, "warning"))
}
