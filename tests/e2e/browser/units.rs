//! What an operator does to units from the page, and what the page says where that is refused.

use super::driver::{Browser, LIGHT, PHONE};
use super::{ENTER, TAB, moody};
use crate::agent_board::machine;
use crate::auto_fix::allow;
use crate::checks::{add, property};
use crate::machine::{PATIENCE, wait_for};
use crate::operator::token;
use crate::watches::{CONFIG, sleeper};

/// Chooses something from the menu of a unit, and says that it is meant.
#[track_caller]
fn choose(browser: &Browser, words: &str) {
    browser.run("document.querySelector('.menu summary').click()");
    browser.run(&format!(
        "[...document.querySelectorAll('.menu button')].find((button) => button.textContent === '{words}').click()"
    ));
    browser.wait_text("dialog h2", &format!("Really {words} web.service?"));
    assert_eq!(browser.run("return document.querySelector('.menu').open"), false);
    // Who does not look cancels.
    assert_eq!(browser.run("return document.activeElement.textContent"), "Cancel");
    browser.press(&format!("{TAB}{ENTER}"));
}

/// Waits until the page says that something went wrong, and how.
#[track_caller]
fn wait_problem(browser: &Browser, part: &str) {
    browser.wait_text(".answer[data-problem]", part);
}

#[test]
fn an_operator_stops_and_starts_a_unit_and_reads_why_not() {
    let machine = machine("page-units");
    add(&machine, &[moody(&machine, "echo OK, good")], &[]).ok();
    sleeper(&machine, "web.service", "");
    machine.sh("systemctl daemon-reload && systemctl start web").ok();
    let operator = token(&machine, "alice", "operator");
    let configure =
        |actions: &str| machine.write(CONFIG, &format!("{actions}[[watch]]\nunit = \"web.service\"\n"), 0o644);
    configure("");
    let browser = Browser::start(&machine);
    browser.open("/watches/web.service");
    browser.wait_text("main .message.big", "active (running)");
    browser.run("window.same = true");

    // The configuration says no, with a token that is one, which is kept.
    choose(&browser, "stop");
    browser.wait("the question", "return document.activeElement.id === 'token'");
    browser.press(&format!("{operator}{ENTER}"));
    wait_problem(&browser, "the configuration does not allow to stop `web.service`: `[actions] watches");
    assert_eq!(browser.axe(), Vec::<String>::new());
    [LIGHT, PHONE].iter().for_each(|look| browser.screenshot("refused", *look));
    choose(&browser, "bring back");
    wait_problem(&browser, "the configuration does not allow to fix `web.service`: `[actions] auto_fix");

    // Then polkit does.
    configure("[actions]\nwatches = [\"web.service\"]\nauto_fix = true\n");
    wait_for("the settings", PATIENCE, || {
        choose(&browser, "restart");
        browser.wait("an answer", "return document.querySelector('.answer').textContent.length > 1");
        browser.text(".answer[data-problem]").contains("a rule for polkit has to let `_ssi` manage this unit")
    });
    machine.sh("kill -9 $(systemctl show -P MainPID web)").ok();
    browser.wait_text("main .message.big", "main process killed by SIGKILL");
    browser.wait_text(
        "main .message.fix",
        "auto_fix: could not start web.service (attempt 1 of 3 an hour): systemd does not let",
    );
    browser.screenshot("fix", LIGHT);
    assert_eq!(browser.axe(), Vec::<String>::new());

    // And then nobody.
    allow(&machine, &["web.service"]);
    choose(&browser, "bring back");
    browser.wait_text("main .message.big", "active (running)");
    browser.wait("no complaint", "return document.querySelector('.answer[data-problem]') === null && document.querySelector('main .message.fix').hidden");
    choose(&browser, "stop");
    browser.wait_text("main .message.big", "stopped on purpose");
    assert_eq!(property(&machine, "web.service", "ActiveState"), "inactive");
    choose(&browser, "start");
    browser.wait_text("main .message.big", "active (running)");
    assert_eq!(property(&machine, "web.service", "ActiveState"), "active");
    assert_eq!(browser.run("return window.same"), true);
    check_console(&browser);

    // What was done by itself is among the events, in words.
    browser.run("document.querySelector('nav a[href=\"/events\"]').click()");
    browser.wait_text("main .events", "auto_fix: could not start web.service (attempt 1 of 3 an hour)");
    browser.wait_text("main .events", "auto_fix: asked systemd to start web.service, as an operator wanted");

    // A check that can't be run says why, too.
    machine.sh("rm /usr/share/polkit-1/rules.d/50-service-status-indicator.rules && systemctl restart polkit").ok();
    browser.open("/checks/moody");
    browser.wait_text("main", "Run now");
    browser.run("[...document.querySelectorAll('.actions button')].find((b) => b.textContent === 'Run now').click()");
    wait_problem(
        &browser,
        "systemd does not let the agent start `ssi_moody.service`: the rule for polkit that comes with ssi",
    );
}

/// Nothing was complained of but answers that say no.
#[track_caller]
fn check_console(browser: &Browser) {
    let console = browser.console();
    let is_answer = |line: &&String| line.contains("/action") && line.contains("403");
    assert!(console.iter().all(|line| is_answer(&line)), "{console:#?}");
}
