//! One question to the agent over HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{anyhow, bail};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::bearer::Bearer;

/// An agent answers at once; what does not is none.
const PATIENCE: Duration = Duration::from_secs(3);
/// The document of ten thousand checks fits.
const MOST: usize = 64 * 1024 * 1024;

/// What the agent answers at `path` to who shows this: status and text.
pub(super) async fn get(address: SocketAddr, path: &str, bearer: &Bearer) -> anyhow::Result<(StatusCode, String)> {
    match timeout(PATIENCE, exchange(address, path, bearer)).await {
        Ok(answer) => answer,
        Err(_) => bail!("nothing came within {} s", PATIENCE.as_secs()),
    }
}

async fn exchange(address: SocketAddr, path: &str, bearer: &Bearer) -> anyhow::Result<(StatusCode, String)> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let mut request = Request::get(path).header(HOST, address.to_string()).body(Empty::<Bytes>::new())?;
    if let Some(value) = bearer.header() {
        request.headers_mut().insert(AUTHORIZATION, value.clone());
    }
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
    Ok((status, String::from_utf8(body.to_vec())?))
}
