//! One field of a cron line: a list of `*`, values and ranges, each but a single value with an optional step.

use nom::Offset;

use super::{CronError, CronErrorKind, CronField};

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
/// What people write for the names of three letters.
const LONG_NAMES: &str = "january february march april june july august sept september october november december \
    sunday monday tues tuesday wednesday thur thurs thursday friday saturday";

/// No field has more values.
const LIST_MAX: usize = 60;

/// The values `start`, `start + step`, … up to `stop`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece {
    pub start: u32,
    /// Inclusive.
    pub stop: u32,
    /// At least 1.
    pub step: u32,
}

impl Piece {
    pub fn values(self) -> impl Iterator<Item = u32> {
        (self.start..=self.stop).step_by(usize::try_from(self.step).unwrap_or(usize::MAX))
    }

    /// The same values, with the last of them as `stop`.
    pub fn cut(self) -> Piece {
        Piece { stop: self.stop - (self.stop - self.start) % self.step, ..self }
    }
}

/// What a field says; every value lies within the bounds of `field`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Values {
    pub field: CronField,
    pub pieces: Vec<Piece>,
    /// It begins with `*`, which decides how the two day fields go together.
    pub star: bool,
}

/// Reads a field that stands at byte `at` of the line.
pub(super) fn field(text: &str, at: usize, field: CronField) -> Result<Values, CronError> {
    if text.split(',').nth(LIST_MAX).is_some() {
        return Err(CronError::new(at..at + text.len(), CronErrorKind::LongList(LIST_MAX)));
    }
    let mut pieces = Vec::new();
    let mut start = at;
    for part in text.split(',') {
        pieces.push(Reader { text: part, at: start, rest: part, field }.piece()?);
        start += part.len() + 1;
    }
    Ok(Values { field, pieces, star: text.starts_with('*') })
}

/// Reads one piece of a list from the left.
struct Reader<'a> {
    text: &'a str,
    /// Where `text` begins in the line.
    at: usize,
    rest: &'a str,
    field: CronField,
}

impl<'a> Reader<'a> {
    fn piece(mut self) -> Result<Piece, CronError> {
        let (min, max) = self.field.bounds();
        if self.take('*') {
            let step = self.step()?.map_or(1, |(step, _)| step);
            self.end()?;
            return Ok(Piece { start: min, stop: max, step });
        }
        let (start, first) = self.value()?;
        if !self.take('-') {
            if let Some((_, step)) = self.step()? {
                let (value, step) = (first.to_owned(), step.to_owned());
                return self.fail(self.text, CronErrorKind::SingleStep { field: self.field, value, step, start });
            }
            self.end()?;
            return Ok(Piece { start, stop: start, step: 1 });
        }
        let (stop, last) = self.value()?;
        let written = self.step()?;
        self.end()?;
        let step = written.map_or(1, |(step, _)| step);
        if stop < start {
            let around = around(self.field, (start, first), (stop, last), written.map(|(step, _)| step));
            let (start, stop) = (first.to_owned(), last.to_owned());
            return self.fail(self.text, CronErrorKind::Backwards { start, stop, around });
        }
        Ok(Piece { start, stop, step })
    }

    /// A number or a name, and how it is written.
    fn value(&mut self) -> Result<(u32, &'a str), CronError> {
        let word = self.word(char::is_alphanumeric);
        if word.is_empty() {
            let next = first_char(self.rest);
            self.dialect()?;
            return self.fail(next, CronErrorKind::Value { field: self.field, found: next.to_owned() });
        }
        if word.bytes().all(|byte| byte.is_ascii_digit()) {
            let (min, max) = self.field.bounds();
            return match word.parse::<u32>().ok().filter(|value| (min..=max).contains(value)) {
                Some(value) => Ok((value, word)),
                None => self.fail(word, CronErrorKind::OutOfRange { field: self.field, value: word.to_owned() }),
            };
        }
        match name(word) {
            Some((field, value)) if field == self.field => Ok((value, word)),
            Some((belongs, _)) => {
                self.fail(word, CronErrorKind::WrongField { name: word.to_owned(), field: self.field, belongs })
            }
            None if LONG_NAMES.split(' ').any(|long| word.eq_ignore_ascii_case(long)) => {
                let short = word.get(..3).unwrap_or(word).to_ascii_lowercase();
                self.fail(word, CronErrorKind::LongName { name: word.to_owned(), short })
            }
            None => {
                let letters = word.trim_start_matches(|c: char| c.is_ascii_digit());
                if matches!(letters, "L" | "W" | "H" | "LW") {
                    self.rest = self.from(letters);
                    self.dialect()?;
                }
                self.fail(word, CronErrorKind::Value { field: self.field, found: word.to_owned() })
            }
        }
    }

    /// `/` and a number, if there is a `/`.
    fn step(&mut self) -> Result<Option<(u32, &'a str)>, CronError> {
        if !self.take('/') {
            return Ok(None);
        }
        let word = self.word(char::is_alphanumeric);
        let found = if word.is_empty() { first_char(self.rest) } else { word };
        if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_digit()) {
            return self.fail(found, CronErrorKind::Step(found.to_owned()));
        }
        // A step that no number holds leaves every field at once, as one of 100 does.
        match word.parse().unwrap_or(u32::MAX) {
            0 => self.fail(word, CronErrorKind::ZeroStep),
            step => Ok(Some((step, word))),
        }
    }

    fn end(&self) -> Result<(), CronError> {
        if self.rest.is_empty() {
            return Ok(());
        }
        self.dialect()?;
        let found = if self.rest.starts_with("..") { ".." } else { first_char(self.rest) };
        let at = self.rest.get(..found.len()).unwrap_or(self.rest);
        self.fail(at, CronErrorKind::Unexpected(found.to_owned()))
    }

    /// Fails where the rest begins with a sign that other readers of cron know.
    fn dialect(&self) -> Result<(), CronError> {
        let next = first_char(self.rest);
        let instead = match next {
            "?" => "expected `*`",
            "L" => "expected an OnCalendar expression such as `*-*~01 03:00` for the last day of each month",
            "W" => "expected days of the week in the fifth field, such as `mon-fri`",
            "#" => "expected an OnCalendar expression such as `Mon *-*-08..14 03:00` for the second Monday",
            "H" => "expected a number; the key `jitter` spreads the starts of checks",
            "~" => "expected one value; the key `jitter` spreads the starts of checks",
            "%" => "expected only the time: the script is what runs",
            _ => return Ok(()),
        };
        let sign = next.chars().next().unwrap_or_default();
        self.fail(next, CronErrorKind::Dialect { sign, instead })
    }

    fn take(&mut self, sign: char) -> bool {
        let after = self.rest.strip_prefix(sign);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn word(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// The rest of the piece from the beginning of `word`, a part of it.
    fn from(&self, word: &str) -> &'a str {
        self.text.get(self.offset(word)..).unwrap_or_default()
    }

    fn offset(&self, part: &str) -> usize {
        self.text.offset(part)
    }

    /// Fails at `part`, which is a part of `text`.
    fn fail<T>(&self, part: &str, kind: CronErrorKind) -> Result<T, CronError> {
        let start = self.at + self.offset(part);
        Err(CronError::new(start..start + part.len(), kind))
    }
}

fn first_char(text: &str) -> &str {
    text.get(..text.chars().next().map_or(0, char::len_utf8)).unwrap_or(text)
}

/// The field and the value of a name of three letters.
fn name(word: &str) -> Option<(CronField, u32)> {
    let find = |names: &[&str]| names.iter().position(|name| word.eq_ignore_ascii_case(name));
    let month = find(&MONTHS).map(|index| (CronField::Month, index + 1));
    let (field, value) = month.or_else(|| find(&WEEKDAYS).map(|index| (CronField::Weekday, index)))?;
    Some((field, u32::try_from(value).ok()?))
}

/// `22-2` as `22-23,0-2`; with a step, the list of its values.
fn around(field: CronField, start: (u32, &str), stop: (u32, &str), step: Option<u32>) -> String {
    let (min, max) = match field {
        CronField::Weekday => (0, 6),
        _ => field.bounds(),
    };
    let named = !start.1.starts_with(|c: char| c.is_ascii_digit());
    let write = |value: u32| match (field, usize::try_from(value).unwrap_or_default()) {
        (CronField::Weekday, day) if named => WEEKDAYS.get(day).map_or_else(String::new, |name| (*name).to_owned()),
        (CronField::Month, month) if named => {
            MONTHS.get(month.saturating_sub(1)).map_or_else(String::new, |name| (*name).to_owned())
        }
        (_, value) => value.to_string(),
    };
    match step {
        Some(step) => {
            let values = (start.0..=stop.0 + max - min + 1).step_by(usize::try_from(step).unwrap_or(usize::MAX));
            let around = values.map(|value| write(if value > max { value - (max - min + 1) } else { value }));
            around.collect::<Vec<_>>().join(",")
        }
        None => {
            let range = |first: (u32, String), last: (u32, String)| match first.0 == last.0 {
                true => first.1,
                false => format!("{}-{}", first.1, last.1),
            };
            let from_start = range((min, write(min)), (stop.0, stop.1.to_owned()));
            // Sunday as 7 begins a week as well as it ends one.
            if start.0 > max {
                return from_start;
            }
            let to_end = range((start.0, start.1.to_owned()), (max, write(max)));
            format!("{to_end},{from_start}")
        }
    }
}
