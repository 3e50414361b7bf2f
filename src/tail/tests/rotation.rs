use std::fs;
use std::io::Write;

use super::{Logs, Tested};
use crate::tail::TailError;

const NONE: [&str; 0] = [];

#[test]
fn the_renamed_file_is_read_to_its_end_before_the_new_one() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", "1\n")?;
    assert_eq!(logs.poll_all(), ["1"]);
    logs.append("disk.log", "2\n")?;
    logs.rename("disk.log", "disk.log.1")?;
    logs.append("disk.log", "3\n")?;
    assert_eq!(logs.poll("disk.log"), ["2", "3"]);
    assert!(logs.errors.is_empty());
    Ok(())
}

// systemd cannot be asked to reopen an `append:` file: a long run goes on writing to the rotated one.
#[test]
fn late_lines_of_a_rotated_file_are_followed() -> Tested {
    let mut logs = Logs::new()?;
    let mut run = logs.writer("disk.log")?;
    run.write_all(b"start\n")?;
    assert_eq!(logs.poll_all(), ["start"]);
    logs.rename("disk.log", "disk.log.1")?;
    assert_eq!(logs.poll("disk.log"), NONE);
    run.write_all(b"end\n")?;
    assert_eq!(logs.poll("disk.log.1"), ["end"]);
    logs.append("disk.log", "next\n")?;
    assert_eq!(logs.poll("disk.log"), ["next"]);
    logs.rename("disk.log.1", "disk.log.2")?;
    run.write_all(b"very late\n")?;
    assert_eq!(logs.poll("disk.log.2"), ["very late"]);

    assert_eq!(logs.tail.position("disk").map(|position| position.older.len()), Some(1));
    run.write_all(b"last\n")?;
    let mut last = Vec::new();
    logs.tail.retire_done("disk", &mut |new| last.extend_from_slice(new.bytes));
    assert_eq!(last, b"last\n");
    assert_eq!(logs.tail.position("disk").map(|position| position.older.len()), Some(0));
    Ok(())
}

#[test]
fn rotated_files_are_closed_when_too_many_and_deleted_ones_are_forgotten() -> Tested {
    let mut logs = Logs::new()?;
    let older = |logs: &Logs| logs.tail.position("disk").map(|position| position.older.len());
    for turn in 1..=4 {
        logs.append("disk.log", format!("{turn}\n"))?;
        assert_eq!(logs.poll("disk.log"), [turn.to_string()]);
        logs.rename("disk.log", &format!("disk.log-2026010{turn}"))?;
        logs.append("disk.log", "")?;
        assert_eq!(logs.poll("disk.log"), NONE);
    }
    assert_eq!(older(&logs), Some(crate::tail::MAX_RETIRED));
    fs::remove_file(logs.path("disk.log-20260104"))?;
    assert_eq!(logs.poll("disk.log-20260104"), NONE);
    assert_eq!(older(&logs), Some(1));
    Ok(())
}

#[test]
fn a_deleted_file_is_read_on_until_it_is_closed() -> Tested {
    let mut logs = Logs::new()?;
    let mut writer = logs.writer("disk.log")?;
    writer.write_all(b"1\n")?;
    assert_eq!(logs.poll("disk.log"), ["1"]);
    fs::remove_file(logs.path("disk.log"))?;
    assert_eq!(logs.poll("disk.log"), NONE);
    writer.write_all(b"2\n")?;
    assert_eq!(logs.poll("disk.log"), ["2"]);
    logs.append("disk.log", "4\n")?;
    writer.write_all(b"3\n")?;
    assert_eq!(logs.poll("disk.log"), ["3", "4"]);
    writer.write_all(b"5\n")?;
    let mut late = Vec::new();
    let errors = logs.tail.close_deleted("disk", &mut |lines| late.push(lines.bytes.to_vec()));
    assert!(errors.is_empty() && late == [b"5\n"], "{errors:?} {late:?}");
    writer.write_all(b"6\n")?;
    logs.append("disk.log", "7\n")?;
    assert_eq!(logs.poll("disk.log"), ["7"]);
    Ok(())
}

#[test]
fn files_rotated_away_unseen_are_read_in_order() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", "1\n")?;
    assert_eq!(logs.poll_all(), ["1"]);
    for turn in 2..=4 {
        logs.append("disk.log", format!("{turn}\n"))?;
        for number in (1..3).rev() {
            if logs.path(&format!("disk.log.{number}")).exists() {
                logs.rename(&format!("disk.log.{number}"), &format!("disk.log.{}", number + 1))?;
            }
        }
        logs.rename("disk.log", "disk.log.1")?;
        logs.append("disk.log", format!("{turn}b\n"))?;
    }
    assert_eq!(logs.poll("disk.log"), ["2", "2b", "3", "3b", "4", "4b"]);
    assert!(logs.errors.is_empty());
    Ok(())
}

#[test]
fn copytruncate_loses_nothing_that_is_in_the_copy() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", "1\n")?;
    assert_eq!(logs.poll_all(), ["1"]);
    logs.append("disk.log", "2\n3\n")?;
    logs.copytruncate("disk.log.1")?;
    logs.append("disk.log", "4\n")?;
    assert_eq!(logs.poll("disk.log"), ["2", "3", "4"]);
    assert!(logs.errors.is_empty());
    Ok(())
}

#[test]
fn copytruncate_is_noticed_when_the_new_content_is_longer() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", "old 1\n".repeat(40))?;
    assert_eq!(logs.poll_all().len(), 40);
    logs.append("disk.log", "old, unread\n")?;
    logs.copytruncate("disk.log-20260101")?;
    let new: Vec<String> = (0..100).map(|n| format!("new {n}")).collect();
    logs.append("disk.log", new.join("\n") + "\n")?;
    let mut expected = vec!["old, unread".to_string()];
    expected.extend(new);
    assert_eq!(logs.poll("disk.log"), expected);
    Ok(())
}

#[test]
fn several_copies_are_read_in_order() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", "a1\n")?;
    assert_eq!(logs.poll_all(), ["a1"]);
    logs.append("disk.log", "a2\n")?;
    logs.copytruncate("disk.log.1")?;
    logs.append("disk.log", "b\n")?;
    logs.rename("disk.log.1", "disk.log.2")?;
    logs.copytruncate("disk.log.1")?;
    logs.append("disk.log", "c\n")?;
    assert_eq!(logs.poll("disk.log"), ["a2", "b", "c"]);
    Ok(())
}

#[test]
fn copytruncate_and_rename_before_the_next_poll() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", "a1\n")?;
    assert_eq!(logs.poll_all(), ["a1"]);
    logs.append("disk.log", "a2\n")?;
    logs.copytruncate("disk.log.2")?;
    logs.append("disk.log", "b\n")?;
    logs.rename("disk.log", "disk.log.1")?;
    logs.append("disk.log", "c\n")?;
    assert_eq!(logs.poll("disk.log"), ["a2", "b", "c"]);
    Ok(())
}

#[test]
fn truncation_without_a_copy_is_told_and_new_lines_come() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", "1\n2\n")?;
    assert_eq!(logs.poll_all(), ["1", "2"]);
    logs.truncate()?;
    assert_eq!(logs.poll("disk.log"), NONE);
    assert!(matches!(logs.errors[..], [TailError::RestNotFound { offset: 4, .. }]));
    logs.append("disk.log", "3\n")?;
    assert_eq!(logs.poll("disk.log"), ["3"]);
    assert!(logs.errors.is_empty());
    Ok(())
}

// The incomplete line was only seen, never handed out: still the rewriting must not glue two lines together.
#[test]
fn an_incomplete_line_that_is_rewritten_is_not_continued() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", "incompl")?;
    assert_eq!(logs.poll_all(), NONE);
    fs::copy(logs.path("disk.log"), logs.path("disk.log.1"))?;
    logs.append("disk.log.1", "ete\n")?;
    logs.truncate()?;
    logs.append("disk.log", "another line\n")?;
    assert_eq!(logs.poll("disk.log"), ["incomplete", "another line"]);
    Ok(())
}

#[test]
fn an_incomplete_line_is_completed_in_the_renamed_file() -> Tested {
    let mut logs = Logs::new()?;
    let mut run = logs.writer("disk.log")?;
    run.write_all(b"half")?;
    assert_eq!(logs.poll_all(), NONE);
    logs.rename("disk.log", "disk.log.1")?;
    logs.append("disk.log", "new\n")?;
    assert_eq!(logs.poll("disk.log"), ["new"]);
    run.write_all(b" and half\n")?;
    assert_eq!(logs.poll("disk.log.1"), ["half and half"]);
    Ok(())
}
