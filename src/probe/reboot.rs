//! `ssi probe reboot`: whether an update takes effect only after a reboot.

mod kernel;

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::SystemTime;

use clap::Args;

use super::figure::age;
use super::{Host, ProbeError, limit, pattern};
use crate::answer::Answer;
use crate::status::Status;
use crate::threshold::{Range, Thresholds};

const SECONDS_PER_DAY: f64 = 86_400.0;

/// The question.
#[derive(Debug, Args)]
#[command(after_help = limit::HELP)]
pub struct Reboot {
    /// Warn when the number of days for which it has been due is outside of this range; until then the status is UPDATE
    #[arg(short, long, value_name = "RANGE", default_value = "14", value_parser = limit::days)]
    warning: Range,
    /// Fail when the number of days for which it has been due is outside of this range
    #[arg(short, long, value_name = "RANGE", value_parser = limit::days)]
    critical: Option<Range>,
}

/// What was read; times in seconds since 1970.
#[derive(Debug)]
struct Facts {
    now: i64,
    booted: i64,
    /// The release of the running kernel.
    running: String,
    /// The note that packages leave: since when it is there.
    note: Option<i64>,
    /// Which packages left it.
    packages: Vec<String>,
    /// Releases in /boot, and since when each is there.
    kernels: Vec<(String, i64)>,
}

impl Reboot {
    pub(super) fn ask(&self, host: &Host) -> Result<Answer, ProbeError> {
        let note = changed(&host.path("/run/reboot-required"))?;
        let packages = match note {
            Some(_) => host.read("/run/reboot-required.pkgs").unwrap_or_default(),
            None => String::new(),
        };
        let boot = host.path("/boot");
        let kernels = match pattern::entries(&boot) {
            // With the note it is known anyway.
            Err(_) if note.is_some() => Vec::new(),
            names => {
                let names = names?.into_iter().filter_map(|name| name.into_string().ok());
                let releases = names.filter_map(|name| Some((kernel::release(&name)?.to_owned(), name)));
                let times = releases.map(|(release, name)| Ok((release, changed(&boot.join(name))?)));
                let times = times.collect::<Result<Vec<_>, ProbeError>>()?;
                times.into_iter().filter_map(|(release, since)| Some((release, since?))).collect()
            }
        };
        let stat = host.read("/proc/stat")?;
        let booted = stat.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok());
        let facts = Facts {
            now: now(),
            booted: booted
                .ok_or(ProbeError::Nonsense { place: "/proc/stat", expected: "when the host was started" })?,
            running: host.read("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            note,
            packages: packages.lines().map(str::to_owned).collect(),
            kernels,
        };
        Ok(self.answer(&facts))
    }

    fn answer(&self, facts: &Facts) -> Answer {
        let newest = kernel::newest(&facts.running, &facts.kernels);
        let replaced = facts.kernels.iter().find(|(release, since)| *release == facts.running && *since > facts.booted);
        let mut reasons: Vec<(String, i64)> = Vec::new();
        match (newest, replaced) {
            (Some((release, since)), _) if *release != facts.running => {
                reasons.push((format!("kernel {release} is installed, {} runs", facts.running), *since));
            }
            (_, Some((release, since))) => {
                reasons.push((format!("kernel {release} was updated after the start"), *since))
            }
            _ => {}
        }
        reasons.extend(facts.note.map(|since| ("packages ask for it".to_owned(), since)));

        let limits = Thresholds { warning: Some(self.warning), critical: self.critical };
        let since = reasons.iter().map(|(_, since)| *since).min();
        let days = since.map(|since| facts.now.saturating_sub(since).max(0) as f64 / SECONDS_PER_DAY);
        let words: Vec<&str> = reasons.iter().map(|(words, _)| words.as_str()).collect();
        let (status, message) = match days {
            Some(days) => {
                let due = age((days * SECONDS_PER_DAY) as u64);
                (limits.judge(days).max(Status::Update), format!("reboot needed for {due}: {}", words.join(", ")))
            }
            None if newest.is_none() => {
                let running = &facts.running;
                (Status::Ok, format!("no package asks for a reboot (kernel {running} is not from /boot)"))
            }
            None => (Status::Ok, format!("no reboot needed, kernel {} is the newest", facts.running)),
        };
        let mut answer = Answer::new(status, message)
            .fact("needed", !reasons.is_empty())
            .fact("kernel", facts.running.clone())
            .fact("kernel_newest", newest.map(|(release, _)| release.clone()))
            .fact("packages", facts.packages.clone())
            .fact("due_seconds", days.map(|days| (days * SECONDS_PER_DAY).round()));
        answer.details = facts.packages.iter().map(|package| format!("asked for by {package}")).collect();
        answer.metrics = vec![limits.metric("due", (days.unwrap_or(0.0) * 100.0).round() / 100.0, "")];
        answer
    }
}

/// Since when a file is there as it is; `None` where there is none. Packages bring files with older times of change.
fn changed(path: &Path) -> Result<Option<i64>, ProbeError> {
    match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(|metadata| Some(metadata.ctime())).map_err(ProbeError::reading(path)),
    }
}

fn now() -> i64 {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn facts(running: &str, kernels: &[(&str, i64)], note: Option<i64>) -> Facts {
        let kernels = kernels.iter().map(|(release, days)| ((*release).to_owned(), days * DAY)).collect();
        let packages = note.map(|_| "libssl3".to_owned()).into_iter().collect();
        let note = note.map(|days| days * DAY);
        Facts { now: 100 * DAY, booted: 50 * DAY, running: running.to_owned(), note, packages, kernels }
    }

    fn verdict(facts: &Facts) -> (Status, String) {
        let question = Reboot { warning: limit::days("14").unwrap(), critical: limit::days("40").ok() };
        let answer = question.answer(facts);
        (answer.status, answer.message)
    }

    #[test]
    fn a_newer_kernel_asks_for_it_and_then_insists() {
        let with = |since| facts("6.1.0-18-amd64", &[("6.1.0-18-amd64", 10), ("6.1.0-21-amd64", since)], None);
        let words = "reboot needed for 1 d: kernel 6.1.0-21-amd64 is installed, 6.1.0-18-amd64 runs";
        assert_eq!(verdict(&with(99)), (Status::Update, words.to_owned()));
        assert_eq!(verdict(&with(80)).0, Status::Warning);
        assert_eq!(verdict(&with(55)).0, Status::Failure);
    }

    #[test]
    fn the_same_release_may_have_been_replaced() {
        let with = |since| verdict(&facts("6.1.0-18-amd64", &[("6.1.0-18-amd64", since)], None));
        let fine = "no reboot needed, kernel 6.1.0-18-amd64 is the newest";
        assert_eq!(with(49), (Status::Ok, fine.to_owned()));
        assert_eq!(with(98).1, "reboot needed for 2 d: kernel 6.1.0-18-amd64 was updated after the start");
    }

    #[test]
    fn the_note_of_packages_counts_where_the_kernel_is_another_s() {
        let container = facts("6.1.0-18-amd64", &[], None);
        let words = "no package asks for a reboot (kernel 6.1.0-18-amd64 is not from /boot)";
        assert_eq!(verdict(&container), (Status::Ok, words.to_owned()));
        let noted = facts("6.1.0-18-amd64", &[], Some(99));
        assert_eq!(verdict(&noted), (Status::Update, "reboot needed for 1 d: packages ask for it".to_owned()));
        // Kernels of another flavour are no update of the one that runs.
        let cloud = facts("6.1.0-18-amd64", &[("6.1.0-18-amd64", 1), ("6.1.0-21-cloud-amd64", 99)], None);
        assert_eq!(verdict(&cloud).0, Status::Ok);
    }
}
