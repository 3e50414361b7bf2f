//! Units that must be in some state, whoever they belong to: what is expected of them, and what becomes of what is seen of them.

mod name;

pub use name::{NameError, UnitName};
