//! What holds for every input of the five parsers, and for every request to the port.
//!
//! A fuzz target is one of these functions: bytes in, a panic where a property does not hold. `tests/corpus.rs` calls
//! the same ones with the files of `fuzz/corpus`.

mod calendar;
mod configuration;
mod header;
mod line;
mod request;

pub use calendar::{calendar, cron};
pub use configuration::configuration;
pub use header::header;
pub use line::line;
pub use request::request;
