//! What questions to the network have in common: a deadline, connections, TLS, and words for what went wrong on the way.
//!
//! Input: hosts and ports, time limits. Output: streams with the time that each step took; a [`NetError`] that names the step.

mod certificate;
mod dial;
mod fault;
mod host_port;
mod limits;
mod tls;

use std::time::Duration;

#[cfg(test)]
pub(super) use certificate::tests::localhost;
pub(super) use certificate::{Certificate, days_words};
pub(super) use dial::{Dialed, Family, dial};
pub(super) use fault::{NetError, Phase, chain, down_because};
pub(super) use host_port::HostPort;
pub(super) use limits::{Latency, TimeLimit};
pub(super) use tls::{Presented, Tls, Trust};

use super::ProbeError;

/// The time that a question has for all of its steps together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    end: tokio::time::Instant,
    timeout: Duration,
}

impl Deadline {
    pub(super) fn after(timeout: Duration) -> Deadline {
        Deadline { end: tokio::time::Instant::now() + timeout, timeout }
    }

    pub(super) fn left(self) -> Duration {
        self.end.duration_since(tokio::time::Instant::now())
    }

    /// One step of the question.
    pub(super) async fn step<T>(
        self,
        phase: Phase,
        step: impl Future<Output = Result<T, NetError>>,
    ) -> Result<T, NetError> {
        tokio::time::timeout_at(self.end, step).await.unwrap_or_else(|_| {
            let reason = format!("timed out after {}", crate::timespan::words(self.timeout));
            Err(NetError::down(phase, reason))
        })
    }
}

/// Runs a question on this thread. A lookup that hangs in the C library does not keep it from its end.
pub(super) fn block_on<T>(question: impl Future<Output = Result<T, ProbeError>>) -> Result<T, ProbeError> {
    let starting = |source| ProbeError::Io { action: "start the question".to_owned(), source };
    // Each lookup of a name takes a thread.
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().max_blocking_threads(8).build().map_err(starting)?;
    let answer = runtime.block_on(question);
    runtime.shutdown_background();
    answer
}

/// A duration as facts and metrics have it: seconds, to the microsecond.
pub(super) fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e6
}

/// A duration for a sentence: `12 ms`, `1.25 s`.
pub(super) fn short(duration: Duration) -> String {
    match duration.as_micros() {
        0..1_000 => format!("{} µs", duration.as_micros()),
        1_000..1_000_000 => format!("{} ms", duration.as_millis()),
        _ => format!("{:.2} s", duration.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short_in_sentences_and_exact_to_the_microsecond_in_figures() {
        let micros = Duration::from_micros;
        assert_eq!([999, 12_345, 1_250_000].map(|n| short(micros(n))), ["999 µs", "12 ms", "1.25 s"]);
        assert_eq!(seconds(Duration::from_nanos(12_345_678)), 0.012346);
    }
}
