//! Reads the keys of one header and keeps what is wrong with them.

use std::time::Duration;

use jiff::tz::TimeZoneDatabase;

use super::fields::{self, Fault};
use super::{CheckId, Credential, MAX_CREDENTIALS, Mistake, Protocol, Sandbox};
use crate::header::{Entry, Header, Key};
use crate::schedule::Schedule;
use crate::source::{Problem, Span};

pub struct Reader<'a> {
    pub header: Header<'a>,
    pub problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    /// The meaning of a key's value; None where the key is absent or wrong.
    pub fn value<T>(&mut self, key: Key, read: impl Fn(Key, &str) -> Result<T, Fault>) -> Option<T> {
        let entry = self.header.find(key)?.clone();
        self.entry(&entry, read)
    }

    pub fn choice<T: Copy>(&mut self, key: Key, values: &[(&'static str, T)]) -> Option<T> {
        self.value(key, |key, text| fields::choice(key, text, values))
    }

    /// The value as it is written.
    pub fn text(&self, key: Key) -> Option<&'a str> {
        self.header.find(key)?.value
    }

    pub fn id(&mut self, name: Option<&str>) -> Option<CheckId> {
        if self.header.find(Key::Id).is_some() {
            return self.value(Key::Id, |_, text| text.parse().map_err(|error| Mistake::Id(error).into()));
        }
        let id = CheckId::from_name(name?);
        if id.is_none() {
            self.report(Key::Name, Mistake::NoId);
        }
        id
    }

    pub fn schedule(&mut self, zones: &TimeZoneDatabase) -> Option<Schedule> {
        let entry = self.header.find(Key::Schedule)?.clone();
        if let Some(profile) = self.header.find(Key::Profile) {
            let problem = Mistake::ScheduleWithProfile.at(entry.key_span);
            let remark = "the profile is chosen here";
            self.problems.push(problem.related(profile.key_span, remark));
        }
        match Schedule::parse(entry.value?, zones) {
            Ok(schedule) => Some(schedule),
            Err(errors) => {
                let problems = errors.iter().map(|error| {
                    let mistake = Mistake::Schedule {
                        message: error.to_string(),
                        suggestion: error.suggestion().map(str::to_owned),
                    };
                    mistake.at(entry.value_span.within(error.span.clone()))
                });
                self.problems.extend(problems);
                None
            }
        }
    }

    pub fn jitter(&mut self, schedule: Option<&Schedule>) -> Option<Duration> {
        let jitter = self.value(Key::Jitter, fields::duration)?;
        if schedule.and_then(Schedule::period).is_some_and(|period| jitter > period) {
            self.report(Key::Jitter, Mistake::Jitter(jitter));
        }
        Some(jitter)
    }

    pub fn section_needs_json(&mut self, protocol: Option<Protocol>) {
        let is_wrong = self.header.find(Key::Protocol).is_some() && protocol.is_none();
        if protocol != Some(Protocol::Json) && !is_wrong && self.text(Key::Section).is_some() {
            self.report(Key::Section, Mistake::SectionProtocol);
        }
    }

    pub fn capabilities_need_standard(&mut self, sandbox: Sandbox) {
        if sandbox != Sandbox::Standard {
            self.report(Key::Capabilities, Mistake::CapabilitiesSandbox(sandbox));
        }
    }

    pub fn credentials(&mut self) -> Vec<Credential> {
        let entries: Vec<Entry> = self.header.all(Key::Credential).cloned().collect();
        let mut found: Vec<(Credential, Span)> = Vec::new();
        for (index, entry) in entries.into_iter().enumerate() {
            if index == MAX_CREDENTIALS {
                let problem = Mistake::TooManyCredentials.at(entry.key_span);
                self.problems.push(problem);
                break;
            }
            let Some(credential) = self.entry(&entry, |_, text| fields::credential(text)) else {
                continue;
            };
            let same = found.iter().find(|(other, _)| other.name == credential.name);
            match same {
                None => found.push((credential, entry.value_span)),
                Some((_, first)) => {
                    let problem = Mistake::CredentialTwice(credential.name).at(entry.value_span);
                    self.problems.push(problem.related(*first, "first given here"));
                }
            }
        }
        found.into_iter().map(|(credential, _)| credential).collect()
    }

    /// Reports the required keys that are not there: at the words that stand
    /// in their place, in the body where they do not count, or else together.
    pub fn missing(&mut self) {
        let has_profile = self.header.find(Key::Profile).is_some();
        let mut missing = Vec::new();
        for key in Key::ALL.iter().copied().filter(|key| key.is_required()) {
            let is_due = key != Key::Schedule || !has_profile;
            if !is_due || self.header.find(key).is_some() {
                continue;
            }
            let place = |places: &[(Key, Span)]| {
                let found = places.iter().find(|(other, _)| *other == key);
                found.map(|(_, span)| *span)
            };
            if let Some(span) = place(&self.header.misnamed) {
                self.problems.retain(|other| other.span != span);
                self.problems.push(Mistake::Misnamed(key).at(span));
            } else if let Some(span) = place(&self.header.stray) {
                let problem = Mistake::Stray(key).at(span);
                self.problems.push(match self.header.code {
                    Some(code) => problem.related(code, "the header ended here"),
                    None => problem,
                });
            } else {
                missing.push(key);
            }
        }
        if !missing.is_empty() {
            let last = self.header.entries.last();
            let line = last.map(|entry| Span::new(entry.key_span.start, entry.value_span.end));
            let misnamed = self.header.misnamed.first().map(|(_, span)| *span);
            let place = line.or(misnamed).unwrap_or(Span::new(0, 0));
            self.problems.push(Mistake::Missing(missing).at(place));
        }
    }

    fn entry<T>(&mut self, entry: &Entry, read: impl Fn(Key, &str) -> Result<T, Fault>) -> Option<T> {
        match read(entry.key, entry.value?) {
            Ok(value) => Some(value),
            Err(Fault { range, mistake }) => {
                let whole = entry.value_span;
                let span = range.map_or(whole, |range| whole.within(range));
                self.problems.push(mistake.at(span));
                None
            }
        }
    }

    /// A mistake in the whole value of a key that is there.
    fn report(&mut self, key: Key, mistake: Mistake) {
        if let Some(entry) = self.header.find(key) {
            self.problems.push(mistake.at(entry.value_span));
        }
    }
}
