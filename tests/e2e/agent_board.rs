//! The board of a machine's agent as a WebSocket client sees it, with each frame held against the published form.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::checks::{LOGS, Script, add};
use crate::machine::{Machine, PATIENCE, Ws, wait_for};

/// The keys that each frame has, whatever its type.
const COMMON: [&str; 5] = ["epoch", "host", "seq", "time", "type"];
const STATUS: [&str; 8] = ["changed", "line_time", "marks", "message", "previous", "progress", "run", "status"];
const RUN: [&str; 8] = ["detail", "duration_seconds", "exit", "marks", "phase", "result", "run", "trigger"];
const ROW: [&str; 19] = [
    "host",
    "kind",
    "id",
    "name",
    "description",
    "version",
    "tags",
    "profile",
    "schedule",
    "schedule_human",
    "timeout_seconds",
    "enabled",
    "status",
    "message",
    "since",
    "last_run",
    "next_run",
    "deadline",
    "marks",
];
const STATUSES: [&str; 6] = ["OK", "UPDATE", "WARNING", "FAILURE", "ERROR", "UNKNOWN"];

/// A machine with the package whose agent serves.
#[track_caller]
pub fn machine(name: &str) -> Machine {
    let machine = crate::checks::machine(name);
    // As on every Debian, checks are not the only timers that are switched on.
    machine.sh("mkdir /etc/systemd/system/timers.target.wants && ln -s /dev/null /etc/systemd/system/timers.target.wants/other.timer").ok();
    machine.run(&["systemctl", "enable", "--quiet", "--now", "ssi-agent.service"]).ok();
    machine
}

/// The agent's process id inside the machine.
#[track_caller]
pub fn agent_pid(machine: &Machine) -> String {
    crate::checks::property(machine, "ssi-agent.service", "MainPID")
}

/// Waits until another agent than the process `pid` has taken its place.
#[track_caller]
pub fn wait_for_another_agent(machine: &Machine, pid: &str) {
    wait_for("another agent", PATIENCE, || {
        let shown = machine.run(&["systemctl", "show", "-p", "ActiveState,MainPID", "ssi-agent.service"]).ok();
        let is = |line: &str| shown.lines().any(|shown| shown == line);
        is("ActiveState=active") && !is("MainPID=0") && !is(&format!("MainPID={pid}"))
    });
}

/// Appends to the log of a check, as another program does.
#[track_caller]
pub fn append(machine: &Machine, id: &str, text: &str) {
    let path = machine.path(&format!("{LOGS}/{id}.log"));
    let mut log = std::fs::OpenOptions::new().append(true).open(&path).unwrap_or_else(|error| panic!("{id}: {error}"));
    std::io::Write::write_all(&mut log, text.as_bytes()).unwrap();
}

/// The rows of `ssi list --json`.
#[track_caller]
pub fn list(machine: &Machine) -> Vec<Value> {
    serde_json::from_str(&machine.run(&["ssi", "list", "--json"]).ok()).unwrap()
}

/// A subscription.
pub struct Board(Ws);

impl Board {
    /// Subscribes; `query` as in `?since=…`.
    #[track_caller]
    pub fn open(machine: &Machine, query: &str) -> Board {
        Board::at(machine, &format!("ws://localhost:5000/ws{query}"))
    }

    /// Subscribes to an agent that listens elsewhere.
    #[track_caller]
    pub fn at(machine: &Machine, url: &str) -> Board {
        let board = Board(machine.ws(url));
        board.wait("the hello", |frame| frame["type"] == "hello");
        board
    }

    /// The first frame.
    #[track_caller]
    pub fn hello(&self) -> Value {
        self.frames().into_iter().next().expect("a frame has come")
    }

    /// The frames so far.
    pub fn frames(&self) -> Vec<Value> {
        self.0.frames().into_iter().map(|frame| frame.json).collect()
    }

    /// The frames so far that concern a check.
    pub fn of(&self, id: &str) -> Vec<Value> {
        self.frames().into_iter().filter(|frame| frame["id"] == id).collect()
    }

    /// The first frame that is wanted, be it here already or still to come.
    #[track_caller]
    pub fn wait(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.0.wait_frame(what, PATIENCE, wanted).json
    }

    /// The same of what takes a minute by design.
    #[track_caller]
    pub fn wait_long(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.0.wait_frame(what, 2 * PATIENCE, wanted).json
    }

    /// The first verdict of a check with this status and message.
    #[track_caller]
    pub fn verdict(&self, id: &str, status: &str, message: &str) -> Value {
        self.wait(&format!("{id} {status} {message}"), |frame| {
            is_verdict(frame) && frame["id"] == id && frame["status"] == status && frame["message"] == message
        })
    }

    /// How the agent closed the connection.
    #[track_caller]
    pub fn close_code(&self) -> u64 {
        self.0.wait_close(PATIENCE)
    }

    /// The place to resume from: after the last frame so far.
    #[track_caller]
    pub fn place(&self) -> (String, u64) {
        let frames = self.frames();
        let last = frames.last().expect("a frame has come");
        (last["epoch"].as_str().unwrap().to_owned(), last["seq"].as_u64().unwrap())
    }

    /// Status and message of each check: the hello and what came after it.
    #[track_caller]
    pub fn fold(&self) -> BTreeMap<String, (Value, Value)> {
        let mut rows = BTreeMap::new();
        let mut put = |row: &Value| rows.insert(text(&row["id"]), (row["status"].clone(), row["message"].clone()));
        for frame in self.frames() {
            match frame["type"].as_str().unwrap() {
                "hello" => frame["checks"].as_array().into_iter().flatten().for_each(|row| drop(put(row))),
                "added" | "updated" => drop(put(&frame["check"])),
                "status" if frame["progress"] == false => drop(put(&frame)),
                _ => {}
            }
        }
        for gone in self.frames().iter().filter(|frame| frame["type"] == "removed") {
            let back = |frame: &Value| frame["type"] == "added" && frame["seq"].as_u64() > gone["seq"].as_u64();
            if !self.of(&text(&gone["id"])).iter().any(back) {
                rows.remove(&text(&gone["id"]));
            }
        }
        rows
    }

    /// Each frame has the published form, and no number is left out. Gives the frames.
    #[track_caller]
    pub fn check(&self) -> Vec<Value> {
        let frames = self.frames();
        let hello = &frames[0];
        for (frame, seq) in frames.iter().zip(hello["seq"].as_u64().unwrap()..) {
            check_form(frame);
            assert_eq!(frame["seq"], seq, "{frame}");
            assert_eq!((&frame["epoch"], &frame["host"]), (&hello["epoch"], &hello["host"]), "{frame}");
        }
        frames
    }
}

/// A check whose only purpose is to be written about: what the agent does about a log before, it has done when it tells of this one.
pub struct Beacon(std::cell::Cell<u32>);

impl Beacon {
    #[track_caller]
    pub fn install(machine: &Machine) -> Beacon {
        add(machine, &[Script::new("beacon", "true")], &["--no-run"]).ok();
        Beacon(std::cell::Cell::new(0))
    }

    /// Waits until `board` was told of everything that happened to logs before.
    #[track_caller]
    pub fn settle(&self, machine: &Machine, board: &Board) {
        let number = self.0.get() + 1;
        self.0.set(number);
        wait_for("the beacon on the board", PATIENCE, || board.fold().contains_key("beacon"));
        append(machine, "beacon", &format!("OK, beacon {number}\n"));
        board.verdict("beacon", "OK", &format!("beacon {number}"));
    }
}

/// Whether a frame tells of a verdict, not of progress.
pub fn is_verdict(frame: &Value) -> bool {
    frame["type"] == "status" && frame["progress"] == false
}

/// A string, empty when it is none.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A row as `list --json` and the frames have it.
#[track_caller]
pub fn check_row(row: &Value) {
    let of_a_watch: &[&str] = if row["kind"] == "watch" { &["watch"] } else { &[] };
    assert_eq!(keys(row), sorted(&[&ROW[..], of_a_watch].concat()), "{row}");
    assert!(STATUSES.contains(&row["status"].as_str().unwrap()), "{row}");
    for time in ["since", "last_run", "next_run", "deadline"] {
        assert!(row[time].is_null() || is_time(&row[time]), "{time} in {row}");
    }
}

#[track_caller]
fn check_form(frame: &Value) {
    let of_type: &[&str] = match frame["type"].as_str().unwrap_or_default() {
        "hello" => {
            for row in frame["checks"].as_array().into_iter().flatten() {
                check_row(row);
            }
            let of_type: Vec<&str> =
                ["checks", "resync", "resumed"].into_iter().filter(|key| frame.get(key).is_some()).collect();
            let hello = [&COMMON[..], &["host_id"], &of_type].concat();
            return assert_eq!(keys(frame), sorted(&hello), "{frame}");
        }
        "status" => {
            let words = ["status", "previous"].map(|key| text(&frame[key]));
            assert!(words.iter().all(|word| STATUSES.contains(&word.as_str())), "{frame}");
            assert!(frame["line_time"].is_null() || is_time(&frame["line_time"]), "{frame}");
            let changed = frame["progress"] == false && frame["status"] != frame["previous"];
            assert_eq!(frame["changed"], changed, "{frame}");
            &STATUS
        }
        "run" => &RUN,
        "added" | "updated" | "removed" => {
            check_row(&frame["check"]);
            &["check"]
        }
        other => panic!("the type `{other}` was not expected: {frame}"),
    };
    assert_eq!(keys(frame), sorted(&[&COMMON[..], &["kind", "id"], of_type].concat()), "{frame}");
    assert!(["check", "watch"].contains(&frame["kind"].as_str().unwrap()) && is_time(&frame["time"]), "{frame}");
}

fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> =
        object.as_object().into_iter().flat_map(|object| object.keys().map(String::as_str)).collect();
    keys.sort_unstable();
    keys
}

fn sorted<'a>(keys: &[&'a str]) -> Vec<&'a str> {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    keys
}

/// RFC 3339, UTC, milliseconds.
fn is_time(value: &Value) -> bool {
    let form = "0000-00-00T00:00:00.000Z";
    let text = text(value);
    let same = |(c, form): (char, char)| if form == '0' { c.is_ascii_digit() } else { c == form };
    text.len() == form.len() && text.chars().zip(form.chars()).all(same)
}
