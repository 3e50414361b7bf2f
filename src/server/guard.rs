//! Who may talk to this listener: programs, and pages that this listener itself serves, of those who may read.
//!
//! A browser sends requests to a local port for any page that asks it to. Two headers that a page cannot forge tell such requests apart:
//! `Host` names what the browser believes to talk to (another name that resolves to this address is refused: DNS rebinding), `Origin` the
//! page that asks. Programs that are no browser send no `Origin`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Instant;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, Version, header};
use tokio::sync::watch;

use super::Live;
use super::accept::Ends;
use super::admission::{self, Access, Client, Grant};
use super::answers::Answers;
use super::problem::Problem;
use super::rate::Rates;
use crate::config::Settings;

/// The names by which a listener may be called.
#[derive(Clone, Debug)]
pub struct Guard {
    names: Vec<String>,
    access: Option<Arc<dyn Access>>,
    /// What they are being told.
    pub(super) answers: Answers,
    rates: Option<Arc<Rates>>,
    settings: Option<watch::Receiver<Arc<Settings>>>,
}

/// A host with its port, as a `Host` header or an authority has it.
#[derive(Debug, PartialEq, Eq)]
struct Host {
    name: Name,
    port: Option<u16>,
}

#[derive(Debug, PartialEq, Eq)]
enum Name {
    /// In lower case, without the dot of the root.
    Dns(String),
    Ip(IpAddr),
}

impl Guard {
    /// For listeners that are called `localhost`, by an IP address (a loopback one, where they are asked there) or by one of `names`.
    pub fn new(names: impl IntoIterator<Item = String>) -> Guard {
        let names = names.into_iter().map(|name| fold(&name)).collect();
        Guard { names, access: None, answers: Answers::default(), rates: None, settings: None }
    }

    /// With at most so many requests of a peer as the settings say, and under the names that they give.
    pub fn with_settings(self, settings: watch::Receiver<Arc<Settings>>) -> Guard {
        Guard { rates: Some(Arc::new(Rates::new(settings.clone()))), settings: Some(settings), ..self }
    }

    /// With tokens, which let those read whose address does not.
    pub fn with_access(self, access: Arc<dyn Access>) -> Guard {
        Guard { access: Some(access), ..self }
    }

    /// Ends the subscriptions of those who may not read any longer. May read a disk.
    pub fn review(&self, live: &Live) {
        // Who can't be judged now was let in before.
        if let Some(tokens) = self.access.as_ref().and_then(|access| access.tokens()) {
            let settings = self.settings();
            live.review(|grant| grant.holds(&settings.http, &tokens));
        }
    }

    /// Lets a request pass, or says why not.
    pub(super) async fn admit(
        &self,
        ends: Ends,
        version: Version,
        uri: &Uri,
        headers: &HeaderMap,
        is_subscription: bool,
    ) -> Result<Grant, Problem> {
        let settings = self.settings();
        let named = self.check(ends.local, uri, headers);
        let client = Client::of(ends, version, headers, matches!(named, Ok(true)), &settings.http);
        let is_trusted = client.is_trusted(&settings.http);
        // Subscribers have limits of their own.
        if !(is_subscription && is_trusted) {
            self.meter(client.address().unwrap_or(ends.peer))?;
        }
        named?;
        if is_trusted || is_public(uri.path()) {
            return Ok(Grant::Client(client));
        }
        let refused = |is_token| admission::refused(client, headers, is_token);
        let secret = admission::secret(headers).ok_or_else(|| refused(false))?;
        let access = self.access.clone().ok_or_else(|| refused(true))?;
        let tokens = tokio::task::spawn_blocking(move || access.tokens()).await.ok().flatten();
        let tokens = tokens.ok_or_else(|| {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the tokens can't be read; the journal of the agent says why")
        })?;
        match tokens.find(&secret) {
            Some(_) => Ok(Grant::Token(secret.hash())),
            None => Err(refused(true)),
        }
    }

    /// What is in force.
    pub(super) fn settings(&self) -> Arc<Settings> {
        self.settings.as_ref().map(|settings| Arc::clone(&settings.borrow())).unwrap_or_default()
    }

    /// Refuses a request of a peer that asks too much.
    fn meter(&self, peer: IpAddr) -> Result<(), Problem> {
        let Some(Err(wait)) = self.rates.as_ref().map(|rates| rates.take(peer, Instant::now())) else { return Ok(()) };
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too many requests; `Retry-After` says when");
        let seconds = wait.as_secs() + 1;
        Err(problem.header(header::RETRY_AFTER, HeaderValue::from(seconds)))
    }

    /// Refuses a request to the address `local` that a foreign page, or a page under a foreign name, made a browser send.
    /// Says whether it is called by a name that means this host and no other.
    fn check(&self, local: IpAddr, uri: &Uri, headers: &HeaderMap) -> Result<bool, Problem> {
        let forbidden = |detail: String| Problem::new(StatusCode::FORBIDDEN, detail);
        let host = match only(headers, header::HOST) {
            Ok(Some(host)) => host,
            Ok(None) => return Err(Problem::new(StatusCode::BAD_REQUEST, "a request names its `Host`")),
            Err(detail) => return Err(Problem::new(StatusCode::BAD_REQUEST, detail)),
        };
        let target = uri.authority().map(|authority| authority.as_str());
        let mut called = None;
        for text in target.into_iter().chain([host]) {
            let parsed = Host::parse(text).filter(|host| self.answers_to(local, &host.name));
            let why = || {
                forbidden(format!(
                    "`Host: {text}` is not a name of this listener: use localhost or its address, or name it in `[http] names`"
                ))
            };
            called = Some(parsed.ok_or_else(why)?);
        }
        // A browser sends no `Origin` for a picture, whose size would tell a status. Whoever follows a link leaves his page.
        let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if said("sec-fetch-site") == Some("cross-site") && said("sec-fetch-mode") != Some("navigate") {
            return Err(forbidden(
                "a page of another site than this listener asks; such pages may not read the board".to_owned(),
            ));
        }
        let is_local = called.as_ref().is_some_and(|host| host.name.is_local());
        match (only(headers, header::ORIGIN), called) {
            (Ok(None), _) => Ok(is_local),
            (Ok(Some(origin)), Some(host)) if is_same(origin, &host) => Ok(is_local),
            (Ok(Some(origin)), _) => Err(forbidden(format!(
                "`Origin: {origin}` is another site than this listener; its pages may not read the board"
            ))),
            (Err(detail), _) => Err(forbidden(detail)),
        }
    }

    fn is_configured(&self, name: &str) -> bool {
        self.settings().http.names.iter().any(|known| known == name)
    }

    fn answers_to(&self, local: IpAddr, name: &Name) -> bool {
        match name {
            Name::Dns(name) => name == "localhost" || self.names.contains(name) || self.is_configured(name),
            Name::Ip(ip) => !local.is_loopback() || ip.to_canonical().is_loopback(),
        }
    }
}

impl Name {
    fn is_local(&self) -> bool {
        match self {
            Name::Dns(name) => name == "localhost",
            Name::Ip(ip) => ip.to_canonical().is_loopback(),
        }
    }
}

impl Host {
    /// Reads `name`, `name:port`, `1.2.3.4:port` or `[::1]:port`. Anything else, user information too, is none.
    fn parse(text: &str) -> Option<Host> {
        let (name, port) = match text.strip_prefix('[') {
            Some(text) => {
                let (ip, port) = text.split_once(']')?;
                (Name::Ip(IpAddr::V6(ip.parse::<Ipv6Addr>().ok()?)), port)
            }
            None => {
                let end = text.find(':').unwrap_or(text.len());
                let (name, port) = text.split_at_checked(end)?;
                let name = fold(name);
                let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
                if name.is_empty() || !name.bytes().all(is_name) {
                    return None;
                }
                (name.parse::<Ipv4Addr>().map_or(Name::Dns(name), |ip| Name::Ip(IpAddr::V4(ip))), port)
            }
        };
        let port = match port.strip_prefix(':') {
            None if port.is_empty() => None,
            None => return None,
            Some("") => None,
            Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => Some(port.parse().ok()?),
            Some(_) => return None,
        };
        Some(Host { name, port })
    }
}

/// What everybody may ask for: the results of programs, which show a key of their own, and whether there is an agent.
fn is_public(path: &str) -> bool {
    path == "/healthz" || path.starts_with("/ping/")
}

/// Whether an `Origin` is the very host that was called.
fn is_same(origin: &str, host: &Host) -> bool {
    let schemes = [("http://", 80), ("https://", 443)];
    schemes.into_iter().any(|(scheme, default)| {
        let rest = origin.split_at_checked(scheme.len()).filter(|(start, _)| start.eq_ignore_ascii_case(scheme));
        rest.and_then(|(_, rest)| Host::parse(rest)).is_some_and(|origin| {
            origin.name == host.name && origin.port.unwrap_or(default) == host.port.unwrap_or(default)
        })
    })
}

/// The one value of a header.
fn only(headers: &HeaderMap, name: HeaderName) -> Result<Option<&str>, String> {
    let mut values = headers.get_all(&name).iter();
    match (values.next().map(HeaderValue::to_str), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) => Ok(Some(value)),
        _ => Err(format!("`{name}` has one value, in plain letters")),
    }
}

fn fold(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
