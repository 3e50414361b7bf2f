//! `ssi probe process`: how many processes of a kind run.

mod asker;
mod table;

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgGroup, Args};
use nix::unistd::User;

use super::figure::{age, size};
use super::{Host, ProbeError, limit};
use crate::answer::Answer;
use crate::threshold::{Range, Thresholds};
use asker::Asker;
use table::Entry;

/// The kernel keeps this many bytes of a name.
const NAME_LENGTH: usize = 15;

/// The question.
#[derive(Debug, Args)]
#[command(after_help = limit::HELP)]
#[command(group = ArgGroup::new("which").required(true).multiple(true).args(["name", "pattern", "owner"]))]
pub struct Process {
    /// The name of the program, whole: `nginx` (a script that runs by itself has its own name)
    name: Option<String>,
    /// Text that stands anywhere in the command line; who asks this question is not counted
    #[arg(short, long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pattern: Option<String>,
    /// Count the processes of this user alone
    #[arg(short, long, value_name = "USER")]
    owner: Option<String>,
    /// Warn when their number is outside of this range
    #[arg(short, long, value_name = "RANGE", value_parser = limit::count)]
    warning: Option<Range>,
    /// Fail when their number is outside of this range
    #[arg(short, long, value_name = "RANGE", default_value = "1:", value_parser = limit::count)]
    critical: Range,
}

impl Process {
    pub(super) fn ask(&self, host: &Host) -> Result<Answer, ProbeError> {
        let uid = self.owner.as_deref().map(uid).transpose()?;
        let mut table = table::read(host)?;
        if host.root.is_none() {
            let asker = Asker::find(&table.processes, std::process::id());
            table.processes.retain(|process| !asker.is(process, self.pattern.is_some()));
        }
        Ok(self.answer(&table.processes, uid, table.uptime))
    }

    /// `uptime` in seconds; `None` where it is not known.
    fn answer(&self, processes: &[Entry], uid: Option<u32>, uptime: Option<f64>) -> Answer {
        let matching: Vec<&Entry> = processes.iter().filter(|process| self.matches(process, uid)).collect();
        // A zombie has ended; its parent has not noticed yet.
        let (zombies, running): (Vec<&Entry>, Vec<&Entry>) = matching.into_iter().partition(|process| process.zombie);
        let memory: u64 = running.iter().map(|process| process.memory).sum();
        let start = running.iter().map(|process| process.start).reduce(f64::min);
        let oldest = start.zip(uptime).map(|(start, now)| now - start).filter(|age| *age >= 0.0).map(|age| age as u64);
        let limits = Thresholds { warning: self.warning, critical: Some(self.critical) };
        let count = running.len();

        let noun = if count == 1 { "process" } else { "processes" };
        let mut message = format!("{count} {noun} {}", self.description());
        if count > 0 {
            message.push_str(&format!(", {} of memory", size(memory)));
        }
        if let Some(seconds) = oldest {
            message.push_str(&format!(", the oldest has run for {}", age(seconds)));
        }
        let mut answer = Answer::new(limits.judge(count as f64), message)
            .fact("processes", count)
            .fact("zombies", zombies.len())
            .fact("memory_bytes", memory)
            .fact("oldest_seconds", oldest)
            .fact("pids", running.iter().map(|process| process.pid).collect::<Vec<_>>());
        if !zombies.is_empty() {
            answer.details.push(format!("{} more ended and wait for their parent (zombies)", zombies.len()));
        }
        answer.metrics = vec![
            limits.metric("processes", count as f64, ""),
            Thresholds::default().metric("memory", memory as f64, "B"),
        ];
        answer.metrics.extend(oldest.map(|seconds| Thresholds::default().metric("oldest", seconds as f64, "s")));
        answer
    }

    fn matches(&self, process: &Entry, uid: Option<u32>) -> bool {
        let is_named = |name: &String| {
            let bytes = name.as_bytes();
            let kept = String::from_utf8_lossy(&bytes[..bytes.len().min(NAME_LENGTH)]);
            // Where the kernel cut it, the command line tells it from others that begin alike.
            let is_whole = bytes.len() <= NAME_LENGTH || process.command.contains(name.as_str());
            process.name == *name || (process.name == kept && is_whole)
        };
        let has = |text: &String| process.command.contains(text.as_str()) && !asker::is_question(&process.command);
        self.name.as_ref().is_none_or(is_named)
            && self.pattern.as_ref().is_none_or(has)
            && uid.is_none_or(|uid| process.uid == uid)
    }

    fn description(&self) -> String {
        let name = self.name.as_ref().map(|name| format!("named {name}"));
        let pattern = self.pattern.as_ref().map(|text| format!("with `{text}` in the command line"));
        let owner = self.owner.as_ref().map(|user| format!("of user {user}"));
        [name, pattern, owner].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

fn uid(name: &str) -> Result<u32, ProbeError> {
    if let Ok(uid) = name.parse() {
        return Ok(uid);
    }
    let failed = |error: nix::Error| ProbeError::Io { action: format!("look up user `{name}`"), source: error.into() };
    let user = User::from_name(name).map_err(failed)?;
    user.map(|user| user.uid.as_raw()).ok_or_else(|| ProbeError::Unanswerable(format!("there is no user `{name}`")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::Status;

    fn entry(pid: u32, name: &str, command: &str) -> Entry {
        let (name, command) = (name.to_owned(), command.to_owned());
        let start = 100.0 - f64::from(pid);
        Entry { pid, parent: 1, session: pid, name, command, uid: 33, zombie: false, start, memory: 1 << 20 }
    }

    fn question(name: &str, pattern: &str) -> Process {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let critical = limit::count("1:").unwrap();
        Process { name: some(name), pattern: some(pattern), owner: None, warning: None, critical }
    }

    #[test]
    fn whole_names_and_parts_of_command_lines() {
        let processes = [
            entry(10, "nginx", "nginx: master process"),
            entry(11, "nginx", "nginx: worker process"),
            entry(12, "nginx-exporter", "/usr/bin/nginx-exporter"),
            entry(13, "a-very-long-nam", "/opt/a-very-long-name --serve"),
        ];
        let pids = |question: Process| question.answer(&processes, None, Some(200.0)).facts["pids"].to_string();
        assert_eq!(pids(question("nginx", "")), "[10,11]");
        assert_eq!(pids(question("ngin", "")), "[]");
        assert_eq!(pids(question("a-very-long-name", "")), "[13]");
        assert_eq!(pids(question("a-very-long-namesake", "")), "[]");
        assert_eq!(pids(question("", "/nginx")), "[12]");
        assert_eq!(pids(question("nginx", "worker")), "[11]");
    }

    #[test]
    fn the_question_is_not_its_own_answer() {
        let processes = [
            entry(10, "bash", "bash -c ssi probe process --pattern backup"),
            entry(11, "ssi", "ssi --json probe process --pattern backup"),
            entry(12, "vi", "vi probe-backup process"),
        ];
        let answer = question("", "backup").answer(&processes, None, None);
        assert_eq!(answer.facts["pids"].to_string(), "[12]");
        assert_eq!(answer.facts["oldest_seconds"], serde_json::Value::Null);
        assert_eq!(question("bash", "").answer(&processes, None, None).facts["pids"].to_string(), "[10]");
    }

    #[test]
    fn none_and_zombies_are_down() {
        let zombie = Entry { zombie: true, ..entry(10, "cron", "") };
        let answer = question("cron", "").answer(&[zombie], None, Some(200.0));
        assert_eq!((answer.status, answer.message.as_str()), (Status::Failure, "0 processes named cron"));
        assert_eq!(answer.facts["zombies"], 1);
        let running = entry(10, "cron", "cron -f");
        let answer = question("cron", "").answer(std::slice::from_ref(&running), Some(33), Some(200.0));
        let words = "1 process named cron, 1.0 MiB of memory, the oldest has run for 1 min 50 s";
        assert_eq!((answer.status, answer.message.as_str()), (Status::Ok, words));
        assert_eq!(question("cron", "").answer(&[running], Some(0), None).status, Status::Failure);
    }
}
