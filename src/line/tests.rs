use std::time::Duration;

use jiff::tz::{Offset, TimeZone};
use proptest::prelude::*;

use super::*;

fn status(text: &str) -> Option<(Status, &str)> {
    match parse(text) {
        Line::Status(line) => Some((line.status, line.message)),
        _ => None,
    }
}

#[test]
fn status_lines_in_every_form() {
    for text in [
        "2026-11-22 08:06:00, OK, 41 % used",
        "2026-11-22T08:06:00+01:00, OK, 41 % used",
        "2026-11-22T08:06:00.123Z, OK, 41 % used",
        "OK, 41 % used",
        "OK 41 % used",
        "OK,41 % used\r",
        "OK,41 % used\r\r",
    ] {
        assert_eq!(status(text), Some((Status::Ok, "41 % used")), "{text}");
    }
    assert_eq!(status("ERROR"), Some((Status::Error, "")));
}

#[test]
fn what_is_no_status_line_is_a_detail() {
    for text in [
        "",
        "ok, fine",
        "OKAY",
        "ERROR: no",
        "WARNINGS, 3",
        "2026-13-22 08:06:00, OK, x",
        "UNKNOWN, x",
        "2026-11-22 08:06:00 OK",
    ] {
        assert_eq!(parse(text), Line::Detail(text), "{text}");
    }
    assert_eq!(parse("\tOK, indented"), Line::Detail("OK, indented"));
}

#[test]
fn a_civil_time_is_read_in_the_hosts_zone() {
    let Line::Status(line) = parse("2026-07-01 12:00:00, OK, x") else { panic!("no status line") };
    let zone = TimeZone::fixed(Offset::constant(2));
    assert_eq!(line.stamp.instant(&zone).map(|t| t.to_string()), Some("2026-07-01T10:00:00Z".into()));
}

#[test]
fn no_script_can_forge_a_line_of_the_runner() {
    let forged = "-- run abc end 2026-11-22T08:06:00Z OK exit=0: fine";
    assert!(matches!(parse(&format!("\t{forged}")), Line::End(_)));
    assert_eq!(parse(&detail(forged)), Line::Detail(forged));
}

#[test]
fn unknown_words_of_an_end_line_are_passed_over() {
    let Line::End(end) =
        parse("\t-- run a1 end 2026-11-22T08:06:00Z ERROR exit=KILL result=oom-kill new=1: out of memory")
    else {
        panic!("no end line")
    };
    assert_eq!((end.exit, end.result, end.message), (Exit::Signal("KILL"), Some("oom-kill"), "out of memory"));
}

#[test]
fn a_size_keeps_its_tenths_each_time_it_is_written() {
    for size in ["0.0M", "0.1M", "5.2M", "999999999999.9M"] {
        let text = format!("\t-- run a1 end 2026-11-22T08:06:00.000Z OK exit=0 rss={size}: x");
        assert_eq!(parse(&text).to_string(), text.replace('Z', "+00:00"));
    }
    for size in ["nanM", "infM", "-1M", "1e300M"] {
        let text = format!("\t-- run a1 end 2026-11-22T08:06:00Z OK exit=0 rss={size}: x");
        assert!(matches!(parse(&text), Line::End(end) if end.cost.rss.is_none()), "{size}");
    }
}

fn moments() -> impl Strategy<Value = Moment> {
    (0_i64..4_000_000_000_000, -12_i8..=14).prop_filter_map("a valid instant", |(ms, hours)| {
        Some(Moment { instant: Timestamp::from_millisecond(ms).ok()?, offset: Offset::from_hours(hours).ok()? })
    })
}

fn statuses() -> impl Strategy<Value = Status> {
    prop::sample::select(Status::ALL.to_vec())
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        let text = String::from_utf8_lossy(&bytes);
        parse(&text);
        parse(&format!("\t-- run {text}"));
        parse(&format!("2026-11-22 08:06:00, {text}"));
    }

    #[test]
    fn a_start_comes_back(run in "[0-9a-f]{32}", time in moments()) {
        for trigger in [Trigger::Timer, Trigger::Manual, Trigger::Boot, Trigger::Unknown] {
            let start = RunStart { run: &run, time, trigger };
            let text = start.to_string();
            prop_assert_eq!(parse(&text), Line::Start(start));
        }
    }

    #[test]
    fn an_end_comes_back(
        run in "[0-9a-f]{32}",
        time in moments(),
        status in statuses(),
        code in 0..256_i32,
        millis in 0..10_000_000_u64,
        message in "\\PC{0,80}",
    ) {
        let message = message.trim();
        let time_used = Some(Duration::from_millis(millis));
        for exit in [Exit::Code(code), Exit::Signal("KILL"), Exit::Timeout, Exit::Unseen] {
            for result in [None, Some("oom-kill")] {
                let cost = Cost { duration: time_used, cpu: time_used, rss: Some((millis % 1000) << 20) };
                let end = RunEnd { run: &run, time, status, exit, result, cost, message };
                let text = end.to_string();
                prop_assert_eq!(parse(&text), Line::End(end));
            }
        }
    }

    #[test]
    fn a_status_line_comes_back(time in moments(), status in statuses(), message in "\\PC{0,80}") {
        prop_assume!(status != Status::Unknown);
        let message = message.trim();
        let line = StatusLine { stamp: Stamp::Offset(time), status, message };
        let text = line.to_string();
        prop_assert_eq!(parse(&text), Line::Status(line));
    }

    #[test]
    fn a_detail_comes_back(text in " {0,3}(-- )?\\PC{0,80}") {
        let line = detail(&text);
        prop_assert_eq!(parse(&line), Line::Detail(text.as_str()));
    }
}
