//! Units that must be in some state, whoever they belong to: what is expected of them, and what becomes of what is seen of them.

mod name;
mod rule;

pub use name::{NameError, UnitName};
pub use rule::{Expected, Http, Rule, Units};
