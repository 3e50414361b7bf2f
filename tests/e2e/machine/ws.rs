//! A WebSocket client that is not ours (Debian's python3-websockets), in the network of a machine.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::{PATIENCE, Process};

/// Something that arrived at the client.
#[derive(Debug, Clone)]
pub struct Frame {
    /// When it arrived, in seconds since 1970.
    pub at: f64,
    /// The frame, a string when it is not JSON.
    pub json: Value,
}

/// A connection; dropping it cuts it.
pub struct Ws(Process);

impl Ws {
    /// Connects and waits until the server accepted or refused.
    #[track_caller]
    pub(super) fn connect(pid: u32, url: &str, options: &[&str]) -> Self {
        // Only the network is the machine's, so a bare machine needs no Python.
        let mut command = Command::new("nsenter");
        command.args(["--net", "--target", &pid.to_string(), "--"]);
        command.args(["/usr/bin/python3", "-u", "-c", include_str!("../ws_client.py"), "--url", url]);
        super::clean(command.args(options));
        let ws = Self(Process::spawn(command));
        ws.0.wait_line("an answer to the connection", PATIENCE, |line| line.starts_with('{'));
        ws
    }

    /// The frames read so far.
    pub fn frames(&self) -> Vec<Frame> {
        self.0.lines().iter().filter_map(|line| frame(line)).collect()
    }

    /// The first frame that `wanted` accepts, be it read already or still to come.
    #[track_caller]
    pub fn wait_frame(&self, what: &str, deadline: Duration, wanted: impl Fn(&Value) -> bool) -> Frame {
        let line = self.0.wait_line(what, deadline, |line| frame(line).is_some_and(|frame| wanted(&frame.json)));
        frame(&line).expect("it was one before")
    }

    /// The code the connection was closed with; 1006 when it just ended.
    #[track_caller]
    pub fn wait_close(&self, deadline: Duration) -> u64 {
        self.wait_number("close", deadline)
    }

    /// The HTTP status the server refused the connection with.
    #[track_caller]
    pub fn wait_refused(&self, deadline: Duration) -> u64 {
        self.wait_number("refused", deadline)
    }

    /// How often a connection was refused so far.
    pub fn refused(&self) -> usize {
        self.0.lines().iter().filter(|line| line.starts_with("{\"refused\"")).count()
    }

    #[track_caller]
    fn wait_number(&self, key: &str, deadline: Duration) -> u64 {
        let number = |line: &str| serde_json::from_str::<Value>(line).ok()?.get(key)?.as_u64();
        let line = self.0.wait_line(key, deadline, |line| number(line).is_some());
        number(&line).expect("it was there before")
    }
}

fn frame(line: &str) -> Option<Frame> {
    let line: Value = serde_json::from_str(line).ok()?;
    Some(Frame { at: line.get("at")?.as_f64()?, json: line.get("frame")?.clone() })
}
