//! Lines of a check's log as people read them in a pane.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::pane::{Rich, Role};
use crate::line::{self, Line};

/// A line of a log, with times as the clock of `zone` shows them.
pub(super) fn rich(text: &str, zone: &TimeZone) -> Rich {
    let time = |instant: Option<Timestamp>| (Role::Dim, instant.map(|at| stamp(at, zone)).unwrap_or_default());
    let plain = |text: &str| (Role::Plain, text.to_owned());
    let dim = |text: String| (Role::Dim, text);
    Rich::new(match line::parse(text) {
        Line::Status(said) => vec![
            time(said.stamp.instant(zone)),
            plain(if said.stamp.instant(zone).is_some() { " " } else { "" }),
            (Role::Status(said.status), said.status.to_string()),
            plain(&format!(" {}", said.message)),
        ],
        Line::Start(start) => {
            vec![time(Some(start.time.instant)), dim(format!(" started ({})", start.trigger))]
        }
        Line::End(end) => {
            let took = end.cost.duration.map(|took| format!(" after {:.3} s", took.as_secs_f64())).unwrap_or_default();
            vec![
                time(Some(end.time.instant)),
                plain(" "),
                (Role::Status(end.status), end.status.to_string()),
                plain(&format!(" {}", end.message)),
                dim(format!(" (exit {}{took})", end.exit)),
            ]
        }
        Line::Perfdata(text) => vec![dim(format!("  perfdata {text}"))],
        Line::Json(text) | Line::Detail(text) => vec![plain(&format!("  {text}"))],
    })
}

/// `2026-11-22 21:03:12`.
pub(super) fn stamp(time: Timestamp, zone: &TimeZone) -> String {
    time.to_zoned(zone.clone()).strftime("%F %T").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_says_what_it_is() -> Result<(), jiff::Error> {
        let zone = TimeZone::get("Europe/Berlin")?;
        let rows = [
            ("\t-- run a start 2026-11-22T08:06:00.120Z trigger=timer", "2026-11-22 09:06:00 started (timer)"),
            ("2026-11-22 09:06:01, WARNING, 91 %", "2026-11-22 09:06:01 WARNING 91 %"),
            ("OK, fine", "OK fine"),
            ("\tany\x1b[2J detail", "  any\u{fffd}[2J detail"),
            (
                "\t-- run a end 2026-11-22T08:06:01Z OK exit=0 duration=1.234s: fine",
                "2026-11-22 09:06:01 OK fine (exit 0 after 1.234 s)",
            ),
        ];
        for (text, expected) in rows {
            let shown: String = rich(text, &zone).0.into_iter().map(|(_, text)| text).collect();
            assert_eq!(shown, expected);
        }
        Ok(())
    }
}
