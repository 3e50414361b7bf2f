//! A check written as a header again.

use std::fmt::Display;

use super::{
    Check, CheckId, DEFAULT_MEMORY, DEFAULT_TASKS, DEFAULT_TIMEOUT, Network, Protocol, Sandbox, default_jitter,
    default_persistent,
};
use crate::header::Key;
use crate::timespan;

impl Check {
    /// The header lines of this check: the required keys, then each one that
    /// differs from its default. [`super::parse`] makes the same check of them
    /// (under the same limits).
    pub fn to_header(&self) -> String {
        let mut lines = Lines(String::new());
        let schedule = self.schedule.as_ref();
        lines.put(Key::Name, &self.name);
        lines.put(Key::Description, &self.description);
        lines.put(Key::Version, &self.version);
        lines.put_if(!self.schedule_text.is_empty(), Key::Schedule, &self.schedule_text);
        let timeout = timespan::render(self.timeout);
        lines.put_if(self.timeout != DEFAULT_TIMEOUT, Key::Timeout, timeout);
        let own_id = CheckId::from_name(&self.name).as_ref() != Some(&self.id);
        lines.put_if(own_id, Key::Id, &self.id);
        lines.put_some(Key::User, self.user.as_ref());
        lines.put_some(Key::Group, self.group.as_ref());
        lines.put_if(self.sandbox != Sandbox::default(), Key::Sandbox, self.sandbox);
        let capabilities: Vec<&str> = self.capabilities.iter().map(|capability| capability.as_str()).collect();
        lines.put_if(!capabilities.is_empty(), Key::Capabilities, capabilities.join(" "));
        let jitter = timespan::render(self.jitter);
        lines.put_if(self.jitter != default_jitter(schedule), Key::Jitter, jitter);
        let own_persistent = self.persistent != default_persistent(schedule);
        lines.put_if(own_persistent, Key::Persistent, yes_no(self.persistent));
        lines.put_some(Key::OnBoot, self.on_boot.map(timespan::render));
        lines.put_if(self.protocol != Protocol::default(), Key::Protocol, self.protocol);
        lines.put_some(Key::Section, self.section.as_ref());
        lines.put_some(Key::EnvFile, self.env_file.as_ref());
        for credential in &self.credentials {
            lines.put(Key::Credential, credential);
        }
        lines.put_if(self.memory != DEFAULT_MEMORY, Key::Memory, size(self.memory));
        lines.put_if(self.tasks != DEFAULT_TASKS, Key::Tasks, self.tasks);
        lines.put_if(self.network != Network::default(), Key::Network, self.network);
        lines.put_if(self.state, Key::State, yes_no(self.state));
        lines.put_if(self.confirm != 1, Key::Confirm, self.confirm);
        lines.put_some(Key::StaleAfter, self.stale_after.map(timespan::render));
        lines.put_if(!self.tags.is_empty(), Key::Tags, self.tags.join(" "));
        lines.put_some(Key::Runbook, self.runbook.as_ref());
        lines.put_some(Key::Profile, self.profile.as_ref());
        lines.0
    }
}

struct Lines(String);

impl Lines {
    fn put(&mut self, key: Key, value: impl Display) {
        self.0.push_str(&format!("# {key}: {value}\n"));
    }

    fn put_if(&mut self, differs: bool, key: Key, value: impl Display) {
        if differs {
            self.put(key, value);
        }
    }

    fn put_some(&mut self, key: Key, value: Option<impl Display>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }
}

fn yes_no(value: bool) -> &'static str {
    match value {
        true => "yes",
        false => "no",
    }
}

/// Bytes with the largest suffix that divides them.
fn size(bytes: u64) -> String {
    let units = [(40, "T"), (30, "G"), (20, "M"), (10, "K")];
    let fitting = units.iter().find(|(shift, _)| bytes.is_multiple_of(1 << shift));
    match fitting {
        Some((shift, suffix)) => format!("{}{suffix}", bytes >> shift),
        None => bytes.to_string(),
    }
}
