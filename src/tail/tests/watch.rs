use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use super::{Logs, Tested};
use crate::tail::{Signal, Start, Tail, Watch};

const DEADLINE: Duration = Duration::from_secs(10);

/// Signals as text: `name` or `dir/name` as told, `rescan`, `gone`.
fn watch(dirs: &[PathBuf]) -> Result<(Watch, Receiver<String>), Box<dyn std::error::Error>> {
    let (sender, receiver) = mpsc::channel();
    let watch = Watch::start(dirs, move |signal| {
        let text = match signal {
            Signal::Changed { dir, name } => dir.join(name).display().to_string(),
            Signal::Rescan => "rescan".to_string(),
            Signal::Gone { dir } => format!("gone {}", dir.display()),
        };
        // The test may have ended.
        let _ = sender.send(text);
    })?;
    Ok((watch, receiver))
}

fn wait_for(receiver: &Receiver<String>, wanted: &str) -> Tested {
    let end = Instant::now() + DEADLINE;
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        match receiver.recv_timeout(left) {
            Ok(told) if told == wanted => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(format!("waiting for `{wanted}`: {error}").into()),
        }
    }
    Err(format!("no signal `{wanted}`").into())
}

fn text(path: impl AsRef<Path>) -> String {
    path.as_ref().display().to_string()
}

#[test]
fn a_write_to_a_deleted_file_is_told() -> Tested {
    let logs = Logs::new()?;
    let mut writer = logs.writer("disk.log")?;
    let (_watch, receiver) = watch(&[logs.dir.path().to_path_buf()])?;
    fs::remove_file(logs.path("disk.log"))?;
    logs.append("other.log", "what was told before is behind\n")?;
    wait_for(&receiver, &text(logs.path("other.log")))?;
    while receiver.try_recv().is_ok() {}
    writer.write_all(b"late\n")?;
    wait_for(&receiver, &text(logs.path("disk.log")))
}

#[test]
fn an_appended_line_reaches_the_handler() -> Tested {
    let logs = Logs::new()?;
    logs.append("disk.log", "old\n")?;
    let mut tail = Tail::new(logs.dir.path());
    tail.follow("disk", Start::End);
    let (sender, lines) = mpsc::channel();
    let _watch = Watch::start([logs.dir.path()], move |signal| {
        let mut sink = |new: crate::tail::Lines<'_>| {
            let _ = sender.send(String::from_utf8_lossy(new.bytes).into_owned());
        };
        match signal {
            Signal::Changed { name, .. } => tail.poll(name, &mut sink),
            Signal::Rescan => tail.poll_all(&mut sink),
            Signal::Gone { .. } => Vec::new(),
        };
    })?;
    logs.append("disk.log", "new\n")?;
    assert_eq!(lines.recv_timeout(DEADLINE)?, "new\n");
    logs.rename("disk.log", "disk.log.1")?;
    logs.append("disk.log", "after rotation\n")?;
    assert_eq!(lines.recv_timeout(DEADLINE)?, "after rotation\n");
    Ok(())
}

#[test]
fn reading_gives_no_signal_and_writing_to_each_directory_does() -> Tested {
    let logs = Logs::new()?;
    fs::create_dir(logs.path("a"))?;
    fs::create_dir(logs.path("b"))?;
    fs::write(logs.path("a/read"), "text")?;
    let (_watch, signals) = watch(&[logs.path("a"), logs.path("b")])?;
    fs::read(logs.path("a/read"))?;
    fs::write(logs.path("b/written"), "text")?;
    assert_eq!(signals.recv_timeout(DEADLINE)?, text(logs.path("b/written")));
    fs::rename(logs.path("b/written"), logs.path("a/moved"))?;
    wait_for(&signals, &text(logs.path("a/moved")))?;
    fs::remove_file(logs.path("a/moved"))?;
    wait_for(&signals, &text(logs.path("a/moved")))
}

#[test]
fn a_directory_made_anew_can_be_watched_again() -> Tested {
    let logs = Logs::new()?;
    let dir = logs.path("log");
    fs::create_dir(&dir)?;
    let (watched, signals) = watch(std::slice::from_ref(&dir))?;
    fs::remove_dir(&dir)?;
    wait_for(&signals, &format!("gone {}", text(&dir)))?;
    assert!(watched.renew(&dir).is_err());
    fs::create_dir(&dir)?;
    watched.renew(&dir)?;
    fs::write(dir.join("x.log"), "x")?;
    wait_for(&signals, &text(dir.join("x.log")))?;

    fs::rename(&dir, logs.path("aside"))?;
    wait_for(&signals, &format!("gone {}", text(&dir)))?;
    fs::create_dir(&dir)?;
    watched.renew(&dir)?;
    fs::write(logs.path("aside/old"), "")?;
    fs::write(dir.join("y.log"), "y")?;
    assert_eq!(signals.recv_timeout(DEADLINE)?, text(dir.join("y.log")));
    Ok(())
}

#[test]
fn a_missing_directory_is_an_error() -> Tested {
    let logs = Logs::new()?;
    assert!(watch(&[logs.path("absent")]).is_err());
    Ok(())
}

#[test]
fn what_happened_to_a_file_while_the_handler_was_busy_is_told_once() -> Tested {
    let logs = Logs::new()?;
    let (busy, wait) = mpsc::channel::<()>();
    let (sender, signals) = mpsc::channel();
    let _watch = Watch::start([logs.dir.path()], move |signal| {
        let Signal::Changed { name, .. } = signal else { return };
        let _ = sender.send(name.to_string_lossy().into_owned());
        let _ = wait.recv_timeout(DEADLINE);
    })?;
    logs.append("first.log", "the handler is busy with this\n")?;
    // Created, and written to.
    assert_eq!(signals.recv_timeout(DEADLINE)?, "first.log");
    for _ in 0..500 {
        logs.append("a.log", "line\n")?;
        logs.append("b.log", "line\n")?;
    }
    logs.append("last.log", "line\n")?;
    drop(busy);
    let mut told = Vec::new();
    while told.last().is_none_or(|last| last != "last.log") {
        told.push(signals.recv_timeout(DEADLINE)?);
    }
    told.retain(|name| name != "first.log");
    assert_eq!(told, ["a.log", "b.log", "last.log"]);
    Ok(())
}

#[test]
fn a_directory_with_two_names_is_told_under_both() -> Tested {
    let logs = Logs::new()?;
    let (dir, other) = (logs.path("dir"), logs.path("other"));
    fs::create_dir(&dir)?;
    std::os::unix::fs::symlink(&dir, &other)?;
    let (watched, signals) = watch(&[dir.clone(), other.clone()])?;
    fs::write(dir.join("x.log"), "")?;
    assert_eq!(signals.recv_timeout(DEADLINE)?, text(dir.join("x.log")));
    assert_eq!(signals.recv_timeout(DEADLINE)?, text(other.join("x.log")));
    // One of the names leads elsewhere now; the other one does not.
    let elsewhere = logs.path("elsewhere");
    fs::create_dir(&elsewhere)?;
    fs::remove_file(&other)?;
    std::os::unix::fs::symlink(&elsewhere, &other)?;
    watched.renew(&other)?;
    fs::write(elsewhere.join("y.log"), "")?;
    wait_for(&signals, &text(other.join("y.log")))?;
    fs::write(dir.join("z.log"), "")?;
    assert_eq!(signals.recv_timeout(DEADLINE)?, text(dir.join("z.log")));
    Ok(())
}
