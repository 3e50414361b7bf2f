//! What is scheduled on a machine: foreign timers, and crontabs that only a check with one right of root may read.

use serde_json::{Value, json};

use crate::checks::{Script, add, json, last_end, log, machine, ssi};
use crate::machine::{Machine, PATIENCE, wait_for};

const SHIPPED: &str = "/usr/share/service-status-indicator/checks/jobs.bash";
const CRONTAB: &str = "/var/spool/cron/crontabs/ann";

/// Who writes it: its owner alone may read it, and the directory is as closed as that of cron.
fn crontab(machine: &Machine) {
    machine.write(CRONTAB, "0 3 * * * /home/ann/backup --password geheim\n", 0o600);
    machine.sh("useradd ann; chown -R ann: /var/spool/cron/crontabs; chmod 1730 /var/spool/cron/crontabs").ok();
}

fn find<'a>(jobs: &'a Value, key: &str, value: &str) -> Option<&'a Value> {
    jobs["items"].as_array().unwrap().iter().find(|job| job[key] == value)
}

#[test]
fn a_check_with_one_right_of_root_reads_every_file_and_can_do_nothing_else() {
    let machine = machine("jobs-rights");
    crontab(&machine);
    let body = format!(
        "grep -E '^(Uid|CapEff|CapPrm|CapInh|CapBnd|CapAmb):' /proc/self/status\n\
         cat {CRONTAB}\n\
         for file in {CRONTAB} /etc/passwd /var/lib/service-status-indicator/checks/x /root/x /home/x /run/x; do\n\
         (echo x >> \"$file\") 2> /dev/null && echo \"wrote $file\"\n\
         done\n\
         chown 0 {CRONTAB} 2> /dev/null && echo chowned\n\
         mount -o remount,rw / 2> /dev/null && echo mounted\n\
         kill -0 1 2> /dev/null && echo 'may kill'\n\
         echo OK"
    );
    let root = Script::new("as-root", &body).with("user: root").with("capabilities: cap_dac_read_search");
    let plain = Script::new("as-nobody", &body).with("capabilities: cap_dac_read_search");
    let none = Script::new("without", &format!("cat {CRONTAB}\necho OK")).with("user: root");
    for script in [&root, &plain] {
        let refused = add(&machine, std::slice::from_ref(script), &[]);
        assert!(refused.code() != 0 && refused.stderr.contains("--allow-root"), "{refused:?}");
    }
    add(&machine, &[root, plain, none], &["--allow-root"]).ok();
    for (id, uid) in [("as-root", "\t0"), ("as-nobody", "")] {
        let log = log(&machine, id);
        assert_eq!(last_end(&machine, id).status, "OK", "{log}");
        assert!(log.contains("/home/ann/backup"), "{log}");
        for deed in ["wrote", "chowned", "mounted"] {
            assert!(!log.contains(deed), "{id} could do what it must not: {log}");
        }
        let rights: Vec<&str> = log.lines().map(str::trim).filter(|line| line.starts_with("Cap")).collect();
        let is_only = |line: &&&str| line.ends_with("\t0000000000000004") || line.ends_with("\t0000000000000000");
        assert_eq!(rights.iter().filter(is_only).count(), 5, "{rights:?}");
        assert!(rights.contains(&"CapEff:\t0000000000000004") && log.contains(&format!("Uid:{uid}")), "{log}");
    }
    assert!(!log(&machine, "as-nobody").contains("may kill"));
    let refused = log(&machine, "without");
    assert!(refused.contains("Permission denied") && !refused.contains("/home/ann/backup"), "{refused}");
    let row = json(&ssi(&machine, &["list", "--json"]));
    let row = row.as_array().unwrap().iter().find(|row| row["id"] == "as-nobody").unwrap().clone();
    assert_eq!(row["marks"], json!(["root"]));
}

#[test]
fn every_timer_and_every_crontab_is_a_job_for_everybody() {
    let machine = machine("jobs-list");
    crontab(&machine);
    let timer = |settings: &str| format!("[Timer]\n{settings}\n[Install]\nWantedBy=timers.target\n");
    machine.write("/etc/systemd/system/tidy.timer", &timer("OnCalendar=*-*-* 03:00:00"), 0o644);
    machine.write(
        "/etc/systemd/system/tidy.service",
        "[Service]\nType=oneshot\nUser=ann\nExecStart=/bin/false --token=geheim\n",
        0o644,
    );
    machine.write(
        "/etc/systemd/system/beat.timer",
        &timer("OnUnitInactiveSec=1h\nOnActiveSec=1s\nAccuracySec=1ms"),
        0o644,
    );
    machine.write("/etc/systemd/system/beat.service", "[Service]\nType=oneshot\nExecStart=/bin/true\n", 0o644);
    machine.sh("systemctl daemon-reload && systemctl enable --now tidy.timer beat.timer && systemctl start tidy.service; true").ok();
    machine.run(&["systemd-run", "--unit=made", "--on-active=1h", "/bin/true"]).ok();
    ssi(&machine, &["add", "--allow-root", SHIPPED]).ok();
    assert_eq!(last_end(&machine, "jobs").status, "OK", "{}", log(&machine, "jobs"));
    assert!(!log(&machine, "jobs").contains("geheim"));

    // As a user who may read neither the crontab nor the log of the check.
    let asked = || json(&machine.run(&["runuser", "-u", "nobody", "--", "ssi", "jobs", "--json"]));
    wait_for("the timer to have run", PATIENCE, || {
        find(&asked(), "unit", "beat.timer").is_some_and(|job| job["last_result"] == "success")
    });
    let jobs = asked();
    let tidy = find(&jobs, "unit", "tidy.timer").unwrap();
    assert_eq!((&tidy["human"], &tidy["user"]), (&json!("Daily at 03:00"), &json!("ann")));
    assert_eq!((&tidy["command"], &tidy["last_result"]), (&json!("/bin/false --token=***"), &json!("exit-code")));
    assert_eq!((&tidy["source"], &tidy["kind"]), (&json!("/etc/systemd/system/tidy.timer"), &json!("timer")));
    assert_eq!((&tidy["overdue"], &tidy["enabled"]), (&json!(false), &json!(true)));
    assert!(tidy["next_run"].is_string() && tidy["last_run"].is_null());
    let beat = find(&jobs, "unit", "beat.timer").unwrap();
    assert!(beat["last_run"].is_string() && beat["next_run"].is_string(), "{beat}");
    assert_eq!(beat["human"], "1 s after the timer starts; 1 h after its last end");
    let made = find(&jobs, "unit", "made.timer").unwrap();
    assert_eq!((&made["human"], &made["command"]), (&json!("1 h after the timer starts"), &json!("/bin/true")));
    // The timer of a check is the check's job, once.
    let units = jobs["items"].as_array().unwrap().iter().filter(|job| job["unit"] == "ssi_jobs.timer");
    assert_eq!(units.map(|job| job["kind"].as_str()).collect::<Vec<_>>(), [Some("check")]);

    // Root reads the crontabs itself, everybody else what the check printed.
    let of_root = json(&ssi(&machine, &["jobs", "--json"]));
    let backup = find(&of_root, "source", &format!("{CRONTAB}:1")).unwrap();
    assert_eq!(
        (&backup["command"], &backup["human"]),
        (&json!("/home/ann/backup --password ***"), &json!("Daily at 03:00"))
    );
    assert_eq!((&of_root["error"], &of_root["crontabs"]), (&json!(null), &json!("jobs")));
    let said = machine.run(&["runuser", "-u", "nobody", "--", "ssi", "jobs"]);
    assert!(said.stderr.contains(&format!("could not read `{}", CRONTAB.trim_end_matches("/ann"))), "{said:?}");
    let member = json(&machine.run(&["runuser", "-u", "nobody", "-g", "_ssi", "--", "ssi", "jobs", "--json"]));
    assert!(find(&member, "source", &format!("{CRONTAB}:1")).is_some() && member["error"].is_null(), "{member:#}");
}

/// What the agent answers.
fn ask(machine: &Machine, path: &str) -> Value {
    serde_json::from_str(&machine.run(&["curl", "-sS", &format!("http://localhost:5000{path}")]).ok()).unwrap()
}

#[test]
fn the_agent_tells_of_all_jobs_and_of_components() {
    let machine = crate::agent_board::machine("jobs-agent");
    crontab(&machine);
    machine.run(&["systemd-run", "--unit=made", "--on-active=1h", "/bin/true"]).ok();
    machine.write(
        "/etc/service-status-indicator/ssi.toml",
        "[[component]]\nname = \"cron\"\ndisplay_name = \"Cron\"\nmembers = [\"check:jobs\"]\n",
        0o644,
    );
    ssi(&machine, &["add", "--allow-root", SHIPPED]).ok();
    let place = format!("{CRONTAB}:1");
    let mut jobs = Value::Null;
    wait_for("the jobs", PATIENCE, || {
        jobs = ask(&machine, "/api/v1/jobs");
        find(&jobs, "unit", "made.timer").is_some() && find(&jobs, "source", &place).is_some()
    });
    assert_eq!((&jobs["stale"], &jobs["error"], &jobs["crontabs"]), (&json!(false), &json!(null), &json!("jobs")));
    assert_eq!(find(&jobs, "source", &place).unwrap()["command"], "/home/ann/backup --password ***");
    let own = jobs["items"].as_array().unwrap().iter().filter(|job| job["unit"] == "ssi_jobs.timer");
    assert_eq!(own.map(|job| job["kind"].as_str()).collect::<Vec<_>>(), [Some("check")]);
    assert!(find(&json!({"items": ask(&machine, "/status")["jobs"]["data"]}), "unit", "made.timer").is_some());

    let apps = || ask(&machine, "/apps.json");
    wait_for("the component", PATIENCE, || apps()["apps"][0]["state"] == "healthy");
    let apps = apps();
    assert_eq!((&apps["apps"][0]["name"], &apps["apps"][0]["displayName"]), (&json!("cron"), &json!("Cron")));
    let crons = apps["crons"].as_array().unwrap();
    assert!(crons.iter().any(|cron| cron["human"] == "Daily at 03:00" && cron["schedule"] == "0 3 * * *"), "{apps:#}");
    assert!(!crons.iter().any(|cron| cron["name"] == "jobs" || cron["name"] == "ssi_jobs"), "{apps:#}");
}

#[test]
fn a_timer_that_comes_or_goes_is_taken_up_at_once() {
    let machine = crate::agent_board::machine("jobs-signals");
    let has = |unit: &str| find(&ask(&machine, "/api/v1/jobs"), "unit", unit).is_some();
    let timer = "[Timer]\nOnCalendar=yearly\n[Install]\nWantedBy=timers.target\n";
    machine.write("/etc/systemd/system/tidy.timer", timer, 0o644);
    machine.write("/etc/systemd/system/tidy.service", "[Service]\nType=oneshot\nExecStart=/bin/true\n", 0o644);
    wait_for("the timers", PATIENCE, || !ask(&machine, "/api/v1/jobs")["items"].as_array().unwrap().is_empty());
    // Far less than the ten minutes after which systemd is asked in any case.
    let soon = PATIENCE / 3;
    machine.sh("systemctl enable -q --now tidy.timer").ok();
    wait_for("a timer that is switched on", soon, || has("tidy.timer"));
    machine.run(&["systemd-run", "--unit=made", "--on-active=1h", "/bin/true"]).ok();
    wait_for("a timer that is made", soon, || has("made.timer"));
    machine.sh("systemctl stop made.timer").ok();
    wait_for("its end", soon, || !has("made.timer"));
    machine.sh("sed -i s/yearly/monthly/ /etc/systemd/system/tidy.timer && systemctl daemon-reload").ok();
    wait_for("another schedule", soon, || {
        find(&ask(&machine, "/api/v1/jobs"), "unit", "tidy.timer")
            .is_some_and(|job| job["schedule"] == "*-*-01 00:00:00")
    });
    machine.sh("systemctl start tidy.service").ok();
    wait_for("the end of what it starts", soon, || {
        find(&ask(&machine, "/api/v1/jobs"), "unit", "tidy.timer").is_some_and(|job| job["last_result"] == "success")
    });
}
