//! What pages of other sites can do with the port of whoever looks at them: nothing. And the page from elsewhere, with a token.

use serde_json::{Value, json};

use super::driver::Browser;
use super::moody;
use crate::agent_board::{Board, append, machine};
use crate::checks::{Script, add};
use crate::machine::{Machine, PATIENCE};
use crate::operator::token;

/// How an attempt of a page ended: the status and text of an answer, or the kind of the error.
const ATTEMPT: &str = "
const attempt = async (url, options) => {
  try {
    const answer = await fetch(url, options);
    return [answer.type, answer.status, await answer.text()];
  } catch (error) {
    return [error.name, 0, ''];
  }
};
const subscribe = (url, ...more) => new Promise((resolve) => {
  const socket = new WebSocket(url, ...more);
  socket.onmessage = (event) => resolve('got ' + event.data);
  socket.onclose = () => resolve('closed');
});
";

#[track_caller]
fn run(browser: &Browser, attempts: &str) -> Value {
    browser.run_async(&format!("const done = arguments[0]; {ATTEMPT} (async () => done({attempts}))()"))
}

/// A site that is not the agent's, at port 8000.
#[track_caller]
fn with_site(machine: &Machine) -> crate::machine::Process {
    machine.write("/srv/site/index.html", "<!doctype html><title>site</title><p>a foreign page", 0o644);
    let site = machine.spawn(&["/usr/bin/python3", "-u", "-m", "http.server", "8000", "--directory", "/srv/site"]);
    site.wait_line("the site", PATIENCE, |line| line.starts_with("Serving HTTP"));
    site
}

#[test]
fn a_foreign_page_can_neither_subscribe_nor_read_nor_post() {
    let machine = machine("page-foreign");
    add(&machine, &[Script::new("door", "echo OK, shut")], &["--no-run"]).ok();
    let operator = token(&machine, "alice", "operator");
    let _site = with_site(&machine);
    let browser = Browser::start(&machine);
    browser.visit("http://evil.example:8000/");
    assert_eq!(browser.text("p"), "a foreign page");
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        for path in ["/", "/ws"] {
            let url = format!("ws://{host}:5000{path}");
            assert_eq!(run(&browser, &format!("await subscribe('{url}')")), "closed", "{url}");
            let with_token = format!("await subscribe('{url}', ['ssi', '{operator}'])");
            assert_eq!(run(&browser, &with_token), "closed", "{url} with a token");
        }
        for path in ["/", "/api/v1/checks", "/status", "/metrics", "/healthz", "/assets/main.js"] {
            let url = format!("http://{host}:5000{path}");
            assert_eq!(run(&browser, &format!("await attempt('{url}')")), json!(["TypeError", 0, ""]), "{url}");
            let blind = run(&browser, &format!("await attempt('{url}', {{mode: 'no-cors'}})"));
            assert!(["opaque", "TypeError"].contains(&blind[0].as_str().unwrap()), "{url}: {blind}");
            assert_eq!((&blind[1], &blind[2]), (&json!(0), &json!("")), "{url}");
        }
        // Even with a token that somebody was talked out of: what sends it asks first, and is refused.
        let url = format!("http://{host}:5000/api/v1/checks/door/run");
        for options in [
            "{method: 'POST'}".to_owned(),
            "{method: 'POST', mode: 'no-cors', body: '{}'}".to_owned(),
            "{method: 'POST', mode: 'no-cors', credentials: 'include'}".to_owned(),
            format!("{{method: 'POST', headers: {{authorization: 'Bearer {operator}'}}}}"),
        ] {
            let answer = run(&browser, &format!("await attempt('{url}', {options})"));
            assert_eq!(answer[2], "", "{url} {options}: {answer}");
        }
    }
    // A form needs no permission to be sent.
    browser.run(
        "const form = document.createElement('form');
         form.method = 'post'; form.action = 'http://localhost:5000/api/v1/checks/door/run';
         document.body.append(form); form.submit()",
    );
    browser.wait_text("body", "another site than this listener");
    // A frame shows nothing.
    browser.visit("http://evil.example:8000/");
    browser.run("const frame = document.createElement('iframe'); frame.src = 'http://localhost:5000/'; document.body.append(frame)");
    browser.wait("the frame", "return window.frames.length === 1");
    let console = || browser.console().join("\n");
    let mut said = String::new();
    crate::machine::wait_for("the refusal of the frame", PATIENCE, || {
        said += &console();
        said.contains("frame-ancestors")
    });
    // Nothing ran, and one who was there all the time saw nobody else.
    let board = Board::open(&machine, "");
    append(&machine, "door", "OK, seen\n");
    board.verdict("door", "OK", "seen");
    assert!(!machine.read("/var/log/service-status-indicator/door.log").contains("-- run"));
}

#[test]
fn a_name_that_was_made_to_lead_here_is_none_of_the_port() {
    let machine = machine("page-rebound");
    add(&machine, &[moody(&machine, "echo OK, a secret")], &[]).ok();
    let browser = Browser::start(&machine);
    browser.visit("http://evil.example:5000/");
    browser.wait_text("body", "is not a name of this listener");
    assert!(!browser.text("html").contains("a secret"));
    // To the browser this is one site: it lets the page read whatever the port answers.
    for path in ["/", "/api/v1/checks", "/status", "/pulse", "/assets/main.js"] {
        let answer = run(&browser, &format!("await attempt('{path}')"));
        assert_eq!((&answer[0], &answer[1]), (&json!("basic"), &json!(403)), "{path}: {answer}");
        assert!(!answer[2].as_str().unwrap().contains("a secret"), "{path}: {answer}");
    }
    let post = run(&browser, "await attempt('/api/v1/checks/moody/run', {method: 'POST'})");
    assert_eq!(post[1], 403, "{post}");
    assert_eq!(run(&browser, "await subscribe('ws://evil.example:5000/ws')"), "closed");
}

#[test]
fn from_elsewhere_the_page_asks_for_a_password_and_is_live_with_a_token() {
    let machine = machine("page-elsewhere");
    add(&machine, &[moody(&machine, "echo OK, good")], &[]).ok();
    let viewer = token(&machine, "bob", "read");
    machine.sh("ip address add 192.0.2.10/24 dev lo").ok();
    machine.write("/etc/service-status-indicator/ssi.toml", "[http]\nlisten = \"192.0.2.10:5000\"\n", 0o644);
    machine.sh("systemctl restart ssi-agent").ok();
    let browser = Browser::start(&machine);
    browser.visit(&format!("http://bob:{viewer}@192.0.2.10:5000/"));
    browser.wait("the live page", "return document.querySelector('#link').dataset.state === 'live'");
    browser.wait_text("#headline", "All systems operational");
    super::say(&machine, "echo 'FAILURE, the door is open'");
    browser.wait_text("#headline", "Moody: FAILURE");
    // Without TLS a browser grants a page less, and says so.
    let console = browser.console();
    assert!(console.iter().all(|line| line.contains("Cross-Origin-Opener-Policy")), "{console:#?}");
    // With the token the board is gone.
    machine.run(&["ssi", "token", "revoke", "bob"]).ok();
    browser.wait("a grey banner", "return document.documentElement.hasAttribute('data-stale')");
}
