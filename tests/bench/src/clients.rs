//! Any number of WebSocket clients in one thread.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrIn, sockopt};

use crate::clock;
use crate::websocket::{self, Frame};

/// How long all clients together may wait for their greetings.
const PATIENCE: Duration = Duration::from_secs(120);
/// What a client that reads nothing leaves the server of the kernel's memory.
const SMALL: usize = 4096;
const CHUNK: usize = 256 * 1024;

/// Clients of one server.
pub struct Clients {
    poll: Epoll,
    clients: Vec<Client>,
    ready: Vec<EpollEvent>,
    chunk: Vec<u8>,
}

struct Client {
    stream: TcpStream,
    /// The beginning of a frame whose end has not come.
    rest: Vec<u8>,
    is_open: bool,
}

/// Makes room for as many connections as the system allows.
pub fn raise_file_limit() -> io::Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, most, most)?)
}

/// A client that asks for events and never reads any.
pub fn stuck(address: SocketAddr) -> io::Result<TcpStream> {
    let SocketAddr::V4(place) = address else { return Err(io::ErrorKind::Unsupported.into()) };
    let socket = socket::socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    // Before it connects: later the window is not made smaller.
    socket::setsockopt(&socket, sockopt::RcvBuf, &SMALL)?;
    socket::connect(socket.as_raw_fd(), &SockaddrIn::from(place))?;
    let stream = TcpStream::from(socket);
    websocket::ask(&stream, address)?;
    Ok(stream)
}

impl Clients {
    /// None so far.
    pub fn none() -> io::Result<Clients> {
        let poll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        Ok(Clients { poll, clients: Vec::new(), ready: vec![EpollEvent::empty(); 512], chunk: vec![0; CHUNK] })
    }

    /// Connects so many, one after the other, and waits until each has its first frame, if the server begins with one.
    pub fn connect(address: SocketAddr, number: usize, server_greets: bool) -> io::Result<Clients> {
        let mut clients = Clients::none()?;
        let mut greeted = 0;
        for _ in 0..number {
            clients.add(address)?;
            greeted += clients.receive(0, |_, _, _| {})?;
        }
        let start = Instant::now();
        while server_greets && greeted < number {
            greeted += clients.receive(100, |_, _, _| {})?;
            if start.elapsed() > PATIENCE || clients.open() < number {
                return Err(io::Error::other(format!("only {greeted} of {number} clients were greeted")));
            }
        }
        Ok(clients)
    }

    /// Connects one more; all of its frames are still to be received.
    pub fn add(&mut self, address: SocketAddr) -> io::Result<()> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        websocket::ask(&stream, address)?;
        websocket::greeted(&stream)?;
        stream.set_nonblocking(true)?;
        self.poll.add(&stream, EpollEvent::new(EpollFlags::EPOLLIN, self.clients.len() as u64))?;
        self.clients.push(Client { stream, rest: Vec::new(), is_open: true });
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.clients.len()
    }

    /// How many the server has not closed.
    pub fn open(&self) -> usize {
        self.clients.iter().filter(|client| client.is_open).count()
    }

    /// Waits at most `millis` for something to read; hands each frame of text on, with its client and the time at which it was read.
    /// Gives how many there were.
    pub fn receive(&mut self, millis: u16, mut on_frame: impl FnMut(usize, &[u8], u64)) -> io::Result<usize> {
        let number = self.poll.wait(&mut self.ready, EpollTimeout::from(millis))?;
        let mut frames = 0;
        for event in &self.ready[..number] {
            let index = event.data() as usize;
            let client = &mut self.clients[index];
            let length = match client.stream.read(&mut self.chunk) {
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(_) => 0,
            };
            let time = clock::now();
            frames += client.take(&self.chunk[..length], |payload| on_frame(index, payload, time));
            if length == 0 {
                client.is_open = false;
            }
            if !client.is_open {
                self.poll.delete(&client.stream)?;
            }
        }
        Ok(frames)
    }
}

impl Client {
    fn take(&mut self, chunk: &[u8], on_frame: impl FnMut(&[u8])) -> usize {
        if self.rest.is_empty() {
            let (frames, used) = self.frames(chunk, on_frame);
            self.rest.extend_from_slice(&chunk[used..]);
            return frames;
        }
        // Ten thousand clients must not keep what their greetings took.
        let mut rest = std::mem::take(&mut self.rest);
        rest.extend_from_slice(chunk);
        let (frames, used) = self.frames(&rest, on_frame);
        if used < rest.len() {
            rest.drain(..used);
            self.rest = rest;
        }
        frames
    }

    /// How many frames of text there are, and how many bytes were used.
    fn frames(&mut self, bytes: &[u8], mut on_frame: impl FnMut(&[u8])) -> (usize, usize) {
        let (mut frames, mut used) = (0, 0);
        while let Some(frame) = Frame::first(&bytes[used..]) {
            used += frame.length;
            if frame.is_data() {
                frames += 1;
                on_frame(frame.payload);
            }
            if frame.is_close() {
                self.is_open = false;
            }
            if let Some(answer) = frame.answer()
                && self.stream.write_all(&answer).is_err()
            {
                self.is_open = false;
            }
        }
        (frames, used)
    }
}
