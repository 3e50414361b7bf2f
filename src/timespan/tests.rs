use super::TimespanErrorKind::*;
use super::*;
use proptest::prelude::*;

#[test]
fn reads_every_unit() {
    let rows = [
        ("0", 0),
        ("20", 20_000),
        ("20s", 20_000),
        ("20 sec", 20_000),
        ("1min", 60_000),
        ("30m", 1_800_000),
        ("1h 30min", 5_400_000),
        ("1h30min", 5_400_000),
        ("2 hours 1 minute", 7_260_000),
        ("1.5h", 5_400_000),
        ("0.25s", 250),
        ("500ms", 500),
        ("1500000us", 1_500),
        ("7000 µs", 7),
        ("1d", 86_400_000),
        ("1w", 604_800_000),
        ("1M", 2_629_800_000),
        ("1y", 31_557_600_000),
        ("  5s\t", 5_000),
    ];
    for (text, millis) in rows {
        assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
    }
}

#[test]
fn points_at_the_mistake_and_shows_the_right_form() {
    let rows: [(&str, Range<usize>, TimespanErrorKind, Option<&str>); 14] = [
        ("", 0..0, Empty, None),
        ("  ", 0..2, Empty, None),
        ("-5s", 0..3, Negative, None),
        ("20 (Seconds)", 3..12, NotANumber("(Seconds)".into()), Some("20s")),
        ("20 (Seconds - Optional)", 3..23, NotANumber("(Seconds - Optional)".into()), Some("20s")),
        ("20 # seconds", 3..12, NotANumber("# seconds".into()), Some("20s")),
        ("20 Seconds", 3..10, Unit("Seconds".into()), Some("20s")),
        ("5 Min.", 2..5, Unit("Min".into()), Some("5min")),
        ("1h 30", 3..5, NoUnit("30".into()), None),
        ("1 30s", 0..1, NoUnit("1".into()), None),
        ("3 apples", 2..8, Unit("apples".into()), None),
        ("never", 0..5, NotANumber("never".into()), None),
        ("1.h", 1..3, NotANumber(".h".into()), None),
        ("99999999999y", 0..12, Overflow, None),
    ];
    for (text, span, kind, suggestion) in rows {
        let error = parse(text).expect_err(text);
        let suggestion = suggestion.map(str::to_owned);
        let expected = TimespanError { span, kind, suggestion };
        assert_eq!(error, expected, "{text}");
    }
}

#[test]
fn renders_the_normal_form() {
    let rows = [
        (0, "0s"),
        (500, "500ms"),
        (20_000, "20s"),
        (90_000, "1min 30s"),
        (5_400_000, "1h 30min"),
        (86_400_000 * 14, "14d"),
    ];
    for (millis, text) in rows {
        assert_eq!(render(Duration::from_millis(millis)), text);
    }
    assert_eq!(words(Duration::from_secs(90)), "1 min 30 s");
    assert_eq!(words(Duration::ZERO), "0 s");
}

proptest! {
    #[test]
    fn what_is_rendered_reads_back(seconds in 0..u64::MAX / 1_000_001, nanos in 0..1_000_000_000_u32) {
        let duration = Duration::new(seconds, nanos);
        prop_assert_eq!(parse(&render(duration)), Ok(duration));
    }

    #[test]
    fn no_text_panics(text in ".{0,40}") {
        let _ = parse(&text);
    }

    #[test]
    fn suggestions_are_durations(text in "[0-9]{1,3}[ .(-]{0,2}[A-Za-z]{0,7}[ .)#-]{0,2}[0-9a-z ]{0,6}") {
        if let Err(error) = parse(&text) && let Some(meant) = error.suggestion() {
            prop_assert!(parse(meant).is_ok(), "{} -> {}", text, meant);
        }
    }
}
