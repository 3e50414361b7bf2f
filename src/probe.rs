//! The questions that check scripts ask most, each as one small command.
//!
//! Input: a question from the command line ([`Probe`]) and the [`Host`] that it is about. Output: an [`Answer`]; a [`ProbeError`] where
//! it could not be asked, which is never taken for "down". A question is a module: its flags, how it is asked, and a pure function from
//! what was read to the answer.

mod app;
mod bus;
mod cert;
mod container;
mod disk;
mod dns;
mod error;
mod figure;
mod file;
mod git;
mod host;
mod http;
mod jobs;
mod limit;
mod load;
mod memory;
mod net;
mod pattern;
mod process;
mod reboot;
mod sqlite;
mod tcp;
mod time;
mod unit;
mod updates;
mod vitals;

use clap::Subcommand;

pub use disk::Disks;
pub use error::ProbeError;
pub use host::Host;
pub use http::{Pages, Seen, Unseen};
pub use jobs::crontabs;
pub use limit::HELP;
pub use vitals::Vitals;

use crate::answer::Answer;

/// What is asked.
#[derive(Debug, Subcommand)]
pub enum Probe {
    /// Which version of an application runs, and since when: from its metadata, its container and its repository
    App(app::App),
    /// How long certificates last, of servers or in files
    Cert(cert::Cert),
    /// Whether containers of Docker or Podman run and are healthy
    Container(container::Containers),
    /// Space and inodes in use on file systems
    Disk(disk::Disk),
    /// What a name server answers
    Dns(dns::Dns),
    /// Age and size of the newest file that matches
    File(file::File),
    /// What is checked out in repositories and their work trees, and what of it is not committed or not pushed
    Git(git::GitTrees),
    /// Whether a web server answers as it should, how fast, and how long its certificate lasts
    Http(Box<http::Http>),
    /// What cron and anacron run, and when
    Jobs(jobs::Jobs),
    /// Tasks that run or wait, on average over 1, 5 and 15 minutes
    Load(load::Load),
    /// Memory that programs can't get any more, swap in use, and pressure
    Memory(memory::Memory),
    /// How many processes of a kind run
    Process(process::Process),
    /// Whether an update takes effect only after a reboot
    Reboot(reboot::Reboot),
    /// What queries find in a SQLite database, which is only read
    Sqlite(sqlite::Sqlite),
    /// Whether ports take connections
    Tcp(tcp::Tcp),
    /// Whether the clock is kept right
    Time(time::Time),
    /// Whether units of systemd are as they should be
    Unit(unit::Unit),
    /// Packages to update, and how many of them for security
    Updates(updates::Updates),
}

impl Probe {
    /// Asks.
    ///
    /// # Errors
    ///
    /// What kept it from being asked; the check that asks is broken then.
    pub fn ask(&self, host: &Host) -> Result<Answer, ProbeError> {
        match self {
            Probe::App(question) => question.ask(host),
            Probe::Cert(question) => question.ask(),
            Probe::Container(question) => question.ask(host),
            Probe::Disk(question) => question.ask(host),
            Probe::Dns(question) => question.ask(),
            Probe::File(question) => question.ask(),
            Probe::Git(question) => question.ask(),
            Probe::Http(question) => question.ask(),
            Probe::Jobs(question) => question.ask(host),
            Probe::Load(question) => question.ask(host),
            Probe::Memory(question) => question.ask(host),
            Probe::Process(question) => question.ask(host),
            Probe::Reboot(question) => question.ask(host),
            Probe::Sqlite(question) => question.ask(),
            Probe::Tcp(question) => question.ask(),
            Probe::Time(question) => question.ask(host),
            Probe::Unit(question) => question.ask(host),
            Probe::Updates(question) => question.ask(host),
        }
    }
}
