//! Options that take a secret without naming it: what they mean depends on the program.

use std::ops::Range;

use super::text::Text;

/// Programs and the option by which they take a password, attached or as the next word.
const PASSWORDS: [(&str, &str, Next); 21] = [
    ("mysql", "-p", Next::Never),
    ("mysqldump", "-p", Next::Never),
    ("mysqladmin", "-p", Next::Never),
    ("mysqlcheck", "-p", Next::Never),
    ("mysqlimport", "-p", Next::Never),
    ("mariadb", "-p", Next::Never),
    ("mariadb-dump", "-p", Next::Never),
    ("mariadb-admin", "-p", Next::Never),
    ("mariadb-check", "-p", Next::Never),
    ("mariabackup", "-p", Next::Never),
    ("7z", "-p", Next::Never),
    ("7za", "-p", Next::Never),
    ("sshpass", "-p", Next::Too),
    ("login", "-p", Next::Too),
    ("redis-cli", "-a", Next::Too),
    ("ldapsearch", "-w", Next::Too),
    ("ldapmodify", "-w", Next::Too),
    ("zip", "-P", Next::Too),
    ("unzip", "-P", Next::Too),
    ("mosquitto_pub", "-P", Next::Too),
    ("ipmitool", "-P", Next::Too),
];
/// Options that take `user:password`, but of those programs that take `user:group` there.
const USERS: [&str; 4] = ["-u", "-U", "--user", "--proxy-user"];
const USERS_ARE_ACCOUNTS: [&str; 8] = ["docker", "podman", "kubectl", "sudo", "su", "chpst", "setpriv", "runuser"];
/// Programs whose `-p` is something else.
const OTHER_P: [&str; 12] =
    ["find", "mkdir", "cp", "tar", "ssh", "scp", "nmap", "ps", "perl", "gcc", "rsync", "install"];

/// Whether a password may be the next word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Too,
    Never,
}

pub(super) fn secrets(text: &Text<'_>) -> Vec<Range<usize>> {
    let mut secrets = Vec::new();
    // The words of the command so far that may be its program: `sudo -u x docker login`.
    let mut programs: Vec<&str> = Vec::new();
    let words = text.words();
    for (rank, range) in words.iter().enumerate() {
        let word = text.slice(range.clone());
        let next = words.get(rank + 1).map(|next| (next.clone(), text.slice(next.clone())));
        match word {
            ";" | "|" | "&" | "(" | ")" | "`" => programs.clear(),
            _ if !word.starts_with('-') => {
                programs.push(word.trim_matches(['"', '\'']).rsplit('/').next().unwrap_or(word));
            }
            _ => secrets.extend(of_option(range, word, next, &programs)),
        }
        // What quotes enclose is often a command of its own.
        if let Some(inner) = word.strip_prefix(['"', '\'']).filter(|inner| inner.contains(' ')) {
            let start = range.start + 1;
            let inner = inner.trim_end_matches(['"', '\'']);
            secrets.extend(self::secrets(&Text::new(inner)).into_iter().map(|at| start + at.start..start + at.end));
        }
    }
    secrets
}

/// The secret of one option.
fn of_option(
    range: &Range<usize>,
    word: &str,
    next: Option<(Range<usize>, &str)>,
    programs: &[&str],
) -> Option<Range<usize>> {
    let known = PASSWORDS.iter().find(|(program, option, _)| programs.contains(program) && word.starts_with(option));
    if let Some((_, option, takes_next)) = known {
        return match (word.len() > option.len(), takes_next, next) {
            (true, _, _) => Some(range.start + option.len()..range.end),
            (false, Next::Too, Some((next, _))) => Some(next),
            _ => None,
        };
    }
    if USERS.contains(&word) && !programs.iter().any(|program| USERS_ARE_ACCOUNTS.contains(program)) {
        let (next, value) = next?;
        let colon = value.find(':')?;
        let password = value.get(colon + 1..)?.trim_matches(['"', '\'']);
        let is_number = password.chars().all(|c| c.is_ascii_digit());
        return (!password.is_empty() && !is_number).then(|| next.start + colon + 1..next.end);
    }
    let attached = word.strip_prefix("-p")?;
    let is_other = programs.iter().any(|program| OTHER_P.contains(program));
    (!is_other && looks_like_password(attached)).then(|| range.start + 2..range.end)
}

/// Whether what is attached to the `-p` of a program that is not known is rather a password than a port, a path or more options.
fn looks_like_password(text: &str) -> bool {
    let bare = text.trim_matches(['"', '\'']);
    let letters = bare.chars().filter(|c| c.is_alphabetic()).count();
    let is_flags = bare.chars().all(|c| c.is_ascii_lowercase()) && bare.len() < 6;
    letters > 0 && bare.len() >= 4 && !is_flags && !bare.starts_with(['/', '=', '.'])
}
