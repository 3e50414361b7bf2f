//! `ssi follow`, and the agent of a user.

use serde_json::{Value, json};

use crate::agent_board::{Beacon, Board, append, machine};
use crate::checks::{Script, ssi};
use crate::machine::{PATIENCE, wait_for};

#[test]
fn follow_shows_events_over_every_loss_of_the_agent() {
    let machine = machine("follow");
    let beacon = Beacon::install(&machine);
    let board = Board::open(&machine, "");
    let follow = machine.spawn(&["ssi", "follow", "--color", "never"]);
    follow.wait_line("the connection", PATIENCE, |line| {
        line.contains(&format!("connected to {}: 1 checks", machine.name()))
    });
    append(&machine, "beacon", "WARNING, half full\nWARNING, half full\n");
    follow.wait_line("a change", PATIENCE, |line| line.ends_with("beacon WARNING half full"));
    follow.wait_line("no change", PATIENCE, |line| line.ends_with("beacon WARNING (still) half full"));
    ssi(&machine, &["run", "beacon"]).ok();
    follow.wait_line("the start", PATIENCE, |line| line.ends_with("beacon started (manual)"));
    follow.wait_line("the end", PATIENCE, |line| line.contains("beacon finished: success after "));
    beacon.settle(&machine, &board);
    let count = |part: &str| follow.lines().iter().filter(|line| line.contains(part)).count();
    for (number, how) in [(1, "systemctl restart ssi-agent"), (2, "systemctl kill -s KILL ssi-agent")] {
        machine.sh(how).ok();
        wait_for("the loss and the next connection", PATIENCE, || {
            count("lost the agent") == number && count("connected to ") == number + 1
        });
    }
    assert_eq!(count("closed the connection with 1001"), 1, "{:?}", follow.lines());
    append(&machine, "beacon", "UPDATE, after all that\n");
    follow.wait_line("the event after", PATIENCE, |line| line.ends_with("beacon UPDATE after all that"));
    machine.run(&["systemctl", "stop", "ssi-agent.socket", "ssi-agent.service"]).ok();
    let alone = ssi(&machine, &["follow"]);
    assert_eq!(alone.code(), 1, "{alone:?}");
    assert!(alone.stderr.contains("127.0.0.1:5000") && alone.stderr.contains("systemctl start ssi-agent"), "{alone:?}");
    // What happened meanwhile is told.
    append(&machine, "beacon", "FAILURE, while nobody looked\n");
    machine.run(&["systemctl", "start", "ssi-agent"]).ok();
    follow.wait_line("the difference", PATIENCE, |line| line.ends_with(" beacon FAILURE while nobody looked"));
}

#[test]
fn follow_resumes_where_the_connection_was_cut() {
    let machine = machine("resumed");
    let beacon = Beacon::install(&machine);
    let board = Board::open(&machine, "");
    beacon.settle(&machine, &board);
    let proxy = machine.spawn(&["/usr/bin/python3", "-u", "-c", PROXY]);
    proxy.wait_line("the proxy", PATIENCE, |line| line == "open");
    let follow = machine.spawn(&["ssi", "follow", "--json", "--connect", "127.0.0.1:6000"]);
    let told = |what: &str, wanted: &dyn Fn(&Value) -> bool| {
        follow.wait_line(what, PATIENCE, |line| serde_json::from_str(line).is_ok_and(|frame| wanted(&frame)));
    };
    told("the hello", &|frame| frame["checks"].is_array());
    for round in 0..3 {
        append(&machine, "beacon", &format!("WARNING, before {round}\n"));
        told("an event", &|frame| frame["message"] == format!("before {round}"));
        machine.sh("pkill -USR1 -f socket.create_server").ok();
        proxy.wait_line("the cut", PATIENCE, |line| line == format!("cut {round}"));
        append(&machine, "beacon", &format!("FAILURE, meanwhile {round}\n"));
        beacon.settle(&machine, &board);
        machine.sh("pkill -USR2 -f socket.create_server").ok();
        told("what was missed", &|frame| frame["message"] == format!("meanwhile {round}"));
    }
    let frames: Vec<Value> = follow.lines().iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let (hellos, events): (Vec<&Value>, Vec<&Value>) = frames.iter().partition(|frame| frame["type"] == "hello");
    assert_eq!(hellos.len(), 4);
    assert!(hellos[1..].iter().all(|hello| hello["resumed"] == true), "{hellos:?}");
    let numbers: Vec<u64> = events.iter().filter_map(|frame| frame["seq"].as_u64()).collect();
    let first = hellos[0]["seq"].as_u64().unwrap();
    assert_eq!(numbers, (first + 1..=first + numbers.len() as u64).collect::<Vec<_>>());
    assert!(follow.lines().iter().any(|line| line.contains("lost the agent")), "{:?}", follow.lines());
}

#[test]
fn a_user_has_an_agent_and_follows_it() {
    let machine = crate::checks::machine("own-agent");
    let user = machine.user("wilma");
    machine.write("/srv/mine.bash", &Script::new("mine", "echo OK, mine").often().text(), 0o644);
    let agent = user.spawn(&["ssi", "agent", "--user"]);
    agent.wait_line("the agent", PATIENCE, |line| line.contains("127.0.0.1:5001"));
    let board = Board::at(&machine, "ws://localhost:5001/ws");
    let follow = user.spawn(&["ssi", "--user", "follow", "--color", "never"]);
    follow.wait_line("the connection", PATIENCE, |line| line.contains("connected to "));
    let added = user.run(&["ssi", "--user", "add", "--no-run", "/srv/mine.bash"]);
    assert!(added.status.success(), "{added:?}");
    board.wait("the new check", |frame| frame["type"] == "added" && frame["id"] == "mine");
    board.wait("its timer", |frame| frame["phase"] == "started" && frame["trigger"] == "timer");
    let verdict = board.verdict("mine", "OK", "mine");
    assert_eq!((&verdict["previous"], &verdict["changed"]), (&json!("UNKNOWN"), &json!(true)));
    follow.wait_line("the event", PATIENCE, |line| line.ends_with("mine OK mine"));
    user.run(&["ssi", "--user", "remove", "mine"]).ok();
    board.wait("the removed check", |frame| frame["type"] == "removed" && frame["id"] == "mine");
    follow.wait_line("its end", PATIENCE, |line| line.ends_with("mine removed"));
    board.check();
}

/// Passes connections on to the agent; USR1 cuts them and refuses more, USR2 ends that.
const PROXY: &str = "
import signal, socket, select
signal.signal(signal.SIGUSR1, lambda *_: cut())
signal.signal(signal.SIGUSR2, lambda *_: open_())
pairs, listener, cuts = {}, None, 0
def open_():
    global listener
    listener = socket.create_server(('127.0.0.1', 6000))
def cut():
    global listener, cuts
    for s in list(pairs):
        s.close()
    pairs.clear()
    listener.close()
    listener = None
    print('cut', cuts)
    cuts += 1
open_()
print('open')
while True:
    try:
        for s in select.select(list(pairs) + ([listener] if listener else []), [], [], 0.05)[0]:
            if s is listener:
                a, b = s.accept()[0], socket.create_connection(('127.0.0.1', 5000))
                pairs[a], pairs[b] = b, a
            elif s in pairs:
                data = s.recv(65536)
                pairs[s].sendall(data)
                if not data:
                    pairs.pop(pairs.pop(s)).close()
                    s.close()
    except (OSError, ValueError):
        pass
";
