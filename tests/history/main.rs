//! The history from outside: what is written can be read, stays small, and survives what happens to files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod child;
mod faults;
mod hours;
mod rows;
mod story;
mod trim;
mod year;
