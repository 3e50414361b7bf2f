use std::io::Write;

use super::{Logs, Tested};
use crate::tail::{MAX_LINE, Start};

const NONE: [&str; 0] = [];

#[test]
fn each_complete_line_comes_once() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", "one\ntwo\n")?;
    assert_eq!(logs.poll("disk.log"), ["one", "two"]);
    assert_eq!(logs.poll("disk.log"), NONE);
    logs.append("disk.log", "three\n")?;
    assert_eq!(logs.poll("disk.log"), ["three"]);
    assert!(logs.errors.is_empty());
    Ok(())
}

#[test]
fn a_file_that_is_made_empty_first_is_followed() -> Tested {
    let mut logs = Logs::new()?;
    assert_eq!(logs.poll_all(), NONE);
    logs.append("disk.log", "")?;
    assert_eq!(logs.poll("disk.log"), NONE);
    logs.append("disk.log", "\n\none\n")?;
    assert_eq!(logs.poll("disk.log"), ["", "", "one"]);
    Ok(())
}

#[test]
fn a_line_written_in_pieces_is_one_line() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", "whole\nFAIL")?;
    assert_eq!(logs.poll("disk.log"), ["whole"]);
    logs.append("disk.log", "URE, ")?;
    assert_eq!(logs.poll("disk.log"), NONE);
    logs.append("disk.log", "full\n")?;
    assert_eq!(logs.poll("disk.log"), ["FAILURE, full"]);
    Ok(())
}

#[test]
fn any_bytes_pass_unchanged() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", b"a\0b\xff\xfe\r\n")?;
    let mut bytes = Vec::new();
    logs.tail.poll_all(&mut |new| bytes.extend_from_slice(new.bytes));
    assert_eq!(bytes, b"a\0b\xff\xfe\r\n");
    Ok(())
}

#[test]
fn the_longest_line_is_whole_and_a_longer_one_is_cut() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", format!("first\n{}\n{}\nlast\n", "x".repeat(MAX_LINE), "y".repeat(MAX_LINE + 1)))?;
    let lines = logs.poll("disk.log");
    assert_eq!(lines, ["first", &"x".repeat(MAX_LINE), &"y".repeat(MAX_LINE), "last"]);
    Ok(())
}

#[test]
fn a_line_of_100_mb_is_cut_also_when_it_comes_in_pieces_and_over_a_restart() -> Tested {
    let mut logs = Logs::new()?;
    let mut writer = logs.writer("disk.log")?;
    let piece = vec![b'z'; 10_000_000];
    let mut lines = Vec::new();
    for _ in 0..10 {
        writer.write_all(&piece)?;
        lines.extend(logs.poll("disk.log"));
    }
    logs.restart()?;
    assert_eq!(logs.poll_all(), NONE);
    writer.write_all(b"end\nnext\n")?;
    lines.extend(logs.poll("disk.log"));
    assert_eq!(lines, ["z".repeat(MAX_LINE), "next".to_string()]);
    Ok(())
}

#[test]
fn many_lines_come_in_bounded_chunks_of_whole_lines() -> Tested {
    let mut logs = Logs::new()?;
    let text: String = (0..50_000).map(|n| format!("line {n}\n")).collect();
    logs.append("disk.log", &text)?;
    let mut seen = Vec::new();
    let mut bounded = true;
    logs.tail.poll_all(&mut |new| {
        bounded &= new.bytes.len() <= MAX_LINE + 1 && new.bytes.ends_with(b"\n");
        seen.extend_from_slice(new.bytes);
    });
    assert!(bounded);
    assert_eq!(seen, text.as_bytes());
    Ok(())
}

#[test]
fn only_followed_ids_are_read() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("other.log", "other\n")?;
    logs.append("disk.log", "disk\n")?;
    for name in ["other.log", "disk.log.swp", "disk.logs", "disk.txt", "disk"] {
        assert_eq!(logs.poll(name), NONE, "{name}");
    }
    assert_eq!(logs.poll_all(), ["disk"]);
    logs.tail.forget("disk");
    logs.append("disk.log", "more\n")?;
    assert_eq!(logs.poll_all(), NONE);
    assert_eq!(logs.tail.position("disk"), None);
    Ok(())
}

#[test]
fn start_at_the_end_gives_only_what_comes_later() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", "old\nold, incompl")?;
    logs.tail.follow("disk", Start::End);
    logs.append("disk.log", "ete\nnew\n")?;
    assert_eq!(logs.poll_all(), ["old, incomplete", "new"]);
    Ok(())
}

#[test]
fn start_at_the_end_of_no_file_gives_all_of_it() -> Tested {
    let mut logs = Logs::new()?;
    logs.tail.follow("disk", Start::End);
    logs.append("disk.log", "first\n")?;
    assert_eq!(logs.poll_all(), ["first"]);
    Ok(())
}
