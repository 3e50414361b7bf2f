//! `ssi probe`: one question, one status line or document.

use std::io::Write;

use super::args::ProbeArgs;
use super::failure::Failure;
use super::ui::{Ui, with_causes};
use crate::answer::Answer;
use crate::paths::Paths;
use crate::probe::Host;
use crate::status::Status;

pub(super) fn probe(args: &ProbeArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let host = Host { root: paths.root.clone(), scope: paths.scope };
    let answer = args.probe.ask(&host).unwrap_or_else(|error| {
        // What kept it from asking is its answer: the script that ends with this command says so too.
        Answer::new(Status::Error, with_causes(&error.into()))
    });
    let ui = ui.ending_with(answer.exit());
    if let Some(wanted) = &args.facts {
        // Whoever closed it does not want to know.
        let _ = writeln!(std::io::stderr(), "{answer}");
        ui.json(&wanted.of(&answer.facts.clone().into()))?
    } else if ui.json {
        ui.json(&answer.document())?
    } else {
        ui.print(&answer)?
    }
    Ok(answer.exit())
}
