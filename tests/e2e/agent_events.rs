//! What subscribers are told of runs, of lines of other programs, and of checks that come, change and go.

use serde_json::{Value, json};

use crate::agent_board::{Beacon, Board, append, is_verdict, list, machine, text};
use crate::checks::{LOGS, SCRIPTS, Script, add, ssi, wait_log};
use crate::machine::{PATIENCE, wait_for};

#[test]
fn a_timer_elapses_and_its_run_is_told_from_start_to_end() {
    let machine = machine("events");
    let all = Board::open(&machine, "");
    let changes = Board::open(&machine, "?changes=only");
    let body = "echo 'WARNING, so far'\necho a detail\necho an error >&2\necho 'OK, fine'";
    add(&machine, &[Script::new("tick", body).often()], &["--no-run"]).ok();
    let added = all.wait("the added check", |frame| frame["type"] == "added");
    assert_eq!(
        (&added["id"], &added["check"]["id"], &added["check"]["status"]),
        (&json!("tick"), &json!("tick"), &json!("UNKNOWN"))
    );
    all.wait("a second run", |frame| is_verdict(frame) && frame["changed"] == false);
    // Right after the timer elapsed, but not by it.
    machine.sh("ssi disable tick && ssi run tick").ok();
    all.wait("a run by hand", |frame| frame["phase"] == "finished" && frame["trigger"] == "manual");
    all.wait("the disabled check", |frame| frame["type"] == "updated" && frame["check"]["enabled"] == false);
    let frames = all.check();
    let started = frames.iter().position(|frame| frame["phase"] == "started").unwrap();
    let run = &frames[started]["run"];
    let of_run: Vec<&Value> = frames.iter().filter(|frame| frame["run"] == *run).collect();
    let kinds: Vec<String> =
        of_run.iter().map(|frame| format!("{} {}", text(&frame["type"]), frame["progress"])).collect();
    assert_eq!(kinds, ["run null", "status true", "status true", "run null", "status false"]);
    assert_eq!(of_run[0]["trigger"], "timer");
    assert_eq!((&of_run[1]["status"], &of_run[1]["previous"]), (&json!("WARNING"), &json!("UNKNOWN")));
    let finished = of_run[3];
    assert_eq!(
        (&finished["phase"], &finished["result"], &finished["exit"]),
        (&json!("finished"), &json!("success"), &json!("0"))
    );
    let mut detail: Vec<String> = finished["detail"].as_array().unwrap().iter().map(text).collect();
    detail.sort();
    assert_eq!(detail, ["a detail", "an error"]);
    assert!(finished["duration_seconds"].as_f64() > Some(0.0), "{finished}");
    let verdict = of_run[4];
    assert_eq!(
        (&verdict["status"], &verdict["previous"], &verdict["message"]),
        (&json!("OK"), &json!("UNKNOWN"), &json!("fine"))
    );
    assert_eq!((&verdict["changed"], &verdict["marks"]), (&json!(true), &json!([])));
    // The same with gaps where nothing changed.
    changes.wait("the disabled check", |frame| frame["type"] == "updated" && frame["check"]["enabled"] == false);
    let wanted = |frame: &Value| frame["type"] != "status" || frame["changed"] == true;
    let last = changes.place().1;
    let expected: Vec<Value> =
        frames[1..].iter().filter(|frame| wanted(frame) && frame["seq"].as_u64() <= Some(last)).cloned().collect();
    assert_eq!(changes.frames()[1..], expected);
}

#[test]
fn each_verdict_is_a_frame_that_says_what_was_before() {
    let machine = machine("verdicts");
    let board = Board::open(&machine, "");
    // Each run takes its script from a file, so that one check goes through all statuses.
    let script = Script::new("moody", "source /srv/next").with("timeout: 1");
    machine.write("/srv/next", "echo OK, good", 0o644);
    add(&machine, &[script], &[]).ok();
    board.verdict("moody", "OK", "good");
    let mut previous = "OK";
    for (body, status, message, result, exit) in [
        ("echo UPDATE, 3 packages", "UPDATE", "3 packages", "success", "0"),
        ("echo WARNING, half full; exit 1", "WARNING", "half full", "exit-code", "1"),
        ("echo FAILURE, down; exit 2", "FAILURE", "down", "exit-code", "2"),
        ("sleep 60", "ERROR", "timed out after 1 s", "timeout", "timeout"),
        ("kill -KILL $$", "ERROR", "killed by SIGKILL", "signal", "KILL"),
        ("nonsense-command; exit 127", "ERROR", "", "exit-code", "127"),
        ("echo OK, liar; exit 1", "ERROR", "said OK, then exited with 1", "exit-code", "1"),
        ("exit 3", "FAILURE", "", "exit-code", "3"),
        ("true", "OK", "", "success", "0"),
    ] {
        machine.write("/srv/next", body, 0o644);
        let before = board.place().1;
        ssi(&machine, &["run", "moody"]);
        let verdict = board.wait(body, |frame| is_verdict(frame) && frame["seq"].as_u64() > Some(before));
        assert_eq!((&verdict["status"], &verdict["previous"]), (&json!(status), &json!(previous)), "{verdict}");
        assert!(text(&verdict["message"]).starts_with(message), "{verdict}");
        let is_end = |frame: &&Value| frame["phase"] == "finished" && frame["run"] == verdict["run"];
        let finished = board.frames().iter().find(is_end).unwrap().clone();
        assert_eq!(
            (text(&finished["result"]).as_str(), text(&finished["exit"]).as_str()),
            (result, exit),
            "{finished}"
        );
        assert_eq!(finished["trigger"], "manual", "{finished}");
        previous = status;
    }
    // Without anybody to write its verdict.
    machine.run(&["chmod", "700", "/usr/bin/ssi"]).ok();
    ssi(&machine, &["run", "moody"]);
    let verdict = board.wait("203/EXEC", |frame| is_verdict(frame) && text(&frame["message"]).contains("203/EXEC"));
    assert_eq!((&verdict["status"], &verdict["previous"]), (&json!("ERROR"), &json!("OK")));
    machine.run(&["chmod", "755", "/usr/bin/ssi"]).ok();
    for (victim, message) in [
        ("pkill -KILL -f 'exec moody'", "the runner was killed by SIGKILL"),
        ("systemctl kill -s KILL ssi_moody.service", "the runner was killed by SIGKILL"),
    ] {
        machine.write("/srv/next", "echo OK, waiting; exec sleep 50", 0o644);
        machine.sh("sed -i 's/^# timeout: 1$/# timeout: 60/' /srv/moody.bash && ssi add --no-run /srv/moody.bash").ok();
        let before = board.place().1;
        ssi(&machine, &["run", "--no-wait", "moody"]).ok();
        board.wait("progress", |frame| frame["progress"] == true && frame["seq"].as_u64() > Some(before));
        machine.sh(victim).ok();
        let verdict = board.wait(victim, |frame| is_verdict(frame) && frame["seq"].as_u64() > Some(before));
        assert_eq!((&verdict["status"], &verdict["message"]), (&json!("ERROR"), &json!(message)));
    }
    // Who stops a run on purpose learns nothing of the thing.
    machine.write("/srv/next", "echo OK, waiting; exec sleep 50", 0o644);
    let before = board.place().1;
    ssi(&machine, &["run", "--no-wait", "moody"]).ok();
    board.wait("progress", |frame| frame["progress"] == true && frame["seq"].as_u64() > Some(before));
    machine.run(&["systemctl", "stop", "ssi_moody.service"]).ok();
    let finished = board.wait("the end", |frame| frame["phase"] == "finished" && frame["seq"].as_u64() > Some(before));
    assert_eq!(finished["result"], "stopped", "{finished}");
    let frames = board.check();
    assert!(frames.iter().all(|frame| !is_verdict(frame) || frame["seq"].as_u64() <= Some(before)), "{frames:?}");
    assert_eq!(list(&machine)[0]["status"], "ERROR");
}

#[test]
fn lines_of_other_programs_count_at_once_whatever_they_hold() {
    let machine = machine("appended");
    let beacon = Beacon::install(&machine);
    let board = Board::open(&machine, "");
    add(&machine, &[Script::new("own", "true")], &["--no-run"]).ok();
    board.wait("added", |frame| frame["type"] == "added");
    append(&machine, "own", "2026-11-22 08:00:00, WARNING, by hand\n\tmore of it\n\teven more\n");
    let verdict = board.verdict("own", "WARNING", "by hand");
    assert_eq!((&verdict["run"], &verdict["changed"]), (&Value::Null, &json!(true)));
    append(&machine, "own", "FAIL");
    append(&machine, "own", "URE, in two ");
    append(&machine, "own", "pieces\r\n");
    board.verdict("own", "FAILURE", "in two pieces");
    append(&machine, "own", "nothing that anybody knows\n\n\n");
    let log = format!("{LOGS}/own.log");
    machine.sh(&format!("printf 'OK, nul \\0 and \\377 bytes\\n' >> {log}")).ok();
    let odd = board.wait("the odd bytes", |frame| is_verdict(frame) && text(&frame["message"]).starts_with("nul "));
    assert_eq!(odd["status"], "OK");
    machine.sh(&format!("{{ printf 'UPDATE, '; head -c 1000000 /dev/zero | tr '\\0' x; echo; }} >> {log}")).ok();
    let long = board.wait("the long line", |frame| is_verdict(frame) && frame["status"] == "UPDATE");
    assert!(text(&long["message"]).len() <= 64 * 1024, "{}", text(&long["message"]).len());
    beacon.settle(&machine, &board);
    assert_eq!(board.of("own").iter().filter(|frame| is_verdict(frame)).count(), 4, "{:?}", board.of("own"));
    board.check();
}

#[test]
fn checks_that_come_change_and_go_are_told_at_once() {
    let machine = machine("changes");
    let board = Board::open(&machine, "");
    let of = |kind: &'static str, field: &'static str, value: Value| {
        board.wait(&format!("{kind} with {field} {value}"), |frame| {
            frame["type"] == kind && frame["check"][field] == value
        })
    };
    let script = Script::new("one", "echo OK, fine");
    add(&machine, &[script.clone(), Script::new("two", "echo OK, fine")], &["--no-run"]).ok();
    of("added", "id", json!("one"));
    of("added", "id", json!("two"));
    ssi(&machine, &["run", "one"]).ok();
    board.verdict("one", "OK", "fine");
    add(&machine, &[script.clone().with("version: 2.0").with("schedule: hourly")], &["--no-run"]).ok();
    let updated = of("updated", "version", json!("2.0"));
    assert_eq!((&updated["check"]["status"], &updated["check"]["schedule"]), (&json!("OK"), &json!("hourly")));
    ssi(&machine, &["disable", "one"]).ok();
    let disabled = of("updated", "enabled", json!(false));
    assert_eq!(disabled["check"]["marks"], json!(["disabled"]));
    ssi(&machine, &["enable", "one"]).ok();
    let seq = disabled["seq"].as_u64();
    board.wait("enabled again", |frame| frame["check"]["enabled"] == true && frame["seq"].as_u64() > seq);
    ssi(&machine, &["remove", "one"]).ok();
    let removed = of("removed", "id", json!("one"));
    assert_eq!(removed["check"]["status"], "OK");
    // By hand: a header that no longer holds, and a script that is gone.
    machine.sh(&format!("sed -i 's/^# schedule: .*/# schedule: never ever/' {SCRIPTS}/*two*")).ok();
    board.wait("the broken header", |frame| frame["type"] == "updated" && frame["check"]["name"] == "two (broken)");
    machine.sh(&format!("rm {SCRIPTS}/*two*")).ok();
    board.wait("the lost script", |frame| {
        frame["id"] == "two" && text(&frame["check"]["description"]).starts_with("its script is gone")
    });
    ssi(&machine, &["remove", "--force", "two"]).ok();
    of("removed", "id", json!("two"));
    // Again: what it was is in its log, and none of that is news.
    add(&machine, &[script], &["--no-run"]).ok();
    let seq = removed["seq"].as_u64();
    board.wait("added again", |frame| frame["type"] == "added" && frame["seq"].as_u64() > seq);
    wait_for("its last status", PATIENCE, || list(&machine).iter().any(|row| row["status"] == "OK"));
    let again = Board::open(&machine, "");
    assert_eq!(again.hello()["checks"][0]["status"], "OK", "{}", again.hello());
    let frames = board.check();
    assert_eq!(frames.iter().filter(|frame| is_verdict(frame)).count(), 1, "{frames:?}");
    wait_log(&machine, "one", "OK exit=0");
}
