//! `ssi probe` as the one line of a check in its sandbox, in good states and in bad ones.

mod host;
mod net;

use crate::checks::{Script, add, last_end, ssi};
use crate::machine::Machine;

/// A check's name, its question, the status it must have, and words that its message must contain.
type Row<'a> = (&'a str, &'a str, &'a str, &'a str);

/// Installs each question as a check, runs it, and compares what the log says.
#[track_caller]
fn ask(machine: &Machine, rows: &[Row<'_>]) {
    let scripts: Vec<Script> =
        rows.iter().map(|(id, question, ..)| Script::new(id, &format!("ssi probe {question}"))).collect();
    run(machine, &scripts, rows);
}

/// The same for scripts that the test wrote itself.
#[track_caller]
fn run(machine: &Machine, scripts: &[Script], rows: &[Row<'_>]) {
    add(machine, scripts, &["--no-run"]).ok();
    for (id, question, status, words) in rows {
        let output = ssi(machine, &["run", id]);
        let end = last_end(machine, id);
        assert_eq!(end.status, *status, "{question}: {output:?}");
        assert!(end.message.contains(words), "{question}: `{words}` is not in `{}`", end.message);
    }
}
