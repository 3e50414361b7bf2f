//! The questions that check scripts ask most, each as one small command.
//!
//! Input: a question from the command line ([`Probe`]). Output: an [`Answer`]; a [`ProbeError`] where it could not be asked, which is
//! never taken for "down". A question is a module: its flags, how it is asked, and a pure function from what was read to the answer.

mod cert;
mod dns;
mod error;
mod file;
mod http;
mod limit;
mod net;
mod tcp;

use clap::Subcommand;

pub use error::ProbeError;

use crate::answer::Answer;

/// What is asked.
#[derive(Debug, Subcommand)]
pub enum Probe {
    /// How long certificates last, of servers or in files
    Cert(cert::Cert),
    /// What a name server answers
    Dns(dns::Dns),
    /// Age and size of a file
    File(file::File),
    /// Whether a web server answers as it should, how fast, and how long its certificate lasts
    Http(Box<http::Http>),
    /// Whether ports take connections
    Tcp(tcp::Tcp),
}

impl Probe {
    /// Asks.
    ///
    /// # Errors
    ///
    /// What kept it from being asked; the check that asks is broken then.
    pub fn ask(&self) -> Result<Answer, ProbeError> {
        match self {
            Probe::Cert(question) => question.ask(),
            Probe::Dns(question) => question.ask(),
            Probe::File(question) => question.ask(),
            Probe::Http(question) => question.ask(),
            Probe::Tcp(question) => question.ask(),
        }
    }
}
