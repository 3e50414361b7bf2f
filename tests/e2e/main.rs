//! End-to-end tests: every test boots its own private systemd (see `machine`) and works on that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod batches;
mod campaigns;
mod checks;
mod commands;
mod endings;
mod examples_work;
mod lifecycle;
mod machine;
mod machine_works;
mod readme;
mod release;
mod rights;
mod rollback;
mod scale;
mod verdicts;
