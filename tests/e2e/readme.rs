//! The README's commands, run as they stand there: the second of the two at its top, the installation, the five minutes.

use std::fs;
use std::path::Path;

use crate::machine::{Machine, PATIENCE, wait_for};

/// The fenced blocks of a language in the README, in order.
fn blocks(language: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// The one block of shell commands with this text in it.
fn block(text: &str) -> String {
    let mut found = blocks("sh").into_iter().filter(|block| block.contains(text));
    let block = found.next().unwrap_or_else(|| panic!("no block with `{text}`"));
    assert_eq!(found.next(), None, "`{text}` is in two blocks");
    block
}

/// A machine with the repository in a user's home directory, built.
fn machine(name: &str) -> Machine {
    let machine = Machine::new(name).boot();
    let home = machine.path("/home/user/ssi");
    fs::create_dir_all(home.join("target/release")).unwrap();
    for dir in ["examples", "packaging", "units"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(dir);
        let copied = std::process::Command::new("cp").arg("-r").arg(from).arg(&home).status();
        assert!(copied.unwrap().success());
    }
    let program = home.join("target/release/ssi");
    let copied = std::process::Command::new("cp").arg(env!("CARGO_BIN_EXE_ssi")).arg(program).status();
    assert!(copied.unwrap().success());
    machine.sh("chown -R 1000:1000 /home/user").ok();
    // Everything here is done by root already, and the build is done.
    machine.write("/usr/local/bin/sudo", "#!/bin/sh\nexec \"$@\"\n", 0o755);
    machine.write("/usr/local/bin/cargo", "#!/bin/sh\n", 0o755);
    machine
}

fn sh(machine: &Machine, commands: &str) -> String {
    machine.sh(&format!("cd /home/user/ssi && set -e\n{commands}")).ok()
}

#[test]
fn the_second_command_installs_a_check() {
    let machine = machine("readme-two");
    let said = sh(&machine, &block("cargo build --release &&"));
    assert!(said.contains("added disk-space (every 5 minutes)") && said.contains("ran disk-space: "), "{said}");
    assert!(sh(&machine, "sudo ./target/release/ssi list").contains("Disk Space"));
    sh(&machine, "sudo ./target/release/ssi remove disk-space");
}

#[test]
fn five_minutes_of_use() {
    let machine = machine("readme-five");
    sh(&machine, &block("install -D"));
    machine.write("/home/user/ssi/door.bash", &blocks("bash")[0], 0o644);
    machine.write("/home/user/client.py", &blocks("python")[0], 0o644);
    let follow = machine.spawn(&["sh", "-c", &block("ssi follow")]);
    let client = machine.spawn(&["/usr/bin/python3", "-u", "/home/user/client.py"]);
    follow.wait_line("the greeting", PATIENCE, |line| line.contains("connected to"));
    client.wait_line("the hello", PATIENCE, |line| line.contains("\"hello\""));

    let said = sh(&machine, &block("ssi test door.bash"));
    assert!(said.contains("because OK is its last status line, and it exited with 0"), "{said}");
    assert!(said.contains("added door (every 15 minutes)") && said.contains("ran door: OK the door is shut"), "{said}");

    // The last two exit with the status of the door, which is open.
    let ran = machine.sh(&format!("cd /home/user/ssi\n{}", block("ssi run door")));
    assert_eq!(ran.code(), 2, "{}", ran.stderr);
    assert!(ran.stdout.contains("FAILURE - Door: the door is open"), "{}", ran.stdout);
    follow.wait_line("the change", PATIENCE, |line| line.ends_with("door FAILURE the door is open"));
    client.wait_line("the change", PATIENCE, |line| {
        line.contains("\"status\":\"FAILURE\"") && line.contains("\"changed\":true")
    });

    let said = sh(&machine, &block("ssi history door"));
    assert!(said.contains("removed door; its log stays: "), "{said}");
    follow.wait_line("the removal", PATIENCE, |line| line.ends_with("door removed"));
    wait_for("the end of its units", PATIENCE, || {
        machine.sh("systemctl list-units --all --no-legend 'ssi_*'").stdout.trim().is_empty()
    });
}
