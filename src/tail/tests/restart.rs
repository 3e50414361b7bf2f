use std::fs;
use std::io::Write;

use super::{Logs, Tested};
use crate::tail::{Position, Start, TailError};

const NONE: [&str; 0] = [];

#[test]
fn goes_on_where_it_stopped() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", "1\n2\nincompl")?;
    assert_eq!(logs.poll_all(), ["1", "2"]);
    logs.append("disk.log", "ete\n3\n")?;
    logs.restart()?;
    assert_eq!(logs.poll_all(), ["incomplete", "3"]);
    logs.restart()?;
    assert_eq!(logs.poll_all(), NONE);
    Ok(())
}

#[test]
fn a_file_that_begins_as_an_older_one_does_is_no_copy_of_it() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", "OK\nOK\n")?;
    logs.poll_all();
    logs.rename("disk.log", "disk.log.1")?;
    logs.append("disk.log", "OK\nOK\nOK\n")?;
    assert_eq!(logs.poll_all().len(), 3);
    // While nobody reads, the older one is compressed and the newer one takes its name.
    fs::remove_file(logs.path("disk.log.1"))?;
    logs.rename("disk.log", "disk.log.1")?;
    logs.append("disk.log", "OK, new\n")?;
    logs.restart()?;
    assert_eq!(logs.poll_all(), ["OK, new"]);
    Ok(())
}

#[test]
fn a_position_that_was_not_used_yet_is_kept() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", "1\n")?;
    logs.poll_all();
    let position = logs.tail.position("disk");
    logs.restart()?;
    assert_eq!(logs.tail.position("disk"), position);
    Ok(())
}

#[test]
fn all_that_is_left_is_read_from_the_oldest_on() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log.3", "1\n2\n")?;
    logs.append("disk.log.2", "3\nincompl")?;
    logs.append("disk.log.1", "4\n")?;
    logs.append("disk.log", "5\n")?;
    logs.tail.follow("disk", Start::Oldest);
    assert_eq!(logs.tail.position("disk"), None);
    assert_eq!(logs.poll_all(), ["1", "2", "3", "4", "5"]);
    logs.append("disk.log.1", "late\n")?;
    logs.append("disk.log", "6\n")?;
    logs.restart()?;
    assert_eq!(logs.poll_all(), ["late", "6"]);
    Ok(())
}

#[test]
fn rotated_files_without_a_successor_are_all_that_is_left() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log-20261121", "1\n")?;
    logs.append("disk.log-20261120.gz", "compressed\n")?;
    logs.tail.follow("disk", Start::Oldest);
    assert_eq!(logs.poll_all(), ["1"]);
    logs.append("disk.log", "2\n")?;
    logs.restart()?;
    assert_eq!(logs.poll_all(), ["2"]);
    Ok(())
}

#[test]
fn a_rotated_file_that_cannot_be_read_hides_no_other() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log.2", "1\n")?;
    fs::create_dir(logs.path("disk.log.1"))?;
    logs.append("disk.log", "3\n")?;
    logs.tail.follow("disk", Start::Oldest);
    assert_eq!(logs.poll_all(), ["1", "3"]);
    let is_told = !logs.errors.is_empty();
    assert!(
        is_told && logs.errors.iter().all(|error| matches!(error, TailError::NotRegular { .. })),
        "{:?}",
        logs.errors
    );
    Ok(())
}

#[test]
fn a_position_comes_back_from_text() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log.1", "1\n")?;
    logs.append("disk.log", "2\n")?;
    logs.tail.follow("disk", Start::Oldest);
    logs.poll_all();
    let position = logs.tail.position("disk").ok_or("no position")?;
    let back: Position = serde_json::from_str(&serde_json::to_string(&position)?)?;
    assert_eq!(back, position);
    Ok(())
}

#[test]
fn finds_the_rest_in_rotated_files() -> Tested {
    let mut logs = Logs::new()?;
    let mut run = logs.writer("disk.log")?;
    run.write_all(b"1\n")?;
    assert_eq!(logs.poll_all(), ["1"]);
    run.write_all(b"2\n")?;
    logs.rename("disk.log", "disk.log.2")?;
    logs.append("disk.log.1", "3\n")?;
    logs.append("disk.log", "4\n")?;
    logs.restart()?;
    assert_eq!(logs.poll_all(), ["2", "3", "4"]);
    assert!(logs.errors.is_empty());
    run.write_all(b"late\n")?;
    assert_eq!(logs.poll("disk.log.2"), ["late"]);
    Ok(())
}

#[test]
fn finds_the_rest_in_copies() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", "a1\n")?;
    assert_eq!(logs.poll_all(), ["a1"]);
    logs.append("disk.log", "a2\n")?;
    logs.copytruncate("disk.log.2")?;
    logs.append("disk.log", "b\n")?;
    logs.copytruncate("disk.log.1")?;
    logs.append("disk.log", "c\n")?;
    logs.restart()?;
    assert_eq!(logs.poll_all(), ["a2", "b", "c"]);
    Ok(())
}

#[test]
fn goes_on_in_a_rotated_file_that_a_run_still_writes_to() -> Tested {
    let mut logs = Logs::new()?;
    let mut run = logs.writer("disk.log")?;
    run.write_all(b"start\n")?;
    logs.poll_all();
    logs.rename("disk.log", "disk.log.1")?;
    logs.append("disk.log", "new\n")?;
    assert_eq!(logs.poll("disk.log"), ["new"]);
    run.write_all(b"end\n")?;
    logs.restart()?;
    assert_eq!(logs.poll_all(), ["end"]);
    Ok(())
}

#[test]
fn files_that_came_and_went_between_rename_and_restart_are_read() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", "1\n")?;
    logs.poll_all();
    logs.rename("disk.log", "disk.log.1")?;
    assert_eq!(logs.poll("disk.log"), NONE);
    logs.restart()?;
    logs.rename("disk.log.1", "disk.log.2")?;
    logs.append("disk.log.1", "2\n")?;
    logs.append("disk.log", "3\n")?;
    assert_eq!(logs.poll_all(), ["2", "3"]);
    Ok(())
}

// ext4 gives the number of a deleted file to the next one.
#[test]
fn a_reused_inode_is_another_file() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", "1, the old file\n")?;
    logs.poll_all();
    let position = logs.tail.position("disk").ok_or("no position")?;
    logs.tail.forget("disk");
    fs::remove_file(logs.path("disk.log"))?;
    logs.append("disk.log", "2, a new file with longer lines\n3\n")?;
    let mut forged = position;
    if let Some(mark) = &mut forged.newest {
        use std::os::unix::fs::MetadataExt;
        mark.inode.number = fs::metadata(logs.path("disk.log"))?.ino();
    }
    logs.tail.follow("disk", Start::At(forged));
    assert_eq!(logs.poll_all(), ["2, a new file with longer lines", "3"]);
    assert!(matches!(logs.errors[..], [TailError::RestNotFound { .. }]));
    Ok(())
}

#[test]
fn a_restored_directory_is_not_read_twice() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", "1\n2\n")?;
    logs.poll_all();
    fs::copy(logs.path("disk.log"), logs.path("copy"))?;
    logs.rename("copy", "disk.log")?;
    logs.append("disk.log", "3\n")?;
    logs.restart()?;
    assert_eq!(logs.poll_all(), ["3"]);
    Ok(())
}

#[test]
fn compressed_files_are_not_read_as_lines() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", "1\n")?;
    logs.poll_all();
    logs.rename("disk.log", "disk.log-20260101")?;
    logs.append("disk.log-20260102.gz", "not text\n")?;
    logs.append("disk.log", "2\n")?;
    logs.restart()?;
    assert_eq!(logs.poll_all(), ["2"]);
    Ok(())
}

/// Waits until the clock of the file system has gone on: what is made from now on is later than all that was made before.
fn later(logs: &Logs) -> Tested {
    let before = fs::metadata(logs.dir.path())?.modified()?;
    for number in 0..1_000_000 {
        logs.append(&format!("tick.{number}"), "x")?;
        let now = fs::metadata(logs.path(&format!("tick.{number}")))?.modified()?;
        fs::remove_file(logs.path(&format!("tick.{number}")))?;
        if now > before {
            return Ok(());
        }
    }
    Err("the clock of the file system stands still".into())
}

#[test]
fn what_was_made_after_an_empty_log_that_is_gone_is_read() -> Tested {
    for is_deleted_before in [false, true] {
        let mut logs = Logs::new()?;
        logs.append("disk.log.1", "old\n")?;
        assert_eq!(logs.poll_all(), ["old"]);
        later(&logs)?;
        logs.append("disk.log", "")?;
        assert_eq!(logs.poll_all(), NONE);
        fs::remove_file(logs.path("disk.log"))?;
        if is_deleted_before {
            assert_eq!(logs.poll_all(), NONE);
        }
        logs.restart()?;
        later(&logs)?;
        logs.append("disk.log", "1\n")?;
        logs.rename("disk.log.1", "disk.log.2")?;
        logs.rename("disk.log", "disk.log.1")?;
        logs.append("disk.log", "2\n")?;
        assert_eq!(logs.poll_all(), ["1", "2"], "{is_deleted_before}");
        logs.append("disk.log.1", "late\n")?;
        assert_eq!(logs.poll_all(), ["late"]);
        logs.restart()?;
        assert_eq!(logs.poll_all(), NONE);
    }
    Ok(())
}

#[test]
fn what_somebody_wrote_late_to_an_old_file_does_not_bring_it_back() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", "1\n")?;
    assert_eq!(logs.poll_all(), ["1"]);
    logs.rename("disk.log", "disk.log.1")?;
    logs.append("disk.log", "")?;
    assert_eq!(logs.poll_all(), NONE);
    logs.tail.retire_done("disk", &mut |_| {});
    logs.restart()?;
    fs::remove_file(logs.path("disk.log"))?;
    later(&logs)?;
    logs.append("disk.log.1", "late\n")?;
    assert_eq!(logs.poll_all(), NONE);
    Ok(())
}

#[test]
fn a_log_that_cannot_be_opened_yet_has_no_position() -> Tested {
    let mut logs = Logs::new()?;
    // A name that is too long can't be looked at: neither there nor missing.
    let long = "x".repeat(300);
    logs.tail.follow(&long, Start::Oldest);
    logs.poll_all();
    assert_eq!(logs.tail.position(&long), None);
    Ok(())
}
