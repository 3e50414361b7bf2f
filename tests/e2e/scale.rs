//! A thousand checks.

use std::time::Instant;

use crate::checks::{Script, Traces, json, machine, ssi};

#[test]
fn a_thousand_checks_in_one_command() {
    let machine = machine("thousand");
    let before = Traces::of(&machine);
    for n in 0..1000 {
        Script::new(&format!("check-{n:03}"), "echo OK, fine").put(&machine);
    }
    let step = |what: &str, command: &str| {
        let start = Instant::now();
        let output = machine.sh(command).ok();
        println!("{what}: {:?}", start.elapsed());
        output
    };
    let added = step("add", "ssi add --no-run /srv/check-*.bash");
    assert_eq!(added.lines().filter(|line| line.starts_with("added check-")).count(), 1000);
    assert_eq!(step("timers", "systemctl list-timers --no-legend 'ssi_check-*' | wc -l"), "1000\n");
    assert_eq!(step("list", "ssi list").lines().count(), 1001);
    let list = json(&ssi(&machine, &["list", "--json"]));
    let undue: Vec<_> = list.as_array().unwrap().iter().filter(|check| !check["next_run"].is_string()).collect();
    assert!(undue.is_empty(), "{} without a next run: {:?}", undue.len(), undue.first());
    assert_eq!(ssi(&machine, &["run", "check-500"]).code(), 0);
    step(
        "update",
        "sed -i 's/^# version: 1.0/# version: 1.1/' /srv/check-*.bash && ssi add --no-run /srv/check-*.bash",
    );
    step("remove", "cd /srv && ssi remove --purge $(basename -s .bash check-*.bash)");
    before.assert_unchanged(&machine, "after a thousand checks");
}
