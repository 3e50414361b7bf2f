//! Without systemd: the embedded scheduler of `ssi agent --root`, and the demonstration that is built on it.

use serde_json::Value;

use crate::agent_board::{Board, is_verdict};
use crate::checks::{Script, ssi};
use crate::machine::{Machine, PATIENCE, Process, wait_for};

const ROOT: &str = "/srv/root";
const LOGS: &str = "/srv/root/var/log/service-status-indicator";

#[test]
fn a_check_runs_once_at_a_time_and_missed_runs_are_not_made_up() {
    let machine = bare("embedded");
    let slow = "mkdir /srv/lock || { echo ERROR, overlap; exit; }\nsleep 1.5\nrmdir /srv/lock\necho OK, slow";
    let scripts = [Script::new("slow", slow).often(), Script::new("tick", "echo OK, tick").often()];
    let agent = serve(&machine, &scripts);
    let board = Board::open(&machine, "");
    board.wait("progress of a run by schedule", |frame| {
        frame["phase"] == "started" && frame["trigger"] == "timer" && frame["id"] == "tick"
    });
    let rows = board.hello();
    assert_eq!(rows["checks"].as_array().map(Vec::len), Some(2), "{rows}");
    // By hand only when it is not running anyway.
    wait_for("a run", PATIENCE, || machine.path("/srv/lock").exists());
    let by_hand = ssi(&machine, &["--root", ROOT, "run", "slow"]);
    assert_eq!(by_hand.code(), 3, "{by_hand:?}");
    assert!(by_hand.stderr.contains("running already"), "{by_hand:?}");
    for _ in 0..2 {
        let seq = board.place().1;
        board.wait("a slow run", |frame| {
            is_verdict(frame) && frame["id"] == "slow" && frame["seq"].as_u64() > Some(seq)
        });
    }
    // Away for more than four elapses.
    let pid = machine.run(&["pgrep", "--oldest", "-x", "ssi"]).ok().trim().to_owned();
    machine.sh(&format!("kill -STOP {pid}; end=$((SECONDS + 5)); while ((SECONDS < end)); do sleep 0.2; done; date +%s > /srv/back; kill -CONT {pid}")).ok();
    let back: i64 = machine.read("/srv/back").trim().parse().unwrap();
    wait_for("runs afterwards", PATIENCE, || starts(&machine, "tick").last().is_some_and(|start| *start > back + 3));
    let starts = starts(&machine, "tick");
    let most = starts.iter().map(|second| starts.iter().filter(|start| *start == second).count()).max();
    assert!(most <= Some(2), "a flood of runs: {starts:?}");
    let made_up = starts.iter().filter(|start| (back - 4..back).contains(start)).count();
    let late = starts.iter().filter(|start| (back..=back + 1).contains(start)).count();
    assert!(made_up == 0 && late <= 3, "back at {back}: {starts:?}");
    ssi(&machine, &["--root", ROOT, "disable", "tick"]).ok();
    board.wait("the disabled check", |frame| frame["type"] == "updated" && frame["check"]["enabled"] == false);
    let overlaps = board.check().iter().filter(|frame| frame["status"] == "ERROR").count();
    assert_eq!(overlaps, 0);
    // The end waits for no run.
    wait_for("a run", PATIENCE, || machine.path("/srv/lock").exists());
    machine.sh(&format!("kill -TERM {pid}")).ok();
    agent.wait_line("its end", PATIENCE, |line| line == "exit 0");
    assert_eq!(board.close_code(), 1001);
    assert_eq!(open_runs(&machine), 0, "{}", machine.read(&format!("{LOGS}/slow.log")));
    assert!(!machine.sh("pgrep -x ssi").status.success());
}

#[test]
fn what_happens_to_runs_is_written_down_without_systemd_too() {
    let machine = bare("endings");
    let scripts = [
        Script::new("killed", "echo OK, begun; exec sleep 4331").with("timeout: 60"),
        Script::new("polite", "trap 'echo cleaned up; exit 0' TERM\necho OK, begun\nsleep 4332 & wait")
            .with("timeout: 1"),
    ];
    let _agent = serve(&machine, &scripts);
    let board = Board::open(&machine, "");
    // The signal reaches the script, which has time to clean up.
    let verdict = board.wait("the time-out", |frame| is_verdict(frame) && frame["id"] == "polite");
    assert_eq!((&verdict["status"], &verdict["message"]), (&"ERROR".into(), &"timed out after 1 s".into()));
    assert!(machine.read(&format!("{LOGS}/polite.log")).contains("\tcleaned up\n"));
    wait_for("the run", PATIENCE, || machine.read(&format!("{LOGS}/killed.log")).contains("OK, begun"));
    machine.sh("pkill -KILL -f 'exec killed'").ok();
    let verdict = board.wait("the end", |frame| is_verdict(frame) && frame["id"] == "killed");
    assert_eq!(
        (&verdict["status"], &verdict["message"]),
        (&"ERROR".into(), &"the runner was killed by SIGKILL".into())
    );
    // What it left behind does not keep the next run from starting.
    machine.sh("pkill -KILL -f 'sleep 4331'").ok();
    machine.sh("sed -i 's/^echo OK, begun; exec.*/echo OK, again/' /srv/killed.bash").ok();
    ssi(&machine, &["--root", ROOT, "add", "--no-run", "/srv/killed.bash"]).ok();
    assert_eq!(ssi(&machine, &["--root", ROOT, "run", "killed"]).code(), 0);
    board.verdict("killed", "OK", "again");
    board.check();
}

#[test]
fn the_demo_changes_and_leaves_nothing_behind() {
    let machine = bare("demo");
    let mut demo = machine.spawn(&["ssi", "demo", "--listen", "127.0.0.1:5007"]);
    let serving = demo.wait_line("the address", PATIENCE, |line| line.contains("ws://127.0.0.1:5007"));
    let root = serving.split_whitespace().find(|word| word.starts_with("/tmp/ssi-demo-")).unwrap().to_owned();
    let board = Board::at(&machine, "ws://127.0.0.1:5007/");
    assert!(board.hello()["checks"].as_array().map(Vec::len) >= Some(6), "{}", board.hello());
    board.wait("a status that changes", |frame| {
        is_verdict(frame) && frame["changed"] == true && frame["previous"] != "UNKNOWN"
    });
    demo.wait_line("a line of it", PATIENCE, |line| line.starts_with("demo-heartbeat "));
    let rows: Value = serde_json::from_str(&ssi(&machine, &["--root", &root, "list", "--json"]).ok()).unwrap();
    assert!(rows.as_array().map(Vec::len) >= Some(6), "{rows}");
    let second = ssi(&machine, &["demo", "--listen", "127.0.0.1:5007"]);
    assert_eq!(second.code(), 1, "{second:?}");
    // Ctrl-C while something runs.
    board.wait("a run", |frame| frame["phase"] == "started");
    machine.sh("pkill -INT -x ssi").ok();
    assert_eq!(demo.wait(PATIENCE).code(), Some(0), "{:?}", demo.lines());
    assert_eq!(board.close_code(), 1001);
    board.check();
    assert_eq!(machine.sh("ls -d /tmp/ssi-demo-* 2> /dev/null | wc -l").ok().trim(), "0");
    assert!(!machine.sh(&format!("pgrep -f 'ssi|{root}'")).status.success());
    // Two demos do not get into each other's way.
    let mut other = machine.spawn(&["ssi", "demo", "--listen", "127.0.0.1:0"]);
    other.wait_line("the address", PATIENCE, |line| line.contains("ws://127.0.0.1:"));
    machine.sh("pkill -TERM -x ssi").ok();
    assert_eq!(other.wait(PATIENCE).code(), Some(0), "{:?}", other.lines());
}

#[test]
fn the_table_of_the_demo_fits_its_terminal() {
    let machine = bare("terminal");
    for (columns, rows) in [(120, 40), (40, 8)] {
        let file = format!("/srv/typescript-{columns}");
        let command = format!("stty cols {columns} rows {rows}; exec ssi demo --listen 127.0.0.1:5008");
        let mut demo = machine.spawn(&["env", "TERM=xterm", "script", "-qec", &command, &file]);
        let board_is_drawn = || {
            let screen = screen(&machine.read(&file), columns, rows);
            screen.iter().filter(|line| line.contains("demo-heartbeat ")).count() == 1
        };
        let drawn = |times: usize| machine.read(&file).matches("STATUS").count() >= times;
        wait_for("the table", PATIENCE, || drawn(4));
        machine.sh("pkill -INT -x ssi").ok();
        assert_eq!(demo.wait(PATIENCE).code(), Some(0), "{:?}", demo.lines());
        let shown = machine.read(&file);
        let screen = screen(&shown, columns, rows);
        let titles = screen.iter().filter(|line| line.contains("STATUS")).count();
        assert!(titles <= 1, "{columns} columns:\n{}", screen.join("\n"));
        assert!(screen.iter().any(|line| line.contains("nothing is left behind")), "{}", screen.join("\n"));
        if rows == 40 {
            assert!(titles == 1 && board_is_drawn(), "{}", screen.join("\n"));
        }
        let twice = |line: &String| line.contains("  OK") && screen.iter().filter(|other| *other == line).count() > 1;
        assert!(!screen.iter().any(twice), "{}", screen.join("\n"));
    }
}

/// What a terminal of this size shows after it was sent `text`: cursor up, erase line, erase below; wraps and scrolls.
fn screen(text: &str, columns: usize, rows: usize) -> Vec<String> {
    let mut screen = vec![vec![' '; columns]; rows];
    let (mut row, mut column) = (0_usize, 0_usize);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\x1b' if chars.next_if_eq(&'[').is_some() => {
                let mut number = String::new();
                let kind = loop {
                    match chars.next() {
                        Some(digit) if !digit.is_ascii_alphabetic() => number.push(digit),
                        kind => break kind,
                    }
                };
                match (kind, number.parse::<usize>()) {
                    (Some('A'), number) => row = row.saturating_sub(number.unwrap_or(1)),
                    (Some('K'), Ok(2)) => screen[row].fill(' '),
                    (Some('K'), _) => screen[row][column.min(columns - 1)..].fill(' '),
                    (Some('J'), _) => {
                        screen[row][column.min(columns - 1)..].fill(' ');
                        screen[row + 1..].iter_mut().for_each(|line| line.fill(' '));
                    }
                    _ => {}
                }
            }
            '\r' => column = 0,
            c => {
                let wraps = c != '\n' && column == columns;
                if wraps {
                    column = 0;
                }
                if wraps || c == '\n' {
                    row += 1;
                    if row == rows {
                        screen.remove(0);
                        screen.push(vec![' '; columns]);
                        row -= 1;
                    }
                }
                if c != '\n' {
                    screen[row][column] = c;
                    column += 1;
                }
            }
        }
    }
    screen.into_iter().map(|line| line.into_iter().collect::<String>().trim_end().to_owned()).collect()
}

/// A machine with the package, whose agent does not run.
#[track_caller]
fn bare(name: &str) -> Machine {
    let machine = Machine::new(name).boot();
    machine.install_ssi();
    machine
}

/// Installs scripts below [`ROOT`] and starts an agent there.
#[track_caller]
fn serve(machine: &Machine, scripts: &[Script]) -> Process {
    let paths: Vec<String> = scripts.iter().map(|script| script.put(machine)).collect();
    let mut add = vec!["--root", ROOT, "add", "--no-run"];
    add.extend(paths.iter().map(String::as_str));
    ssi(machine, &add).ok();
    let agent = machine.spawn(&["bash", "-c", &format!("ssi --root {ROOT} agent; echo exit $?")]);
    agent.wait_line("the agent", PATIENCE, |line| line.contains("the agent runs them itself"));
    agent
}

/// When the runs of a check started, in seconds since 1970.
#[track_caller]
fn starts(machine: &Machine, id: &str) -> Vec<i64> {
    let script =
        format!("sed -nE 's/^\\t-- run .* start ([^ ]*) trigger=timer$/\\1/p' {LOGS}/{id}.log | date -f - +%s");
    machine.sh(&script).ok().lines().map(|line| line.parse().unwrap()).collect()
}

/// Starts without an end.
#[track_caller]
fn open_runs(machine: &Machine) -> i64 {
    let count = |word: &str| -> i64 {
        machine.sh(&format!("cat {LOGS}/*.log | grep -c '^.-- run .* {word} '")).stdout.trim().parse().unwrap()
    };
    count("start") - count("end")
}
