//! `ssi probe load`: how many tasks run or wait for a processor or a disk.

use clap::Args;
use nix::unistd::{SysconfVar, sysconf};

use super::{Host, ProbeError, limit};
use crate::answer::Answer;
use crate::status::Status;
use crate::threshold::{Range, Thresholds};

pub(super) const PLACE: &str = "/proc/loadavg";
/// What counts where no limit is given, per processor.
const DEFAULTS: [&str; 2] = ["4,2,1.5", "10,6,4"];

/// The question.
#[derive(Debug, Args)]
#[command(after_help = limit::HELP)]
pub struct Load {
    /// Warn when the load of 1, 5 or 15 minutes is outside of its range: one RANGE for all, or three as in `15,10,5` [default without -w
    /// and -c: 4,2,1.5 per processor]
    #[arg(short, long, value_name = "RANGES", value_parser = ranges)]
    warning: Option<[Range; 3]>,
    /// Fail when one of them is outside of its range [default without -w and -c: 10,6,4 per processor]
    #[arg(short, long, value_name = "RANGES", value_parser = ranges)]
    critical: Option<[Range; 3]>,
    /// Divide the load by the number of processors before it is compared
    #[arg(long)]
    per_cpu: bool,
}

/// One range for all three, or one for each.
fn ranges(text: &str) -> Result<[Range; 3], String> {
    let each: Result<Vec<Range>, String> =
        text.split(',').map(|part| limit::count(part.trim()).map_err(|error| error.to_string())).collect();
    match each?[..] {
        [all] => Ok([all; 3]),
        [one, five, fifteen] => Ok([one, five, fifteen]),
        ref other => {
            Err(format!("expected one range, or three for 1, 5 and 15 minutes such as `15,10,5`, not {}", other.len()))
        }
    }
}

impl Load {
    pub(super) fn ask(&self, host: &Host) -> Result<Answer, ProbeError> {
        self.answer(&host.read(PLACE)?, processors()?)
    }

    fn answer(&self, loadavg: &str, processors: u32) -> Result<Answer, ProbeError> {
        let nonsense = || ProbeError::Nonsense { place: PLACE, expected: "the load" };
        let loads = loads(loadavg).ok_or_else(nonsense)?;
        let (warning, critical, per_cpu) = match (self.warning, self.critical) {
            (None, None) => {
                let [warning, critical] = DEFAULTS.map(|text| ranges(text).ok());
                (warning, critical, true)
            }
            (warning, critical) => (warning, critical, self.per_cpu),
        };
        let (mut metrics, mut worst) = (Vec::new(), (Status::Ok, String::new()));
        for (at, (minutes, load)) in [1, 5, 15].into_iter().zip(loads).enumerate() {
            let limits = Thresholds { warning: warning.map(|all| all[at]), critical: critical.map(|all| all[at]) };
            let each = (load / f64::from(processors) * 100.0).round() / 100.0;
            let label = format!("load{minutes}");
            let status = if per_cpu {
                metrics.push(Thresholds::default().metric(&label, load, ""));
                metrics.push(limits.metric(format!("{label}_per_cpu"), each, ""));
                limits.judge(each)
            } else {
                metrics.push(limits.metric(&label, load, ""));
                limits.judge(load)
            };
            if status > worst.0 {
                let value = if per_cpu { format!("{each} per processor") } else { load.to_string() };
                worst = (status, format!(", {value} over {minutes} min is too much"));
            }
        }
        let [one, five, fifteen] = loads;
        let noun = if processors == 1 { "processor" } else { "processors" };
        let message = format!("load {one:.2} {five:.2} {fifteen:.2} on {processors} {noun}{}", worst.1);
        let mut answer = Answer::new(worst.0, message)
            .fact("load1", one)
            .fact("load5", five)
            .fact("load15", fifteen)
            .fact("processors", processors);
        answer.metrics = metrics;
        Ok(answer)
    }
}

/// How many there are. The load is that of the whole host, so what this process may use of them does not matter.
pub(super) fn processors() -> Result<u32, ProbeError> {
    let processors = sysconf(SysconfVar::_NPROCESSORS_ONLN)
        .map_err(|error| ProbeError::Io { action: "count the processors".to_owned(), source: error.into() })?;
    let processors = processors.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
    processors.ok_or_else(|| ProbeError::Unanswerable("the number of processors is not known".to_owned()))
}

/// The first three numbers of [`PLACE`].
pub(super) fn loads(text: &str) -> Option<[f64; 3]> {
    let mut words = text.split_ascii_whitespace();
    let mut next = || words.next()?.parse::<f64>().ok().filter(|load| load.is_finite() && *load >= 0.0);
    Some([next()?, next()?, next()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(warning: &str, critical: &str, per_cpu: bool) -> Load {
        let read = |text: &str| (!text.is_empty()).then(|| ranges(text).unwrap());
        Load { warning: read(warning), critical: read(critical), per_cpu }
    }

    #[test]
    fn each_average_has_its_own_limit() {
        let answer = |warning, critical, per_cpu, text: &str| {
            question(warning, critical, per_cpu).answer(text, 4).map(|answer| (answer.status, answer.message)).unwrap()
        };
        let loads = "8.00 4.40 2.00 1/234 5678\n";
        let plain = "load 8.00 4.40 2.00 on 4 processors";
        assert_eq!(answer("", "", false, loads), (Status::Ok, plain.to_owned()));
        assert_eq!(answer("15,10,5", "30,20,10", false, loads), (Status::Ok, plain.to_owned()));
        let five = (Status::Warning, format!("{plain}, 4.4 over 5 min is too much"));
        assert_eq!(answer("15,4,5", "", false, loads), five);
        // Limits of one's own are absolute unless said otherwise.
        assert_eq!(answer("15,10,5", "7", false, loads).0, Status::Failure);
        assert_eq!(answer("3", "7", true, loads).0, Status::Ok);
        assert_eq!(answer("1", "", true, loads).1, format!("{plain}, 2 per processor over 1 min is too much"));
        assert_eq!(answer("", "", false, "0.1 8.1 0.2").0, Status::Warning);
        assert_eq!(answer("", "", false, "0.1 0.1 16.1").0, Status::Failure);
    }

    #[test]
    fn metrics_carry_the_limits_that_were_compared() {
        let metrics = |question: Load| {
            let answer = question.answer("1 2 3 1/2 3", 2).unwrap();
            answer.metrics.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(metrics(question("5,4,3", "", false)), "'load1'=1;5 'load5'=2;4 'load15'=3;3");
        assert!(metrics(question("", "", false)).starts_with("'load1'=1 'load1_per_cpu'=0.5;4;10 'load5'=2 "));
    }

    #[test]
    fn nonsense_is_no_load() {
        for text in ["", "\n", "1.0 2.0", "a b c", "1.0 -2.0 3.0", "nan 1 1", "inf 1 1"] {
            assert!(question("", "", false).answer(text, 4).is_err(), "{text:?}");
        }
        for text in ["", "5,4", "5,4,3,2", "5,x,3"] {
            assert!(ranges(text).is_err(), "{text:?}");
        }
    }
}
