//! `ssi status --full`: all sections of the host, as the agent tells them at `/status`, or as this command finds them out without one.

mod agent;
mod outline;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::api::overview::{self, Service};
use crate::check::{BUILT_IN_SECTIONS, CheckId};
use crate::cli::args::StatusArgs;
use crate::cli::bearer::Bearer;
use crate::cli::failure::Failure;
use crate::cli::ui::{self, Ui};
use crate::cli::{jobs, live};
use crate::line;
use crate::paths::Paths;
use crate::probe::{Disks, Host};
use crate::section::{Document, Form, Section, Told};
use crate::status::Status;

/// A section as it is read.
#[derive(Debug, Deserialize)]
struct Read {
    data: Value,
    age_ms: Option<i64>,
    stale: bool,
    error: Option<String>,
    status: Option<Status>,
    check: Option<CheckId>,
}

pub(super) fn full(args: &StatusArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let bearer = Bearer::of(args.token_file.as_deref())?;
    let text = match agent::ask(args.connect, &bearer, paths, ui)? {
        Some(text) => text,
        None => survey(paths, ui)?,
    };
    let sections: BTreeMap<String, Read> = serde_json::from_str(&text)?;
    let worst = sections.get("summary").and_then(|summary| summary.data["status"].as_str()?.parse().ok());
    let worst: Status = worst.unwrap_or(Status::Unknown);
    let ui = &ui.ending_with(worst.plugin_exit());
    if ui.json {
        ui.json_text(&text)?;
        return Ok(worst.plugin_exit());
    }
    let place = |name: &str| BUILT_IN_SECTIONS.iter().position(|built_in| *built_in == name).unwrap_or(usize::MAX);
    let mut sections: Vec<(String, Read)> = sections.into_iter().collect();
    sections.sort_by_key(|(name, _)| place(name));
    for (name, section) in sections {
        ui.print(format!("{}{}", ui.bold(&name), heading(&section, ui)))?;
        if let Some(error) = &section.error {
            ui.print(format!("  {}", ui.painted(Status::Warning, line::printable(error))))?;
        }
        for text in outline::lines(&section.data, ui) {
            ui.print(format!("  {text}"))?;
        }
    }
    Ok(worst.plugin_exit())
}

/// ` OK, 12 s old, from the check disks`
fn heading(section: &Read, ui: &Ui) -> String {
    let age = section.age_ms.map(|age| format!("{} old", ui::roughly(SignedDuration::from_millis(age))));
    let check = section.check.as_ref().map(|check| format!("from the check `{check}`"));
    let words = [section.stale.then(|| "stale".to_owned()), age.filter(|_| section.check.is_some()), check];
    let words: Vec<String> = words.into_iter().flatten().collect();
    let status = section.status.map(|status| format!(" {}", ui.status(status))).unwrap_or_default();
    format!("{status}{}", if words.is_empty() { String::new() } else { ui.dim(format!(" ({})", words.join(", "))) })
}

/// The same document without an agent.
fn survey(paths: &Paths, ui: &Ui) -> Result<String, Failure> {
    let board = live::board(paths, ui)?;
    let (now, host) = (Timestamp::now(), Host { root: paths.root.clone(), scope: paths.scope });
    let version = env!("CARGO_PKG_VERSION");
    let service = Service { status: "not-running", started_at: None, uptime_seconds: None, version };
    let first = vec![overview::service(&service), overview::host(board.host(), &host, &Disks::new(host.clone()), now)];
    let told = Told::of(&board);
    let jobs = overview::jobs(&jobs::report(&board, paths)?);
    let sections = told.sections(first, vec![jobs], now);
    let sections: Vec<&Section> = sections.iter().map(AsRef::as_ref).collect();
    let document = Document { sections: &sections, form: Form::Wrapped, now };
    Ok(String::from_utf8_lossy(&document.parts()?.concat()).into_owned())
}
