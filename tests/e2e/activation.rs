//! The port in the hands of systemd: it stays open while the agent is away for a moment.

use std::collections::BTreeSet;

use crate::agent_board::{Beacon, Board, agent_pid, append, machine, wait_for_another_agent};
use crate::checks::property;
use crate::machine::{PATIENCE, wait_for};

const SOCKET: &str = "ssi-agent.socket";

#[test]
fn a_restart_refuses_nobody_and_a_subscriber_misses_nothing() {
    let machine = machine("activation");
    let beacon = Beacon::install(&machine);
    let board = Board::open(&machine, "");
    beacon.settle(&machine, &board);
    assert_eq!(property(&machine, SOCKET, "SubState"), "running");
    let (epoch, seq) = board.place();
    let resuming = machine.ws_with("ws://localhost:5000/ws", &["--resume"]);
    resuming.wait_frame("the hello", PATIENCE, |frame| frame["type"] == "hello");
    let knocking = machine.spawn(&["/usr/bin/python3", "-u", "-c", KNOCK]);
    let answers = |line: &str| knocking.lines().iter().filter(|other| *other == line).count();
    let two_more_answers = || {
        for family in ["127.0.0.1", "::1"] {
            let before = answers(family);
            wait_for("two more answers", PATIENCE, || answers(family) > before + 1);
        }
    };
    for number in 0..3 {
        append(&machine, "beacon", &format!("WARNING, before {number}\n"));
        machine.sh("systemctl restart ssi-agent").ok();
        append(&machine, "beacon", &format!("WARNING, after {number}\n"));
        two_more_answers();
    }
    assert!(!knocking.lines().iter().any(|line| line.starts_with("refused")), "{:?}", knocking.lines());
    let last = |frame: &serde_json::Value| frame["message"] == "after 2";
    let end = resuming.wait_frame("the last event", PATIENCE, last).json["seq"].as_u64().unwrap();
    let heard: BTreeSet<u64> = resuming
        .frames()
        .iter()
        .filter(|frame| frame.json["type"] != "hello")
        .filter_map(|frame| frame.json["seq"].as_u64())
        .collect();
    let again = Board::open(&machine, &format!("?since={epoch}:{seq}"));
    assert_eq!(again.hello()["resumed"], true);
    again.wait("the last event", last);
    let missed: Vec<u64> = again
        .frames()
        .iter()
        .filter(|frame| frame["type"] != "hello")
        .filter_map(|frame| frame["seq"].as_u64())
        .filter(|seq| *seq <= end && !heard.contains(seq))
        .collect();
    assert_eq!(missed, Vec::<u64>::new());
    // One that is killed comes back with its port.
    let pid = agent_pid(&machine);
    machine.sh("systemctl kill -s KILL ssi-agent").ok();
    wait_for_another_agent(&machine, &pid);
    two_more_answers();
    assert_eq!(property(&machine, SOCKET, "SubState"), "running");
}

/// Connects to both addresses again and again, each time for one answer. An agent that ends may cut off whom it has taken already; nobody is refused.
const KNOCK: &str = "
import http.client, time
while True:
    for host in ['127.0.0.1', '::1']:
        connection = http.client.HTTPConnection(host, 5000, timeout=60)
        try:
            connection.request('GET', '/healthz')
            print(host if connection.getresponse().status == 200 else 'refused by an answer')
        except ConnectionRefusedError:
            print('refused', host)
        except (ConnectionResetError, http.client.RemoteDisconnected):
            print('cut off')
        connection.close()
        time.sleep(0.005)
";

#[test]
fn both_units_stopped_close_the_port_and_an_open_port_alone_brings_the_agent_back() {
    let machine = machine("port-stopped");
    let connects = |address: &str| machine.sh(&format!("exec 3<>/dev/tcp/{address}/5000")).status.success();
    assert!(connects("127.0.0.1") && connects("::1"));
    machine.run(&["systemctl", "stop", SOCKET, "ssi-agent.service"]).ok();
    assert!(!connects("127.0.0.1") && !connects("::1"));
    assert_eq!(property(&machine, SOCKET, "ActiveState"), "inactive");
    machine.run(&["systemctl", "start", "ssi-agent"]).ok();
    assert!(connects("127.0.0.1") && connects("::1"));
    // A port that is open alone starts the agent with its first client.
    machine.sh(&format!("systemctl stop {SOCKET} ssi-agent.service && systemctl start {SOCKET}")).ok();
    assert_eq!(property(&machine, "ssi-agent.service", "ActiveState"), "inactive");
    assert!(machine.sh("curl -sS http://localhost:5000/healthz").ok().contains("ok"));
    assert_eq!(property(&machine, "ssi-agent.service", "ActiveState"), "active");
}

#[test]
fn the_agent_opens_its_port_itself_where_systemd_does_not_and_others_beside_it() {
    let machine = machine("own-port");
    let serving = || machine.run(&["systemctl", "show", "--value", "-p", "StatusText", "ssi-agent"]).ok();
    let both = "serving http://127.0.0.1:5000 and ws://127.0.0.1:5000, http://[::1]:5000 and ws://[::1]:5000";
    assert!(serving().contains(both), "{}", serving());
    let more = |arguments: &str| {
        let unit = format!("[Service]\nExecStart=\nExecStart=/usr/bin/ssi agent {arguments}\n");
        machine.write("/run/systemd/system/ssi-agent.service.d/listen.conf", &unit, 0o644);
        machine.sh("systemctl daemon-reload && systemctl restart ssi-agent")
    };
    more("--listen 127.0.0.1:5000 --listen 127.0.0.1:5005").ok();
    assert!(serving().contains(&format!("{both}, http://127.0.0.1:5005 and ws://127.0.0.1:5005")), "{}", serving());
    machine.sh(&format!("systemctl mask --now --runtime {SOCKET}")).ok();
    more("").ok();
    assert!(serving().trim_end().ends_with("serving http://127.0.0.1:5000 and ws://127.0.0.1:5000"), "{}", serving());
}
