//! What a check may do in its sandbox, and that a sandbox which refuses does not lie: what a check asks about the machine has the same
//! answer inside of `standard` as outside.

use crate::checks::{Script, add, log, machine};
use crate::machine::{Machine, PATIENCE, wait_for};

/// What a check that is broken or hostile might try, as shell code that succeeds where it is not refused.
const ATTEMPTS: [(&str, &str); 22] = [
    ("write-etc", "echo x > /etc/ssi-was-here"),
    ("write-usr", "echo x > /usr/bin/ssi-was-here"),
    ("write-home", "echo x > /home/ssi-was-here"),
    ("write-root", "echo x > /root/ssi-was-here"),
    ("write-var", "echo x > /var/lib/ssi-was-here"),
    ("write-run", "echo x > /run/ssi-was-here"),
    ("write-scripts", "echo x > /var/lib/service-status-indicator/checks/x.bash"),
    ("write-logs", "echo x >> /var/log/service-status-indicator/write-logs.log"),
    ("write-proc-sys", "echo 1 > /proc/sys/kernel/printk"),
    ("write-cgroup", "mkdir /sys/fs/cgroup/ssi-was-here"),
    ("read-shadow", "cat /etc/shadow"),
    (
        "load-module",
        "python3 -c 'import ctypes, os; c = ctypes.CDLL(None, use_errno=True); r = c.syscall(175, 0, 0, 0); exit(0 if r == 0 or ctypes.get_errno() != 1 else 1)'",
    ),
    (
        "ptrace",
        "sleep 9 & python3 -c 'import ctypes, sys; exit(0 if ctypes.CDLL(None).ptrace(16, int(sys.argv[1]), 0, 0) == 0 else 1)' $!; r=$?; kill -9 $!; exit $r",
    ),
    ("raw-socket", "python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)'"),
    ("packet-socket", "python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3)'"),
    ("mount", "mount -t tmpfs none /tmp"),
    ("new-namespace", "unshare --user --map-root-user true"),
    ("set-clock", "date -s 2000-01-01"),
    ("set-hostname", "hostname ssi-was-here"),
    ("kill-pid-1", "kill -STOP 1"),
    ("setuid-file", "cp /bin/true /tmp/x && chmod u+s /tmp/x"),
    ("real-time", "python3 -c 'import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))'"),
];

/// Questions about the machine. What changes from one moment to the next is left out of the answers.
const QUESTIONS: [(&str, &str); 14] = [
    (
        "file-systems",
        "df -P --exclude-type=tmpfs --exclude-type=devtmpfs | awk 'NR > 1 { print $6, $2 }' | grep -vE '^/(run|dev|tmp|var/tmp)' | sort",
    ),
    ("home", "df -P /home /root 2>&1 | awk 'NR > 1 { print $2 }'; ls -A /home"),
    ("processes", "ps -eo pid=,comm= | grep -E 'sleep|dbus-daemon|systemd-journal' | sort"),
    ("one-process", "pgrep -c -f '[s]leep 4242'"),
    ("other-users", "ps -o user= -C dbus-daemon | sort -u"),
    ("memory", "grep -E '^(MemTotal|SwapTotal):' /proc/meminfo"),
    ("load", "test -n \"$(cut -d' ' -f1-3 /proc/loadavg)\" && echo there"),
    ("uptime", "awk '{ print (int($1) > 0) }' /proc/uptime"),
    ("cpus", "nproc; grep -c ^processor /proc/cpuinfo"),
    ("listening", "ss -Hltn | awk '{ print $4 }' | sort"),
    (
        "units",
        "systemctl is-active dbus.service nothing-of-this-name.service; systemctl list-units --failed --plain --no-legend",
    ),
    ("timers", "systemctl list-timers --all --no-legend | grep -c ."),
    ("clock", "timedatectl show -p Timezone -p LocalRTC"),
    ("users", "getent passwd root daemon _ssi nobody | cut -d: -f1,3; id -u nobody"),
];

fn check(machine: &Machine, id: &str, body: &str, sandbox: &str) -> String {
    let script = Script::new(id, body).with(&format!("# sandbox: {sandbox}"));
    add(machine, &[script], &[]).ok();
    wait_for("the run", PATIENCE, || log(machine, id).contains(" end "));
    log(machine, id)
}

#[test]
fn a_sandbox_refuses_what_no_check_needs() {
    let machine = machine("sandbox-refuses");
    for sandbox in ["standard", "strict"] {
        let body: String = ATTEMPTS
            .iter()
            .map(|(name, code)| {
                format!(
                    "if ( {code} ) > /dev/null 2>&1; then echo \"done: {name}\"; else echo \"refused: {name}\"; fi\n"
                )
            })
            .collect();
        let said = check(&machine, &format!("attempts-{sandbox}"), &format!("{body}echo OK, tried"), sandbox);
        let refused = ATTEMPTS.iter().filter(|(name, _)| said.contains(&format!("refused: {name}"))).count();
        println!("{sandbox}: {refused} of {} refused", ATTEMPTS.len());
        assert_eq!(refused, ATTEMPTS.len(), "{sandbox}: {said}");
    }
    let traces = machine.sh("find /etc /usr/bin /home /root /var /run -name 'ssi-was-here' 2> /dev/null");
    assert_eq!(traces.stdout, "");
    // Each attempt means something: without a sandbox, as root, most of them succeed.
    let outside: Vec<&str> = ATTEMPTS
        .iter()
        .filter(|(name, _)| {
            !["set-clock", "set-hostname", "kill-pid-1", "mount", "load-module", "write-proc-sys"].contains(name)
        })
        .filter(|(_, code)| machine.sh(&format!("( {code} ) > /dev/null 2>&1")).code() != 0)
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(outside, [""; 0], "root can't do this outside of a sandbox either");
}

#[test]
fn a_sandbox_that_refuses_does_not_lie() {
    let machine = machine("sandbox-truth");
    let _other = machine.spawn(&["/bin/sleep", "4242"]);
    let _port = machine.spawn(&["python3", "-m", "http.server", "--bind", "127.0.0.1", "8123"]);
    wait_for("the port", PATIENCE, || machine.sh("ss -Hltn | grep -q :8123").code() == 0);
    machine
        .sh("mkdir -p /home/fred; systemctl is-active --quiet systemd-timedated || timedatectl show > /dev/null")
        .ok();
    let body: String =
        QUESTIONS.iter().map(|(name, code)| format!("echo 'question: {name}'\n( {code} ) 2>&1\n")).collect();
    let said = check(&machine, "questions", &format!("{body}echo 'question: end'\necho OK, asked"), "standard");
    let lines: Vec<&str> = said.lines().map(str::trim).collect();
    for (name, code) in QUESTIONS {
        let outside = machine.sh(&format!("( {code} ) 2>&1")).stdout;
        let start = lines.iter().position(|line| *line == format!("question: {name}")).unwrap() + 1;
        let end = start + lines[start..].iter().position(|line| line.starts_with("question: ")).unwrap();
        let outside: Vec<&str> = outside.lines().map(str::trim).collect();
        assert!(!outside.is_empty(), "{name} has no answer outside");
        assert_eq!(lines[start..end], outside[..], "{name}");
    }
}
