//! From a script to a check, collecting every mistake on the way.

use jiff::tz::TimeZoneDatabase;

use super::reader::Reader;
use super::{
    Check, DEFAULT_MEMORY, DEFAULT_TASKS, DEFAULT_TIMEOUT, Limits, MAX_SCRIPT_BYTES, Mistake, Network, Parsed,
    Protocol, Sandbox, default_jitter, default_persistent, fields,
};
use crate::header::{self, Key};
use crate::source::{Problem, Span, has_errors};

/// Reads the header of a script.
///
/// Errors: all problems of the script, errors and warnings, in the order of
/// the script; at least one of them is an error.
///
/// ```
/// use jiff::tz::TimeZoneDatabase;
/// use ssi::check::{self, Limits};
///
/// let header = "# name: Disk\n# description: Free space\n# version: 1.0\n# schedule: hourly\n";
/// let script = format!("#!/bin/bash\n{header}echo OK\n");
/// let zones = TimeZoneDatabase::bundled();
/// let parsed = check::parse(script.as_bytes(), &zones, &Limits::default());
/// assert_eq!(parsed.map(|parsed| parsed.check.id.to_string()), Ok("disk".to_owned()));
/// ```
pub fn parse(script: &[u8], zones: &TimeZoneDatabase, limits: &Limits) -> Result<Parsed, Vec<Problem>> {
    if script.len() > MAX_SCRIPT_BYTES {
        return Err(vec![Mistake::TooLarge.at(Span::new(0, 0))]);
    }
    let (header, problems) = header::scan(script);
    if header.entries.is_empty() && header.misnamed.is_empty() {
        return Err(sorted(problems));
    }
    let mut reader = Reader { header, problems };
    let check = check(&mut reader, zones, limits);
    let problems = sorted(reader.problems);
    match check {
        Some(check) if !has_errors(&problems) => Ok(Parsed { check, warnings: problems }),
        _ => Err(problems),
    }
}

/// The section that a header names, whatever else is wrong with it.
pub fn section(script: &[u8]) -> Option<String> {
    let text = header::scan(script).0.find(Key::Section)?.value?.to_owned();
    fields::section(Key::Section, &text).ok()
}

fn sorted(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by_key(|problem| (problem.span.start, problem.severity));
    problems
}

/// None where a required key is missing or wrong. Every key is read before
/// that is decided, so that no mistake hides another.
fn check(reader: &mut Reader, zones: &TimeZoneDatabase, limits: &Limits) -> Option<Check> {
    let name = reader.value(Key::Name, |key, text| fields::text(key, text, 3, 60));
    let description = reader.value(Key::Description, |key, text| fields::text(key, text, 1, 255));
    let version = reader.value(Key::Version, |key, text| fields::text(key, text, 1, 64));
    let id = reader.id(name.as_deref());
    let schedule = reader.schedule(zones);
    let timeout = reader.value(Key::Timeout, |_, text| fields::timeout(text, limits.max_timeout));
    let user = reader.value(Key::User, fields::account);
    let group = reader.value(Key::Group, fields::account);
    let sandbox = reader.choice(Key::Sandbox, Sandbox::ALL);
    let capabilities = reader.value(Key::Capabilities, |_, text| fields::capabilities(text));
    reader.capabilities_need_standard(sandbox.unwrap_or_default());
    let jitter = reader.jitter(schedule.as_ref());
    let persistent = reader.value(Key::Persistent, fields::yes_no);
    let on_boot = reader.value(Key::OnBoot, fields::duration);
    let protocol = reader.choice(Key::Protocol, Protocol::ALL);
    let section = reader.value(Key::Section, fields::section);
    reader.section_needs_json(protocol);
    let env_file = reader.value(Key::EnvFile, fields::absolute_path);
    let credentials = reader.credentials();
    let memory = reader.value(Key::Memory, |_, text| fields::memory(text));
    let tasks = reader.value(Key::Tasks, fields::count);
    let network = reader.choice(Key::Network, Network::ALL);
    let state = reader.value(Key::State, fields::yes_no);
    let confirm = reader.value(Key::Confirm, fields::count);
    let stale_after = reader.value(Key::StaleAfter, fields::positive_duration);
    let tags = reader.value(Key::Tags, |_, text| fields::tags(text));
    let runbook = reader.value(Key::Runbook, |_, text| fields::url(text));
    let profile = reader.value(Key::Profile, fields::word);
    reader.missing();

    Some(Check {
        id: id?,
        name: name?,
        description: description?,
        version: version?,
        schedule_text: reader.text(Key::Schedule).unwrap_or_default().to_owned(),
        timeout: timeout.unwrap_or(DEFAULT_TIMEOUT.min(limits.max_timeout)),
        user,
        group,
        sandbox: sandbox.unwrap_or_default(),
        capabilities: capabilities.unwrap_or_default(),
        jitter: jitter.unwrap_or_else(|| default_jitter(schedule.as_ref())),
        persistent: persistent.unwrap_or_else(|| default_persistent(schedule.as_ref())),
        on_boot,
        protocol: protocol.unwrap_or_default(),
        section,
        env_file,
        credentials,
        memory: memory.unwrap_or(DEFAULT_MEMORY),
        tasks: tasks.unwrap_or(DEFAULT_TASKS),
        network: network.unwrap_or_default(),
        state: state.unwrap_or_default(),
        confirm: confirm.unwrap_or(1),
        stale_after,
        tags: tags.unwrap_or_default(),
        runbook,
        profile,
        schedule,
    })
}
