//! The way to systemd for questions that only it can answer.

use std::time::Duration;

use super::{Host, ProbeError};
use crate::systemd::{Systemd, SystemdError};

/// A bus whose other end hangs says nothing at all.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks systemd, on this thread.
pub(super) fn ask<T>(
    host: &Host,
    question: impl AsyncFnOnce(Systemd) -> Result<T, SystemdError>,
) -> Result<T, ProbeError> {
    if host.root.is_some() {
        let reason = "below `--root` there is no systemd to ask".to_owned();
        return Err(ProbeError::Unanswerable(reason));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| ProbeError::Io { action: "start the runtime".to_owned(), source })?;
    let asked = async { question(Systemd::connect(host.scope).await?).await };
    // The time limit needs the runtime to be there already.
    let answer = runtime.block_on(async { tokio::time::timeout(PATIENCE, asked).await });
    // What hangs must not keep a probe that is done.
    runtime.shutdown_background();
    let silent = |_| ProbeError::Unanswerable(format!("systemd did not answer within {} s", PATIENCE.as_secs()));
    Ok(answer.map_err(silent)??)
}
