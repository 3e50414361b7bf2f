//! Examples that look at the machine itself: disks, memory, load, processes, reboots, the clock.

use super::Example;
use crate::checks::machine;
use crate::machine::{PATIENCE, wait_for};

#[test]
fn a_file_system_without_room_or_without_inodes_is_found() {
    let machine = machine("examples-disk");
    let example = Example::add(&machine, "disk-space", &[]);
    example.says(&["WARNING_PERCENT=100", "FAILURE_PERCENT=101"], "OK", "% full at most");
    // A file system in memory does not count as a disk; an overlay of one does, and has its room and its inodes.
    let lay = |name: &str, options: &str| {
        machine
            .sh(&format!(
                "mkdir -p /mnt/{name} /srv/{name} && mount -t tmpfs -o {options} tmpfs /srv/{name} &&
                 mkdir /srv/{name}/upper /srv/{name}/work /srv/{name}/lower &&
                 mount -t overlay -o lowerdir=/srv/{name}/lower,upperdir=/srv/{name}/upper,workdir=/srv/{name}/work overlay /mnt/{name}"
            ))
            .ok();
    };
    lay("room", "size=4M");
    machine.sh("head -c 5M /dev/zero > /mnt/room/big").stderr.contains("No space left").then_some(()).unwrap();
    example.says(&["FAILURE_PERCENT=99"], "FAILURE", "/mnt/room is 100 % full");
    machine.sh("truncate -s 3600k /mnt/room/big").ok();
    let said = example.says(&["WARNING_PERCENT=85", "FAILURE_PERCENT=98"], "WARNING", "/mnt/room is ");
    assert!(said.lines.contains("/mnt/room: "), "{said:?}");
    machine.run(&["umount", "/mnt/room"]).ok();

    lay("inodes", "size=4M,nr_inodes=100");
    assert!(machine.sh("cd /mnt/inodes && touch $(seq 100)").stderr.contains("No space left"));
    example.says(&["FAILURE_PERCENT=99"], "FAILURE", "/mnt/inodes has 100 % of its inodes in use");
}

/// How much of it is used can't be chosen here, so the limits are moved around what is really used.
#[test]
fn memory_load_and_pressure_follow_their_limits() {
    let machine = machine("examples-memory");
    let memory = Example::add(&machine, "memory", &[]);
    let never = "SWAP_WARNING_PERCENT=101";
    memory.says(&["WARNING_PERCENT=100", "FAILURE_PERCENT=100", never], "OK", "% of memory in use");
    memory.says(&["WARNING_PERCENT=0", "FAILURE_PERCENT=100", never], "WARNING", "% of memory in use");
    memory.says(&["FAILURE_PERCENT=0"], "FAILURE", "% of memory in use");

    let load = Example::add(&machine, "load", &[]);
    load.says(&["WARNING_PERCENT=99999", "FAILURE_PERCENT=99999"], "OK", "load is");
    load.says(&["WARNING_PERCENT=0", "FAILURE_PERCENT=99999"], "WARNING", "load is");
    load.says(&["FAILURE_PERCENT=0"], "FAILURE", "load is");

    let pressure = Example::add(&machine, "memory-pressure", &[]);
    let without = |directive: &str| {
        let drop_in = "/etc/systemd/system/ssi_memory-pressure.service.d/kernel.conf";
        machine.write(drop_in, &format!("[Service]\n{directive}\n"), 0o644);
        machine.run(&["systemctl", "daemon-reload"]).ok();
    };
    if std::path::Path::new("/proc/pressure/memory").exists() {
        pressure.says(&["WARNING_PERCENT=101", "FAILURE_PERCENT=101"], "OK", "waited for memory");
        pressure.says(&["WARNING_PERCENT=0", "FAILURE_PERCENT=101"], "WARNING", "waited for memory");
        pressure.says(&["FAILURE_PERCENT=0"], "FAILURE", "waited for memory");
        // As it is where the kernel has it switched off, and where it has none.
        without("BindReadOnlyPaths=/dev/null:/proc/pressure/memory");
        pressure.says(&[], "ERROR", "switched off");
    }
    without("TemporaryFileSystem=/proc/pressure");
    pressure.says(&[], "ERROR", "this kernel does not measure pressure");
}

#[test]
fn programs_that_ended_are_missed() {
    let machine = machine("examples-process");
    let example = Example::add(&machine, "process-running", &[]);
    example.says(&["PROCESSES=systemd dbus-daemon"], "OK", "2 of 2 programs run");
    example.says(&["PROCESSES=systemd postal-worker"], "FAILURE", "postal-worker does not run");
    machine
        .sh("cp /bin/sleep /usr/local/bin/postal-worker && systemd-run --unit=worker /usr/local/bin/postal-worker 1000")
        .ok();
    let worker = ["PROCESSES=postal-worker"];
    wait_for("the worker", PATIENCE, || machine.run(&["pgrep", "-x", "postal-worker"]).status.success());
    example.says(&worker, "OK", "1 of 1");
    example.says(&["PROCESSES=postal-worker=2"], "FAILURE", "runs 1 times instead of 2");
    machine.run(&["systemctl", "stop", "worker"]).ok();
    example.says(&worker, "FAILURE", "does not run");
    // Its parent sleeps and collects nothing.
    machine.sh("systemd-run --unit=parent bash -c 'postal-worker 0.01 & exec sleep 1000'").ok();
    wait_for("the zombie", PATIENCE, || machine.sh("ps -C postal-worker -o stat=").stdout.contains('Z'));
    let said = example.says(&worker, "FAILURE", "does not run");
    assert!(said.lines.contains("1 ended but not collected"), "{said:?}");

    // Where the processes of others are hidden, none of them is said to be down.
    let strict = Example::add(&machine, "process-running", &["sandbox: strict"]);
    strict.says(&["PROCESSES=systemd"], "ERROR", "are hidden");
}

#[test]
fn a_reboot_that_is_due_is_told_and_in_time_insisted_on() {
    let machine = machine("examples-reboot");
    machine.sh("rm -f /boot/vmlinuz-* /run/reboot-required").ok();
    let example = Example::add(&machine, "reboot-needed", &[]);
    example.says(&[], "OK", "no reboot needed");
    machine.sh("touch /run/reboot-required && echo linux-image > /run/reboot-required.pkgs").ok();
    let said = example.says(&[], "UPDATE", "packages ask for it");
    assert!(said.lines.contains("linux-image"), "{said:?}");
    machine.sh("touch -d '20 days ago' /run/reboot-required").ok();
    example.says(&[], "WARNING", "due for 20 days");
    machine.sh("rm /run/reboot-required && touch /boot/vmlinuz-$(uname -r) /boot/vmlinuz-999.1").ok();
    example.says(&[], "UPDATE", "a newer kernel is installed");
}

/// A library that answers in the kernel's place: the clock of the kernel is that of the host, and not the test's to unsettle.
const ADJTIMEX: &str = r#"
#include <sys/timex.h>
#include <unistd.h>
int adjtimex(struct timex *now) { now->maxerror = access("/etc/clock-is-wrong", F_OK) ? 1000 : 16000000; return 0; }
"#;

#[test]
fn a_clock_that_nothing_sets_is_told() {
    let machine = machine("examples-clock");
    // Clients of chrony on the machine's loopback: one server that is there and one that is not. `-x` leaves the clock alone.
    machine.write(
        "/etc/chrony/server.conf",
        "local stratum 5\nallow all\nport 1123\ncmdport 0\npidfile /run/s.pid\nbindcmdaddress /\n",
        0o644,
    );
    let client = |port: u16| {
        format!(
            "server 127.0.0.1 port {port} iburst minpoll 0 maxpoll 0\nport 0\npidfile /run/c.pid\nbindcmdaddress /\nbindcmdaddress 127.0.0.1\n"
        )
    };
    machine.write("/etc/chrony/good.conf", &client(1123), 0o644);
    let alone = "local stratum 10\nport 0\npidfile /run/c.pid\nbindcmdaddress /\nbindcmdaddress 127.0.0.1\n";
    machine.write("/etc/chrony/alone.conf", alone, 0o644);
    machine.write("/etc/chrony/bad.conf", &client(1124), 0o644);
    let chronyd = |name: &str| {
        machine
            .sh(&format!("systemd-run --quiet --unit=chrony-{name} chronyd -d -x -u root -f /etc/chrony/{name}.conf"))
            .ok();
    };
    let tracking = || machine.run(&["chronyc", "-n", "-h", "127.0.0.1", "tracking"]);
    let example = Example::add(&machine, "time-sync", &[]);
    chronyd("server");
    chronyd("alone");
    wait_for("chronyd", PATIENCE, || tracking().stdout.contains("7F7F0101"));
    example.says(&[], "WARNING", "takes this machine's own clock for the right time");
    machine.run(&["systemctl", "stop", "chrony-alone"]).ok();
    chronyd("bad");
    wait_for("chronyd", PATIENCE, || tracking().status.success());
    example.says(&[], "WARNING", "not synchronised, though chrony runs");
    machine.run(&["systemctl", "stop", "chrony-bad"]).ok();
    chronyd("good");

    // What is left without chrony is what systemd-timedated asks the kernel.
    machine.write("/root/adjtimex.c", ADJTIMEX, 0o644);
    machine.sh("cc -shared -fPIC -o /usr/local/lib/adjtimex.so /root/adjtimex.c").ok();
    let drop_in = "[Service]\nEnvironment=LD_PRELOAD=/usr/local/lib/adjtimex.so\n";
    machine.write("/etc/systemd/system/systemd-timedated.service.d/kernel.conf", drop_in, 0o644);
    machine.sh("systemctl daemon-reload && mv /usr/bin/chronyc /root/").ok();
    example.says(&[], "OK", "the clock is synchronised");
    machine.write("/etc/clock-is-wrong", "", 0o644);
    example.says(&[], "WARNING", "the clock is not synchronised and no service does it");

    machine.run(&["mv", "/root/chronyc", "/usr/bin/"]).ok();
    wait_for("the first answers of the server", PATIENCE, || tracking().stdout.contains(": Normal"));
    example.says(&[], "OK", "synchronised and wrong by 0 ms");
    example.says(&["WARNING_MS=0"], "WARNING", "wrong by 0 ms");
    example.says(&["FAILURE_MS=0"], "FAILURE", "wrong by 0 ms");
}
