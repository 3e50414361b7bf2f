//! What is said and what is missing, over an injected clock.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::*;
use crate::schedule::Schedule;
use crate::status::Status;

type Tested = Result<(), Box<dyn std::error::Error>>;

const HOUR: Duration = Duration::from_secs(3600);

fn ping(due: Due, now: Timestamp) -> Result<Ping, NameError> {
    let (_, key) = Key::new([7; 16]);
    let grace = Duration::from_secs(600);
    let name = "backup".parse()?;
    Ok(Ping::new(Rule { name, description: None, key, due, grace }, now))
}

fn at(text: &str) -> Result<Timestamp, jiff::Error> {
    format!("2026-11-22T{text}Z").parse()
}

/// What was found, in a word each: runs with their ids, statuses with their messages.
fn told(findings: &[Finding]) -> String {
    let words = findings.iter().map(|finding| match finding {
        Finding::Began { run } => format!("{run} began"),
        Finding::Ended { run, began, end, .. } => {
            format!("{run} ended {end:?}{}", if began.is_some() { "" } else { " unbegun" })
        }
        Finding::Status { status, previous, message, run } => {
            format!("{previous}→{status} {}: {message}", run.as_deref().unwrap_or("-"))
        }
        Finding::Note { message, run } => format!("note {}: {message}", run.as_deref().unwrap_or("-")),
    });
    words.collect::<Vec<_>>().join("; ")
}

#[test]
fn each_signal_has_its_outcome() -> Tested {
    let mut ping = ping(Due::Every(HOUR), at("10:00:00")?)?;
    // The end of the address, the id that tells runs apart, what was sent, and what comes of it.
    for (number, (signal, rid, sent, expected)) in [
        ("", None, "", "0 ended Told(true) unbegun; UNKNOWN→OK 0: ended well"),
        ("start", None, "", "1 began"),
        ("log", None, "half\n\n", "note 1: half"),
        ("log", Some("x"), "", "note -: log"),
        ("", None, "1 of 2\n2 of 2 \r\n\n", "1 ended Told(true); OK→OK 1: 2 of 2"),
        ("fail", None, "", "5 ended Told(false) unbegun; OK→FAILURE 5: failed"),
        ("3", None, "no\u{7}space", "6 ended Code(3) unbegun; FAILURE→FAILURE 6: exited with 3: no\u{fffd}space"),
        ("0", None, "", "7 ended Code(0) unbegun; FAILURE→OK 7: exited with 0"),
        ("start", Some("a"), "", "8 began"),
        ("start", Some("b"), "", "9 began"),
        ("fail", Some("a"), "broke", "8 ended Told(false); OK→FAILURE 8: broke"),
        ("", Some("b"), "", "9 ended Told(true); FAILURE→OK 9: ended well"),
        ("start", None, "", "12 began"),
        ("start", None, "", "12 ended Lost; OK→ERROR 12: a run began and never told how it ended; 13 began"),
        ("", None, "", "13 ended Told(true); ERROR→OK 13: ended well"),
    ]
    .into_iter()
    .enumerate()
    {
        let signal = if signal.is_empty() { Signal::Success } else { Signal::read(signal).ok_or("no signal")? };
        let said = Said::new(signal, rid.map(str::to_owned), sent.as_bytes());
        let findings = ping.hear(&said, &number.to_string(), at("10:00:01")?);
        assert_eq!(told(&findings), expected, "call {number}");
    }
    Ok(())
}

#[test]
fn what_does_not_come_is_told_once_as_its_time_passes() -> Tested {
    let zone = TimeZone::UTC;
    let never = Timestamp::MIN;
    let said = |signal| Said::new(signal, None, b"");
    let mut every = ping(Due::Every(HOUR), at("10:00:00")?)?;
    assert_eq!(every.due(never, &zone), Some(at("11:10:00")?));
    assert_eq!(every.pass(never, &zone, at("11:09:59")?), []);
    let overdue = "UNKNOWN→UNKNOWN -: overdue since 2026-11-22 11:10:00 UTC: no ping came";
    assert_eq!(told(&every.pass(never, &zone, at("11:10:00")?)), overdue);
    assert_eq!((every.marks(), every.due(never, &zone)), (vec!["overdue"], None));
    assert_eq!(every.pass(never, &zone, at("15:00:00")?), []);
    // It survives the agent, which tells nothing twice.
    let memory = serde_json::from_str(&serde_json::to_string(&every.memory())?)?;
    let mut again = ping(Due::Every(HOUR), at("16:00:00")?)?;
    again.restore(memory);
    assert_eq!(again.pass(never, &zone, at("20:00:00")?), []);
    // A run that begins has its time to end.
    again.hear(&said(Signal::Start), "a", at("20:00:00")?);
    assert_eq!(again.due(never, &zone), Some(at("20:10:00")?));
    let hangs = "UNKNOWN→UNKNOWN -: overdue since 2026-11-22 20:10:00 UTC: a run has begun and does not end";
    assert_eq!(told(&again.pass(never, &zone, at("20:10:01")?)), hangs);
    assert_eq!(
        told(&again.hear(&said(Signal::Success), "b", at("20:11:00")?)),
        "a ended Told(true); UNKNOWN→OK a: ended well"
    );
    assert_eq!((again.marks(), again.due(never, &zone)), (vec![], Some(at("21:21:00")?)));
    // A host that was asleep heard nothing.
    assert_eq!(again.due(at("23:00:00")?, &zone), Some("2026-11-23T00:10:00Z".parse()?));
    // Other times begin anew; another text does not.
    let rule = Rule { description: Some("nightly".to_owned()), ..again.rule().clone() };
    again.expect(rule.clone(), at("22:00:00")?);
    assert_eq!(again.due(never, &zone), Some(at("21:21:00")?));
    again.expect(Rule { due: Due::Every(HOUR / 2), ..rule }, at("22:00:00")?);
    assert_eq!(again.due(never, &zone), Some(at("22:40:00")?));
    Ok(())
}

#[test]
fn what_is_overdue_by_an_old_rule_is_not_by_a_new_one() -> Tested {
    let (zone, never) = (TimeZone::UTC, Timestamp::MIN);
    let mut ping = ping(Due::Every(HOUR), at("10:00:00")?)?;
    ping.pass(never, &zone, at("12:00:00")?);
    let rule = Rule { due: Due::Every(HOUR * 24), ..ping.rule().clone() };
    ping.expect(rule, at("12:00:01")?);
    assert_eq!((ping.marks(), ping.message()), (vec![], "no result yet under its new rule"));
    assert_eq!(ping.pass(never, &zone, at("13:00:00")?), []);
    Ok(())
}

#[test]
fn who_is_expected_again_is_who_it_was_if_the_key_says_so() -> Tested {
    let (zone, never, back) = (TimeZone::UTC, Timestamp::MIN, at("20:00:00")?);
    let mut before = ping(Due::Every(HOUR), at("10:00:00")?)?;
    before.hear(&Said::new(Signal::Fail, None, b"no space"), "a", at("10:30:00")?);
    let again = Ping::again(before.rule().clone(), before.memory(), back);
    assert_eq!((again.status(), again.message()), (Status::Failure, "no space"));
    // Nothing was expected meanwhile.
    assert_eq!(again.due(never, &zone), Some(at("21:10:00")?));
    let other = Rule { key: Key::new([8; 16]).1, ..before.rule().clone() };
    assert_eq!(Ping::again(other, before.memory(), back).status(), Status::Unknown);
    Ok(())
}

#[test]
fn a_schedule_says_when_the_next_result_is_due() -> Tested {
    let text = "*-*-* 03:00";
    let schedule = Schedule::parse(text, jiff::tz::db()).map_err(|errors| format!("{errors:?}"))?;
    let zone = TimeZone::fixed(jiff::tz::offset(1));
    let mut nightly = ping(Due::At(schedule, text.to_owned()), at("10:00:00")?)?;
    let due = |ping: &Ping| ping.due(Timestamp::MIN, &zone);
    assert_eq!(due(&nightly), Some("2026-11-23T02:10:00Z".parse()?));
    nightly.hear(&Said::new(Signal::Success, None, b""), "a", "2026-11-23T02:01:00Z".parse()?);
    assert_eq!(due(&nightly), Some("2026-11-24T02:10:00Z".parse()?));
    assert_eq!(nightly.status(), Status::Ok);
    Ok(())
}

#[test]
fn runs_that_never_end_are_bounded_and_each_is_told() -> Tested {
    let now = at("10:00:00")?;
    let mut ping = ping(Due::Every(HOUR), now)?;
    let mut lost = 0;
    for number in 0..250 {
        let said = Said::new(Signal::Start, Some(format!("{number}")), b"");
        let findings = ping.hear(&said, &number.to_string(), now);
        lost += findings.iter().filter(|finding| matches!(finding, Finding::Ended { end: End::Lost, .. })).count();
    }
    assert_eq!(lost, 150);
    Ok(())
}

#[test]
fn of_much_that_is_sent_the_end_is_kept() {
    let sent = "ä".repeat(LONGEST) + "\nthe end";
    let said = Said::new(Signal::Fail, None, sent.as_bytes());
    assert!(said.text.ends_with("\nthe end") && said.text.len() <= LONGEST + "\u{fffd}".len());
    assert_eq!(said.message().as_deref(), Some("the end"));
}

#[test]
fn what_a_run_wrote_on_its_way_stays_with_it() -> Tested {
    let now = at("10:00:00")?;
    let mut ping = ping(Due::Every(HOUR), now)?;
    ping.hear(&Said::new(Signal::Start, None, b"begins"), "a", now);
    for number in 0..300 {
        ping.hear(&Said::new(Signal::Log, None, format!("step {number}").as_bytes()), "b", now);
    }
    let findings = ping.hear(&Said::new(Signal::Exit(1), None, b"no space\n"), "c", now);
    let Some(Finding::Ended { detail, .. }) = findings.first() else { return Err("no end".into()) };
    assert_eq!((detail.len(), detail[0].as_str(), detail[200].as_str()), (201, "step 100", "no space"));
    Ok(())
}
