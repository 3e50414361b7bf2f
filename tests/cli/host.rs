//! A directory that ssi takes for a machine.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// No condition that a test waits for takes this long on any machine.
const DEADLINE: Duration = Duration::from_secs(60);

pub struct Host {
    dir: tempfile::TempDir,
}

/// What a command printed, and its exit code.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        let text = |bytes| String::from_utf8(bytes).expect("ssi prints UTF-8");
        let code = output.status.code().unwrap_or_else(|| panic!("{}", output.status));
        Said { code, out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Said {
    /// The one JSON value that was printed.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The JSON values that were printed, one a line.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        self.out.lines().map(parse).collect()
    }

    /// The same, after a look at the exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Said {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

impl Host {
    pub fn new() -> Host {
        Host { dir: tempfile::tempdir().unwrap() }
    }

    /// A host with one check, `door`, whose code is given.
    pub fn with_door(code: &str) -> Host {
        let host = Host::new();
        host.ssi(["add", host.door(code).to_str().unwrap()]).exits(0);
        host
    }

    /// A directory for what belongs to the test, and not to the machine.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn root(&self) -> PathBuf {
        self.path("root")
    }

    /// A place on the machine.
    pub fn at(&self, path: &str) -> PathBuf {
        self.root().join(path.trim_start_matches('/'))
    }

    pub fn log(&self, id: &str) -> PathBuf {
        self.at(&format!("/var/log/service-status-indicator/{id}.log"))
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// A script with a valid header.
    pub fn door(&self, code: &str) -> PathBuf {
        self.script("Door", "", code)
    }

    pub fn script(&self, name: &str, keys: &str, code: &str) -> PathBuf {
        self.write(&format!("{name}.bash"), script(name, keys, code))
    }

    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        self.command_of(OsStr::new(env!("CARGO_BIN_EXE_ssi")), args)
    }

    /// The same of another binary.
    pub fn command_of<S: AsRef<OsStr>>(&self, binary: &OsStr, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(binary);
        command.arg("--root").arg(self.root()).args(args);
        command.env("TZ", "UTC").env_remove("NO_COLOR").stdin(Stdio::null());
        command
    }

    #[track_caller]
    pub fn ssi<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Said {
        self.command(args).output().unwrap().into()
    }

    /// The same with standard input.
    #[track_caller]
    pub fn fed(&self, args: &[&str], input: &[u8]) -> Said {
        let mut command = self.command(args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // What does not fit into the pipe would wait for a reader here.
        assert!(input.len() < 4096);
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap().into()
    }

    /// The same by somebody without rights, who can reach the binary and read what everybody may.
    #[track_caller]
    pub fn ssi_as_nobody<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Said {
        let program = self.path("ssi");
        // A child copies: a file that this process wrote can't be executed while another thread starts a child.
        let copied = Command::new("cp").args([OsStr::new(env!("CARGO_BIN_EXE_ssi")), program.as_os_str()]).status();
        assert!(copied.unwrap().success());
        fs::set_permissions(self.dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = Command::new(program);
        command.arg("--root").arg(self.root()).args(args).current_dir("/").stdin(Stdio::null());
        if nix::unistd::geteuid().is_root() {
            command.uid(65534).gid(65534);
        }
        command.output().unwrap().into()
    }

    /// Every file below the root.
    pub fn files(&self) -> Vec<PathBuf> {
        let (mut found, mut open) = (Vec::new(), vec![self.root()]);
        while let Some(dir) = open.pop() {
            for entry in fs::read_dir(dir).into_iter().flatten().map(Result::unwrap) {
                match entry.file_type().unwrap().is_dir() {
                    true => open.push(entry.path()),
                    false => found.push(Path::new("/").join(entry.path().strip_prefix(self.root()).unwrap())),
                }
            }
        }
        found.sort();
        found
    }
}

/// A script with a valid header, further keys, and code.
pub fn script(name: &str, keys: &str, code: &str) -> String {
    format!(
        "#!/bin/bash\n# name: {name}\n# description: Is it shut\n# version: 1.0\n# schedule: daily\n{keys}\n{code}\n"
    )
}

/// Waits until there is an answer.
#[track_caller]
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < DEADLINE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
