//! What a schedule says: a sentence, and the next time.

use jiff::Timestamp;

use super::Clock;
use crate::cron::Cron;
use crate::schedule::Schedule;

/// The word of crontabs for the start of the machine.
const REBOOT: &str = "@reboot";

/// A schedule in words, and when it elapses next.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct When {
    pub human: String,
    pub next: Option<Timestamp>,
}

/// The times of a crontab's line, which may begin with `CRON_TZ=…`; or why cron can't read them.
pub(super) fn cron(text: &str, clock: Clock<'_>) -> Result<When, String> {
    if text == REBOOT {
        return Ok(When { human: "At boot".to_owned(), next: None });
    }
    let cron = Cron::parse(text, clock.zones).map_err(|error| error.to_string())?;
    let next = cron.calendars().iter().filter_map(|calendar| calendar.next_after(clock.now, clock.zone)).min();
    Ok(When { human: sentence(&cron.describe()), next })
}

/// The words for an OnCalendar expression; as it stands where it can't be read.
pub(super) fn calendar(text: &str, clock: Clock<'_>) -> String {
    Schedule::parse(text, clock.zones).map_or_else(|_| text.to_owned(), |schedule| schedule.describe())
}

/// With a capital at its beginning.
pub(super) fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
