//! The web page in a real browser, against a real agent on a real systemd.

mod driver;
mod foreign;
mod units;

use std::time::Instant;

use serde_json::json;

use crate::agent_board::{Beacon, Board, append, machine};
use crate::checks::{Script, add, ssi};
use crate::machine::{Machine, wait_for};
use driver::{Browser, DARK, LIGHT, PHONE, SOON, WALL};

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";

/// A check whose script is taken from a file, so that it can be made to say anything.
#[track_caller]
fn moody(machine: &Machine, first: &str) -> Script {
    machine.write("/srv/next", first, 0o644);
    Script::new("moody", "source /srv/next").with("name: Moody").with("tags: web")
}

#[track_caller]
fn say(machine: &Machine, words: &str) {
    machine.write("/srv/next", words, 0o644);
    ssi(machine, &["run", "moody"]);
}

/// Nothing was complained of, and nobody else was asked for anything.
#[track_caller]
fn check_manners(browser: &Browser) {
    let console = browser.console();
    assert!(console.is_empty(), "{console:#?}");
    let strangers: Vec<String> = browser.requests().into_iter().filter(|url| !is_of_the_agent(url)).collect();
    assert!(strangers.is_empty(), "{strangers:?}");
}

fn is_of_the_agent(url: &str) -> bool {
    ["http://localhost:5000/", "ws://localhost:5000/ws", "data:"].iter().any(|start| url.starts_with(start))
}

#[test]
fn a_change_shows_without_a_reload() {
    let machine = machine("page-live");
    add(&machine, &[moody(&machine, "echo OK, good"), Script::new("calm", "echo OK, calm")], &[]).ok();
    let browser = Browser::start(&machine);
    browser.open("/");
    browser.wait_text("#headline", "All systems operational");
    browser.run("window.same = true");
    say(&machine, "echo 'FAILURE, the door is open'");
    browser.wait_text("#headline", "Moody: FAILURE");
    browser.wait_text("#banner-more", "the door is open");
    browser.wait_text("#announce", "Moody: FAILURE");
    browser.wait("the title", "return document.title.startsWith('(1) ')");
    browser.wait("the icon", "return document.querySelector('#favicon').href.endsWith('/icon-failure.svg')");
    browser
        .wait("its line", "return document.querySelector('.line[data-status=FAILURE] .name').textContent === 'Moody'");
    // A run that goes on is to be seen before it has a result.
    machine.write("/srv/next", "echo OK, half way; sleep 5; echo OK, back", 0o644);
    ssi(&machine, &["run", "--no-wait", "moody"]).ok();
    browser.wait("the run", "return document.querySelector('.card .indicator[data-running]') !== null");
    browser.wait_text("main", "half way");
    browser.wait_text("#headline", "All systems operational");
    assert_eq!(browser.run("return window.same"), true);
    // What is added and removed comes and goes.
    add(&machine, &[Script::new("late", "echo OK, late")], &[]).ok();
    browser.wait_text("main", "late");
    ssi(&machine, &["remove", "late"]).ok();
    browser.wait("it to go", "return !document.querySelector('main').textContent.includes('late')");
    // What is wrong with the configuration is told as long as it is so.
    let configure = |text: &str| machine.write("/etc/service-status-indicator/ssi.toml", text, 0o644);
    configure("[[watch]]\nunit = 7\n");
    browser.wait_text("#mistakes", "ssi.toml:2:8: `unit` is a whole number");
    configure("");
    browser.wait("the mistake to go", "return document.querySelector('#mistakes') === null");
    check_manners(&browser);
}

#[test]
fn an_agent_that_is_gone_is_seen_and_nothing_is_missed() {
    let machine = machine("page-stale");
    add(&machine, &[moody(&machine, "echo OK, good")], &[]).ok();
    let board = Board::open(&machine, "");
    let browser = Browser::start(&machine);
    browser.open("/events");
    browser.run("window.same = true");
    let is_grey = "return document.documentElement.hasAttribute('data-stale')
        && document.querySelector('#banner').dataset.status === 'UNKNOWN'
        && document.querySelector('#headline').textContent === 'No contact with the agent'";
    let is_back = "return !document.documentElement.hasAttribute('data-stale')
        && document.querySelector('#link').dataset.state === 'live'";
    let (epoch, seq) = board.place();
    let killed = Instant::now();
    machine.sh("systemctl stop ssi-agent.socket ssi-agent.service").ok();
    browser.wait("a grey banner", is_grey);
    assert!(killed.elapsed() < SOON, "{:?}", killed.elapsed());
    browser.look(LIGHT);
    browser.screenshot("stale", LIGHT);
    assert_eq!(browser.axe(), Vec::<String>::new());
    for words in ["echo 'FAILURE, down'", "echo 'OK, up'", "echo 'WARNING, slow'"] {
        say(&machine, words);
    }
    machine.sh("systemctl start ssi-agent.service").ok();
    browser.wait("contact", is_back);
    browser.wait_text("#headline", "Moody: WARNING");
    // The same events as a subscriber that never was away: its verdicts, newest first.
    let again = Board::open(&machine, &format!("?since={epoch}:{seq}"));
    again.verdict("moody", "WARNING", "slow");
    let shown = || {
        browser.run("return [...document.querySelectorAll('.event .message')].map((e) => e.textContent).slice(0, 3)")
    };
    wait_for("the missed events", SOON * 3, || {
        let shown = shown();
        println!("{shown}");
        shown == json!(["slow", "up", "down"])
    });
    assert_eq!(browser.run("return window.same"), true);
    // Without an end of the connection: a host that hangs.
    let pid = crate::agent_board::agent_pid(&machine);
    let stopped = Instant::now();
    machine.run(&["kill", "-STOP", &pid]).ok();
    browser.wait("a grey banner", is_grey);
    let took = stopped.elapsed();
    machine.run(&["kill", "-CONT", &pid]).ok();
    assert!(took < SOON, "{took:?}");
    browser.wait("contact", is_back);
    say(&machine, "echo 'OK, well'");
    browser.wait_text("#headline", "All systems operational");
}

#[test]
fn a_board_without_sockets_is_asked_for() {
    let machine = machine("page-poll");
    add(&machine, &[moody(&machine, "echo OK, good")], &[]).ok();
    let browser = Browser::start(&machine);
    let deaf = "window.WebSocket = class extends EventTarget {
        constructor() { super(); setTimeout(() => this.dispatchEvent(new Event('close')), 5); }
        close() {}
    }";
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({"source": deaf}));
    browser.load("/");
    browser.wait_text("#link", "Polling");
    browser.wait_text("#headline", "All systems operational");
    say(&machine, "echo 'ERROR, broken'");
    browser.wait_text("#headline", "Moody: ERROR");
    check_manners(&browser);
}

#[test]
fn a_socket_that_brings_nothing_any_more_is_replaced() {
    let machine = machine("page-deaf");
    add(&machine, &[moody(&machine, "echo OK, good")], &[]).ok();
    let browser = Browser::start(&machine);
    // As where something on the way has forgotten the connection and tells nobody.
    let forgetful = "window.WebSocket = class extends WebSocket {
        constructor(url) {
            super(url);
            window.socket = this;
            this.addEventListener('message', (event) => this.is_forgotten && event.stopImmediatePropagation());
        }
    }";
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({"source": forgetful}));
    browser.open("/");
    browser.wait_text("#headline", "All systems operational");
    browser.run("window.before = socket; socket.is_forgotten = true");
    say(&machine, "echo 'FAILURE, unheard'");
    browser.wait_text("#headline", "Moody: FAILURE");
    assert_eq!(browser.run("return socket !== before"), true);
}

#[test]
fn without_javascript_there_is_a_snapshot() {
    let machine = machine("page-plain");
    add(&machine, &[moody(&machine, "echo 'WARNING, half <full>'")], &[]).ok();
    let browser = Browser::start(&machine);
    browser.devtools("Emulation.setScriptExecutionDisabled", &json!({"value": true}));
    for path in ["/", "/checks", "/checks/moody", "/jobs", "/events", "/grid"] {
        browser.load(path);
        assert_eq!(browser.text("#headline"), "Moody: WARNING", "{path}");
        let main = browser.text("main");
        assert!(main.contains("Moody") && main.contains("This is how it was"), "{path}: {main}");
    }
    browser.load("/checks/moody");
    assert!(browser.text("main").contains("half <full>"));
    browser.screenshot("plain", LIGHT);
    browser.load("/checks/nobody");
    assert!(browser.text("main").contains("No check has the id nobody"));
    let console = browser.console();
    assert!(console.iter().all(|line| line.contains("/checks/nobody") && line.contains("404")), "{console:?}");
}

#[test]
fn hostile_words_stay_words() {
    let machine = machine("page-hostile");
    let beacon = Beacon::install(&machine);
    let board = Board::open(&machine, "");
    let name = "<img src=x onerror=alert(1)>";
    let script = Script::new("evil", "true").with(&format!("name: {name}")).with("id: evil");
    add(&machine, &[script], &["--no-run"]).ok();
    beacon.settle(&machine, &board);
    let words =
        "\u{202e}</script><script>document.title='pwned'</script><svg onload=alert(1)>{{7*7}} javascript:alert(1)";
    append(&machine, "evil", &format!("FAILURE, {words}\n"));
    board.wait("the words", |frame| frame["id"] == "evil" && frame["type"] == "status");
    let browser = Browser::start(&machine);
    let watching =
        "window.broken = []; addEventListener('securitypolicyviolation', (e) => broken.push(e.violatedDirective))";
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({"source": watching}));
    for path in [
        "/",
        "/checks",
        "/checks/evil",
        "/events",
        "/alerts",
        "/grid",
        "/checks?q=%3Cimg%20src%3Dx%3E&tag=%22%3E%3Cb%3E",
    ] {
        browser.open(path);
        browser.wait("the board", "return document.querySelector('main h1') !== null");
        let found =
            browser.run("return document.querySelectorAll('main img, main script, main svg[onload], main b').length");
        assert_eq!((found, browser.run("return window.broken")), (json!(0), json!([])), "{path}");
    }
    browser.open("/checks/evil");
    assert_eq!(browser.text("main .message.big"), words);
    assert!(browser.text("main h1").contains("<img src=x onerror=alert(1)>"));
    assert!(!browser.run("return document.title").as_str().unwrap().contains("pwned"));
    browser.screenshot("hostile", LIGHT);
    check_manners(&browser);
}

#[test]
fn everything_can_be_done_with_keys() {
    let machine = machine("page-keys");
    let scripts = [moody(&machine, "echo OK, good"), Script::new("calm", "echo OK, calm").with("name: Calm")];
    add(&machine, &scripts, &[]).ok();
    let browser = Browser::start(&machine);
    let focused = || browser.run("return document.activeElement.textContent.trim() || document.activeElement.id");
    browser.open("/");
    browser.wait_text("main", "Moody");
    browser.press(TAB);
    assert_eq!(focused(), "Skip to the content");
    browser.press(ENTER);
    browser.press(TAB);
    assert_eq!(browser.run("return document.querySelector('main').contains(document.activeElement)"), true);
    // Search, and what is looked for is in the address.
    browser.press("/");
    assert_eq!(focused(), "search");
    browser.press("calm");
    browser
        .wait("the filter", "return location.search === '?q=calm' && document.querySelectorAll('.card').length === 1");
    browser.press(&format!("{TAB}{TAB}"));
    browser.press("j");
    assert_eq!(focused(), "Calm");
    browser.press(ENTER);
    browser.wait("the check", "return location.pathname === '/checks/calm' && document.activeElement.tagName === 'H1'");
    browser.run("history.back()");
    browser.wait("the way back", "return location.pathname === '/' && location.search === '?q=calm'");
    // Every control can be reached, and is seen when it is.
    browser.open("/checks");
    browser.wait_text("main", "Moody");
    let controls = "return [...document.querySelectorAll('a[href], button, input, select, summary')].filter((e) => e.checkVisibility()).length";
    let all = browser.run(controls).as_u64().unwrap();
    browser.run(
        "window.reached = new Set(); window.unseen = []; document.activeElement.blur();
        addEventListener('focusin', (e) => { reached.add(e.target); const s = getComputedStyle(e.target);
        if (s.outlineStyle === 'none' && !e.target.matches('.cover')) unseen.push(e.target.outerHTML); })",
    );
    for _ in 0..all + 2 {
        browser.press(TAB);
    }
    assert_eq!(browser.run("return window.unseen"), json!([]));
    let reached =
        browser.run("return [...reached].filter((e) => e.matches('a[href], button, input, select, summary')).length");
    assert_eq!(reached.as_u64(), Some(all));
    // The theme, without a mouse, and it stays.
    browser.run("document.querySelector('[data-choose-theme]').focus()");
    browser.press(&format!("{ENTER}{ENTER}"));
    assert_eq!(browser.run("return document.documentElement.dataset.theme"), "dark");
    browser.open("/checks");
    assert_eq!(browser.run("return document.documentElement.dataset.theme"), "dark");
}

#[test]
fn an_operator_runs_a_check_with_a_token_that_goes_with_the_tab() {
    let machine = machine("page-run");
    add(&machine, &[moody(&machine, "echo OK, good")], &[]).ok();
    let token = ssi(&machine, &["token", "add", "alice", "--scope", "operator"]).ok();
    let browser = Browser::start(&machine);
    browser.open("/checks/moody");
    browser.wait_text("main", "Run now");
    machine.write("/srv/next", "echo 'WARNING, by hand'", 0o644);
    let run = "[...document.querySelectorAll('.actions button')].find((button) => button.textContent === 'Run now')";
    browser.run(&format!("{run}.focus()"));
    browser.press(ENTER);
    browser
        .wait("the question", "return document.querySelector('dialog')?.open && document.activeElement.id === 'token'");
    assert_eq!(browser.axe(), Vec::<String>::new());
    browser.screenshot("token", LIGHT);
    browser.press(&format!("wrong{ENTER}"));
    browser.wait("a complaint", "return (document.querySelector('.complaint')?.textContent ?? '') !== ''");
    browser.press(&format!("{}{ENTER}", token.trim()));
    browser.wait_text("main .message.big", "by hand");
    browser.wait_text(".plain", "manual");
    // It is kept for this tab, and nowhere else.
    machine.write("/srv/next", "echo 'OK, again'", 0o644);
    browser.open("/checks/moody");
    browser.wait_text("main", "Run now");
    browser.run(&format!("{run}.click()"));
    browser.wait_text("main .message.big", "again");
    assert_eq!(browser.run("return JSON.stringify(localStorage).includes('token')"), false);
    browser
        .run("[...document.querySelectorAll('.actions button')].find((b) => b.textContent === 'Forget token').click()");
    assert_eq!(browser.run("return sessionStorage.length"), 0);
}

#[test]
fn what_needs_attention_is_told_first_and_counted_once() {
    let machine = machine("page-pressing");
    let never = Script::new("never", "true").with("name: Never Ran");
    add(&machine, &[moody(&machine, "echo 'FAILURE, the door is open'")], &[]);
    add(&machine, &[never], &["--no-run"]).ok();
    ssi(&machine, &["expect", "dbus.service"]).ok();
    ssi(&machine, &["--quiet", "expect", "--ping", "backup", "--every", "1s", "--grace", "1s"]).ok();
    let nightly = ssi(&machine, &["--quiet", "expect", "--ping", "nightly", "--every", "1d"]).ok();
    machine.run(&["curl", "-fsS", nightly.trim()]).ok();
    let browser = Browser::start(&machine);
    browser.open("/");
    // What is overdue is news, what never ran is not.
    browser.wait_text("#headline", "2 of 5 need attention: 1 FAILURE, 1 overdue");
    browser.wait_text("#banner-more", "2 of 5 fine, 1 without a current result");
    browser.wait("the title", "return document.title.startsWith('(2) ')");
    let lines = "return [...document.querySelectorAll('.line .title')].map((e) => [...e.children].slice(0, 2).map((e) => e.textContent).join(' '))";
    assert_eq!(browser.run(lines), json!(["Moody ", "backup overdue", "Never Ran "]));
    // A watch is called by its unit.
    let card = "return [...document.querySelectorAll('.card')].map((e) => [e.querySelector('.name'), e.querySelector('.subtitle')].map((e) => e.textContent))
        .find(([name]) => name === 'dbus.service')?.[1]";
    assert_eq!(browser.run(card), "D-Bus System Message Bus");
    assert_eq!(browser.axe(), Vec::<String>::new());
    browser.screenshot("pressing", LIGHT);
    browser.open("/grid");
    browser.wait_text(".tile[data-condition=overdue] .mark", "overdue");
    let tiles = "return [...document.querySelectorAll('.tile .name')].map((e) => e.textContent)";
    assert_eq!(browser.run(tiles), json!(["backup", "dbus.service", "Moody", "Never Ran", "nightly"]));
    browser.screenshot("pressing-grid", PHONE);
    // The number beside the link is that of the list: what is young is no alert yet.
    browser.open("/alerts");
    browser.wait_text("main .count", "0 alerts");
    assert_eq!(browser.text("#alert-count"), "");
    append(&machine, "moody", "2020-01-01 00:00:00, ERROR, for years\n");
    browser.wait_text("main .count", "1 alert");
    assert_eq!(browser.text("#alert-count"), "1");
    browser.wait_text("#headline", "2 of 5 need attention: 1 ERROR, 1 overdue");
    browser.screenshot("pressing-alerts", LIGHT);
    say(&machine, "echo OK, well");
    browser.wait_text("#headline", "backup: overdue");
    let drawn = "return [document.querySelector('#banner').dataset.status, document.querySelector('#favicon').href.split('/').pop()]";
    assert_eq!(browser.run(drawn), json!(["WARNING", "icon-warning.svg"]));
    assert_eq!(browser.text("#alert-count"), "");
    // Of a run that only ended it is told when it ended.
    browser.open("/pings/nightly");
    browser.wait("its run", "return document.querySelector('.plain tbody td:first-child time')?.dateTime > ''");
    browser.screenshot("pressing-ping", LIGHT);
    // Of what is known for minutes nothing is said of days.
    browser.open("/checks/moody");
    browser.wait_text(".long-strip .count", " that are known of the last 24 hours");
    let figures = "return ['.long-strip .count', '.metric strong'].map((e) => document.querySelector(e).textContent.split(' of the last')[0])";
    let figures = browser.run(figures);
    assert_eq!(figures[0], figures[1]);
    browser.screenshot("pressing-check", LIGHT);
    check_manners(&browser);
}

#[test]
fn every_view_is_open_to_everybody() {
    let machine = machine("page-views");
    let plugin = "echo \"OK, fine | '/'=41%;80;90;0;100 time=0.$((RANDOM % 9 + 1))s\"";
    let scripts = [
        moody(&machine, "echo 'FAILURE, api.example.org answers with 502'"),
        Script::new("disk", plugin)
            .with("name: Disk")
            .with("tags: host")
            .with("protocol: nagios")
            .with("runbook: https://example.org/disk"),
        Script::new("updates", "echo 'UPDATE, 12 packages'").with("name: System Updates").with("tags: host"),
        Script::new("queue", "echo 'WARNING, 1,204 jobs wait'").with("name: Queue").with("tags: web"),
        Script::new("backup", "echo 'ERROR, no repository'").with("name: Backup"),
    ];
    add(&machine, &scripts, &[]).ok();
    add(&machine, &[Script::new("never", "true").with("name: Never Ran")], &["--no-run"]).ok();
    ssi(&machine, &["expect", "dbus.service"]).ok();
    ssi(&machine, &["expect", "nobody.service"]);
    let told =
        ssi(&machine, &["--quiet", "expect", "--ping", "laptops", "--description", "Nightly backup of the laptops"]);
    let component = "[[component]]\nname = \"shop\"\ndisplay_name = \"The shop\"\ndomain = \"shop.example.org\"\n\
                     repo = \"example/shop\"\nmembers = [\"moody\", \"ping:laptops\"]\n";
    machine.write("/etc/service-status-indicator/ssi.toml", component, 0o644);
    for end in ["/start", "/1"] {
        let url = format!("{}{end}", told.stdout.trim());
        machine.run(&["curl", "-fsS", "--data-raw", "3 GiB to copy\nno space left on the disk", &url]).ok();
    }
    for _ in 0..5 {
        ssi(&machine, &["run", "disk"]).ok();
    }
    let browser = Browser::start(&machine);
    let paths = [
        ("overview", "/"),
        ("checks", "/checks"),
        ("filtered", "/checks?status=FAILURE,ERROR&sort=worst"),
        ("check", "/checks/disk"),
        ("ping", "/pings/laptops"),
        ("watches", "/watches"),
        ("watch", "/watches/dbus.service"),
        ("jobs", "/jobs"),
        ("events", "/events?all=1"),
        ("alerts", "/alerts"),
        ("grid", "/grid"),
        ("nobody", "/checks/nobody"),
    ];
    let mut wrong = Vec::new();
    for look in [LIGHT, DARK, PHONE, WALL] {
        browser.look(look);
        for (name, path) in paths {
            browser.open(path);
            browser.wait("the view", "return document.querySelector('main .view h1, main .empty') !== null");
            browser
                .wait("all answers", "return performance.getEntriesByType('resource').every((r) => r.responseEnd > 0)");
            wrong.extend(browser.axe().into_iter().map(|rule| format!("{path} {}: {rule}", look.name)));
            let wide = browser.run("return document.documentElement.scrollWidth - innerWidth");
            if wide.as_i64() > Some(0) {
                wrong.push(format!("{path} {}: {wide} px wider than the window", look.name));
            }
            browser.screenshot(name, look);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_thousand_checks_do_not_hold_the_page_up() {
    let machine = machine("page-thousand");
    for n in 0..1000 {
        let tag = ["web", "database", "mail", "storage"][n % 4];
        Script::new(&format!("check-{n:03}"), "echo OK, fine").with(&format!("tags: {tag}")).put(&machine);
    }
    machine.sh("ssi add --no-run /srv/check-*.bash").ok();
    let browser = Browser::start(&machine);
    browser.open("/checks");
    browser.wait("all lines", "return document.querySelectorAll('.line').length === 1000");
    browser.run(
        "window.longest = 0; window.lines = [...document.querySelectorAll('.line')];
         new PerformanceObserver((l) => l.getEntries().forEach((e) => longest = Math.max(longest, e.duration))).observe({ type: 'longtask' })",
    );
    let all = "for n in $(seq -w 0 999); do echo \"$1\" >> /var/log/service-status-indicator/check-$n.log; done";
    for line in ["OK, first", "WARNING, second", "OK, third"] {
        machine.run(&["bash", "-c", all, "-", line]).ok();
        let word = line.rsplit(' ').next().unwrap();
        browser.wait(word, &format!("return lines.every((l) => l.querySelector('.message').textContent === '{word}')"));
    }
    // The lines that were there are the lines that are there: nothing was made anew.
    assert_eq!(browser.run("return lines.every((l) => l.isConnected)"), true);
    let longest = browser.run("return longest");
    println!("3,000 results on a page of 1,000 checks: the longest task took {longest} ms");
    browser.run("document.querySelector('#search').focus()");
    browser.press("check-07");
    browser.wait("what is looked for", "return document.querySelectorAll('.line').length === 10");
    browser.open("/grid");
    browser.wait("all tiles", "return document.querySelectorAll('.tile').length === 1000");
    browser.look(WALL);
    browser.screenshot("thousand-grid", WALL);
    browser.look(LIGHT);
    browser.open("/");
    browser.screenshot("thousand", LIGHT);
    assert_eq!(browser.axe(), Vec::<String>::new());
    check_manners(&browser);
}
