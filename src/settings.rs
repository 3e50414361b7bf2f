//! Reads the configuration from its files: `ssi.toml`, then `ssi.d/*.toml` in the order of their names.
//!
//! Input: [`Paths`]. Output: [`Loaded`]: what is in force, and a [`Report`] for every file that is not right. A file that is not right
//! counts as it was when it last was; a [`Configuration`] remembers that.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::check::CheckId;
use crate::config::{self, File, Settings};
use crate::files::{self, FileError};
use crate::paths::Paths;
use crate::source::{self, Problem, Source};

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
}

#[derive(Debug)]
struct Right {
    file: File,
    content: Vec<u8>,
}

/// Reads the configuration once.
pub fn load(paths: &Paths) -> Loaded {
    Configuration::default().load(paths)
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
        let right: Vec<(&PathBuf, &Right)> = files.iter().filter_map(|path| self.right.get_key_value(path)).collect();
        let (settings, warnings) = Settings::merge(right.iter().map(|(path, right)| (path.as_path(), &right.file)));
        for (index, problem) in warnings {
            let (file, content) = (right[index].0.clone(), right[index].1.content.clone());
            reports.push(Report::Mistaken { file, content, problems: vec![problem] });
        }
        Loaded { settings, files, reports }
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
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    struct Host {
        dir: tempfile::TempDir,
        paths: Paths,
        configuration: Configuration,
    }

    impl Host {
        fn new() -> Host {
            let dir = tempfile::tempdir().unwrap();
            let paths = Paths::system(Some(dir.path()));
            fs::create_dir_all(directory(&paths)).unwrap();
            Host { dir, paths, configuration: Configuration::default() }
        }

        fn write(&self, name: &str, text: impl AsRef<[u8]>) {
            fs::write(self.paths.config.join(name), text).unwrap();
        }

        /// The units that are expected, and what is wrong, as lines without the directory.
        fn load(&mut self) -> (Vec<String>, Vec<String>) {
            let loaded = self.configuration.load(&self.paths);
            let units = loaded.settings.watches.iter().map(|watch| watch.rule.units.to_string()).collect();
            let place = format!("{}/", self.paths.config.display());
            let lines = loaded.reports.iter().flat_map(Report::findings).map(|finding| finding.to_string());
            (units, lines.map(|line| line.replace(&place, "")).collect())
        }
    }

    fn watch(unit: &str) -> String {
        format!("[[watch]]\nunit = \"{unit}.service\"\n")
    }

    #[test]
    fn files_count_in_the_order_of_their_names() {
        let mut host = Host::new();
        host.write("ssi.toml", watch("a"));
        host.write("ssi.d/20.toml", watch("c"));
        host.write("ssi.d/10.toml", watch("b"));
        for other in ["ssi.d/.x.toml", "ssi.d/x.toml~", "ssi.d/README"] {
            host.write(other, "nonsense");
        }
        assert_eq!(host.load(), (vec!["a.service".into(), "b.service".into(), "c.service".into()], vec![]));
    }

    #[test]
    fn no_files_are_no_settings_and_no_problem() {
        let mut host = Host::new();
        assert_eq!(host.load(), (vec![], vec![]));
        fs::remove_dir_all(&host.paths.config).unwrap();
        assert_eq!(host.load(), (vec![], vec![]));
    }

    #[test]
    fn a_file_that_goes_wrong_counts_as_it_was_and_the_others_as_they_are() {
        let mut host = Host::new();
        host.write("ssi.toml", watch("a"));
        host.write("ssi.d/b.toml", watch("b"));
        host.load();
        host.write("ssi.toml", "[[watch]]\nunit = 7\n");
        host.write("ssi.d/b.toml", watch("c"));
        let (units, problems) = host.load();
        assert_eq!(units, ["a.service", "c.service"]);
        let wrong = "ssi.toml:2:8: `unit` is a whole number: expected the name of a unit in quotes";
        assert_eq!(problems, [wrong]);
        fs::remove_file(host.paths.config.join("ssi.toml")).unwrap();
        assert_eq!(host.load(), (vec!["c.service".into()], vec![]));
        // Nothing is remembered of what is gone.
        host.write("ssi.toml", "[[watch]]\nunit = 7\n");
        assert_eq!(host.load().0, ["c.service"]);
    }

    #[test]
    fn what_can_not_be_read_is_told_and_keeps_nothing_else_from_counting() {
        let mut host = Host::new();
        host.write("ssi.toml", vec![b'#'; 1 + MOST as usize]);
        host.write("ssi.d/binary.toml", b"\xff");
        host.write("real", watch("a"));
        symlink("../real", directory(&host.paths).join("link.toml")).unwrap();
        symlink("../nowhere", directory(&host.paths).join("lost.toml")).unwrap();
        fs::create_dir(directory(&host.paths).join("dir.toml")).unwrap();
        nix::unistd::mkfifo(&directory(&host.paths).join("pipe.toml"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let (units, problems) = host.load();
        assert_eq!(units, ["a.service"]);
        let expected = [
            "could not read `ssi.toml`: it has 1048577 bytes; at most 1048576 are read",
            "ssi.d/binary.toml:1:1: the file is not valid UTF-8",
            "could not read `ssi.d/dir.toml`: it is not a regular file",
            "could not read `ssi.d/lost.toml`: No such file or directory (os error 2)",
            "could not read `ssi.d/pipe.toml`: it is not a regular file",
        ];
        let prefix = format!("{}/", host.dir.path().display());
        let problems: Vec<String> = problems.into_iter().map(|line| line.replace(&prefix, "")).collect();
        assert_eq!(problems, expected);
    }

    #[test]
    fn a_directory_that_can_not_be_read_counts_as_it_was() {
        let mut host = Host::new();
        host.write("ssi.d/a.toml", watch("a"));
        host.load();
        fs::remove_dir_all(directory(&host.paths)).unwrap();
        host.write("ssi.d", "");
        let (units, problems) = host.load();
        assert_eq!(units, ["a.service"]);
        assert!(problems[0].contains("could not read `ssi.d`"), "{problems:?}");
    }

    #[test]
    fn what_is_overridden_is_told_where_it_stands() {
        let mut host = Host::new();
        host.write("ssi.toml", format!("# first\n{}", watch("a")));
        host.write("ssi.d/a.toml", watch("a"));
        let loaded = host.configuration.load(&host.paths);
        assert_eq!(loaded.settings.watches[0].file, host.paths.config.join("ssi.d/a.toml"));
        let text = loaded.reports[0].render(false);
        assert!(!loaded.reports[0].is_error() && text.starts_with("warning: `a.service` is named again in"), "{text}");
        assert!(text.contains("ssi.toml:3:8") && text.contains("unit = \"a.service\""), "{text}");
    }
}
