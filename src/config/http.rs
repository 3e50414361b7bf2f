//! `[http]`: where the port is, under which names it is called, and who may read without a token.

use core::net::SocketAddr;

use toml::de::{DeTable, DeValue};

use super::Mistake;
use super::Network;
use super::table::Table;
use crate::source::Problem;

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

/// What one file says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    listen: Option<Vec<SocketAddr>>,
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
            names: texts(&mut table, "names", "a list of names of hosts in quotes", name),
            proxies: texts(&mut table, "proxies", networks, Network::parse),
            trusted_networks: texts(&mut table, "trusted_networks", networks, Network::parse),
        }
    }

    /// Puts what this file says over what others said before.
    pub(super) fn apply(&self, to: &mut Http) {
        let Part { listen, names, proxies, trusted_networks } = self;
        put(listen, &mut to.listen);
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

/// One text, or a list of them.
fn texts<T>(
    table: &mut Table,
    key: &'static str,
    expected: &'static str,
    read: impl Fn(&str) -> Result<T, Mistake>,
) -> Option<Vec<T>> {
    let read = |value: &DeValue| match value {
        DeValue::String(text) => Some(read(text)),
        _ => None,
    };
    let values = table.one_or_many(key, expected, read)?;
    Some(values.into_iter().map(|(value, _)| value).collect())
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
