//! Words that name secrets, and words that are secrets.

use std::ops::Range;

use super::text::is_name;

/// Part of the name of a secret, wherever in it.
const SECRETS: [&str; 15] = [
    "password",
    "passwd",
    "passwort",
    "kennwort",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "authkey",
    "privatekey",
    "credential",
    "credentials",
    "authorization",
];
/// The same, as the last part of a name.
const LAST: [&str; 14] = [
    "key",
    "keys",
    "pass",
    "pwd",
    "pw",
    "auth",
    "bearer",
    "cookie",
    "sshpass",
    "signature",
    "sig",
    "pin",
    "otp",
    "webhook",
];
/// What stands behind these is the place of a secret, or says something about it.
const HARMLESS_LAST: [&str; 17] = [
    "file",
    "path",
    "dir",
    "directory",
    "env",
    "fd",
    "stdin",
    "name",
    "id",
    "type",
    "length",
    "size",
    "age",
    "days",
    "command",
    "url",
    "expiry",
];
/// Names of what may well be a path.
const OFTEN_PATHS: [&str; 6] = ["key", "keys", "pwd", "auth", "pass", "cookie"];
/// What tokens of well-known services begin with.
const PREFIXES: [&str; 23] = [
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xapp-",
    "sk-",
    "sk_live_",
    "rk_live_",
    "AKIA",
    "ASIA",
    "AIza",
    "eyJ",
    "hf_",
    "npm_",
    "dop_v1_",
    "pypi-",
    "AGE-SECRET-KEY-",
];
/// The least length of what begins so.
const LEAST_TOKEN: usize = 16;
/// What a bot of a messenger has behind its number and a colon.
const LEAST_BOT: usize = 30;

/// How a word names a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Naming {
    /// A field of HTTP, whose value may have several words.
    pub is_header: bool,
    may_be_path: bool,
}

impl Naming {
    /// Whether a value is none to hide.
    pub(super) fn spares(self, value: &str) -> bool {
        self.may_be_path && value.trim_start_matches(['"', '\'']).starts_with(['/', '~', '.'])
    }
}

/// How a word names a secret, if it does.
pub(super) fn naming(word: &str) -> Option<Naming> {
    let parts = parts(word.trim_matches('-'));
    let last = parts.last()?.trim_end_matches(|c: char| c.is_ascii_digit());
    if HARMLESS_LAST.contains(&last) {
        return None;
    }
    let is_secret = |part: &str| SECRETS.iter().any(|secret| part.ends_with(secret));
    let bare = |part: &str| part.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    let named = parts.iter().any(|part| is_secret(&bare(part)));
    let joined = matches!(parts.as_slice(), [.., a, b] if SECRETS.contains(&format!("{a}{b}").as_str()));
    // The program's own directory.
    let is_directory = word == "PWD" || word == "OLDPWD";
    let is_last = LAST.contains(&last) && !is_directory;
    (named || joined || is_last).then(|| Naming {
        is_header: parts.iter().any(|part| matches!(part.as_str(), "authorization" | "cookie" | "auth")),
        may_be_path: !named && OFTEN_PATHS.contains(&last),
    })
}

/// `API_TOKEN`, `api-token` and `apiToken` as `api`, `token`.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        let begins = matches!(c, '_' | '-') || (c.is_uppercase() && was_lower);
        was_lower = c.is_lowercase() || c.is_ascii_digit();
        if begins {
            parts.push(String::new());
        }
        if is_name(c)
            && !matches!(c, '_' | '-')
            && let Some(last) = parts.last_mut()
        {
            last.extend(c.to_lowercase());
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Whether a word looks like a key that a machine made: long, and letters mixed with digits.
pub fn looks_random(word: &str, least: usize) -> bool {
    let word = word.trim_matches(['"', '\'']);
    let of_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '-');
    word.len() >= least
        && !word.starts_with(['/', '-'])
        && word.chars().all(of_base64)
        && word.contains(|c: char| c.is_ascii_digit())
        && word.contains(|c: char| c.is_ascii_alphabetic())
}

/// Tokens that are known by their form.
pub(super) fn tokens(text: &str) -> Vec<Range<usize>> {
    let is_part = |c: char| is_name(c) || c == '.';
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find(is_part)).map(|found| at + found) {
        let rest = text.get(start..).unwrap_or_default();
        let end = start + rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let word = text.get(start..end).unwrap_or_default();
        let is_token = word.len() >= LEAST_TOKEN && PREFIXES.iter().any(|prefix| word.starts_with(prefix));
        let number = text
            .get(..start)
            .and_then(|before| before.strip_suffix(':'))
            .map(|before| before.chars().rev().take_while(char::is_ascii_digit).count());
        let is_bot = word.len() >= LEAST_BOT && number.is_some_and(|digits| digits >= 6);
        tokens.extend((is_token || is_bot).then_some(start..end));
        at = end;
    }
    tokens
}
