//! `ssi completions`: what makes a shell complete `ssi`, and what it is completed with.
//!
//! The script asks `ssi` itself each time, so that ids of installed checks are completed too.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::CommandFactory;
use clap_complete::CompletionCandidate;
use clap_complete::env::{CompleteEnv, Shells};

use super::args::{Cli, CompletionsArgs, Global};
use super::failure::Failure;
use super::ui::Ui;
use crate::store;

/// Set by the script, to the name of the shell that asks.
const VARIABLE: &str = "SSI_COMPLETE";

/// Whether a shell asks how a line goes on.
pub(super) fn is_asked() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

/// Answers a shell that asks how a line goes on, and ends the process then.
pub(super) fn answer() {
    CompleteEnv::with_factory(Cli::command).var(VARIABLE).complete();
}

pub(super) fn completions(args: &CompletionsArgs, ui: &Ui) -> Result<u8, Failure> {
    ui.print_raw(&script(args.shell.name())?)?;
    Ok(0)
}

/// The script for a shell.
pub(super) fn script(shell: &str) -> Result<String, Failure> {
    let shells = Shells::builtins();
    let completer = shells.completer(shell).ok_or_else(|| Failure::usage(format!("no shell `{shell}` is known")))?;
    let mut script = Vec::new();
    completer.write_registration(VARIABLE, "ssi", "ssi", "ssi", &mut script)?;
    Ok(String::from_utf8_lossy(&script).into_owned())
}

/// The ids of installed checks that begin as `typed` does.
pub(super) fn ids(typed: &OsStr) -> Vec<CompletionCandidate> {
    // The line that is completed is what this process was called with.
    let words: Vec<String> = std::env::args().collect();
    let root = words.iter().position(|word| word == "--root").and_then(|at| words.get(at + 1)).map(PathBuf::from);
    let user = words.iter().any(|word| word == "--user");
    let Ok(paths) = Global::places(root.as_deref(), user) else { return Vec::new() };
    let typed = typed.to_string_lossy();
    let names = std::fs::read_dir(&paths.scripts).into_iter().flatten().flatten();
    let ids = names.filter_map(|entry| store::id_of(entry.file_name().to_str()?));
    let mut ids: Vec<String> = ids.map(|id| id.to_string()).filter(|id| id.starts_with(&*typed)).collect();
    ids.sort();
    ids.into_iter().map(CompletionCandidate::new).collect()
}
