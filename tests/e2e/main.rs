//! End-to-end tests: every test boots its own private systemd (see `machine`) and works on that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod agent_board;
mod agent_events;
mod agent_follow;
mod agent_history;
mod agent_logs;
mod agent_service;
mod agent_start;
mod batches;
mod browser;
mod campaigns;
mod checks;
mod commands;
mod deadlines;
mod demo;
mod endings;
mod examples;
mod expect;
mod faults;
mod history;
mod jobs;
mod lifecycle;
mod machine;
mod machine_works;
mod operator;
mod probes;
mod readme;
mod release;
mod rights;
mod rollback;
mod scale;
mod status;
mod trial;
mod verdicts;
mod watches;
mod witness;
