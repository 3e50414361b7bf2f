//! One entry of the journal: an outcome as the fields of the native protocol, and back from what `journalctl` prints.

use std::fmt::Write;

use serde::Deserialize;

use super::MESSAGE_ID;
use crate::check::CheckId;
use crate::line::{self, Line};
use crate::outcome::Outcome;
use crate::unit::{self, Scope};

/// The fields that [`read`] needs, for `--output-fields=`.
pub(super) const FIELDS: &str = "SSI_CHECK,SSI_START,SSI_END,_SYSTEMD_UNIT,_SYSTEMD_USER_UNIT,_UID";

/// Users from this number on are people; what systemd runs for checks has a smaller one, or one that it made up.
const FIRST_PERSON: u32 = 1000;
/// The users that `DynamicUser=` makes up.
const DYNAMIC: std::ops::RangeInclusive<u32> = 61184..=65519;

/// The entry as one datagram: `KEY=value` lines. No value holds a newline.
pub(super) fn write(outcome: &Outcome) -> Vec<u8> {
    let Outcome { check, run, status, trigger, start, end, .. } = outcome;
    // What a check found is no error of the host: whoever counts errors in the journal, with a check above all, must not count this.
    let priority = if status.is_healthy() { 6 } else { 5 };
    let mut out = format!(
        "MESSAGE={check}: {status} {message}\n\
         MESSAGE_ID={MESSAGE_ID}\n\
         PRIORITY={priority}\n\
         SYSLOG_IDENTIFIER=ssi\n\
         SSI_CHECK={check}\n\
         SSI_RUN={run}\n\
         SSI_STATUS={status}\n\
         SSI_TRIGGER={trigger}\n",
        message = outcome.message(),
    );
    for (key, line) in [("SSI_START", start.as_deref()), ("SSI_END", Some(end.as_str()))] {
        if let Some(line) = line {
            // Writing to a string can't fail.
            let _ = writeln!(out, "{key}={}", line.trim_start_matches('\t'));
        }
    }
    out.into_bytes()
}

#[derive(Deserialize)]
struct Fields {
    #[serde(rename = "SSI_CHECK")]
    check: String,
    #[serde(rename = "SSI_START")]
    start: Option<String>,
    #[serde(rename = "SSI_END")]
    end: String,
    #[serde(rename = "_SYSTEMD_UNIT")]
    unit: Option<String>,
    #[serde(rename = "_SYSTEMD_USER_UNIT")]
    user_unit: Option<String>,
    #[serde(rename = "_UID")]
    uid: Option<String>,
}

/// The outcome in one line of `journalctl -o json`; `None` when it is none of ours.
///
/// Everybody may write to the journal, so an entry counts only with the unit that the journal itself saw as its sender. A sender that is
/// gone before the journal looks has none; then the user, which the kernel tells, must be one that services run as.
pub(super) fn read(json: &str, scope: Scope, own_uid: u32) -> Option<Outcome> {
    let fields: Fields = serde_json::from_str(json).ok()?;
    let check: CheckId = fields.check.parse().ok()?;
    let uid: Option<u32> = fields.uid.and_then(|uid| uid.parse().ok());
    let is_ours = |name: &String| *name == unit::service_name(&check) || *name == unit::handler::instance(&check);
    let is_genuine = match scope {
        Scope::System => fields
            .unit
            .as_ref()
            .map_or_else(|| uid.is_some_and(|uid| uid < FIRST_PERSON || DYNAMIC.contains(&uid)), is_ours),
        Scope::User => uid == Some(own_uid) && fields.user_unit.as_ref().is_none_or(is_ours),
    };
    let line = |text: &str| format!("\t{text}");
    let outcome = Outcome::from_lines(check, fields.start.as_deref().map(line).as_deref(), &line(&fields.end))?;
    // A line that could not have been written by the runner is no line of it.
    let is_one_line = matches!(line::parse(&outcome.end), Line::End(_)) && !outcome.end.contains('\n');
    (is_genuine && is_one_line).then_some(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const START: &str = "\t-- run abc start 2026-11-22T08:06:00.000+01:00 trigger=timer";
    const END: &str =
        "\t-- run abc end 2026-11-22T08:06:01.000+01:00 WARNING exit=0 duration=1.000s: 91 % \u{fffd} used";

    fn outcome() -> Result<Outcome, Box<dyn std::error::Error>> {
        Ok(Outcome::from_lines("disk".parse()?, Some(START), END).ok_or("no end line")?)
    }

    /// What the journal makes of a datagram.
    fn stored(datagram: &[u8], unit: Option<&str>, uid: &str) -> Result<Value, Box<dyn std::error::Error>> {
        let mut stored = json!({"_UID": uid});
        for line in std::str::from_utf8(datagram)?.lines() {
            let (key, value) = line.split_once('=').ok_or("no field")?;
            stored[key] = json!(value);
        }
        if let Some(unit) = unit {
            stored["_SYSTEMD_UNIT"] = json!(unit);
        }
        Ok(stored)
    }

    #[test]
    fn an_outcome_comes_back_whole() -> Result<(), Box<dyn std::error::Error>> {
        let outcome = outcome()?;
        let stored = stored(&write(&outcome), Some("ssi_disk.service"), "61999")?;
        assert_eq!(stored["MESSAGE"], "disk: WARNING 91 % \u{fffd} used");
        assert_eq!(
            (&stored["SSI_RUN"], &stored["SSI_TRIGGER"], &stored["PRIORITY"]),
            (&json!("abc"), &json!("timer"), &json!("5"))
        );
        assert_eq!(read(&stored.to_string(), Scope::System, 0), Some(outcome));
        Ok(())
    }

    #[test]
    fn only_services_of_the_check_are_believed() -> Result<(), Box<dyn std::error::Error>> {
        let datagram = write(&outcome()?);
        for (unit, uid, is_believed) in [
            (Some("ssi_disk.service"), "1000", true),
            (Some("ssi-ended@disk.service"), "0", true),
            (Some("ssi_other.service"), "0", false),
            (Some("user@1000.service"), "1000", false),
            (Some("session-1.scope"), "0", false),
            (None, "998", true),
            (None, "61184", true),
            (None, "1000", false),
        ] {
            let json = stored(&datagram, unit, uid)?.to_string();
            assert_eq!(read(&json, Scope::System, 0).is_some(), is_believed, "{unit:?} {uid}");
        }
        let json = stored(&datagram, Some("user@1000.service"), "1000")?.to_string();
        assert!(read(&json, Scope::User, 1000).is_some() && read(&json, Scope::User, 1001).is_none());
        Ok(())
    }
}
