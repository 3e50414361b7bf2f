//! Expectations on a real systemd: which units there are, how they are, and what the agent makes of the files.

use serde_json::{Value, json};

use crate::checks::{Script, add, json as printed, machine, ssi};
use crate::machine::{Machine, PATIENCE, wait_for};

const DIR: &str = "/etc/service-status-indicator/ssi.d";

/// The units of which something is expected.
fn expected(machine: &Machine) -> Vec<String> {
    let rows = printed(&ssi(machine, &["expect", "--json"]));
    rows.as_array().unwrap().iter().map(|row| row["unit"].as_str().unwrap().to_owned()).collect()
}

/// Words of a command's output, sorted.
fn words(machine: &Machine, command: &str) -> Vec<String> {
    let mut words: Vec<String> = machine.sh(command).ok().split_whitespace().map(str::to_owned).collect();
    words.sort();
    words
}

#[test]
fn what_systemd_says_of_expected_units_is_told() {
    let machine = machine("expect");
    machine.write("/etc/systemd/system/web-1.service", "[Service]\nExecStart=sleep 4331\n", 0o644);
    machine.write("/etc/systemd/system/web-2.service", "[Service]\nExecStart=false\n", 0o644);
    machine
        .sh("systemctl daemon-reload; systemctl start web-1; systemctl start web-2; systemctl mask --now web-9")
        .ok();
    let quiet = ssi(&machine, &["expect", "dbus", "web-1"]);
    assert!(quiet.code() == 0 && quiet.stderr.is_empty(), "{quiet:?}");
    for (args, warning) in [
        (&["expect", "dbsu"][..], "systemd knows no unit `dbsu.service`: did you mean `dbus.service`?"),
        (&["expect", "web-2"], "not as expected right now: web-2.service is failed"),
        (&["expect", "web-9"], "`web-9.service` is masked, so it can't become active"),
        (&["expect", "web-1", "--state", "inactive"], "not as expected right now: web-1.service is active"),
    ] {
        let said = ssi(&machine, args);
        assert!(said.code() == 0 && said.stderr.contains(warning), "{args:?}: {said:?}");
    }
    // What is to be off may be missing.
    let gone = ssi(&machine, &["expect", "telnet.socket", "--state", "inactive"]);
    assert!(gone.code() == 0 && gone.stderr.is_empty(), "{gone:?}");
    ssi(&machine, &["expect", "web-*"]).ok();
    let listed = ssi(&machine, &["expect"]).ok();
    let line = |unit: &str| listed.lines().find(|line| line.starts_with(unit)).unwrap_or_else(|| panic!("{listed}"));
    for (unit, part) in [
        ("dbus.service", "active  is active (running)"),
        ("dbsu.service", "does not exist"),
        ("web-1.service", "inactive  is active (running)"),
        ("web-2.service", "is failed (failed)"),
        ("web-*.service", "of 2 are not: web-2.service is failed (failed)"),
    ] {
        assert!(line(unit).contains(part), "{unit}: {listed}");
    }
    let rows = printed(&ssi(&machine, &["expect", "--json"]));
    let row = |unit: &str| rows.as_array().unwrap().iter().find(|row| row["unit"] == unit).unwrap();
    let now = &row("web-1.service")["now"][0];
    assert_eq!((&now["load"], &now["active"], &now["sub"]), (&json!("loaded"), &json!("active"), &json!("running")));
    assert!(now["since"].is_string(), "{now}");
    assert_eq!(row("web-*.service")["now"].as_array().map(Vec::len), Some(2));
}

#[test]
fn failed_units_all_services_and_all_timers_are_picked_and_given_back() {
    let machine = machine("expect-all");
    add(&machine, &[Script::new("own", "echo OK")], &["--no-run"]).ok();
    machine.write("/etc/systemd/system/bad.service", "[Service]\nExecStart=false\n", 0o644);
    let enabled = "[Service]\nExecStart=sleep 4332\n[Install]\nWantedBy=multi-user.target\n";
    machine.write("/etc/systemd/system/on.service", enabled, 0o644);
    machine.write("/etc/systemd/system/on@.service", enabled, 0o644);
    machine.write("/etc/systemd/system/named.service", enabled, 0o644);
    let timer = "[Timer]\nOnCalendar=yearly\n[Install]\nWantedBy=timers.target\n";
    machine.write("/etc/systemd/system/foreign.timer", timer, 0o644);
    machine.write("/etc/systemd/system/foreign.service", "[Service]\nExecStart=true\n", 0o644);
    machine
        .sh("systemctl daemon-reload; systemctl enable --now on on@1 named foreign.timer; systemctl start bad")
        .code();
    let failed = words(&machine, "systemctl list-units --failed --plain --no-legend | awk '{print $1}'");
    assert!(failed.contains(&"bad.service".to_owned()), "{failed:?}");
    let said = ssi(&machine, &["expect", "--failed"]).ok();
    assert_eq!(expected(&machine), failed);
    let undo = said.lines().find_map(|line| line.strip_prefix("to take them back: ")).expect("it says how");
    machine.sh(undo).ok();
    assert_eq!(expected(&machine), [""; 0]);
    // What is expected already stays as it is.
    ssi(&machine, &["expect", "named", "--port", "80"]).ok();
    let before = machine.read(&format!("{DIR}/watch-named.service.toml"));
    let services = "systemctl list-unit-files --type service --state enabled,enabled-runtime --no-legend | awk '{print $1}' \
                    | grep -v '@\\.service$' | grep -v '^ssi'";
    let dry = ssi(&machine, &["expect", "--all", "--dry-run"]).ok();
    assert!(dry.contains("on.service: would be expected") && expected(&machine) == ["named.service"], "{dry}");
    let said = ssi(&machine, &["expect", "--all"]).ok();
    let all = words(&machine, services);
    assert!(
        all.contains(&"on.service".to_owned()) && said.contains("of 1 more something is expected already"),
        "{said}"
    );
    assert_eq!(expected(&machine), all);
    assert_eq!(machine.read(&format!("{DIR}/watch-named.service.toml")), before);
    assert!(ssi(&machine, &["expect", "--all"]).ok().starts_with("0 added"));
    machine.sh(&format!("rm {DIR}/*")).ok();
    ssi(&machine, &["adopt", "--all"]).ok();
    let timers =
        words(&machine, "systemctl list-timers --all --no-legend | grep -o '[^ ]*\\.timer' | grep -v ^ssi_ | sort -u");
    let adopted = expected(&machine);
    assert!(adopted.contains(&"foreign.timer".to_owned()), "{adopted:?}");
    assert!(adopted.iter().all(|timer| timer.ends_with(".timer") && timer != "ssi_own.timer"), "{adopted:?}");
    assert!(timers.iter().all(|timer| adopted.contains(timer)), "{timers:?} {adopted:?}");
}

#[test]
fn an_ordinary_user_looks_and_expects_something_of_units_of_her_own() {
    let machine = machine("expect-user");
    machine.sh("umask 077; ssi expect dbus").ok();
    let wilma = machine.user("wilma");
    for args in [&["ssi", "expect", "nginx"][..], &["ssi", "expect", "--remove", "dbus"], &["ssi", "adopt", "--all"]] {
        let said = wilma.run(args);
        assert_eq!(said.code(), 4, "{args:?}: {said:?}");
        assert!(said.stderr.contains("as root") && said.stderr.contains("--user"), "{args:?}: {said:?}");
    }
    assert!(wilma.run(&["ssi", "expect"]).ok().contains("dbus.service  active  is active (running)"));
    assert!(wilma.run(&["ssi", "config", "show"]).ok().contains("unit = \"dbus.service\""));
    wilma.run(&["ssi", "--user", "expect", "dbus.socket", "gone"]).ok();
    assert!(machine.sh("cat /home/wilma/.config/service-status-indicator/ssi.d/*").ok().contains("dbus.socket"));
    assert!(wilma.run(&["ssi", "--user", "expect"]).ok().contains("dbus.socket   active  is active (running)"));
    assert_eq!(expected(&machine), ["dbus.service"]);
}

#[test]
fn the_agent_says_once_what_is_wrong_and_nothing_of_what_is_right() {
    let machine = machine("expect-agent");
    machine.sh("systemctl start ssi-agent").ok();
    let said = |part: &str| {
        let journal = machine.sh("journalctl -u ssi-agent -o cat --no-pager").ok();
        journal.lines().filter(|line| line.contains(part)).count()
    };
    ssi(&machine, &["expect", "dbus"]).ok();
    let wrong = format!("{DIR}/wrong.toml:2:8: ");
    machine.write(&format!("{DIR}/wrong.toml"), "[[watch]]\nunit = \"dbus\"\n", 0o644);
    wait_for("the mistake in the journal", PATIENCE, || said(&wrong) == 1);
    // The same mistake again, and then another one: the journal has each once.
    machine.write(&format!("{DIR}/other.toml"), "[history]\n", 0o644);
    // In one step: a file that is empty for a moment has no mistake.
    machine.write("/srv/wrong.toml", "[[watch]]\nunit = \"dbus\"\nfor = 7\n", 0o644);
    machine.sh(&format!("cp /srv/wrong.toml {DIR}/.new && mv {DIR}/.new {DIR}/wrong.toml")).ok();
    wait_for("the other mistake", PATIENCE, || said("wrong.toml:3:7: `for` is a whole number") == 1);
    assert_eq!(said(&wrong), 1);
    // The directory may go and come again.
    machine.sh(&format!("rm -r {DIR}; systemctl is-active ssi-agent; mkdir -p {DIR}")).ok();
    machine.write(&format!("{DIR}/later.toml"), "nonsense = 1\n", 0o644);
    wait_for("the file of the new directory", PATIENCE, || said("later.toml:1:1: unknown key `nonsense`") == 1);
    let shown: Value = printed(&ssi(&machine, &["config", "check", "--json"]));
    assert_eq!(shown["problems"].as_array().map(Vec::len), Some(1), "{shown}");
}

/// Ports are looked up in what the kernel shows of its sockets, so the sandbox of the agent's unit must show that.
#[test]
fn the_agents_sandbox_shows_who_listens() {
    let machine = machine("expect-ports");
    let unit = machine.read("/usr/lib/systemd/system/ssi-agent.service");
    let kept = unit.lines().filter(|line| !line.starts_with("Restart") && !line.starts_with("Watchdog"));
    let look = kept.map(|line| match line {
        "Type=notify" => "Type=oneshot\n".to_owned(),
        line if line.starts_with("ExecStart=") => "ExecStart=cat /proc/self/net/tcp /proc/self/net/tcp6\n".to_owned(),
        line => format!("{line}\n"),
    });
    machine.write("/run/systemd/system/look.service", &look.collect::<String>(), 0o644);
    machine.sh("systemctl start ssi-agent && systemctl start look").ok();
    // 127.0.0.1:5000 in the kernel's words, listening.
    let listens = || machine.sh("journalctl -u look -o cat | grep '0100007F:1388 00000000:0000 0A'").status.success();
    wait_for("the agent's port in the kernel's table", PATIENCE, listens);
}
