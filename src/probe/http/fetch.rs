//! Fetching a page, step by step, with the time that each step takes.
//!
//! Input: the question. Output: [`Fetched`], which holds what was found out also where a step failed.

use std::error::Error;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{
    ACCEPT, CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderValue, LOCATION, TRANSFER_ENCODING, USER_AGENT,
};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;

use super::headers::Header;
use super::{Http, Url};
use crate::probe::net::{self, Deadline, Dialed, NetError, Phase, Presented, Tls, chain, down_because};

/// The most of a page that is read.
pub(super) const MOST: usize = 1024 * 1024;
const MOST_REDIRECTS: usize = 10;

/// What was found out.
pub(super) struct Fetched {
    /// Of the last request.
    pub(super) url: Url,
    pub(super) redirects: usize,
    pub(super) address: Option<String>,
    /// The steps of the last request.
    pub(super) dns: Option<Duration>,
    pub(super) connect: Option<Duration>,
    pub(super) tls: Option<Duration>,
    pub(super) first_byte: Option<Duration>,
    /// Everything, with all redirects.
    pub(super) total: Duration,
    pub(super) certificate: Option<Presented>,
    pub(super) page: Result<Page, NetError>,
}

/// An answer of the server.
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) location: Option<String>,
    pub(super) body: Vec<u8>,
    /// There is more of the body than was read.
    pub(super) is_cut: bool,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// One question on its way.
pub(super) struct Fetch<'a> {
    question: &'a Http,
    headers: &'a [Header],
    deadline: Deadline,
    tls: Option<Tls>,
    /// How many bytes of the page are read.
    most: usize,
    fetched: Fetched,
}

impl<'a> Fetch<'a> {
    pub(super) fn new(question: &'a Http, headers: &'a [Header]) -> Fetch<'a> {
        let fetched = Fetched {
            url: question.url.clone(),
            redirects: 0,
            address: None,
            dns: None,
            connect: None,
            tls: None,
            first_byte: None,
            total: Duration::ZERO,
            certificate: None,
            page: Err(NetError::down(Phase::Request, "nothing was asked")),
        };
        Fetch { question, headers, deadline: Deadline::after(question.limit.timeout), tls: None, most: MOST, fetched }
    }

    /// The same with authorities that were read before, and less of the page.
    pub(super) fn again(question: &'a Http, tls: Option<Tls>, most: usize) -> Fetch<'a> {
        Fetch { tls, most, ..Fetch::new(question, &[]) }
    }

    pub(super) async fn run(mut self) -> Fetched {
        let start = Instant::now();
        self.fetched.page = self.walk().await;
        self.fetched.total = start.elapsed();
        self.fetched
    }

    /// Asks, and goes where the answer leads.
    async fn walk(&mut self) -> Result<Page, NetError> {
        let mut method = self.question.method();
        let mut body = Bytes::from(self.question.body.clone().unwrap_or_default());
        loop {
            let page = self.exchange(&method, &body).await?;
            let location = match &page.location {
                Some(location) if self.question.follow && page.status.is_redirection() => location,
                _ => return Ok(page),
            };
            if self.fetched.redirects == MOST_REDIRECTS {
                return Err(NetError::down(Phase::Request, format!("there are more than {MOST_REDIRECTS} redirects")));
            }
            let nowhere = |reason| NetError::down(Phase::Request, format!("the redirect leads nowhere: {reason}"));
            self.fetched.url = self.fetched.url.join(location).map_err(nowhere)?;
            self.fetched.redirects += 1;
            let keeps_method = matches!(page.status.as_u16(), 307 | 308) || method == Method::HEAD;
            if !keeps_method {
                (method, body) = (Method::GET, Bytes::new());
            }
        }
    }

    async fn exchange(&mut self, method: &Method, body: &Bytes) -> Result<Page, NetError> {
        let stream = self.connect().await?;
        let broken = |error: hyper::Error| NetError::down(Phase::Request, reason(&error));
        let request = self.request(method, body.clone())?;
        let start = Instant::now();
        let asked = async {
            let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
            // Its errors are those of the request.
            tokio::spawn(connection);
            sender.send_request(request).await.map_err(broken)
        };
        let response = self.deadline.step(Phase::Request, asked).await?;
        self.fetched.first_byte = Some(start.elapsed());
        self.deadline.step(Phase::Body, read(response, self.most)).await
    }

    /// A stream to the server, encrypted where the URL says so.
    async fn connect(&mut self) -> Result<Box<dyn Stream>, NetError> {
        let (url, question, deadline) = (self.fetched.url.clone(), self.question, self.deadline);
        let is_home = url.has_origin_of(&question.url);
        (self.fetched.dns, self.fetched.connect, self.fetched.tls, self.fetched.first_byte) = Default::default();
        (self.fetched.address, self.fetched.certificate) = Default::default();
        let stream: Box<dyn Stream> = match &question.unix_socket {
            Some(path) if is_home => Box::new(self.connect_unix(path).await?),
            _ => {
                let elsewhere = question.connect.as_ref().filter(|_| is_home);
                let server = elsewhere.unwrap_or(&url.server);
                let Dialed { stream, address, resolve, connect } = net::dial(server, question.family, deadline).await?;
                self.fetched.address = Some(address.to_string());
                (self.fetched.dns, self.fetched.connect) = (Some(resolve), Some(connect));
                Box::new(stream)
            }
        };
        if !url.is_https {
            return Ok(stream);
        }
        // The authorities are read only for this.
        let tls = match self.tls.take() {
            Some(tls) => tls,
            None => Tls::new(&question.trust(), !question.insecure, Some("http/1.1"))?,
        };
        let start = Instant::now();
        let (presented, opened) = self.tls.insert(tls).open(stream, &url.server.host, deadline).await;
        self.fetched.certificate = presented;
        let stream = opened?;
        self.fetched.tls = Some(start.elapsed());
        Ok(Box::new(stream))
    }

    async fn connect_unix(&mut self, path: &Path) -> Result<UnixStream, NetError> {
        let start = Instant::now();
        let connected = async { UnixStream::connect(path).await.map_err(down_because(Phase::Connect)) };
        let stream = self.deadline.step(Phase::Connect, connected).await?;
        self.fetched.address = Some(path.display().to_string());
        self.fetched.connect = Some(start.elapsed());
        Ok(stream)
    }

    fn request(&self, method: &Method, body: Bytes) -> Result<Request<Full<Bytes>>, NetError> {
        let url = &self.fetched.url;
        let unusable = |error: hyper::http::Error| {
            NetError::NotAsked(crate::probe::ProbeError::Unanswerable(format!("the request can't be made: {error}")))
        };
        let host = HeaderValue::try_from(url.host()).map_err(|error| unusable(error.into()))?;
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host);
        let accept = if self.question.field.is_empty() { "*/*" } else { "application/json" };
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("ssi/", env!("CARGO_PKG_VERSION"))));
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        // They may hold secrets, which are for the server that was named and for no other.
        if url.has_origin_of(&self.question.url) {
            for (at, (name, value)) in self.headers.iter().enumerate() {
                match self.headers[..at].iter().any(|(earlier, _)| earlier == name) {
                    true => drop(headers.append(name, value.clone())),
                    false => drop(headers.insert(name, value.clone())),
                }
            }
        }
        let mut request = Request::builder().method(method).uri(&url.path).body(Full::new(body)).map_err(unusable)?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

fn reason(error: &hyper::Error) -> String {
    if error.is_canceled() {
        "the server spoke before it was asked, so this is not HTTP".to_owned()
    } else if error.is_parse() {
        format!("the answer is not HTTP ({})", chain(error))
    } else if error.is_incomplete_message() || is_sudden_end(error) {
        "the server closed the connection early".to_owned()
    } else {
        chain(error)
    }
}

/// Whether TLS ended without its goodbye.
fn is_sudden_end(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::UnexpectedEof)
}

async fn read(response: Response<Incoming>, most: usize) -> Result<Page, NetError> {
    let (head, mut body) = response.into_parts();
    let location = head.headers.get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    // A body without a length ends with the connection, and many servers leave out TLS's goodbye.
    let has_length = head.headers.contains_key(CONTENT_LENGTH) || head.headers.contains_key(TRANSFER_ENCODING);
    let mut page = Page { status: head.status, location, body: Vec::new(), is_cut: false };
    while let Some(frame) = body.frame().await {
        let frame = match frame {
            Err(error) if is_sudden_end(&error) && !has_length => break,
            frame => frame.map_err(|error| NetError::down(Phase::Body, reason(&error)))?,
        };
        let Some(data) = frame.data_ref() else { continue };
        let room = most - page.body.len();
        page.is_cut = data.len() > room;
        page.body.extend_from_slice(&data[..data.len().min(room)]);
        if page.is_cut {
            break;
        }
    }
    Ok(page)
}
