//! Completions in the shells themselves: a person at a terminal presses the tabulator.

use std::ffi::OsString;
use std::process::Command;

use crate::host::{Host, wait_for};

/// A shell in a pane of a server of tmux that is its own.
struct Terminal<'h> {
    host: &'h Host,
}

impl<'h> Terminal<'h> {
    /// Starts a shell that was taught to complete `ssi`.
    #[track_caller]
    fn open(host: &'h Host, shell: &str, call: &str, lines: &[&str]) -> Terminal<'h> {
        let script = host.ssi(["completions", shell]).exits(0).out;
        host.write("script", script);
        let terminal = Terminal { host };
        terminal.tmux(&["new-session", "-d", "-x", "150", "-y", "40", call]);
        for line in lines {
            terminal.tmux(&["send-keys", line, "Enter"]);
        }
        terminal.tmux(&["send-keys", "printf '%s\\n' so\"on\"", "Enter"]);
        wait_for("the shell", || terminal.screen().lines().any(|line| line.trim() == "soon").then_some(()));
        terminal
    }

    #[track_caller]
    fn tmux(&self, args: &[&str]) -> String {
        let program = std::path::Path::new(env!("CARGO_BIN_EXE_ssi")).parent().unwrap().as_os_str().to_owned();
        let path: OsString = [program, std::env::var_os("PATH").unwrap_or_default()].join(std::ffi::OsStr::new(":"));
        let output = Command::new("tmux")
            .arg("-S")
            .arg(self.host.path("socket"))
            .args(["-f", "/dev/null"])
            .args(args)
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.host.path("."))
            .env("LANG", "C.UTF-8")
            .env("TERM", "screen")
            .env("SSI_ROOT", self.host.root())
            .current_dir(self.host.path("."))
            .output()
            .expect("tmux, of the Debian package of that name");
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Types the beginning of a line and the tabulator; the line has to go on as wanted.
    #[track_caller]
    fn completes(&self, typed: &str, wanted: &str) {
        self.tmux(&["send-keys", "C-u"]);
        self.tmux(&["send-keys", "-l", typed]);
        self.tmux(&["send-keys", "Tab"]);
        wait_for(&format!("`{wanted}` for `{typed}`"), || self.screen().contains(wanted).then_some(()));
        self.tmux(&["send-keys", "C-u"]);
    }

    fn completes_all(&self) {
        self.completes("ssi calen", "ssi calendar");
        self.completes("ssi config sh", "ssi config show");
        self.completes("ssi agent --lis", "ssi agent --listen");
        self.completes("ssi probe di", "ssi probe disk");
        self.completes("ssi logs do", "ssi logs door");
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

#[test]
fn bash() {
    let host = Host::with_door("echo OK");
    let terminal = Terminal::open(&host, "bash", "bash --norc", &["source ./script"]);
    terminal.completes_all();
}

#[test]
fn zsh() {
    let host = Host::with_door("echo OK");
    let lines = ["autoload -U compinit && compinit -u -d dump", "source ./script"];
    let terminal = Terminal::open(&host, "zsh", "zsh -f", &lines);
    terminal.completes_all();
}

#[test]
fn fish() {
    let host = Host::with_door("echo OK");
    let terminal = Terminal::open(&host, "fish", "fish --no-config", &["source ./script"]);
    terminal.completes_all();
}
