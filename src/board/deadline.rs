//! When a result is due, and what becomes of a check whose result does not come.
//!
//! A result is due for the first elapse of the schedule after the last result: at that time, plus the splay of its timer, the time limit
//! of the run, and a grace. The timer itself is asked for its splay alone. It can't say when a result was due, for it looks ahead as soon
//! as it has elapsed, and a timer that was stopped, masked or deleted says nothing at all.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Board, Entry, drift};
use crate::check::CheckId;
use crate::event::{Body, Change, Record};
use crate::status::Status;

/// What a run may take beyond its timeout until its result is on the board, unless the header says otherwise: the runner's grace,
/// systemd's, and a busy machine.
const GRACE: std::time::Duration = std::time::Duration::from_secs(30);

impl Entry {
    /// When the next result is due. Nothing is expected of what was scheduled before `awake`, when the host was off or asleep.
    pub(super) fn deadline(&self, zone: &TimeZone, awake: Timestamp) -> Option<Timestamp> {
        let after = [self.last_result.unwrap_or(Timestamp::MIN), self.installed, awake].into_iter().max()?;
        if after == Timestamp::MIN {
            return None;
        }
        let elapse = self.first_elapse(after, zone)?;
        let latest = elapse.checked_add(self.check.jitter).ok()?;
        let begins = self.next_run.filter(|next| (elapse..=latest).contains(next)).unwrap_or(latest);
        let grace = self.check.stale_after.unwrap_or(GRACE);
        begins.checked_add(self.check.timeout).ok()?.checked_add(grace).ok()
    }

    /// Deadlines are asked for far more often than they change.
    fn first_elapse(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        if let Some((_, elapse)) = self.elapse.get().filter(|(then, _)| *then == after) {
            return elapse;
        }
        let elapse = self.check.schedule.as_ref()?.next_after(after, zone);
        self.elapse.set(Some((after, elapse)));
        elapse
    }

    /// What kept the result from coming, as far as it can be told.
    fn cause(&self) -> &str {
        match (self.enabled, self.running_since(), self.next_run) {
            (false, ..) => "its timer is switched off",
            (true, Some(_), _) => "a run has begun and does not end",
            (true, None, next) => {
                let guess = if next.is_some() { "no result came" } else { drift::NOT_ACTIVE };
                self.drift_cause().unwrap_or(guess)
            }
        }
    }
}

impl Board {
    /// The host was off, asleep, or its clock was set: what was scheduled before `awake` is not waited for. The latest of these counts.
    pub fn awake(&mut self, awake: Timestamp) {
        if awake > self.awake {
            self.awake = awake;
            self.watches.host.awake = awake;
            // All deadlines count from there.
            self.entries.discard_written();
            self.watches.by_unit.discard_written();
            self.pings.discard_written();
        }
    }

    /// The log of a check can't be read here: no result of it is missed.
    pub fn expect_nothing(&mut self, id: &CheckId) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.expect_nothing();
        }
    }

    /// When the next result is due of which nobody was told yet that it is overdue, or something else has to be looked at again.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let waited_for = self.entries.values().filter(|entry| !entry.overdue);
        let checks = waited_for.filter_map(|entry| entry.deadline(&self.zone, self.awake));
        checks.chain(self.watches.due()).chain(self.pings_due()).min()
    }

    /// Whether something is due earlier than before; asked once. What comes and changes says so by itself.
    pub fn hurried(&mut self) -> bool {
        std::mem::take(&mut self.hurry)
    }

    /// Checks whose result is due before `now` and has not come become `UNKNOWN`, and all else what the passing of time makes of it.
    pub fn overdue(&mut self, now: Timestamp, out: &mut Vec<Change>) {
        self.pass_watches(now, false, out);
        self.pass_pings(now, out);
        let due = |entry: &Entry| self.deadline(entry).filter(|deadline| *deadline <= now && !entry.overdue);
        let late = self.entries.values().filter_map(|entry| Some((entry.check.id.clone(), due(entry)?)));
        let late: Vec<(CheckId, Timestamp)> = late.collect();
        for (id, deadline) in late {
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            let since = deadline.to_zoned(self.zone.clone()).strftime("%F %T %Z").to_string();
            let message = format!("overdue since {since}: {}", entry.cause());
            let previous = std::mem::replace(&mut entry.status, Status::Unknown);
            entry.message.clone_from(&message);
            entry.since = Some(deadline);
            entry.overdue = true;
            entry.forget_before_drift();
            let body = Body::Status(Record {
                status: Status::Unknown,
                verdict: Status::Unknown,
                previous,
                changed: previous != Status::Unknown,
                progress: false,
                message,
                line_time: None,
                run: None,
                marks: vec!["overdue"],
                earlier: None,
                since: Some(deadline),
            });
            out.push(Change { key: id.into(), body });
        }
    }
}
