//! Checks and profiles as jobs.

use std::collections::BTreeMap;

use super::{Job, Kind, when};
use crate::board::{Board, Entry};
use crate::check::CheckId;
use crate::status::Status;
use crate::unit::{self, CHECK_USER};

/// What the board schedules: each check with a schedule, and each profile.
pub fn of_board(board: &Board) -> Vec<Job> {
    let mut profiles: BTreeMap<&str, Job> = BTreeMap::new();
    let mut jobs = Vec::new();
    for entry in board.entries() {
        match (&entry.check.schedule, &entry.check.profile) {
            (None, Some(profile)) => {
                let job = profiles.entry(profile).or_insert_with(|| Job {
                    // Nothing runs profiles yet.
                    enabled: false,
                    ..Job::new(Kind::Profile, profile, format!("profile:{profile}"))
                });
                job.last_run = job.last_run.max(entry.last_run);
            }
            _ => jobs.push(of_check(board, entry)),
        }
    }
    jobs.extend(profiles.into_values());
    jobs
}

/// Whether a timer is that of a check on the board, which is a job already.
pub(super) fn has_timer(board: &Board, unit: &str) -> bool {
    unit::check_of(unit).is_some_and(|(id, _): (CheckId, _)| board.get(&id).is_some())
}

fn of_check(board: &Board, entry: &Entry) -> Job {
    let (check, row) = (&entry.check, board.row(entry));
    let is_known = entry.status != Status::Unknown;
    Job {
        schedule: row.schedule,
        human: row.schedule_human.map(|words| when::sentence(&words)),
        command: Some(format!("ssi exec {}", check.id)),
        user: Some(check.user.clone().unwrap_or_else(|| CHECK_USER.to_owned())),
        next_run: entry.next_run,
        last_run: entry.last_run,
        last_result: is_known.then(|| entry.status.to_string()),
        // Where its log can't be read nobody can tell.
        overdue: (row.deadline.is_some() || !entry.enabled).then(|| row.marks.contains(&"overdue")),
        enabled: entry.enabled,
        unit: Some(unit::timer_name(&check.id)),
        ..Job::new(Kind::Check, &check.name, format!("check:{}", check.id))
    }
}
