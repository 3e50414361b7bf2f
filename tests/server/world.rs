//! A server on a free port with a board of one or more checks, and clients of it.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde_json::Value;
use ssi::agent::{Jobs, Mistakes};
use ssi::api::{self, Api, Hands, TokenFile};
use ssi::board::Board;
use ssi::check::{self, CheckId};
use ssi::config::Settings;
use ssi::event::Origin;
use ssi::line;
use ssi::page;
use ssi::paths::Paths;
use ssi::server::{Guard, Limits, Live, Past, Stats, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

fn nowhere() -> Paths {
    Paths::system(Some(Path::new("/nonexistent")))
}

/// How long a test waits for what must come.
pub const DEADLINE: Duration = Duration::from_secs(20);

pub struct World {
    pub live: Arc<Live>,
    pub address: SocketAddr,
    pub server: JoinHandle<io::Result<()>>,
    /// Checks that somebody asked to run.
    pub asked: mpsc::Receiver<CheckId>,
    pub settings: watch::Sender<Arc<Settings>>,
    pub guard: Guard,
    /// What is wrong with the configuration.
    pub mistakes: watch::Sender<Mistakes>,
    shutdown: Option<oneshot::Sender<()>>,
}

impl World {
    pub async fn new() -> World {
        World::with(Limits::default()).await
    }

    pub async fn with(limits: Limits) -> World {
        World::serving(limits, nowhere(), |live| live).await
    }

    /// One with a history and logs below `root`.
    pub async fn below(root: &Path) -> World {
        World::serving(Limits::default(), Paths::system(Some(root)), |live| live).await
    }

    /// One that goes on after the events of another process.
    pub async fn going_on(limits: Limits, seq: u64, floor: u64, past: Arc<dyn Past>) -> World {
        World::serving(limits, nowhere(), |live| live.go_on(seq, floor, past)).await
    }

    async fn serving(limits: Limits, paths: Paths, begin: impl FnOnce(Live) -> Live) -> World {
        let script = b"#!/bin/bash\n# name: disk\n# description: d\n# version: 1.0\n# schedule: minutely\necho OK\n";
        let check = check::parse(script, &TimeZoneDatabase::bundled(), &check::Limits::default()).unwrap().check;
        let mut board = Board::new("web1", TimeZone::UTC);
        board.install(check, true, jiff::Timestamp::MIN, &mut Vec::new());
        let origin = Origin { epoch: "e1".to_owned(), host: "web1".to_owned() };
        let live = Arc::new(begin(Live::with_limits(board, origin, "h1", limits).unwrap()));
        let (settings, in_force) = watch::channel(Arc::default());
        let guard = Guard::new([]).with_settings(in_force.clone());
        let guard = guard.with_access(Arc::new(TokenFile(paths.clone())));
        let (mistakes, wrong) = watch::channel(Arc::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (run, asked) = mpsc::channel(1);
        let (settings_of_api, hands) = (in_force.clone(), Hands::Scheduler { run });
        let api = Api {
            live: Arc::clone(&live),
            paths,
            settings: settings_of_api,
            mistakes: wrong.clone(),
            hands,
            jobs: Jobs::default(),
        };
        let pages = page::routes(Arc::clone(&live), wrong).merge(api::routes(api));
        let (shutdown, stopped) = oneshot::channel::<()>();
        let stopped = async { stopped.await.unwrap_or(()) };
        let server = tokio::spawn(serve(vec![listener], Arc::clone(&live), pages, guard.clone(), stopped));
        World { live, address, server, asked, settings, guard, mistakes, shutdown: Some(shutdown) }
    }

    /// A status line in the log of the check.
    pub fn say(&self, text: &str) {
        say(&self.live, text);
    }

    pub fn shut_down(&mut self) {
        self.shutdown.take().unwrap().send(()).unwrap();
    }

    pub async fn subscribe(&self, path: &str) -> Client {
        self.subscribe_by(TcpStream::connect(self.address).await.unwrap(), path).await
    }

    /// A client whose socket takes little before it is read.
    pub async fn subscribe_small(&self, path: &str) -> Client {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        self.subscribe_by(socket.connect(self.address).await.unwrap(), path).await
    }

    async fn subscribe_by(&self, stream: TcpStream, path: &str) -> Client {
        let url = format!("ws://{}{path}", self.address);
        Client(timeout(DEADLINE, client_async(url, stream)).await.unwrap().unwrap().0)
    }

    /// What comes back for these bytes, until the server closes.
    pub async fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        timeout(DEADLINE, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
        String::from_utf8(answer).unwrap()
    }

    /// The same, as far as it came.
    pub async fn try_raw(&self, request: &str) -> String {
        let mut answer = Vec::new();
        if let Ok(mut stream) = TcpStream::connect(self.address).await
            && stream.write_all(request.as_bytes()).await.is_ok()
        {
            // What was cut off is as good as nothing.
            let _ = timeout(DEADLINE, stream.read_to_end(&mut answer)).await;
        }
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// A connection that has switched to WebSocket by hand and has got its `hello`.
    pub async fn switched(&self) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(upgrade(self.address, "/", "").as_bytes()).await.unwrap();
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).ends_with('}') {
            let mut buffer = [0; 4096];
            let n = timeout(DEADLINE, stream.read(&mut buffer)).await.unwrap().unwrap();
            assert_ne!(n, 0, "closed after {:?}", String::from_utf8_lossy(&seen));
            seen.extend(&buffer[..n]);
        }
        stream
    }

    /// Waits until the server's account is as `wanted`.
    pub async fn until(&self, wanted: impl Fn(Stats) -> bool) {
        within(async {
            while !wanted(self.live.stats()) {
                sleep(Duration::from_millis(2)).await;
            }
        })
        .await;
    }
}

/// What is answered: the head in lower case, and the body.
pub async fn ask(world: &World, method: &str, path: &str, headers: &str) -> (String, String) {
    send(world, method, path, headers, "").await
}

/// The same, with a body in the request.
pub async fn send(world: &World, method: &str, path: &str, headers: &str, body: &str) -> (String, String) {
    let (host, length) = (world.address, body.len());
    let length = if length > 0 { format!("Content-Length: {length}\r\n") } else { String::new() };
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{length}{headers}\r\n{body}");
    let answer = world.raw(&request).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), body.to_owned())
}

pub fn say(live: &Live, text: &str) {
    let now = Timestamp::now();
    let id: CheckId = CheckId::from_name("disk").unwrap();
    live.update(now, |board, out| board.read(&id, &line::parse(&format!("2026-11-22 10:00:00, {text}")), now, out));
}

pub async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(DEADLINE, future).await.expect("it happens in time")
}

pub fn upgrade(address: SocketAddr, path: &str, more: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    )
}

pub struct Client(pub WebSocketStream<TcpStream>);

impl Client {
    pub async fn message(&mut self) -> Message {
        within(self.0.next()).await.expect("one more message").expect("a message")
    }

    pub async fn text(&mut self) -> String {
        loop {
            match self.message().await {
                Message::Text(text) => return text.as_str().to_owned(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("not a text: {other:?}"),
            }
        }
    }

    pub async fn json(&mut self) -> Value {
        serde_json::from_str(&self.text().await).unwrap()
    }

    pub async fn send(&mut self, message: Message) {
        within(self.0.send(message)).await.unwrap();
    }

    /// The code of the close frame that comes after any other messages.
    pub async fn close_code(&mut self) -> Option<u16> {
        loop {
            if let Message::Close(frame) = self.message().await {
                return frame.map(|frame| frame.code.into());
            }
        }
    }
}
