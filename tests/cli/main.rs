//! The binary from outside, without systemd: every test installs below a `--root` of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod applying;
mod catching_up;
mod completions;
mod components;
mod crowds;
mod floods;
mod headers;
mod history;
mod host;
mod hostile;
mod installing;
mod jobs;
mod listening;
mod load;
mod manual;
mod pings;
mod printing;
mod probes_apps;
mod probes_git;
mod probes_host;
mod probes_net;
mod running;
mod server;
mod setup;
mod sinks;
mod tokens;
mod turns;
mod watches;
