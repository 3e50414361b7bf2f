//! The configuration: what may be set, what it means, and how it is written.
//!
//! Input: the bytes of `ssi.toml` and of the files in `ssi.d`, in the order in which they count. Output: [`Settings`], or problems with
//! their places. Three stages: [`parse`] reads one file strictly, [`Settings::merge`] joins the files, and what leaves the module is
//! valid. A value means the same in a file and on the command line ([`value`]).

mod actions;
mod component;
mod file;
mod history;
mod http;
mod limits;
mod mistake;
mod name;
mod network;
mod ping;
mod render;
mod settings;
mod table;
#[cfg(test)]
mod tests;
mod url;
pub mod value;
mod variable;
mod watch;

pub use actions::{Actions, Allowed};
pub use file::{File, Key, parse};
pub use history::History;
pub use http::Http;
pub use limits::Limits;
pub use mistake::Mistake;
pub use name::{file_name, file_name_of_ping};
pub use network::Network;
pub use ping::{EVERY, GRACE};
pub use render::{
    fields, fields_of_ping, render_actions, render_component, render_history, render_http, render_limits, render_ping,
    render_watch, span,
};
pub use settings::{Component, Ping, Settings, Watch};
pub use variable::of_variable;
pub use watch::{STATUS, TIMEOUT};

/// The tables and keys that a file may have, as the documents list them.
pub const KEYS: [(&str, &[&str]); 7] = [
    ("actions", &actions::KEYS),
    ("history", &history::KEYS),
    ("http", &http::KEYS),
    ("limits", &limits::KEYS),
    ("watch", &watch::KEYS),
    ("ping", &ping::KEYS),
    ("component", &component::KEYS),
];
