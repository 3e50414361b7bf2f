//! Looks at a host for [`crate::diagnosis`], and carries out what mends it.
//!
//! Input: [`Paths`], and systemd where there is one. Output: [`Facts`], and for each [`crate::diagnosis::Remedy`] what came of it.

mod bus;
mod files;
mod host;
mod mend;

use std::path::Path;

pub use mend::{MendError, mend};

use crate::diagnosis::{Complaint, Facts};
use crate::files::FileError;
use crate::paths::Paths;
use crate::systemd::Systemd;
use crate::token::Tokens;
use crate::{access, install, settings};

/// The service of the agent.
const AGENT: &str = "ssi-agent.service";

/// Looks at everything that this user may see. `running` is the binary that asks. Errors: the directory of scripts can't be read.
pub async fn look(paths: &Paths, running: &Path) -> Result<Facts, FileError> {
    let (owners, mut unseen) = (files::owners(paths), Vec::new());
    let systemd = match paths.root {
        Some(_) => None,
        None => Some(Systemd::connect(paths.scope).await),
    };
    let place = paths.place(install::program_for(paths, running)?.path);
    let mut checks = files::checks(paths, &place)?;
    let places = files::places(paths, &checks, &owners, &mut unseen);
    let mut host = host::look(paths, &places);
    let mut strays = files::stray_links(paths, &checks);
    let mut agent = None;
    match &systemd {
        Some(Ok(systemd)) => match bus::look(systemd, paths, &mut checks, &mut host, &mut unseen).await {
            Ok((units, service)) => {
                strays.extend(units);
                agent = service;
            }
            Err(error) => host.no_bus = Some(with_cause(&error)),
        },
        Some(Err(error)) => host.no_bus = Some(with_cause(error)),
        None => {}
    }
    let configuration = complaints(paths, &mut unseen);
    Ok(Facts { scope: paths.scope, host, owners, places, checks, strays, agent, configuration, unseen })
}

fn complaints(paths: &Paths, unseen: &mut Vec<String>) -> Vec<Complaint> {
    let mut loaded = settings::load(paths);
    let tokens = access::load(paths);
    if tokens.as_ref().is_ok_and(Tokens::is_empty) {
        loaded.reports.extend(loaded.needs_token.take());
    }
    let found = loaded.reports.iter().flat_map(settings::Report::findings);
    let mut complaints: Vec<Complaint> =
        found.map(|finding| Complaint { text: finding.to_string(), is_error: finding.is_error }).collect();
    match tokens {
        Ok(_) => {}
        Err(access::AccessError::File(error)) if error.is_permission() => unseen.push("the tokens".to_owned()),
        Err(error) => complaints.push(Complaint { text: with_cause(&error), is_error: true }),
    }
    complaints
}

fn with_cause(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    if let Some(cause) = error.source().map(ToString::to_string).filter(|cause| !text.ends_with(cause.as_str())) {
        text.push_str(&format!(": {cause}"));
    }
    text
}
