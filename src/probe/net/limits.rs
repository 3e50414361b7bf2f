//! The limits that questions to the network share, as flags.

use std::time::Duration;

use clap::Args;

use crate::probe::limit::seconds;
use crate::threshold::{Range, Thresholds};
use crate::timespan;

/// How long an answer may take.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Latency {
    /// Warn when the answer takes longer: seconds, or a duration such as `500ms`
    #[arg(short, long, value_name = "RANGE", value_parser = seconds)]
    warning: Option<Range>,
    /// Fail when the answer takes longer
    #[arg(short, long, value_name = "RANGE", value_parser = seconds)]
    critical: Option<Range>,
}

/// How long a question may take with everything that belongs to it.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct TimeLimit {
    /// How long all of it may take, lookups of names included
    #[arg(short, long, value_name = "TIME", default_value = "10s", value_parser = time_limit)]
    pub(crate) timeout: Duration,
}

impl Latency {
    pub(crate) fn thresholds(self) -> Thresholds {
        Thresholds { warning: self.warning, critical: self.critical }
    }
}

fn time_limit(text: &str) -> Result<Duration, String> {
    let limit = timespan::parse(text).map_err(|error| error.to_string())?;
    let is_fine = !limit.is_zero() && limit <= Duration::from_secs(3600);
    is_fine
        .then_some(limit)
        .ok_or_else(|| format!("`{text}` is no time limit, expected more than nothing and at most 1h"))
}
