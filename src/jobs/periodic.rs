//! Scripts in `/etc/cron.{hourly,daily,weekly,monthly}`, which some line of a crontab or anacron runs one after the other.

use super::{Job, Kind};

/// The directories.
pub const DIRECTORIES: [&str; 4] = ["/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly"];

/// Whether `run-parts` takes a file of this name: one with a dot, such as `backup.sh`, is passed over in silence.
///
/// ```
/// assert!(ssi::jobs::periodic::takes("0-logrotate") && !ssi::jobs::periodic::takes("backup.sh"));
/// ```
pub fn takes(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// The scripts of a directory as jobs. What runs it is looked for among `lines`; anacron comes first where it is installed, because the
/// lines of Debian's `/etc/crontab` leave it the work then.
pub fn jobs(directory: &str, scripts: &[String], lines: &[Job], has_anacron: bool) -> Vec<Job> {
    let runs = |job: &&Job| job.command.as_deref().is_some_and(|command| runs_parts(command, directory));
    let of = |kind| lines.iter().filter(move |job| job.kind == kind).find(runs);
    let anacron = of(Kind::Anacron).filter(|_| has_anacron);
    let runner = anacron.or_else(|| of(Kind::Cron));
    let job = |name: &String| {
        let path = format!("{directory}/{name}");
        let job = Job { command: Some(path), ..Job::new(Kind::Cron, name, directory) };
        match runner {
            Some(line) => Job {
                kind: line.kind,
                schedule: line.schedule.clone(),
                human: line.human.clone(),
                user: line.user.clone(),
                next_run: line.next_run,
                last_run: line.last_run,
                overdue: line.overdue,
                enabled: line.enabled,
                error: line.error.clone(),
                ..job
            },
            None => Job {
                // As on every host without cron whose packages bring scripts for it.
                enabled: false,
                human: Some(format!("Never: neither cron nor anacron runs {directory}")),
                ..job
            },
        }
    };
    scripts.iter().map(job).collect()
}

fn runs_parts(command: &str, directory: &str) -> bool {
    let separates = |c: char| c.is_whitespace() || "\"';|&(){}".contains(c);
    let mut words = command.split(separates).map(|word| word.trim_end_matches('/'));
    words.any(|word| word.rsplit('/').next() == Some("run-parts")) && words.any(|word| word == directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(kind: Kind, command: &str, schedule: &str) -> Job {
        Job { command: Some(command.to_owned()), schedule: Some(schedule.to_owned()), ..Job::new(kind, "x", "y") }
    }

    #[test]
    fn scripts_run_when_the_line_does_that_runs_their_directory() {
        let lines = [
            line(
                Kind::Cron,
                "test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }",
                "25 6 * * *",
            ),
            line(Kind::Anacron, "run-parts --report /etc/cron.daily/", "1 5"),
            line(Kind::Cron, "ls /etc/cron.weekly", "0 0 * * 0"),
        ];
        let scripts = ["a".to_owned(), "b".to_owned()];
        let found = |directory, has_anacron| -> Vec<(Kind, Option<String>, bool)> {
            let jobs = jobs(directory, &scripts, &lines, has_anacron);
            jobs.into_iter().map(|job| (job.kind, job.schedule, !job.enabled)).collect()
        };
        assert_eq!(found("/etc/cron.daily", false), vec![(Kind::Cron, Some("25 6 * * *".to_owned()), false); 2]);
        assert_eq!(found("/etc/cron.daily", true), vec![(Kind::Anacron, Some("1 5".to_owned()), false); 2]);
        assert_eq!(found("/etc/cron.weekly", true), vec![(Kind::Cron, None, true); 2]);
    }
}
