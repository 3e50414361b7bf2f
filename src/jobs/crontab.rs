//! Crontabs: those of users, and those of the system with a field for the user.
//!
//! Input: the text of one and what is known of it ([`Table`]). Output: a [`Job`] for each line that has times, also for one that cron can't
//! read, which says so.

use super::{Clock, Job, Kind, mask, name, when};

/// Minute, hour, day of the month, month, day of the week.
const FIELDS: usize = 5;
const NO_USER: &str = "expected a user and a command behind the times";

/// One crontab.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    /// Where it lies.
    pub path: &'a str,
    /// Whose it is; `None` where each line names a user.
    pub user: Option<&'a str>,
    /// What its jobs are called; `None`: as their programs are.
    pub name: Option<&'a str>,
    /// Which cron reads it.
    pub daemon: Daemon,
}

/// What implementations of cron differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Daemon {
    /// Debian's cron: no zones; a file with a mistake in it counts for nothing.
    Debian,
    /// cronie and systemd-cron: `CRON_TZ` holds for the lines below it; a line with a mistake is left out.
    Cronie,
}

/// The jobs of a crontab, in its order.
///
/// ```
/// use jiff::tz::{self, TimeZone};
/// use ssi::jobs::{Clock, crontab};
///
/// let table = crontab::Table { path: "/etc/crontab", user: None, name: None, daemon: crontab::Daemon::Debian };
/// let clock = Clock { now: "2026-11-22T12:00:00Z".parse()?, zone: &TimeZone::UTC, zones: tz::db() };
/// let jobs = crontab::jobs("0 3 * * * backup /srv/backup --password=x\n", table, clock);
/// assert_eq!(jobs[0].human.as_deref(), Some("Daily at 03:00"));
/// assert_eq!(jobs[0].command.as_deref(), Some("/srv/backup --password=***"));
/// assert_eq!(jobs[0].next_run, Some("2026-11-23T03:00:00Z".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn jobs(text: &str, table: Table<'_>, clock: Clock<'_>) -> Vec<Job> {
    let mut jobs = Vec::new();
    let mut zone = None;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some((key, value)) = variable(line) {
            if key == "CRON_TZ" && table.daemon == Daemon::Cronie {
                zone = Some(value.to_owned()).filter(|zone| !zone.is_empty());
            }
            continue;
        }
        let source = format!("{}:{number}", table.path);
        jobs.push(
            entry(line, table, zone.as_deref(), clock).map_or_else(
                |reason| bad(line, table, &source, reason),
                |entry| Job { source: source.clone(), ..entry },
            ),
        );
    }
    if table.daemon == Daemon::Debian {
        whole_or_none(text, table.path, &mut jobs);
    }
    jobs
}

/// Debian's cron takes a whole file or nothing of it, and says why in the log of the system alone.
fn whole_or_none(text: &str, path: &str, jobs: &mut [Job]) {
    let unfinished = !text.is_empty() && !text.ends_with('\n');
    let reason = match jobs.iter().find(|job| job.error.is_some()) {
        Some(job) => format!("cron takes no line of this file, for it can't read {}", job.source),
        None if unfinished => format!("cron takes no line of this file: the last line of {path} does not end"),
        None => return,
    };
    for job in jobs.iter_mut() {
        job.enabled = false;
        job.next_run = None;
        job.error.get_or_insert_with(|| reason.clone());
    }
}

/// `NAME=value`, with blanks around the sign and quotes around either.
fn variable(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once('=')?;
    let (key, value) = (key.trim_end(), value.trim());
    let is_name = |key: &str| {
        key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && !key.contains(char::is_whitespace)
    };
    match unquoted(key) {
        Some(key) => Some((key, unquoted(value).unwrap_or(value))),
        None => is_name(key).then(|| (key, unquoted(value).unwrap_or(value))),
    }
}

/// What stands between quotes.
fn unquoted(text: &str) -> Option<&str> {
    ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote))
}

/// A line with times; or why cron can't read it.
fn entry(line: &str, table: Table<'_>, zone: Option<&str>, clock: Clock<'_>) -> Result<Job, String> {
    let (times, rest) = split(line, if line.starts_with('@') { 1 } else { FIELDS })?;
    let times = match zone {
        Some(zone) if times != "@reboot" => format!("CRON_TZ={zone} {times}"),
        _ => times,
    };
    let when = when::cron(&times, clock)?;
    let (user, rest) = match table.user {
        Some(user) => (user.to_owned(), rest),
        None => split(rest, 1).map_err(|_| NO_USER.to_owned())?,
    };
    if !is_user(&user) {
        return Err(format!("`{}` is no user, expected one between the times and the command", mask(&user)));
    }
    let command = command(rest);
    if command.is_empty() {
        return Err("nothing to run behind the times".to_owned());
    }
    let command = mask(&command);
    let name = table.name.map_or_else(|| name::of(&command), str::to_owned);
    Ok(Job {
        schedule: Some(times),
        human: Some(when.human),
        next_run: when.next,
        user: Some(user),
        command: Some(command),
        ..Job::new(Kind::Cron, name, table.path)
    })
}

/// A line that cron can't read, as it stands there.
fn bad(line: &str, table: Table<'_>, source: &str, reason: String) -> Job {
    let name = table.name.unwrap_or("not understood");
    Job {
        command: Some(mask(line)),
        user: table.user.map(str::to_owned),
        enabled: false,
        error: Some(reason),
        ..Job::new(Kind::Cron, name, source)
    }
}

/// The first words, joined by single blanks, and what follows them.
fn split(text: &str, count: usize) -> Result<(String, &str), String> {
    let (mut words, mut rest) = (Vec::new(), text.trim_start());
    while words.len() < count {
        if rest.is_empty() {
            return Err(format!(
                "found {} of five fields, expected for example `0 3 * * *` and a command",
                words.len()
            ));
        }
        let end = rest.find([' ', '\t']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        words.push(word);
        rest = after.trim_start();
    }
    Ok((words.join(" "), rest))
}

fn is_user(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "_-.$@+".contains(c))
}

/// What cron hands to the shell: up to the first `%`, behind which its standard input begins.
fn command(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek() == Some(&'%') => out.extend(chars.next()),
            '%' => break,
            c => out.push(c),
        }
    }
    out.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use jiff::tz::{self, TimeZone};

    use super::*;

    fn read(text: &str, user: Option<&str>, daemon: Daemon) -> Vec<Job> {
        let table = Table { path: "/t", user, name: None, daemon };
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        jobs(text, table, Clock { now, zone: &TimeZone::UTC, zones: tz::db() })
    }

    #[test]
    fn lines_and_what_they_mean() {
        let rows = [
            ("0 3 * * * /srv/a.sh -x", "0 3 * * *", "Daily at 03:00", "/srv/a.sh -x", Some("2026-11-23T03:00:00Z")),
            (
                "*/15\t8-17 * * mon-fri  b",
                "*/15 8-17 * * mon-fri",
                "Every 15 minutes from 08:00 to 17:45, Monday to Friday",
                "b",
                Some("2026-11-23T08:00:00Z"),
            ),
            ("  @hourly c", "@hourly", "Every hour", "c", Some("2026-11-22T13:00:00Z")),
            ("@reboot d", "@reboot", "At boot", "d", None),
            (
                "0 0 1 1 * date +\\%F > x%a%b",
                "0 0 1 1 *",
                "On the 1st of January at 00:00",
                "date +%F > x",
                Some("2027-01-01T00:00:00Z"),
            ),
            ("0 0 31 2 * never", "0 0 31 2 *", "On the 31st of February at 00:00", "never", None),
        ];
        for (line, schedule, human, command, next) in rows {
            let jobs = read(&format!("# why\n\n{line}\n"), Some("ann"), Daemon::Debian);
            let [job] = &jobs[..] else { panic!("{line}: {jobs:#?}") };
            let found = (job.schedule.as_deref(), job.human.as_deref(), job.command.as_deref());
            assert_eq!(found, (Some(schedule), Some(human), Some(command)), "{line}");
            assert_eq!(job.next_run, next.map(|next| next.parse().unwrap()), "{line}");
            assert_eq!((job.source.as_str(), job.user.as_deref(), job.enabled), ("/t:3", Some("ann"), true));
        }
    }

    #[test]
    fn lines_of_the_environment_are_no_jobs() {
        let text = "MAILTO=\"\"\nSHELL = /bin/sh\n\"MY NAME\"='x y'\nTOKEN=a b c d e f g\n0 1 * * * A=1 run\n";
        let jobs = read(text, Some("ann"), Daemon::Debian);
        assert_eq!(jobs.len(), 1);
        assert_eq!((jobs[0].name.as_str(), jobs[0].source.as_str()), ("run", "/t:5"));
    }

    #[test]
    fn the_system_s_crontabs_name_a_user() {
        let jobs = read("17 * * * * root cd / && run-parts --report /etc/cron.hourly\n", None, Daemon::Debian);
        assert_eq!((jobs[0].user.as_deref(), jobs[0].name.as_str()), (Some("root"), "run-parts"));
        assert_eq!(jobs[0].command.as_deref(), Some("cd / && run-parts --report /etc/cron.hourly"));
        for (line, part) in [
            ("0 3 * * * /srv/a.sh", "`/srv/a.sh` is no user"),
            ("0 3 * * * root", "nothing to run"),
            ("0 3 * * *", "expected a user"),
        ] {
            let jobs = read(&format!("{line}\n"), None, Daemon::Debian);
            let error = jobs[0].error.clone().unwrap();
            assert!(error.contains(part), "{line}: {error}");
        }
    }

    #[test]
    fn what_cron_can_not_read_is_shown_with_the_reason() {
        for (line, part) in [
            ("0 25 * * * x", "25"),
            ("0 3 * *", "found 4 of five fields"),
            ("0/10 * * * * x", "0/10"),
            ("@dayly x", "unknown word `@dayly`"),
            ("0 3 * * * ", "nothing to run"),
            ("run --password=geheim", "found 2 of five fields"),
        ] {
            let jobs = read(&format!("{line}\n"), Some("ann"), Daemon::Cronie);
            let [job] = &jobs[..] else { panic!("{line}: {jobs:#?}") };
            let error = job.error.clone().unwrap_or_default();
            assert!(error.contains(part) && !job.enabled && job.human.is_none(), "{line}: {error}");
            assert!(!job.command.as_deref().unwrap_or_default().contains("geheim"));
        }
    }

    #[test]
    fn debian_s_cron_takes_a_file_whole_or_not_at_all() {
        let state = |text: &str, daemon| -> Vec<(bool, bool)> {
            let jobs = read(text, Some("ann"), daemon);
            jobs.iter().map(|job| (job.enabled, job.error.is_some())).collect()
        };
        let text = "0 3 * * * x\n0 25 * * * y\n";
        assert_eq!(state(text, Daemon::Debian), [(false, true), (false, true)]);
        assert_eq!(state(text, Daemon::Cronie), [(true, false), (false, true)]);
        assert_eq!(state("0 3 * * * x", Daemon::Debian), [(false, true)]);
        assert_eq!(state("0 3 * * * x", Daemon::Cronie), [(true, false)]);
    }

    #[test]
    fn zones_hold_where_that_cron_knows_them() {
        let text = "TZ=Asia/Tokyo\n0 3 * * * a\nCRON_TZ=Europe/Berlin\n0 3 * * * b\n@reboot c\n";
        let next = |daemon| -> Vec<Option<String>> {
            let jobs = read(text, Some("ann"), daemon);
            jobs.iter().map(|job| job.next_run.map(|next| next.to_string())).collect()
        };
        let [three, two] = ["2026-11-23T03:00:00Z", "2026-11-23T02:00:00Z"].map(|time| Some(time.to_owned()));
        assert_eq!(next(Daemon::Debian), [three.clone(), three.clone(), None]);
        assert_eq!(next(Daemon::Cronie), [three, two, None]);
        let jobs = read(text, Some("ann"), Daemon::Cronie);
        assert_eq!(jobs[1].human.as_deref(), Some("Daily at 03:00 Europe/Berlin"));
    }
}
