//! The embedded scheduler, for machines where no systemd runs the checks.
//!
//! Input: checks and instants. Output: which checks are due, and processes that run them. [`Plan`] is pure and takes the time as an
//! argument; [`start`] is the edge that starts `ssi exec` as systemd would.

mod plan;
mod process;

pub use plan::Plan;
pub use process::{RunError, Running, StopHandle, is_running, start};
