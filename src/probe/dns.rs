//! `ssi probe dns`: what a name server answers.

mod exchange;
mod message;
mod resolv;

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use clap::Args;
use serde_json::json;

use super::net::{self, Deadline, Latency, NetError, Phase, TimeLimit};
use super::{ProbeError, limit};
use crate::answer::Answer;
use crate::status::Status;
use exchange::Answered;
use message::{Kind, without_dot};
use resolv::Resolv;

const RESOLV_CONF: &str = "/etc/resolv.conf";

/// The question.
#[derive(Debug, Args)]
#[command(after_help = limit::HELP)]
pub struct Dns {
    /// The name to ask for; with `--type PTR` also an address
    name: String,
    /// What to ask for
    #[arg(long = "type", value_name = "TYPE", default_value = "A", ignore_case = true)]
    kind: Kind,
    /// Ask this server instead of those of /etc/resolv.conf
    #[arg(long, value_name = "IP[:PORT]", value_parser = server)]
    server: Option<SocketAddr>,
    /// Fail unless this is among the answers; may be repeated
    #[arg(long, value_name = "VALUE")]
    expect: Vec<String>,
    #[command(flatten)]
    latency: Latency,
    #[command(flatten)]
    limit: TimeLimit,
}

impl Dns {
    pub(super) fn ask(&self) -> Result<Answer, ProbeError> {
        let resolv = match self.server {
            Some(server) => Resolv::only(server),
            None => {
                let path = Path::new(RESOLV_CONF);
                Resolv::parse(&fs::read_to_string(path).map_err(ProbeError::reading(path))?)
            }
        };
        if resolv.servers.is_empty() {
            let text =
                format!("`{RESOLV_CONF}` names no server, expected a line `nameserver ADDRESS` (or use --server)");
            return Err(ProbeError::Unanswerable(text));
        }
        let found = net::block_on(async { Ok(self.exchange(&resolv).await) })?;
        Ok(self.answer(&found))
    }

    /// Asks for each name that this one may stand for, until one has what is asked for.
    async fn exchange(&self, resolv: &Resolv) -> Result<Answered, NetError> {
        let deadline = Deadline::after(self.limit.timeout);
        let mut first = None;
        for candidate in resolv.candidates(&self.name) {
            let unusable = |reason| NetError::NotAsked(ProbeError::Unanswerable(reason));
            let name = message::name(&candidate, self.kind).map_err(unusable)?;
            let answered = deadline.step(Phase::Request, exchange::ask(resolv, &name, self.kind, deadline)).await?;
            if answered.reply.is_refusal() || !answered.reply.records.is_empty() {
                return Ok(answered);
            }
            first.get_or_insert(answered);
        }
        first.ok_or_else(|| NetError::NotAsked(ProbeError::Unanswerable("there is no name to ask for".to_owned())))
    }

    fn answer(&self, found: &Result<Answered, NetError>) -> Answer {
        let (name, kind, limits) = (&self.name, self.kind.word(), self.latency.thresholds());
        let (status, message) = match found {
            Err(error @ NetError::Down { .. }) => (error.status(), format!("{kind} {name}: {}", error.reason())),
            Err(error) => (error.status(), error.words()),
            Ok(answered) => self.judge(answered),
        };
        let found = found.as_ref().ok();
        let records = || found.into_iter().flat_map(|found| &found.reply.records);
        let ttl = records().map(|record| record.ttl).min();
        let seconds = found.map(|found| net::seconds(found.took));
        let answers: Vec<_> =
            records().map(|record| json!({ "value": record.value, "ttl_seconds": record.ttl })).collect();
        let mut answer = Answer::new(status, message)
            .fact("name", name.as_str())
            .fact("type", kind)
            .fact("name_asked", found.map(|found| found.name.clone()))
            .fact("server", found.map(|found| found.server.to_string()))
            .fact("code", found.map(|found| found.reply.code.clone()))
            .fact("answers", found.map(|_| answers))
            .fact("ttl_seconds", ttl)
            .fact("seconds", seconds);
        answer.details = records().map(|record| format!("{} (TTL {} s)", record.value, record.ttl)).collect();
        if let Some(seconds) = seconds {
            answer.metrics.push(limits.metric("time", seconds, "s"));
        }
        answer
    }

    fn judge(&self, answered: &Answered) -> (Status, String) {
        let (Answered { name: full, server, reply, took }, kind) = (answered, self.kind.word());
        // Another name than the one that was given, where resolv.conf completes it: that must not be said of the one that was given.
        let name = match message::name(&self.name, self.kind) {
            Ok(given) if given.to_string() != *full && !reply.records.is_empty() => {
                format!("{} (as {full})", self.name)
            }
            _ => self.name.clone(),
        };
        if reply.code != "NOERROR" {
            return (Status::Failure, format!("{kind} {name}: {} from {server}", reply.code));
        }
        if reply.records.is_empty() {
            return (Status::Failure, format!("{kind} {name}: no answer of this type from {server}"));
        }
        let values: Vec<&str> = reply.records.iter().map(|record| record.value.as_str()).collect();
        let same = |wanted: &str, value: &str| without_dot(wanted).eq_ignore_ascii_case(value);
        let is_missing = |wanted: &&String| {
            let address = wanted.parse::<IpAddr>().map(|address| address.to_string());
            !values.iter().any(|value| same(address.as_deref().unwrap_or(wanted), value))
        };
        let missing: Vec<&str> = self.expect.iter().filter(is_missing).map(String::as_str).collect();
        let said = values.join(", ");
        if !missing.is_empty() {
            return (Status::Failure, format!("{kind} {name} is {said}, expected {}", missing.join(", ")));
        }
        let status = self.latency.thresholds().judge(net::seconds(*took));
        (status, format!("{kind} {name} is {said}, answered by {server} in {}", net::short(*took)))
    }
}

fn server(text: &str) -> Result<SocketAddr, String> {
    let (host, port) = net::HostPort::split(text)?;
    let address =
        host.parse::<IpAddr>().map_err(|_| format!("`{host}` is no address, expected for example `192.0.2.1:53`"))?;
    Ok(SocketAddr::new(address, port.unwrap_or(resolv::PORT)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use message::{Record, Reply};
    use std::time::Duration;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        question: Dns,
    }

    fn answer(line: &str, code: &str, values: &[&str]) -> Answer {
        let question = Line::parse_from(std::iter::once("dns").chain(line.split(' '))).question;
        let record = |value: &&str| Record { value: (*value).to_owned(), ttl: 300 };
        let reply = Reply { code: code.into(), is_truncated: false, records: values.iter().map(record).collect() };
        let server = "192.0.2.53:53".parse().unwrap();
        let name = if values.contains(&"192.0.2.9") { "example.org.corp.example" } else { "example.org" };
        question.answer(&Ok(Answered { name: name.to_owned(), server, reply, took: Duration::from_millis(20) }))
    }

    #[test]
    fn answers_are_said_and_compared() {
        let fine = answer("example.org", "NOERROR", &["192.0.2.1"]);
        let line = "OK, A example.org is 192.0.2.1, answered by 192.0.2.53:53 in 20 ms | 'time'=0.02s";
        assert_eq!(fine.to_string(), format!("{line}\n  192.0.2.1 (TTL 300 s)"));
        let status = |line, values: &[&str]| answer(line, "NOERROR", values).status;
        assert_eq!(status("x --type NS --expect NS.example.org.", &["ns.example.org"]), Status::Ok);
        assert_eq!(status("x --type AAAA --expect 2001:0DB8::0001", &["2001:db8::1"]), Status::Ok);
        assert_eq!(status("x --expect 192.0.2.1 --expect 192.0.2.2", &["192.0.2.1"]), Status::Failure);
        assert_eq!(status("x -w 10ms", &["192.0.2.1"]), Status::Warning);
        assert_eq!(status("x -w 10ms -c 15ms", &["192.0.2.1"]), Status::Failure);
    }

    #[test]
    fn a_name_that_was_completed_is_told_from_the_one_that_was_given() {
        let completed = answer("example.org", "NOERROR", &["192.0.2.9"]);
        let words = "A example.org (as example.org.corp.example) is 192.0.2.9, answered by";
        assert!(completed.message.starts_with(words), "{completed}");
    }

    #[test]
    fn no_answer_is_a_failure_with_its_word() {
        for (code, words) in [("NXDOMAIN", "NXDOMAIN from"), ("SERVFAIL", "SERVFAIL from"), ("NOERROR", "no answer of")]
        {
            let answer = answer("example.org", code, &[]);
            assert_eq!(answer.status, Status::Failure);
            assert!(answer.message.contains(words) && answer.facts["ttl_seconds"].is_null(), "{answer}");
        }
    }
}
