//! Who may read: programs of this host, trusted networks, and who bears a token.
//!
//! Input: the ends of a connection, the head of a request, the settings, and the tokens as they are. Output: a [`Grant`], or a 401. An
//! address says something only of who is connected. A request that was passed on comes from somebody else, so that neither loopback nor
//! a trusted network counts for it, unless the settings name the proxy and the network of who it says that asked.

use std::fmt;
use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use data_encoding::BASE64;

use super::accept::Ends;
use super::problem::Problem;
use super::shares::Share;
use crate::config::{Http, Network};
use crate::token::{Secret, Tokens};

/// What only a proxy adds, beside everything that begins with `x-forwarded-`.
static OF_PROXIES: [HeaderName; 9] = [
    header::FORWARDED,
    header::VIA,
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("x-client-ip"),
    HeaderName::from_static("x-cluster-client-ip"),
    HeaderName::from_static("true-client-ip"),
    HeaderName::from_static("cf-connecting-ip"),
    HeaderName::from_static("fastly-client-ip"),
    HeaderName::from_static("cdn-loop"),
];
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Where tokens are looked up.
pub trait Access: fmt::Debug + Send + Sync {
    /// The tokens as they are now; `None` where they can't be read. May read a disk.
    fn tokens(&self) -> Option<Tokens>;
}

/// Why somebody may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// For the address.
    Client(Client),
    /// For a token, known by the hash of its secret.
    Token(String),
}

/// What a subscriber has for as long as it is one.
#[derive(Debug)]
pub struct Pass {
    /// Why it may read.
    pub grant: Grant,
    /// Its connection counts.
    _seat: Share,
}

impl Pass {
    /// The right to read, and the place of the connection.
    pub fn new(grant: Grant, seat: Share) -> Pass {
        Pass { grant, _seat: seat }
    }
}

/// Who asks, as far as that can be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// Who is connected.
    Direct(IpAddr),
    /// Somebody behind a proxy; with an address where the settings trust the proxy to know it.
    Forwarded(Option<IpAddr>),
}

impl Client {
    /// Who sent a request. `is_local`: it called this host by a name that only means the host itself.
    pub fn of(ends: Ends, version: Version, headers: &HeaderMap, is_local: bool, http: &Http) -> Client {
        let peer = ends.peer;
        let is_marked =
            headers.keys().any(|name| OF_PROXIES.contains(name) || name.as_str().starts_with("x-forwarded-"));
        // A proxy that marks nothing gives itself away by the name that it was asked for, or, as nginx does by itself, by an old version.
        let is_forwarded = is_marked || version < Version::HTTP_11 || (peer.is_loopback() && !is_local);
        match (is_forwarded, is_in(&http.proxies, peer)) {
            (false, _) => Client::Direct(peer),
            (true, true) => Client::Forwarded(sender(headers, &http.proxies)),
            (true, false) => Client::Forwarded(None),
        }
    }

    /// Whether it may read without a token.
    pub fn is_trusted(&self, http: &Http) -> bool {
        match *self {
            Client::Direct(ip) => ip.is_loopback() || is_in(&http.trusted_networks, ip),
            Client::Forwarded(ip) => ip.is_some_and(|ip| is_in(&http.trusted_networks, ip)),
        }
    }

    /// The address of who asks, where it is known.
    pub fn address(&self) -> Option<IpAddr> {
        match *self {
            Client::Direct(ip) => Some(ip),
            Client::Forwarded(ip) => ip,
        }
    }
}

impl Grant {
    /// Whether it still holds.
    pub fn holds(&self, http: &Http, tokens: &Tokens) -> bool {
        match self {
            Grant::Client(client) => client.is_trusted(http),
            Grant::Token(hash) => tokens.has(hash),
        }
    }
}

fn is_in(networks: &[Network], ip: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(ip))
}

/// Who asked the first of the proxies that are trusted: each adds at the end whom it was asked by.
fn sender(headers: &HeaderMap, proxies: &[Network]) -> Option<IpAddr> {
    let mut values: Vec<&HeaderValue> = headers.get_all(FORWARDED_FOR).iter().collect();
    values.reverse();
    for value in values {
        for text in value.to_str().ok()?.rsplit(',') {
            let ip = text.trim().parse::<IpAddr>().ok()?.to_canonical();
            if !is_in(proxies, ip) {
                return Some(ip);
            }
        }
    }
    None
}

/// The secret that a request shows: in `Authorization`, as the password that a browser asks for, or beside the name of the protocol
/// where a page opens a WebSocket, which can't send a header.
pub fn secret(headers: &HeaderMap) -> Option<Secret> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let shown = match (values.next(), values.next()) {
        (Some(value), None) => {
            let (scheme, text) = value.to_str().ok()?.split_once(' ')?;
            match scheme.to_ascii_lowercase().as_str() {
                "bearer" => text.trim().to_owned(),
                "basic" => {
                    let text = String::from_utf8(BASE64.decode(text.trim().as_bytes()).ok()?).ok()?;
                    text.split_once(':')?.1.to_owned()
                }
                _ => return None,
            }
        }
        (Some(_), Some(_)) => return None,
        (None, _) => {
            let offered =
                headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
            offered.flat_map(|value| value.split(',')).map(str::trim).find(|word| Secret::is_like(word))?.to_owned()
        }
    };
    Some(Secret::shown(&shown)).filter(|_| !shown.is_empty())
}

/// The answer to who may not read.
pub fn refused(client: Client, headers: &HeaderMap, is_token: bool) -> Problem {
    let detail = match (is_token, client) {
        (true, _) => "this token is none of this host, or it was revoked",
        (false, Client::Direct(_)) => {
            "from elsewhere this needs a token, as `Authorization: Bearer …` (`ssi token add NAME` makes one), or a network in `[http] \
             trusted_networks`"
        }
        (false, Client::Forwarded(_)) => {
            "through a proxy, or under another name than localhost, this needs a token, as `Authorization: Bearer …` (`ssi token add NAME` \
             makes one), or `[http] proxies` and `trusted_networks`"
        }
    };
    let bearer = if is_token { "Bearer realm=\"ssi\", error=\"invalid_token\"" } else { "Bearer realm=\"ssi\"" };
    let problem = Problem::new(StatusCode::UNAUTHORIZED, detail)
        .header(header::WWW_AUTHENTICATE, HeaderValue::from_static(bearer));
    // Who opens a page, or loads a part of it, is to be asked for a password; what the page asks for by itself says that it takes JSON.
    let mut accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    match accepted.any(|types| types.contains("application/json")) {
        true => problem,
        false => {
            problem.header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"ssi\", charset=\"UTF-8\""))
        }
    }
}

#[cfg(test)]
mod tests;
