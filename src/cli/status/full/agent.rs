//! Asks the agent, if one runs.

use std::net::SocketAddr;

use crate::agent;
use crate::cli::bearer::Bearer;
use crate::cli::failure::Failure;
use crate::cli::ui::Ui;
use crate::cli::{http, live};
use crate::paths::Paths;

/// The document; `None` where no agent answers and nobody said where one should.
pub(super) fn ask(
    connect: Option<SocketAddr>,
    bearer: &Bearer,
    paths: &Paths,
    ui: &Ui,
) -> Result<Option<String>, Failure> {
    if paths.root.is_some() && connect.is_none() {
        return Ok(None);
    }
    let address = connect.unwrap_or_else(|| agent::default_address(paths.scope));
    bearer.warn(address, ui);
    match live::block_on(fetch(address, bearer)) {
        Ok(text) => Ok(Some(text)),
        Err(_) if connect.is_none() => Ok(None),
        Err(failure) => Err(failure),
    }
}

async fn fetch(address: SocketAddr, bearer: &Bearer) -> Result<String, Failure> {
    let none = |reason: String| Failure::failed(format!("no agent answers on {address} ({reason})"));
    let (status, text) = http::get(address, "/status", bearer).await.map_err(|error| none(error.to_string()))?;
    if let Some(refusal) = bearer.refusal(address, status, &text) {
        return Err(Failure::refused(refusal));
    }
    // Something else may listen there.
    if !status.is_success() || !text.starts_with(r#"{"service":"#) {
        return Err(none(format!("what answers with {status} is no agent of this version")));
    }
    Ok(text)
}
