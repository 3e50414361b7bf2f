//! A private, throw-away machine: a real systemd as PID 1 of its own namespaces over an overlay of a root directory.
//!
//! `Machine::new("name").boot()` takes a third of a second. The machine has its own processes, files, cgroups, network
//! (loopback only), journal and D-Bus; any number run at once. Dropping it ends it and leaves nothing behind, and so does
//! any end of the test process: `machine/supervisor.bash` ends with its standard input.

mod package;
mod process;
mod user;
mod workspace;
mod ws;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

pub use process::{Output, Process};
pub use user::UserSession;
use workspace::Workspace;
pub use ws::{Frame, Ws};

/// How long anything may take that normally takes less than a second; generous, for slow and busy hosts.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What a machine is made of, before it is booted.
pub struct Builder {
    name: String,
    base: PathBuf,
    target: String,
    disk: String,
}

impl Builder {
    /// The root directory to lay the machine over instead of this host's; it is never written to.
    pub fn base(mut self, root: impl Into<PathBuf>) -> Self {
        self.base = root.into();
        self
    }

    /// The unit to reach instead of `multi-user.target`.
    pub fn target(mut self, unit: &str) -> Self {
        self.target = unit.into();
        self
    }

    /// The room for everything that the machine writes outside of /run and /tmp, as `mount -o size=` has it.
    pub fn disk(mut self, size: &str) -> Self {
        self.disk = size.into();
        self
    }

    /// Boots the machine and waits until its start-up has finished.
    #[track_caller]
    pub fn boot(self) -> Machine {
        let workspace = Workspace::create(&self.name);
        let mut supervisor = Command::new("unshare")
            .args(["--mount", "--propagation", "private", "bash", "-c"])
            .args([include_str!("machine/supervisor.bash"), "supervisor"])
            .args([workspace.name(), path_str(&self.base)])
            .args([path_str(workspace.dir()), &self.disk])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(workspace.log())
            .process_group(0)
            .spawn()
            .expect("unshare starts");
        let stdout = supervisor.stdout.take().expect("stdout is piped");
        let (send, events) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        let mut machine =
            Machine { orders: supervisor.stdin.take(), supervisor, events, workspace, target: self.target, pid: 0 };
        machine.expect("ready");
        machine.start();
        machine
    }
}

/// A running machine.
pub struct Machine {
    orders: Option<ChildStdin>,
    supervisor: Child,
    events: Receiver<String>,
    workspace: Workspace,
    target: String,
    pid: u32,
}

impl Machine {
    /// A machine over this host's root directory; `name` is for people who look at the process list.
    #[allow(clippy::new_ret_no_self, reason = "reads as one sentence with `boot`")]
    pub fn new(name: &str) -> Builder {
        Builder { name: name.into(), base: "/".into(), target: "multi-user.target".into(), disk: "50%".into() }
    }

    /// The host's process id of the machine's systemd.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The machine's host name, which is also the name of its cgroup; no two machines of a host share it.
    pub fn name(&self) -> &str {
        self.workspace.name()
    }

    /// A command inside the machine, as root in a clean environment, to be adjusted and started by the caller.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--all", "--target", &self.pid.to_string(), "--"]);
        clean(command.args(args));
        command
    }

    /// Runs a command inside to its end, as root; after two minutes it is killed.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Output {
        process::run(self.command(args))
    }

    /// Runs a bash script inside to its end, as root.
    #[track_caller]
    pub fn sh(&self, script: &str) -> Output {
        self.run(&["bash", "-c", script])
    }

    /// Starts a command inside, as root, and collects its lines; dropping the process kills it.
    #[track_caller]
    pub fn spawn(&self, args: &[&str]) -> Process {
        Process::spawn(self.command(args))
    }

    /// A WebSocket client inside the machine's network, connected to `url`.
    #[track_caller]
    pub fn ws(&self, url: &str) -> Ws {
        self.ws_with(url, &[])
    }

    /// As `ws`, with more options of `machine/ws_client.py`.
    #[track_caller]
    pub fn ws_with(&self, url: &str, options: &[&str]) -> Ws {
        Ws::connect(self.pid, url, options)
    }

    /// A person with a login session and a systemd user manager, made on first use.
    #[track_caller]
    pub fn user(&self, name: &str) -> UserSession<'_> {
        UserSession::start(self, name)
    }

    /// Lays out the product as its package would.
    #[track_caller]
    pub fn install_ssi(&self) {
        package::install(self);
    }

    /// Where the file `inside` of the machine is seen from outside. Absolute symbolic links on the way lead to the host's files.
    pub fn path(&self, inside: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root/{}", self.pid, inside.trim_start_matches('/')))
    }

    /// Writes a file inside, with its directories, owned by root.
    #[track_caller]
    pub fn write(&self, inside: &str, content: &str, mode: u32) {
        let path = self.path(inside);
        let dir = path.parent().expect("an absolute path");
        fs::create_dir_all(dir).unwrap_or_else(|error| panic!("{inside}: {error}"));
        fs::write(&path, content).unwrap_or_else(|error| panic!("{inside}: {error}"));
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("root may change modes");
    }

    /// The content of a file inside, with invalid UTF-8 replaced; empty when it does not exist.
    pub fn read(&self, inside: &str) -> String {
        fs::read(self.path(inside)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Shuts down in order and boots again; files stay except in /run and /tmp.
    #[track_caller]
    pub fn reboot(&mut self) {
        self.run(&["systemctl", "reboot"]);
        self.expect("down");
        self.start();
    }

    /// Kills everything at once, as a power cut does, and boots again.
    #[track_caller]
    pub fn power_cycle(&mut self) {
        self.order("cut");
        self.expect("down");
        self.start();
    }

    #[track_caller]
    fn start(&mut self) {
        self.order(&format!("boot {}", self.target));
        let up = self.expect("up ");
        self.pid = up.trim_start_matches("up ").parse().expect("a process id");
        let socket = self.path("/run/systemd/private");
        wait_for("systemd to listen", PATIENCE, || socket.exists());
        let state = self.run(&["systemctl", "is-system-running", "--wait"]).stdout;
        assert!(
            ["running", "degraded"].contains(&state.trim()),
            "{} did not come up: {state}\n{}",
            self.name(),
            self.workspace.read_log()
        );
    }

    fn order(&mut self, line: &str) {
        let orders = self.orders.as_mut().expect("the supervisor takes orders until the machine is dropped");
        writeln!(orders, "{line}").expect("the supervisor is alive");
    }

    #[track_caller]
    fn expect(&self, event: &str) -> String {
        match self.events.recv_timeout(PATIENCE) {
            Ok(line) if line.starts_with(event) => line,
            other => panic!("{}: expected `{event}`, got {other:?}\n{}", self.name(), self.workspace.read_log()),
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        drop(self.orders.take());
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if !matches!(self.supervisor.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        process::kill_group(&mut self.supervisor);
    }
}

/// Waits until `condition` holds and fails the test, naming `what`, when it does not within `deadline`.
#[track_caller]
pub fn wait_for(what: &str, deadline: Duration, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + deadline;
    while !condition() {
        assert!(Instant::now() < end, "waited {deadline:?} in vain for {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Nothing of the caller's environment reaches a machine.
fn clean(command: &mut Command) {
    command
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOME", "/root")
        .env("LANG", "C.UTF-8")
        .stdin(Stdio::null());
}

fn path_str(path: &Path) -> &str {
    path.to_str().expect("paths of tests are UTF-8")
}
