//! Pages that are asked for again and again.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::fetch::Fetch;
use super::statuses::Statuses;
use super::{Http, Url, status_words};
use crate::probe::ProbeError;
use crate::probe::net::{Family, Latency, NetError, TimeLimit, Tls, Trust};

/// How long authorities that were read once are believed: an update of them counts from then on.
const AUTHORITIES: Duration = Duration::from_secs(3600);
/// The most of a page that is read. It is only there to see that the page comes.
const MOST: usize = 64 * 1024;

/// Asks for pages, as `ssi probe http` does: redirects are answers, and certificates have to be right.
#[derive(Default)]
pub struct Pages {
    tls: Mutex<Option<(Instant, Tls)>>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The status code.
    pub status: u16,
    /// The same with its name: `404 Not Found`.
    pub words: String,
    /// How long it took, from the lookup of the name to the end of the page.
    pub latency: Duration,
}

/// No answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// The server is down, or does not do what it should.
    Down(String),
    /// It could not be asked.
    NotAsked(String),
}

impl Pages {
    /// Asks once, for at most `timeout`.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    pub async fn ask(&self, url: &str, timeout: Duration) -> Result<Seen, Unseen> {
        let question = question(Url::parse(url).map_err(Unseen::NotAsked)?, timeout);
        let tls = match question.url.is_https {
            true => Some(self.tls().map_err(|error| Unseen::from(NetError::NotAsked(error)))?),
            false => None,
        };
        let fetched = Fetch::again(&question, tls, MOST).run().await;
        let page = fetched.page?;
        Ok(Seen { status: page.status.as_u16(), words: status_words(&page), latency: fetched.total })
    }

    fn tls(&self) -> Result<Tls, ProbeError> {
        let mut kept = self.tls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, tls)) = kept.as_ref().filter(|(read, _)| read.elapsed() < AUTHORITIES) {
            return Ok(tls.clone());
        }
        let tls = Tls::new(&Trust::System, true, Some("http/1.1"))?;
        *kept = Some((Instant::now(), tls.clone()));
        Ok(tls)
    }
}

impl From<NetError> for Unseen {
    fn from(error: NetError) -> Unseen {
        match error {
            NetError::Down { .. } => Unseen::Down(error.words()),
            NetError::NotAsked(_) => Unseen::NotAsked(error.words()),
        }
    }
}

/// Asks the server behind a socket of this host; the status code and the page, of which 1 MiB is read.
pub(in crate::probe) async fn ask_socket(
    socket: &Path,
    path: &str,
    timeout: Duration,
) -> Result<(u16, Vec<u8>), NetError> {
    let url = Url::parse(&format!("http://localhost{path}"));
    let url = url.map_err(|reason| NetError::NotAsked(ProbeError::Unanswerable(reason)))?;
    let question = Http { unix_socket: Some(socket.to_owned()), ..question(url, timeout) };
    let page = Fetch::new(&question, &[]).run().await.page?;
    Ok((page.status.as_u16(), page.body))
}

/// A plain question, whose answer is judged elsewhere.
fn question(url: Url, timeout: Duration) -> Http {
    Http {
        url,
        latency: Latency::default(),
        limit: TimeLimit { timeout },
        status: Statuses::any(),
        contains: None,
        field: Vec::new(),
        follow: false,
        method: None,
        body: None,
        header: Vec::new(),
        header_file: None,
        bearer_file: None,
        connect: None,
        unix_socket: None,
        certificate: None,
        certificate_critical: None,
        insecure: false,
        ca: None,
        family: Family::default(),
    }
}
