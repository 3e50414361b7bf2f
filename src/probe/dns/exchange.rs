//! Asking name servers: by UDP, again by TCP where the reply did not fit, and the next server where one has nothing to say.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use domain::base::Name;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

use super::message::{self, Kind, Reply};
use super::resolv::Resolv;
use crate::probe::ProbeError;
use crate::probe::net::{Deadline, NetError, Phase, down_because};

/// Who replied what, and how long that took.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    /// The full name that was asked for.
    pub(super) name: String,
    pub(super) server: SocketAddr,
    pub(super) reply: Reply,
    pub(super) took: Duration,
}

/// Asks all servers, as often as the configuration says, until one knows. A refusal of the last one is a reply too.
pub(super) async fn ask(
    resolv: &Resolv,
    name: &Name<Vec<u8>>,
    kind: Kind,
    deadline: Deadline,
) -> Result<Answered, NetError> {
    let mut tries: Vec<SocketAddr> = resolv.servers.repeat(resolv.attempts as usize);
    let (mut refusal, mut failures) = (None, Vec::new());
    while !tries.is_empty() {
        let server = tries.remove(0);
        let share = deadline.left() / u32::try_from(tries.len() + 1).unwrap_or(u32::MAX);
        let start = Instant::now();
        let asked = tokio::time::timeout(share.min(resolv.timeout), exchange(server, name, kind)).await;
        match asked.unwrap_or_else(|_| Err(NetError::down(Phase::Request, "timed out"))) {
            Ok(reply) if reply.is_refusal() => {
                // It has said so, and would say so again.
                tries.retain(|other| *other != server);
                refusal = Some(Answered { name: name.to_string(), server, reply, took: start.elapsed() });
            }
            Ok(reply) => return Ok(Answered { name: name.to_string(), server, reply, took: start.elapsed() }),
            Err(error @ NetError::NotAsked(_)) => return Err(error),
            Err(error) => {
                let failure = format!("{server} {}", error.reason());
                if !failures.contains(&failure) {
                    failures.push(failure);
                }
            }
        }
    }
    refusal.ok_or_else(|| NetError::down(Phase::Request, format!("no answer: {}", failures.join(", "))))
}

async fn exchange(server: SocketAddr, name: &Name<Vec<u8>>, kind: Kind) -> Result<Reply, NetError> {
    // Each has a seed of its own from the system's random numbers.
    let id = (RandomState::new().build_hasher().finish() & 0xffff) as u16;
    let too_long = || NetError::NotAsked(ProbeError::Unanswerable(format!("`{name}` is too long to be asked for")));
    let query = message::query(id, name, kind).ok_or_else(too_long)?;
    let down = down_because(Phase::Request);
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await.map_err(&down)?;
    socket.connect(server).await.map_err(&down)?;
    socket.send(&query).await.map_err(&down)?;
    let mut buffer = vec![0; 65_535];
    loop {
        let length = socket.recv(&mut buffer).await.map_err(&down)?;
        // What does not fit the question may be somebody else's attempt at an answer.
        match message::read(&query, &buffer[..length], kind) {
            Some(reply) if reply.is_truncated => return by_tcp(server, &query, kind).await,
            Some(reply) => return Ok(reply),
            None => {}
        }
    }
}

async fn by_tcp(server: SocketAddr, query: &[u8], kind: Kind) -> Result<Reply, NetError> {
    let down = down_because(Phase::Request);
    let mut stream = TcpStream::connect(server).await.map_err(&down)?;
    let length = u16::try_from(query.len()).unwrap_or(u16::MAX);
    let framed = [&length.to_be_bytes(), query].concat();
    stream.write_all(&framed).await.map_err(&down)?;
    let length = stream.read_u16().await.map_err(&down)?;
    let mut reply = vec![0; length.into()];
    stream.read_exact(&mut reply).await.map_err(&down)?;
    let unreadable = || NetError::down(Phase::Request, "replied with what is no answer to the question");
    message::read(query, &reply, kind).ok_or_else(unreadable)
}
