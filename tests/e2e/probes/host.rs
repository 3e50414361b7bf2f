//! The questions about the host (`ssi probe`), each as the one line of a check in its sandbox, in good states and in bad ones.

use super::{ask, run};
use crate::checks::{Script, json, last_end, machine, property, ssi};
use crate::machine::{PATIENCE, wait_for};

#[test]
fn disks_are_as_df_says() {
    let machine = machine("probe-disk");
    // A machine has no loop devices; the kernel lets go of this one with the mount.
    machine
        .sh("set -e; mkdir /mnt/full /mnt/small /mnt/inodes /mnt/secret
            mknod /dev/loop-control c 10 237; for n in {0..63}; do mknod /dev/loop$n b 7 $n; done
            truncate -s 16M /srv/disk && mkfs.ext4 -q /srv/disk && mount -o loop /srv/disk /mnt/small
            head -c 5M /dev/zero > /mnt/small/file && sync --file-system /mnt/small
            mount -t tmpfs -o size=1M tmpfs /mnt/full && ! head -c 2M /dev/zero > /mnt/full/file
            mount -t tmpfs -o size=1M,nr_inodes=10 tmpfs /mnt/inodes && touch /mnt/inodes/{1..8}
            mkdir /mnt/secret/below && chmod 700 /mnt/secret")
        .ok();
    ask(
        &machine,
        &[
            ("full", "disk /mnt/full", "FAILURE", "/mnt/full is 100 % full"),
            ("inodes", "disk /mnt/inodes -W 50", "WARNING", "/mnt/inodes has 90 % of its inodes in use"),
            ("small", "disk /mnt/small", "OK", "/mnt/small is "),
            ("little-left", "disk /mnt/small --free-critical 1G:", "FAILURE", "/mnt/small has "),
            ("gone", "disk /mnt/gone", "FAILURE", "/mnt/gone does not exist"),
            ("refused", "disk /mnt/secret/below", "ERROR", "could not be asked: Permission denied"),
            ("all", "disk -w 100 -c 100", "OK", "full at most"),
            ("none", "disk -x '/*'", "ERROR", "no local file system is mounted"),
        ],
    );
    // The same outside and in the sandbox, of the loop device and of the rest.
    let document = json(&ssi(&machine, &["probe", "disk", "--json"]));
    let filesystems = document["filesystems"].as_array().unwrap();
    let small = filesystems.iter().find(|one| one["path"] == "/mnt/small").unwrap();
    let df = |column: &str| {
        let text = machine.run(&["df", "--block-size=1", &format!("--output={column}"), "/mnt/small"]).ok();
        text.lines().last().unwrap().trim().trim_end_matches('%').parse::<u64>().unwrap()
    };
    for (fact, column) in [
        ("used_percent", "pcent"),
        ("inodes_used_percent", "ipcent"),
        ("size_bytes", "size"),
        ("available_bytes", "avail"),
    ] {
        assert_eq!(small[fact], df(column), "{column}: {document}");
    }
    assert_eq!(last_end(&machine, "small").message, format!("/mnt/small is {} % full at most", df("pcent")));
    let strict = Script::new("strict", "ssi probe disk /home").with("sandbox: strict");
    run(&machine, &[strict], &[("strict", "", "ERROR", "/home is hidden by the sandbox")]);
    machine.run(&["umount", "/mnt/small"]).ok();
}

/// A file system whose other end takes every question and answers none, as a server that is gone does.
const SILENT: &str = r#"
import ctypes, os, signal
device = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
print(ctypes.CDLL(None).mount(b"silent", b"/mnt/silent", b"fuse", 0, options), flush=True)
signal.pause()
"#;

#[test]
fn a_disk_that_hangs_is_down_and_holds_up_no_other() {
    let machine = machine("probe-hang");
    machine.sh("mknod /dev/fuse c 10 229; mkdir /mnt/silent").ok();
    let holder = machine.spawn(&["python3", "-c", SILENT]);
    wait_for("the mount", PATIENCE, || holder.lines() == ["0"]);
    ask(
        &machine,
        &[
            ("hangs", "disk /mnt/silent", "FAILURE", "/mnt/silent does not answer within 5 s"),
            ("others", "disk -w 100 -c 100", "OK", "full at most"),
        ],
    );
}

#[test]
fn units_are_as_systemd_says() {
    let machine = machine("probe-unit");
    machine.write(
        "/etc/systemd/system/door.service",
        "[Service]\nExecStart=/bin/sleep infinity\nRestart=always\n",
        0o644,
    );
    machine.write("/etc/systemd/system/broken.service", "[Service]\nExecStart=/bin/false\n", 0o644);
    machine.write("/etc/systemd/system/nonsense.service", "[Service]\n", 0o644);
    machine.sh("systemctl daemon-reload; systemctl mask -q hidden.service; systemctl start door").ok();
    let good = [
        ("runs", "unit door", "OK", "door.service is active (running)"),
        ("two", "unit door.service multi-user.target", "OK", "2 units are as they should be"),
        ("glob", "unit 'doo*'", "OK", "door.service is active"),
        ("stopped", "unit broken --state inactive", "OK", "broken.service is inactive"),
        ("none-failed", "unit --failed", "OK", "no unit failed"),
        ("missing", "unit no-such-thing", "FAILURE", "no-such-thing.service does not exist"),
        ("masked", "unit hidden", "FAILURE", "hidden.service is masked"),
        ("bad", "unit nonsense", "FAILURE", "nonsense.service could not be loaded (bad-setting)"),
        ("no-match", "unit 'nothing-*.timer'", "FAILURE", "no unit matches nothing-*.timer"),
    ];
    ask(&machine, &good);
    machine.sh("kill -KILL $(systemctl show --value -p MainPID door)").ok();
    wait_for("the restart", PATIENCE, || property(&machine, "door.service", "NRestarts") == "1");
    wait_for("the service", PATIENCE, || property(&machine, "door.service", "ActiveState") == "active");
    ask(&machine, &[("restarted", "unit door --restarts 0", "WARNING", "restarted 1 times")]);
    machine.sh("systemctl start broken; systemctl stop door").ok();
    wait_for("the failure", PATIENCE, || property(&machine, "broken.service", "ActiveState") == "failed");
    ask(
        &machine,
        &[
            ("down", "unit door", "FAILURE", "door.service is inactive (dead)"),
            ("crashed", "unit broken door", "FAILURE", "2 of 2 units: broken.service is failed (failed: exit-code)"),
            ("failed", "unit --failed", "FAILURE", "1 unit failed: broken.service"),
            ("excused", "unit --failed -x 'brok*'", "OK", "no unit failed"),
        ],
    );
    let user = machine.user("alice");
    assert_eq!(user.run(&["ssi", "--user", "probe", "unit", "dbus.socket"]).code(), 0);
    assert_eq!(user.run(&["ssi", "--user", "probe", "unit", "door"]).code(), 2);
}

#[test]
fn processes_are_as_pgrep_says() {
    let machine = machine("probe-process");
    machine.sh("systemd-run -q --unit=one sleep 54321; systemd-run -q --unit=two -p User=nobody sleep 54322").ok();
    let pgrep = machine.run(&["pgrep", "--count", "--exact", "sleep"]).ok();
    assert_eq!(json(&ssi(&machine, &["probe", "process", "sleep", "--json"]))["processes"].to_string(), pgrep.trim());
    ask(
        &machine,
        &[
            ("by-name", "process sleep -c 2:", "OK", "2 processes named sleep"),
            ("by-pattern", "process --pattern 'sleep 54321' -c 1:1", "OK", "1 process with `sleep 54321`"),
            ("by-owner", "process --owner nobody", "OK", "1 process of user nobody"),
            ("too-many", "process sleep -w 1 -c 9", "WARNING", "2 processes named sleep"),
            ("of-nobody", "process sleep --owner no-such-user", "ERROR", "there is no user `no-such-user`"),
        ],
    );
    machine.run(&["systemctl", "kill", "--signal=KILL", "one.service"]).ok();
    wait_for("the end", PATIENCE, || property(&machine, "one.service", "ActiveState") != "active");
    ask(&machine, &[("by-pattern", "process --pattern 'sleep 54321' -c 1:1", "FAILURE", "0 processes with")]);
    // What can't see the processes of others must not count them.
    let strict = Script::new("strict", "ssi probe process sleep").with("sandbox: strict");
    let hidden = ("strict", "in strict", "ERROR", "could not see the processes of others");
    run(&machine, &[strict], &[hidden]);
    let as_nobody = "runuser -u nobody -- ssi probe process sleep";
    assert_eq!(machine.sh(as_nobody).code(), 0);
    let hidden = machine.sh(&format!("mount -o remount,hidepid=2 /proc && {as_nobody}"));
    assert_eq!(
        (hidden.code(), hidden.stdout.contains("could not see the processes of others")),
        (3, true),
        "{hidden:?}"
    );
}

#[test]
fn files_are_old_missing_or_out_of_sight() {
    let machine = machine("probe-file");
    machine
        .sh("mkdir -p /srv/backup /srv/empty && mkdir -m 700 /srv/secret
            touch -d '3 days ago' /srv/backup/old.sql; head -c 5000 /dev/zero > /srv/backup/new.sql
            touch -d '25 hours ago' /srv/backup/new.sql; touch /srv/backup/readme /srv/secret/key")
        .ok();
    ask(
        &machine,
        &[
            ("fresh", "file '/srv/backup/*.sql' -w 26h -c 2d -s 1K:", "OK", "new.sql is 1 d 1 h old and has 4.9 KiB"),
            ("stale", "file '/srv/backup/*.sql' -w 24h", "WARNING", "new.sql is 1 d 1 h old"),
            ("tiny", "file '/srv/backup/*.sql' -s 1M:", "FAILURE", "has 4.9 KiB"),
            ("directory", "file /srv/backup -w 1h", "OK", "/srv/backup/readme is "),
            ("empty", "file /srv/empty", "FAILURE", "/srv/empty does not exist or holds no file"),
            ("missing", "file /srv/nothing", "FAILURE", "/srv/nothing does not exist"),
            ("no-match", "file '/srv/backup/*.gz'", "FAILURE", "no file matches /srv/backup/*.gz"),
            ("hidden", "file /srv/secret/key", "ERROR", "could not read `/srv/secret/key`: Permission denied"),
            ("hidden-glob", "file '/srv/secret/*'", "ERROR", "could not read `/srv/secret`: Permission denied"),
            ("hidden-absent", "file --absent /srv/secret/key", "ERROR", "Permission denied"),
            ("absent", "file --absent /srv/nothing", "OK", "/srv/nothing does not exist"),
            ("present", "file --absent /srv/backup/old.sql", "FAILURE", "/srv/backup/old.sql exists, 3 d old"),
        ],
    );
}

#[test]
fn load_memory_and_clock_are_the_kernel_s() {
    let machine = machine("probe-kernel");
    let synchronised = machine.run(&["timedatectl", "show", "--value", "-p", "NTPSynchronized"]).ok();
    let clock = match synchronised.trim() {
        "yes" => ("clock", "time", "OK", "the clock is synchronised"),
        _ => ("clock", "time", "FAILURE", "the clock is not synchronised and no known service does it"),
    };
    machine.sh("systemctl stop systemd-timesyncd chrony ntpsec; true").ok();
    ask(
        &machine,
        &[
            clock,
            ("calm", "load -w 9999 -c 9999", "OK", "load "),
            ("busy", "load -w @0:9999", "WARNING", "over 1 min is too much"),
            ("each", "load --per-cpu -c 9999,9999,@0:9999", "FAILURE", "per processor over 15 min is too much"),
            ("enough", "memory -w 100 -c 100", "OK", "memory in use"),
            ("short", "memory -w 0 -c 100", "WARNING", "memory in use"),
        ],
    );
    let document = json(&ssi(&machine, &["probe", "memory", "--json", "-w", "100", "-c", "100"]));
    let free = machine.run(&["free", "--bytes"]).ok();
    let words: Vec<f64> = free.lines().nth(1).unwrap().split_whitespace().skip(1).map(|n| n.parse().unwrap()).collect();
    let fact = |name: &str| document[name].as_f64().unwrap();
    assert_eq!(fact("total_bytes"), words[0], "{free}");
    // Others on this host take and give back memory between the two.
    assert!((fact("available_bytes") - words[5]).abs() < words[0] * 0.2, "{document}\n{free}");
    // What can't be asked is an error, not an answer.
    let dead_bus = machine.sh("DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent ssi probe time");
    assert_eq!((dead_bus.code(), dead_bus.stdout.split(',').next()), (3, Some("ERROR")), "{dead_bus:?}");
}

#[test]
fn updates_are_what_apt_would_install() {
    let machine = machine("probe-updates");
    machine.sh("rm -rf /var/lib/apt/lists/* /etc/apt/sources.list*").ok();
    ask(&machine, &[("never", "updates", "WARNING", "there are no package lists")]);
    // An archive with one newer package, which says that it is for security.
    machine
        .sh("mkdir -p /srv/archive && cd /srv/archive
            printf 'Package: bash\\nVersion: 99\\nArchitecture: %s\\nFilename: bash.deb\\nSize: 1\\nSHA256: %064d\\n' \
                \"$(dpkg --print-architecture)\" 0 > Packages
            printf 'Origin: Debian\\nLabel: Debian-Security\\nSuite: stable-security\\nSHA256:\\n %s %s Packages\\n' \
                \"$(sha256sum < Packages | cut -d ' ' -f 1)\" \"$(stat -c %s Packages)\" > Release
            echo 'deb [trusted=yes] file:/srv/archive ./' > /etc/apt/sources.list && apt-get update")
        .ok();
    ask(
        &machine,
        &[
            ("hole", "updates", "WARNING", "1 update, 1 of them for security"),
            ("news", "updates --security 1", "UPDATE", "1 update, 1 of them for security"),
            ("many", "updates --security 1 -c 0", "FAILURE", "1 update"),
        ],
    );
    machine.sh("apt-mark hold bash").ok();
    ask(&machine, &[("held", "updates", "OK", "everything is up to date")]);
    machine.sh("touch -d '9 days ago' /var/lib/apt/lists /var/lib/apt/lists/partial").ok();
    ask(&machine, &[("held", "updates", "WARNING", "as of 9 d ago, `apt-get update` does not run")]);
    machine.sh("mv /usr/bin/apt-get /usr/bin/apt-got").ok();
    ask(&machine, &[("held", "updates", "ERROR", "no package manager that is supported was found")]);
}

#[test]
fn a_reboot_is_due_for_notes_and_kernels() {
    let machine = machine("probe-reboot");
    let release = machine.run(&["uname", "-r"]).ok().trim().to_owned();
    machine.sh("rm -f /boot/* /run/reboot-required*; true").ok();
    ask(&machine, &[("container", "reboot", "OK", "no package asks for a reboot")]);
    machine.sh("touch /run/reboot-required; echo libc6 > /run/reboot-required.pkgs").ok();
    ask(
        &machine,
        &[
            ("noted", "reboot", "UPDATE", "packages ask for it"),
            ("late", "reboot -w @0:1", "WARNING", "packages ask for it"),
        ],
    );
    machine.sh(&format!("rm /run/reboot-required*; touch /boot/vmlinuz-{release} /boot/vmlinuz-9{release}")).ok();
    let newer = format!("kernel 9{release} is installed, {release} runs");
    ask(&machine, &[("kernel", "reboot", "UPDATE", &newer)]);
    // Who may not look can't tell.
    machine.run(&["chmod", "700", "/boot"]).ok();
    ask(&machine, &[("out-of-sight", "reboot", "ERROR", "could not read `/boot`")]);
}
