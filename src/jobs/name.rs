//! What a command is called: by its program.

/// Programs that only start another one.
const WRAPPERS: [&str; 19] = [
    "sudo", "nice", "ionice", "env", "flock", "timeout", "chronic", "exec", "command", "nohup", "setsid", "sh", "bash",
    "dash", "time", "if", "then", "!", "{",
];
/// Commands that only prepare or ask for something.
const PREPARING: [&str; 9] = ["cd", "test", "[", "[[", "umask", "export", "set", ".", "source"];

/// The name of the first program in a command line that does something; `job` where there is none.
pub(super) fn of(command: &str) -> String {
    let parts = command.split(['&', '|', ';', '(', ')']);
    let found = parts.filter_map(program).next();
    found.unwrap_or_else(|| "job".to_owned())
}

/// The program of a simple command; `None` if that only prepares.
fn program(part: &str) -> Option<String> {
    let words = part.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
    let is_assignment = |word: &str| word.split_once('=').is_some_and(|(key, _)| !key.contains(['/', '-']));
    let counts = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
    let mut candidates = words.filter(|word| !word.is_empty() && !is_assignment(word) && !word.starts_with('-'));
    let mut last_was_wrapper = false;
    let found = candidates.find_map(|word| {
        let base = word.rsplit('/').next().unwrap_or(word);
        if WRAPPERS.contains(&base) || (last_was_wrapper && (counts(&word) || word.ends_with(".lock"))) {
            last_was_wrapper = true;
            return None;
        }
        Some(base.to_owned())
    })?;
    (!PREPARING.contains(&found.as_str()) && found.starts_with(char::is_alphanumeric)).then_some(found)
}

#[cfg(test)]
mod tests {
    #[test]
    fn programs_of_command_lines() {
        for (command, name) in [
            ("/srv/backup.sh --all", "backup.sh"),
            ("cd / && run-parts --report /etc/cron.daily", "run-parts"),
            ("test -x /usr/sbin/anacron || { cd / && run-parts /etc/cron.daily; }", "run-parts"),
            ("[ -d /run/php ] && /usr/lib/php/sessionclean", "sessionclean"),
            ("PATH=/x LANG=C nice -n 19 ionice -c3 /usr/bin/rsync -a a b", "rsync"),
            ("flock -n /run/x.lock timeout 300 /opt/job", "job"),
            ("bash -c 'python3 /x.py'", "python3"),
            ("", "job"),
        ] {
            assert_eq!(super::of(command), name, "{command}");
        }
    }
}
