//! Watched units: what happens to them is on the board at once, with its cause, and what is no failure is told apart.

use serde_json::{Value, json};

use crate::agent_board::{Board, agent_pid, list, machine, text, wait_for_another_agent};
use crate::checks::{property, ssi};
use crate::machine::{Machine, PATIENCE, Process, wait_for};

pub const CONFIG: &str = "/etc/service-status-indicator/ssi.toml";

/// A unit of the machine, as its administrator would write it.
pub fn unit(machine: &Machine, name: &str, content: &str) {
    machine.write(&format!("/etc/systemd/system/{name}"), content, 0o644);
}

/// A service that runs until it is ended; `more` are lines of its `[Service]`.
pub fn sleeper(machine: &Machine, name: &str, more: &str) {
    unit(
        machine,
        name,
        &format!("[Service]\nExecStart=/bin/sleep infinity\n{more}\n[Install]\nWantedBy=multi-user.target\n"),
    );
}

/// Watches these, each with more lines of its `[[watch]]`.
#[track_caller]
fn watch(machine: &Machine, watches: &[(&str, &str)]) {
    let one = |(unit, more): &(&str, &str)| format!("[[watch]]\nunit = \"{unit}\"\n{more}\n");
    machine.write(CONFIG, &watches.iter().map(one).collect::<String>(), 0o644);
    ssi(machine, &["config", "check"]).ok();
}

pub fn row(machine: &Machine, id: &str) -> Option<Value> {
    // What the agent has: the first frame of a new subscription.
    let hello = Board::open(machine, "").hello();
    hello["checks"].as_array().unwrap().iter().find(|row| row["id"] == id).cloned()
}

/// Waits for the first event of a unit after number `seq` that has this status and part of a message.
#[track_caller]
pub fn status(board: &Board, id: &str, after: u64, status: &str, part: &str) -> Value {
    board.wait(&format!("{id} {status} `{part}`"), |frame| {
        frame["type"] == "status"
            && frame["id"] == id
            && frame["seq"].as_u64() > Some(after)
            && frame["status"] == status
            && frame["message"].as_str().is_some_and(|message| message.contains(part))
    })
}

pub fn seq(frame: &Value) -> u64 {
    frame["seq"].as_u64().unwrap()
}

/// What the status of a unit went through, up to now, oldest first.
pub fn transitions(board: &Board, id: &str) -> Vec<String> {
    let changed = |frame: &Value| frame["type"] == "status" && frame["changed"] == true;
    board.of(id).iter().filter(|frame| changed(frame)).map(|frame| text(&frame["status"])).collect()
}

#[test]
fn a_main_process_that_is_killed_is_told_at_once_also_when_systemd_restarts_it() {
    let machine = machine("watch-kill");
    sleeper(&machine, "plain.service", "");
    sleeper(&machine, "again.service", "Restart=always");
    machine.sh("systemctl daemon-reload && systemctl start plain again").ok();
    let board = Board::open(&machine, "");
    watch(&machine, &[("plain.service", ""), ("again.service", "")]);
    let up = |id| status(&board, id, 0, "OK", "active (running) since ");
    let (plain, again) = (seq(&up("plain.service")), seq(&up("again.service")));
    machine.sh("kill -9 $(systemctl show -P MainPID plain) $(systemctl show -P MainPID again)").ok();
    let died = status(&board, "plain.service", plain, "FAILURE", "main process killed by SIGKILL");
    assert_eq!(
        (&died["kind"], &died["previous"], &died["marks"]),
        (&json!("watch"), &json!("OK"), &json!(["drift", "disabled"]))
    );
    let died = status(&board, "again.service", again, "FAILURE", "killed by SIGKILL; systemd restarts it");
    status(&board, "again.service", seq(&died), "OK", "active (running)");
    assert_eq!(transitions(&board, "again.service"), ["OK", "FAILURE", "OK"]);
    machine.sh("systemctl start plain").ok();
    status(&board, "plain.service", plain + 1, "OK", "active (running)");
    assert_eq!(transitions(&board, "plain.service"), ["OK", "FAILURE", "OK"]);
    let row = row(&machine, "again.service").unwrap();
    let expected = json!({"expected": "active", "actual": "active (running)", "restarts": 1, "latency_seconds": null});
    assert_eq!((&row["kind"], &row["watch"], &row["schedule"]), (&json!("watch"), &expected, &Value::Null), "{row}");
    board.check();
}

#[test]
fn what_is_done_on_purpose_is_no_death() {
    let machine = machine("watch-purpose");
    sleeper(&machine, "a.service", "Restart=always");
    sleeper(&machine, "off.service", "");
    unit(&machine, "once.service", "[Service]\nType=oneshot\nExecStart=/bin/true\n");
    machine.sh("systemctl daemon-reload && systemctl start a").ok();
    let board = Board::open(&machine, "");
    watch(&machine, &[("a.service", ""), ("off.service", "state = \"inactive\""), ("once.service", "")]);
    let up = seq(&status(&board, "a.service", 0, "OK", "active (running)"));
    status(&board, "once.service", 0, "OK", "it runs when it is called");
    let off = seq(&status(&board, "off.service", 0, "OK", "inactive (dead)"));
    // A restart is told, and is no alarm.
    machine.sh("systemctl restart a").ok();
    let restarted = status(&board, "a.service", up, "OK", "active (running)");
    assert_eq!(restarted["changed"], false, "{restarted}");
    machine.sh("systemctl stop a").ok();
    let stopped = status(&board, "a.service", seq(&restarted), "WARNING", "stopped on purpose");
    machine.sh("systemctl start a once off").ok();
    status(&board, "a.service", seq(&stopped), "OK", "active (running)");
    status(&board, "once.service", 0, "OK", "done since ");
    let drift = status(&board, "off.service", off, "FAILURE", ", expected inactive");
    machine.sh("systemctl stop off").ok();
    status(&board, "off.service", seq(&drift), "OK", "inactive (dead)");
    assert_eq!(transitions(&board, "a.service"), ["OK", "WARNING", "OK"]);
    assert_eq!(transitions(&board, "once.service"), ["OK"]);
}

#[test]
fn a_crash_loop_is_told_by_its_rate() {
    let machine = machine("watch-loop");
    let start = "[Service]\nExecStart=/bin/sh -c 'exit 3'\nRestart=always\n";
    unit(&machine, "loop.service", &format!("[Unit]\nStartLimitBurst=5\nStartLimitIntervalSec=600\n{start}"));
    machine.sh("systemctl daemon-reload").ok();
    let board = Board::open(&machine, "");
    watch(&machine, &[("loop.service", "")]);
    status(&board, "loop.service", 0, "FAILURE", "inactive (dead), expected active");
    machine.sh("systemctl start loop").ok();
    status(&board, "loop.service", 0, "FAILURE", "exited with 3 (died 5 times in 10 minutes)");
    wait_for("systemd to give up", PATIENCE, || property(&machine, "loop.service", "ActiveState") == "failed");
    // It comes up, and is not well yet.
    machine.sh("sed -i 's/^ExecStart=.*/ExecStart=sleep infinity/' /etc/systemd/system/loop.service; systemctl daemon-reload").ok();
    machine.sh("systemctl reset-failed loop && systemctl start loop").ok();
    let up = status(&board, "loop.service", 0, "FAILURE", " times in 10 minutes, the last time: ");
    assert!(text(&up["message"]).contains("(active (running) since "), "{up}");
}

#[test]
fn units_that_cannot_start_are_told_with_why() {
    let machine = machine("watch-files");
    sleeper(&machine, "masked.service", "");
    sleeper(&machine, "web@.service", "");
    machine.sh("systemctl daemon-reload && systemctl start masked web@1").ok();
    let board = Board::open(&machine, "");
    watch(&machine, &[("masked.service", ""), ("none.service", ""), ("web@*.service", "")]);
    status(&board, "none.service", 0, "FAILURE", "there is no such unit");
    let up = seq(&status(&board, "masked.service", 0, "OK", "active (running)"));
    status(&board, "web@1.service", 0, "OK", "active (running)");
    // The file is replaced below the running unit.
    machine.sh("mv /etc/systemd/system/masked.service /srv && systemctl mask masked").ok();
    let masked = seq(&status(&board, "masked.service", up, "WARNING", "it is masked"));
    machine.sh("systemctl stop masked").ok();
    status(&board, "masked.service", masked, "FAILURE", "it is masked");
    // What fits a pattern is found as it comes, and what a reload brings as well.
    machine.sh("systemctl start web@2").ok();
    let second = seq(&status(&board, "web@2.service", 0, "OK", "active (running)"));
    sleeper(&machine, "none.service", "");
    machine.sh("systemctl daemon-reload && systemctl start none && systemctl kill -s KILL web@2").ok();
    status(&board, "none.service", 0, "OK", "active (running)");
    status(&board, "web@2.service", second, "FAILURE", "main process killed by SIGKILL");
    // What nobody expects any more goes.
    watch(&machine, &[("none.service", "")]);
    board.wait("the end of a watch", |frame| frame["type"] == "removed" && frame["id"] == "web@1.service");
    assert_eq!(row(&machine, "masked.service"), None);
}

#[test]
fn what_a_unit_did_while_the_agent_was_down_or_the_host_was_off_is_no_riddle() {
    let mut machine = machine("watch-away");
    sleeper(&machine, "again.service", "Restart=always");
    sleeper(&machine, "steady.service", "ExecStop=/bin/sleep 0.5");
    machine.sh("systemctl daemon-reload && systemctl enable --now again steady").ok();
    let board = Board::open(&machine, "");
    watch(&machine, &[("again.service", ""), ("steady.service", "")]);
    status(&board, "again.service", 0, "OK", "active (running)");
    status(&board, "steady.service", 0, "OK", "active (running)");
    let (pid, (epoch, place)) = (agent_pid(&machine), board.place());
    machine.sh("systemctl stop ssi-agent.socket ssi-agent.service && systemctl kill -s KILL again").ok();
    wait_for("the restart", PATIENCE, || property(&machine, "again.service", "NRestarts") == "1");
    machine.sh("systemctl start ssi-agent").ok();
    wait_for_another_agent(&machine, &pid);
    let after = Board::open(&machine, &format!("?since={epoch}:{place}"));
    let died =
        status(&after, "again.service", place, "FAILURE", "died and was restarted by systemd once; nobody saw why");
    status(&after, "again.service", seq(&died), "OK", "active (running)");
    assert_eq!(after.of("steady.service"), Vec::<Value>::new());
    let row = row(&machine, "again.service").unwrap();
    assert_eq!((&row["status"], &row["watch"]["restarts"]), (&json!("OK"), &json!(1)), "{row}");
    // Shutting down and booting is no news of any unit.
    let before = Board::open(&machine, "");
    machine.reboot();
    assert_eq!(before.of("steady.service"), Vec::<Value>::new());
    let rows = list(&machine);
    wait_for("the watches", PATIENCE, || {
        self::row(&machine, "steady.service").is_some_and(|row| row["status"] == "OK")
    });
    assert!(rows.iter().all(|row| row["status"] == "OK"), "{rows:?}");
}

#[test]
fn an_adopted_timer_tells_of_its_runs_and_of_one_that_does_not_come() {
    let machine = machine("watch-timer");
    unit(
        &machine,
        "job.service",
        "[Service]\nType=oneshot\nTimeoutStartSec=1\nExecStart=/bin/sh -c 'exit $(cat /srv/code)'\n",
    );
    unit(&machine, "job.timer", "[Timer]\nOnCalendar=*:*:0/2\nAccuracySec=1ms\n[Install]\nWantedBy=timers.target\n");
    machine.write("/srv/code", "0", 0o644);
    machine.sh("systemctl daemon-reload && systemctl start job.timer").ok();
    let board = Board::open(&machine, "");
    watch(&machine, &[("job.timer", "")]);
    // What ran before the watch was there has a result, and no event.
    let good = board.wait("a run", |frame| frame["type"] == "status" && frame["run"].is_string());
    assert!(text(&good["message"]).starts_with("the last run ended well (began "), "{good}");
    let run = |phase: &str, wanted: &dyn Fn(&Value) -> bool| {
        board.wait(phase, |frame| {
            frame["type"] == "run" && frame["id"] == "job.timer" && frame["phase"] == phase && wanted(frame)
        })
    };
    let finished = run("finished", &|frame| frame["run"] == good["run"]);
    assert_eq!((&finished["result"], &finished["exit"]), (&json!("success"), &json!("0")), "{finished}");
    assert!(finished["duration_seconds"].as_f64().is_some_and(|took| took > 0.0), "{finished}");
    run("started", &|frame| frame["run"] == good["run"]);
    machine.write("/srv/code", "3", 0o644);
    let bad = status(&board, "job.timer", seq(&good), "FAILURE", "the last run failed: main process exited with 3");
    run("finished", &|frame| frame["run"] == bad["run"] && frame["result"] == "exit-code" && frame["exit"] == "3");
    let row = row(&machine, "job.timer").unwrap();
    assert!(row["next_run"].is_string() && row["deadline"].is_string() && row["last_run"].is_string(), "{row}");
    machine.sh("systemctl stop job.timer").ok();
    status(&board, "job.timer", seq(&bad), "WARNING", "stopped on purpose");
}

#[test]
fn an_adopted_timer_is_overdue_when_its_service_does_not_start_or_does_not_end() {
    let machine = machine("watch-overdue");
    let timer = "[Timer]\nOnCalendar=*:*:0/2\nAccuracySec=1ms\n[Install]\nWantedBy=timers.target\n";
    unit(&machine, "idle.timer", timer);
    unit(&machine, "idle.service", "[Unit]\nConditionPathExists=/srv/go\n[Service]\nType=oneshot\nExecStart=true\n");
    unit(&machine, "hang.timer", timer);
    // systemd grants the time anew to each command.
    let commands = "ExecStartPre=/bin/sh -c 'test -e /srv/end || sleep 2'\n".repeat(25);
    let service = format!("[Service]\nType=oneshot\nTimeoutStartSec=5\n{commands}ExecStart=true\n");
    unit(&machine, "hang.service", &service);
    machine.write("/srv/go", "", 0o644);
    machine.write("/srv/end", "", 0o644);
    machine.sh("systemctl daemon-reload && systemctl start idle.timer hang.timer").ok();
    let board = Board::open(&machine, "");
    ssi(&machine, &["adopt", "idle.timer", "hang.timer"]).ok();
    let cases = [("idle.timer", "no run came"), ("hang.timer", "a run has begun and does not end")];
    let good = cases.map(|(id, _)| seq(&status(&board, id, 0, "OK", "the last run ended well")));
    machine.sh("rm /srv/go /srv/end").ok();
    let overdue = |((id, cause), good): (&(&str, &str), u64)| {
        let told = status(&board, id, good, "UNKNOWN", cause);
        assert!(text(&told["message"]).starts_with("overdue since 2") && told["previous"] == "OK", "{told}");
        assert!(told["marks"].as_array().unwrap().contains(&json!("overdue")), "{told}");
        let row = row(&machine, id).unwrap();
        assert_eq!((&row["status"], &row["message"]), (&told["status"], &told["message"]), "{row}");
        seq(&told)
    };
    let told: Vec<u64> = cases.iter().zip(good).map(overdue).collect();
    machine.sh("touch /srv/go /srv/end").ok();
    cases.iter().zip(told).for_each(|((id, _), told)| drop(status(&board, id, told, "OK", "the last run ended well")));
}

#[test]
fn ports_and_pages_count_beside_the_state() {
    let machine = machine("watch-ports");
    let board = Board::open(&machine, "");
    let page = "http = \"http://localhost:5000/health\"";
    watch(&machine, &[("ssi-agent.service", &format!("port = 5000\n{page}"))]);
    let up = seq(&status(&board, "ssi-agent.service", 0, "OK", "active (running)"));
    let latency = || row(&machine, "ssi-agent.service").is_some_and(|row| row["watch"]["latency_seconds"].is_f64());
    wait_for("an answer of the page", PATIENCE, latency);
    watch(&machine, &[("ssi-agent.service", &format!("port = [5000, 500]\n{page}"))]);
    let shut = status(&board, "ssi-agent.service", up, "FAILURE", "port 500: ");
    watch(&machine, &[("ssi-agent.service", page)]);
    status(&board, "ssi-agent.service", seq(&shut), "OK", "active (running)");
}

/// Kills the main process of each of `services` services twice, in a random order, half of them with Restart=always. Each death and each
/// recovery has to be told; prints how long that took, beside what a bare listener on the bus needs.
fn kill_campaign(name: &str, services: usize) {
    let machine = machine(name);
    let names: Vec<String> = (0..services).map(|number| format!("kill-{number}.service")).collect();
    for (number, name) in names.iter().enumerate() {
        let restart = if number % 2 == 0 { "Restart=always" } else { "" };
        sleeper(&machine, name, restart);
    }
    machine.sh(&format!("systemctl daemon-reload && systemctl start {}", names.join(" "))).ok();
    let listener = Listener::start(&machine);
    let ws = machine.ws("ws://localhost:5000");
    watch(&machine, &[("kill-*.service", "")]);
    let all_up = || names.iter().all(|name| row(&machine, name).is_some_and(|row| row["status"] == "OK"));
    wait_for("all watches", PATIENCE, all_up);
    let seed = std::env::var("SSI_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1_u64);
    let mut order: Vec<&String> = names.iter().chain(&names).collect();
    shuffle(&mut order, seed);
    let (mut agent, mut bare) = (Vec::new(), Vec::new());
    for name in &order {
        let last = ws.frames().last().and_then(|frame| frame.json["seq"].as_u64()).unwrap_or(0);
        let killed =
            machine.sh(&format!("pid=$(systemctl show -P MainPID {name}); echo $EPOCHREALTIME; kill -9 $pid")).ok();
        let killed: f64 = killed.trim().parse().unwrap();
        let is = |frame: &Value, status: &str| {
            let new = frame["seq"].as_u64() > Some(last) && frame["changed"] == true;
            new && frame["id"] == name.as_str() && frame["status"] == status
        };
        let died = ws.wait_frame(&format!("the death of {name}"), PATIENCE, |frame| is(frame, "FAILURE"));
        assert!(text(&died.json["message"]).starts_with("main process killed by SIGKILL"), "{:?}", died.json);
        agent.push(died.at - killed);
        bare.push(listener.death(name, killed) - killed);
        if !property(&machine, name, "Restart").starts_with("always") {
            machine.sh(&format!("systemctl start {name}")).ok();
        }
        ws.wait_frame(&format!("the recovery of {name}"), PATIENCE, |frame| is(frame, "OK"));
    }
    let count = |status: &str| {
        let is = |frame: &Value| frame["type"] == "status" && frame["changed"] == true && frame["status"] == status;
        ws.frames().iter().filter(|frame| is(&frame.json) && frame.json["previous"] != "UNKNOWN").count()
    };
    assert_eq!((count("FAILURE"), count("OK")), (order.len(), order.len()), "deaths and recoveries");
    let kills = order.len();
    println!("{kills} of {kills} kills seen, {kills} recoveries (SSI_SEED={seed})");
    for (who, times) in [("frame at a WebSocket client", &mut agent), ("bare listener on the bus", &mut bare)] {
        times.sort_by(f64::total_cmp);
        let of = |percent: usize| times[(times.len() - 1) * percent / 100] * 1000.0;
        println!("  {who}: p50 {:.1} ms, p99 {:.1} ms, most {:.1} ms", of(50), of(99), of(100));
    }
}

/// An order that only the seed decides.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for last in (1..items.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(last, usize::try_from(state >> 33).unwrap() % (last + 1));
    }
}

/// Somebody else who listens to the bus, as near to it as can be.
struct Listener(Process);

impl Listener {
    fn start(machine: &Machine) -> Listener {
        let rule =
            "type='signal',interface='org.freedesktop.DBus.Properties',path_namespace='/org/freedesktop/systemd1/unit'";
        let process = machine.spawn(&["busctl", "monitor", "--json=short", "--match", rule]);
        // It gets what systemd sends to those who asked, and the agent did.
        process.wait_line("the monitor", PATIENCE, |line| line.starts_with("Monitoring"));
        Listener(process)
    }

    /// When it heard, after `since`, that the main process of `name` was killed, in seconds since 1970.
    fn death(&self, name: &str, since: f64) -> f64 {
        let object = name.replace('-', "_2d").replace('.', "_2e");
        let time = |line: &str| {
            let signal: Value = serde_json::from_str(line).ok()?;
            let at = signal["timestamp-realtime"].as_f64()? / 1e6;
            let killed = signal["payload"]["data"][1]["Result"]["data"] == "signal";
            (killed && at > since && signal["path"].as_str()?.ends_with(&object)).then_some(at)
        };
        let line = self.0.wait_line(&format!("{name} at the bare listener"), PATIENCE, |line| time(line).is_some());
        time(&line).unwrap()
    }
}

#[test]
fn every_kill_is_seen() {
    kill_campaign("watch-kills", 5);
}

#[test]
#[ignore = "a campaign: `tests/run long`"]
fn long_every_kill_of_a_hundred_is_seen() {
    kill_campaign("watch-kills-long", 50);
}
