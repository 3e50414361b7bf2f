//! `ssi probe time`: whether the clock is kept right.

use clap::Args;

use super::{Host, ProbeError, bus, limit};
use crate::answer::Answer;
use crate::status::Status;
use crate::systemd::ClockState;
use crate::threshold::{Range, Thresholds};

/// The question.
#[derive(Debug, Args)]
#[command(after_help = limit::HELP)]
pub struct Time {
    /// Warn when the clock is off by more than this range, where systemd-timesyncd tells (`500ms`)
    #[arg(short, long, value_name = "RANGE", default_value = "500ms", value_parser = limit::seconds)]
    warning: Range,
    /// Fail when the clock is off by more than this range
    #[arg(short, long, value_name = "RANGE", default_value = "5s", value_parser = limit::seconds)]
    critical: Range,
}

impl Time {
    pub(super) fn ask(&self, host: &Host) -> Result<Answer, ProbeError> {
        // The clock is the machine's, so its systemd is asked for `--user` too.
        let host = Host { scope: crate::unit::Scope::System, ..host.clone() };
        bus::ask(&host, async |systemd| systemd.clock().await).map(|clock| self.answer(&clock))
    }

    fn answer(&self, clock: &ClockState) -> Answer {
        let limits = Thresholds { warning: Some(self.warning), critical: Some(self.critical) };
        let keeper = clock.keeper.as_deref().map(|unit| unit.trim_end_matches(".service"));
        let (mut status, mut message) = match (clock.synchronised, keeper) {
            (true, Some(keeper)) => (Status::Ok, format!("the clock is synchronised by {keeper}")),
            // In a container the host does it, and some services have names of their own.
            (true, None) => (Status::Ok, "the clock is synchronised".to_owned()),
            (false, Some(keeper)) => (Status::Warning, format!("the clock is not synchronised, though {keeper} runs")),
            (false, None) => {
                let words =
                    "the clock is not synchronised and no known service does it (apt install systemd-timesyncd)";
                (Status::Failure, words.to_owned())
            }
        };
        let mut metrics = Vec::new();
        if let Some(offset) = clock.offset {
            let off = offset.abs();
            status = status.max(limits.judge(off));
            let side = if offset < 0.0 { "ahead" } else { "behind" };
            message.push_str(&format!(", {:.1} ms {side}", off * 1000.0));
            metrics.push(limits.metric("offset", off, "s"));
        }
        if let Some(server) = &clock.server {
            message.push_str(&format!(", against {server}"));
        }
        let mut answer = Answer::new(status, message)
            .fact("synchronised", clock.synchronised)
            .fact("service", keeper)
            .fact("offset_seconds", clock.offset)
            .fact("server", clock.server.clone());
        answer.metrics = metrics;
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(synchronised: bool, keeper: Option<&str>, offset: Option<f64>) -> (Status, String) {
        let question = Time { warning: limit::seconds("500ms").unwrap(), critical: limit::seconds("5s").unwrap() };
        let server = offset.map(|_| "ntp.example".to_owned());
        let answer = question.answer(&ClockState { synchronised, keeper: keeper.map(str::to_owned), offset, server });
        (answer.status, answer.message)
    }

    #[test]
    fn a_clock_that_nobody_keeps_is_down() {
        let chrony = Some("chrony.service");
        assert_eq!(verdict(true, chrony, None), (Status::Ok, "the clock is synchronised by chrony".to_owned()));
        assert_eq!(verdict(true, None, None).0, Status::Ok);
        assert_eq!(verdict(false, chrony, None).0, Status::Warning);
        assert_eq!(verdict(false, None, None).0, Status::Failure);
    }

    #[test]
    fn the_offset_is_judged_on_both_sides() {
        let status = |offset| verdict(true, Some("systemd-timesyncd.service"), Some(offset));
        let words = "the clock is synchronised by systemd-timesyncd, 1.5 ms ahead, against ntp.example".to_owned();
        assert_eq!(status(-0.0015), (Status::Ok, words));
        assert_eq!([0.4, -0.6, 5.1].map(|offset| status(offset).0), [Status::Ok, Status::Warning, Status::Failure]);
    }
}
