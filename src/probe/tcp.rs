//! `ssi probe tcp`: whether ports take connections, and what the servers there say.

use std::time::{Duration, Instant};

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use futures_util::future::join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::net::{self, Deadline, Dialed, Family, HostPort, Latency, NetError, Phase, TimeLimit};
use super::{ProbeError, limit};
use crate::answer::Answer;
use crate::status::Status;

/// The question.
#[derive(Debug, Args)]
#[command(after_help = limit::HELP)]
pub struct Tcp {
    /// Where to connect to, all at once
    #[arg(required = true, value_name = "HOST:PORT", value_parser = HostPort::parse)]
    targets: Vec<HostPort>,
    #[command(flatten)]
    latency: Latency,
    #[command(flatten)]
    limit: TimeLimit,
    #[command(flatten)]
    family: Family,
    /// Send this once connected; \r, \n, \t and \\ mean what they do in C
    #[arg(long, value_name = "TEXT")]
    send: Option<String>,
    /// Fail unless the server says something with this in it
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    expect_banner: Option<String>,
}

/// The most that is read of what a server says.
const MOST: usize = 4096;

/// A server that answered as it should.
#[derive(Clone, Copy, Debug)]
struct Reached {
    address: std::net::SocketAddr,
    resolve: Duration,
    connect: Duration,
    /// With what was said after the connection stood.
    total: Duration,
}

impl Tcp {
    pub(super) fn ask(&self) -> Result<Answer, ProbeError> {
        let deadline = Deadline::after(self.limit.timeout);
        let all = async { Ok(join_all(self.targets.iter().map(|target| self.reach(target, deadline))).await) };
        let found = net::block_on(all)?;
        Ok(self.answer(&found))
    }

    async fn reach(&self, target: &HostPort, deadline: Deadline) -> Result<Reached, NetError> {
        let start = Instant::now();
        let Dialed { mut stream, address, resolve, connect } = net::dial(target, self.family, deadline).await?;
        let down = net::down_because(Phase::Banner);
        if let Some(text) = &self.send {
            let sent = async { stream.write_all(unescape(text).as_bytes()).await.map_err(&down) };
            deadline.step(Phase::Request, sent).await?;
        }
        if let Some(expected) = &self.expect_banner {
            let mut said = Vec::new();
            let heard = async {
                while !holds(&said, expected.as_bytes()) && said.len() < MOST {
                    if stream.read_buf(&mut said).await.map_err(&down)? == 0 {
                        return Ok(());
                    }
                }
                Ok(())
            };
            let heard = deadline.step(Phase::Banner, heard).await;
            if !holds(&said, expected.as_bytes()) {
                let cause = heard.err().map(|error| format!(" ({})", error.reason())).unwrap_or_default();
                let reason = format!("said {}, expected `{expected}`{cause}", excerpt(&said));
                return Err(NetError::down(Phase::Banner, reason));
            }
        }
        Ok(Reached { address, resolve, connect, total: start.elapsed() })
    }

    fn answer(&self, found: &[Result<Reached, NetError>]) -> Answer {
        let limits = self.latency.thresholds();
        let (mut answer, mut facts, mut bad) = (Answer::new(Status::Ok, ""), Vec::new(), Vec::new());
        for (target, found) in self.targets.iter().zip(found) {
            let (status, words) = match found {
                Ok(reached) => {
                    let status = limits.judge(net::seconds(reached.total));
                    let words = format!("{target} answers in {}", net::short(reached.total));
                    answer.metrics.push(limits.metric(target.to_string(), net::seconds(reached.total), "s"));
                    (status, words)
                }
                Err(error) => {
                    let mut metric = limits.metric(target.to_string(), 0.0, "s");
                    metric.value = None;
                    answer.metrics.push(metric);
                    (error.status(), format!("{target} {}", error.words()))
                }
            };
            let seconds =
                |part: fn(&Reached) -> Duration| found.as_ref().ok().map(|reached| net::seconds(part(reached)));
            facts.push(json!({
                "target": target.to_string(),
                "status": status,
                "address": found.as_ref().ok().map(|reached| reached.address.to_string()),
                "dns_seconds": seconds(|reached| reached.resolve),
                "connect_seconds": seconds(|reached| reached.connect),
                "total_seconds": seconds(|reached| reached.total),
                "reason": found.as_ref().err().map(NetError::words),
            }));
            answer.status = answer.status.max(status);
            answer.details.push(format!("{status}: {words}"));
            bad.extend((status != Status::Ok).then_some(words));
        }
        answer.message = match (bad.is_empty(), found) {
            (false, _) => bad.join("; "),
            (true, [Ok(reached)]) => format!("{} answers in {}", self.targets[0], net::short(reached.total)),
            (true, _) => format!("all {} answer", found.len()),
        };
        if found.len() == 1 {
            answer.details.clear();
        }
        answer.fact("targets", facts)
    }
}

fn holds(said: &[u8], expected: &[u8]) -> bool {
    said.windows(expected.len()).any(|window| window == expected)
}

/// The beginning of what was said, for a message.
fn excerpt(said: &[u8]) -> String {
    match said {
        [] => "nothing".to_owned(),
        _ => format!("`{}`", String::from_utf8_lossy(said).trim_end().chars().take(60).collect::<String>()),
    }
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (c, false) => out.push(c),
            (_, true) => match chars.next() {
                Some('r') => out.push('\r'),
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('\\') | None => out.push('\\'),
                Some(other) => out.extend(['\\', other]),
            },
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        question: Tcp,
    }

    fn question(line: &str) -> Tcp {
        Line::parse_from(std::iter::once("tcp").chain(line.split(' '))).question
    }

    fn reached(millis: u64) -> Result<Reached, NetError> {
        let total = Duration::from_millis(millis);
        let address = "192.0.2.1:25".parse().unwrap();
        Ok(Reached { address, resolve: Duration::ZERO, connect: total, total })
    }

    #[test]
    fn the_message_names_those_that_failed_and_why() {
        let question = question("a:25 b:25 c:25 -w 100ms -c 1");
        let refused = Err(NetError::down(Phase::Connect, "192.0.2.1:25 refused"));
        let answer = question.answer(&[reached(5), refused, reached(300)]);
        assert_eq!(answer.status, Status::Failure);
        assert_eq!(answer.message, "b:25 connect: 192.0.2.1:25 refused; c:25 answers in 300 ms");
        assert_eq!(answer.metrics[1].to_string(), "'b:25'=U;0.1;1");
        assert_eq!(answer.facts["targets"][1]["total_seconds"], json!(null));
        assert_eq!(answer.facts["targets"][2]["status"], json!("WARNING"));
    }

    #[test]
    fn what_could_not_be_asked_is_an_error() {
        let error = || Err(NetError::NotAsked(ProbeError::Unanswerable("not permitted".into())));
        assert_eq!(question("a:1").answer(&[error()]).status, Status::Error);
        assert_eq!(question("a:1").answer(&[reached(2)]).to_string(), "OK, a:1 answers in 2 ms | 'a:1'=0.002s");
    }

    #[test]
    fn escapes_mean_what_they_do_in_c() {
        assert_eq!(unescape(r"PING\r\n\\x\y\"), "PING\r\n\\x\\y\\");
        assert_eq!(excerpt(b""), "nothing");
        assert!(holds(b"220 mail", b"220") && !holds(b"22", b"220"));
    }
}
