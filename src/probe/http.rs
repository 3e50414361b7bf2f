//! `ssi probe http`: whether a web server answers as it should, how fast, and how long its certificate lasts.

mod fetch;
mod fields;
mod headers;
mod pages;
mod statuses;
#[cfg(test)]
mod tests;
mod url;

use std::path::PathBuf;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use hyper::Method;
use jiff::Timestamp;

use super::ProbeError;
use super::limit;
use super::net::{self, Certificate, Family, HostPort, Latency, Presented, TimeLimit, Trust, days_words};
use crate::answer::{Answer, Named};
use crate::status::Status;
use crate::threshold::{Quantity, Range, Thresholds};
use fetch::{Fetch, Fetched, MOST, Page};
use headers::Header;
pub(super) use pages::ask_socket;
pub use pages::{Pages, Seen, Unseen};
use statuses::Statuses;
use url::Url;

/// The question.
#[derive(Debug, Args)]
#[command(after_help = limit::HELP)]
pub struct Http {
    /// What to ask for
    #[arg(value_name = "URL", value_parser = Url::parse)]
    url: Url,
    #[command(flatten)]
    latency: Latency,
    #[command(flatten)]
    limit: TimeLimit,
    /// Fail unless the status code is one of these
    #[arg(long, visible_alias = "expect", value_name = "LIST", default_value = "2xx,3xx", value_parser = Statuses::parse)]
    status: Statuses,
    /// Fail unless this text is in the first 1 MiB of the page
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    contains: Option<String>,
    /// Read the page as a JSON document, and put the value at this JSON pointer under NAME into `fields`; may be repeated
    #[arg(long, value_name = "NAME=POINTER", value_parser = Named::parse)]
    field: Vec<Named>,
    /// Follow redirects, 10 at most, and judge the last answer
    #[arg(long)]
    follow: bool,
    /// The method of the request [default: GET, with --body POST]
    #[arg(long, value_name = "METHOD", value_parser = method)]
    method: Option<Method>,
    /// What to send
    #[arg(long, value_name = "TEXT")]
    body: Option<String>,
    /// A field of the request; may be repeated. Fields go to the URL's own server only, never along a redirect to another
    #[arg(long, value_name = "NAME: VALUE", value_parser = headers::parse)]
    header: Vec<Header>,
    /// A file of such fields, one a line, for secrets; a mere name lies in $CREDENTIALS_DIRECTORY where that is set
    #[arg(long, value_name = "FILE")]
    header_file: Option<PathBuf>,
    /// A file with a token to send as `Authorization: Bearer`, found as --header-file is
    #[arg(long, value_name = "FILE")]
    bearer_file: Option<PathBuf>,
    /// Connect to this server, and ask it for the URL with the URL's name
    #[arg(long, value_name = "HOST:PORT", value_parser = HostPort::parse)]
    connect: Option<HostPort>,
    /// Connect to this socket instead
    #[arg(long, value_name = "PATH", conflicts_with = "connect")]
    unix_socket: Option<PathBuf>,
    /// Warn when the days that the certificate has left are outside of this range [default with https: 21:]
    #[arg(long, value_name = "RANGE", value_parser = limit::days_left)]
    certificate: Option<Range>,
    /// Fail when they are outside of this range [default with https: 7:]
    #[arg(long, value_name = "RANGE", value_parser = limit::days_left)]
    certificate_critical: Option<Range>,
    /// Accept any certificate
    #[arg(long, conflicts_with = "ca")]
    insecure: bool,
    /// Trust the authorities in this PEM file instead of this host's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    #[command(flatten)]
    family: Family,
}

impl Http {
    pub(super) fn ask(&self) -> Result<Answer, ProbeError> {
        let mut headers = self.header.clone();
        if let Some(path) = &self.header_file {
            headers.extend(headers::read(path)?);
        }
        if let Some(path) = &self.bearer_file {
            headers.push(headers::bearer(path)?);
        }
        let fetched = net::block_on(async { Ok(Fetch::new(self, &headers).run().await) })?;
        Ok(self.answer(&fetched, Timestamp::now()))
    }

    fn method(&self) -> Method {
        let default = if self.body.is_some() { Method::POST } else { Method::GET };
        self.method.clone().unwrap_or(default)
    }

    fn trust(&self) -> Trust {
        match (&self.ca, self.insecure) {
            (Some(path), _) => Trust::File(path.clone()),
            (None, true) => Trust::Anyone,
            (None, false) => Trust::System,
        }
    }

    /// The limits of the certificate's days; without any it is not judged. A redirect may lead to https only at its end.
    fn certificate_limits(&self, last: &Url) -> Option<Thresholds> {
        let days = |text| Range::parse(text, Quantity::Days).ok();
        let is_https = self.url.is_https || last.is_https;
        match (self.certificate, self.certificate_critical, self.insecure || !is_https) {
            (None, None, true) => None,
            (warning, critical, true) => Some(Thresholds { warning, critical }),
            (warning, critical, false) => {
                Some(Thresholds { warning: warning.or_else(|| days("21:")), critical: critical.or_else(|| days("7:")) })
            }
        }
    }

    fn answer(&self, fetched: &Fetched, now: Timestamp) -> Answer {
        let total = net::seconds(fetched.total);
        let latency = self.latency.thresholds();
        let (mut findings, said) = match &fetched.page {
            Ok(page) => (self.judge_page(page), Some(said(page, total))),
            Err(error) => (vec![(error.status(), error.words())], None),
        };
        if let Some(said) = &said {
            findings.push((latency.judge(total), said.clone()));
        }
        let page = fetched.page.as_ref().ok();
        let (fields, fault) = fields::pick(&self.field, page);
        findings.extend(fault.map(|fault| (Status::Failure, fault)));
        let certificate = fetched.certificate.as_ref().and_then(|presented| presented.certificate.as_ref().ok());
        if let (Ok(_), Some(limits)) = (&fetched.page, self.certificate_limits(&fetched.url)) {
            findings.push(judge_certificate(&limits, fetched.certificate.as_ref(), now));
        }
        let status = findings.iter().map(|(status, _)| *status).max().unwrap_or(Status::Ok);
        // What is fine is said only where everything is.
        let told = findings.iter().filter(|(of_one, _)| status == Status::Ok || *of_one != Status::Ok);
        let told: Vec<&str> = told.map(|(_, words)| words.as_str()).collect();
        let mut answer = Answer::new(status, format!("{}: {}", self.url, told.join(", ")));
        if fetched.redirects > 0 {
            answer.details.push(format!("the last of {} redirects led to {}", fetched.redirects, fetched.url));
        }
        answer.details.extend(said.filter(|said| !told.contains(&said.as_str())));
        self.measure(&mut answer, fetched, certificate.map(|certificate| certificate.days_left(now)));
        if !self.field.is_empty() {
            answer = answer.fact("fields", fields);
        }
        answer
            .fact("url", self.url.to_string())
            .fact("final_url", fetched.url.to_string())
            .fact("redirects", fetched.redirects)
            .fact("address", fetched.address.clone())
            .fact("http_status", page.map(|page| page.status.as_u16()))
            .fact("location", page.and_then(|page| page.location.clone()))
            .fact("body_bytes", page.map(|page| page.body.len()))
            .fact("body_is_cut", page.map(|page| page.is_cut))
            .fact("certificate", certificate.map(|certificate| certificate.document(now)))
    }

    /// What is wrong with the page.
    fn judge_page(&self, page: &Page) -> Vec<(Status, String)> {
        let mut findings = Vec::new();
        if !self.status.contains(page.status.as_u16()) {
            findings.push((Status::Failure, format!("status {}, expected {}", status_words(page), self.status)));
        }
        let holds = |text: &String| page.body.windows(text.len().max(1)).any(|window| window == text.as_bytes());
        if let Some(text) = self.contains.as_ref().filter(|text| !holds(text)) {
            let part =
                if page.is_cut { format!("the first {} bytes of the page", MOST) } else { "the page".to_owned() };
            findings.push((Status::Failure, format!("{part} does not contain `{text}`")));
        }
        findings
    }

    /// Metrics and facts of what was measured; a step that was not taken is unknown.
    fn measure(&self, answer: &mut Answer, fetched: &Fetched, days: Option<f64>) {
        let total = fetched.page.as_ref().ok().map(|_| fetched.total);
        let steps = [
            ("time", "total_seconds", total, self.latency.thresholds()),
            ("dns", "dns_seconds", fetched.dns, Thresholds::default()),
            ("connect", "connect_seconds", fetched.connect, Thresholds::default()),
            ("tls", "tls_seconds", fetched.tls, Thresholds::default()),
            ("first_byte", "first_byte_seconds", fetched.first_byte, Thresholds::default()),
        ];
        for (label, fact, took, limits) in steps {
            let seconds = took.map(net::seconds);
            answer.metrics.extend(seconds.map(|seconds| limits.metric(label, seconds, "s")));
            answer.facts.insert(fact.to_owned(), seconds.into());
        }
        let size = fetched.page.as_ref().ok().map(|page| page.body.len() as f64);
        answer.metrics.extend(size.map(|size| Thresholds::default().metric("size", size, "B")));
        let limits = self.certificate_limits(&fetched.url).unwrap_or_default();
        answer.metrics.extend(days.map(|days| limits.metric("certificate", days, "")));
    }
}

fn status_words(page: &Page) -> String {
    let reason = page.status.canonical_reason().map(|reason| format!(" {reason}")).unwrap_or_default();
    format!("{}{reason}", page.status.as_u16())
}

/// What the server answered, in one sentence.
fn said(page: &Page, seconds: f64) -> String {
    let took = net::short(std::time::Duration::from_secs_f64(seconds));
    let location = page.location.as_ref().filter(|_| page.status.is_redirection());
    let location = location.map(|location| format!(" to {location}")).unwrap_or_default();
    let cut = if page.is_cut { ", more than 1 MiB of which the rest was not read" } else { "" };
    format!("status {}{location} in {took}{cut}", status_words(page))
}

fn judge_certificate(limits: &Thresholds, presented: Option<&Presented>, now: Timestamp) -> (Status, String) {
    let certificate: &Certificate = match presented.map(|presented| &presented.certificate) {
        Some(Ok(certificate)) => certificate,
        Some(Err(reason)) => return (Status::Error, reason.clone()),
        None => return (Status::Failure, "there is no certificate, because the page came without TLS".to_owned()),
    };
    let days = certificate.days_left(now);
    let words = match certificate.untimely(now) {
        Some(reason) => format!("the certificate {reason}"),
        None => format!("the certificate expires in {}", days_words(days)),
    };
    (limits.judge(days), words)
}

fn method(text: &str) -> Result<Method, String> {
    let wrong = |_| format!("`{text}` is no method, expected for example `HEAD`");
    Method::from_bytes(text.to_ascii_uppercase().as_bytes()).map_err(wrong)
}
