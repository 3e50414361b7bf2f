//! Calls that the pages show.

/// A check with nothing but what it must have.
pub(super) const CHECK: &str = "\
#!/bin/bash
# name: Door
# description: Is the door of the server room shut?
# version: 1.0
# schedule: *:0/15
[ -e /run/door-is-open ] && echo \"FAILURE, the door is open\" || echo \"OK, the door is shut\"";

/// Of a command: a call, and what it is for.
pub(super) const EXAMPLES: &[(&str, &str, &str)] = &[
    ("ssi", "ssi demo", "Try it without root and without systemd:"),
    ("ssi", "sudo ssi add door.bash", "Install a check:"),
    ("ssi", "ssi list", "See how all checks are:"),
    ("add", "sudo ssi add door.bash disk.bash", "Install two checks, both or none:"),
    ("add", "ssi --user add --no-run door.bash", "Install a check of your own, and wait for its schedule:"),
    ("apply", "ssi apply /srv/checks --dry-run", "See what a directory would change:"),
    ("apply", "sudo ssi apply /srv/checks --sync --prune", "Make a host what a git work tree says:"),
    ("export", "ssi export /srv/checks", "Write the installed scripts to a directory:"),
    ("remove", "sudo ssi remove door", "Remove a check and keep its log:"),
    ("remove", "sudo ssi remove --purge door", "Remove everything of it:"),
    ("list", "ssi list --json", "All checks, for a program:"),
    ("status", "ssi status", "How the host is, as a monitoring plugin:"),
    ("status", "ssi status --full --json", "Everything that is known of the host:"),
    ("run", "sudo ssi run door", "Run a check and see what it says:"),
    ("enable", "sudo ssi enable door", "Let the schedule count again:"),
    ("disable", "sudo ssi disable door", "Keep a check from being run by its schedule:"),
    ("logs", "ssi logs -n 20 -f door", "The last lines, and those that come:"),
    ("history", "ssi history door --since 7d", "A week of a check:"),
    ("history", "ssi history door --hours --csv", "Its hours, for a spreadsheet:"),
    ("runs", "ssi runs --failed --since 1d", "What went wrong since yesterday:"),
    ("jobs", "ssi jobs", "Everything that is scheduled here:"),
    ("components", "ssi components", "The cards of the status page:"),
    (
        "expect",
        "sudo ssi expect nginx --port 443 --http http://localhost/",
        "A service that has to run, listen and answer:",
    ),
    ("expect", "sudo ssi expect --ping backup --every 1d", "A program that has to tell of its runs:"),
    ("adopt", "sudo ssi adopt logrotate.timer", "Watch a timer of the system:"),
    ("config", "sudo ssi config init", "Begin a configuration, in which every setting is explained:"),
    ("config", "ssi config check", "See what is wrong with it:"),
    ("doctor", "sudo ssi doctor", "See what is wrong with ssi here:"),
    ("doctor", "sudo ssi doctor --fix", "Mend what can be mended without harm:"),
    ("token", "sudo ssi token add grafana", "A token for a program that may see everything:"),
    ("test", "sudo ssi test door.bash", "See what `ssi add` would do, and one run:"),
    ("calendar", "ssi calendar --iterations 3 Mon..Fri", "When an expression elapses:"),
    ("probe", "ssi probe disk", "Is there room on all disks?"),
    ("probe", "ssi probe tcp localhost:22", "Does a port take connections?"),
    ("top", "ssi top", "The live board:"),
    ("follow", "ssi follow --changes", "What changes, as it does:"),
    (
        "follow",
        "ssi follow --connect 192.0.2.9:5000 --token-file ~/.config/ssi.token",
        "The agent of another host, which asks for a token:",
    ),
    ("top", "ssi top --connect 192.0.2.9:5000 --token-file ~/.config/ssi.token", "The board of another host:"),
    ("agent", "ssi --user agent", "Serve your own checks:"),
    ("demo", "ssi demo --listen 127.0.0.1:5005", "Try it at another port:"),
    ("install", "sudo ~/.cargo/bin/ssi install --dry-run", "See what would be done:"),
    ("install", "sudo ~/.cargo/bin/ssi install", "Install what `cargo install` built, or upgrade to it:"),
    ("install", "ssi --root /srv/image install", "Install it into an image:"),
    ("uninstall", "sudo ssi uninstall", "Remove the program and keep all data:"),
    ("uninstall", "sudo ssi uninstall --purge", "Remove everything:"),
    ("completions", "ssi completions bash > /etc/bash_completion.d/ssi", "Let bash complete commands:"),
];

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::super::command::is_shown;
    use super::*;
    use crate::cli::args::Cli;

    #[test]
    fn every_call_is_understood() {
        for (of, call, _) in EXAMPLES {
            let call = call.split(" > ").next().unwrap_or(call);
            let words: Vec<&str> = call.split(' ').filter(|word| *word != "sudo").collect();
            assert!(Cli::try_parse_from(&words).is_ok(), "{call}");
            assert!(*of == "ssi" || words.contains(of), "{call}");
        }
    }

    #[test]
    fn every_command_has_an_example() {
        for command in Cli::command().get_subcommands().filter(|command| is_shown(command)) {
            assert!(EXAMPLES.iter().any(|(of, ..)| *of == command.get_name()), "{}", command.get_name());
        }
    }
}
