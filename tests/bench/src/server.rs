//! A running server of logs: the agent of a host, or the reference.

use std::env;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::host::{Dir, Host, log};
use crate::process::Process;

/// Killed when it is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub process: Process,
    logs: PathBuf,
    /// Whether it begins with a frame of its own.
    pub greets: bool,
}

impl Server {
    /// The agent of a host.
    pub fn agent(host: &Host) -> io::Result<Server> {
        let complaints = host.path().join("agent.log");
        let mut command = host.command();
        command.args(["agent", "--listen", "127.0.0.1:0"]);
        Server::start(command, &complaints, host.logs(), true)
    }

    /// The reference server of the logs in a directory.
    pub fn reference(dir: &Dir) -> io::Result<Server> {
        let mut command = Command::new(env::current_exe()?);
        let logs = dir.path().join("logs");
        command.arg("--reference").arg(&logs);
        Server::start(command, &dir.path().join("reference.log"), logs, false)
    }

    fn start(mut command: Command, complaints: &Path, logs: PathBuf, greets: bool) -> io::Result<Server> {
        let stderr = File::options().create(true).append(true).open(complaints)?;
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr).spawn()?;
        let process = Process::new(child.id());
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let address = line.split_once("http://").and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok());
        match address {
            Some(address) => Ok(Server { child, address, process: process?, logs, greets }),
            None => {
                child.kill()?;
                child.wait()?;
                Err(io::Error::other(format!("{command:?} does not serve: {}", fs::read_to_string(complaints)?)))
            }
        }
    }

    /// The log of a check.
    pub fn log(&self, number: usize) -> PathBuf {
        log(&self.logs, number)
    }

    /// Ends it as systemd does.
    pub fn stop(mut self) -> io::Result<()> {
        kill(Pid::from_raw(i32::try_from(self.child.id()).map_err(io::Error::other)?), Signal::SIGTERM)?;
        self.child.wait().map(drop)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
