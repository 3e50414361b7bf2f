//! `ssi probe file`: how old and how large a file is.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::Args;

use super::{ProbeError, limit};
use crate::answer::Answer;
use crate::status::Status;
use crate::threshold::{Range, Thresholds};
use crate::timespan;

/// The question.
#[derive(Debug, Args)]
pub struct File {
    /// The file
    path: PathBuf,
    /// Warn when its age is outside of this range: seconds, or a duration such as `26h`
    #[arg(short, long, value_name = "RANGE", value_parser = limit::seconds)]
    warning: Option<Range>,
    /// Fail when its age is outside of this range
    #[arg(short, long, value_name = "RANGE", value_parser = limit::seconds)]
    critical: Option<Range>,
    /// Fail when its size is outside of this range: bytes, or `1M:`
    #[arg(long, value_name = "RANGE", value_parser = limit::bytes)]
    size: Option<Range>,
}

/// What was read of it.
struct Facts {
    age: Duration,
    bytes: u64,
}

impl File {
    pub(super) fn ask(&self) -> Result<Answer, ProbeError> {
        let metadata = match self.path.metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Answer::new(Status::Failure, format!("{} does not exist", self.path.display())));
            }
            metadata => metadata.map_err(ProbeError::reading(&self.path))?,
        };
        let modified = metadata.modified().map_err(ProbeError::reading(&self.path))?;
        // A file from the future is as new as can be.
        let age = SystemTime::now().duration_since(modified).unwrap_or_default();
        Ok(self.answer(&Facts { age, bytes: metadata.len() }))
    }

    fn answer(&self, facts: &Facts) -> Answer {
        let age = Thresholds { warning: self.warning, critical: self.critical };
        let size = Thresholds { warning: None, critical: self.size };
        let (seconds, bytes) = (facts.age.as_secs_f64().round(), facts.bytes as f64);
        let status = age.judge(seconds).max(size.judge(bytes));
        let words = timespan::words(Duration::from_secs(facts.age.as_secs()));
        let message = format!("{} is {words} old and has {} bytes", self.path.display(), facts.bytes);
        let mut answer = Answer::new(status, message).fact("age_seconds", seconds).fact("size_bytes", facts.bytes);
        answer.metrics = vec![age.metric("age", seconds, "s"), size.metric("size", bytes, "B")];
        answer
    }
}
