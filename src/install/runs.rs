//! The run at once after `add`, so that a daily check is not `UNKNOWN` until tomorrow.

use std::collections::HashMap;
use std::time::Duration;

use crate::check::{Check, CheckId};
use crate::systemd::{Jobs, SystemdError};
use crate::unit;

/// How many checks run at once: all of a thousand together would time each other out.
const AT_ONCE: usize = 8;

/// Runs checks once each, a few at a time, and tells of each that is over.
pub async fn first_runs(
    jobs: &mut Jobs,
    checks: &[&Check],
    each: &mut dyn FnMut(&CheckId),
) -> Result<(), SystemdError> {
    let mut waiting = checks.iter();
    let mut running: HashMap<String, &Check> = HashMap::new();
    let slowest = checks.iter().map(|check| check.timeout).max().unwrap_or_default();
    loop {
        while running.len() < AT_ONCE
            && let Some(check) = waiting.next()
        {
            let job = jobs.start(&unit::service_name(&check.id)).await?;
            running.insert(job.to_string(), check);
        }
        if running.is_empty() {
            return Ok(());
        }
        let limit = slowest + Duration::from_secs(30);
        let Ok(ended) = tokio::time::timeout(limit, jobs.next()).await else { return Ok(()) };
        let (job, _) = ended?;
        if let Some(check) = running.remove(job.as_str()) {
            each(&check.id);
        }
    }
}
