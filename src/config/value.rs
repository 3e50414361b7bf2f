//! Single values, as they stand in a file or on the command line.

use std::time::Duration;

use glob::Pattern;
use jiff::tz::TimeZoneDatabase;

use super::Mistake;
use super::url;
use crate::component::{self, Repo};
use crate::event::Key;
use crate::ping::{self, Due};
use crate::schedule::Schedule;
use crate::timespan;
use crate::watch::{Expected, Units};

/// A day.
pub(super) const DAY: Duration = Duration::from_secs(86_400);
/// The longest time that anything can be kept or waited for.
pub(super) const LONGEST: Duration = Duration::from_secs(100 * 31_557_600);
/// Every character of a pattern beside those of names.
const OF_PATTERNS: &str = "*?[]!";

/// A time span between two bounds.
pub fn span_within(text: &str, least: Duration, most: Duration) -> Result<Duration, Mistake> {
    let found = timespan::parse(text).map_err(Mistake::Timespan)?;
    match (least..=most).contains(&found) {
        true => Ok(found),
        false => Err(Mistake::Bounds { found, least, most }),
    }
}

/// How long an answer may take; the next question follows after 10 s, or when this one is over.
pub fn timeout(text: &str) -> Result<Duration, Mistake> {
    span_within(text, Duration::from_millis(10), Duration::from_secs(60))
}

/// How long a unit may be otherwise than expected.
pub fn hold(text: &str) -> Result<Duration, Mistake> {
    span_within(text, Duration::ZERO, DAY)
}

/// One unit, or a pattern of names.
///
/// ```
/// use ssi::config::value;
/// use ssi::watch::Units;
///
/// assert!(matches!(value::units("nginx.service"), Ok(Units::Name(_))));
/// assert!(matches!(value::units("backup-*.timer"), Ok(Units::Glob(_))));
/// assert!(value::units("nginx").is_err());
/// ```
pub fn units(text: &str) -> Result<Units, Mistake> {
    if !is_pattern(text) {
        return Ok(Units::Name(text.parse()?));
    }
    let wrong = |reason: String| Mistake::Pattern { pattern: text.to_owned(), reason };
    // A character that no name has can't be matched either.
    let allowed = |c: char| c.is_ascii_alphanumeric() || ":_.@\\-".contains(c) || OF_PATTERNS.contains(c);
    if let Some(c) = text.chars().find(|c| !allowed(*c)) {
        return Err(wrong(format!("`{c}` cannot be in the name of a unit")));
    }
    Pattern::new(text).map_err(|error| wrong(error.msg.to_lowercase()))?;
    Ok(Units::Glob(text.to_owned()))
}

/// Whether a text stands for several units.
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// A state that can be expected.
pub fn state(text: &str) -> Result<Expected, Mistake> {
    match text {
        "active" => Ok(Expected::Active),
        "inactive" => Ok(Expected::Inactive),
        _ => Err(Mistake::State(text.to_owned())),
    }
}

/// The name of a component.
pub(super) fn component_name(text: &str) -> Result<String, Mistake> {
    let allowed = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_' | '-');
    match (1..=64).contains(&text.len()) && text.chars().all(allowed) {
        true => Ok(text.to_owned()),
        false => Err(Mistake::ComponentName(text.to_owned())),
    }
}

/// The name of a program that tells of its runs.
pub fn ping_name(text: &str) -> Result<ping::Name, Mistake> {
    text.parse().map_err(Mistake::PingName)
}

/// What its address is recognised by.
pub(super) fn ping_key(text: &str) -> Result<ping::Key, Mistake> {
    ping::Key::read(text).ok_or(Mistake::Key)
}

/// How often it has to tell of a run.
pub fn every(text: &str) -> Result<Duration, Mistake> {
    span_within(text, Duration::from_secs(1), LONGEST)
}

/// How much later it may do so.
pub fn grace(text: &str) -> Result<Duration, Mistake> {
    span_within(text, Duration::from_secs(1), LONGEST)
}

/// When it has to tell of a run; `zones` are those that a schedule may name.
pub fn schedule(text: &str, zones: &TimeZoneDatabase) -> Result<Due, Mistake> {
    let wrong = |errors: Vec<crate::schedule::ScheduleError>| {
        let words: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let meant = errors.iter().find_map(|error| error.suggestion()).map(str::to_owned);
        Mistake::Schedule { reason: words.join("; "), meant }
    };
    let schedule = Schedule::parse(text, zones).map_err(wrong)?;
    Ok(Due::At(schedule, text.trim().to_owned()))
}

/// A text for people, on one line.
pub fn line(key: &'static str, text: &str) -> Result<String, Mistake> {
    let text = text.trim();
    match (1..=255).contains(&text.chars().count()) && !text.contains(char::is_control) {
        true => Ok(text.to_owned()),
        false => Err(Mistake::Line(key)),
    }
}

/// Where a component's source lies.
pub(super) fn repo(text: &str) -> Result<Repo, Mistake> {
    text.trim().parse().map_err(|_| Mistake::Repo(text.to_owned()))
}

/// A check or a watch.
pub(super) fn member(text: &str) -> Result<Key, Mistake> {
    component::member(text).ok_or_else(|| Mistake::Member(text.to_owned()))
}

/// A TCP port.
pub fn port(text: &str) -> Result<u16, Mistake> {
    number(text, 1, u16::MAX.into()).map(|port| port as u16)
}

/// A whole number between two bounds.
pub(super) fn number(text: &str, least: u64, most: u64) -> Result<u64, Mistake> {
    let wrong = || Mistake::Number { found: text.to_owned(), least, most };
    text.parse().ok().filter(|number| (least..=most).contains(number)).ok_or_else(wrong)
}

/// The address of a page.
pub fn page(text: &str) -> Result<String, Mistake> {
    url::check(text).map_err(|reason| Mistake::Url { url: text.to_owned(), reason })?;
    Ok(text.to_owned())
}

/// The status codes that are fine, the lowest and the highest: `200-399`, `2xx`, `200`.
///
/// ```
/// assert_eq!(ssi::config::value::statuses("2xx"), Ok((200, 299)));
/// ```
pub fn statuses(text: &str) -> Result<(u16, u16), Mistake> {
    let wrong = || Mistake::Statuses(text.to_owned());
    let code = |text: &str| text.trim().parse::<u16>().ok().filter(|code| (100..=599).contains(code)).ok_or_else(wrong);
    let range = match (text.strip_suffix("xx"), text.split_once('-')) {
        (Some(class), _) => {
            let first = code(&format!("{class}00"))?;
            (first, first + 99)
        }
        (None, Some((first, last))) => (code(first)?, code(last)?),
        (None, None) => (code(text)?, code(text)?),
    };
    if range.0 <= range.1 { Ok(range) } else { Err(wrong()) }
}
