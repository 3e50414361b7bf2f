//! When which check is due, on a clock that may jump.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::check::CheckId;
use crate::schedule::Schedule;

/// A run that is later than this is not made up: the machine slept or its clock was set.
const MISSED_AFTER: Duration = Duration::from_secs(30);

/// The next elapse of each check.
#[derive(Clone, Debug)]
pub struct Plan {
    zone: TimeZone,
    now: Timestamp,
    next: BTreeMap<CheckId, (Schedule, Option<Timestamp>)>,
}

impl Plan {
    /// An empty plan at `now`.
    pub fn new(zone: TimeZone, now: Timestamp) -> Plan {
        Plan { zone, now, next: BTreeMap::new() }
    }

    /// Plans a check, or plans it anew where its schedule changed. True when it was not planned before.
    pub fn set(&mut self, id: CheckId, schedule: Schedule) -> bool {
        let known = self.next.get(&id);
        if known.is_some_and(|(planned, _)| *planned == schedule) {
            return false;
        }
        let is_new = known.is_none();
        let next = schedule.next_after(self.now, &self.zone);
        self.next.insert(id, (schedule, next));
        is_new
    }

    /// Forgets a check.
    pub fn remove(&mut self, id: &CheckId) {
        self.next.remove(id);
    }

    /// When a check is due next.
    pub fn next(&self, id: &CheckId) -> Option<Timestamp> {
        self.next.get(id)?.1
    }

    /// All that is planned.
    pub fn ids(&self) -> Vec<CheckId> {
        self.next.keys().cloned().collect()
    }

    /// When to look again.
    pub fn wake(&self) -> Option<Timestamp> {
        self.next.values().filter_map(|(_, next)| *next).min()
    }

    /// The checks that are due at `now`, each once however many elapses lie behind. After a step of the clock backwards all are planned
    /// anew, so that none waits for a time that lies far ahead.
    pub fn due(&mut self, now: Timestamp) -> Vec<CheckId> {
        let set_back = now < self.now;
        self.now = now;
        let mut due = Vec::new();
        for (id, (schedule, next)) in &mut self.next {
            let elapsed = next.filter(|next| *next <= now);
            if elapsed.is_none() && !set_back {
                continue;
            }
            if elapsed.is_some_and(|next| now.duration_since(next).unsigned_abs() <= MISSED_AFTER) {
                due.push(id.clone());
            }
            *next = schedule.next_after(now, &self.zone);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-11-22T{text}Z").parse().expect("a time")
    }

    fn plan(schedules: &[(&str, &str)]) -> Plan {
        let mut plan = Plan::new(TimeZone::UTC, at("08:00:00"));
        for (id, schedule) in schedules {
            let schedule = Schedule::parse(schedule, jiff::tz::db()).expect("a schedule");
            assert!(plan.set(id.parse().expect("an id"), schedule));
        }
        plan
    }

    fn due(plan: &mut Plan, time: &str) -> Vec<String> {
        plan.due(at(time)).iter().map(CheckId::to_string).collect()
    }

    #[test]
    fn each_check_once_an_elapse() {
        let mut plan = plan(&[("minute", "*:*:00"), ("ten", "*:*:0/10")]);
        assert_eq!(plan.wake(), Some(at("08:00:10")));
        assert_eq!(due(&mut plan, "08:00:09"), [""; 0]);
        assert_eq!(due(&mut plan, "08:00:10"), ["ten"]);
        assert_eq!(due(&mut plan, "08:00:10"), [""; 0]);
        // Late by two elapses: once.
        assert_eq!(due(&mut plan, "08:00:35"), ["ten"]);
        assert_eq!(due(&mut plan, "08:01:00"), ["minute", "ten"]);
    }

    #[test]
    fn a_jump_ahead_neither_floods_nor_makes_up() {
        let mut plan = plan(&[("hour", "*:00:00"), ("minute", "*:*:00")]);
        assert_eq!(due(&mut plan, "11:30:50"), [""; 0]);
        assert_eq!((plan.wake(), due(&mut plan, "11:31:00")), (Some(at("11:31:00")), vec!["minute".to_owned()]));
    }

    #[test]
    fn a_jump_back_starves_nothing() {
        let mut plan = plan(&[("minute", "*:*:00")]);
        assert_eq!(due(&mut plan, "08:01:00"), ["minute"]);
        assert_eq!(due(&mut plan, "03:00:30"), [""; 0]);
        assert_eq!(plan.wake(), Some(at("03:01:00")));
    }

    #[test]
    fn the_same_schedule_again_changes_nothing() {
        let mut plan = plan(&[("ten", "*:*:0/10")]);
        let schedule = Schedule::parse("*:*:0/10", jiff::tz::db()).expect("a schedule");
        due(&mut plan, "08:00:10");
        let id: CheckId = "ten".parse().expect("an id");
        assert!(!plan.set(id.clone(), schedule));
        assert_eq!(plan.next(&id), Some(at("08:00:20")));
        plan.remove(&id);
        assert_eq!(plan.wake(), None);
    }
}
