//! Programs that tell of their runs themselves, over HTTP: what is expected of them, and what becomes of what they say.
//!
//! Input: [`Rule`]s, and [`Said`]s with the time of their arrival. Output: [`Finding`]s in the order in which they were made. A [`Ping`] is
//! a value; it asks nobody and reads no clock. The addresses are those of healthchecks.io, which many programs can call already.

mod entry;
mod key;
mod name;
mod rule;
mod said;
#[cfg(test)]
mod tests;

pub use entry::{End, Finding, Memory, Ping};
pub use key::Key;
pub use name::{Name, NameError};
pub use rule::{Due, Rule};
pub use said::{LONGEST, Said, Signal};
