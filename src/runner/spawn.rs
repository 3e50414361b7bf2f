//! Starting bash: in a group of its own, with both outputs on pipes, and with the signals that a program expects.
//!
//! `std::process` hands on the signal mask of the runner, which blocks TERM to read it from a descriptor; a script that inherits that
//! is deaf to it, with everything that it starts.

use std::ffi::{CString, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc::{STDERR_FILENO, STDIN_FILENO, STDOUT_FILENO};
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawnp};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, pipe2};

/// The script at work.
pub(super) struct Child {
    /// The process, which leads the group of this number.
    pub(super) pid: Pid,
    /// Its standard output.
    pub(super) stdout: File,
    /// Its standard error.
    pub(super) stderr: File,
}

/// Starts `bash SCRIPT` in the environment of this process, with this binary found by its name.
pub(super) fn bash(script: &Path) -> io::Result<Child> {
    let (stdout, child_stdout) = pipe()?;
    let (stderr, child_stderr) = pipe()?;
    let mut files = PosixSpawnFileActions::init()?;
    files.add_open(STDIN_FILENO, "/dev/null", OFlag::O_RDONLY, Mode::empty())?;
    files.add_dup2(child_stdout.as_raw_fd(), STDOUT_FILENO)?;
    files.add_dup2(child_stderr.as_raw_fd(), STDERR_FILENO)?;
    let mut attributes = PosixSpawnAttr::init()?;
    attributes.set_pgroup(Pid::from_raw(0))?;
    attributes.set_sigmask(&SigSet::empty())?;
    // Ignored in every program of Rust, and by what those start.
    attributes.set_sigdefault(&SigSet::from(Signal::SIGPIPE))?;
    attributes.set_flags(
        PosixSpawnFlags::POSIX_SPAWN_SETPGROUP
            | PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK
            | PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF,
    )?;
    let args = [c"bash".to_owned(), CString::new(script.as_os_str().as_bytes())?];
    let environment = environment().map(|(key, value)| Ok(CString::new(assignment(key, value))?));
    let environment = environment.collect::<io::Result<Vec<CString>>>()?;
    let pid = posix_spawnp(c"bash", &files, &attributes, &args, &environment)?;
    Ok(Child { pid, stdout, stderr })
}

/// A script may end with `ssi probe …`; the directory of this binary comes last in its `PATH`, so that it hides nothing.
fn environment() -> impl Iterator<Item = (OsString, OsString)> {
    let own = std::env::current_exe().ok().and_then(|program| Some(program.parent()?.to_owned()));
    let with_own = move |path: OsString| {
        let mut dirs: Vec<PathBuf> = std::env::split_paths(&path).collect();
        dirs.extend(own.clone().filter(|own| !dirs.contains(own)));
        std::env::join_paths(dirs).unwrap_or(path)
    };
    std::env::vars_os().map(move |(key, value)| if key == "PATH" { (key, with_own(value)) } else { (key, value) })
}

fn assignment(key: OsString, value: OsString) -> Vec<u8> {
    [key.into_vec(), value.into_vec()].join(&b'=')
}

fn pipe() -> io::Result<(File, OwnedFd)> {
    let (read, write) = pipe2(OFlag::O_CLOEXEC)?;
    // The runner's end only: programs do not expect that writing can fail for want of room.
    fcntl(&read, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok((File::from(read), write))
}
