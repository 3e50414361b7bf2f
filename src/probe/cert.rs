//! `ssi probe cert`: how long certificates last, of servers or in files.

mod starttls;

use std::fmt;
use std::fs;
use std::io::Read;
use std::path::PathBuf;

use clap::Args;
use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use super::ProbeError;
use super::limit;
use super::net::{
    self, Certificate, Deadline, Dialed, Family, HostPort, NetError, Phase, Presented, TimeLimit, Tls, Trust,
    days_words,
};
use crate::answer::Answer;
use crate::status::Status;
use crate::threshold::{Range, Thresholds};
use starttls::StartTls;

/// The question.
#[derive(Debug, Args)]
#[command(after_help = limit::HELP)]
pub struct Cert {
    /// HOST or HOST:PORT (443), or a file with a `/` in its name or one that ends in .pem, .crt or .cer
    #[arg(required = true, value_name = "HOST|FILE", value_parser = target)]
    targets: Vec<Target>,
    /// Warn when the days that are left are outside of this range; a number alone is the least of them
    #[arg(short, long, value_name = "RANGE", value_parser = limit::days_left, default_value = "21:")]
    warning: Range,
    /// Fail when the days that are left are outside of this range
    #[arg(short, long, value_name = "RANGE", value_parser = limit::days_left, default_value = "7:")]
    critical: Range,
    #[command(flatten)]
    limit: TimeLimit,
    #[command(flatten)]
    family: Family,
    /// The name to ask for, and that the certificate must have, instead of HOST
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Accept certificates of any issuer, self-signed ones too
    #[arg(long, conflicts_with = "ca")]
    any_issuer: bool,
    /// Trust the authorities in this PEM file instead of this host's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Begin in clear text, as this protocol does
    #[arg(long, value_name = "PROTOCOL")]
    starttls: Option<StartTls>,
}

/// The most bytes of a file: all the authorities of a host have less than one of these.
const LARGEST: u64 = 8 * 1024 * 1024;

#[derive(Clone, Debug)]
enum Target {
    Server(String, Option<u16>),
    File(PathBuf),
}

/// What was found at one target.
struct Found {
    target: String,
    /// In a file, the one that expires first.
    presented: Result<Presented, NetError>,
}

impl Cert {
    pub(super) fn ask(&self) -> Result<Answer, ProbeError> {
        let deadline = Deadline::after(self.limit.timeout);
        let needs_tls = self.targets.iter().any(|target| matches!(target, Target::Server(..)));
        let tls = needs_tls.then(|| Tls::new(&self.trust(), false, None)).transpose()?;
        let all = join_all(self.targets.iter().map(|target| self.look(target, tls.as_ref(), deadline)));
        let found = net::block_on(async { Ok(all.await) })?;
        Ok(self.answer(&found, Timestamp::now()))
    }

    fn trust(&self) -> Trust {
        match (&self.ca, self.any_issuer) {
            (Some(path), _) => Trust::File(path.clone()),
            (None, true) => Trust::Anyone,
            (None, false) => Trust::System,
        }
    }

    async fn look(&self, target: &Target, tls: Option<&Tls>, deadline: Deadline) -> Found {
        match (target, tls) {
            (Target::File(path), _) => {
                let place = path.clone();
                // A pipe that nobody writes to is waited for like a server.
                let reading = tokio::task::spawn_blocking(move || read(&place));
                let late = || ProbeError::Unanswerable(format!("`{}` could not be read in time", path.display()));
                let read = tokio::time::timeout(deadline.left(), reading).await;
                let presented = read.ok().and_then(Result::ok).unwrap_or_else(|| Err(late()));
                Found { target: path.display().to_string(), presented: presented.map_err(NetError::NotAsked) }
            }
            (Target::Server(host, port), Some(tls)) => {
                let default = self.starttls.map_or(443, StartTls::port);
                let server = HostPort { host: host.clone(), port: port.unwrap_or(default) };
                Found { target: server.to_string(), presented: self.present(&server, tls, deadline).await }
            }
            (Target::Server(host, _), None) => {
                let reason = ProbeError::Unanswerable("TLS was not prepared".to_owned());
                Found { target: host.clone(), presented: Err(NetError::NotAsked(reason)) }
            }
        }
    }

    async fn present(&self, server: &HostPort, tls: &Tls, deadline: Deadline) -> Result<Presented, NetError> {
        let Dialed { mut stream, .. } = net::dial(server, self.family, deadline).await?;
        if let Some(protocol) = self.starttls {
            stream = deadline.step(Phase::StartTls, protocol.negotiate(stream)).await?;
        }
        let name = self.name.as_deref().unwrap_or(&server.host);
        let (presented, opened) = tls.open(stream, name, deadline).await;
        // A certificate counts only once the server has proved that it holds the key.
        opened?;
        presented.ok_or_else(|| NetError::down(Phase::Tls, "the server presents no certificate"))
    }

    fn answer(&self, found: &[Found], now: Timestamp) -> Answer {
        let limits = Thresholds { warning: Some(self.warning), critical: Some(self.critical) };
        let judged: Vec<Judged> = found.iter().map(|found| found.judge(&limits, now)).collect();
        let status = judged.iter().map(|judged| judged.status).max().unwrap_or(Status::Error);
        let bad: Vec<&str> =
            judged.iter().filter(|judged| judged.status != Status::Ok).map(|judged| judged.words.as_str()).collect();
        let soonest = judged.iter().filter_map(|judged| Some((judged.days?, judged.words.as_str())));
        let message = match soonest.min_by(|a, b| a.0.total_cmp(&b.0)) {
            _ if !bad.is_empty() => bad.join("; "),
            Some((_, words)) if judged.len() > 1 => format!("{} certificates; {words}", judged.len()),
            Some((_, words)) => words.to_owned(),
            None => "there is no certificate".to_owned(),
        };
        let mut answer = Answer::new(status, message);
        for (found, judged) in found.iter().zip(&judged) {
            let mut metric = limits.metric(found.target.clone(), judged.days.unwrap_or_default(), "");
            metric.value = judged.days;
            answer.metrics.push(metric);
            answer.details.extend(judged.details.clone());
        }
        answer.fact("certificates", judged.into_iter().map(|judged| judged.facts).collect::<Vec<_>>())
    }
}

/// One target's part of the answer.
struct Judged {
    status: Status,
    words: String,
    details: Vec<String>,
    days: Option<f64>,
    facts: Value,
}

impl Found {
    fn judge(&self, limits: &Thresholds, now: Timestamp) -> Judged {
        let target = &self.target;
        let (certificate, complaints) = match &self.presented {
            Ok(Presented { certificate: Ok(certificate), complaints }) => (certificate, complaints),
            Ok(Presented { certificate: Err(reason), .. }) => return self.unknown(Status::Error, reason),
            Err(error) => return self.unknown(error.status(), &error.words()),
        };
        let days = certificate.days_left(now);
        let (status, words) = match complaints.is_empty() {
            false => (Status::Failure, format!("{target}: the certificate {}", complaints.join(", "))),
            true => (limits.judge(days), format!("{target}: the certificate expires in {}", days_words(days))),
        };
        let names = match certificate.names.is_empty() {
            true => String::new(),
            false => format!(" for {}", certificate.names.join(", ")),
        };
        let title = certificate.title();
        let details = vec![
            format!("{status}: {target}: {title}{names}"),
            format!("issuer {}, {}, until {}", certificate.issuer, certificate.key, certificate.not_after),
        ];
        let mut facts = certificate.document(now);
        facts["target"] = json!(target);
        facts["status"] = json!(status);
        facts["complaints"] = json!(complaints);
        Judged { status, words, details, days: Some(days), facts }
    }

    fn unknown(&self, status: Status, reason: &str) -> Judged {
        // What went wrong with a file names it.
        let words = match reason.contains(&self.target) {
            true => reason.to_owned(),
            false => format!("{}: {reason}", self.target),
        };
        let facts = json!({
            "target": self.target, "status": status, "complaints": [reason], "subject": null, "names": null, "issuer": null,
            "not_before": null, "not_after": null, "days_left": null, "key": null,
        });
        Judged { status, details: vec![format!("{status}: {words}")], words, days: None, facts }
    }
}

/// The certificate of a file that expires first, in PEM or DER form, and what is wrong with the dates of any.
fn read(path: &PathBuf) -> Result<Presented, ProbeError> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(ProbeError::reading(path))?;
    let length = file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(ProbeError::reading(path))?;
    if length as u64 > LARGEST {
        return Err(ProbeError::Unanswerable(format!("`{}` is too large for certificates", path.display())));
    }
    let unreadable = |error: &dyn fmt::Display| {
        ProbeError::Unanswerable(format!("`{}` holds no certificate in PEM or DER form ({error})", path.display()))
    };
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let certificates = match read.map_err(|error| unreadable(&error))? {
        none if none.is_empty() => vec![CertificateDer::from(bytes)],
        certificates => certificates,
    };
    let parsed: Result<Vec<_>, _> = certificates.iter().map(|der| Certificate::parse(der)).collect();
    let parsed = parsed.map_err(|error| unreadable(&error))?;
    let now = Timestamp::now();
    let mut complaints: Vec<String> = parsed.iter().filter_map(|certificate| certificate.untimely(now)).collect();
    complaints.dedup();
    let soonest = parsed.into_iter().min_by_key(|certificate| certificate.not_after);
    let soonest = soonest.ok_or_else(|| unreadable(&"it is empty"))?;
    Ok(Presented { complaints, certificate: Ok(soonest) })
}

fn target(text: &str) -> Result<Target, String> {
    let is_file = text.contains('/') || [".pem", ".crt", ".cer"].iter().any(|ending| text.ends_with(ending));
    match is_file {
        true => Ok(Target::File(PathBuf::from(text))),
        false => net::HostPort::split(text).map(|(host, port)| Target::Server(host, port)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::net::localhost;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        question: Cert,
    }

    fn question(line: &str) -> Cert {
        Line::parse_from(std::iter::once("cert").chain(line.split(' '))).question
    }

    fn presented(target: &str, complaints: &[&str]) -> Found {
        let complaints = complaints.iter().map(|text| (*text).to_owned()).collect();
        Found { target: target.into(), presented: Ok(Presented { certificate: Ok(localhost()), complaints }) }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_days_that_are_left_decide() {
        let answer = |line, time| question(line).answer(&[presented("localhost:443", &[])], at(time));
        let fine = answer("localhost", "2026-01-02T00:00:00Z");
        assert_eq!(
            fine.to_string().lines().next(),
            Some("OK, localhost:443: the certificate expires in 89 days | 'localhost:443'=89;21:;7:",)
        );
        assert_eq!(answer("localhost", "2026-03-20T00:00:00Z").status, Status::Warning);
        assert_eq!(answer("localhost", "2026-03-26T00:00:00Z").status, Status::Failure);
        assert_eq!(answer("localhost -w 3: -c 1:", "2026-03-26T00:00:00Z").status, Status::Ok);
    }

    #[test]
    fn the_worst_target_decides_and_is_named() {
        let refused = NetError::down(Phase::Connect, "refused");
        let found = [
            presented("a:443", &[]),
            presented("b:443", &["is not for b but for localhost", "is self-signed and not trusted"]),
            Found { target: "c:443".into(), presented: Err(refused) },
        ];
        let answer = question("a b c").answer(&found, at("2026-01-02T00:00:00Z"));
        assert_eq!(answer.status, Status::Failure);
        let complaints = "the certificate is not for b but for localhost, is self-signed and not trusted";
        assert_eq!(answer.message, format!("b:443: {complaints}; c:443: connect: refused"));
        assert_eq!(answer.facts["certificates"][2]["days_left"], json!(null));
        assert_eq!(answer.metrics[2].value, None);
        let unread = ProbeError::Unanswerable("could not read `d.pem`".into());
        let found = [Found { target: "d.pem".into(), presented: Err(NetError::NotAsked(unread)) }];
        let answer = question("d.pem").answer(&found, at("2026-01-02T00:00:00Z"));
        assert_eq!((answer.status, answer.message.as_str()), (Status::Error, "could not read `d.pem`"));
    }

    #[test]
    fn targets_are_told_apart_by_how_they_are_written() {
        for text in ["./x", "/etc/x", "x.pem", "x.crt"] {
            assert!(matches!(target(text), Ok(Target::File(_))), "{text}");
        }
        for text in ["example.org", "example.org:443", "[::1]:443"] {
            assert!(matches!(target(text), Ok(Target::Server(..))), "{text}");
        }
    }
}
