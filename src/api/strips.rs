//! `/api/v1/strips`: how everything was, a status each half hour, in one answer.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::Uri;
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Serialize;

use super::Api;
use super::answer::history;
use super::query::Parameters;
use crate::board::Board;
use crate::event::{Key, Row, millis};
use crate::history::Course;
use crate::server::Problem;
use crate::status::Status;
use crate::survey::Timeline;

const STEP: u32 = 1800;
/// A week.
const MOST_HOURS: u32 = 168;

/// The strips of all things on the board.
#[derive(Debug, PartialEq, Serialize)]
struct Strips {
    #[serde(serialize_with = "millis")]
    from: Timestamp,
    #[serde(serialize_with = "millis")]
    to: Timestamp,
    step_seconds: u32,
    /// By kind and id: the worst status of each step, oldest first, null where there was no such thing.
    items: BTreeMap<String, Vec<Option<Status>>>,
}

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/api/v1/strips", get(strips))
}

async fn strips(State(api): State<Arc<Api>>, uri: Uri) -> Result<Json<Strips>, Problem> {
    let hours = Parameters::of(&uri, &["hours"])?.number("hours", 1, MOST_HOURS)?.unwrap_or(24);
    let (from, to) = bounds(Timestamp::now(), hours);
    let courses = history(&api, move |reader| reader.courses(from)).await?;
    let rows = api.live.read(Board::rows);
    Ok(Json(render(courses, &rows, from, to)))
}

/// The hours up to the end of the step that goes on at `now`.
fn bounds(now: Timestamp, hours: u32) -> (Timestamp, Timestamp) {
    let step = i64::from(STEP);
    let to = (now.as_second().div_euclid(step) + 1) * step;
    let at = |second| Timestamp::from_second(second).unwrap_or(now);
    (at(to - i64::from(hours) * 3600), at(to))
}

fn render(courses: Vec<Course>, rows: &[Row], from: Timestamp, to: Timestamp) -> Strips {
    let mut courses: HashMap<Key, Course> = courses.into_iter().map(|course| (course.key.clone(), course)).collect();
    let seconds = u32::try_from(to.duration_since(from).as_secs()).unwrap_or_default();
    let strip = |row: &Row| {
        let (before, mut changes) =
            courses.remove(&row.key).map(|course| (course.before, course.changes)).unwrap_or_default();
        // The board is ahead of what is recorded.
        let last = changes.last().map_or(before, |(_, status)| *status);
        if let Some(since) = row.since.filter(|_| last != Some(row.status)) {
            changes.push((since, Some(row.status)));
        }
        let slots = Timeline::new(before, changes).slots(to, Duration::from_secs(seconds.into()), seconds / STEP);
        (format!("{}:{}", row.key.kind().word(), row.key.id()), slots)
    };
    Strips { from, to, step_seconds: STEP, items: rows.iter().map(strip).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    #[test]
    fn a_strip_has_the_worst_of_each_half_hour() -> Result<(), Box<dyn std::error::Error>> {
        let (from, to) = bounds("2026-11-22T10:10:00Z".parse()?, 2);
        assert_eq!((from.to_string(), to.to_string()), ("2026-11-22T08:30:00Z".into(), "2026-11-22T10:30:00Z".into()));
        let mut board = Board::new("web1", TimeZone::UTC);
        for name in ["disk", "load", "mail"] {
            let script = format!("#!/bin/bash\n# name: {name}\n# description: d\n# version: 1\n# schedule: hourly\n");
            let parsed = crate::check::parse(script.as_bytes(), jiff::tz::db(), &crate::check::Limits::default());
            board.install(parsed.map_err(|problems| format!("{problems:?}"))?.check, true, from, &mut Vec::new());
        }
        let said = "2026-11-22T09:40:00Z, WARNING, late";
        board.read(&"mail".parse()?, &crate::line::parse(said), to, &mut Vec::new());
        let change = |time: &str, status| Ok::<_, jiff::Error>((time.parse()?, Some(status)));
        let courses = vec![Course {
            key: Key::Check("disk".parse()?),
            before: Some(Status::Ok),
            changes: vec![
                change("2026-11-22T09:05:00Z", Status::Failure)?,
                change("2026-11-22T09:06:00Z", Status::Ok)?,
                (("2026-11-22T09:30:00Z").parse()?, None),
                change("2026-11-22T10:00:00Z", Status::Update)?,
            ],
        }];
        let strips = render(courses, &board.rows(), from, to);
        let (ok, bad) = (Some(Status::Ok), Some(Status::Failure));
        let warning = Some(Status::Warning);
        assert_eq!(strips.items["check:disk"], [ok, bad, None, Some(Status::Update)]);
        assert_eq!(strips.items["check:load"], [None; 4]);
        assert_eq!(strips.items["check:mail"], [None, None, warning, warning]);
        Ok(())
    }
}
