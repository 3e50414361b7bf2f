//! `ssi probe updates`: packages that have a newer version, and how many of them close a hole.

use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use clap::Args;

use super::figure::age;
use super::{Host, ProbeError, limit, pattern};
use crate::answer::Answer;
use crate::status::Status;
use crate::threshold::{Range, Thresholds};

const LISTS: &str = "/var/lib/apt/lists";

/// The question.
#[derive(Debug, Args)]
#[command(after_help = limit::HELP)]
pub struct Updates {
    /// Warn when the number of security updates is outside of this range
    #[arg(short, long, value_name = "RANGE", default_value = "0", value_parser = limit::count)]
    security: Range,
    /// Warn when the number of all updates is outside of this range; until then any update makes the status UPDATE
    #[arg(short, long, value_name = "RANGE", value_parser = limit::count)]
    warning: Option<Range>,
    /// Fail when the number of all updates is outside of this range
    #[arg(short, long, value_name = "RANGE", value_parser = limit::count)]
    critical: Option<Range>,
    /// Warn when the age of the package lists is outside of this range: older ones say nothing about today's updates
    #[arg(short, long, value_name = "RANGE", default_value = "7d", value_parser = limit::seconds)]
    lists: Range,
}

/// One package that would be installed.
#[derive(Debug, PartialEq)]
struct Update {
    package: String,
    security: bool,
}

impl Updates {
    pub(super) fn ask(&self, host: &Host) -> Result<Answer, ProbeError> {
        if host.root.is_some() {
            let reason = "apt-get answers for the running host alone, leave `--root` out".to_owned();
            return Err(ProbeError::Unanswerable(reason));
        }
        let mut plan = Command::new("apt-get");
        // However quiet it is configured to be, it has to end with a summary.
        plan.args(["--simulate", "-o", "Debug::NoLocking=true", "-o", "quiet=1", "dist-upgrade"]).env("LC_ALL", "C");
        let plan = match plan.output() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let reason = "no package manager that is supported was found, expected apt-get".to_owned();
                return Err(ProbeError::Unanswerable(reason));
            }
            output => output.map_err(|source| ProbeError::Io { action: "start apt-get".to_owned(), source })?,
        };
        if !plan.status.success() {
            let words = String::from_utf8_lossy(&plan.stderr);
            let first = words.lines().find(|line| line.starts_with("E:")).unwrap_or("it says nothing more");
            return Err(ProbeError::Unanswerable(format!("apt-get could not work out the updates: {first}")));
        }
        let plan = String::from_utf8_lossy(&plan.stdout).into_owned();
        if !is_complete(&plan) {
            return Err(ProbeError::Nonsense { place: "apt-get", expected: "what it would upgrade" });
        }
        let lists = Path::new(LISTS);
        let names = pattern::entries(lists)?;
        let has_lists = names.iter().any(|name| name.to_string_lossy().contains("_Packages"));
        // The lists themselves carry the time of the archive, their directories that of the last `apt-get update`.
        let times =
            [lists.to_owned(), lists.join("partial")].map(|path| path.metadata().and_then(|data| data.modified()));
        let newest = times.into_iter().flatten().max();
        let seconds = newest.map(|time| SystemTime::now().duration_since(time).unwrap_or_default().as_secs());
        let lists_age = match (has_lists, seconds) {
            (false, _) => None,
            (true, Some(seconds)) => Some(seconds),
            (true, None) => return Err(ProbeError::Nonsense { place: LISTS, expected: "when the lists were updated" }),
        };
        Ok(self.answer(&updates(&plan), lists_age))
    }

    /// `lists_age` in seconds; `None` where there are no lists.
    fn answer(&self, updates: &[Update], lists_age: Option<u64>) -> Answer {
        let Some(lists_age) = lists_age else {
            let message = "there are no package lists: `apt-get update` never ran";
            return Answer::new(Status::Warning, message)
                .fact("updates", None::<u64>)
                .fact("security_updates", None::<u64>)
                .fact("lists_age_seconds", None::<u64>);
        };
        let security = updates.iter().filter(|update| update.security).count();
        let only_warns = |range: Range| Thresholds { warning: Some(range), critical: None };
        let all = Thresholds { warning: self.warning, critical: self.critical };
        let (holes, lists) = (only_warns(self.security), only_warns(self.lists));
        let is_old = lists.judge(lists_age as f64);
        let pending = if updates.is_empty() { Status::Ok } else { Status::Update };
        let status = pending.max(is_old).max(holes.judge(security as f64)).max(all.judge(updates.len() as f64));

        let noun = if updates.len() == 1 { "update" } else { "updates" };
        let mut message = match updates.len() {
            0 => "everything is up to date".to_owned(),
            n => format!("{n} {noun}, {security} of them for security"),
        };
        if is_old != Status::Ok {
            message.push_str(&format!(" as of {} ago, `apt-get update` does not run", age(lists_age)));
        }
        let mut answer = Answer::new(status, message)
            .fact("updates", updates.len())
            .fact("security_updates", security)
            .fact("lists_age_seconds", lists_age);
        let words = |update: &Update| format!("{}{}", update.package, if update.security { " (security)" } else { "" });
        answer.details = updates.iter().map(words).collect();
        answer.metrics = vec![
            all.metric("updates", updates.len() as f64, ""),
            holes.metric("security", security as f64, ""),
            lists.metric("lists", lists_age as f64, "s"),
        ];
        answer
    }
}

/// Whether the summary is there, `1 upgraded, 0 newly installed, …`: without it, no updates and no answer look the same.
fn is_complete(plan: &str) -> bool {
    plan.lines().any(|line| line.split_once(" upgraded, ").is_some_and(|(count, _)| count.parse::<u64>().is_ok()))
}

/// The lines `Inst PACKAGE [OLD] (NEW ORIGIN… [ARCH])` of a simulation.
fn updates(plan: &str) -> Vec<Update> {
    let update = |line: &str| {
        let (package, rest) = line.strip_prefix("Inst ")?.split_once(' ')?;
        let (_, origins) = rest.split_once('(')?;
        // Debian-Security:12/stable-security, Ubuntu:22.04/jammy-security
        Some(Update { package: package.to_owned(), security: origins.to_ascii_lowercase().contains("security") })
    };
    plan.lines().filter_map(update).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = "\
Reading package lists...
Inst libsecurity [1.0] (1.1 Debian:12.9/stable [amd64])
Inst unzip [6.0-28] (6.0-28+deb12u1 Debian:12.15/oldstable, Debian-Security:12/oldstable-security [amd64]) []
Inst linux-image-5.15.0-101-generic (5.15.0-101.111 Ubuntu:22.04/jammy-security [amd64])
Conf unzip (6.0-28+deb12u1 Debian-Security:12/oldstable-security [amd64])
Inst
";

    fn verdict(flags: [&str; 2], plan: &str, lists_age: Option<u64>) -> (Status, String) {
        let question = Updates {
            security: limit::count(flags[0]).unwrap(),
            warning: limit::count(flags[1]).ok(),
            critical: None,
            lists: limit::seconds("7d").unwrap(),
        };
        let answer = question.answer(&updates(plan), lists_age);
        (answer.status, answer.message)
    }

    #[test]
    fn security_is_where_a_package_comes_from_not_its_name() {
        let found: Vec<(String, bool)> = updates(PLAN).into_iter().map(|one| (one.package, one.security)).collect();
        let kernel = "linux-image-5.15.0-101-generic".to_owned();
        assert_eq!(found, [("libsecurity".to_owned(), false), ("unzip".to_owned(), true), (kernel, true)]);
    }

    #[test]
    fn silence_is_not_taken_for_nothing_to_do() {
        assert!(is_complete(
            "Calculating upgrade...\n0 upgraded, 0 newly installed, 0 to remove and 3 not upgraded.\n"
        ));
        assert!(!is_complete("") && !is_complete(PLAN) && !is_complete("all upgraded, really\n"));
    }

    #[test]
    fn updates_are_worth_knowing_and_holes_a_warning() {
        let words = "3 updates, 2 of them for security".to_owned();
        assert_eq!(verdict(["0", ""], PLAN, Some(60)), (Status::Warning, words.clone()));
        assert_eq!(verdict(["2", ""], PLAN, Some(60)), (Status::Update, words));
        assert_eq!(verdict(["2", "2"], PLAN, Some(60)).0, Status::Warning);
        assert_eq!(verdict(["0", ""], "", Some(60)), (Status::Ok, "everything is up to date".to_owned()));
    }

    #[test]
    fn old_lists_and_none_say_nothing() {
        let words = "everything is up to date as of 8 d ago, `apt-get update` does not run".to_owned();
        assert_eq!(verdict(["0", ""], "", Some(8 * 86_400)), (Status::Warning, words));
        assert_eq!(verdict(["0", ""], "", None).0, Status::Warning);
    }
}
