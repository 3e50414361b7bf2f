//! One order to systemd about one unit, over a connection of its own and within a time limit.
//!
//! Input: what is to be done, and what would allow it. Output: nothing as soon as systemd has the job, or why it does not take it.

use std::time::Duration;

use tokio::time::timeout;

use crate::api::chain;
use crate::systemd::{Action, Systemd, SystemdError};
use crate::unit::Scope;

/// How long systemd may take to accept a job.
const LIMIT: Duration = Duration::from_secs(5);

/// What allows the agent to act on units that are no checks.
pub const RULE_FOR_UNITS: &str = "a rule for polkit has to let `_ssi` manage this unit (docs/api.md shows one)";

/// Why systemd has no job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// polkit says no, or is not there.
    #[error("systemd does not let the agent {verb} `{unit}`: {rule}, and polkit has to be installed")]
    NotPermitted {
        /// What was wanted.
        verb: &'static str,
        /// Of which unit.
        unit: String,
        /// What would allow it.
        rule: &'static str,
    },
    /// systemd, or the bus, says no.
    #[error("systemd did not {verb} `{unit}`: {why}")]
    Refused {
        /// What was wanted.
        verb: &'static str,
        /// Of which unit.
        unit: String,
        /// The whole answer.
        why: String,
    },
    /// No answer came.
    #[error("systemd did not answer in {} s", LIMIT.as_secs())]
    Silent,
}

/// Gives systemd a job. `rule` says what would allow it.
pub async fn order(scope: Scope, action: Action, unit: &str, rule: &'static str) -> Result<(), OrderError> {
    let ordered = timeout(LIMIT, async { Systemd::connect(scope).await?.order(action, unit).await });
    let (verb, unit) = (action.verb(), unit.to_owned());
    match ordered.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(SystemdError::NotPermitted { .. })) => Err(OrderError::NotPermitted { verb, unit, rule }),
        Ok(Err(error)) => Err(OrderError::Refused { verb, unit, why: chain(&error) }),
        Err(_) => Err(OrderError::Silent),
    }
}
