//! `[http]`: where the port is, under which names it is called, and who may read without a token.

use core::net::SocketAddr;

use toml::de::{DeTable, DeValue};

use super::Mistake;
use super::Network;
use super::table::Table;
use crate::source::{Problem, Span};

pub(super) const KEYS: [&str; 4] = ["listen", "names", "proxies", "trusted_networks"];
/// The longest name that DNS takes.
const LONGEST: usize = 253;

/// Where the port is, under which names it is called, and who may read without a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Http {
    /// Where to listen, beside the sockets that systemd passes; none for the default.
    pub listen: Vec<SocketAddr>,
    /// Names of hosts beside `localhost` and addresses, in lower case: those of a proxy that passes on what it was asked for.
    pub names: Vec<String>,
    /// Proxies that tell truly whom they were asked by.
    pub proxies: Vec<Network>,
    /// Who may read without a token, beside this host.
    pub trusted_networks: Vec<Network>,
}

impl Http {
    /// Of these addresses, the first one beyond loopback that nobody may read from as long as there is no token. The agent does not start
    /// with one.
    ///
    /// ```
    /// use ssi::config::{Http, Network};
    ///
    /// let addresses = ["[::1]:5000".parse().unwrap(), "192.0.2.10:5000".parse().unwrap()];
    /// assert_eq!(Http::default().needs_token(&addresses), Some(addresses[1]));
    /// let trusting = Http { trusted_networks: vec![Network::parse("192.0.2.0/24")?], ..Http::default() };
    /// assert_eq!(trusting.needs_token(&addresses), None);
    /// # Ok::<(), ssi::config::Mistake>(())
    /// ```
    pub fn needs_token<'a>(&self, addresses: impl IntoIterator<Item = &'a SocketAddr>) -> Option<SocketAddr> {
        let mut addresses = addresses.into_iter().filter(|_| self.trusted_networks.is_empty());
        addresses.find(|address| !address.ip().to_canonical().is_loopback()).copied()
    }
}

/// What one file says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    /// Each with its place.
    pub(super) listen: Option<Vec<(SocketAddr, Span)>>,
    names: Option<Vec<String>>,
    proxies: Option<Vec<Network>>,
    trusted_networks: Option<Vec<Network>>,
}

impl Part {
    pub(super) fn read(table: &DeTable, problems: &mut Vec<Problem>) -> Part {
        let mut table = Table::new(table, "http", &KEYS, problems);
        let networks = "a list of networks in quotes, such as `[\"192.0.2.0/24\"]`";
        Part {
            listen: texts(
                &mut table,
                "listen",
                "a list of addresses in quotes, such as `[\"192.0.2.10:5000\"]`",
                address,
            ),
            names: values(texts(&mut table, "names", "a list of names of hosts in quotes", name)),
            proxies: values(texts(&mut table, "proxies", networks, Network::parse)),
            trusted_networks: values(texts(&mut table, "trusted_networks", networks, Network::parse)),
        }
    }

    /// Puts what this file says over what others said before.
    pub(super) fn apply(&self, to: &mut Http) {
        let Part { listen, names, proxies, trusted_networks } = self;
        if let Some(listen) = listen {
            to.listen = listen.iter().map(|(address, _)| *address).collect();
        }
        put(names, &mut to.names);
        put(proxies, &mut to.proxies);
        put(trusted_networks, &mut to.trusted_networks);
    }
}

fn put<T: Clone>(from: &Option<Vec<T>>, to: &mut Vec<T>) {
    if let Some(values) = from {
        to.clone_from(values);
    }
}

/// Without their places.
fn values<T>(texts: Option<Vec<(T, Span)>>) -> Option<Vec<T>> {
    texts.map(|texts| texts.into_iter().map(|(value, _)| value).collect())
}

/// One text, or a list of them.
fn texts<T>(
    table: &mut Table,
    key: &'static str,
    expected: &'static str,
    read: impl Fn(&str) -> Result<T, Mistake>,
) -> Option<Vec<(T, Span)>> {
    let read = |value: &DeValue| match value {
        DeValue::String(text) => Some(read(text)),
        _ => None,
    };
    table.one_or_many(key, expected, read)
}

fn name(text: &str) -> Result<String, Mistake> {
    let is_part =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    match text.len() <= LONGEST && text.split('.').all(is_part) {
        true => Ok(text.to_ascii_lowercase()),
        false => Err(Mistake::HostName(text.to_owned())),
    }
}

fn address(text: &str) -> Result<SocketAddr, Mistake> {
    text.parse().map_err(|_| Mistake::Address(text.to_owned()))
}
