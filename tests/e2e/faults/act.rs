//! What a script does in one run, and what the run has to become of it.

use std::fmt::Write;

use super::random::Random;

/// The statuses that a script can say.
pub const WORDS: [&str; 5] = ["OK", "UPDATE", "WARNING", "FAILURE", "ERROR"];

/// One run of a script.
#[derive(Clone, Debug)]
pub struct Act {
    steps: Vec<Step>,
    ending: Ending,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// A status line: progress, or the verdict when it is the last one.
    Say(&'static str),
    /// Lines that are no status, on either output.
    Detail(usize),
    /// Tenths of a second in which something may happen to the run.
    Wait(usize),
}

#[derive(Clone, Copy, Debug)]
enum Ending {
    Exit(i32),
    /// The script kills itself.
    Killed(&'static str),
    /// Until its time is up.
    Hang,
    /// A daemon stays behind and holds the pipes.
    Daemon,
}

impl Act {
    pub fn random(random: &mut Random) -> Act {
        let step = |random: &mut Random| match random.below(5) {
            0 | 1 => Step::Say(random.pick(&WORDS)),
            2 => Step::Detail(random.pick(&[1, 3, 100])),
            _ => Step::Wait(1 + random.below(3)),
        };
        let steps = (0..random.below(6)).map(|_| step(random)).collect();
        let ending = match random.below(20) {
            0 => Ending::Killed(random.pick(&["KILL", "TERM", "SEGV"])),
            1 => Ending::Hang,
            2 => Ending::Daemon,
            3..9 => Ending::Exit(random.pick(&[1, 2, 3, 9, 126, 127, 139])),
            _ => Ending::Exit(0),
        };
        Act { steps, ending }
    }

    /// The act in bash. `record` is a function of the script that tells the recorder.
    pub fn bash(&self, number: usize) -> String {
        let mut out = String::new();
        for (place, step) in self.steps.iter().enumerate() {
            let _ = match step {
                Step::Say(word) => writeln!(out, "echo '{word}, act {number} step {place}'"),
                Step::Detail(lines) => {
                    writeln!(out, "for i in {{1..{lines}}}; do echo \"detail $i\"; echo \"error $i\" >&2; done")
                }
                Step::Wait(tenths) => writeln!(out, "sleep 0.{tenths}"),
            };
        }
        let _ = match self.ending {
            Ending::Exit(code) => writeln!(out, "record end\nexit {code}"),
            Ending::Killed(signal) => writeln!(out, "record end\nkill -{signal} $$\nsleep 60"),
            Ending::Hang => writeln!(out, "record hang\nsleep 60"),
            Ending::Daemon => writeln!(out, "setsid sleep 60 &\nrecord end\nexit 0"),
        };
        out
    }

    /// Whether only the time limit ends it.
    pub fn hangs(&self) -> bool {
        matches!(self.ending, Ending::Hang)
    }

    /// The status that a run has when nobody interferes.
    pub fn status(&self) -> &'static str {
        let said = self.steps.iter().rev().find_map(|step| match step {
            Step::Say(word) => Some(*word),
            Step::Detail(_) | Step::Wait(_) => None,
        });
        match (self.ending, said) {
            (Ending::Killed(_) | Ending::Hang, _) => "ERROR",
            (Ending::Daemon | Ending::Exit(0), said) => said.unwrap_or("OK"),
            (Ending::Exit(_), Some("OK" | "UPDATE")) => "ERROR",
            (Ending::Exit(_), Some(word)) => word,
            (Ending::Exit(126 | 127 | 139), None) => "ERROR",
            (Ending::Exit(_), None) => "FAILURE",
        }
    }
}
