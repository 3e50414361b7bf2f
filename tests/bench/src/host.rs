//! A directory that ssi takes for a machine, with as many checks as wanted.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Removed when it is dropped.
#[derive(Debug)]
pub struct Dir(PathBuf);

impl Dir {
    /// An empty directory.
    pub fn new(path: PathBuf) -> io::Result<Dir> {
        if path.exists() {
            fs::remove_dir_all(&path)?;
        }
        fs::create_dir_all(&path)?;
        Ok(Dir(path))
    }

    /// A directory with so many empty logs in `logs`.
    pub fn with_logs(path: PathBuf, number: usize) -> io::Result<Dir> {
        let dir = Dir::new(path)?;
        let logs = dir.0.join("logs");
        fs::create_dir(&logs)?;
        (0..number).try_for_each(|number| File::create(log(&logs, number)).map(drop))?;
        Ok(dir)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        // What is left over, the next one at this place removes.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The host.
#[derive(Debug)]
pub struct Host {
    ssi: PathBuf,
    root: Dir,
}

impl Host {
    /// A host on which nothing is installed.
    pub fn bare(ssi: &Path, root: PathBuf) -> io::Result<Host> {
        Ok(Host { ssi: ssi.to_owned(), root: Dir::new(root)? })
    }

    /// A host with so many checks, each with an empty log. They run never: their timers are off.
    pub fn with_checks(ssi: &Path, root: PathBuf, checks: usize) -> io::Result<Host> {
        let host = Host::bare(ssi, root)?;
        let first = host.root.path().join("first.bash");
        fs::write(&first, script(0))?;
        // ssi itself makes the directories, with the rights that they must have.
        host.run(host.command().args(["add", "--no-run"]).arg(&first))?;
        host.run(host.command().args(["disable", "c0"]))?;
        for number in 0..checks {
            fs::write(host.scripts().join(format!("c{number}.bash")), script(number))?;
            File::create(log(&host.logs(), number))?;
        }
        let configuration = host.root.path().join("etc/service-status-indicator");
        fs::create_dir_all(&configuration)?;
        fs::write(configuration.join("ssi.toml"), "[limits]\npeer_connections = 0\n")?;
        Ok(host)
    }

    /// A call of ssi on this host.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.ssi);
        command.arg("--root").arg(self.root.path()).env("TZ", "UTC").stdin(Stdio::null());
        command
    }

    pub fn path(&self) -> &Path {
        self.root.path()
    }

    pub fn logs(&self) -> PathBuf {
        self.root.path().join("var/log/service-status-indicator")
    }

    fn scripts(&self) -> PathBuf {
        self.root.path().join("var/lib/service-status-indicator/checks")
    }

    fn run(&self, command: &mut Command) -> io::Result<()> {
        let output = command.output()?;
        match output.status.success() {
            true => Ok(()),
            false => Err(io::Error::other(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)))),
        }
    }
}

/// The log of a check.
pub fn log(logs: &Path, number: usize) -> PathBuf {
    logs.join(format!("c{number}.log"))
}

fn script(number: usize) -> String {
    format!(
        "#!/bin/bash\n# name: check {number}\n# id: c{number}\n# description: Says that all is well\n# version: 1.0\n\
         # schedule: daily\n\necho OK\n"
    )
}
