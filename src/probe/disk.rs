//! `ssi probe disk`: space and inodes in use, as df counts them.

mod known;
mod mounts;
mod report;
mod usage;

use std::path::{Path, PathBuf};

use clap::Args;
use glob::Pattern;

use super::{Host, ProbeError, limit};
use crate::answer::Answer;
use crate::threshold::{Range, Thresholds};
pub use known::{Disks, Known};
use mounts::Mount;
use report::Limits;
use usage::Usage;

const PLACE: &str = "/proc/self/mountinfo";
/// What the first process sees is what the host mounted; it may be hidden.
const FIRST: &str = "/proc/1/mountinfo";

/// The question.
#[derive(Debug, Args)]
#[command(after_help = limit::HELP)]
pub struct Disk {
    /// Paths on the file systems to ask [default: every local one that can fill up]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Warn when the percentage in use is outside of this range
    #[arg(short, long, value_name = "RANGE", default_value = "85", value_parser = limit::percent)]
    warning: Range,
    /// Fail when the percentage in use is outside of this range
    #[arg(short, long, value_name = "RANGE", default_value = "95", value_parser = limit::percent)]
    critical: Range,
    /// Warn when the bytes that are free are outside of this range: `10G:`
    #[arg(long, value_name = "RANGE", value_parser = limit::bytes)]
    free_warning: Option<Range>,
    /// Fail when the bytes that are free are outside of this range
    #[arg(long, value_name = "RANGE", value_parser = limit::bytes)]
    free_critical: Option<Range>,
    /// Warn when the percentage of inodes in use is outside of this range [default: that of -w]
    #[arg(short = 'W', long, value_name = "RANGE", value_parser = limit::percent)]
    inodes_warning: Option<Range>,
    /// Fail when the percentage of inodes in use is outside of this range [default: that of -c]
    #[arg(short = 'K', long, value_name = "RANGE", value_parser = limit::percent)]
    inodes_critical: Option<Range>,
    /// Leave out mount points or types of file systems: `/mnt/*`, `vfat`; may be repeated
    #[arg(short = 'x', long, value_name = "PATTERN", conflicts_with = "paths")]
    exclude: Vec<Pattern>,
}

const STOPPED: &str = "is read-only after an error: the kernel writes no more to it";

/// The mounts that this process sees, and those that the first one does.
#[derive(Clone, Copy)]
struct Table<'a> {
    mounts: &'a [Mount],
    first: &'a [Mount],
}

/// What came of asking one file system.
#[derive(Debug)]
enum Asked {
    Usage(Usage),
    /// It is not there, or it hangs.
    Down(String),
    /// It could not be asked.
    Unknown(String),
    /// Nobody can write to it, so it can't fill up.
    ReadOnly,
}

impl Disk {
    pub(super) fn ask(&self, host: &Host) -> Result<Answer, ProbeError> {
        let (mounts, first) = read(host)?;
        let table = Table { mounts: &mounts, first: &first };
        let asked: Vec<(String, Asked)> = match self.paths.is_empty() {
            true => {
                let disks = mounts::disks(&mounts).into_iter();
                let wanted = disks.filter(|disk| !disk.iter().any(|mount| self.excludes(mount)));
                wanted
                    .map(|disk| (disk[0].point.display().to_string(), ask_disk(host, table, &disk, usage::ask)))
                    .collect()
            }
            false => self.paths.iter().map(|path| (path.display().to_string(), ask_path(table, path))).collect(),
        };
        if asked.is_empty() {
            return Err(ProbeError::Unanswerable("no local file system is mounted, name the PATH to ask".to_owned()));
        }
        Ok(report::answer(&self.limits(), &asked))
    }

    fn excludes(&self, mount: &Mount) -> bool {
        let point = mount.point.to_string_lossy();
        self.exclude.iter().any(|pattern| pattern.matches(&point) || pattern.matches(&mount.kind))
    }

    fn limits(&self) -> Limits {
        Limits {
            space: Thresholds { warning: Some(self.warning), critical: Some(self.critical) },
            free: Thresholds { warning: self.free_warning, critical: self.free_critical },
            inodes: Thresholds {
                warning: self.inodes_warning.or(Some(self.warning)),
                critical: self.inodes_critical.or(Some(self.critical)),
            },
        }
    }
}

/// The mounts that this process sees, and those that the first one does.
fn read(host: &Host) -> Result<(Vec<Mount>, Vec<Mount>), ProbeError> {
    let place = host.path(PLACE);
    let mounts = mounts::parse(&std::fs::read(&place).map_err(ProbeError::reading(&place))?);
    Ok((mounts, mounts::parse(&std::fs::read(host.path(FIRST)).unwrap_or_default())))
}

/// Asks at the first of a disk's mount points that answers.
fn ask_disk(host: &Host, Table { mounts, first }: Table<'_>, disk: &[&Mount], ask: impl Fn(&Path) -> Asked) -> Asked {
    if disk.iter().any(|mount| mounts::is_stopped(mounts, first, mount)) {
        return Asked::Down(STOPPED.to_owned());
    }
    if disk.iter().all(|mount| mount.read_only) {
        return Asked::ReadOnly;
    }
    let mut result = Asked::Unknown("is covered by another mount; a sandbox does that too".to_owned());
    for mount in disk.iter().filter(|mount| !mounts::is_covered(mounts, mount)) {
        result = ask(&host.under(&mount.point));
        if matches!(result, Asked::Usage(_)) {
            break;
        }
    }
    result
}

/// Asks at a path that somebody named.
fn ask_path(Table { mounts, first }: Table<'_>, path: &Path) -> Asked {
    let wrong = |place: &Path| match mounts::holding(mounts, place)? {
        mount if mounts::is_hidden(mount) => Some(Asked::Unknown("is hidden by the sandbox".to_owned())),
        mount if mounts::is_stopped(mounts, first, mount) => Some(Asked::Down(STOPPED.to_owned())),
        _ => None,
    };
    if let Some(asked) = std::path::absolute(path).ok().and_then(|place| wrong(&place)) {
        return asked;
    }
    let asked = usage::ask(path);
    // What has answered does not hang, so links can be followed to where it really is.
    let place = matches!(asked, Asked::Usage(_)).then(|| path.canonicalize().ok()).flatten();
    place.and_then(|place| wrong(&place)).unwrap_or(asked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::Status;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        disk: Disk,
    }

    fn answer<const N: usize>(flags: &str, asked: [(&str, Asked); N]) -> Answer {
        let question = Cli::parse_from(["disk"].into_iter().chain(flags.split_whitespace())).disk;
        report::answer(&question.limits(), &asked.map(|(name, asked)| (name.to_owned(), asked)))
    }

    /// Of 100 GiB, and of 100 inodes.
    fn usage(gib: u64, inodes: u64) -> Asked {
        Asked::Usage(Usage {
            bytes: 100 << 30,
            used: gib << 30,
            available: (100 - gib) << 30,
            inodes: 100,
            inodes_free: 100 - inodes,
        })
    }

    fn verdict(answer: &Answer) -> (Status, &str) {
        (answer.status, &answer.message)
    }

    #[test]
    fn the_fullest_decides() {
        let both = answer("", [("/", usage(40, 41)), ("/var", usage(85, 3))]);
        assert_eq!(verdict(&both), (Status::Ok, "/var is 85 % full at most"));
        assert_eq!(both.details[0], "/: 40 % of 100.0 GiB in use, 60.0 GiB free, 41 % of inodes");
        assert_eq!(both.metrics[0].to_string(), "'/'=40%;85;95");
        let full = answer("", [("/", usage(86, 41)), ("/var", usage(96, 3))]);
        assert_eq!(verdict(&full), (Status::Failure, "/var is 96 % full, / is 86 % full"));
        let inodes = answer("", [("/", usage(10, 97))]);
        assert_eq!(verdict(&inodes), (Status::Failure, "/ has 97 % of its inodes in use"));
    }

    #[test]
    fn inodes_and_free_bytes_have_limits_of_their_own() {
        let inodes = answer("-W 98 -K 99", [("/", usage(10, 97))]);
        assert_eq!(verdict(&inodes), (Status::Ok, "/ has 97 % of its inodes in use at most"));
        let free = answer("--free-critical 20G: -w 100 -c 100", [("/", usage(90, 1))]);
        assert_eq!(verdict(&free), (Status::Failure, "/ has 10.0 GiB free"));
    }

    #[test]
    fn what_is_not_known_is_never_fine_and_hides_nothing() {
        let refused = || Asked::Unknown("could not be asked".to_owned());
        let one = answer("", [("/", usage(10, 1)), ("/x", refused())]);
        assert_eq!(verdict(&one), (Status::Error, "/x could not be asked"));
        assert_eq!(one.facts["filesystems"][1]["used_percent"], serde_json::Value::Null);
        let full = answer("", [("/", usage(99, 1)), ("/x", refused())]);
        assert_eq!(verdict(&full), (Status::Failure, "/ is 99 % full, /x could not be asked"));
        let gone = answer("", [("/x", Asked::Down("does not exist".to_owned()))]);
        assert_eq!(verdict(&gone), (Status::Failure, "/x does not exist"));
        assert_eq!(verdict(&answer("", [("/x", Asked::ReadOnly)])), (Status::Ok, "nothing that can fill up"));
    }
}
