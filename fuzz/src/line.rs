//! The lines of a log, and the performance data in them.

use ssi::line::{self, Line};
use ssi::{perfdata, status};

/// A piece of a log.
pub fn line(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for text in text.split('\n') {
        reads_back(&line::parse(text));
        guarded(text);
        measured(text);
        let (message, metrics) = perfdata::split(text);
        assert!(text.starts_with(message) && (message == text) == metrics.is_empty(), "{text:?}");
        assert!(line::near_miss(text).is_none() || !matches!(line::parse(text), Line::Status(_)), "{text:?}");
        assert!(!line::printable(text).chars().any(|c| c.is_control() && c != '\t'));
    }
}

/// What is written of a line that was read is read as the same line. Times and sizes are written with fewer digits, so
/// it is the second reading that must not differ from the third.
fn reads_back(first: &Line<'_>) {
    let text = first.to_string();
    let second = line::parse(&text);
    if let Line::Detail(_) | Line::Perfdata(_) | Line::Json(_) = first {
        assert_eq!(second, *first);
    }
    assert_eq!(std::mem::discriminant(first), std::mem::discriminant(&second), "{first:?} is written {text:?}");
    let again = second.to_string();
    assert_eq!(again, text, "{first:?}");
    assert_eq!(line::parse(&again), second);
    match first {
        Line::Status(line) => assert_ne!(line.status, status::Status::Unknown),
        Line::Perfdata(data) => measured(data),
        _ => {}
    }
}

/// No script can write a line of the runner.
fn guarded(text: &str) {
    assert!(matches!(line::parse(&line::detail(text)), Line::Detail(_)), "{text:?}");
}

fn measured(text: &str) {
    let metrics = perfdata::parse(text);
    let written = perfdata::render(&metrics);
    assert_eq!(perfdata::parse(&written), metrics, "{written:?}");
}
