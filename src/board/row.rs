//! A check's entry as the row that others see.

use jiff::Timestamp;

use super::Entry;
use crate::check::Sandbox;
use crate::event::{Key, Row};

impl Entry {
    /// The row of this check on the board of `host`, where its result is due at `deadline`.
    pub(super) fn row(&self, host: &str, deadline: Option<Timestamp>) -> Row {
        let check = &self.check;
        Row {
            host: host.to_owned(),
            key: Key::Check(check.id.clone()),
            name: check.name.clone(),
            description: check.description.clone(),
            version: Some(check.version.clone()),
            tags: check.tags.clone(),
            profile: check.profile.clone(),
            schedule: check.schedule.as_ref().map(|_| check.schedule_text.clone()),
            schedule_human: self.schedule_human.clone(),
            timeout_seconds: Some(check.timeout.as_secs_f64()),
            enabled: self.enabled,
            status: self.status,
            message: self.since.map(|_| self.message.clone()),
            since: self.since,
            last_run: self.last_run,
            next_run: self.next_run,
            deadline,
            marks: self.marks(),
            watch: None,
        }
    }

    fn marks(&self) -> Vec<&'static str> {
        let unsandboxed = self.check.sandbox == Sandbox::Off;
        let all = [
            (self.is_soft(), "soft"),
            (self.overdue, "overdue"),
            (self.drift.is_some(), "drift"),
            (self.modified.is_some(), "modified"),
            (self.check.wants_root(), "root"),
            (unsandboxed, "unsandboxed"),
            (!self.enabled, "disabled"),
        ];
        all.into_iter().filter_map(|(applies, word)| applies.then_some(word)).collect()
    }
}
