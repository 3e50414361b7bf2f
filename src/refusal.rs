//! What the sandbox and the limits of a check refused, as far as its output tells, and the header key that would allow it.
//!
//! Input: a check and the lines of a run. Output: [`Refusal`]s. Programs say why something was refused in the words of strerror(3); those
//! words are looked for, and only where the header of the check can be the reason.

use crate::check::{Check, Network, Sandbox};
use crate::unit::CHECK_USER;

/// Something that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The line that says so.
    pub line: String,
    /// Which key would allow it, as a sentence.
    pub advice: String,
}

/// One kind of refusal: the words that tell of it, in lower case, and what is advised.
struct Rule {
    words: &'static [&'static str],
    advice: String,
}

/// The refusals that the lines tell of, each advice once, in the order of the lines.
pub fn refusals<'a>(check: &Check, lines: impl IntoIterator<Item = &'a str>) -> Vec<Refusal> {
    let rules = rules(check);
    let mut found: Vec<Refusal> = Vec::new();
    for line in lines {
        let lower = line.to_lowercase();
        let Some(rule) = rules.iter().find(|rule| rule.words.iter().any(|word| lower.contains(word))) else { continue };
        if found.iter().all(|refusal| refusal.advice != rule.advice) {
            found.push(Refusal { line: line.trim().to_owned(), advice: rule.advice.clone() });
        }
    }
    found
}

/// What can be refused to this check; the first that fits a line is the one.
fn rules(check: &Check) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut rule = |applies: bool, words: &'static [&'static str], advice: String| {
        rules.extend(applies.then_some(Rule { words, advice }));
    };
    let (shut_in, level) = (check.sandbox != Sandbox::Off, check.sandbox);
    rule(
        shut_in,
        &["read-only file system"],
        format!(
            "`sandbox: {level}` lets it write to a private /tmp alone: `state: yes` gives it a directory that stays, `$STATE_DIRECTORY`; \
             `sandbox: off` lets it write wherever its user may"
        ),
    );
    let network = format!("`network: {}` keeps it from that: `network: yes` allows it", check.network);
    rule(
        check.network != Network::Yes,
        &[
            "unreachable",
            "temporary failure in name resolution",
            "name or service not known",
            "could not resolve",
            "couldn't resolve",
            "couldn't connect",
            "timed out",
        ],
        network.clone(),
    );
    // With no network at all even this host's own ports refuse.
    rule(check.network == Network::No, &["refused"], network);
    rule(
        shut_in,
        &["address family not supported", "setrlimit", "bad system call"],
        format!("`sandbox: {level}` refuses that system call: `sandbox: off` allows it"),
    );
    rule(
        true,
        &["interactive authentication required", "access denied as the requested operation requires"],
        "its user may ask systemd, not change anything: `user: root` (with `ssi add --allow-root`) may".to_owned(),
    );
    let user = check.user.as_deref().unwrap_or(CHECK_USER);
    rule(
        shut_in,
        &["operation not permitted", "must be root", "are you root", "superuser"],
        format!(
            "`sandbox: {level}` takes all capabilities away, from every user and every program: `sandbox: off` leaves them to programs that \
             have their own (`getcap` tells) and to `user: root`"
        ),
    );
    rule(
        !check.wants_root() || shut_in,
        &["permission denied", "access is denied", "not readable"],
        format!(
            "it runs as `{user}` without capabilities: `group:` lends it a group that may do this (`adm` for logs, `docker`, …), `user:` \
             another user"
        ),
    );
    rule(
        check.sandbox == Sandbox::Strict,
        &["/home/", "/root/", "/proc/"],
        "`sandbox: strict` hides homes, the processes of others and most of /proc: `sandbox: standard` shows them"
            .to_owned(),
    );
    rule(
        true,
        &["cannot allocate memory", "out of memory", "memoryerror"],
        "it has the memory that `memory:` says (256M without it); what writes its own machine code, such as node and java, needs \
         `sandbox: off`"
            .to_owned(),
    );
    rule(
        true,
        &["fork: retry", "resource temporarily unavailable", "can't start new thread"],
        format!("it may have {} processes and threads: `tasks:` raises that", check.tasks),
    );
    rules
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{self, Limits};

    fn advice(keys: &str, line: &str) -> Option<String> {
        let script = format!("#!/bin/bash\n# name: Door\n# description: x\n# version: 1\n# schedule: daily\n{keys}:\n");
        let Ok(parsed) = check::parse(script.as_bytes(), jiff::tz::db(), &Limits::default()) else {
            panic!("{script}")
        };
        let found = refusals(&parsed.check, [line, line]);
        assert!(found.len() < 2, "{found:?}");
        found.into_iter().next().map(|refusal| refusal.advice)
    }

    #[test]
    fn names_the_key_that_allows_it() {
        for (keys, line, key) in [
            ("", "door.bash: line 9: /var/x: Read-only file system", "`state: yes`"),
            ("# network: no\n", "curl: (6) Could not resolve host: example.org", "`network: yes`"),
            ("# network: loopback\n", "connect: Network is unreachable", "`network: yes`"),
            ("# network: no\n", "FAILURE, localhost:5000 connect: 127.0.0.1:5000 refused", "`network: yes`"),
            ("", "ping: socktype: SOCK_RAW: Operation not permitted", "`sandbox: off`"),
            ("", "permission denied while trying to connect to the Docker daemon socket", "`group:`"),
            ("# sandbox: strict\n", "cat: /proc/loadavg: No such file or directory", "`sandbox: standard`"),
            ("# tasks: 2\n", "door.bash: fork: retry: Resource temporarily unavailable", "may have 2 processes"),
            ("", "Failed to restart x.service: Interactive authentication required.", "`user: root`"),
        ] {
            let advice = advice(keys, line);
            assert!(advice.as_ref().is_some_and(|advice| advice.contains(key)), "{line}: {advice:?}");
        }
    }

    #[test]
    fn what_the_header_does_not_refuse_is_no_refusal() {
        for (keys, line) in [
            ("", "curl: (6) Could not resolve host: example.org"),
            ("# sandbox: off\n", "touch: cannot touch '/usr/x': Read-only file system"),
            ("# sandbox: off\n# user: root\n", "cat: x: Permission denied"),
            ("", "cat: /nowhere: No such file or directory"),
            ("# network: loopback\n", "FAILURE, localhost:5000 connect: 127.0.0.1:5000 refused"),
            ("", "the door is shut"),
        ] {
            assert_eq!(advice(keys, line), None, "{line}");
        }
    }
}
