//! How a script differs from the one that is installed, in words.
//!
//! Input: what is installed, what is to be, and the steps between them. Output: a [`Difference`], and where the check came from before.

use std::path::PathBuf;

use super::plan::Candidate;
use crate::check::{Check, CheckId};
use crate::paths::Paths;
use crate::store::{Installed, Step};

/// How a check differs from what is installed.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// Nothing of that id is installed.
    New,
    /// It replaces an older version; a line for each change.
    Updated(Vec<String>),
    /// All of it is there already.
    Unchanged,
}

/// Where a check comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Somebody added its script.
    Hand,
    /// A directory was applied.
    Directory(PathBuf),
}

impl Origin {
    /// As it stands in the file beside the script.
    pub(super) fn of(directory: Option<PathBuf>) -> Origin {
        directory.map_or(Origin::Hand, Origin::Directory)
    }
}

/// Compares an installed check with a script, given the steps that make the one the other.
pub(super) fn difference(paths: &Paths, old: Option<&Installed>, new: &Candidate, steps: &[Step]) -> Difference {
    match old {
        None => Difference::New,
        Some(_) if steps.is_empty() => Difference::Unchanged,
        Some(old) => Difference::Updated(changes(paths, old, new, steps)),
    }
}

/// What an update changes, a line each: header keys with both values, the code, what somebody did by hand; else which files.
fn changes(paths: &Paths, old: &Installed, new: &Candidate, steps: &[Step]) -> Vec<String> {
    let is_same = old.content == new.content;
    let mut lines = match &old.check {
        Ok(check) => header(check, &new.check),
        Err(_) => vec!["the installed header was not valid".to_owned()],
    };
    if !is_same && code(&old.content) != code(&new.content) {
        lines.push("the code of the script".to_owned());
    } else if !is_same && lines.is_empty() {
        lines.push("the comments of the script".to_owned());
    }
    if let Some(modified) = &old.modified {
        let what = if is_same { "stays, and counts as installed" } else { "is replaced" };
        lines.push(format!("the script that was changed by hand {what}: {modified}"));
    } else if lines.is_empty() {
        lines = files(paths, &new.check.id, steps);
    }
    lines
}

fn header(old: &Check, new: &Check) -> Vec<String> {
    let (before, after) = (keys(old), keys(new));
    let mut lines = Vec::new();
    for (key, value) in &after {
        match before.iter().find(|(k, _)| k == key) {
            Some((_, was)) if was == value => {}
            Some((_, was)) => lines.push(format!("{key}: {was} -> {value}")),
            None => lines.push(format!("{key}: {value} (new)")),
        }
    }
    let gone = before.iter().filter(|(key, _)| after.iter().all(|(k, _)| k != key));
    lines.extend(gone.map(|(key, was)| format!("{key}: {was} -> the default")));
    lines
}

fn keys(check: &Check) -> Vec<(String, String)> {
    let header = check.to_header();
    let lines = header.lines().filter_map(|line| line.strip_prefix("# ")?.split_once(": "));
    lines.map(|(key, value)| (key.to_owned(), value.trim().to_owned())).collect()
}

/// The lines that bash does not pass over.
fn code(script: &[u8]) -> Vec<&[u8]> {
    let lines = script.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.filter(|line| !line.is_empty() && !line.starts_with(b"#")).collect()
}

/// Where the script is the same, and files beside it are not.
fn files(paths: &Paths, id: &CheckId, steps: &[Step]) -> Vec<String> {
    let touches = |is_meant: &dyn Fn(&Step) -> bool| steps.iter().any(is_meant);
    let words = [
        ("its units", touches(&|step| step.path().starts_with(&paths.units))),
        ("its log is made anew", touches(&|step| step.path() == paths.log(id))),
        ("its checksum", touches(&|step| step.path() == paths.checksum(id))),
    ];
    words.into_iter().filter(|(_, is_so)| *is_so).map(|(word, _)| word.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_no_code() {
        let code = |text: &'static str| code(text.as_bytes());
        assert_eq!(code("#!/bin/bash\n# name: a\n\necho OK\n"), code("#!/bin/bash\n# name: b\n  echo OK"));
        assert_ne!(code("echo OK"), code("echo 'OK #2'"));
    }
}
