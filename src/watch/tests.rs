//! What is seen of units, as tables: each line is one thing that is seen, and what is told of it.

mod fix;

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::*;
use crate::status::Status;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap_or_default()
}

fn host() -> Host {
    Host { zone: TimeZone::UTC, starting_until: None, ending: false, awake: Timestamp::MIN }
}

fn rule(state: Expected) -> Rule {
    Rule { units: Units::Glob("*".to_owned()), state, ports: Vec::new(), http: None, hold: Duration::ZERO }
}

/// A watch of a service that expects it to be active.
fn watch() -> Watch {
    Watch::new("a.service".parse().unwrap_or_else(|error| unreachable!("{error}")), rule(Expected::Active))
}

/// `active running inv=1 job=2 pid=3 n=4 result=signal exit=SIGKILL load=masked file=disabled oneshot`, as systemd tells it.
fn facts(text: &str) -> Facts {
    let mut facts = Facts::default();
    for (index, word) in text.split(' ').enumerate() {
        match word.split_once('=') {
            None if word == "oneshot" => facts.oneshot = Some(true),
            None if index == 0 => facts.active = Some(Active::from(word.to_owned())),
            None => facts.sub = Some(word.to_owned()),
            Some(("inv", id)) => facts.invocation = Some(id.to_owned()),
            Some(("job", id)) => facts.job = id.parse().ok(),
            Some(("pid", id)) => facts.main_pid = id.parse().ok(),
            Some(("exited", second)) => facts.exited = second.parse().ok().map(at),
            Some(("left", second)) => facts.left = second.parse().ok().map(at),
            Some(("n", count)) => facts.restarts = count.parse().ok(),
            Some(("result", word)) => facts.result = Some(word.to_owned()),
            Some(("load", word)) => facts.load = Some(Load::from(word.to_owned())),
            Some(("file", word)) => facts.file = Some(word.to_owned()),
            Some(("exit", word)) => {
                facts.exit = Some(word.parse().map_or_else(|_| Exit::Signal(word.to_owned()), Exit::Code));
            }
            Some((other, _)) => unreachable!("{other}"),
        }
    }
    // As signals do, unless the line is about something else.
    facts.job = facts.job.or(facts.active.as_ref().map(|_| 0));
    facts
}

/// `OK active (running)`, with `soft` in front where it does not count.
fn told(findings: Vec<Finding>) -> Vec<String> {
    let one = |finding| match finding {
        Finding::Status { status, verdict, message, .. } if status != verdict => {
            format!("soft {verdict} {message}")
        }
        Finding::Status { status, message, .. } => format!("{status} {message}"),
        Finding::Fix(Fixing::Attempt { remedy, number }) => format!("{remedy} {number}"),
        Finding::Fix(Fixing::GaveUp(_)) => "gave up".to_owned(),
        Finding::Run(run) => format!("run {} {}", run.run, run.ended.map_or("goes on".to_owned(), |end| end.result)),
    };
    findings.into_iter().map(one).collect()
}

/// What is seen at a second, and what is told of it; the first line is read, all others are signals, and an empty one is time that passes.
#[track_caller]
fn play(watch: &mut Watch, host: &Host, lines: &[(i64, &str, &[&str])]) {
    for (index, (second, seen, expected)) in lines.iter().enumerate() {
        let now = at(*second);
        let findings = match *seen {
            "" => watch.pass(host, now),
            "away" => watch.observe(Observation::Away("could not ask systemd: gone".to_owned()), host, now),
            seen => match seen.strip_prefix("read ") {
                Some(read) => watch.observe(Observation::Read(facts(read)), host, now),
                None => watch.observe(Observation::Unit(facts(seen)), host, now),
            },
        };
        assert_eq!(told(findings), *expected, "line {index}: {second} s, `{seen}`");
    }
}

const UP: &str = "read active running inv=1 pid=10 n=0 result=success load=loaded";
const OK: &[&str] = &["OK active (running)"];

#[test]
fn deaths_and_what_systemd_makes_of_them() {
    play(
        &mut watch(),
        &host(),
        &[
            (0, UP, OK),
            (1, "pid=0 result=signal exit=SIGKILL", &[]),
            (1, "failed failed inv=1", &["FAILURE main process killed by SIGKILL"]),
            (1, "activating auto-restart inv=1", &["FAILURE main process killed by SIGKILL; systemd restarts it"]),
            (2, "n=1", &[]),
            (2, "activating auto-restart inv=1 job=7", &[]),
            // systemd tells of the new invocation first.
            (2, "pid=11 result=success exit=0", &[]),
            (2, "inactive dead inv=2 job=7", &[]),
            (2, "active running inv=2 job=7", OK),
            (3, "active running inv=2", &[]),
        ],
    );
    // One that nobody restarts, ended by itself, or crashed.
    for (how, text) in [
        ("result=success exit=0", "main process exited with 0"),
        ("result=exit-code exit=3", "main process exited with 3"),
        ("result=core-dump exit=SIGSEGV", "main process killed by SIGSEGV (core dumped)"),
        ("result=oom-kill exit=SIGKILL", "a process was killed because memory ran out"),
        ("result=watchdog exit=SIGABRT", "it stopped answering the watchdog"),
        ("result=timeout exit=SIGTERM", "a time limit of its unit passed"),
    ] {
        let (mut watch, text) = (watch(), format!("FAILURE {text}"));
        let state = if how.contains("success") { "inactive dead inv=1" } else { "failed failed inv=1" };
        play(&mut watch, &host(), &[(0, UP, OK), (1, how, &[]), (1, state, &[&text]), (9, "active running inv=2", OK)]);
        assert_eq!(watch.deaths(at(9)), 1, "{how}");
    }
}

#[test]
fn a_restart_that_nobody_saw_is_counted() {
    let missed = "FAILURE died and was restarted by systemd once; nobody saw why";
    // Two signals that became one.
    play(
        &mut watch(),
        &host(),
        &[(0, UP, OK), (5, "n=1 pid=12", &[missed, "OK active (running)"]), (5, "active running inv=2", OK)],
    );
    // An agent that was down, or a bus; a count that began anew when somebody started the unit, or the host booted.
    for (n, told) in [
        (0, vec!["OK active (running)".to_owned()]),
        (1, vec![missed.to_owned(), "OK active (running)".to_owned()]),
        (
            3,
            vec![
                "FAILURE died and was restarted by systemd 3 times; nobody saw why".to_owned(),
                "WARNING died 3 times in 10 minutes, the last time: not seen (active (running))".to_owned(),
            ],
        ),
    ] {
        let mut before = watch();
        play(&mut before, &host(), &[(0, UP, OK)]);
        let kept = serde_json::to_string(&before.memory()).unwrap_or_default();
        let mut after = watch();
        after.restore(serde_json::from_str(&kept).unwrap_or_else(|error| unreachable!("{error}")));
        let read = format!("read active running inv=2 pid=20 n={n} result=success load=loaded");
        let told: Vec<&str> = told.iter().map(String::as_str).collect();
        play(&mut after, &host(), &[(60, &read, &told)]);
    }
}

#[test]
fn what_is_done_on_purpose() {
    let on_purpose = "stopped on purpose (by systemctl, a package or another unit) since 2027-01-15 08:00:05 UTC";
    let (warning, failure) = (format!("WARNING {on_purpose}"), format!("FAILURE {on_purpose} and not started again"));
    play(
        &mut watch(),
        &host(),
        &[
            (0, UP, OK),
            // A restart is one job.
            (1, "active running inv=1 job=5", &[]),
            (1, "deactivating stop-sigterm inv=1 job=5", &[]),
            (1, "pid=0 exit=SIGTERM", &[]),
            (1, "inactive dead inv=1 job=5", &[]),
            (2, "pid=12 exit=0", &[]),
            (2, "inactive dead inv=2 job=5", &[]),
            (2, "active running inv=2", OK),
            // A stop.
            (4, "deactivating stop-sigterm inv=2 job=6", &[]),
            (5, "inactive dead inv=2 job=6", &[]),
            (5, "inactive dead inv=2", &[&warning.replace(":05", ":04")]),
            (123, "", &[]),
            (124, "", &[&failure.replace(":05", ":04")]),
            (200, "activating start inv=3 job=8", &[]),
            (201, "active running inv=3", OK),
        ],
    );
    // It says so also when the process does not end with 0.
    play(
        &mut watch(),
        &host(),
        &[
            (0, UP, OK),
            (5, "deactivating stop-sigterm inv=1 job=6", &[]),
            (5, "pid=0 exit=143 result=exit-code", &[]),
            (5, "failed failed inv=1 job=6", &[]),
            (6, "failed failed inv=1", &[&warning]),
        ],
    );
    // A stop that does not get on.
    let slow = "WARNING deactivating (stop-sigterm) since 2027-01-15 08:00:05 UTC and does not get on";
    play(
        &mut watch(),
        &host(),
        &[(0, UP, OK), (5, "deactivating stop-sigterm inv=1 job=6", &[]), (124, "", &[]), (125, "", &[slow])],
    );
}

#[test]
fn a_crash_loop_by_its_rate() {
    let mut watch = watch();
    let mut statuses = Vec::new();
    watch.observe(Observation::Read(facts(&UP[5..])), &host(), at(0));
    for round in 1..=6 {
        let second = i64::from(round) * 20;
        watch.observe(Observation::Unit(facts("pid=0 result=exit-code exit=1")), &host(), at(second));
        let down = format!("activating auto-restart inv={round} n={round}");
        assert!(told(watch.observe(Observation::Unit(facts(&down)), &host(), at(second)))[0].starts_with("FAILURE"));
        watch.observe(Observation::Unit(facts("pid=9 result=success")), &host(), at(second));
        let up = format!("active running inv={}", round + 1);
        watch.observe(Observation::Unit(facts(&up)), &host(), at(second + 1));
        statuses.push(watch.status());
    }
    use Status::{Failure, Ok, Warning};
    assert_eq!(statuses, [Ok, Ok, Warning, Warning, Failure, Failure]);
    // Each death is forgotten after ten minutes, and the watch wakes for it by itself.
    let mut calm = Vec::new();
    while let Some(due) = watch.due() {
        watch.pass(&host(), due);
        calm.push((due, watch.status()));
    }
    assert_eq!(calm, [(at(640), Warning), (at(680), Ok)]);
}

#[test]
fn how_units_are_found() {
    for (seen, expected) in [
        ("read active running load=loaded", "OK active (running)"),
        ("read active listening load=loaded", "OK active (listening)"),
        ("read active mounted load=loaded", "OK active (mounted)"),
        ("read active exited load=loaded oneshot", "OK active (exited)"),
        ("read refreshing refreshing load=loaded", "OK refreshing (refreshing)"),
        (
            "read active running load=loaded file=disabled",
            "OK active (running); it is disabled and does not start at boot by itself",
        ),
        ("read active running load=masked", "WARNING it is masked and will not start again (active (running))"),
        (
            "read active running load=not-found",
            "WARNING its unit file is gone and will not start again (active (running))",
        ),
        ("read inactive dead load=loaded", "FAILURE inactive (dead), expected active"),
        ("read inactive dead load=loaded oneshot", "OK inactive (dead): it runs when it is called"),
        ("read inactive dead load=loaded oneshot result=success exit=0", "OK done"),
        ("read inactive dead load=not-found", "FAILURE there is no such unit"),
        ("read inactive dead load=masked", "FAILURE it is masked"),
        ("read inactive dead load=loaded file=masked-runtime", "FAILURE it is masked"),
        ("read inactive dead load=bad-setting", "FAILURE systemd could not load it (bad-setting)"),
        (
            "read failed failed load=loaded result=start-limit-hit",
            "FAILURE started too often: the start limit of its unit is hit",
        ),
        (
            "read failed failed load=loaded result=resources",
            "FAILURE systemd could not start it: something that it needs is missing (resources)",
        ),
    ] {
        play(&mut watch(), &host(), &[(0, seen, &[expected])]);
    }
    for (seen, expected) in [
        ("read inactive dead load=loaded", "OK inactive (dead)"),
        ("read inactive dead load=not-found", "OK inactive (dead)"),
        ("read active running load=loaded", "FAILURE active (running), expected inactive"),
        ("read failed failed result=exit-code exit=3", "FAILURE main process exited with 3, expected inactive"),
    ] {
        let mut watch = watch();
        watch.expect(rule(Expected::Inactive));
        play(&mut watch, &host(), &[(0, seen, &[expected])]);
        assert_eq!(watch.marks().contains(&"drift"), expected.starts_with("FAILURE"));
    }
}

#[test]
fn what_does_not_last_does_not_count() {
    let mut patient = watch();
    patient.expect(Rule { hold: Duration::from_secs(60), ..rule(Expected::Active) });
    play(
        &mut patient,
        &host(),
        &[
            (0, UP, OK),
            (10, "failed failed inv=1 result=signal exit=SIGKILL", &["soft FAILURE main process killed by SIGKILL"]),
            (40, "active running inv=2 result=success", OK),
            (50, "failed failed inv=2 result=signal exit=SIGKILL", &["soft FAILURE main process killed by SIGKILL"]),
            (109, "", &[]),
            (110, "", &["FAILURE main process killed by SIGKILL"]),
            // Once it counts, what follows counts at once.
            (111, "activating auto-restart inv=2", &["FAILURE main process killed by SIGKILL; systemd restarts it"]),
            (112, "active running inv=3 result=success", OK),
        ],
    );
    assert!(!patient.marks().contains(&"soft"));
}

#[test]
fn who_cannot_be_asked_says_nothing_of_units() {
    play(
        &mut watch(),
        &host(),
        &[
            (0, UP, OK),
            // A bus that is restarted is back in a moment.
            (10, "away", &[]),
            (12, UP, &[]),
            (20, "away", &[]),
            (25, "away", &[]),
            (30, "", &["ERROR could not ask systemd: gone"]),
            (60, UP, OK),
        ],
    );
    // Where nobody ever answered, nothing is known.
    play(&mut watch(), &host(), &[(0, "away", &["ERROR could not ask systemd: gone"])]);
}

#[test]
fn hosts_that_boot_and_shut_down() {
    let (mut booting, mut ending) = (host(), host());
    booting.starting_until = Some(at(90));
    ending.ending = true;
    let mut watch = watch();
    play(
        &mut watch,
        &booting,
        &[
            (0, "read inactive dead load=loaded result=success", &[]),
            (5, "activating start inv=1 job=3", &[]),
            (6, "active running inv=1", OK),
            // A death is one at any time.
            (7, "failed failed inv=1 result=signal exit=SIGSEGV", &["FAILURE main process killed by SIGSEGV"]),
            (8, "active running inv=2 result=success", OK),
        ],
    );
    play(&mut watch, &ending, &[(20, "deactivating stop-sigterm inv=2 job=9", &[]), (21, "inactive dead inv=2", &[])]);
    // The next boot, with what was kept.
    let mut next = self::watch();
    next.restore(watch.memory());
    play(&mut next, &booting, &[(30, "read inactive dead load=loaded result=success n=0", &[])]);
    play(&mut next, &booting, &[(40, "active running inv=5", OK)]);
    // One that never comes up.
    play(
        &mut self::watch(),
        &booting,
        &[
            (0, "read inactive dead load=loaded", &[]),
            (89, "", &[]),
            (90, "", &["FAILURE inactive (dead), expected active"]),
        ],
    );
}

#[test]
fn ports_and_pages() {
    let mut watch = watch();
    let http = Http { url: "http://localhost/".to_owned(), status: (200, 399), timeout: Duration::from_secs(5) };
    watch.expect(Rule { ports: vec![80], http: Some(http), ..rule(Expected::Active) });
    play(&mut watch, &host(), &[(0, UP, OK)]);
    let mut seen = |target, outcome, latency| {
        told(watch.observe(Observation::Probed(Probed { target, outcome, latency }), &host(), at(1)))
    };
    let (port, page) = (|| Target::Port(80), || Target::Page("http://localhost/".to_owned()));
    assert!(seen(port(), Outcome::Up, None).is_empty());
    assert!(seen(page(), Outcome::Up, Some(Duration::from_millis(12))).is_empty());
    let down = Outcome::Down("nobody listens".to_owned());
    assert_eq!(seen(port(), down, None), ["FAILURE port 80: nobody listens (active (running))"]);
    // The next agent has not asked yet: the last answers count, and nothing is told twice.
    let kept: Memory = serde_json::from_str(&serde_json::to_string(&watch.memory()).unwrap_or_default())
        .unwrap_or_else(|error| unreachable!("{error}"));
    let mut next = self::watch();
    next.expect(watch.rule.clone());
    next.restore(kept.clone());
    play(&mut next, &host(), &[(2, "read active running inv=1 n=0", &[])]);
    assert_eq!(next.status(), Status::Failure);
    // What is asked for no longer does not count.
    let mut other = self::watch();
    other.restore(kept);
    play(&mut other, &host(), &[(2, "read active running inv=1 n=0", OK)]);
    let mut seen = |target, outcome, latency| {
        told(watch.observe(Observation::Probed(Probed { target, outcome, latency }), &host(), at(1)))
    };
    let both = "ERROR port 80: nobody listens; could not ask for http://localhost/: no memory (active (running))";
    assert_eq!(seen(page(), Outcome::Unasked("no memory".to_owned()), None), [both]);
    seen(page(), Outcome::Up, Some(Duration::from_millis(12)));
    assert_eq!(seen(port(), Outcome::Up, None), ["OK active (running)"]);
    assert_eq!(watch.latency(), Some(Duration::from_millis(12)));
}

/// A timer that elapses every minute and starts something that may take 10 s.
fn adopted() -> Watch {
    let unit: UnitName = "job.timer".parse().unwrap_or_else(|error| unreachable!("{error}"));
    let mut watch = Watch::new(unit, rule(Expected::Active));
    let timer = elapsing(60, facts("active waiting load=loaded"));
    assert!(
        told(watch.observe(Observation::Read(timer), &host(), at(0))).iter().all(|text| text.starts_with("UNKNOWN"))
    );
    let service = Facts { timeout: Some(Duration::from_secs(10)), ..facts("inactive dead load=loaded oneshot") };
    assert_eq!(watch.observe(Observation::ServiceRead(service), &host(), at(0)), []);
    watch
}

fn elapsing(second: i64, facts: Facts) -> Facts {
    let elapses = Elapses { next: Some(at(second)), last: None };
    Facts { elapses: Some(elapses), accuracy: Some(Duration::from_secs(1)), ..facts }
}

fn service(second: i64, began: i64, text: &str) -> Facts {
    Facts { since: Some(at(second)), began: Some(at(began)), ..facts(text) }
}

#[test]
fn runs_of_an_adopted_timer() {
    let mut watch = adopted();
    let mut seen = |second, facts| told(watch.observe(Observation::Service(facts), &host(), at(second)));
    assert_eq!(seen(60, service(0, 0, "inactive dead inv=r1 job=4")), ["run r1 goes on"]);
    assert!(seen(60, service(60, 60, "activating start inv=r1 job=4")).is_empty());
    assert!(seen(62, facts("exit=0 result=success")).is_empty());
    let ended = seen(62, service(62, 60, "inactive dead inv=r1"));
    assert_eq!(ended, ["run r1 success", "OK the last run ended well (began 2027-01-15 08:01:00 UTC)"]);
    assert!(seen(62, service(62, 60, "inactive dead inv=r1")).is_empty());
    // The next, of which only the end was seen.
    assert!(seen(120, facts("exit=3 result=exit-code")).is_empty());
    let text = "FAILURE the last run failed: main process exited with 3 (began 2027-01-15 08:02:00 UTC)";
    assert_eq!(seen(121, service(121, 120, "failed failed inv=r2")), ["run r2 exit-code", text]);
    // Kept, nothing is told twice; what ended meanwhile is.
    let mut next = adopted();
    next.restore(watch.memory());
    next.observe(Observation::Read(elapsing(180, facts("active waiting load=loaded"))), &host(), at(130));
    let mut read = |facts| told(next.observe(Observation::ServiceRead(facts), &host(), at(190)));
    assert!(read(service(121, 120, "failed failed inv=r2 exit=3 result=exit-code")).is_empty());
    assert_eq!(read(service(181, 180, "inactive dead inv=r3 exit=0 result=success")).len(), 2);
}

#[test]
fn an_adopted_timer_that_does_not_elapse_or_hangs() {
    // Nothing begins: 60 s, 1 s of accuracy, 30 s of grace.
    let mut watch = adopted();
    assert_eq!(watch.due(), Some(at(91)));
    let text = "UNKNOWN overdue since 2027-01-15 08:01:31 UTC: no run came";
    assert_eq!(told(watch.pass(&host(), at(91))), [text]);
    assert!(watch.marks().contains(&"overdue"));
    // A host that slept expects nothing of that time.
    let mut slept = adopted();
    let awake = Host { awake: at(70), ..host() };
    slept.observe(Observation::Unit(elapsing(120, facts("active waiting"))), &awake, at(71));
    assert_eq!(slept.deadline(&awake), Some(at(151)));
    // A run that begins and does not end: 10 s of its own, 30 s of grace.
    let mut hung = adopted();
    hung.observe(Observation::Service(service(61, 61, "activating start inv=r1")), &host(), at(61));
    assert_eq!(hung.due(), Some(at(101)));
    let text = "UNKNOWN overdue since 2027-01-15 08:01:41 UTC: a run has begun and does not end";
    assert_eq!(told(hung.pass(&host(), at(101))), [text]);
    let ended =
        hung.observe(Observation::Service(service(110, 61, "inactive dead inv=r1 result=success")), &host(), at(110));
    assert!(told(ended).iter().any(|text| text.starts_with("OK ")));
    assert!(!hung.marks().contains(&"overdue"));
}

#[test]
fn what_systemd_gives_up_and_what_does_not_start_again_was_not_wanted() {
    const DEAD: &str = "activating auto-restart inv=1 result=exit-code exit=1";
    // The job to start it again passes through `inactive`, and systemd 252 keeps the result of the last run.
    let mut given_up = watch();
    play(
        &mut given_up,
        &host(),
        &[
            (0, UP, OK),
            (1, DEAD, &["FAILURE main process exited with 1; systemd restarts it"]),
            (2, "activating auto-restart inv=1 job=9", &[]),
            (3, "inactive dead inv=1 job=9", &["FAILURE main process exited with 1"]),
            (4, "failed failed inv=1 job=9", &["FAILURE main process exited with 1; systemd gave up restarting it"]),
            (5, "failed failed inv=1 job=0", &[]),
            (200, "", &[]),
        ],
    );
    assert!(matches!(given_up.memory.fall, Some(super::entry::Fall::Died { unwanted: true, .. })));
    // Somebody stops it while systemd waits to restart it.
    play(
        &mut watch(),
        &host(),
        &[
            (0, UP, OK),
            (1, DEAD, &["FAILURE main process exited with 1; systemd restarts it"]),
            (2, "activating auto-restart inv=1 job=9", &[]),
            (3, "inactive dead inv=1 job=9", &["FAILURE main process exited with 1"]),
            (
                4,
                "inactive dead inv=1",
                &["WARNING stopped on purpose (by systemctl, a package or another unit) since 2027-01-15 08:00:04 UTC"],
            ),
        ],
    );
    // A restart whose start fails, and a start that fails.
    let failed = "failed failed inv=2 job=9 result=exit-code exit=1";
    let end = "failed failed inv=2 job=0";
    let mut restarted = watch();
    play(
        &mut restarted,
        &host(),
        &[
            (0, UP, OK),
            (1, "deactivating stop-sigterm inv=1 job=9", &[]),
            (2, "inactive dead inv=1 job=9", &[]),
            (3, "activating start-pre inv=2 job=9", &[]),
            (4, failed, &["FAILURE main process exited with 1"]),
            (5, end, &[]),
        ],
    );
    let mut started = watch();
    play(
        &mut started,
        &host(),
        &[
            (0, "read inactive dead load=loaded inv=1", &["FAILURE inactive (dead), expected active"]),
            (1, "activating start-pre inv=2 job=9", &[]),
            (4, failed, &["FAILURE main process exited with 1"]),
            (5, end, &[]),
        ],
    );
    for watch in [restarted, started] {
        assert!(matches!(watch.memory.fall, Some(super::entry::Fall::Died { unwanted: true, .. })));
    }
}
