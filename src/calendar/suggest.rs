//! E
use crate::calendar::CalendarError;
use jiff::tz::TimeZoneDatabase;
pub(super) fn attach(
    error: CalendarError,
    _text: &str,
    _zones: &TimeZoneDatabase,
) -> CalendarError {
    error
}
