//! A machine on which a schedule happens.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::checks::{LOGS, Script, add, ssi};
use crate::machine::{Machine, PATIENCE, Ws, wait_for};

use super::recorder::Recorder;
use super::schedule::{Disk, Event, Kind, Schedule, Victim};
use super::truth::{Said, Strike, Truth};

const AGENT: &str = "/var/lib/service-status-indicator/agent";
/// Its log is written to when it is to be known how far the agent has read.
const BEACON: &str = "beacon";
const LIBFAKETIME: &str = "/usr/lib/*/faketime/libfaketime.so.1";

/// A file system gives room by pages: without this what is left of the last page of each log would take all that a run writes. Empty
/// lines say nothing of the check, and are whole wherever the disk is full.
const PAD: &str = "
cd /var/log/service-status-indicator
for log in *.log; do
    room=$((4096 - $(stat -c %s \"$log\") % 4096))
    head -c \"$room\" /dev/zero | tr '\\0' '\\n' >> \"$log\"
done";

pub struct Scene {
    pub machine: Machine,
    pub follower: Ws,
    recorder: Recorder,
    ids: Vec<String>,
    /// The checks that a timer starts.
    timers: Vec<String>,
    strikes: Vec<Strike>,
    said: Vec<Said>,
    /// How many of `said` the agent has read for sure.
    read: usize,
    beacons: u32,
    agent_is_down: bool,
    full: Vec<Disk>,
    /// What could not be done because of another fault.
    pub skipped: u32,
}

impl Scene {
    #[track_caller]
    pub fn set(name: &str, schedule: &Schedule, kinds: &[Kind]) -> Scene {
        let machine = crate::checks::machine(name);
        let recorder = Recorder::start(&machine, schedule);
        if kinds.contains(&Kind::Disk) || kinds.contains(&Kind::State) {
            machine
                .sh(&format!(
                    "mount -t tmpfs -o size=4M tmpfs {LOGS} && mount -t tmpfs -o size=16M tmpfs {AGENT} &&
                     systemd-tmpfiles --create service-status-indicator.conf"
                ))
                .ok();
        }
        let clock = if kinds.contains(&Kind::Clock) { fake_clock(&machine) } else { String::new() };
        // The campaign kills more often than systemd would take for an accident.
        for unit in ["dbus.service", "dbus.socket"] {
            let unlimited = "[Unit]\nStartLimitIntervalSec=0\n";
            machine.write(&format!("/etc/systemd/system/{unit}.d/campaign.conf"), unlimited, 0o644);
        }
        let settings = format!("[Unit]\nStartLimitIntervalSec=0\n[Service]\n{clock}");
        machine.write("/etc/systemd/system/ssi-agent.service.d/campaign.conf", &settings, 0o644);
        machine.sh("systemctl daemon-reload && systemctl enable --quiet --now ssi-agent.service").ok();
        let mut scripts: Vec<Script> = schedule.checks.iter().map(Recorder::script).collect();
        let mut ids: Vec<String> = scripts.iter().map(|script| script.id.clone()).collect();
        for id in [&format!("check-{}", ids.len()), BEACON] {
            scripts.push(Script::new(id, "exit 3"));
        }
        ids.push(format!("check-{}", ids.len()));
        // Timers begin with the checks, and the first run is to be seen as well.
        let follower = machine.ws_with("ws://localhost:5000/ws", &["--resume"]);
        add(&machine, &scripts, &["--no-run"]).ok();
        let timers = schedule.checks.iter().filter(|plan| plan.timer).map(|plan| plan.id.clone()).collect();
        let mut scene = Scene {
            machine,
            follower,
            recorder,
            ids,
            timers,
            strikes: Vec::new(),
            said: Vec::new(),
            read: 0,
            beacons: 0,
            agent_is_down: false,
            full: Vec::new(),
            skipped: 0,
        };
        scene.wait_until_read();
        scene
    }

    /// The checks that the schedule is about.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// Waits until the agent has read what was written to logs so far.
    #[track_caller]
    pub fn wait_until_read(&mut self) {
        self.beacons += 1;
        let message = format!("beacon {}", self.beacons);
        assert!(self.append(BEACON, format!("OK, {message}\n").as_bytes()), "the log of the beacon can't be written");
        self.follower.wait_frame(&message, PATIENCE, |frame| {
            let rows = frame["checks"].as_array().into_iter().flatten();
            frame["message"] == *message || rows.clone().any(|row| row["message"] == *message)
        });
        self.read = self.said.len();
    }

    /// As another program does. False when the disk is full.
    fn append(&self, id: &str, bytes: &[u8]) -> bool {
        let path = self.machine.path(&format!("{LOGS}/{id}.log"));
        let log = OpenOptions::new().append(true).create(true).mode(0o640).open(&path);
        log.and_then(|mut log| log.write_all(bytes)).is_ok()
    }

    /// Does what the schedule says.
    #[track_caller]
    pub fn perform(&mut self, event: &Event) {
        match event {
            Event::Pause { millis } => thread::sleep(Duration::from_millis(*millis)),
            Event::Run { check } => self.run(*check),
            Event::Lines { log, statuses, in_pieces } => self.say(*log, statuses, *in_pieces),
            Event::Kill { check, victim } => self.strike(*check, *victim),
            Event::Rename { log } => {
                let path = self.shift(*log);
                self.sh(&format!("mv {path} {path}.1; install -m 640 -o root -g _ssi /dev/null {path}"));
            }
            Event::Copytruncate { log } if self.may_cut(&[*log]) => {
                let path = self.shift(*log);
                self.sh(&format!("cp -p {path} {path}.1; : > {path}"));
            }
            Event::Logrotate => {
                self.sh("logrotate -f -s /run/logrotate.state /etc/logrotate.d/service-status-indicator");
            }
            Event::Truncate { log } if self.may_cut(&[*log]) => self.between_runs(*log, |path| format!(": > {path}")),
            Event::Delete { log, between_runs: true } if self.may_cut(&[*log]) => {
                self.between_runs(*log, |path| format!("rm -f {path}"));
            }
            Event::Delete { log, between_runs: false } if self.may_cut(&[*log]) => {
                let path = self.log(*log);
                self.sh(&format!("rm -f {path}"));
            }
            Event::Copytruncate { .. } | Event::Truncate { .. } | Event::Delete { .. } => self.skipped += 1,
            Event::AgentKill => self.sh("systemctl kill -s KILL ssi-agent.service"),
            Event::AgentStop => {
                self.sh("systemctl stop ssi-agent.socket ssi-agent.service");
                self.agent_is_down = true;
            }
            Event::AgentStart => self.start_agent(),
            Event::Bus => self.sh("systemctl kill -s KILL dbus.service"),
            Event::Reload { times } => self.sh(&format!("for i in {{1..{times}}}; do systemctl daemon-reload; done")),
            Event::Clock { seconds } => self.machine.write("/run/clock", &format!("{seconds:+}\n"), 0o644),
            Event::Fill(disk) => {
                self.sh(&format!("{PAD}\nhead -c 64M /dev/zero > {}/ballast", dir(*disk)));
                self.full.push(*disk);
            }
            Event::Free(disk) => {
                self.sh(&format!("rm -f {}/ballast", dir(*disk)));
                self.full.retain(|full| full != disk);
            }
        }
    }

    /// What the machine answers does not matter: the next fault may be in the way of this one.
    fn sh(&self, script: &str) {
        self.machine.sh(script);
    }

    fn log(&self, log: usize) -> String {
        format!("{LOGS}/{}.log", self.ids[log])
    }

    /// Makes room for a rotated log. Gives the path of the log.
    fn shift(&self, log: usize) -> String {
        let path = self.log(log);
        let moves = (1..8).rev().map(|n| format!("[ ! -e {path}.{n} ] || mv {path}.{n} {path}.{}\n", n + 1));
        self.sh(&moves.collect::<String>());
        path
    }

    fn run(&mut self, check: usize) {
        let id = &self.ids[check];
        if ssi(&self.machine, &["run", "--no-wait", id]).code() != 0 {
            // The bus is away; systemctl has a way of its own to systemd.
            self.sh(&format!("systemctl start --no-block ssi_{id}.service"));
        }
    }

    fn say(&mut self, log: usize, statuses: &[&'static str], in_pieces: bool) {
        if self.full.contains(&Disk::Logs) {
            self.skipped += 1;
            return;
        }
        let check = self.ids[log].clone();
        for status in statuses {
            let message = format!("line {}", self.said.len());
            let (at, line) = (now(), format!("{status}, {message}\n"));
            let (first, second) = line.as_bytes().split_at(if in_pieces { 4 } else { line.len() });
            // Where runs write as well, a piece of a line would be a line of nobody.
            let is_whole = log + 1 == self.ids.len() && in_pieces;
            let written = match is_whole {
                true => self.append(&check, first) && self.append(&check, second),
                false => self.append(&check, line.as_bytes()),
            };
            assert!(written, "a log can't be written though its disk is not full");
            let maybe_progress = log + 1 < self.ids.len();
            self.said.push(Said { check: check.clone(), status, message, at, maybe_progress, maybe_cut: false });
        }
    }

    /// Whether logs may be cut now. What no agent has read by then may be missing.
    fn may_cut(&mut self, logs: &[usize]) -> bool {
        if self.full.contains(&Disk::Logs) {
            return false;
        }
        // With a full disk of its own the agent knows more than it can keep.
        if self.full.is_empty() && !self.agent_is_down {
            self.wait_until_read();
        }
        let cut: Vec<&String> = logs.iter().map(|log| &self.ids[*log]).collect();
        for said in self.said[self.read..].iter_mut().filter(|said| cut.contains(&&said.check)) {
            said.maybe_cut = true;
        }
        true
    }

    /// Does something to a log while its check does not run.
    fn between_runs(&mut self, log: usize, script: impl Fn(&str) -> String) {
        let (id, path) = (self.ids[log].clone(), self.log(log));
        self.sh(&format!("systemctl disable --quiet --now ssi_{id}.timer"));
        self.wait_idle(&format!("ssi_{id}.service"));
        if !self.agent_is_down && self.full.is_empty() {
            self.wait_until_read();
        }
        let again = if self.timers.contains(&id) {
            format!("systemctl enable --quiet --now ssi_{id}.timer")
        } else {
            String::new()
        };
        self.sh(&format!("{}; {again}", script(&path)));
    }

    fn strike(&mut self, check: usize, victim: Victim) {
        let runs = self.recorder.runs();
        // Rather one that goes on.
        let open = runs.values().filter(|told| told.ended.is_none()).max_by(|a, b| a.began.total_cmp(&b.began));
        let (id, pid) = match open {
            Some(told) => (told.check.clone(), told.pid.clone()),
            None => (self.ids[check].clone(), String::new()),
        };
        let unit = format!("ssi_{id}.service");
        let script = match victim {
            Victim::Script if pid.is_empty() => return self.skipped += 1,
            Victim::Script => format!("kill -KILL {pid}"),
            Victim::Runner => {
                format!("pid=$(systemctl show --value -p MainPID {unit}); [ \"$pid\" = 0 ] || kill -KILL $pid")
            }
            Victim::Unit => format!("systemctl kill -s KILL {unit}"),
            Victim::Stop => format!("systemctl stop {unit}"),
        };
        let from = now();
        self.sh(&script);
        self.strikes.push(Strike { check: id, victim, from, to: now() });
    }

    fn start_agent(&mut self) {
        self.sh("systemctl start ssi-agent.service");
        self.agent_is_down = false;
    }

    /// Waits until none of the units has a job or goes on.
    #[track_caller]
    fn wait_idle(&self, units: &str) {
        let listed = format!(
            "systemctl list-jobs --no-legend '{units}' | grep -v 'No jobs'
             systemctl list-units --plain --no-legend --state=activating,deactivating '{units}'
             true"
        );
        wait_for("the runs to end", PATIENCE, || self.machine.sh(&listed).stdout.trim().is_empty());
    }

    /// Ends all faults and all runs, and waits until the agent has read everything. Gives what must be known then.
    #[track_caller]
    pub fn settle(&mut self, schedule: &Schedule) -> Truth {
        // Switched off, so that no timer is missed.
        self.timers.iter().for_each(|id| self.sh(&format!("systemctl disable --quiet --now ssi_{id}.timer")));
        self.wait_idle("ssi*");
        if self.agent_is_down {
            self.start_agent();
        }
        wait_for("the agent", PATIENCE, || {
            self.machine.run(&["systemctl", "is-active", "--quiet", "ssi-agent.service"]).code() == 0
        });
        self.wait_until_read();
        Truth::new(&schedule.acts, &self.started(), &self.recorder.runs(), &self.strikes, self.said.clone())
    }

    /// The runs that systemd began: check, id, time.
    fn started(&self) -> Vec<(String, String, f64)> {
        const STARTING: &str = "MESSAGE_ID=7d4958e842da4a758f6c1cdc7b36dcc5";
        self.machine.run(&["journalctl", "--sync"]).ok();
        let fields = "UNIT,INVOCATION_ID,_SOURCE_REALTIME_TIMESTAMP";
        let entries =
            self.machine.run(&["journalctl", "-o", "json", "--output-fields", fields, "_PID=1", STARTING]).ok();
        let entry = |line: &str| {
            let entry: Value = serde_json::from_str(line).ok()?;
            let id = entry["UNIT"].as_str()?.strip_prefix("ssi_")?.strip_suffix(".service")?;
            let at: f64 = entry["_SOURCE_REALTIME_TIMESTAMP"].as_str()?.parse().ok()?;
            Some((id.to_owned(), entry["INVOCATION_ID"].as_str()?.to_owned(), at / 1e6))
        };
        entries.lines().filter_map(entry).collect()
    }

    /// What there is to see of a check when its history is wrong.
    pub fn evidence(&self, id: &str) -> String {
        let logs =
            self.machine.sh(&format!("cd {LOGS}; for f in {id}.log*; do echo \"-- $f\"; zcat -f $f; done")).stdout;
        let journal = self
            .machine
            .sh(&format!(
                "journalctl --no-pager -o short-precise -u ssi_{id}.service -u ssi-ended@{id}.service | tail -n 100"
            ))
            .stdout;
        let runs = ssi(&self.machine, &["runs", id, "--json"]).stdout;
        let frames =
            self.follower.frames().into_iter().filter(|frame| frame.json["id"] == id || frame.json["type"] == "hello");
        let frames: String = frames.map(|frame| format!("{:.300}\n", frame.json)).collect();
        format!("{logs}\n{journal}\n{runs}\n{frames}")
    }

    /// What the agent said of itself.
    pub fn agent_log(&self) -> String {
        self.machine
            .sh("journalctl --no-pager -o short-precise -u ssi-agent.service -u dbus.service | tail -n 100")
            .stdout
    }

    /// Status of each check on a board: rows of JSON.
    pub fn board(rows: &str) -> BTreeMap<String, String> {
        let rows: Vec<Value> = serde_json::from_str(rows).unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        rows.iter().map(|row| (text(&row["id"]), text(&row["status"]))).collect()
    }
}

/// Drop-in lines with which the agent has a clock of its own, in /run/clock.
fn fake_clock(machine: &Machine) -> String {
    machine.write("/run/clock", "+0\n", 0o644);
    let library = machine.sh(&format!("ls {LIBFAKETIME}")).ok();
    format!(
        "Environment=LD_PRELOAD={} FAKETIME_TIMESTAMP_FILE=/run/clock FAKETIME_NO_CACHE=1\n\
         Environment=FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_DISABLE_SHM=1\n",
        library.trim()
    )
}

fn dir(disk: Disk) -> &'static str {
    match disk {
        Disk::Logs => LOGS,
        Disk::State => AGENT,
    }
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}
