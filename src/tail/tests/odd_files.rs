use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::{Logs, Tested};
use crate::tail::{Start, TailError, last_block};

const NONE: [&str; 0] = [];

#[test]
fn a_deleted_file_is_read_to_its_end_and_its_successor_from_the_start() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", "1\n")?;
    assert_eq!(logs.poll_all(), ["1"]);
    logs.append("disk.log", "2\n")?;
    fs::remove_file(logs.path("disk.log"))?;
    assert_eq!(logs.poll("disk.log"), ["2"]);
    logs.append("disk.log", "3\n")?;
    assert_eq!(logs.poll("disk.log"), ["3"]);
    fs::remove_file(logs.path("disk.log"))?;
    logs.append("disk.log", "4\n")?;
    assert_eq!(logs.poll("disk.log"), ["4"]);
    assert!(logs.errors.is_empty());
    Ok(())
}

#[test]
fn a_file_replaced_by_another_is_read_from_the_start() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("disk.log", "1\n")?;
    assert_eq!(logs.poll_all(), ["1"]);
    logs.append("disk.log", "2\n")?;
    logs.append("new", "3\n4\n")?;
    logs.rename("new", "disk.log")?;
    assert_eq!(logs.poll("disk.log"), ["2", "3", "4"]);
    Ok(())
}

#[test]
fn links_directories_and_pipes_are_refused_without_blocking() -> Tested {
    let mut logs = Logs::new()?;
    logs.append("secret", "secret\n")?;
    let path = logs.path("disk.log");
    let place: [&dyn Fn() -> std::io::Result<()>; 3] =
        [&|| symlink("secret", &path), &|| fs::create_dir(&path), &|| Ok(mkfifo(&path, Mode::S_IRUSR)?)];
    for make in place {
        logs.append("disk.log", "before\n")?;
        assert_eq!(logs.poll("disk.log"), ["before"]);
        fs::remove_file(logs.path("disk.log"))?;
        make()?;
        assert_eq!(logs.poll("disk.log"), NONE);
        assert!(matches!(logs.errors[..], [TailError::NotRegular { .. }]));
        assert!(last_block(logs.dir.path(), "disk", |_| true).is_err());
        fs::rename(&path, logs.path("aside"))?;
        if fs::remove_file(logs.path("aside")).is_err() {
            fs::remove_dir(logs.path("aside"))?;
        }
    }
    logs.append("disk.log", "after\n")?;
    assert_eq!(logs.poll("disk.log"), ["after"]);
    assert!(logs.errors.is_empty());
    Ok(())
}

#[test]
fn an_unreadable_file_is_told_and_tried_again_and_others_go_on() -> Tested {
    let mut logs = Logs::new()?;
    if nix::unistd::geteuid().is_root() {
        // Nothing is unreadable for root, but a name in a directory that is none cannot be opened either.
        logs.append("plain", "")?;
        logs.tail.follow("plain/x", Start::Oldest);
        logs.append("disk.log", "1\n")?;
        assert_eq!(logs.poll_all(), ["1"]);
        assert!(matches!(logs.errors[..], [TailError::Open { .. }]));
        fs::remove_file(logs.path("plain"))?;
        fs::create_dir(logs.path("plain"))?;
        logs.append("plain/x.log", "2\n")?;
        assert_eq!(logs.poll_all(), ["2"]);
        return Ok(());
    }
    logs.tail.follow("load", Start::Oldest);
    logs.append("disk.log", "1\n")?;
    logs.append("load.log", "2\n")?;
    fs::set_permissions(logs.path("disk.log"), Permissions::from_mode(0o000))?;
    assert_eq!(logs.poll_all(), ["2"]);
    assert!(matches!(logs.errors[..], [TailError::Open { .. }]));
    fs::set_permissions(logs.path("disk.log"), Permissions::from_mode(0o600))?;
    assert_eq!(logs.poll("disk.log"), ["1"]);
    Ok(())
}

#[test]
fn the_last_lines_are_found_without_reading_the_whole_log() -> Tested {
    let logs = Logs::new()?;
    logs.append("disk.log", "wanted\n")?;
    logs.append("disk.log", "noise noise noise\n".repeat(20_000))?;
    logs.append("disk.log", "recent\nincompl")?;
    let mut sizes = Vec::new();
    let recent = last_block(logs.dir.path(), "disk", |lines| {
        sizes.push(lines.len());
        lines.ends_with(b"recent\n")
    })?;
    assert!(recent);
    assert!(matches!(sizes[..], [size] if size < 64 * 1024));

    sizes.clear();
    let wanted = last_block(logs.dir.path(), "disk", |lines| {
        sizes.push(lines.len());
        lines.starts_with(b"wanted\n")
    })?;
    assert!(wanted);
    assert_eq!(sizes.len(), 4, "64, 128, 256 and 512 KiB");
    assert!(sizes.is_sorted());
    Ok(())
}

#[test]
fn the_last_lines_are_looked_for_in_the_rotated_log_too() -> Tested {
    let logs = Logs::new()?;
    assert!(!last_block(logs.dir.path(), "disk", |_| true)?);
    logs.append("disk.log", "\tdetail\n")?;
    logs.append("disk.log.1", "OK, fine\n")?;
    assert!(last_block(logs.dir.path(), "disk", |lines| lines.starts_with(b"OK"))?);
    assert!(!last_block(logs.dir.path(), "disk", |lines| lines.starts_with(b"ERROR"))?);
    Ok(())
}
