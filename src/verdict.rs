//! What a run says about its check, decided once it is over.
//!
//! Input: the last status line, how the script ended, the protocol that its header names. Output: [`Verdict`].

use std::time::Duration;

use crate::check::Protocol;
use crate::line::Exit;
use crate::perfdata::{self, Metric};
use crate::status::Status;
use crate::timespan;

/// The result of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The status.
    pub status: Status,
    /// One line, never empty.
    pub message: String,
}

impl Verdict {
    /// A verdict with its message.
    pub fn new(status: Status, message: impl Into<String>) -> Verdict {
        Verdict { status, message: message.into() }
    }
}

/// How the script ended, with what is known beyond the exit code.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ending {
    /// It exited with this code.
    Exited(i32),
    /// A signal ended it; its name without `SIG`.
    Killed(&'static str),
    /// It was stopped after this time.
    TimedOut(Duration),
    /// The runner was asked to stop: shutdown, `systemctl stop`, `ssi remove`.
    Stopped,
}

impl Ending {
    /// The same for the end line.
    pub fn exit(self) -> Exit<'static> {
        match self {
            Ending::Exited(code) => Exit::Code(code),
            Ending::Killed(signal) => Exit::Signal(signal),
            Ending::TimedOut(_) => Exit::Timeout,
            Ending::Stopped => Exit::Signal("TERM"),
        }
    }
}

/// What the script printed that matters for the verdict.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// The last status line (`protocol: ssi`, `protocol: json`).
    pub status: Option<Verdict>,
    /// The first line of standard output (`protocol: nagios`), without performance data.
    pub first_line: Option<String>,
    /// The last JSON document (`protocol: json`).
    pub json: Option<serde_json::Value>,
}

/// Decides.
pub fn decide(protocol: Protocol, said: &Said, ending: Ending) -> Verdict {
    match ending {
        Ending::TimedOut(limit) => Verdict::new(Status::Error, format!("timed out after {}", timespan::words(limit))),
        Ending::Killed(signal) => Verdict::new(Status::Error, format!("killed by SIG{signal}")),
        Ending::Stopped => Verdict::new(Status::Unknown, "stopped before it was done"),
        Ending::Exited(code) => match protocol {
            Protocol::Ssi => match &said.status {
                Some(verdict) => printed(verdict, code),
                None => silent(code),
            },
            Protocol::Nagios => nagios(said.first_line.as_deref(), code),
            Protocol::Json => json(said, code),
        },
    }
}

/// Why a run got its verdict, as a sentence for the author of the script.
pub fn reason(protocol: Protocol, said: &Said, exit: Exit<'_>) -> String {
    let code = match exit {
        Exit::Code(code) => code,
        Exit::Timeout => return "the time limit ended it, whatever it had printed".to_owned(),
        Exit::Signal(signal) => return format!("SIG{signal} ended it, whatever it had printed"),
        Exit::Unseen => return "it did not get as far as an exit code".to_owned(),
    };
    let meant = decide(protocol, said, Ending::Exited(code)).status;
    let (place, missing, named) = match (protocol, &said.json) {
        (Protocol::Nagios, _) => return format!("exit code {code} of a plugin means {meant}"),
        (Protocol::Ssi, _) => {
            let named = said.status.as_ref().map(|verdict| verdict.status);
            ("its last status line", "it printed no status line", named)
        }
        (Protocol::Json, Some(document)) => match (named(document), &said.status) {
            (None, Some(line)) => ("its last status line", "", Some(line.status)),
            (named, _) => ("the `status` of its last JSON document", "its JSON document names no status", named),
        },
        (Protocol::Json, None) => match bad_line(said) {
            Some(line) => ("its last status line", "", Some(line.status)),
            None => ("", "it printed no JSON document", None),
        },
    };
    match named {
        Some(said) if code == 0 => format!("{said} is {place}, and it exited with 0"),
        Some(said) if said.is_healthy() => {
            format!("{said} is {place}, but it exited with {code}: a contradiction is never OK")
        }
        Some(said) => format!("{said} is {place}; exit code {code} changes nothing about that"),
        None => format!("{missing}, and without one exit code {code} means {meant}"),
    }
}

/// The script said a status, then exited.
fn printed(said: &Verdict, code: i32) -> Verdict {
    match code {
        0 => Verdict::new(said.status, non_empty(&said.message, said.status.word())),
        _ if said.status.is_healthy() => {
            let message = non_empty(&said.message, "no message");
            Verdict::new(Status::Error, format!("said {}, then exited with {code}: {message}", said.status))
        }
        _ => Verdict::new(said.status, non_empty(&said.message, said.status.word())),
    }
}

/// The script said nothing that is a status.
fn silent(code: i32) -> Verdict {
    match code {
        0 => Verdict::new(Status::Ok, "exited with 0"),
        126 => Verdict::new(Status::Error, "exited with 126: a command is not executable"),
        127 => Verdict::new(Status::Error, "exited with 127: a command was not found"),
        _ => match crash(code) {
            Some(signal) => {
                Verdict::new(Status::Error, format!("exited with {code}: a command was killed by SIG{signal}"))
            }
            None => Verdict::new(Status::Failure, format!("exited with {code}")),
        },
    }
}

/// bash answers with 128 + n when its last command was killed by the signal n. Only signals that nobody sends on purpose count:
/// other codes above 128 are a script's own.
fn crash(code: i32) -> Option<&'static str> {
    Some(match code.checked_sub(128)? {
        4 => "ILL",
        5 => "TRAP",
        6 => "ABRT",
        7 => "BUS",
        8 => "FPE",
        9 => "KILL",
        11 => "SEGV",
        31 => "SYS",
        _ => return None,
    })
}

/// The plugin API: the exit code is the verdict, the first line the message.
fn nagios(first_line: Option<&str>, code: i32) -> Verdict {
    let status = match code {
        0 => Status::Ok,
        1 => Status::Warning,
        2 => Status::Failure,
        _ => Status::Error,
    };
    let message = match (first_line.map(str::trim).filter(|line| !line.is_empty()), code) {
        (Some(line), 0..=3) => line.to_owned(),
        (Some(line), _) => format!("exited with {code}, which no plugin should: {line}"),
        (None, _) => format!("exited with {code} and printed nothing"),
    };
    Verdict::new(status, message)
}

/// A document may carry its own `status` and `message`; else a status line beside it decides, else the exit code.
fn json(said: &Said, code: i32) -> Verdict {
    let Some(document) = &said.json else {
        return match (bad_line(said), silent(code)) {
            (Some(line), _) => printed(line, code),
            (None, Verdict { status: Status::Ok, .. }) => Verdict::new(Status::Error, "printed no JSON document"),
            (None, verdict) => {
                Verdict::new(verdict.status, format!("{} and printed no JSON document", verdict.message))
            }
        };
    };
    let text = |key: &str| document.get(key).and_then(serde_json::Value::as_str);
    let message = text("message").map(|message| message.split_whitespace().collect::<Vec<_>>().join(" "));
    match (named(document), &said.status) {
        (Some(status), _) => printed(&Verdict::new(status, message.unwrap_or_default()), code),
        (None, Some(line)) => printed(line, code),
        (None, None) => {
            let verdict = silent(code);
            Verdict::new(verdict.status, message.filter(|_| code == 0).unwrap_or(verdict.message))
        }
    }
}

/// The status line of a script that printed no document, where that is explained by it.
fn bad_line(said: &Said) -> Option<&Verdict> {
    said.status.as_ref().filter(|line| !line.status.is_healthy())
}

/// The status that a document names, in a word of ours or of another tool: `critical` must not pass for a word that means nothing.
fn named(document: &serde_json::Value) -> Option<Status> {
    Status::of_another_tool(document.get("status")?.as_str()?)
}

fn non_empty(message: &str, otherwise: &str) -> String {
    if message.is_empty() { otherwise.to_owned() } else { message.to_owned() }
}

/// A plugin's output: the first line's text, the long output's lines, and the performance data of both blocks.
pub fn read_plugin_output(lines: &[String]) -> (Option<String>, Vec<Metric>) {
    let Some((first, long)) = lines.split_first() else { return (None, Vec::new()) };
    let (text, mut perf) = first.split_once('|').map_or((first.as_str(), String::new()), |(t, p)| (t, p.to_owned()));
    let mut in_perfdata = false;
    for line in long {
        // The second block begins behind the first `|` of the long output and goes on to the end.
        let more = match (in_perfdata, line.split_once('|')) {
            (false, None) => continue,
            (false, Some((_, after))) => after,
            (true, _) => line,
        };
        in_perfdata = true;
        perf.push(' ');
        perf.push_str(more);
    }
    (Some(text.trim().to_owned()), perfdata::parse(&perf))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ssi(said: Option<(Status, &str)>, ending: Ending) -> (Status, String) {
        let status = said.map(|(status, message)| Verdict::new(status, message));
        let verdict = decide(Protocol::Ssi, &Said { status, ..Said::default() }, ending);
        (verdict.status, verdict.message)
    }

    #[test]
    fn a_script_that_says_a_status() {
        use Status::*;
        for (said, code, status, message) in [
            ((Ok, "fine"), 0, Ok, "fine"),
            ((Ok, ""), 0, Ok, "OK"),
            ((Ok, "fine"), 1, Error, "said OK, then exited with 1: fine"),
            ((Update, "3 packages"), 127, Error, "said UPDATE, then exited with 127: 3 packages"),
            ((Warning, "91 %"), 1, Warning, "91 %"),
            ((Failure, "down"), 0, Failure, "down"),
            ((Error, "no curl"), 127, Error, "no curl"),
        ] {
            assert_eq!(ssi(Some(said), Ending::Exited(code)), (status, message.to_owned()), "{said:?} {code}");
        }
    }

    #[test]
    fn a_script_that_says_none() {
        for (ending, status, message) in [
            (Ending::Exited(0), Status::Ok, "exited with 0"),
            (Ending::Exited(3), Status::Failure, "exited with 3"),
            (Ending::Exited(200), Status::Failure, "exited with 200"),
            (Ending::Exited(139), Status::Error, "exited with 139: a command was killed by SIGSEGV"),
            (Ending::Exited(126), Status::Error, "exited with 126: a command is not executable"),
            (Ending::Exited(127), Status::Error, "exited with 127: a command was not found"),
            (Ending::Killed("SEGV"), Status::Error, "killed by SIGSEGV"),
            (Ending::TimedOut(Duration::from_secs(20)), Status::Error, "timed out after 20 s"),
            (Ending::Stopped, Status::Unknown, "stopped before it was done"),
        ] {
            assert_eq!(ssi(None, ending), (status, message.to_owned()));
        }
        // An OK that was printed before the script hung is no OK.
        assert_eq!(ssi(Some((Status::Ok, "fine")), Ending::TimedOut(Duration::from_secs(1))).0, Status::Error);
    }

    #[test]
    fn plugins() {
        let lines = ["DISK OK - free space: / 3326 MB |/=2643MB;5948;5958;0;5968", "/home | /home=69MB", "/var=1MB"];
        let (first_line, metrics) = read_plugin_output(&lines.map(str::to_owned));
        assert_eq!(first_line.as_deref(), Some("DISK OK - free space: / 3326 MB"));
        assert_eq!(metrics.iter().map(|m| m.label.as_str()).collect::<Vec<_>>(), ["/", "/home", "/var"]);
        let said = Said { first_line, ..Said::default() };
        for (code, status) in
            [(0, Status::Ok), (1, Status::Warning), (2, Status::Failure), (3, Status::Error), (9, Status::Error)]
        {
            assert_eq!(decide(Protocol::Nagios, &said, Ending::Exited(code)).status, status);
        }
        let nothing = decide(Protocol::Nagios, &Said::default(), Ending::Exited(2));
        assert_eq!(nothing.message, "exited with 2 and printed nothing");
    }

    #[test]
    fn reasons() {
        let ssi = |status: Option<Status>| Said { status: status.map(|s| Verdict::new(s, "")), ..Said::default() };
        let reason = |said, code| reason(Protocol::Ssi, &ssi(said), Exit::Code(code));
        assert_eq!(reason(Some(Status::Ok), 0), "OK is its last status line, and it exited with 0");
        assert!(reason(Some(Status::Update), 1).contains("contradiction"));
        assert_eq!(
            reason(Some(Status::Failure), 2),
            "FAILURE is its last status line; exit code 2 changes nothing about that"
        );
        assert_eq!(reason(None, 127), "it printed no status line, and without one exit code 127 means ERROR");
        assert_eq!(super::reason(Protocol::Nagios, &ssi(None), Exit::Code(7)), "exit code 7 of a plugin means ERROR");
        assert!(super::reason(Protocol::Ssi, &ssi(Some(Status::Ok)), Exit::Timeout).starts_with("the time limit"));
    }

    #[test]
    fn reasons_of_documents() {
        for (document, code, expected) in [
            (None, 0, "it printed no JSON document, and without one exit code 0 means ERROR"),
            (None, 3, "it printed no JSON document, and without one exit code 3 means FAILURE"),
            (
                Some(json!({"status": "shiny"})),
                0,
                "its JSON document names no status, and without one exit code 0 means OK",
            ),
            (
                Some(json!({"status": "WARNING"})),
                0,
                "WARNING is the `status` of its last JSON document, and it exited with 0",
            ),
        ] {
            let said = Said { json: document, ..Said::default() };
            assert_eq!(reason(Protocol::Json, &said, Exit::Code(code)), expected);
        }
    }

    #[test]
    fn a_status_line_beside_a_document() {
        let said = |line: Option<(Status, &str)>, json: Option<serde_json::Value>| Said {
            status: line.map(|(status, message)| Verdict::new(status, message)),
            json,
            ..Said::default()
        };
        let (tasks, line) = (json!([{"status": "paused"}]), Some((Status::Warning, "1 of 9 is late")));
        for (said, code, expected, because) in [
            (
                said(line, Some(tasks.clone())),
                1,
                (Status::Warning, "1 of 9 is late"),
                "WARNING is its last status line",
            ),
            (said(line, Some(json!({"status": "pass"}))), 0, (Status::Ok, "OK"), "OK is the `status` of"),
            (said(Some((Status::Ok, "x")), Some(tasks)), 2, (Status::Error, "said OK, then exited with 2: x"), "OK is"),
            (said(line, None), 0, (Status::Warning, "1 of 9 is late"), "WARNING is its last status line"),
            (said(Some((Status::Ok, "x")), None), 0, (Status::Error, "printed no JSON document"), "it printed no JSON"),
        ] {
            let verdict = decide(Protocol::Json, &said, Ending::Exited(code));
            assert_eq!((verdict.status, verdict.message.as_str()), expected);
            let reason = reason(Protocol::Json, &said, Exit::Code(code));
            assert!(reason.starts_with(because), "{reason}");
        }
    }

    #[test]
    fn documents() {
        let decide = |document: Option<serde_json::Value>, code| {
            let verdict = decide(Protocol::Json, &Said { json: document, ..Said::default() }, Ending::Exited(code));
            (verdict.status, verdict.message)
        };
        assert_eq!(decide(Some(json!({"a": 1})), 0), (Status::Ok, "exited with 0".into()));
        assert_eq!(decide(Some(json!({"status": "WARNING", "message": "x\ny"})), 0), (Status::Warning, "x y".into()));
        assert_eq!(decide(Some(json!({"status": "shiny"})), 2), (Status::Failure, "exited with 2".into()));
        assert_eq!(decide(Some(json!({"status": "CRITICAL"})), 0), (Status::Failure, "FAILURE".into()));
        assert_eq!(decide(Some(json!({"status": "pass", "message": "up"})), 0), (Status::Ok, "up".into()));
        assert_eq!(decide(Some(json!({"status": "UNKNOWN"})), 0).0, Status::Error);
        assert_eq!(decide(Some(json!({"status": "healthy"})), 2).0, Status::Error);
        assert_eq!(decide(None, 0), (Status::Error, "printed no JSON document".into()));
        assert_eq!(decide(None, 127).0, Status::Error);
    }
}
