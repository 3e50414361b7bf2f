//! Reads the configuration from its files: `ssi.toml`, then `ssi.d/*.toml` in the order of their names, then `SSI_*` variables.
//!
//! Input: [`Paths`], the environment. Output: [`Loaded`]: what is in force, and a [`Report`] for every file that is not right. A file that
//! is not right counts as it was when it last was; a [`Configuration`] remembers that.

mod hidden;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::check::CheckId;
use crate::config::{self, File, Key, Settings};
use crate::files::{self, FileError};
use crate::paths::Paths;
use crate::source::{self, Problem, Source};
pub use hidden::{hidden_from, hidden_tokens};

/// No configuration that somebody wrote is larger.
const MOST: u64 = 1024 * 1024;

/// The configuration as it is now.
#[derive(Debug)]
pub struct Loaded {
    /// What is in force.
    pub settings: Settings,
    /// The files that were read.
    pub files: Vec<PathBuf>,
    /// What is wrong, in the order of the files.
    pub reports: Vec<Report>,
    /// The file, or the variable (`$SSI_HISTORY_RAW`), that says what a key is to be, of those that are not as by default.
    pub origins: BTreeMap<Key, PathBuf>,
    /// What is wrong where there is no token: the agent does not start with a port beyond loopback that nobody may read from.
    pub needs_token: Option<Report>,
}

/// A file that is not right, or not quite.
#[derive(Debug)]
pub enum Report {
    /// It could not be read.
    Unreadable(FileError),
    /// It has mistakes.
    Mistaken {
        /// Which one.
        file: PathBuf,
        /// What it holds, for the lines to show.
        content: Vec<u8>,
        /// What is wrong.
        problems: Vec<Problem>,
    },
}

/// One problem of a configuration and its place, for programs and for the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding<'a> {
    /// The file.
    pub file: &'a Path,
    /// Line and column, from 1, where there is a place.
    pub place: Option<(usize, usize)>,
    /// Whether the file counts in spite of it.
    pub is_error: bool,
    /// What is wrong.
    pub message: String,
}

impl Report {
    /// Whether the file does not count.
    pub fn is_error(&self) -> bool {
        match self {
            Report::Unreadable(_) => true,
            Report::Mistaken { problems, .. } => source::has_errors(problems),
        }
    }

    /// The text for people, with the lines of the file.
    pub fn render(&self, color: bool) -> String {
        match self {
            Report::Unreadable(error) => format!("error: {error}: {}\n", error.source),
            Report::Mistaken { file, content, problems } => {
                source::render(&Source::new(file.display().to_string(), content), problems, color)
            }
        }
    }

    /// Every problem by itself.
    pub fn findings(&self) -> Vec<Finding<'_>> {
        match self {
            Report::Unreadable(error) => {
                let message = format!("{error}: {}", error.source);
                vec![Finding { file: &error.path, place: None, is_error: true, message }]
            }
            Report::Mistaken { file, content, problems } => {
                let source = Source::new("", content);
                let finding = |problem: &Problem| {
                    let place = source.position(problem.span);
                    let message = match &problem.expected {
                        Some(expected) => format!("{}: {expected}", problem.message),
                        None => problem.message.clone(),
                    };
                    let is_error = problem.is_error();
                    Finding { file, place: Some((place.line, place.column)), is_error, message }
                };
                problems.iter().map(finding).collect()
            }
        }
    }
}

impl std::fmt::Display for Finding<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.place {
            Some((line, column)) => write!(f, "{}:{line}:{column}: {}", self.file.display(), self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// A configuration that is read again and again.
#[derive(Debug, Default)]
pub struct Configuration {
    /// Every file as it was when it last was right.
    right: BTreeMap<PathBuf, Right>,
    /// Variables that say something, each with the text of a file that says the same.
    variables: Vec<(PathBuf, String)>,
}

#[derive(Debug)]
struct Right {
    file: File,
    content: Vec<u8>,
}

/// Reads the configuration once, with what the environment of this process says.
pub fn load(paths: &Paths) -> Loaded {
    Configuration::new(std::env::vars_os()).load(paths)
}

/// A report for each file with members of components that nothing is known of.
pub fn unknown_members(loaded: &Loaded, is_installed: impl Fn(&CheckId) -> bool) -> Vec<Report> {
    let mut reports: BTreeMap<&Path, Vec<Problem>> = BTreeMap::new();
    for (file, problem) in loaded.settings.unknown_members(is_installed) {
        reports.entry(file).or_default().push(problem);
    }
    let report = |(file, problems): (&Path, Vec<Problem>)| match files::read_limited(file, MOST) {
        Ok(content) => Report::Mistaken { file: file.to_owned(), content, problems },
        Err(error) => Report::Unreadable(error),
    };
    reports.into_iter().map(report).collect()
}

/// The directory of files that count after `ssi.toml`.
pub fn directory(paths: &Paths) -> PathBuf {
    paths.config.join("ssi.d")
}

/// Reads one file; none where there is none.
pub fn read(path: &Path) -> Result<Option<File>, Report> {
    Ok(read_with_content(path)?.map(|right| right.file))
}

fn read_with_content(path: &Path) -> Result<Option<Right>, Report> {
    let content = match files::read_limited(path, MOST) {
        // A link that leads nowhere was meant to lead somewhere.
        Err(error) if error.source.kind() == io::ErrorKind::NotFound && path.symlink_metadata().is_err() => {
            return Ok(None);
        }
        content => content.map_err(Report::Unreadable)?,
    };
    match config::parse(&content, jiff::tz::db()) {
        Ok(file) => Ok(Some(Right { file, content })),
        Err(problems) => Err(Report::Mistaken { file: path.to_owned(), content, problems }),
    }
}

impl Configuration {
    /// With what these variables say; what is not text says nothing.
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Configuration {
        let said = |(name, value): (OsString, OsString)| {
            let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
            Some((PathBuf::from(format!("${name}")), config::of_variable(&name, &value)?))
        };
        let mut variables: Vec<_> = variables.into_iter().filter_map(said).collect();
        variables.sort();
        Configuration { right: BTreeMap::new(), variables }
    }

    /// Reads all files again.
    pub fn load(&mut self, paths: &Paths) -> Loaded {
        let (first, directory) = (paths.config.join("ssi.toml"), directory(paths));
        let mut reports = Vec::new();
        let mut there = vec![first.clone()];
        match names(&directory) {
            Ok(names) => there.extend(names),
            Err(error) => {
                reports.push(Report::Unreadable(error));
                there.extend(self.right.keys().filter(|path| **path != first).cloned());
            }
        }
        self.right.retain(|path, _| there.contains(path));
        let mut files = Vec::new();
        for path in there {
            match read_with_content(&path) {
                Ok(Some(right)) => drop(self.right.insert(path.clone(), right)),
                Ok(None) => {
                    self.right.remove(&path);
                    continue;
                }
                Err(report) => reports.push(report),
            }
            files.push(path);
        }
        let mut of_variables = Vec::new();
        for (name, text) in &self.variables {
            let content = text.clone().into_bytes();
            match config::parse(&content, jiff::tz::db()) {
                Ok(file) => of_variables.push((name, Right { file, content })),
                Err(problems) => reports.push(Report::Mistaken { file: name.clone(), content, problems }),
            }
        }
        let of_files = files.iter().filter_map(|path| self.right.get_key_value(path));
        let right: Vec<(&PathBuf, &Right)> =
            of_files.chain(of_variables.iter().map(|(name, right)| (*name, right))).collect();
        let (settings, warnings) = Settings::merge(right.iter().map(|(path, right)| (path.as_path(), &right.file)));
        for (index, problem) in warnings {
            let (file, content) = (right[index].0.clone(), right[index].1.content.clone());
            reports.push(Report::Mistaken { file, content, problems: vec![problem] });
        }
        let said =
            right.iter().flat_map(|(path, right)| right.file.said().iter().map(|key| (*key, path.to_path_buf())));
        let origins = said.collect();
        let needs_token = settings.http.needs_token(&settings.http.listen).and_then(|address| {
            let mut last = right.iter().rev();
            let (path, right, problem) =
                last.find_map(|(path, right)| Some((path, right, right.file.no_reader(address)?)))?;
            let (file, content) = (path.to_path_buf(), right.content.clone());
            Some(Report::Mistaken { file, content, problems: vec![problem] })
        });
        Loaded { settings, files, reports, origins, needs_token }
    }
}

/// The files of the directory that count, in the order in which they do. What begins with a dot is an editor's.
fn names(directory: &Path) -> Result<Vec<PathBuf>, FileError> {
    let fail = FileError::at("read", directory);
    let entries = match directory.read_dir() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(&fail)?,
    };
    let names: Result<Vec<_>, _> = entries.map(|entry| entry.map(|entry| entry.file_name())).collect();
    let mut names = names.map_err(&fail)?;
    names.retain(|name| name.as_bytes().ends_with(b".toml") && !name.as_bytes().starts_with(b"."));
    names.sort();
    Ok(names.into_iter().map(|name| directory.join(name)).collect())
}

#[cfg(test)]
mod tests;
