//! Asks the agent, if one runs.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{anyhow, bail};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::agent;
use crate::cli::failure::Failure;
use crate::cli::live;
use crate::paths::Paths;

/// An agent answers at once; what does not is none.
const PATIENCE: Duration = Duration::from_secs(3);
/// The document of ten thousand checks fits.
const MOST: usize = 64 * 1024 * 1024;

/// The document; `None` where no agent answers and nobody said where one should.
pub(super) fn ask(connect: Option<SocketAddr>, paths: &Paths) -> Result<Option<String>, Failure> {
    if paths.root.is_some() && connect.is_none() {
        return Ok(None);
    }
    let address = connect.unwrap_or_else(|| agent::default_address(paths.scope));
    let answer = live::block_on(async {
        Ok(match timeout(PATIENCE, fetch(address)).await {
            Ok(answer) => answer,
            Err(_) => Err(anyhow!("nothing came within {} s", PATIENCE.as_secs())),
        })
    })?;
    match answer {
        Ok(text) => Ok(Some(text)),
        Err(_) if connect.is_none() => Ok(None),
        Err(error) => Err(Failure::failed(format!("no agent answers on {address} ({error})"))),
    }
}

async fn fetch(address: SocketAddr) -> anyhow::Result<String> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::get("/status").header(HOST, address.to_string()).body(Empty::<Bytes>::new())?;
    let exchange = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MOST).collect().await.map_err(|error| anyhow!(error))?;
        anyhow::Ok((status, body.to_bytes()))
    };
    tokio::pin!(connection);
    let (status, body) = tokio::select! {
        answer = exchange => answer?,
        // It ends only after the answer, or with an error that the exchange would tell as well.
        ended = &mut connection => return Err(ended.err().map_or_else(|| anyhow!("it hung up"), Into::into)),
    };
    // Something else may listen there.
    let text = String::from_utf8(body.to_vec())?;
    if !status.is_success() || !text.starts_with(r#"{"service":"#) {
        bail!("what answers with {status} is no agent of this version");
    }
    Ok(text)
}
