//! What `auto_fix` does and leaves alone; `start 1` is its first attempt of the hour.

use super::*;

const KILLED: &str = "FAILURE main process killed by SIGKILL";
const EXITED: &str = "FAILURE main process exited with 1";

/// A service that has to be active, and is brought back.
fn fixed() -> Watch {
    let mut watch = watch();
    watch.set_fixed(true);
    watch
}

/// A death of the invocation `inv`, as systemd tells it.
fn dies(inv: u32) -> String {
    format!("failed failed inv={inv} result=exit-code exit=1")
}

fn comes_up(inv: u32) -> String {
    format!("active running inv={inv} result=success exit=0")
}

/// What is to be done when this is seen at a second, statuses left out.
#[track_caller]
fn see(watch: &mut Watch, second: i64, seen: &str) -> Vec<String> {
    let findings = match seen {
        "" => watch.pass(&host(), at(second)),
        seen => watch.observe(Observation::Unit(facts(seen)), &host(), at(second)),
    };
    told(findings).into_iter().filter(|text| !text.contains(|c: char| c.is_uppercase())).collect()
}

#[test]
fn a_death_is_answered_with_a_start() {
    let mut watch = fixed();
    play(
        &mut watch,
        &host(),
        &[
            (0, UP, OK),
            (5, "pid=0 result=signal exit=SIGKILL", &[]),
            (5, "failed failed inv=1", &[KILLED]),
            (6, "", &["start 1"]),
            // What follows of it is no other reason.
            (6, "failed failed inv=1 job=8", &[]),
            (6, "activating start inv=2 job=8 result=success exit=0", &[]),
            (7, "active running inv=2", OK),
            (100, "", &[]),
        ],
    );
    assert_eq!((watch.due(), watch.marks()), (None, Vec::new()));
    // Not listed, nothing.
    let mut other = super::watch();
    play(&mut other, &host(), &[(0, UP, OK), (5, "failed failed inv=1 result=signal exit=SIGKILL", &[KILLED])]);
    assert_eq!(other.due(), None);
    // Until it is.
    other.set_fixed(true);
    play(&mut other, &host(), &[(7, "", &[]), (8, "", &["start 1"])]);
}

#[test]
fn attempts_are_bounded_and_the_end_is_told_once() {
    let mut watch = fixed();
    play(&mut watch, &host(), &[(0, UP, OK)]);
    assert!(see(&mut watch, 99, &dies(1)).is_empty());
    assert_eq!(see(&mut watch, 100, ""), ["start 1"]);
    assert!(see(&mut watch, 101, &comes_up(2)).is_empty());
    // Ten seconds from the fall on.
    assert!(see(&mut watch, 105, &dies(2)).is_empty());
    assert_eq!(watch.due(), Some(at(115)));
    assert!(see(&mut watch, 114, "").is_empty());
    assert_eq!(see(&mut watch, 115, ""), ["start 2"]);
    see(&mut watch, 116, &comes_up(3));
    assert!(see(&mut watch, 117, &dies(3)).is_empty());
    assert_eq!(watch.due(), Some(at(177)));
    assert_eq!(see(&mut watch, 180, ""), ["start 3"]);
    see(&mut watch, 181, &comes_up(4));
    let end = format!(
        "{EXITED} (died 4 times in 10 minutes); auto_fix gave up after 3 attempts to start it within an hour: \
         it went down again; start it by hand when the cause is gone"
    );
    let fell = watch.observe(Observation::Unit(facts(&dies(4))), &host(), at(182));
    assert_eq!(told(fell), [format!("{EXITED} (died 4 times in 10 minutes)"), "gave up".to_owned(), end]);
    assert!(watch.marks().contains(&"auto_fix"));
    // Whatever comes: it stays with that until the unit is up.
    assert!(see(&mut watch, 183, "job=0").is_empty() && see(&mut watch, 4000, "").is_empty());
    assert!(watch.message().contains("auto_fix gave up"));
    see(&mut watch, 4100, &comes_up(5));
    assert_eq!((watch.status(), watch.marks()), (Status::Ok, Vec::new()));
    // After an hour all is as at the beginning.
    see(&mut watch, 5000, &dies(5));
    assert_eq!(see(&mut watch, 5001, ""), ["start 1"]);
}

#[test]
fn no_more_than_three_an_hour_however_long_each_lasted() {
    let mut watch = fixed();
    play(&mut watch, &host(), &[(0, UP, OK)]);
    let mut tried = Vec::new();
    for (inv, second) in (1..).zip((1..=6).map(|round| round * 1000)) {
        let seen = [see(&mut watch, second, &dies(inv)), see(&mut watch, second + 1, "")];
        tried.push(seen.concat().concat());
        see(&mut watch, second + 5, &comes_up(inv + 1));
    }
    // Without a pause each time: the attempt before was long ago. The first counts no more when the fifth is due.
    assert_eq!(tried, ["start 1", "start 2", "start 3", "gave up", "start 3", "start 3"]);
}

#[test]
fn an_attempt_that_systemd_does_not_take_is_one_too() {
    let mut watch = fixed();
    play(&mut watch, &host(), &[(0, UP, OK)]);
    see(&mut watch, 9, &dies(1));
    assert_eq!(see(&mut watch, 10, ""), ["start 1"]);
    watch.tried(&Err("not allowed".to_owned()));
    assert_eq!(watch.due(), Some(at(20)));
    assert_eq!(see(&mut watch, 20, ""), ["start 2"]);
    watch.tried(&Err("not allowed".to_owned()));
    assert!(see(&mut watch, 30, "").is_empty());
    assert_eq!(see(&mut watch, 80, ""), ["start 3"]);
    watch.tried(&Err("not allowed by polkit".to_owned()));
    // The last one may take a moment to show.
    assert!(see(&mut watch, 89, "").is_empty());
    assert_eq!(see(&mut watch, 90, ""), ["gave up"]);
    assert!(watch.message().contains("within an hour: not allowed by polkit; start it by hand"), "{}", watch.message());
    // An operator begins anew.
    watch.fixed_by_hand();
    see(&mut watch, 95, &comes_up(2));
    see(&mut watch, 96, &dies(2));
    assert_eq!(see(&mut watch, 97, ""), ["start 1"]);
}

#[test]
fn an_agent_that_is_restarted_goes_on_where_it_was() {
    let mut watch = fixed();
    play(&mut watch, &host(), &[(0, UP, OK)]);
    see(&mut watch, 99, &dies(1));
    let mut tried = 0;
    for second in 100..400 {
        let kept = serde_json::to_string(&watch.memory()).unwrap_or_default();
        watch = fixed();
        watch.restore(serde_json::from_str(&kept).unwrap_or_else(|error| unreachable!("{error}")));
        let read = Observation::Read(facts(&dies(1)));
        let seen = told(watch.observe(read, &host(), at(second)));
        tried += seen.iter().filter(|text| text.starts_with("start")).count();
    }
    assert_eq!((tried, watch.is_given_up()), (3, true));
}

#[test]
fn what_is_remembered_of_agents_before_it_is_read() {
    let mut old = serde_json::to_value(watch().memory()).unwrap_or_default();
    old.as_object_mut().map(|old| old.remove("fix"));
    old["fall"] = serde_json::json!({"died": {"invocation": "1", "cause": "main process exited with 1"}});
    let memory: Memory = serde_json::from_value(old).unwrap_or_else(|error| unreachable!("{error}"));
    let mut watch = fixed();
    watch.restore(memory);
    // It does not know whether somebody wanted that.
    play(&mut watch, &host(), &[(0, &format!("read {}", dies(1)), &[EXITED])]);
}

#[test]
fn what_is_done_on_purpose_is_left_alone() {
    // A stop, whatever the process makes of it, and also long after.
    for end in ["inactive dead inv=1 job=6", "failed failed inv=1 job=6 result=exit-code exit=143"] {
        let mut watch = fixed();
        play(&mut watch, &host(), &[(0, UP, OK)]);
        for (second, seen) in
            [(5, "deactivating stop-sigterm inv=1 job=6"), (5, end), (6, "job=0"), (126, ""), (500, "")]
        {
            assert!(see(&mut watch, second, seen).is_empty(), "{end}: {second} s");
        }
        assert_eq!(watch.status(), Status::Failure);
    }
    // One that systemd waits to restart, stopped meanwhile.
    let mut watch = fixed();
    let stopped = "WARNING stopped on purpose (by systemctl, a package or another unit) since 2027-01-15 08:00:07 UTC";
    play(
        &mut watch,
        &host(),
        &[
            (0, UP, OK),
            (5, "failed failed inv=1 result=signal exit=SIGKILL", &[KILLED]),
            (5, "activating auto-restart inv=1", &[&format!("{KILLED}; systemd restarts it")]),
            (20, "", &[]),
            (27, "inactive dead inv=1", &[&stopped.replace(":07", ":27")]),
            (60, "", &[]),
        ],
    );
    // One that is down already, before it is answered.
    let mut watch = fixed();
    play(&mut watch, &host(), &[(0, UP, OK)]);
    see(&mut watch, 5, &dies(1));
    assert_eq!(see(&mut watch, 6, ""), ["start 1"]);
    see(&mut watch, 7, &comes_up(2));
    see(&mut watch, 8, &dies(2));
    for (second, seen) in [(10, "failed failed inv=2 job=9"), (10, "failed failed inv=2"), (20, ""), (500, "")] {
        assert!(see(&mut watch, second, seen).is_empty(), "{second} s");
    }
    // What comes of an attempt may look the same.
    let mut watch = fixed();
    play(&mut watch, &host(), &[(0, UP, OK)]);
    see(&mut watch, 5, &dies(1));
    assert_eq!(see(&mut watch, 6, ""), ["start 1"]);
    see(&mut watch, 6, "failed failed inv=1 job=9");
    see(&mut watch, 6, "failed failed inv=1");
    assert_eq!(see(&mut watch, 16, ""), ["start 2"]);
    // Its file masked, gone or wrong; an ExecCondition= that says no; a oneshot; a mount, which umount takes away as well.
    for more in ["load=masked", "load=not-found", "load=bad-setting", "file=masked", "result=exec-condition", "oneshot"]
    {
        let mut watch = fixed();
        play(&mut watch, &host(), &[(0, UP, OK)]);
        assert!(see(&mut watch, 5, &format!("{} {more}", dies(1))).is_empty(), "{more}");
        assert!(see(&mut watch, 50, "").is_empty(), "{more}");
        assert_eq!((watch.status(), watch.due()), (Status::Failure, None), "{more}");
    }
    for name in ["data.mount", "backup.timer", "dev-sda.device"] {
        let unit: UnitName = name.parse().unwrap_or_else(|error| unreachable!("{error}"));
        let mut watch = Watch::new(unit, rule(Expected::Active));
        watch.set_fixed(true);
        watch.observe(Observation::Read(facts(&UP[5..])), &host(), at(0));
        assert!(see(&mut watch, 5, "failed failed inv=1 result=exit-code").is_empty(), "{name}");
        assert_eq!((watch.status(), watch.remedy()), (Status::Failure, Err(NoRemedy::Kind)), "{name}");
    }
}

#[test]
fn what_nobody_saw_is_answered_only_where_no_stop_ends_so() {
    for (result, is_fixed) in [
        ("exit-code exit=143", false),
        ("signal exit=SIGKILL", false),
        ("timeout", false),
        // A process that ends before its unit ceases to be active was not stopped.
        ("exit-code exit=143 exited=50 left=50", true),
        ("exit-code exit=143 exited=51 left=50", false),
        ("oom-kill", true),
        ("core-dump exit=SIGSEGV", true),
        ("watchdog", true),
        ("start-limit-hit", true),
    ] {
        let mut before = fixed();
        play(&mut before, &host(), &[(0, UP, OK)]);
        let mut after = fixed();
        after.restore(before.memory());
        let read = facts(&format!("failed failed inv=1 load=loaded result={result}"));
        after.observe(Observation::Read(read), &host(), at(60));
        assert_eq!(see(&mut after, 61, "") == ["start 1"], is_fixed, "{result}");
    }
    // It is only not running: nobody knows who wanted that.
    play(
        &mut fixed(),
        &host(),
        &[(0, "read inactive dead load=loaded", &["FAILURE inactive (dead), expected active"]), (9, "", &[])],
    );
}

#[test]
fn nothing_is_done_before_it_counts_or_while_it_can_t_be_known() {
    let died = "failed failed inv=1 result=signal exit=SIGKILL";
    let mut patient = fixed();
    patient.expect(Rule { hold: Duration::from_secs(60), ..rule(Expected::Active) });
    let soft = "soft FAILURE main process killed by SIGKILL";
    play(
        &mut patient,
        &host(),
        &[(0, UP, OK), (10, died, &[soft]), (40, "", &[]), (70, "", &[KILLED]), (71, "", &["start 1"])],
    );
    // A boot is over first; a shutdown is none of its business.
    let (mut booting, mut ending) = (host(), host());
    booting.starting_until = Some(at(90));
    ending.ending = true;
    let mut boots = fixed();
    play(&mut boots, &booting, &[(0, UP, OK), (10, died, &[KILLED]), (50, "", &[])]);
    assert_eq!(boots.due(), Some(at(90)));
    play(&mut boots, &booting, &[(90, "", &[]), (91, "", &["start 1"])]);
    let mut ends = fixed();
    play(&mut ends, &host(), &[(0, UP, OK)]);
    play(&mut ends, &ending, &[(10, died, &[]), (50, "", &[])]);
    // Nobody can be asked.
    let away = "ERROR could not ask systemd: gone";
    play(&mut fixed(), &host(), &[(0, UP, OK), (1, "away", &[]), (11, "", &[away]), (60, "", &[])]);
    // A page that fails is no reason.
    let mut watch = fixed();
    watch.expect(Rule { ports: vec![80], ..rule(Expected::Active) });
    play(&mut watch, &host(), &[(0, UP, OK)]);
    let down = Probed { target: Target::Port(80), outcome: Outcome::Down("nobody listens".to_owned()), latency: None };
    let seen = told(watch.observe(Observation::Probed(down), &host(), at(1)));
    assert_eq!(seen, ["FAILURE port 80: nobody listens (active (running))"]);
    assert_eq!(watch.remedy(), Err(NoRemedy::AsExpected));
}

#[test]
fn what_has_to_be_inactive_is_stopped() {
    let mut watch = fixed();
    watch.expect(rule(Expected::Inactive));
    play(
        &mut watch,
        &host(),
        &[
            (0, "read inactive dead load=loaded", &["OK inactive (dead)"]),
            (5, "activating start inv=1 job=3", &["FAILURE activating (start), expected inactive"]),
            (6, "active running inv=1", &["FAILURE active (running), expected inactive"]),
            (7, "", &["stop 1"]),
            (7, "deactivating stop-sigterm inv=1 job=4", &[]),
            (7, "inactive dead inv=1", &["OK inactive (dead)"]),
        ],
    );
    assert_eq!(watch.remedy(), Err(NoRemedy::AsExpected));
    // That it failed is nothing that a stop would mend.
    play(&mut watch, &host(), &[(9, &dies(2), &["FAILURE main process exited with 1, expected inactive"])]);
}
