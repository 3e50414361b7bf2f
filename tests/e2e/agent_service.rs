//! The agent as a service of systemd: start, watchdog, stop, rights, its port and its subscribers, and a D-Bus that goes away.

use serde_json::{Value, json};

use crate::agent_board::{Beacon, Board, agent_pid, append, is_verdict, list, machine, wait_for_another_agent};
use crate::checks::{LOGS, SCRIPTS, Script, add, property, ssi};
use crate::machine::{PATIENCE, wait_for};

const UNIT: &str = "ssi-agent.service";

#[test]
fn the_service_tells_systemd_how_it_is() {
    let machine = machine("service");
    let scripts = [Script::new("good", "echo OK, fine"), Script::new("bad", "echo FAILURE, down; exit 2")];
    add(&machine, &scripts, &[]).ok();
    // Started means that the port answers.
    machine.sh("for i in 1 2 3; do systemctl restart ssi-agent && exec 3<>/dev/tcp/127.0.0.1/5000 && exec 3>&- || exit 1; done").ok();
    let shown = machine.run(&["systemctl", "status", UNIT]).ok();
    assert!(shown.contains("1 OK, 1 FAILURE; serving http://127.0.0.1:5000"), "{shown}");
    let pid = agent_pid(&machine);
    machine.run(&["systemctl", "reload", UNIT]).ok();
    assert_eq!(agent_pid(&machine), pid);
    // One that hangs is killed and replaced.
    let board = Board::open(&machine, "");
    machine.sh("mkdir /run/systemd/system/ssi-agent.service.d && printf '[Service]\\nWatchdogSec=2s\\n' > /run/systemd/system/ssi-agent.service.d/quick.conf && systemctl daemon-reload && systemctl restart ssi-agent").ok();
    assert_eq!(board.close_code(), 1001);
    let pid = agent_pid(&machine);
    machine.sh(&format!("kill -STOP {pid}")).ok();
    wait_for_another_agent(&machine, &pid);
    assert!(machine.run(&["journalctl", "--unit", UNIT, "--output", "cat"]).ok().contains("Watchdog timeout"));
    // One that is asked to end does, with a word to its subscribers; one of them reads nothing.
    let board = Board::open(&machine, "");
    let stuck = machine.spawn(&["/usr/bin/python3", "-u", "-c", STUCK]);
    stuck.wait_line("the stuck subscriber", PATIENCE, |line| line == "connected");
    machine.run(&["systemctl", "stop", "ssi-agent.socket", UNIT]).ok();
    assert_eq!(board.close_code(), 1001);
    assert_eq!(property(&machine, UNIT, "Result"), "success");
    assert_eq!(
        (property(&machine, UNIT, "ExecMainCode"), property(&machine, UNIT, "ExecMainStatus")),
        ("1".to_owned(), "0".to_owned())
    );
    // Without it the commands that read work on.
    assert_eq!(list(&machine).len(), 2);
}

#[test]
fn the_sandbox_leaves_the_agent_what_it_needs_and_no_more() {
    let machine = machine("rights");
    add(&machine, &[Script::new("good", "echo OK, fine")], &[]).ok();
    let exposure = machine.run(&["systemd-analyze", "security", "--no-pager", UNIT]).ok();
    let line = exposure.lines().find(|line| line.contains("Overall exposure level")).unwrap();
    let level: f64 = line.split_whitespace().find_map(|word| word.parse().ok()).unwrap();
    assert!(level <= 1.2, "{line}");
    // As the agent: its user, in its mounts.
    let pid = agent_pid(&machine);
    assert_eq!(machine.sh(&format!("stat -c %U /proc/{pid}")).ok().trim(), "_ssi");
    let as_agent = |script: &str| {
        machine.run(&[
            "nsenter",
            "--mount",
            "--target",
            &pid,
            "setpriv",
            "--reuid=_ssi",
            "--regid=_ssi",
            "--init-groups",
            "bash",
            "-c",
            script,
        ])
    };
    assert!(as_agent(&format!("cat {LOGS}/good.log {SCRIPTS}/*")).ok().contains("OK, fine"));
    as_agent("touch /var/lib/service-status-indicator/agent/own").ok();
    for place in [
        format!("{LOGS}/new.log"),
        format!("{LOGS}/good.log"),
        format!("{SCRIPTS}/new"),
        format!("{SCRIPTS}/../new"),
        "/etc/systemd/system/ssi_new.service".into(),
        "/etc/service-status-indicator/ssi.toml".into(),
        "/run/systemd/system/new".into(),
    ] {
        let output = as_agent(&format!("echo x >> {place}"));
        assert!(!output.status.success(), "the agent may write {place}");
    }
    assert!(!as_agent(&format!("rm -f {LOGS}/good.log")).status.success());
    let status = machine.read(&format!("/proc/{}/status", pid));
    for line in ["CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"] {
        assert!(status.contains(line), "{line} is not in\n{status}");
    }
    assert!(!machine.sh(&format!("journalctl -u {UNIT} -o cat | grep -iE 'denied|not permitted'")).status.success());
}

#[test]
fn an_idle_agent_sleeps() {
    let machine = machine("idle");
    let scripts: Vec<Script> = (0..5).map(|number| Script::new(&format!("check-{number}"), "echo OK, fine")).collect();
    add(&machine, &scripts, &[]).ok();
    let (one, two) = (Board::open(&machine, ""), Board::open(&machine, ""));
    let pid = agent_pid(&machine);
    // The time between the two counts is what is measured, not something to wait for. After checks were added the agent
    // looks at all timers, so that not every three seconds are quiet.
    let script = format!(
        "count() {{ cat /proc/{pid}/task/*/status | awk '/ctxt_switches/ {{ n += $2 }} END {{ print n }}'; }}
         before=$(count); sleep 3; echo $(( $(count) - before ))"
    );
    let windows: Vec<u32> = (0..10).map(|_| machine.sh(&script).ok().trim().parse().unwrap()).collect();
    let quiet = windows.iter().filter(|switches| **switches <= 10).count();
    assert!(quiet >= 5, "context switches in ten times three seconds: {windows:?}");
    assert_eq!((one.frames().len(), two.frames().len()), (1, 1));
}

#[test]
fn only_programs_and_own_pages_of_this_host_may_ask() {
    let machine = machine("guard");
    let url = "ws://localhost:5000/ws";
    for origin in ["http://evil.example", "null", "http://localhost:5001", "http://localhost.evil.example:5000"] {
        assert_eq!(machine.ws_with(url, &["--origin", origin]).wait_refused(PATIENCE), 403, "{origin}");
    }
    for (url, origin) in [(url, "http://localhost:5000"), ("ws://127.0.0.1:5000/", "http://127.0.0.1:5000")] {
        let ws = machine.ws_with(url, &["--origin", origin, "--count", "1"]);
        ws.wait_frame("the hello", PATIENCE, |frame| frame["type"] == "hello");
    }
    let code = |path: &str, host: &str| {
        let upgrade = "-H Connection:Upgrade -H Upgrade:websocket -H Sec-WebSocket-Version:13 -H Sec-WebSocket-Key:AAAAAAAAAAAAAAAAAAAAAA==";
        machine.sh(&format!("curl -sS --max-time 20 -o /dev/null -w '%{{http_code}}' {upgrade} -H 'Host: {host}' http://127.0.0.1:5000{path}")).ok()
    };
    for host in ["evil.example", "evil.example:5000", "192.0.2.1:5000", "localhost@evil.example"] {
        for path in ["/", "/ws", "/api/v1/checks"] {
            assert_eq!(code(path, host), "403", "{host} {path}");
        }
    }
    let checks = machine.sh("curl -sS http://localhost:5000/api/v1/checks && curl -sS -o /dev/null -w '%{http_code}' http://localhost:5000/health").ok();
    assert!(checks.ends_with("200"), "{checks}");
    // Who wants more than loopback, or a port that is taken, is told why not.
    let everywhere = ssi(&machine, &["agent", "--listen", "0.0.0.0:5002"]);
    assert_eq!(everywhere.code(), 2, "{everywhere:?}");
    assert!(everywhere.stderr.contains("loopback") && everywhere.stderr.contains("ssi token add"), "{everywhere:?}");
    let taken = ssi(&machine, &["agent"]);
    assert_eq!(taken.code(), 1, "{taken:?}");
    assert!(taken.stderr.contains("127.0.0.1:5000") && taken.stderr.contains("another agent"), "{taken:?}");
}

#[test]
fn subscribers_that_are_stuck_or_gone_hold_up_nobody() {
    let machine = machine("subscribers");
    let beacon = Beacon::install(&machine);
    let board = Board::open(&machine, "");
    beacon.settle(&machine, &board);
    let pid = agent_pid(&machine);
    let files = || machine.sh(&format!("ls /proc/{pid}/fd | wc -l")).ok().trim().parse::<u32>().unwrap();
    let before = files();
    let stuck = machine.spawn(&["/usr/bin/python3", "-u", "-c", STUCK]);
    stuck.wait_line("the stuck subscriber", PATIENCE, |line| line == "connected");
    let gone = machine.spawn(&["/usr/bin/python3", "-u", "-c", STUCK]);
    gone.wait_line("the other subscriber", PATIENCE, |line| line == "connected");
    machine.sh("pkill -KILL --newest python3").ok();
    for part in 0..10 {
        let many: String = (0..100).map(|number| format!("WARNING, {part} {number}\n\tdetail\n")).collect();
        append(&machine, "beacon", &many);
    }
    beacon.settle(&machine, &board);
    let frames = board.check();
    let numbers = frames.iter().filter(|frame| is_verdict(frame) && frame["status"] == "WARNING").count();
    assert_eq!(numbers, 1000);
    drop(stuck);
    wait_for("the agent to let go of them", PATIENCE, || {
        append(&machine, "beacon", "OK, a sign of life\n");
        files() <= before
    });
}

#[test]
fn without_d_bus_results_go_on_coming() {
    let machine = machine("bus");
    let board = Board::open(&machine, "");
    add(&machine, &[Script::new("tick", "echo OK, tick").often(), Script::new("rare", "true")], &["--no-run"]).ok();
    let finished_after = |seq: u64| {
        board.wait("a run", |frame| frame["id"] == "tick" && is_verdict(frame) && frame["seq"].as_u64() > Some(seq))
    };
    let next_run = |id: &str| {
        let hello = Board::open(&machine, "").hello();
        hello["checks"].as_array().unwrap().iter().find(|row| row["id"] == id).map(|row| row["next_run"].clone())
    };
    finished_after(0);
    wait_for("when it runs next", PATIENCE, || next_run("rare").is_some_and(|next| next.is_string()));
    // A bus that is killed comes back by itself; one that is stopped stays away.
    machine.sh("systemctl kill -s KILL dbus.service; systemctl stop dbus.socket dbus.service").ok();
    for _ in 0..2 {
        finished_after(board.place().1);
    }
    append(&machine, "rare", "WARNING, still heard\n");
    board.verdict("rare", "WARNING", "still heard");
    machine.sh("systemctl start dbus.socket dbus.service").ok();
    // What is added now shows that the agent listens again.
    add(&machine, &[Script::new("later", "true")], &["--no-run"]).ok();
    wait_for("when the new one runs next", PATIENCE, || next_run("later").is_some_and(|next| next.is_string()));
    for _ in 0..10 {
        machine.sh("for i in 1 2 3; do systemctl daemon-reload & done; wait").ok();
    }
    let storm = board.place().1;
    // Who asks while systemd is busy gets no answer in time; afterwards it knows again what started a run.
    board.wait("a run of the timer", |frame| {
        frame["phase"] == "finished" && frame["trigger"] == "timer" && frame["seq"].as_u64() > Some(storm)
    });
    assert!(board.frames().iter().all(|frame| frame["trigger"] != "manual"), "{:?}", board.of("tick"));
    ssi(&machine, &["disable", "tick"]).ok();
    board.wait("the disabled check", |frame| {
        frame["type"] == "updated" && frame["check"]["enabled"] == false && frame["id"] == "tick"
    });
    let frames = board.check();
    let count = |phase: &str| frames.iter().filter(|frame| frame["phase"] == phase).count();
    assert!(count("started").abs_diff(count("finished")) <= 1, "{frames:?}");
    wait_for("when it runs next", PATIENCE, || next_run("rare").is_some_and(|next| next.is_string()));
    assert_eq!(next_run("tick"), Some(Value::Null));
    assert_eq!(board.fold()["rare"], (json!("WARNING"), json!("still heard")));
}

/// Subscribes by hand and never reads more than the answer.
const STUCK: &str = "
import signal, socket
s = socket.create_connection(('127.0.0.1', 5000))
s.sendall(b'GET /ws HTTP/1.1\\r\\nHost: localhost:5000\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n'
          b'Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\\r\\n\\r\\n')
assert s.recv(12) == b'HTTP/1.1 101'
print('connected')
signal.pause()";
