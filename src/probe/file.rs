//! `ssi probe file`: how old and how large the newest file is that matches.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use clap::Args;

use super::figure::{age, size};
use super::{ProbeError, limit, pattern};
use crate::answer::Answer;
use crate::status::Status;
use crate::threshold::{Range, Thresholds};

/// How far from now on a file may be dated: clocks differ, and old file systems keep local time.
const LEAD: Duration = Duration::from_secs(3_600);

/// The question.
#[derive(Debug, Args)]
#[command(after_help = limit::HELP)]
pub struct File {
    /// Files, directories (meaning the files right in them) or patterns with `*`, `?` and `[a-z]`; of all, the newest file counts
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Warn when its age is outside of this range: seconds, or a duration such as `26h`
    #[arg(short, long, value_name = "RANGE", value_parser = limit::seconds)]
    warning: Option<Range>,
    /// Fail when its age is outside of this range
    #[arg(short, long, value_name = "RANGE", value_parser = limit::seconds)]
    critical: Option<Range>,
    /// Fail when its size is outside of this range: bytes, or `1M:`
    #[arg(short, long, value_name = "RANGE", value_parser = limit::bytes)]
    size: Option<Range>,
    /// Fail when there is one
    #[arg(long, conflicts_with_all = ["warning", "critical", "size"])]
    absent: bool,
}

/// The newest file.
struct Newest {
    path: PathBuf,
    modified: SystemTime,
    bytes: u64,
}

/// What was found.
struct Found {
    newest: Option<Newest>,
    /// How many files matched.
    count: usize,
}

impl File {
    pub(super) fn ask(&self) -> Result<Answer, ProbeError> {
        let mut found = Found { newest: None, count: 0 };
        for path in self.paths.iter().map(|path| pattern::expand(path)).collect::<Result<Vec<_>, _>>()?.concat() {
            match metadata(&path)? {
                Some(metadata) if metadata.is_dir() && !self.absent => {
                    for entry in pattern::entries(&path)? {
                        let file = path.join(entry);
                        if let Some(metadata) = metadata_of_file(&file)? {
                            found.add(file, &metadata)?;
                        }
                    }
                }
                Some(metadata) => found.add(path, &metadata)?,
                None => {}
            }
        }
        Ok(self.answer(&found, SystemTime::now()))
    }

    fn answer(&self, found: &Found, now: SystemTime) -> Answer {
        let Some(newest) = &found.newest else {
            let status = if self.absent { Status::Ok } else { Status::Failure };
            let names: Vec<_> = self.paths.iter().map(|path| path.display().to_string()).collect();
            let message = match &names[..] {
                [one] if !pattern::is_pattern(&self.paths[0]) => format!("{one} does not exist or holds no file"),
                names => format!("no file matches {}", names.join(" ")),
            };
            return Answer::new(status, message).fact("exists", false).fact("files", 0);
        };
        let seconds = now.duration_since(newest.modified).unwrap_or_default().as_secs();
        let ages = Thresholds { warning: self.warning, critical: self.critical };
        // A date that is far ahead would stay the newest for as long, whatever no longer comes.
        let ahead = newest.modified.duration_since(now).ok().filter(|ahead| *ahead > LEAD);
        let is_judged = ages != Thresholds::default();
        let age_status = match ahead {
            Some(_) if is_judged => Status::Warning,
            Some(_) => Status::Ok,
            None => ages.judge(seconds as f64),
        };
        let sizes = Thresholds { warning: None, critical: self.size };
        let status = match self.absent {
            true => Status::Failure,
            false => age_status.max(sizes.judge(newest.bytes as f64)),
        };
        let path = newest.path.display();
        let large = size(newest.bytes);
        let old = match ahead {
            Some(ahead) => format!("dated {} from now", age(ahead.as_secs())),
            None => format!("{} old", age(seconds)),
        };
        let message = match self.absent {
            true => format!("{path} exists, {old}, {large}"),
            false if ahead.is_some() && is_judged => {
                format!("{path} is {old}, so its age says nothing, and has {large}")
            }
            false => format!("{path} is {old} and has {large}"),
        };
        let seconds = ahead.is_none().then_some(seconds);
        let mut answer = Answer::new(status, message)
            .fact("exists", true)
            .fact("files", found.count)
            .fact("path", path.to_string())
            .fact("age_seconds", seconds)
            .fact("size_bytes", newest.bytes);
        if found.count > 1 {
            answer.details.push(format!("the newest of {} files", found.count));
        }
        let mut aged = ages.metric("age", 0.0, "s");
        aged.value = seconds.map(|seconds| seconds as f64);
        answer.metrics = vec![aged, sizes.metric("size", newest.bytes as f64, "B")];
        answer
    }
}

impl Found {
    fn add(&mut self, path: PathBuf, metadata: &Metadata) -> Result<(), ProbeError> {
        let modified = metadata.modified().map_err(ProbeError::reading(&path))?;
        self.count += 1;
        if self.newest.as_ref().is_none_or(|newest| newest.modified < modified) {
            self.newest = Some(Newest { path, modified, bytes: metadata.len() });
        }
        Ok(())
    }
}

/// `None` for what is not there.
fn metadata(path: &Path) -> Result<Option<Metadata>, ProbeError> {
    match path.metadata() {
        Err(error) if pattern::is_absence(&error) => Ok(None),
        result => result.map(Some).map_err(ProbeError::reading(path)),
    }
}

/// The same, and `None` for what is no regular file.
fn metadata_of_file(path: &Path) -> Result<Option<Metadata>, ProbeError> {
    metadata(path).map(|metadata| metadata.filter(Metadata::is_file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(warning: &str, size: &str, absent: bool) -> File {
        let warning = (!warning.is_empty()).then(|| limit::seconds(warning).unwrap());
        let size = (!size.is_empty()).then(|| limit::bytes(size).unwrap());
        File { paths: vec!["/srv/*.sql".into()], warning, critical: None, size, absent }
    }

    fn found(seconds: u64, bytes: u64) -> (Found, SystemTime) {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let modified = now - Duration::from_secs(seconds);
        (Found { newest: Some(Newest { path: "/srv/a.sql".into(), modified, bytes }), count: 2 }, now)
    }

    #[test]
    fn age_and_size_are_judged() {
        let answer = |question: File, (found, now): (Found, SystemTime)| {
            let answer = question.answer(&found, now);
            (answer.status, answer.message)
        };
        let words = "/srv/a.sql is 1 d 3 h old and has 2.0 KiB".to_owned();
        assert_eq!(answer(question("26h", "", false), found(97_500, 2048)), (Status::Warning, words.clone()));
        assert_eq!(answer(question("2d", "1K:", false), found(97_500, 2048)), (Status::Ok, words.clone()));
        assert_eq!(answer(question("26h", "1M:", false), found(97_500, 2048)), (Status::Failure, words));
        let there = "/srv/a.sql exists, 5 s old, 0 B".to_owned();
        assert_eq!(answer(question("", "", true), found(5, 0)), (Status::Failure, there));
    }

    #[test]
    fn a_file_from_the_future_is_new_only_if_it_is_near() {
        let answer = |warning, ahead| {
            let (found, now) = found(0, 1);
            question(warning, "", false).answer(&found, now - Duration::from_secs(ahead))
        };
        let near = answer("26h", 500);
        assert_eq!((near.status, &near.facts["age_seconds"]), (Status::Ok, &serde_json::json!(0)));
        let far = answer("26h", 90_000);
        let words = "/srv/a.sql is dated 1 d 1 h from now, so its age says nothing, and has 1 B";
        assert_eq!((far.status, far.message.as_str()), (Status::Warning, words));
        assert_eq!((&far.facts["age_seconds"], far.metrics[0].value), (&serde_json::Value::Null, None));
        assert_eq!(answer("", 90_000).status, Status::Ok);
    }

    #[test]
    fn none_is_down_unless_none_is_wanted() {
        let none = Found { newest: None, count: 0 };
        let (missed, wanted) = (question("26h", "", false), question("", "", true));
        let answer = |question: &File| question.answer(&none, SystemTime::UNIX_EPOCH);
        assert_eq!(answer(&missed).status, Status::Failure);
        assert_eq!(answer(&missed).message, "no file matches /srv/*.sql");
        assert_eq!(answer(&wanted).status, Status::Ok);
    }
}
