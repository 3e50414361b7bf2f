//! jobs and `probe jobs`, below a root with crontabs.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::host::Host;

const CRONTAB: &str = "SHELL=/bin/sh\n# m h dom mon dow user command\n17 * * * * root cd / && run-parts --report /etc/cron.hourly\n\
    25 6 * * * root test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }\n";

fn write(host: &Host, path: &str, text: &str, mode: u32) {
    let path = host.at(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A host with everything that cron and anacron look at.
fn host() -> Host {
    let host = Host::with_door("echo OK");
    write(&host, "/etc/crontab", CRONTAB, 0o644);
    write(&host, "/etc/cron.d/certbot", "0 */12 * * * root certbot -q renew --password geheim\n", 0o644);
    write(&host, "/etc/cron.d/left.dpkg-old", "* * * * * root never\n", 0o644);
    write(
        &host,
        "/var/spool/cron/crontabs/ann",
        "0 3 * * * TOKEN=geheim /home/ann/backup\n@reboot /home/ann/up\n",
        0o600,
    );
    write(&host, "/var/spool/cron/crontabs/tmp.x1", "* * * * * never\n", 0o600);
    write(&host, "/etc/cron.hourly/beat", "", 0o755);
    write(&host, "/etc/cron.hourly/off", "", 0o644);
    write(&host, "/etc/cron.hourly/beat.sh", "", 0o755);
    write(&host, "/etc/cron.daily/0tidy", "", 0o755);
    write(&host, "/etc/cron.weekly/lost", "", 0o755);
    write(&host, "/etc/anacrontab", "1 5 cron.daily run-parts --report /etc/cron.daily\n", 0o644);
    write(&host, "/var/spool/anacron/cron.daily", "20000101\n", 0o600);
    host
}

fn job<'a>(jobs: &'a Value, source: &str, command: &str) -> &'a Value {
    let is_meant =
        |job: &&Value| job["source"] == source && job["command"].as_str().is_some_and(|text| text.contains(command));
    jobs["items"].as_array().unwrap().iter().find(is_meant).unwrap_or_else(|| panic!("{source} {command} in {jobs:#}"))
}

#[test]
fn everything_that_is_scheduled_is_listed_in_words() {
    let host = host();
    let jobs = host.ssi(["jobs", "--json"]).exits(0).json();
    assert_eq!((&jobs["stale"], &jobs["error"], &jobs["crontabs"]), (&json!(false), &json!(null), &json!(null)));
    let backup = job(&jobs, "/var/spool/cron/crontabs/ann:1", "backup");
    assert_eq!(backup["command"], "TOKEN=*** /home/ann/backup");
    assert_eq!((&backup["human"], &backup["user"]), (&json!("Daily at 03:00"), &json!("ann")));
    assert!(backup["next_run"].as_str().unwrap().ends_with(":00:00.000Z") && backup["last_run"].is_null());
    assert_eq!(job(&jobs, "/var/spool/cron/crontabs/ann:2", "up")["human"], "At boot");
    let renew = job(&jobs, "/etc/cron.d/certbot:1", "certbot");
    assert_eq!((&renew["name"], &renew["command"]), (&json!("certbot"), &json!("certbot -q renew --password ***")));
    let beat = job(&jobs, "/etc/cron.hourly", "beat");
    assert_eq!((&beat["kind"], &beat["schedule"]), (&json!("cron"), &json!("17 * * * *")));
    // Without anacron the line of cron counts.
    assert_eq!(job(&jobs, "/etc/cron.daily", "0tidy")["human"], "Daily at 06:25");
    let lost = job(&jobs, "/etc/cron.weekly", "lost");
    assert!(
        lost["enabled"] == false && lost["error"].is_null() && lost["human"].as_str().unwrap().starts_with("Never: "),
        "{lost}"
    );
    let daily = job(&jobs, "/etc/anacrontab:1", "cron.daily");
    assert_eq!((&daily["overdue"], &daily["human"]), (&json!(true), &json!("Daily, 5 min after anacron starts")));
    let door = job(&jobs, "check:door", "ssi exec door");
    assert_eq!(
        (&door["kind"], &door["unit"], &door["enabled"]),
        (&json!("check"), &json!("ssi_door.timer"), &json!(true))
    );
    for never in ["never", "/etc/cron.hourly/off", "beat.sh", "geheim"] {
        assert!(!jobs.to_string().contains(never), "{never}");
    }
    write(&host, "/usr/sbin/anacron", "", 0o755);
    let jobs = host.ssi(["jobs", "--json"]).exits(0).json();
    assert_eq!(job(&jobs, "/etc/cron.daily", "0tidy")["kind"], "anacron");
}

#[test]
fn the_table_is_for_people() {
    let host = host();
    let said = host.ssi(["jobs"]).exits(0);
    let line =
        |part: &str| said.out.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}: {said:?}"));
    assert!(line("KIND").contains("SCHEDULE") && line("KIND").ends_with("COMMAND"));
    assert!(line("/home/ann/backup").contains("Daily at 03:00") && line("TOKEN").contains("TOKEN=***"));
    assert!(line("cron.daily").contains("anacron") || said.out.contains("overdue"), "{said:?}");
    assert!(line("/etc/cron.weekly/lost").contains("Never: neither cron nor anacron runs /etc/cron.weekly"));
    assert_eq!(said.err, "");
}

#[test]
fn the_probe_prints_one_document_and_says_what_cron_will_not_run() {
    let host = host();
    let said = host.ssi(["probe", "jobs"]).exits(0);
    assert_eq!(said.out, "OK, 9 jobs of cron and anacron\n");
    let document = host.ssi(["probe", "jobs", "--json"]).exits(0).json();
    assert_eq!((&document["status"], &document["omitted"]), (&json!("OK"), &json!(0)));
    assert_eq!(document["items"].as_array().unwrap().len(), 9);
    assert!(!document.to_string().contains("geheim"));
    write(&host, "/etc/cron.d/wrong", "0 25 * * * root x\n0 3 * * * root y\n", 0o644);
    let said = host.ssi(["probe", "jobs"]).exits(1);
    assert!(said.out.starts_with("WARNING, cron will not run /etc/cron.d/wrong:1: "), "{said:?}");
    assert!(said.out.contains("\n  /etc/cron.d/wrong:2: cron takes no line of this file"), "{said:?}");
    // What can't be read is neither empty nor fine.
    fs::remove_file(host.at("/etc/crontab")).unwrap();
    fs::create_dir(host.at("/etc/crontab")).unwrap();
    let said = host.ssi(["probe", "jobs"]).exits(3);
    assert!(said.out.starts_with("ERROR, could not read `/etc/crontab`"), "{said:?}");
    assert!(host.ssi(["jobs"]).exits(0).err.contains("could not read `/etc/crontab`"));
}

/// Who may not read crontabs sees what the check printed that may.
#[test]
fn the_document_of_a_check_stands_in_for_what_can_not_be_read() {
    let host = host();
    let script = "#!/bin/bash\n# name: Jobs\n# description: x\n# version: 1\n# schedule: hourly\n# protocol: json\n# section: cron-jobs\n\
        echo '{\"generated_at\": \"2026-11-22T12:00:00.000Z\", \"items\": [{\"name\": \"a\", \"kind\": \"cron\", \"source\": \"/etc/crontab:9\", \
        \"schedule\": \"0 3 * * *\", \"next_run\": \"2026-11-23T03:00:00.000Z\", \"command\": \"from-the-check\", \"enabled\": true}]}'\n";
    let path = host.path("jobs.bash");
    fs::write(&path, script).unwrap();
    host.ssi(["add", path.to_str().unwrap()]).exits(0);
    host.ssi(["run", "jobs"]).exits(0);
    fs::remove_file(host.at("/etc/crontab")).unwrap();
    fs::create_dir(host.at("/etc/crontab")).unwrap();
    let jobs = host.ssi(["jobs", "--json"]).exits(0).json();
    assert_eq!((&jobs["crontabs"], &jobs["error"]), (&json!("jobs"), &json!(null)));
    assert_eq!(jobs["generated_at"], "2026-11-22T12:00:00.000Z");
    assert_eq!(job(&jobs, "/etc/crontab:9", "from-the-check")["enabled"], true);
}
