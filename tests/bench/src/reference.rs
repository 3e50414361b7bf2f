//! The least that takes a line from a log to its subscribers: one thread, a watched directory, one text frame a line, one write a client.
//!
//! It parses nothing, keeps nothing, follows no rotation, and waits for a client that does not read: a bound for what the work costs on
//! this machine, not a server to use.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use memchr::{memchr_iter, memrchr};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use crate::{clients, websocket};

const CHUNK: usize = 256 * 1024;
const LISTENER: u64 = u64::MAX;
const WATCH: u64 = u64::MAX - 1;
/// In milliseconds.
const PATIENCE: u16 = 1000;

struct Log {
    file: File,
    /// How much of it was sent.
    end: u64,
}

struct Reference {
    dir: PathBuf,
    watch: Inotify,
    logs: HashMap<OsString, Log>,
    clients: Vec<Option<TcpStream>>,
    chunk: Vec<u8>,
    frames: Vec<u8>,
}

/// Prints its address and serves for ever what is appended to the files in `dir`.
pub fn serve(dir: &Path) -> io::Result<()> {
    clients::raise_file_limit()?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let watch = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
    watch.add_watch(dir, AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_CREATE)?;
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    epoll.add(&listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER))?;
    epoll.add(&watch, EpollEvent::new(EpollFlags::EPOLLIN, WATCH))?;
    let (dir, logs, clients) = (dir.to_owned(), HashMap::new(), Vec::new());
    let mut reference = Reference { dir, watch, logs, clients, chunk: vec![0; CHUNK], frames: Vec::new() };
    for entry in fs::read_dir(&reference.dir)? {
        let entry = entry?;
        let file = File::open(entry.path())?;
        let end = file.metadata()?.len();
        reference.logs.insert(entry.file_name(), Log { file, end });
    }
    println!("serving on http://{}", listener.local_addr()?);
    let mut ready = [EpollEvent::empty(); 64];
    loop {
        let number = match epoll.wait(&mut ready, EpollTimeout::NONE) {
            Err(Errno::EINTR) => continue,
            number => number?,
        };
        for event in &ready[..number] {
            match event.data() {
                LISTENER => {
                    let (stream, _) = listener.accept()?;
                    reference.admit(stream, &epoll)?;
                }
                WATCH => reference.send_news()?,
                gone => reference.clients[gone as usize] = None,
            }
        }
    }
}

impl Reference {
    fn admit(&mut self, stream: TcpStream, epoll: &Epoll) -> io::Result<()> {
        stream.set_nodelay(true)?;
        // Who leaves in the middle is no reason to end.
        if websocket::accept(&stream).is_ok() {
            stream.set_nonblocking(true)?;
            epoll.add(&stream, EpollEvent::new(EpollFlags::EPOLLRDHUP, self.clients.len() as u64))?;
            self.clients.push(Some(stream));
        }
        Ok(())
    }

    /// Looks at each log that was written to since the last look.
    fn send_news(&mut self) -> io::Result<()> {
        let events = match self.watch.read_events() {
            Err(Errno::EAGAIN) => return Ok(()),
            events => events?,
        };
        let mut seen = HashSet::new();
        for name in events.into_iter().filter_map(|event| event.name) {
            if !seen.contains(&name) {
                self.read(&name)?;
                self.send();
                seen.insert(name);
            }
        }
        Ok(())
    }

    /// Makes frames of the new lines of a log.
    fn read(&mut self, name: &OsString) -> io::Result<()> {
        self.frames.clear();
        if !self.logs.contains_key(name) {
            let file = File::open(self.dir.join(name))?;
            self.logs.insert(name.clone(), Log { file, end: 0 });
        }
        let Some(log) = self.logs.get_mut(name) else { return Ok(()) };
        loop {
            let length = log.file.read_at(&mut self.chunk, log.end)?;
            let Some(last) = memrchr(b'\n', &self.chunk[..length]) else { return Ok(()) };
            let mut start = 0;
            for end in memchr_iter(b'\n', &self.chunk[..=last]) {
                websocket::push_text(&mut self.frames, &self.chunk[start..end]);
                start = end + 1;
            }
            log.end += start as u64;
            if length < self.chunk.len() {
                return Ok(());
            }
        }
    }

    fn send(&mut self) {
        if self.frames.is_empty() {
            return;
        }
        for client in &mut self.clients {
            if client.as_ref().is_some_and(|stream| write_all(stream, &self.frames).is_err()) {
                *client = None;
            }
        }
    }
}

/// Waits for a client that is behind, but not for ever.
fn write_all(mut stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(length) => bytes = &bytes[length..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if poll(&mut [PollFd::new(stream.as_fd(), PollFlags::POLLOUT)], PollTimeout::from(PATIENCE))? == 0 {
                    return Err(error);
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
