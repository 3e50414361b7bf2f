//! A person on a machine, with a systemd user manager and a session bus.

use std::process::Command;

use super::{Machine, Output, Process, process};

/// A user whose manager (`user@UID.service`) runs.
pub struct UserSession<'a> {
    machine: &'a Machine,
    name: String,
    uid: String,
}

impl<'a> UserSession<'a> {
    #[track_caller]
    pub(super) fn start(machine: &'a Machine, name: &str) -> Self {
        machine.sh(&format!("id -u {name} || useradd --create-home --shell /bin/bash {name}")).ok();
        let uid = machine.run(&["id", "-u", name]).ok().trim().to_owned();
        machine.run(&["loginctl", "enable-linger", name]).ok();
        machine.run(&["systemctl", "start", &format!("user@{uid}.service")]).ok();
        Self { machine, name: name.into(), uid }
    }

    /// The user's numeric id.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// A command as this user, in the environment of a login.
    pub fn command(&self, args: &[&str]) -> Command {
        let runtime = format!("/run/user/{}", self.uid);
        let mut as_user = vec!["setpriv", "--reuid", &self.name, "--regid", &self.name, "--init-groups", "--"];
        as_user.extend(args);
        let mut command = self.machine.command(&as_user);
        command
            .env("HOME", format!("/home/{}", self.name))
            .env("USER", &self.name)
            .env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={runtime}/bus"))
            .env("XDG_RUNTIME_DIR", runtime);
        command
    }

    /// Runs a command to its end as this user.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Output {
        process::run(self.command(args))
    }

    /// Starts a command as this user; dropping the process kills it.
    #[allow(dead_code, reason = "for agents of users")]
    #[track_caller]
    pub fn spawn(&self, args: &[&str]) -> Process {
        Process::spawn(self.command(args))
    }
}
