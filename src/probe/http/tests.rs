use std::time::Duration;

use clap::Parser;
use hyper::StatusCode;
use serde_json::json;

use super::*;
use crate::probe::net::{NetError, Phase, localhost};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    question: Http,
}

fn question(line: &str) -> Http {
    Line::parse_from(std::iter::once("http").chain(line.split(' '))).question
}

fn page(status: u16, body: &str) -> Result<Page, NetError> {
    let status = StatusCode::from_u16(status).unwrap();
    Ok(Page { status, location: None, body: body.into(), is_cut: false })
}

fn fetched(question: &Http, page: Result<Page, NetError>) -> Fetched {
    let certificate = question.url.is_https.then(|| Presented { certificate: Ok(localhost()), complaints: Vec::new() });
    Fetched {
        url: question.url.clone(),
        redirects: 0,
        address: Some("192.0.2.1:443".into()),
        dns: Some(Duration::from_millis(1)),
        connect: Some(Duration::from_millis(2)),
        tls: certificate.as_ref().map(|_| Duration::from_millis(3)),
        first_byte: page.as_ref().ok().map(|_| Duration::from_millis(4)),
        total: Duration::from_millis(50),
        certificate,
        page,
    }
}

/// The answer to a question that is asked on a day in 2026; the certificate expires with the first of April.
fn answer(line: &str, page: Result<Page, NetError>, day: &str) -> Answer {
    let question = question(line);
    question.answer(&fetched(&question, page), format!("{day}T00:00:00Z").parse().unwrap())
}

const JANUARY: &str = "2026-01-02";

#[test]
fn what_is_fine_is_said_in_one_line() {
    let answer = answer("https://example.org/", page(200, "green"), JANUARY);
    let figures =
        "'time'=0.05s 'dns'=0.001s 'connect'=0.002s 'tls'=0.003s 'first_byte'=0.004s 'size'=5B 'certificate'=89;21:;7:";
    let words = "status 200 OK in 50 ms, the certificate expires in 89 days";
    assert_eq!(answer.to_string(), format!("OK, https://example.org/: {words} | {figures}"));
    assert_eq!(answer.facts["certificate"]["names"], json!(["localhost", "::1"]));
}

#[test]
fn every_finding_is_told_and_the_worst_decides() {
    let answer = answer("https://example.org/ --contains green -w 10ms", page(404, "red"), "2026-03-20");
    assert_eq!(answer.status, Status::Failure);
    for words in
        ["status 404 Not Found, expected 2xx,3xx", "does not contain `green`", "expires in 12 days", "in 50 ms"]
    {
        assert!(answer.message.contains(words), "`{words}` is not in {answer}");
    }
}

#[test]
fn limits_of_the_certificate_count_for_https_alone_unless_they_are_given() {
    let status = |line, day| answer(line, page(200, ""), day).status;
    assert_eq!(status("https://x/", "2026-03-20"), Status::Warning);
    assert_eq!(status("https://x/", "2026-03-26"), Status::Failure);
    assert_eq!(status("https://x/ --certificate 3: --certificate-critical 1:", "2026-03-26"), Status::Ok);
    assert_eq!(status("https://x/ --insecure", "2026-05-01"), Status::Ok);
    assert_eq!(status("https://x/ --insecure --certificate 3:", "2026-05-01"), Status::Warning);
    assert_eq!(status("http://x/", "2026-05-01"), Status::Ok);
    assert_eq!(status("http://x/ --certificate 3:", JANUARY), Status::Failure);
}

#[test]
fn what_was_not_reached_is_unknown() {
    let down = answer("http://x/", Err(NetError::down(Phase::Request, "timed out after 10 s")), JANUARY);
    assert_eq!(down.status, Status::Failure);
    assert_eq!(down.to_string(), "FAILURE, http://x/: request: timed out after 10 s | 'dns'=0.001s 'connect'=0.002s");
    for fact in ["http_status", "body_bytes", "total_seconds", "first_byte_seconds", "tls_seconds", "certificate"] {
        assert!(down.facts[fact].is_null(), "{fact}");
    }
    let unasked = NetError::NotAsked(ProbeError::Unanswerable("no authorities".into()));
    assert_eq!(answer("https://x/", Err(unasked), JANUARY).status, Status::Error);
}

#[test]
fn a_redirect_says_where_to() {
    let moved = page(301, "").map(|page| Page { location: Some("https://example.org/".into()), ..page });
    let answer = answer("http://example.org/", moved, JANUARY);
    assert!(answer.message.ends_with("status 301 Moved Permanently to https://example.org/ in 50 ms"), "{answer}");
    assert_eq!(answer.facts["location"], json!("https://example.org/"));
}

#[test]
fn a_certificate_that_a_redirect_leads_to_is_judged_too() {
    let question = question("http://example.org/ --follow");
    let mut fetched = fetched(&question, page(200, ""));
    fetched.url = Url::parse("https://example.org/").unwrap();
    fetched.certificate = Some(Presented { certificate: Ok(localhost()), complaints: Vec::new() });
    let answer = |day: &str| question.answer(&fetched, format!("{day}T00:00:00Z").parse().unwrap());
    assert_eq!(answer(JANUARY).status, Status::Ok);
    assert_eq!(answer("2026-03-20").status, Status::Warning);
}
