//! Text to [`Line`]. Every text is some line: what fits no other form is a detail.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::fmt::temporal::DateTimeParser;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_till1, take_while_m_n, take_while1};
use nom::character::complete::{char, digit1, space1};
use nom::combinator::{all_consuming, map, map_opt, map_res, opt, recognize, rest, value};
use nom::sequence::{preceded, separated_pair, terminated};
use nom::{IResult, Parser};

use super::{Cost, Exit, Line, Moment, RunEnd, RunStart, Stamp, StatusLine, Trigger};
use crate::status::Status;

static TIME: DateTimeParser = DateTimeParser::new();

/// Reads one line, given without its newline.
pub fn parse(text: &str) -> Line<'_> {
    let text = text.trim_end_matches('\r');
    if let Some(indented) = text.strip_prefix('\t') {
        return marker(indented).unwrap_or(Line::Detail(unguarded(indented)));
    }
    status_line(text).map_or(Line::Detail(text), Line::Status)
}

/// The status that a line was probably meant to say, where it is written so that it says none: in small letters, in another tool's
/// word, with a colon, or behind blanks.
///
/// ```
/// use ssi::{line, status::Status};
/// assert_eq!(line::near_miss("Critical: the door is open"), Some(Status::Failure));
/// assert_eq!(line::near_miss("[ok] the door is shut"), Some(Status::Ok));
/// assert_eq!(line::near_miss("  OK, the door is shut"), Some(Status::Ok));
/// assert_eq!(line::near_miss("WARNING, ajar"), None, "that is one");
/// assert_eq!(line::near_miss("error while opening the door"), None);
/// ```
pub fn near_miss(text: &str) -> Option<Status> {
    let line = text.trim_start();
    if line.len() < text.len() {
        // What is indented is meant as a detail, unless all else is right.
        let Line::Status(said) = parse(line) else { return None };
        return line.contains(',').then_some(said.status);
    }
    if matches!(parse(line), Line::Status(_)) {
        return None;
    }
    let (line, is_framed) = line.strip_prefix('[').map_or((line, false), |rest| (rest, true));
    let end = line.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(line.len());
    let (word, after) = line.split_at(end);
    let is_said = after.is_empty() || after.starts_with([',', ':']) || after.starts_with(" - ");
    if !(is_said || is_framed && after.starts_with(']')) {
        return None;
    }
    Status::of_another_tool(word)
}

/// Takes back the space that [`super::detail`] put before what looked like a marker.
fn unguarded(indented: &str) -> &str {
    match indented.strip_prefix(' ') {
        Some(text) if is_like_a_marker(text) => text,
        _ => indented,
    }
}

/// Whether a detail begins like a line of the runner, or like one that was guarded.
pub(super) fn is_like_a_marker(text: &str) -> bool {
    text.trim_start_matches(' ').starts_with("-- ")
}

fn marker(text: &str) -> Option<Line<'_>> {
    let text = text.strip_prefix("-- ")?;
    let run = map(all_consuming(run_start), Line::Start).or(map(run_end, Line::End));
    let perf = map(preceded(tag("perf "), rest), Line::Perfdata);
    let json = map(preceded(tag("json "), rest), Line::Json);
    alt((preceded(tag("run "), run), perf, json)).parse(text).ok().map(|(_, line)| line)
}

fn word(text: &str) -> IResult<&str, &str> {
    take_till1(|c: char| c == ' ' || c == ':').parse(text)
}

fn run_id(text: &str) -> IResult<&str, &str> {
    take_while_m_n(1, 64, |c: char| c.is_ascii_alphanumeric() || c == '-').parse(text)
}

fn moment(text: &str) -> IResult<&str, Moment> {
    map_opt(take_till1(|c| c == ' ' || c == ','), instant_with_offset).parse(text)
}

fn instant_with_offset(text: &str) -> Option<Moment> {
    let pieces = TIME.parse_pieces(text).ok()?;
    let offset = pieces.to_numeric_offset()?;
    let civil = pieces.date().to_datetime(pieces.time()?);
    Some(Moment { instant: offset.to_timestamp(civil).ok()?, offset })
}

fn run_start(text: &str) -> IResult<&str, RunStart<'_>> {
    let trigger = alt((
        value(Trigger::Timer, tag("timer")),
        value(Trigger::Manual, tag("manual")),
        value(Trigger::Boot, tag("boot")),
        value(Trigger::Unknown, word),
    ));
    let time = terminated(moment, tag(" trigger="));
    map((terminated(run_id, tag(" start ")), time, trigger), |(run, time, trigger)| RunStart { run, time, trigger })
        .parse(text)
}

fn run_end(text: &str) -> IResult<&str, RunEnd<'_>> {
    let (mut text, (run, time, status)) = (
        terminated(run_id, tag(" end ")),
        terminated(moment, char(' ')),
        map_res(take_while1(|c: char| c.is_ascii_uppercase()), str::parse::<Status>),
    )
        .parse(text)?;
    let mut end = RunEnd { run, time, status, exit: Exit::Unseen, result: None, cost: Cost::default(), message: "" };
    // Words that this version does not know are passed over: a later one may write more.
    while let Ok((after, (key, value))) = preceded(space1, separated_pair(key, char('='), word)).parse(text) {
        match key {
            "exit" => end.exit = exit(value),
            "result" => end.result = Some(value),
            "duration" => end.cost.duration = seconds(value),
            "cpu" => end.cost.cpu = seconds(value),
            "rss" => end.cost.rss = bytes(value),
            _ => {}
        }
        text = after;
    }
    let (text, message) = preceded(tag(":"), rest).parse(text)?;
    end.message = message.strip_prefix(' ').unwrap_or(message);
    Ok((text, end))
}

fn key(text: &str) -> IResult<&str, &str> {
    take_while1(|c: char| c.is_ascii_lowercase()).parse(text)
}

fn exit(word: &str) -> Exit<'_> {
    match word {
        "-" => Exit::Unseen,
        "timeout" => Exit::Timeout,
        _ => word.parse().map_or(Exit::Signal(word), Exit::Code),
    }
}

fn seconds(word: &str) -> Option<Duration> {
    let seconds: f64 = word.strip_suffix('s')?.parse().ok()?;
    // The log has milliseconds; going through them keeps parse(render(x)) exact.
    (seconds.is_finite() && (0.0..1e12).contains(&seconds))
        .then(|| Duration::from_millis((seconds * 1e3).round() as u64))
}

fn bytes(word: &str) -> Option<u64> {
    let megabytes: f64 = word.strip_suffix('M')?.parse().ok()?;
    // The log has tenths of them; rounding up to whole bytes keeps parse(render(x)) from losing a tenth each time.
    (0.0..1e12).contains(&megabytes).then(|| (((megabytes * 10.0).round() as u64) << 20).div_ceil(10))
}

fn status_line(text: &str) -> Option<StatusLine<'_>> {
    let stamped = (terminated(stamp, (char(','), opt(char(' ')))), status_and_message);
    let bare = map(status_and_message, |s| (Stamp::Absent, s));
    let (_, (stamp, (status, message))) = alt((stamped, bare)).parse(text).ok()?;
    Some(StatusLine { stamp, status, message })
}

fn stamp(text: &str) -> IResult<&str, Stamp> {
    // Most lines of a script's output have no time: look at one byte before trying.
    let (_, _) = nom::combinator::peek(digit1).parse(text)?;
    alt((map(civil, Stamp::Local), map(moment, Stamp::Offset))).parse(text)
}

fn civil(text: &str) -> IResult<&str, DateTime> {
    let two = || take_while_m_n(2, 2, |c: char| c.is_ascii_digit());
    let date = recognize((take_while_m_n(4, 4, |c: char| c.is_ascii_digit()), char('-'), two(), char('-'), two()));
    let time = recognize((two(), char(':'), two(), char(':'), two()));
    let (after, (date, time)) = separated_pair(date, char(' '), time).parse(text)?;
    let number = |text: &str| text.bytes().fold(0_i16, |n, b| n * 10 + i16::from(b - b'0'));
    let small = |text: &str| number(text) as i8;
    let civil = DateTime::new(
        number(&date[..4]),
        small(&date[5..7]),
        small(&date[8..10]),
        small(&time[..2]),
        small(&time[3..5]),
        small(&time[6..8]),
        0,
    );
    civil
        .map(|civil| (after, civil))
        .map_err(|_| nom::Err::Error(nom::error::make_error(text, nom::error::ErrorKind::Verify)))
}

/// `STATUS, message`, `STATUS message` or `STATUS`.
fn status_and_message(text: &str) -> IResult<&str, (Status, &str)> {
    map_opt(rest, |text: &str| {
        let (status, rest) = Status::strip_prefix(text)?;
        // Nothing that a script prints makes a check unknown.
        if status == Status::Unknown {
            return None;
        }
        let message = match rest.as_bytes().first() {
            None => "",
            Some(b',' | b' ') => rest[1..].trim(),
            Some(_) => return None,
        };
        Some((status, message))
    })
    .parse(text)
}
