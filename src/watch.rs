//! Units that must be in some state, whoever they belong to: what is expected of them, and what becomes of what is seen of them.

mod name;
mod probed;
mod rule;

pub use name::{NameError, UnitName};
pub use probed::{Outcome, Probed, Probes, Target};
pub use rule::{Expected, Http, Rule, Units};
