//! What is said of file systems that were asked: pure, from their numbers and the limits to the answer.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::Asked;
use super::usage::Usage;
use crate::answer::Answer;
use crate::perfdata::Metric;
use crate::probe::figure::size;
use crate::status::Status;
use crate::threshold::Thresholds;

/// The limits that count.
pub(super) struct Limits {
    /// Percent in use.
    pub space: Thresholds,
    /// Bytes free.
    pub free: Thresholds,
    /// Percent of inodes in use.
    pub inodes: Thresholds,
}

/// One thing that is judged.
struct Finding {
    status: Status,
    /// How full it is; among the equally bad the fullest is named first.
    percent: u64,
    words: String,
}

/// The answer for file systems with their names.
pub(super) fn answer(limits: &Limits, asked: &[(String, Asked)]) -> Answer {
    let mut findings: Vec<Finding> = asked.iter().flat_map(|(name, asked)| limits.findings(name, asked)).collect();
    findings.sort_by_key(|finding| Reverse((finding.status != Status::Error, finding.status, finding.percent)));
    let bad: Vec<&str> =
        findings.iter().filter(|finding| finding.status.is_bad()).map(|finding| finding.words.as_str()).collect();
    // What could not be asked comes last: it must not hide what is known to be full, and must not pass for fine.
    let known = findings.first().map_or(Status::Ok, |finding| finding.status);
    let unknown = findings.last().filter(|finding| finding.status == Status::Error);
    let status = unknown.filter(|_| !known.is_bad()).map_or(known, |finding| finding.status);
    let message = match (&bad[..], findings.first()) {
        ([], None) => "nothing that can fill up".to_owned(),
        ([], Some(fullest)) => format!("{} at most", fullest.words),
        (bad, _) => bad.join(", "),
    };
    let facts: Vec<Value> = asked.iter().map(|(name, asked)| fact(name, asked)).collect();
    let mut answer = Answer::new(status, message).fact("filesystems", facts);
    answer.details = asked.iter().map(|(name, asked)| detail(name, asked)).collect();
    answer.metrics = asked.iter().flat_map(|(name, asked)| limits.metrics(name, asked)).collect();
    answer
}

impl Limits {
    fn findings(&self, name: &str, asked: &Asked) -> Vec<Finding> {
        let usage = match asked {
            Asked::Usage(usage) => usage,
            Asked::Down(reason) => {
                return vec![Finding { status: Status::Failure, percent: u64::MAX, words: format!("{name} {reason}") }];
            }
            Asked::Unknown(reason) => {
                return vec![Finding { status: Status::Error, percent: 0, words: format!("{name} {reason}") }];
            }
            Asked::ReadOnly => return Vec::new(),
        };
        let percent = usage.space_percent();
        let status = self.space.judge(percent as f64);
        let mut findings = vec![Finding { status, percent, words: format!("{name} is {percent} % full") }];
        if let Some(percent) = usage.inodes_percent() {
            let words = format!("{name} has {percent} % of its inodes in use");
            findings.push(Finding { status: self.inodes.judge(percent as f64), percent, words });
        }
        let words = format!("{name} has {} free", size(usage.available));
        findings.push(Finding { status: self.free.judge(usage.available as f64), percent: 0, words });
        findings
    }

    fn metrics(&self, name: &str, asked: &Asked) -> Vec<Metric> {
        let Asked::Usage(usage) = asked else { return Vec::new() };
        let mut metrics = vec![
            self.space.metric(name, usage.space_percent() as f64, "%"),
            self.free.metric(format!("{name} free"), usage.available as f64, "B"),
        ];
        let inodes = usage.inodes_percent();
        metrics.extend(inodes.map(|percent| self.inodes.metric(format!("{name} inodes"), percent as f64, "%")));
        metrics
    }
}

fn detail(name: &str, asked: &Asked) -> String {
    match asked {
        Asked::Usage(usage) => {
            let inodes = usage.inodes_percent().map(|percent| format!(", {percent} % of inodes")).unwrap_or_default();
            let (percent, bytes, free) = (usage.space_percent(), size(usage.bytes), size(usage.available));
            format!("{name}: {percent} % of {bytes} in use, {free} free{inodes}")
        }
        Asked::Down(reason) | Asked::Unknown(reason) => format!("{name}: {reason}"),
        Asked::ReadOnly => format!("{name}: mounted read-only, not judged"),
    }
}

/// With `null` for what is not known.
fn fact(name: &str, asked: &Asked) -> Value {
    let usage = match asked {
        Asked::Usage(usage) => Some(usage),
        _ => None,
    };
    json!({
        "path": name,
        "size_bytes": usage.map(|usage| usage.bytes),
        "available_bytes": usage.map(|usage| usage.available),
        "used_percent": usage.map(Usage::space_percent),
        "inodes_used_percent": usage.and_then(Usage::inodes_percent),
    })
}
