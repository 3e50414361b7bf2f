//! Units that must be in some state, whoever they belong to: what is expected of them, and what becomes of what is seen of them.
//!
//! Input: [`Rule`]s, and [`Observation`]s with the time of their arrival. Output: [`Finding`]s in the order in which they were made. A
//! watch is a value; it asks nobody and reads no clock.

mod adopted;
mod answers;
mod cause;
mod deaths;
mod entry;
mod facts;
mod fix;
mod follow;
mod judge;
mod name;
mod probed;
mod rule;
#[cfg(test)]
mod tests;

pub use adopted::{RunResult, RunSeen};
pub use entry::{Finding, Host, Memory, Observation, Watch};
pub use facts::{Active, Elapses, Exit, Facts, Load, NoState};
pub use fix::{AUTO_FIX, Fixing, NoRemedy, Remedy};
pub use name::{NameError, UnitName};
pub use probed::{Outcome, Probed, Probes, Target};
pub use rule::{Expected, Http, Rule, Units};
