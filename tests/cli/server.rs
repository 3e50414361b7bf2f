//! Servers on loopback that a test opens itself, good and bad ones.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// Serves every connection with `serve`, each in a thread, for as long as the test process lives.
pub fn tcp(serve: impl Fn(TcpStream) + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let serve = serve.clone();
            thread::spawn(move || serve(stream));
        }
    });
    address
}

/// Reads requests and answers each with the same bytes; the requests arrive at the receiver.
pub fn http(response: impl Into<Vec<u8>>) -> (SocketAddr, Receiver<String>) {
    let response = response.into();
    let (send, requests) = channel();
    let address = tcp(move |mut stream| {
        let _ = send.send(request(&stream));
        let _ = stream.write_all(&response);
    });
    (address, requests)
}

/// A whole request.
pub fn request(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let (mut text, mut length) = (String::new(), 0);
    while let Ok(read) = reader.read_line(&mut text) {
        let line = text[text.len() - read..].to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if read == 0 || line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    text + &String::from_utf8(body).unwrap()
}

/// Says `beginning`, and then a byte a tenth of a second until the client has had enough.
pub fn slow(beginning: &'static str) -> SocketAddr {
    tcp(move |stream| drip(stream, beginning))
}

/// The same, once it was asked.
pub fn slow_page(beginning: &'static str) -> SocketAddr {
    tcp(move |stream| {
        request(&stream);
        drip(stream, beginning);
    })
}

fn drip(mut stream: TcpStream, beginning: &str) {
    let _ = stream.write_all(beginning.as_bytes());
    while stream.write_all(b"x").is_ok() {
        thread::sleep(Duration::from_millis(100));
    }
}

/// Takes connections and says nothing until the client goes.
pub fn silent() -> SocketAddr {
    tcp(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    })
}

/// A port that nobody listens on. It was given out a moment ago, so it is not given out again soon.
pub fn closed() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A name server that answers each query with what `reply` makes of it: datagrams by UDP, one message by TCP.
pub fn dns(reply: impl Fn(&[u8], bool) -> Vec<Vec<u8>> + Clone + Send + 'static) -> SocketAddr {
    let by_tcp = reply.clone();
    let address = tcp(move |mut stream| {
        let mut length = [0; 2];
        stream.read_exact(&mut length).unwrap();
        let mut query = vec![0; u16::from_be_bytes(length).into()];
        stream.read_exact(&mut query).unwrap();
        for message in by_tcp(&query, true) {
            let length = u16::try_from(message.len()).unwrap().to_be_bytes();
            stream.write_all(&[&length, message.as_slice()].concat()).unwrap();
        }
    });
    let socket = UdpSocket::bind(address).unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, client)) = socket.recv_from(&mut buffer) {
            for message in reply(&buffer[..length], false) {
                socket.send_to(&message, client).unwrap();
            }
        }
    });
    address
}
