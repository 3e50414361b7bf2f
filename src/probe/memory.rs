//! `ssi probe memory`: memory that programs can't get any more.

use clap::Args;

use super::figure::{size, tenths};
use super::{Host, ProbeError, limit};
use crate::answer::Answer;
use crate::status::Status;
use crate::threshold::{Range, Thresholds};

pub(super) const PLACE: &str = "/proc/meminfo";
const PRESSURE: &str = "/proc/pressure/memory";

/// The question.
#[derive(Debug, Args)]
#[command(after_help = limit::HELP)]
pub struct Memory {
    /// Warn when the percentage in use is outside of this range; caches and what else can be freed do not count
    #[arg(short, long, value_name = "RANGE", default_value = "85", value_parser = limit::percent)]
    warning: Range,
    /// Fail when the percentage in use is outside of this range
    #[arg(short, long, value_name = "RANGE", default_value = "95", value_parser = limit::percent)]
    critical: Range,
    /// Warn when the percentage of swap in use is outside of this range
    #[arg(long, value_name = "RANGE", value_parser = limit::percent)]
    swap: Option<Range>,
    /// Warn when the percentage of the last minute in which programs waited for memory is outside of this range (`some avg60` of
    /// /proc/pressure/memory)
    #[arg(long, value_name = "RANGE", value_parser = limit::percent)]
    pressure: Option<Range>,
}

/// What the kernel tells, in bytes.
#[derive(Debug, PartialEq)]
pub(super) struct Facts {
    pub total: u64,
    pub available: u64,
    pub swap_total: u64,
    pub swap_free: u64,
}

impl Facts {
    pub(super) fn used_percent(&self) -> f64 {
        tenths(self.total.saturating_sub(self.available) as f64 / self.total as f64 * 100.0)
    }
}

impl Memory {
    pub(super) fn ask(&self, host: &Host) -> Result<Answer, ProbeError> {
        // Kernels are built without it, or started with psi=0: then the file is not there, or can't be read.
        let pressure = host.read(PRESSURE).ok();
        self.answer(&host.read(PLACE)?, pressure.as_deref())
    }

    fn answer(&self, meminfo: &str, pressure: Option<&str>) -> Result<Answer, ProbeError> {
        let nonsense =
            || ProbeError::Nonsense { place: PLACE, expected: "how much memory there is and how much is available" };
        let facts = facts(meminfo).ok_or_else(nonsense)?;
        let percent = facts.used_percent();
        let limits = Thresholds { warning: Some(self.warning), critical: Some(self.critical) };
        let mut status = limits.judge(percent);
        let mut message =
            format!("{percent} % of {} memory in use, {} available", size(facts.total), size(facts.available));
        let mut metrics = vec![limits.metric("used", percent, "%")];
        metrics.push(Thresholds::default().metric("available", facts.available as f64, "B"));
        let mut warn = |limits: Thresholds, value: f64, words: String| {
            if limits.judge(value) != Status::Ok {
                status = status.max(Status::Warning);
                message.push_str(&words);
            }
        };

        let swap_used = facts.swap_total.saturating_sub(facts.swap_free);
        let swap = (facts.swap_total > 0).then(|| tenths(swap_used as f64 / facts.swap_total as f64 * 100.0));
        if let Some(swap) = swap {
            let limits = Thresholds { warning: self.swap, critical: None };
            metrics.push(limits.metric("swap", swap, "%"));
            warn(limits, swap, format!(", {swap} % of {} swap in use", size(facts.swap_total)));
        }

        let some = pressure.and_then(averages);
        match (some, self.pressure) {
            (None, Some(_)) => {
                let reason = format!(
                    "this kernel does not tell how long programs wait for memory (no `{PRESSURE}`); leave `--pressure` out"
                );
                return Err(ProbeError::Unanswerable(reason));
            }
            (None, None) => {}
            (Some([avg10, avg60]), range) => {
                let limits = Thresholds { warning: range, critical: None };
                metrics.push(Thresholds::default().metric("pressure10", avg10, "%"));
                metrics.push(limits.metric("pressure60", avg60, "%"));
                warn(limits, avg60, format!(", programs waited for memory during {avg60} % of the last minute"));
            }
        }

        let mut answer = Answer::new(status, message)
            .fact("total_bytes", facts.total)
            .fact("available_bytes", facts.available)
            .fact("used_percent", percent)
            .fact("swap_total_bytes", facts.swap_total)
            .fact("swap_used_bytes", swap_used)
            .fact("pressure_avg10", some.map(|averages| averages[0]))
            .fact("pressure_avg60", some.map(|averages| averages[1]));
        answer.details.push(match swap {
            Some(swap) => format!("swap: {swap} % of {} in use", size(facts.swap_total)),
            None => "swap: none".to_owned(),
        });
        answer.metrics = metrics;
        Ok(answer)
    }
}

pub(super) fn facts(meminfo: &str) -> Option<Facts> {
    let bytes = |key: &str| {
        let value = meminfo.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
        value.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
    };
    let facts = Facts {
        total: bytes("MemTotal")?,
        available: bytes("MemAvailable")?,
        swap_total: bytes("SwapTotal")?,
        swap_free: bytes("SwapFree")?,
    };
    (facts.total > 0).then_some(facts)
}

/// The shares of the last 10 and 60 seconds in which at least one task waited, in percent.
fn averages(pressure: &str) -> Option<[f64; 2]> {
    let some = pressure.lines().find_map(|line| line.strip_prefix("some "))?;
    let average = |key: &str| some.split(' ').find_map(|word| word.strip_prefix(key)?.parse::<f64>().ok());
    Some([average("avg10=")?, average("avg60=")?])
}

#[cfg(test)]
mod tests {
    use super::*;

    const PSI: &str =
        "some avg10=1.50 avg60=12.25 avg300=0.00 total=9\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";

    fn meminfo(total: u64, available: u64, swap: [u64; 2]) -> String {
        let [swap_total, swap_free] = swap;
        format!(
            "MemTotal:    {total} kB\nMemFree:     1 kB\nMemAvailable: {available} kB\nSwapTotal: {swap_total} kB\nSwapFree: {swap_free} kB\n"
        )
    }

    fn question(swap: Option<&str>, pressure: Option<&str>) -> Memory {
        let read = |text: &str| limit::percent(text).unwrap();
        Memory { warning: read("85"), critical: read("95"), swap: swap.map(read), pressure: pressure.map(read) }
    }

    #[test]
    fn limits_decide() {
        let status = |available| {
            question(None, None).answer(&meminfo(1000, available, [0, 0]), None).map(|answer| answer.status).unwrap()
        };
        assert_eq!([1000, 150, 149, 50, 49, 0].map(status), {
            use Status::{Failure, Ok, Warning};
            [Ok, Ok, Warning, Warning, Failure, Failure]
        });
    }

    #[test]
    fn what_is_not_there_is_not_zero() {
        let answer = question(None, None).answer(&meminfo(1000, 600, [0, 0]), None).unwrap();
        assert_eq!(answer.facts["pressure_avg60"], serde_json::Value::Null);
        assert!(answer.metrics.iter().all(|metric| metric.label == "used" || metric.label == "available"));
        assert!(question(None, Some("10")).answer(&meminfo(1000, 600, [0, 0]), None).is_err());
        for text in [
            "",
            "MemTotal: 5 kB",
            &meminfo(0, 0, [0, 0]),
            "MemTotal: x kB\nMemAvailable: 1 kB",
            &meminfo(u64::MAX, 1, [0, 0]),
        ] {
            assert!(question(None, None).answer(text, None).is_err(), "{text}");
        }
    }

    #[test]
    fn swap_and_pressure_warn() {
        let text = meminfo(1000, 600, [100, 10]);
        let answer = question(Some("80"), Some("10")).answer(&text, Some(PSI)).unwrap();
        assert_eq!(answer.status, Status::Warning);
        let message = "40 % of 1000.0 KiB memory in use, 600.0 KiB available, 90 % of 100.0 KiB swap in use, \
            programs waited for memory during 12.25 % of the last minute";
        assert_eq!(answer.message, message);
        assert_eq!(question(None, Some("20")).answer(&text, Some(PSI)).unwrap().status, Status::Ok);
        assert_eq!(averages("full avg10=0.00"), None);
    }
}
