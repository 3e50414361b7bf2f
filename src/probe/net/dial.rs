//! Connecting: a name to addresses, then one address after the other.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use clap::Args;
use tokio::net::{TcpStream, lookup_host};

use super::{Deadline, HostPort, NetError, Phase};

/// Which addresses of a name count.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Family {
    /// Use IPv4 only
    #[arg(short = '4', long, conflicts_with = "ipv6")]
    ipv4: bool,
    /// Use IPv6 only
    #[arg(short = '6', long)]
    ipv6: bool,
}

/// A connection, and what it took.
#[derive(Debug)]
pub(crate) struct Dialed {
    pub(crate) stream: TcpStream,
    pub(crate) address: SocketAddr,
    pub(crate) resolve: Duration,
    pub(crate) connect: Duration,
}

/// Connects to the first address that lets it. Each address gets an equal share of the time that is left, so that one that swallows
/// everything leaves time for the next.
pub(crate) async fn dial(target: &HostPort, family: Family, deadline: Deadline) -> Result<Dialed, NetError> {
    let start = Instant::now();
    let addresses = deadline.step(Phase::Resolve, resolve(target, family)).await?;
    let resolve = start.elapsed();
    let start = Instant::now();
    let mut failures = Vec::new();
    for (tried, address) in addresses.iter().enumerate() {
        let share = deadline.left() / u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        match tokio::time::timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) if is_own(&stream) => failures.push((*address, NetError::down(Phase::Connect, "refused"))),
            Ok(Ok(stream)) => return Ok(Dialed { stream, address: *address, resolve, connect: start.elapsed() }),
            Ok(Err(error)) => failures.push((*address, NetError::io(Phase::Connect, &error))),
            Err(_) => failures.push((*address, NetError::down(Phase::Connect, "timed out"))),
        }
    }
    Err(together(failures))
}

/// Whether it is connected to itself: where nobody listens on a port of this host, the kernel may choose that very port for the caller's
/// side, and two sides that call each other are connected.
fn is_own(stream: &TcpStream) -> bool {
    stream.local_addr().is_ok_and(|local| stream.peer_addr().is_ok_and(|peer| local == peer))
}

async fn resolve(target: &HostPort, family: Family) -> Result<Vec<SocketAddr>, NetError> {
    let unresolved = |error: std::io::Error| {
        let text = error.to_string();
        let cause = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
        NetError::down(Phase::Resolve, format!("`{}` does not resolve ({cause})", target.host))
    };
    let found = lookup_host((target.host.as_str(), target.port)).await.map_err(unresolved)?;
    let mut addresses: Vec<SocketAddr> = found.filter(|address| family.takes(address)).collect();
    addresses.dedup();
    if addresses.is_empty() {
        let kind = if family.ipv6 { "IPv6" } else { "IPv4" };
        return Err(NetError::down(Phase::Resolve, format!("`{}` has no {kind} address", target.host)));
    }
    Ok(addresses)
}

impl Family {
    fn takes(self, address: &SocketAddr) -> bool {
        match (self.ipv4, self.ipv6) {
            (true, _) => address.is_ipv4(),
            (_, true) => address.is_ipv6(),
            (false, false) => true,
        }
    }
}

/// The failures of all addresses as one; "down" only if the other side had its say at least once.
fn together(mut failures: Vec<(SocketAddr, NetError)>) -> NetError {
    if let Some(at) = failures.iter().position(|(_, error)| matches!(error, NetError::NotAsked(_)))
        && failures.iter().all(|(_, error)| matches!(error, NetError::NotAsked(_)))
    {
        return failures.swap_remove(at).1;
    }
    let words: Vec<String> = failures.iter().map(|(address, error)| format!("{address} {}", error.reason())).collect();
    NetError::down(Phase::Connect, words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::ProbeError;
    use crate::status::Status;

    #[tokio::test]
    async fn a_connection_to_itself_is_seen_through() -> std::io::Result<()> {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind("127.0.0.1:0".parse().unwrap())?;
        let own = socket.local_addr()?;
        assert!(is_own(&socket.connect(own).await?));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        assert!(!is_own(&TcpStream::connect(listener.local_addr()?).await?));
        Ok(())
    }

    #[test]
    fn every_address_has_its_reason_and_what_was_not_asked_is_not_down() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let refused = || (address("[::1]:9"), NetError::down(Phase::Connect, "refused"));
        let denied = || (address("127.0.0.1:9"), NetError::NotAsked(ProbeError::Unanswerable("not permitted".into())));
        let both = together(vec![refused(), denied()]);
        assert_eq!(
            (both.status(), both.reason()),
            (Status::Failure, "[::1]:9 refused, 127.0.0.1:9 not permitted".into())
        );
        assert_eq!(together(vec![denied()]).status(), Status::Error);
    }
}
