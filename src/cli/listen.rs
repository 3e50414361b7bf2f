//! The sockets that the agent serves: those that systemd passes it, and those that it opens itself.

use std::net::SocketAddr;

use anyhow::Context;
use listenfd::ListenFd;
use tokio::net::TcpListener;

use super::failure::Failure;
use crate::config::{Http, Mistake};

const NO_SOCKET: &str = "systemd passed something else than a TCP socket: see `ListenStream=` of the socket unit";

/// Sockets that systemd opened and keeps while the agent is restarted.
#[derive(Debug, Default)]
pub(super) struct Passed(Vec<std::net::TcpListener>);

impl Passed {
    /// Takes them out of the environment; children get neither them nor the word of them.
    pub(super) fn take() -> Result<Passed, Failure> {
        let mut passed = ListenFd::from_env();
        let sockets = (0..passed.len()).filter_map(|index| passed.take_tcp_listener(index).transpose());
        let sockets = sockets.collect::<std::io::Result<_>>();
        Ok(Passed(sockets.context(NO_SOCKET).map_err(Failure::new)?))
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Listens on what systemd passed, and on the `addresses` that are not among it. Beyond loopback only where somebody there may read.
pub(super) fn listen(
    passed: Passed,
    addresses: &[SocketAddr],
    http: &Http,
    has_tokens: impl FnOnce() -> Result<bool, Failure>,
) -> Result<Vec<TcpListener>, Failure> {
    let mut sockets = Vec::new();
    for socket in passed.0 {
        socket.set_nonblocking(true)?;
        sockets.push(TcpListener::from_std(socket)?);
    }
    let passed = sockets.iter().map(TcpListener::local_addr).collect::<std::io::Result<Vec<_>>>()?;
    if let Some(address) = http.needs_token(passed.iter().chain(addresses))
        && !has_tokens()?
    {
        let mistake = Mistake::NoReader(address);
        let advice = mistake.expected().unwrap_or_default();
        return Err(Failure::usage(format!("{mistake}: {advice}")));
    }
    for address in addresses.iter().filter(|address| !passed.contains(address)) {
        sockets.push(open(*address, &passed)?);
    }
    Ok(sockets)
}

/// Opens a socket. As systemd's, it waits with many connections while they are taken one by one.
fn open(address: SocketAddr, passed: &[SocketAddr]) -> Result<TcpListener, Failure> {
    let listener = std::net::TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener)
    });
    listener.map_err(|error| {
        let holder = passed.iter().find(|passed| passed.port() == address.port());
        let hint = match (error.kind(), holder) {
            (std::io::ErrorKind::AddrInUse, Some(holder)) => {
                format!(": ssi-agent.socket holds {holder}; name single addresses of this host, or `systemctl mask --now ssi-agent.socket`")
            }
            (std::io::ErrorKind::AddrInUse, None) => {
                ": is another agent running? `--listen 127.0.0.1:0` takes any free port".to_owned()
            }
            _ => String::new(),
        };
        Failure::new(anyhow::Error::new(error).context(format!("could not listen on {address}{hint}")))
    })
}
