//! The journal of a unit as it grows.

use std::io;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::last::{cut, of_unit};
use crate::unit::Scope;

/// The lines of a unit, from the last ones on. Ends with it.
#[derive(Debug)]
pub struct Following {
    lines: Lines<BufReader<ChildStdout>>,
    /// Killed when it is dropped.
    _journalctl: Child,
}

impl Following {
    /// Begins with the last `most` lines of `unit`. Needs a runtime; the caller's user decides what it may see.
    pub fn start(scope: Scope, unit: &str, most: usize) -> io::Result<Following> {
        let mut command = Command::new("journalctl");
        command.args(["--quiet", "--no-pager", "--no-hostname", "--output=short-iso", "--follow"]);
        command.arg(of_unit(scope, unit)).arg(format!("--lines={most}"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut journalctl = command.spawn()?;
        let output = journalctl.stdout.take().ok_or_else(|| io::Error::other("the output of journalctl is missing"))?;
        Ok(Following { lines: BufReader::new(output).lines(), _journalctl: journalctl })
    }

    /// The next line, with time (of this host) and sender; `None` where `journalctl` has ended, as it does where the journal may not be read.
    pub async fn next(&mut self) -> io::Result<Option<String>> {
        Ok(self.lines.next_line().await?.map(|line| cut(&line)))
    }
}
