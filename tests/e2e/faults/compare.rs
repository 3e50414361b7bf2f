//! Holds what ssi tells against the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use crate::agent_board::{is_verdict, text};
use crate::checks::ssi;
use crate::machine::Machine;

use super::scene::Scene;
use super::truth::{STOPPED, Truth};

/// One verdict as ssi tells of it.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub check: String,
    pub status: String,
    pub message: String,
    pub run: Option<String>,
}

/// Where one view differs from the truth.
#[derive(Clone, Debug, Default)]
pub struct Difference {
    pub lost: usize,
    pub invented: usize,
    pub twice: usize,
    pub wrong: usize,
    /// What is wrong with which check.
    pub notes: Vec<(String, String)>,
}

impl Difference {
    pub fn is_none(&self) -> bool {
        self.notes.is_empty()
    }

    fn note(&mut self, check: &str, text: String) {
        self.notes.push((check.to_owned(), text));
    }

    pub fn add(&mut self, other: &Difference) {
        self.lost += other.lost;
        self.invented += other.invented;
        self.twice += other.twice;
        self.wrong += other.wrong;
        self.notes.extend(other.notes.iter().cloned());
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { lost, invented, twice, wrong, .. } = self;
        write!(f, "{lost} lost, {invented} invented, {twice} twice, {wrong} wrong")
    }
}

/// All views of one machine.
pub struct Views {
    pub history: Difference,
    pub stream: Difference,
    pub list: Difference,
    pub api: Difference,
    /// How often the stream went on without a gap, and how often it began anew.
    pub resumed: usize,
    pub anew: usize,
}

impl Views {
    pub fn of(scene: &Scene, truth: &Truth) -> Views {
        let machine = &scene.machine;
        let history: Vec<Verdict> = scene.ids().iter().flat_map(|id| history(machine, id)).collect();
        let frames: Vec<Value> = scene.follower.frames().into_iter().map(|frame| frame.json).collect();
        let hellos = || frames.iter().filter(|frame| frame["type"] == "hello");
        let resumed = hellos().filter(|hello| hello["resumed"] == true).count();
        let anew = hellos().count() - resumed - 1;
        let stream: Vec<Verdict> = frames
            .iter()
            .filter(|frame| is_verdict(frame) || is_late(frame))
            .filter_map(|frame| of_frame(frame, scene))
            .collect();
        let list = ssi(machine, &["list", "--json"]).stdout;
        let api = machine.run(&["curl", "-s", "http://127.0.0.1:5000/api/v1/checks"]).stdout;
        let mut stream_differs = verdicts(truth, &stream, anew == 0);
        stream_differs.add(&board(truth, scene, &fold(&frames)));
        Views {
            history: verdicts(truth, &history, true),
            stream: stream_differs,
            list: board(truth, scene, &Scene::board(&list)),
            api: board(truth, scene, &Scene::board(&api)),
            resumed,
            anew,
        }
    }

    pub fn all(&self) -> [(&'static str, &Difference); 4] {
        [("history", &self.history), ("stream", &self.stream), ("list", &self.list), ("api", &self.api)]
    }

    pub fn are_right(&self) -> bool {
        self.all().iter().all(|(_, difference)| difference.is_none())
    }
}

/// What `ssi history` tells of a check.
fn history(machine: &Machine, id: &str) -> Vec<Verdict> {
    let verdict = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        Verdict {
            check: id.to_owned(),
            status: text(&line["status"]),
            message: text(&line["message"]),
            run: line["run"].as_str().map(str::to_owned),
        }
    };
    ssi(machine, &["history", id, "--json"]).stdout.lines().map(verdict).collect()
}

fn of_frame(frame: &Value, scene: &Scene) -> Option<Verdict> {
    let check = text(&frame["id"]);
    scene.ids().contains(&check).then(|| Verdict {
        status: text(&frame["status"]),
        message: text(&frame["message"]),
        run: frame["run"].as_str().map(str::to_owned),
        check,
    })
}

/// A verdict that came to light after that of a later run.
fn is_late(frame: &Value) -> bool {
    frame["marks"].as_array().is_some_and(|marks| marks.iter().any(|mark| mark == "late"))
}

/// The statuses that a client has in the end.
fn fold(frames: &[Value]) -> BTreeMap<String, String> {
    let mut board = BTreeMap::new();
    for frame in frames {
        if frame["checks"].is_array() {
            board = Scene::board(&frame["checks"].to_string());
        } else if frame["type"] == "added" || frame["type"] == "updated" {
            board.insert(text(&frame["id"]), text(&frame["check"]["status"]));
        } else if is_verdict(frame) {
            board.insert(text(&frame["id"]), text(&frame["status"]));
        }
    }
    board
}

/// `complete`: nothing may be missing.
fn verdicts(truth: &Truth, told: &[Verdict], complete: bool) -> Difference {
    let mut difference = Difference::default();
    let mut of_runs: BTreeMap<&str, Vec<&Verdict>> = BTreeMap::new();
    let mut of_lines: BTreeMap<&str, Vec<&Verdict>> = BTreeMap::new();
    for verdict in told {
        match &verdict.run {
            Some(run) => of_runs.entry(run).or_default().push(verdict),
            None => of_lines.entry(&verdict.message).or_default().push(verdict),
        }
    }
    for run in &truth.runs {
        let told = of_runs.remove(run.id.as_str()).unwrap_or_default();
        let may_be_missing = !complete || run.statuses.contains(&STOPPED);
        judge(&mut difference, &run.check, &run.id, &told, &run.statuses, may_be_missing, &run.why);
    }
    for said in &truth.said {
        let told = of_lines.remove(said.message.as_str()).unwrap_or_default();
        let may_be_missing = !complete || said.maybe_progress || said.maybe_cut;
        judge(&mut difference, &said.check, &said.message, &told, &[said.status], may_be_missing, "a line");
    }
    for verdict in of_runs.into_values().chain(of_lines.into_values()).flatten() {
        difference.invented += 1;
        difference.note(&verdict.check, format!("invented: {verdict:?}"));
    }
    difference
}

fn judge(
    difference: &mut Difference,
    check: &str,
    what: &str,
    told: &[&Verdict],
    statuses: &[&str],
    may_be_missing: bool,
    why: &str,
) {
    if told.is_empty() && !may_be_missing {
        difference.lost += 1;
        difference.note(check, format!("lost: {what}, which was {statuses:?}: {why}"));
    }
    if told.len() > 1 {
        difference.twice += 1;
        difference.note(check, format!("twice: {what}, which was {statuses:?}: {told:?}"));
    }
    // Systemd runs the handler of a failed run once for two runs that fail in the same moment. Who stops the second of them before it could
    // write anything, while the bus is away, leaves nobody who could say more.
    let nobody_knows = |verdict: &Verdict| {
        statuses.contains(&STOPPED) && verdict.message == "the run did not end: no verdict was written"
    };
    let is_wrong = |verdict: &&&Verdict| !statuses.contains(&verdict.status.as_str()) && !nobody_knows(verdict);
    for verdict in told.iter().filter(is_wrong) {
        difference.wrong += 1;
        difference.note(check, format!("wrong: {verdict:?} was {statuses:?}: {why}"));
    }
}

fn board(truth: &Truth, scene: &Scene, board: &BTreeMap<String, String>) -> Difference {
    let mut difference = Difference::default();
    let known: BTreeSet<&String> = scene.ids().iter().collect();
    for id in known {
        let allowed = truth.last(id);
        let shown = board.get(id).map_or("nothing", String::as_str);
        if !allowed.contains(&shown) {
            difference.wrong += 1;
            difference.note(id, format!("wrong: the board shows {shown}, the last were {allowed:?}"));
        }
    }
    difference
}
