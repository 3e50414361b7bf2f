//! Secrets in the addresses of pages: before the `@`, and keys as parts of a path.

use std::ops::Range;

use super::text::Text;
use super::words::looks_random;

/// A part of a path of this length is a key if it looks like one.
const LEAST_KEY: usize = 20;
/// A name without a password of this length is a token.
const LEAST_TOKEN: usize = 20;

pub(super) fn secrets(text: &Text<'_>) -> Vec<Range<usize>> {
    let mut secrets = Vec::new();
    let mut at = 0;
    while let Some(found) = text.slice(at..text.len()).find("://") {
        let start = at + found + "://".len();
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '|' | ';' | '`');
        let end = text.find(start, ends).unwrap_or(text.len());
        let url = text.slice(start..end);
        // A password may hold every character of a path.
        let host = url.split(['?', '#']).next().and_then(|path| path.rfind('@')).filter(|at| is_user(url, *at));
        if let Some(host) = host {
            let user = url.get(..host).unwrap_or_default();
            match user.find(':') {
                Some(colon) => secrets.push(start + colon + 1..start + host),
                None => secrets.extend((user.len() >= LEAST_TOKEN).then_some(start..start + host)),
            }
        }
        secrets.extend(keys(url, host.unwrap_or(0)).map(|key| start + key.start..start + key.end));
        at = end;
    }
    secrets
}

/// Whether what stands before this `@` is a user, and not a path.
fn is_user(url: &str, at: usize) -> bool {
    let before = url.get(..at).unwrap_or_default();
    before.contains(':') || !before.contains('/')
}

/// Parts of the path that are keys.
fn keys(url: &str, from: usize) -> impl Iterator<Item = Range<usize>> {
    let path = url.find(['?', '#']).unwrap_or(url.len());
    let parts = url.get(from..path).unwrap_or_default();
    let mut at = from;
    let parts = parts.split('/').map(move |part| {
        let start = at;
        at += part.len() + 1;
        (start, part)
    });
    parts.skip(1).filter(|(_, part)| looks_random(part, LEAST_KEY)).map(|(start, part)| start..start + part.len())
}
