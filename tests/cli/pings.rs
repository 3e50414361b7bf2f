//! expect --ping: programs that tell of their runs over HTTP.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::host::Host;

const FILE: &str = "/etc/service-status-indicator/ssi.d/ping-backup.toml";

#[test]
fn the_address_is_told_once_and_kept_nowhere() {
    let host = Host::new();
    let said = host.ssi(["expect", "--ping", "backup", "--every", "1d", "--description", "of laptops"]).exits(0);
    let (words, url) = said.out.split_once('\n').unwrap();
    assert_eq!(words, "backup: expected to tell of a run every 1d, or 1h later at most");
    let key = url.trim_end().strip_prefix("http://127.0.0.1:5000/ping/").unwrap();
    assert_eq!(key.len(), 36);
    assert!(said.err.contains("only time it is shown"), "{}", said.err);
    let text = host.read(FILE);
    assert!(
        !text.contains(key) && text.contains("\n[[ping]]\nname = \"backup\"\ndescription = \"of laptops\"\n"),
        "{text}"
    );
    assert_eq!(host.at(FILE).metadata().unwrap().permissions().mode() & 0o777, 0o644);
    host.ssi(["config", "check"]).exits(0);
    let row = &host.ssi(["expect", "--json"]).exits(0).json()[0];
    assert_eq!(
        (&row["id"], &row["every_seconds"], &row["grace_seconds"]),
        (&json!("backup"), &json!(86400.0), &json!(3600.0))
    );
    assert!(host.ssi(["expect"]).exits(0).out.starts_with("backup  a ping every 1d, or 1h later at most"));
    let listed = host.ssi(["list", "--json"]).exits(0).json();
    assert_eq!((&listed[0]["kind"], &listed[0]["status"]), (&json!("ping"), &json!("UNKNOWN")));
}

#[test]
fn what_is_not_said_again_stays_and_the_key_too() {
    let host = Host::new();
    host.ssi(["expect", "--ping", "backup", "--every", "1h", "--grace", "5min"]).exits(0);
    let before = host.read(FILE);
    let at = ["expect", "--ping", "backup", "--schedule", "0 3 * * 1-5"];
    let dry = host.ssi(at.iter().chain(&["--dry-run"])).exits(0);
    assert!(dry.out.starts_with("backup: would be changed\n") && host.read(FILE) == before, "{}", dry.out);
    let said = host.ssi(at).exits(0);
    assert_eq!(said.out, "backup: changed\n  schedule: \"0 3 * * 1-5\" (new)\n  every: no longer (was \"1h\")\n");
    let key = |text: &str| text.lines().find(|line| line.starts_with("key = ")).map(str::to_owned);
    assert_eq!(key(&host.read(FILE)), key(&before));
    let again = host.ssi(["expect", "--ping", "backup"]).exits(0);
    assert_eq!(
        again.out,
        "backup: expected already to tell of a run Monday to Friday at 03:00, or 5min later at most, nothing to change\n"
    );
    let anew = host.ssi(["expect", "--ping", "backup", "--new-key", "--json"]).exits(0).json();
    assert_eq!(
        (&anew["action"], &anew["changes"]),
        (&json!("updated"), &json!(["key: a new one (the old address ends)"]))
    );
    assert!(anew["url"].as_str().is_some_and(|url| url.contains("/ping/")), "{anew}");
    assert_ne!(key(&host.read(FILE)), key(&before));
    let gone = host.ssi(["expect", "--ping", "backup", "--remove"]).exits(0);
    assert!(gone.out.starts_with("nothing is expected of backup any more"), "{}", gone.out);
    assert!(!host.at(FILE).exists());
}

#[test]
fn mistakes_say_what_to_do() {
    let host = Host::new();
    host.ssi(["expect", "--ping", "backup"]).exits(0);
    for (args, part) in [
        (&["--ping", "Back up"][..], "`Back up` is no name of a ping; expected 1 to 64 of"),
        (&["--ping", "a", "--every", "soon"], "expected a time span such as"),
        (&["--ping", "a", "--every", "0"], "0s is too short: expected 1s to 100y"),
        (&["--ping", "a", "--schedule", "25:00"], "this is no schedule"),
        (&["--ping", "a", "--every", "1h", "--schedule", "daily"], "cannot be used with"),
        (&["--ping", "a", "nginx"], "cannot be used with"),
        (&["--ping", "a", "--port", "80"], "cannot be used with"),
        (&["--every", "1h"], "--ping <NAME>"),
        (&["--ping", "a", "--description", "two\nlines"], "is no text of 1 to 255 characters on one line"),
    ] {
        let said = host.ssi([&["expect"], args].concat()).exits(2);
        assert!(said.err.contains(part), "{args:?}: {}", said.err);
    }
    let unknown = host.ssi(["expect", "--ping", "bakcup", "--remove"]).exits(1);
    assert!(unknown.err.contains("nothing is expected of `bakcup`: did you mean `backup`?"), "{}", unknown.err);
    std::fs::write(host.at(FILE), "[[ping]]\nname = \"backup\"\nkey = \"mine\"\n").unwrap();
    let foreign = host.ssi(["expect", "--ping", "backup", "--grace", "2h"]).exits(1);
    assert!(foreign.err.contains("is not as `ssi expect` writes it: change it by hand"), "{}", foreign.err);
}

#[test]
fn a_ping_is_found_by_its_name() {
    let host = Host::new();
    host.ssi(["expect", "--ping", "backup", "--every", "1d"]).exits(0);
    let all = host.ssi(["status"]).exits(3);
    assert!(all.out.contains("UNKNOWN backup: has not run yet"), "{}", all.out);
    let one = host.ssi(["status", "backup"]).exits(3);
    assert!(one.out.contains("schedule every 1d") && one.out.contains("deadline "), "{}", one.out);
    let near = host.ssi(["status", "bakcup"]).exits(3);
    assert!(near.err.contains("did you mean `backup`?"), "{}", near.err);
    let remove = host.ssi(["remove", "backup"]).exits(2);
    assert!(remove.err.contains("`ssi expect --ping backup --remove` removes it"), "{}", remove.err);
}
