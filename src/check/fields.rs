//! The values of single keys: text in, meaning or mistake out.

use std::ops::Range;
use std::time::Duration;

use super::{BUILT_IN_SECTIONS, Capability, Credential, MIN_MEMORY, Mistake};
use crate::header::Key;
use crate::{spelling, timespan};

/// A mistake with its place in the value; the whole value without one.
pub struct Fault {
    pub range: Option<Range<usize>>,
    pub mistake: Mistake,
}

impl From<Mistake> for Fault {
    fn from(mistake: Mistake) -> Self {
        Self { range: None, mistake }
    }
}

fn at(range: Range<usize>, mistake: Mistake) -> Fault {
    Fault { range: Some(range), mistake }
}

/// Text of `min` to `max` characters.
pub fn text(key: Key, value: &str, min: usize, max: usize) -> Result<String, Fault> {
    let found = value.trim().chars().count();
    if (min..=max).contains(&found) {
        return Ok(value.to_owned());
    }
    let mistake = Mistake::Length { key, found, min, max };
    // What is too long is underlined where it is too much.
    match value.char_indices().nth(max) {
        Some((excess, _)) if found > max => Err(at(excess..value.len(), mistake)),
        _ => Err(mistake.into()),
    }
}

pub fn duration(key: Key, value: &str) -> Result<Duration, Fault> {
    timespan::parse(value).map_err(|error| at(error.span.clone(), Mistake::Timespan { key, error }))
}

pub fn positive_duration(key: Key, value: &str) -> Result<Duration, Fault> {
    let found = duration(key, value)?;
    match found.is_zero() {
        true => Err(Mistake::Zero(key).into()),
        false => Ok(found),
    }
}

pub fn timeout(value: &str, max: Duration) -> Result<Duration, Fault> {
    let found = duration(Key::Timeout, value)?;
    match found >= Duration::from_secs(1) && found <= max {
        true => Ok(found),
        false => Err(Mistake::Timeout { found, max }.into()),
    }
}

/// One of a fixed set of values.
pub fn choice<T: Copy>(key: Key, value: &str, values: &[(&'static str, T)]) -> Result<T, Fault> {
    let exact = values.iter().find(|(name, _)| name.eq_ignore_ascii_case(value));
    if let Some((_, found)) = exact {
        return Ok(*found);
    }
    let names: Vec<&'static str> = values.iter().map(|(name, _)| *name).collect();
    let lower = value.to_ascii_lowercase();
    let meant = match lower.as_str() {
        "true" | "on" | "1" => names.iter().find(|name| **name == "yes").copied(),
        "false" | "off" | "0" | "none" => names.iter().find(|name| **name == "no").copied(),
        word => names.iter().find(|name| spelling::closest(word, [**name]).is_some()).copied(),
    };
    Err(Mistake::Choice { key, found: value.to_owned(), values: names, meant }.into())
}

pub fn yes_no(key: Key, value: &str) -> Result<bool, Fault> {
    choice(key, value, &[("yes", true), ("no", false)])
}

/// A user or group by name, as systemd's strict rule has it (and with dots,
/// which directories use), or by number, without the two numbers that mean
/// "none".
pub fn account(key: Key, value: &str) -> Result<String, Fault> {
    let is_name = value.len() <= 31
        && value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let number = value.parse::<u32>().ok();
    let is_number =
        number.is_some_and(|number| number.to_string() == value && number != u32::from(u16::MAX) && number != u32::MAX);
    match is_name || is_number {
        true => Ok(value.to_owned()),
        false => Err(Mistake::Account { key, found: value.to_owned() }.into()),
    }
}

pub fn absolute_path(key: Key, value: &str) -> Result<String, Fault> {
    match value.starts_with('/') {
        true => Ok(value.to_owned()),
        false => Err(Mistake::RelativePath { key, found: value.to_owned() }.into()),
    }
}

pub fn credential(value: &str) -> Result<Credential, Fault> {
    let (name, path) = match value.split_once(':') {
        Some((name, path)) => (name, Some(path)),
        None => (value, None),
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let is_name = (1..=255).contains(&name.len()) && name.chars().all(allowed);
    if !is_name || matches!(name, "." | "..") {
        return Err(at(0..name.len(), Mistake::Credential(name.to_owned())));
    }
    let path = match path {
        None => None,
        Some(path) => match absolute_path(Key::Credential, path) {
            Ok(path) => Some(path),
            Err(fault) => return Err(at(name.len() + 1..value.len(), fault.mistake)),
        },
    };
    Ok(Credential { name: name.to_owned(), path })
}

/// Bytes, with systemd's suffixes K, M, G and T to the base of 1024.
pub fn memory(value: &str) -> Result<u64, Fault> {
    let invalid = || Mistake::Size { found: value.to_owned(), suggestion: size_meant(value) };
    let (number, shift) = match value.char_indices().next_back() {
        Some((end, 'K')) => (&value[..end], 10),
        Some((end, 'M')) => (&value[..end], 20),
        Some((end, 'G')) => (&value[..end], 30),
        Some((end, 'T')) => (&value[..end], 40),
        _ => (value, 0),
    };
    let bytes = digits(number).and_then(|number| number.checked_mul(1 << shift)).ok_or_else(invalid)?;
    match bytes >= MIN_MEMORY {
        true => Ok(bytes),
        false => Err(Mistake::Memory(value.to_owned()).into()),
    }
}

/// `256M` for `256 MB`, `256mib` and the like.
fn size_meant(value: &str) -> Option<String> {
    let number: String = value.chars().take_while(char::is_ascii_digit).collect();
    let unit = value.get(number.len()..)?.trim().to_ascii_uppercase();
    let suffix = match unit.as_str() {
        "K" | "KB" | "KIB" => "K",
        "M" | "MB" | "MIB" => "M",
        "G" | "GB" | "GIB" => "G",
        "T" | "TB" | "TIB" => "T",
        _ => return None,
    };
    let meant = format!("{number}{suffix}");
    (meant != value && memory(&meant).is_ok()).then_some(meant)
}

/// A whole number from 1 up.
pub fn count(key: Key, value: &str) -> Result<u32, Fault> {
    digits(value).and_then(|number| u32::try_from(number).ok()).filter(|number| *number >= 1).ok_or_else(|| {
        let found = value.to_owned();
        Mistake::Count { key, found }.into()
    })
}

/// Digits only: no sign, which the standard parser would take.
fn digits(text: &str) -> Option<u64> {
    let only_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| only_digits)
}

/// A name of a section that ssi does not fill itself.
pub fn section(key: Key, value: &str) -> Result<String, Fault> {
    let name = word(key, value)?;
    match BUILT_IN_SECTIONS.contains(&name.as_str()) {
        true => Err(Mistake::BuiltIn(name).into()),
        false => Ok(name),
    }
}

/// A name of a section or profile.
pub fn word(key: Key, value: &str) -> Result<String, Fault> {
    let allowed = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_' | '-');
    match value.len() <= 64 && value.chars().all(allowed) {
        true => Ok(value.to_owned()),
        false => Err(Mistake::Word { key, found: value.to_owned() }.into()),
    }
}

/// Words between blanks or commas; one that comes twice counts once.
pub fn capabilities(value: &str) -> Result<Vec<Capability>, Fault> {
    let mut found: Vec<Capability> = Vec::new();
    let mut start = 0;
    for word in value.split([' ', ',']) {
        if !word.is_empty() {
            let capability = choice(Key::Capabilities, word, Capability::ALL)
                .map_err(|fault| at(start..start + word.len(), fault.mistake))?;
            found.extend((!found.contains(&capability)).then_some(capability));
        }
        start += word.len() + 1;
    }
    Ok(found)
}

/// Words between blanks or commas; one that comes twice counts once.
pub fn tags(value: &str) -> Result<Vec<String>, Fault> {
    let mut tags: Vec<String> = Vec::new();
    let mut start = 0;
    for tag in value.split([' ', ',']) {
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        if !tag.chars().all(allowed) {
            let range = start..start + tag.len();
            return Err(at(range, Mistake::Tag(tag.to_owned())));
        }
        if !tag.is_empty() && !tags.iter().any(|other| other == tag) {
            tags.push(tag.to_owned());
        }
        start += tag.len() + 1;
    }
    Ok(tags)
}

pub fn url(value: &str) -> Result<String, Fault> {
    let rest = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
    let has_host = rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '['));
    let forbidden = |c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '\\' | '`' | '{' | '}');
    match has_host && !value.contains(forbidden) {
        true => Ok(value.to_owned()),
        false => Err(Mistake::Url(value.to_owned()).into()),
    }
}
