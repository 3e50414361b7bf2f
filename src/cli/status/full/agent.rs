//! Asks the agent, if one runs.

use std::net::SocketAddr;

use anyhow::bail;

use crate::agent;
use crate::cli::failure::Failure;
use crate::cli::{http, live};
use crate::paths::Paths;

/// The document; `None` where no agent answers and nobody said where one should.
pub(super) fn ask(connect: Option<SocketAddr>, paths: &Paths) -> Result<Option<String>, Failure> {
    if paths.root.is_some() && connect.is_none() {
        return Ok(None);
    }
    let address = connect.unwrap_or_else(|| agent::default_address(paths.scope));
    match live::block_on(async { Ok(fetch(address).await) })? {
        Ok(text) => Ok(Some(text)),
        Err(_) if connect.is_none() => Ok(None),
        Err(error) => Err(Failure::failed(format!("no agent answers on {address} ({error})"))),
    }
}

async fn fetch(address: SocketAddr) -> anyhow::Result<String> {
    let (status, text) = http::get(address, "/status").await?;
    // Something else may listen there.
    if !status.is_success() || !text.starts_with(r#"{"service":"#) {
        bail!("what answers with {status} is no agent of this version");
    }
    Ok(text)
}
