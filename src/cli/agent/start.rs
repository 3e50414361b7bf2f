//! What the agent says of itself in the journal when it starts: what it serves, where and with which rights.

use std::ffi::CString;

use nix::unistd::{Gid, Group, User, geteuid, getgrouplist};
use tokio::net::TcpListener;

use crate::config::Allowed;
use crate::journal::Message;
use crate::paths::Paths;
use crate::token::Scope;
use crate::{access, settings};

/// `serving` says what, and where.
pub(super) fn message(serving: &str, checks: usize, listeners: &[TcpListener], paths: &Paths) -> Message {
    let user = User::from_uid(geteuid()).ok().flatten();
    let name = user.as_ref().map_or_else(|| geteuid().to_string(), |user| user.name.clone());
    let group = |gid: &Gid| Group::from_gid(*gid).ok().flatten().map_or_else(|| gid.to_string(), |group| group.name);
    // Inside of a user namespace of its own the kernel has no names for most of them.
    let groups = user.and_then(|user| getgrouplist(&CString::new(user.name).ok()?, user.gid).ok());
    let groups: Vec<String> = groups.unwrap_or_default().iter().map(group).collect();
    let (readers, operators) = match access::load(paths) {
        Ok(tokens) => {
            let count = |scope| tokens.iter().filter(|token| token.scope == scope).count().to_string();
            (count(Scope::Read), count(Scope::Operator))
        }
        Err(_) => ("unreadable".to_owned(), "unreadable".to_owned()),
    };
    let settings = settings::load(paths).settings;
    let (acts_on, fixes) = (words(&settings.actions.watches), words(&settings.actions.auto_fix));
    let networks: Vec<String> = settings.http.trusted_networks.iter().map(ToString::to_string).collect();
    let networks = if networks.is_empty() { "none".to_owned() } else { networks.join(" ") };
    let version = env!("CARGO_PKG_VERSION");
    let text = format!(
        "ssi {version} is {serving}; as {name} (groups: {}), trusted networks: {networks}, tokens of readers: {readers}, \
         tokens of operators: {operators}, units it may start and stop: {acts_on}, units it brings back: {fixes}",
        groups.join(" ")
    );
    let message = Message::notice(text).with("SSI_VERSION", version).with("SSI_CHECKS", checks);
    let addresses = listeners.iter().filter_map(|listener| listener.local_addr().ok());
    addresses.fold(message, |message, address| message.with("SSI_LISTEN", address))
}

fn words(allowed: &Allowed) -> String {
    match allowed {
        Allowed::None => "none".to_owned(),
        Allowed::All => "all that are watched".to_owned(),
        Allowed::Units(units) => units.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    }
}
