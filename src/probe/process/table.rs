//! The processes of the host, as /proc has them.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::libc;
use nix::unistd::{SysconfVar, sysconf};

use crate::probe::{Host, ProbeError};

/// One process.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub pid: u32,
    pub parent: u32,
    pub session: u32,
    /// At most 15 bytes.
    pub name: String,
    /// Its arguments, with blanks between them; its name where it has none (a kernel thread).
    pub command: String,
    /// Of the effective user.
    pub uid: u32,
    pub zombie: bool,
    /// Seconds after the boot.
    pub start: f64,
    /// Resident bytes.
    pub memory: u64,
}

/// All of them.
pub(super) struct Table {
    pub processes: Vec<Entry>,
    /// Seconds since the boot.
    pub uptime: Option<f64>,
}

/// What the kernel counts in.
#[derive(Clone, Copy)]
struct Units {
    ticks: f64,
    page: u64,
}

pub(super) fn read(host: &Host) -> Result<Table, ProbeError> {
    let proc = host.path("/proc");
    // Where the processes of others are hidden (hidepid=), the first one is: to count the rest would be to count wrongly.
    std::fs::read(proc.join("1/stat")).map_err(|source| ProbeError::Io {
        action: "see the processes of others (is /proc mounted with hidepid=, or the sandbox strict?)".to_owned(),
        source,
    })?;
    let unit = |variable: SysconfVar| sysconf(variable).ok().flatten().and_then(|n| u32::try_from(n).ok());
    let units = unit(SysconfVar::CLK_TCK).zip(unit(SysconfVar::PAGE_SIZE));
    let unknown = || ProbeError::Unanswerable("the units in which /proc counts are not known".to_owned());
    let (ticks, page) = units.ok_or_else(unknown)?;
    let units = Units { ticks: f64::from(ticks), page: u64::from(page) };

    let mut processes = Vec::new();
    for entry in proc.read_dir().map_err(ProbeError::reading(&proc))? {
        let entry = entry.map_err(ProbeError::reading(&proc))?;
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        processes.extend(process(&entry.path(), pid, units)?);
    }
    let uptime = host.read("/proc/uptime").ok();
    let uptime = uptime.and_then(|text| text.split(' ').next()?.parse().ok());
    Ok(Table { processes, uptime })
}

/// `None` for a process that ended meanwhile.
fn process(dir: &Path, pid: u32, units: Units) -> Result<Option<Entry>, ProbeError> {
    let read = |name: &str| {
        let path = dir.join(name);
        match std::fs::read(&path) {
            Err(error) if is_end(&error) => Ok(None),
            result => result.map(Some).map_err(ProbeError::reading(&path)),
        }
    };
    let uid = match dir.metadata() {
        Err(error) if is_end(&error) => return Ok(None),
        result => result.map_err(ProbeError::reading(dir))?.uid(),
    };
    let (Some(stat), Some(command)) = (read("stat")?, read("cmdline")?) else { return Ok(None) };
    let stat = String::from_utf8_lossy(&stat);
    let nonsense = || ProbeError::Nonsense { place: "/proc/PID/stat", expected: "how a process is" };
    entry(pid, uid, &stat, &command, units).map(Some).ok_or_else(nonsense)
}

fn is_end(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(libc::ESRCH)
}

/// Fields as proc_pid_stat(5) numbers them; the name may hold anything, brackets and blanks too.
fn entry(pid: u32, uid: u32, stat: &str, command: &[u8], units: Units) -> Option<Entry> {
    let (head, tail) = stat.rsplit_once(')')?;
    let name = head.split_once('(')?.1.to_owned();
    let fields: Vec<&str> = tail.split_ascii_whitespace().collect();
    // The first of these is number 3.
    let field = |number: usize| fields.get(number - 3).copied();
    let zombie = matches!(field(3)?, "Z" | "X");
    let (parent, session) = (field(4)?.parse().ok()?, field(6)?.parse().ok()?);
    let start = field(22)?.parse::<u64>().ok()? as f64 / units.ticks;
    let memory = u64::try_from(field(24)?.parse::<i64>().ok()?).ok()?.saturating_mul(units.page);
    let words = command.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ");
    let command = if words.trim().is_empty() { name.clone() } else { words.trim_end().to_owned() };
    Some(Entry { pid, parent, session, name, command, uid, zombie, start, memory })
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNITS: Units = Units { ticks: 100.0, page: 4096 };

    fn stat(name: &str, state: &str) -> String {
        format!(
            "42 ({name}) {state} 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 12345 1000000 50 18446744073709551615 0\n"
        )
    }

    #[test]
    fn names_may_hold_anything() {
        for name in ["cron", "(sd-pam)", "a) Z 1 (b", "tmux: server", ""] {
            let read = entry(42, 0, &stat(name, "S"), b"x\0--flag\0\0", UNITS).unwrap();
            assert_eq!((read.name.as_str(), read.zombie, read.start), (name, false, 123.45), "{name}");
            assert_eq!((read.command.as_str(), read.memory), ("x --flag", 50 * 4096));
        }
        assert!(entry(42, 0, &stat("x", "Z"), b"", UNITS).unwrap().zombie);
        assert_eq!(entry(42, 0, &stat("kworker/0", "I"), b"", UNITS).unwrap().command, "kworker/0");
    }

    #[test]
    fn nonsense_is_no_process() {
        for text in ["", "42 cron S 1", "42 (cron) S 1 2", &stat("cron", "S").replace("12345", "soon")] {
            assert_eq!(entry(42, 0, text, b"", UNITS), None, "{text:?}");
        }
    }
}
