//! `ssi top` in a real terminal: a pane of tmux, with an agent on a real systemd.

use crate::agent_board::{append, machine};
use crate::checks::{Script, add, ssi};
use crate::machine::{Machine, PATIENCE, wait_for};

/// A pane of a size, with a shell in it.
struct Pane<'a> {
    machine: &'a Machine,
}

impl<'a> Pane<'a> {
    #[track_caller]
    fn open(machine: &'a Machine, size: (u16, u16)) -> Pane<'a> {
        let (columns, lines) = size;
        let shell = "env PS1='ready> ' bash --norc";
        machine.sh(&format!("tmux -f /dev/null new-session -d -x {columns} -y {lines} \"{shell}\"")).ok();
        let pane = Pane { machine };
        pane.wait("the shell", |lines| lines.iter().any(|line| line == "ready>"));
        pane
    }

    /// Keys as tmux names them: `Down`, `C-c`, or text.
    #[track_caller]
    fn press(&self, keys: &[&str]) {
        self.machine.run(&[&["tmux", "send-keys"], keys].concat()).ok();
    }

    #[track_caller]
    fn lines(&self) -> Vec<String> {
        let text = self.machine.run(&["tmux", "capture-pane", "-p"]).ok();
        text.lines().map(|line| line.trim_end().to_owned()).collect()
    }

    /// Whether any text on the screen has a colour.
    #[track_caller]
    fn has_colors(&self) -> bool {
        let shown = self.machine.run(&["tmux", "capture-pane", "-p", "-e"]).ok();
        shown.contains("[38;5;") || (1..8).any(|color| shown.contains(&format!("[3{color}m")))
    }

    /// Waits until the screen is as wanted, and gives it.
    #[track_caller]
    fn wait(&self, what: &str, wanted: impl Fn(&[String]) -> bool) -> Vec<String> {
        let end = std::time::Instant::now() + PATIENCE;
        loop {
            let lines = self.lines();
            if wanted(&lines) {
                return lines;
            }
            assert!(std::time::Instant::now() < end, "waited in vain for {what} on:\n{}", lines.join("\n"));
        }
    }

    #[track_caller]
    fn wait_text(&self, text: &str) -> Vec<String> {
        self.wait(&format!("`{text}`"), |lines| lines.iter().any(|line| line.contains(text)))
    }

    /// Waits for the row of a thing to contain all of these.
    #[track_caller]
    fn wait_row(&self, id: &str, parts: &[&str]) -> Vec<String> {
        let is_row = |line: &String| line.contains(&format!(" {id} ")) && parts.iter().all(|part| line.contains(part));
        self.wait(&format!("{id} with {parts:?}"), |lines| lines.iter().skip(3).any(is_row))
    }

    /// Starts `ssi top` and waits for the board.
    #[track_caller]
    fn top(&self) {
        self.press(&["clear; ssi top; echo it ended with $?", "Enter"]);
        self.wait_text("STATUS     ID");
    }

    /// Waits for the shell after `ssi top`, on a terminal that is as it was before.
    #[track_caller]
    fn wait_restored(&self) {
        self.wait("the shell", |lines| lines.iter().any(|line| line == "it ended with 0"));
        let flags = self.machine.run(&["tmux", "display", "-p", "#{alternate_on} #{cursor_flag}"]).ok();
        assert_eq!(flags.trim(), "0 1", "the other screen, the cursor");
        self.press(&[
            "stty -a | tr ' ;' '\\n\\n' | grep -xE -- '-?(icanon|echo|isig|opost)' | sort | tr '\\n' ' '; echo .",
            "Enter",
        ]);
        self.wait_text("echo icanon isig opost .");
    }
}

/// A machine with an agent and three checks, of which the first runs once a year and says what a file says.
#[track_caller]
fn machine_with_checks(name: &str) -> Machine {
    let machine = machine(name);
    let said = "cat /srv/said || echo OK, the door is shut";
    let scripts = [
        Script::new("door", &format!("echo a detail\n{said}")).with("tags: building"),
        Script::new("disk2", "echo OK, 41 % used"),
        Script::new("disk10", "echo OK, 12 % used"),
    ];
    add(&machine, &scripts, &[]).ok();
    machine
}

#[test]
fn the_board_lives_in_a_terminal() {
    let machine = machine_with_checks("top");
    let pane = Pane::open(&machine, (120, 40));
    pane.top();
    pane.wait_row("door", &["● OK", "the door is shut"]);
    let lines = pane.wait_text("all is well");
    assert!(lines[0].starts_with(&format!(" {}  all is well", machine.name())), "{lines:#?}");
    // A change shows without a key, on top.
    append(&machine, "door", "FAILURE, the door is open\n");
    let lines = pane.wait_row("door", &["× FAILURE", "the door is open"]);
    assert!(lines[3].contains(" door "), "{lines:#?}");
    pane.wait_text("door: FAILURE");
    // What a script prints steers nothing.
    append(&machine, "disk2", "WARNING, \x1b[2J\x1b[31m日本語 שלום e\u{301}\u{202e}\n");
    let lines = pane.wait_row("disk2", &["▲ WARNING", "日本語"]);
    assert!(lines[0].contains("2 of 3 need attention, the worst: FAILURE"), "{lines:#?}");
    // Sort and filter.
    pane.press(&["s"]);
    pane.wait("the order of names", |lines| {
        let place = |id: &str| lines.iter().position(|line| line.contains(&format!(" {id} ")));
        place("disk2") == Some(3) && place("disk10") == Some(4) && place("door") == Some(5)
    });
    pane.press(&["/", "building"]);
    pane.wait("what has the tag alone", |lines| lines[3].contains(" door ") && lines[4].is_empty());
    pane.press(&["Enter"]);
    // Run now: directly, by systemd.
    machine.write("/srv/said", "UPDATE, painted\n", 0o644);
    pane.press(&["r"]);
    pane.wait_row("door", &["◆ UPDATE", "painted"]);
    // Details, kept up to date.
    pane.press(&["Enter"]);
    let lines = pane.wait_text("Changes");
    for part in [
        "schedule  on the 1st of January",
        "next runs  ",
        "Last output",
        "a detail",
        "Runs",
        "manual",
        "FAILURE → UPDATE",
    ] {
        assert!(lines.iter().any(|line| line.contains(part)), "{part} in {lines:#?}");
    }
    machine.write("/srv/said", "WARNING, wet paint\n", 0o644);
    pane.press(&["r"]);
    pane.wait_text("UPDATE → WARNING");
    // The log, as it grows.
    pane.press(&["l"]);
    pane.wait_text("following");
    append(&machine, "door", "OK, dry\n\tand shiny\n");
    pane.wait("the new lines", |lines| {
        lines.iter().any(|line| line.trim() == "OK dry") && lines.iter().any(|line| line.trim() == "and shiny")
    });
    // Another size, and back to the board.
    machine.sh("tmux resize-window -x 80 -y 24").ok();
    pane.press(&["q", "q"]);
    pane.wait("the small board", |lines| lines.len() <= 24 && lines[3].contains(" door ") && lines[3].contains("dry"));
    pane.press(&["Escape"]);
    pane.wait_row("disk10", &["● OK"]);
    pane.press(&["q"]);
    pane.wait_restored();
}

#[test]
fn a_lost_agent_is_told_and_caught_up_with() {
    let machine = machine_with_checks("top-lost");
    machine.sh("systemctl stop ssi-agent.socket ssi-agent.service").ok();
    let pane = Pane::open(&machine, (100, 30));
    pane.press(&["clear; ssi top; echo it ended with $?", "Enter"]);
    pane.wait_text("systemctl start ssi-agent");
    machine.sh("systemctl start ssi-agent").ok();
    pane.wait_row("door", &["● OK"]);
    for how in [
        "systemctl stop ssi-agent.socket ssi-agent.service",
        "systemctl kill -s KILL ssi-agent; systemctl stop ssi-agent.socket ssi-agent.service",
    ] {
        assert!(pane.has_colors());
        machine.sh(how).ok();
        let lines = pane.wait_text("NOT CONNECTED since ");
        assert!(lines.iter().any(|line| line.contains(" door ")), "the rows stay: {lines:#?}");
        assert!(!pane.has_colors(), "nothing is green any more");
        append(&machine, "door", "ERROR, meanwhile\n");
        machine.sh("systemctl start ssi-agent").ok();
        pane.wait_row("door", &["■ ERROR", "meanwhile"]);
        pane.wait("the connection", |lines| !lines[0].contains("NOT CONNECTED"));
        append(&machine, "door", "OK, afterwards\n");
        pane.wait_row("door", &["● OK", "afterwards"]);
    }
    // An agent that hangs keeps the connection and says nothing.
    machine.sh("systemctl kill -s STOP ssi-agent").ok();
    pane.wait_text("NOT CONNECTED since ");
    machine.sh("systemctl kill -s CONT ssi-agent").ok();
    pane.wait_text("all is well");
    for signal in ["TERM", "HUP", "INT"] {
        machine.sh(&format!("pkill -{signal} -f '^ssi top'")).ok();
        pane.wait_restored();
        pane.top();
    }
    pane.press(&["C-z"]);
    pane.wait("the shell", |lines| lines.iter().any(|line| line.contains("Stopped")));
    pane.press(&["clear; fg", "Enter"]);
    pane.wait_row("door", &["● OK"]);
    pane.press(&["C-c"]);
    pane.wait("the shell", |lines| {
        lines.iter().any(|line| line == "ready>") && !lines.iter().any(|line| line.contains("STATUS"))
    });
}

#[test]
fn who_may_not_start_a_check_is_told_so() {
    let machine = machine_with_checks("top-rights");
    let pane = Pane::open(&machine, (120, 30));
    pane.press(&["clear; runuser -u nobody -- env NO_COLOR=1 ssi top; echo it ended with $?", "Enter"]);
    pane.wait_row("door", &["● OK"]);
    assert!(!pane.has_colors());
    pane.press(&["r"]);
    pane.wait_text("could not start ");
    pane.wait_text("run it as root");
    pane.press(&["l"]);
    pane.wait_text("could not follow ");
    pane.press(&["q", "q"]);
    pane.wait_restored();
    pane.press(&["clear; NO_COLOR=1 ssi top --color always; echo it ended with $?", "Enter"]);
    pane.wait_row("door", &["● OK"]);
    assert!(pane.has_colors(), "who says so gets them");
    pane.press(&["q"]);
    pane.wait_restored();
    let piped = ssi(&machine, &["top"]);
    assert_eq!((piped.code(), piped.stdout.as_str()), (2, ""));
    assert!(piped.stderr.contains("ssi status --json"), "{piped:?}");
}

#[test]
fn a_thousand_checks_scroll_in_a_terminal() {
    let machine = machine("top-thousand");
    for n in 0..1000 {
        Script::new(&format!("check-{n}"), "echo OK, fine").put(&machine);
    }
    machine.sh("ssi add --no-run /srv/check-*.bash").ok();
    let pane = Pane::open(&machine, (120, 40));
    pane.top();
    pane.wait_text("1–36 of 1000");
    pane.press(&["End"]);
    pane.wait_row("check-999", &["○ UNKNOWN"]);
    pane.press(&["PgUp", "PgUp", "Home"]);
    pane.wait_row("check-0", &["○ UNKNOWN"]);
    for n in 0..1000 {
        append(&machine, &format!("check-{n}"), &format!("{}, all at once\n", if n == 777 { "ERROR" } else { "OK" }));
    }
    let lines = pane.wait_text("● 999 OK");
    assert!(lines[3].contains("■ ERROR") && lines[3].contains(" check-777 "), "{lines:#?}");
    pane.press(&["/", "check-99"]);
    pane.wait_text("11 of 1000 match");
    pane.press(&["Escape"]);
    wait_for("the end of all work", PATIENCE, || pane.lines()[1].contains("worst first"));
    pane.press(&["q"]);
    pane.wait_restored();
}

#[test]
fn the_board_of_another_host_takes_a_token() {
    let machine = machine("top-elsewhere");
    add(&machine, &[Script::new("door", "echo OK, shut")], &[]).ok();
    let secret = crate::operator::token(&machine, "laptop", "read");
    machine.write("/root/token", &secret, 0o600);
    let listen = "[http]\nlisten = \"192.0.2.10:5000\"\n";
    machine.write("/etc/service-status-indicator/ssi.toml", listen, 0o644);
    machine.sh("ip address add 192.0.2.10/24 dev lo && systemctl restart ssi-agent").ok();
    let pane = Pane::open(&machine, (120, 24));
    let top = |flags: &str| {
        pane.press(&[&format!("clear; ssi top --connect 192.0.2.10:5000 {flags}; echo it ended with $?"), "Enter"]);
    };
    top("");
    pane.wait_text("refuses with 401");
    pane.wait_text("it ended with 4");
    top("--token-file /root/token");
    pane.wait_row("door", &["shut"]);
    // What is asked for besides the events takes it as well.
    pane.press(&["Enter"]);
    pane.wait_text("of a test");
    machine.run(&["ssi", "token", "revoke", "laptop"]).ok();
    pane.wait_text("refuses with 401");
    pane.wait_text("it ended with 4");
}
