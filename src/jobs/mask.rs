//! Command lines without their secrets.
//!
//! A word that names a secret (`PASSWORD`, `--api-key`, `"token"`) hides the value behind it; so do the places where some programs take one
//! without a name (`mysql -psecret`, `curl -u user:secret`), the part of a URL before its `@`, and the forms that tokens are known by. Where it
//! is not certain, more is hidden rather than less.

mod programs;
#[cfg(test)]
mod tests;
mod text;
mod urls;
mod words;

use std::ops::Range;

use text::{Text, is_name};
pub use words::looks_random;

/// What stands in the place of a secret.
const MASK: &str = "***";
/// A command line is not shown at any length.
const MOST: usize = 500;

/// A command line with every secret in it replaced by `***`, on one line, and cut where it is long.
///
/// ```
/// use ssi::jobs::mask;
///
/// assert_eq!(mask("API_TOKEN=abc backup --password 'x y' /srv"), "API_TOKEN=*** backup --password *** /srv");
/// assert_eq!(mask("curl https://me:secret@example.org/?key=1"), "curl https://me:***@example.org/?key=***");
/// ```
pub fn mask(command: &str) -> String {
    let secrets = places(command);
    let (mut out, mut done) = (String::with_capacity(command.len()), 0);
    for secret in secrets {
        if secret.start >= done {
            out.push_str(command.get(done..secret.start).unwrap_or_default());
            out.push_str(MASK);
        }
        done = done.max(secret.end);
    }
    out.push_str(command.get(done..).unwrap_or_default());
    let line: String = out.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(MOST) {
        Some(_) => line.chars().take(MOST - 1).chain(['…']).collect(),
        None => line,
    }
}

/// The secrets in a text, as [`mask`] finds them, without the quotes around them.
///
/// ```
/// assert_eq!(ssi::jobs::secrets("--user me --password 'open sesame'").collect::<Vec<_>>(), ["open sesame"]);
/// ```
pub fn secrets(text: &str) -> impl Iterator<Item = &str> {
    let of = |place: Range<usize>| text.get(place).map(|secret| secret.trim_matches(['"', '\'']));
    places(text).into_iter().filter_map(of)
}

/// Whether a variable of this name holds a secret.
pub fn names_secret(name: &str) -> bool {
    words::naming(name).is_some()
}

/// Where secrets stand, from left to right.
fn places(command: &str) -> Vec<Range<usize>> {
    let text = Text::new(command);
    let mut secrets = named(&text);
    secrets.extend(programs::secrets(&text));
    secrets.extend(urls::secrets(&text));
    secrets.extend(words::tokens(command));
    secrets.retain(|secret| !secret.is_empty());
    secrets.sort_by_key(|secret| secret.start);
    secrets
}

/// The values behind words that name a secret.
fn named(text: &Text<'_>) -> Vec<Range<usize>> {
    let mut secrets = Vec::new();
    let mut at = 0;
    while let Some(start) = text.find(at, is_name) {
        let end = text.find(start, |c| !is_name(c)).unwrap_or(text.len());
        let word = text.slice(start..end);
        let Some(naming) = words::naming(word) else {
            at = end;
            continue;
        };
        secrets.extend(value(text, start..end, word.starts_with('-'), naming));
        // What a value looks like names nothing, but a name may follow at once: `--password --token x`.
        at = end;
    }
    secrets
}

/// Where the value of a name stands, if it has one.
fn value(text: &Text<'_>, name: Range<usize>, is_option: bool, naming: words::Naming) -> Option<Range<usize>> {
    let quoted_name = text.skip_quote(name.end);
    let sign = text.skip_blanks(quoted_name);
    let start = match text.char(sign) {
        // `==` asks, and `://` belongs to a URL.
        Some(c @ ('=' | ':')) if !text.slice(sign..text.len()).starts_with("://") => {
            let start = text.skip_blanks(sign + c.len_utf8());
            let is_whole = text.opens_quote(name.start) || (naming.is_header && c == ':');
            return text.value(start, is_whole).filter(|value| !naming.spares(text.slice(value.clone())));
        }
        _ => text.skip_blanks(name.end),
    };
    if start == name.end {
        return None;
    }
    let value = text.value(start, false)?;
    let found = text.slice(value.clone());
    let follows = is_option && !found.starts_with('-') && !naming.spares(found);
    (follows || words::looks_random(found, LEAST_RANDOM)).then_some(value)
}

/// A word of this length behind a word such as `token` is taken for one if it looks like one.
const LEAST_RANDOM: usize = 16;
