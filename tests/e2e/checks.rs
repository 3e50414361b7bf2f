//! Checks on a machine: scripts to add, the command line, and what a log says of the runs.

use serde_json::Value;

use crate::machine::{Machine, Output, PATIENCE, wait_for};

/// Where installed scripts, logs and units lie.
pub const SCRIPTS: &str = "/var/lib/service-status-indicator/checks";
pub const LOGS: &str = "/var/log/service-status-indicator";
pub const UNITS: &str = "/etc/systemd/system";

/// A script with a header; its name is its id, and it is due once a year unless its header says otherwise.
#[derive(Clone, Debug)]
pub struct Script {
    pub id: String,
    header: Vec<String>,
    body: String,
}

impl Script {
    pub fn new(id: &str, body: &str) -> Script {
        Script { id: id.to_owned(), header: Vec::new(), body: body.to_owned() }
    }

    /// Another line of the header, as in `timeout: 2`.
    pub fn with(mut self, line: &str) -> Script {
        self.header.push(line.to_owned());
        self
    }

    /// Due every second.
    pub fn often(self) -> Script {
        self.with("schedule: *:*:*")
    }

    pub fn text(&self) -> String {
        let key = |line: &str| line.split(':').next().unwrap_or_default().to_owned();
        let name = format!("name: {}", self.id);
        let defaults = [name.as_str(), "description: of a test", "version: 1.0", "schedule: yearly"];
        let kept = defaults.into_iter().filter(|line| self.header.iter().all(|own| key(own) != key(line)));
        let lines = kept.chain(self.header.iter().map(String::as_str)).map(|line| format!("# {line}\n"));
        format!("#!/bin/bash\n{}\n{}\n", lines.collect::<String>(), self.body)
    }

    /// Puts the script on the machine and says where.
    pub fn put(&self, machine: &Machine) -> String {
        let path = format!("/srv/{}.bash", self.id);
        machine.write(&path, &self.text(), 0o644);
        path
    }
}

/// A machine with the package.
#[track_caller]
pub fn machine(name: &str) -> Machine {
    let machine = Machine::new(name).boot();
    machine.install_ssi();
    machine
}

/// Runs `ssi` as root.
#[track_caller]
pub fn ssi(machine: &Machine, args: &[&str]) -> Output {
    let mut all = vec!["ssi"];
    all.extend(args);
    machine.run(&all)
}

/// `ssi add` of some scripts, with flags.
#[track_caller]
pub fn add(machine: &Machine, scripts: &[Script], flags: &[&str]) -> Output {
    let paths: Vec<String> = scripts.iter().map(|script| script.put(machine)).collect();
    let mut args = vec!["add"];
    args.extend(flags);
    args.extend(paths.iter().map(String::as_str));
    ssi(machine, &args)
}

/// The log of a check.
pub fn log(machine: &Machine, id: &str) -> String {
    machine.read(&format!("{LOGS}/{id}.log"))
}

/// Waits until the log of a check holds some text, and gives the log.
#[track_caller]
pub fn wait_log(machine: &Machine, id: &str, text: &str) -> String {
    wait_for(&format!("`{text}` in the log of {id}"), PATIENCE, || log(machine, id).contains(text));
    log(machine, id)
}

/// The end line of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    pub run: String,
    pub status: String,
    /// `exit=0 duration=…`, as it stands there.
    pub facts: String,
    pub message: String,
}

/// The end lines in a log, oldest first.
pub fn ends(log: &str) -> Vec<End> {
    let end = |line: &str| {
        let (run, rest) = line.strip_prefix("\t-- run ")?.split_once(" end ")?;
        let (facts, message) = rest.split_once(": ")?;
        let mut words = facts.splitn(3, ' ').skip(1).map(str::to_owned);
        let (status, facts) = (words.next()?, words.next()?);
        Some(End { run: run.to_owned(), status, facts, message: message.to_owned() })
    };
    log.lines().filter_map(end).collect()
}

/// The end line of the last run in the log of a check.
#[track_caller]
pub fn last_end(machine: &Machine, id: &str) -> End {
    let log = log(machine, id);
    ends(&log).pop().unwrap_or_else(|| panic!("no run has ended in the log of {id}:\n{log}"))
}

/// What `ssi … --json` prints.
#[track_caller]
pub fn json(output: &Output) -> Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("no JSON ({error}): {output:?}"))
}

/// `ssi history --json`: status and message of each verdict, oldest first.
#[track_caller]
pub fn history(machine: &Machine, id: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let line = |line: &str| {
        let verdict: Value = serde_json::from_str(line).unwrap();
        (text(&verdict["status"]), text(&verdict["message"]))
    };
    ssi(machine, &["history", id, "--json"]).ok().lines().map(line).collect()
}

/// A property of a unit, as systemd has it.
#[track_caller]
pub fn property(machine: &Machine, unit: &str, name: &str) -> String {
    machine.run(&["systemctl", "show", "--value", "-p", name, unit]).ok().trim().to_owned()
}

/// Everything that ssi leaves on a machine: files with their modes, owners, sizes, targets and times, and the units that systemd holds.
#[derive(Debug)]
pub struct Traces(Vec<String>);

impl Traces {
    #[track_caller]
    pub fn of(machine: &Machine) -> Traces {
        // systemd makes the parent of the state directories, and leaves it.
        let places = "/etc/systemd /var/lib/service-status-indicator /var/log/service-status-indicator \
                      /usr/local/libexec/service-status-indicator";
        let listing = format!(
            "find {places} -name state -prune -o -type d -printf '%p %m\\n' -o -printf '%p %y %m %u %g %s %l %T@\\n' 2>&1 | sort
             systemctl list-units --all --plain --no-legend 'ssi_*' 'ssi-*'
             systemctl list-unit-files --no-legend 'ssi_*'
             systemctl --failed --plain --no-legend
             true"
        );
        Traces(machine.sh(&listing).ok().lines().map(str::to_owned).collect())
    }

    /// Fails, naming what differs, unless the machine is now as it was then.
    #[track_caller]
    pub fn assert_unchanged(&self, machine: &Machine, what: &str) {
        let now = Traces::of(machine);
        let only = |these: &Traces, those: &Traces| {
            these.0.iter().filter(|line| !those.0.contains(line)).cloned().collect::<Vec<_>>().join("\n")
        };
        let (gone, new) = (only(self, &now), only(&now, self));
        assert!(gone.is_empty() && new.is_empty(), "{what}\ngone:\n{gone}\nnew:\n{new}");
    }
}

/// Whether a process with this command line runs on the machine.
pub fn runs(machine: &Machine, command: &str) -> bool {
    machine.run(&["pgrep", "-f", command]).status.success()
}
