//! The independent recorder: what scripts say they are about to do, told through a FIFO that no sandbox hides and no full disk closes.

use std::collections::BTreeMap;

use crate::checks::Script;
use crate::machine::{Machine, PATIENCE, Process};

use super::schedule::{Plan, Schedule};

const DIR: &str = "/run/faults";

/// The time limit of every script, in seconds.
pub const TIMEOUT: f64 = 3.0;

/// Holds the FIFOs of a machine open, and collects what is written to the one of the truth.
pub struct Recorder(Process);

/// What the script of one run told. Times are in seconds since 1970.
#[derive(Clone, Debug, Default)]
pub struct Told {
    pub check: String,
    pub act: usize,
    /// The process id of bash inside the machine.
    pub pid: String,
    pub began: f64,
    /// Right before it ended by itself.
    pub ended: Option<f64>,
}

impl Recorder {
    /// Lays out what the scripts read, and begins to listen.
    #[track_caller]
    pub fn start(machine: &Machine, schedule: &Schedule) -> Recorder {
        for (number, act) in schedule.acts.iter().enumerate() {
            machine.write(&format!("{DIR}/acts/{number}"), &act.bash(number), 0o644);
        }
        for Plan { id, acts, .. } in &schedule.checks {
            // A run that is killed while it reads leaves a part of a number, which is a number too.
            let lines: String = acts.iter().map(|act| format!("{act}\n")).collect();
            machine.write(&format!("{DIR}/{id}.list"), &lines, 0o644);
        }
        let keeper = Process::spawn(machine.command(&["bash", "-c", KEEPER, "keeper", DIR]));
        keeper.wait_line("the recorder", PATIENCE, |line| line == "ready");
        Recorder(keeper)
    }

    /// The script of a check that takes what it does from its FIFO.
    pub fn script(plan: &Plan) -> Script {
        let script = Script::new(&plan.id, &BODY.replace("@", DIR))
            .with(&format!("timeout: {TIMEOUT}"))
            .with("stale-after: 7d")
            .with(&format!("sandbox: {}", plan.sandbox));
        if plan.timer { script.often() } else { script }
    }

    /// What each run has told so far, by its id.
    pub fn runs(&self) -> BTreeMap<String, Told> {
        let mut runs: BTreeMap<String, Told> = BTreeMap::new();
        for line in self.0.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            if let [time, run, check, act, pid, what] = words[..] {
                let time = time.parse().unwrap();
                let told = runs.entry(run.to_owned()).or_default();
                match what {
                    "begin" => {
                        told.check = check.to_owned();
                        told.act = act.parse().unwrap();
                        told.pid = pid.to_owned();
                        told.began = time;
                    }
                    "end" => told.ended = Some(time),
                    _ => {}
                }
            }
        }
        runs
    }
}

/// Without a reader or a writer a FIFO would hold up whoever opens it.
const KEEPER: &str = "
cd \"$1\"
mkfifo -m 666 truth
for list in *.list; do
    mkfifo -m 644 \"${list%.list}.acts\"
    exec {fd}<> \"${list%.list}.acts\"
    cat \"$list\" >&\"$fd\"
done
exec 3<> truth
echo ready
exec cat <&3
";

const BODY: &str = "
record() { echo \"$EPOCHREALTIME $INVOCATION_ID $id $act $$ $1\" > @/truth; }
id=${0##*/}; id=${id%.bash}
read -r act < @/$id.acts
record begin
source @/acts/$act
";
