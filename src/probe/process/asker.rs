//! Who asks, told apart from what is asked for: a check must not find itself.
//!
//! Input: the table of processes. Output: [`Asker`], which knows its own processes and those of every check that runs.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::table::Entry;

/// The processes that are there because somebody asks.
#[derive(Debug)]
pub(super) struct Asker {
    /// The probe, and what runs below a check's runner.
    checks: HashSet<u32>,
    /// The shells that the probe was called from.
    session: u32,
    shells: HashSet<String>,
}

impl Asker {
    /// Finds them; `own` is the probe's own process.
    pub(super) fn find(processes: &[Entry], own: u32) -> Asker {
        let by_pid: HashMap<u32, &Entry> = processes.iter().map(|process| (process.pid, process)).collect();
        let above = |pid: u32| {
            let ancestors = std::iter::successors(by_pid.get(&pid), |process| by_pid.get(&process.parent));
            // A number that was given again meanwhile must not lead in a circle.
            ancestors.take(processes.len())
        };
        let is_of_a_check = |pid: u32| pid == own || above(pid).any(|process| is_runner(&process.command));
        let session = by_pid.get(&own).map_or(0, |process| process.session);
        let shells = above(own).take_while(|process| process.session == session);
        Asker {
            checks: by_pid.keys().copied().filter(|pid| is_of_a_check(*pid)).collect(),
            session,
            shells: shells.map(|process| process.command.clone()).collect(),
        }
    }

    /// Whether this is a process of those who ask. A shell that calls the probe counts as one only where command lines are compared
    /// (`by_command`): its own name has nothing to do with the question.
    pub(super) fn is(&self, process: &Entry, by_command: bool) -> bool {
        let is_shell = || process.session == self.session && self.shells.contains(&process.command);
        self.checks.contains(&process.pid) || (by_command && is_shell())
    }
}

/// `ssi exec ID`, with flags in between.
fn is_runner(command: &str) -> bool {
    let mut words = command.split_whitespace();
    words.next().is_some_and(is_ssi) && words.any(|word| word == "exec")
}

fn is_ssi(word: &str) -> bool {
    Path::new(word).file_name().is_some_and(|name| name == "ssi")
}

/// Whether a command line is this question: the probe itself, the shell that calls it, another check that asks the same, and the commands
/// that run checks.
pub(super) fn is_question(command: &str) -> bool {
    let mut words = command.split_whitespace();
    let is_probe = words.by_ref().any(|word| word == "probe") && words.any(|word| word == "process");
    let mut words = command.split_whitespace();
    let runs_checks = |word: &str| ["add", "exec", "run", "test"].contains(&word);
    is_probe || (words.by_ref().any(is_ssi) && words.any(runs_checks))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry([pid, parent, session]: [u32; 3], command: &str) -> Entry {
        let (name, command) = (String::new(), command.to_owned());
        Entry { pid, parent, session, name, command, uid: 33, zombie: false, start: 0.0, memory: 0 }
    }

    /// The numbers of those that are not counted.
    fn askers(processes: &[Entry], own: u32, by_command: bool) -> Vec<u32> {
        let asker = Asker::find(processes, own);
        processes.iter().filter(|process| asker.is(process, by_command)).map(|process| process.pid).collect()
    }

    #[test]
    fn a_check_does_not_find_itself() {
        let processes = [
            entry([1, 0, 1], "/sbin/init"),
            entry([10, 1, 10], "/usr/bin/ssi exec backup-runs"),
            entry([11, 10, 10], "bash /var/lib/service-status-indicator/checks/backup-runs"),
            entry([12, 11, 10], "ssi probe process --pattern backup"),
            entry([20, 1, 20], "/usr/bin/ssi exec backup-age"),
            entry([21, 20, 20], "bash /var/lib/service-status-indicator/checks/backup-age"),
            entry([30, 1, 30], "/usr/sbin/backup --serve"),
        ];
        for by_command in [true, false] {
            assert_eq!(askers(&processes, 12, by_command), [10, 11, 12, 20, 21]);
        }
    }

    #[test]
    fn a_script_run_by_hand_does_not_find_itself_and_finds_its_neighbours() {
        let processes = [
            entry([5, 1, 5], "sshd: me"),
            entry([10, 5, 10], "-bash"),
            entry([11, 10, 10], "bash ./backup.bash"),
            entry([12, 11, 10], "bash ./backup.bash"),
            entry([13, 11, 10], "ssi probe process --pattern backup"),
            entry([14, 10, 10], "backup --serve"),
            entry([15, 1, 15], "bash ./backup.bash"),
        ];
        assert_eq!(askers(&processes, 13, true), [10, 11, 12, 13]);
        assert_eq!(askers(&processes, 13, false), [13]);
    }

    #[test]
    fn parents_in_a_circle_end() {
        assert_eq!(askers(&[entry([7, 8, 7], "a"), entry([8, 7, 7], "b")], 9, true), [0; 0]);
    }

    #[test]
    fn commands_that_ask() {
        for command in [
            "bash -c ssi probe process --pattern backup",
            "ssi --json probe process --pattern backup",
            "sudo /usr/bin/ssi run backup",
            "ssi test ./backup.bash",
        ] {
            assert!(is_question(command), "{command}");
        }
        for command in ["vi probe-backup process", "/usr/bin/backup run", "ssi agent", ""] {
            assert!(!is_question(command), "{command}");
        }
    }
}
