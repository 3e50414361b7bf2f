//! expect, adopt, config, and remove of watches.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::host::Host;

const CONFIG: &str = "/etc/service-status-indicator";

fn file(unit: &str) -> String {
    format!("{CONFIG}/ssi.d/watch-{unit}.toml")
}

fn configure(host: &Host, name: &str, text: &str) {
    let path = host.at(&format!("{CONFIG}/{name}"));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// The units of which something is expected.
fn expected(host: &Host) -> Vec<String> {
    let rows = host.ssi(["expect", "--json"]).exits(0).json();
    rows.as_array().unwrap().iter().map(|row| row["unit"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_unit_gets_a_file_that_everybody_may_read() {
    let host = Host::new();
    let said = host.ssi(["expect", "nginx", "--port", "443", "--port", "80", "--for", "5min"]).exits(0);
    assert_eq!(
        said.out,
        "nginx.service: expected to be active, port 80 open, port 443 open, or else for 5min at most\n"
    );
    let path = file("nginx.service");
    assert!(host.read(&path).ends_with("\n[[watch]]\nunit = \"nginx.service\"\nport = [80, 443]\nfor = \"5min\"\n"));
    assert_eq!(host.at(&path).metadata().unwrap().permissions().mode() & 0o777, 0o644);
    assert_eq!(host.files().len(), 1);
    let row = &host.ssi(["expect", "--json"]).exits(0).json()[0];
    assert_eq!(
        (&row["unit"], &row["ports"], &row["for_seconds"]),
        (&json!("nginx.service"), &json!([80, 443]), &json!(300.0))
    );
    assert_eq!((&row["http"], &row["now"]), (&json!(null), &json!(null)));
    assert!(host.ssi(["expect"]).exits(0).out.starts_with("nginx.service  active, port 80 open"));
}

#[test]
fn the_same_unit_again_is_an_update_that_says_what_changed() {
    let host = Host::new();
    host.ssi(["expect", "nginx.service", "--port", "80", "--for", "1min"]).exits(0);
    let page = ["expect", "nginx", "--port", "81", "--http", "http://localhost/", "--status", "2xx"];
    let before = host.read(&file("nginx.service"));
    let dry = host.ssi(page.iter().chain(&["--dry-run"])).exits(0);
    assert!(dry.out.starts_with("nginx.service: would be changed\n") && host.read(&file("nginx.service")) == before);
    let said = host.ssi(page).exits(0);
    let changes = "nginx.service: changed\n  port: 81 (was 80)\n  http: \"http://localhost/\" (new)\n  status: \"200-299\" (new)\n  for: no longer (was \"1min\")\n";
    assert_eq!(said.out, changes);
    assert!(host.ssi(page).exits(0).out.ends_with("nothing to change\n"));
    let again = host.ssi(["expect", "nginx", "--json"]).exits(0).json();
    assert_eq!((&again[0]["action"], &again[0]["id"]), (&json!("updated"), &json!("nginx.service")));
    assert_eq!(again[0]["changes"].as_array().unwrap().len(), 3);
}

#[test]
fn odd_names_get_files_of_their_own() {
    let host = Host::new();
    let units = ["dev-disk-by\\x2duuid.swap", "web-*.service", "web-?.service", "getty@tty1.service"];
    host.ssi(["expect"].iter().chain(&units)).exits(0);
    let mut sorted = units.map(str::to_owned);
    sorted.sort_by_key(|unit| unit.replace('\\', "%5c").replace('*', "%2a").replace('?', "%3f"));
    assert_eq!(expected(&host), sorted);
    assert!(host.files().contains(&file("web-%2a.service").into()));
    host.ssi(["config", "check"]).exits(0);
    host.ssi(["expect", "--remove"].iter().chain(&units)).exits(0);
    assert_eq!(host.files().len(), 0);
}

#[test]
fn what_is_no_longer_expected_is_taken_back_either_way() {
    let host = Host::new();
    host.ssi(["expect", "a", "b.timer", "c"]).exits(0);
    let said = host.ssi(["expect", "--remove", "a"]).exits(0);
    assert!(said.out.starts_with("nothing is expected of a.service any more (removed `"), "{said:?}");
    let removed = host.ssi(["remove", "b.timer", "--json"]).exits(0).json();
    assert_eq!(removed[0]["id"], "b.timer");
    assert_eq!(expected(&host), ["c.service"]);
    // All or nothing.
    let said = host.ssi(["remove", "c.service", "cc.service"]).exits(1);
    assert_eq!(said.err, "error: nothing is expected of `cc.service`: did you mean `c.service`?\n");
    assert_eq!(expected(&host), ["c.service"]);
    host.ssi(["remove", "door", "c.service"]).exits(2);
    host.ssi(["adopt", "--remove", "c"]).exits(1);
}

#[test]
fn what_people_wrote_is_not_touched() {
    let host = Host::new();
    configure(&host, "ssi.toml", "[[watch]]\nunit = \"a.service\"\nport = 80\n");
    configure(&host, "ssi.d/zz.toml", "[[watch]]\nunit = \"z.service\"\n");
    configure(&host, "ssi.d/watch-x.service.toml", "[history]\nraw = \"8d\"\n[[watch]]\nunit = \"x.service\"\n");
    configure(&host, "ssi.d/watch-y.service.toml", "[[watch]]\nunit = 7\n");
    let before = host.files();
    for args in [&["remove", "a.service"][..], &["expect", "z"], &["expect", "--remove", "z"]] {
        let said = host.ssi(args).exits(1);
        assert!(said.err.contains("counts more: change it there"), "{said:?}");
    }
    for args in [&["expect", "x"][..], &["expect", "y"], &["remove", "x.service"]] {
        let said = host.ssi(args).exits(1);
        assert!(said.err.contains("change it by hand"), "{said:?}");
    }
    assert_eq!(host.files(), before);
    // An earlier file is overruled, and that is said.
    let said = host.ssi(["expect", "a"]).exits(0);
    assert!(said.err.contains("ssi.toml` says of `a.service` no longer counts"), "{said:?}");
}

#[test]
fn mistakes_on_the_command_line_are_usage() {
    let host = Host::new();
    for (args, part) in [
        (&["expect", "a b"][..], "cannot be in the name of a unit"),
        (&["expect", "getty@"], "is a template"),
        (&["expect", "ssi_door.timer"], "belongs to the check `door`"),
        (&["expect", "a", "--port", "65536"], "`65536` is not a number from 1 to 65535"),
        (&["expect", "a", "--http", "localhost"], "is no address of a page"),
        (&["expect", "a", "--status", "200"], "--http"),
        (&["expect", "a", "--http", "http://x", "--timeout", "2h"], "2h is too long: expected 10ms to 1min"),
        (&["expect", "a", "--for", "soon"], "`soon` is not a duration"),
        (&["expect", "a", "--state", "actve"], "did you mean `active`?"),
        (&["expect", "a", "--state", "inactive", "--port", "1"], "is to be inactive"),
        (&["expect", "--all"], "`--root` has no systemd"),
        (&["expect", "--all", "--port", "80"], "belong to one unit"),
        (&["adopt"], "<TIMER>"),
        (&["adopt", "foo.service"], "is no timer"),
        (&["config"], "Commands:"),
    ] {
        let said = host.ssi(args).exits(2);
        assert!(said.err.contains(part), "{args:?}: {said:?}");
    }
    let long = "x".repeat(240);
    let said = host.ssi(["expect", &long]).exits(1);
    assert!(said.err.contains("too long for a file of its own"), "{said:?}");
    assert!(host.files().is_empty());
}

#[test]
fn timers_are_adopted() {
    let host = Host::new();
    host.ssi(["adopt", "certbot", "'apt*'"]).exits(2);
    let said = host.ssi(["adopt", "certbot", "apt-*"]).exits(0);
    assert_eq!(said.out, "certbot.timer: expected to be active\napt-*.timer: expected to be active\n");
    assert_eq!(expected(&host), ["apt-*.timer", "certbot.timer"]);
    host.ssi(["adopt", "--remove", "certbot"]).exits(0);
    assert_eq!(expected(&host), ["apt-*.timer"]);
}

#[test]
fn the_configuration_is_checked_with_line_and_column() {
    let host = Host::new();
    let right = host.ssi(["config", "check"]).exits(0);
    assert_eq!(right.out, "the configuration is right: 0 files, 0 watch rules\n");
    configure(&host, "ssi.toml", "[history]\nrow = \"7d\"\nevents = 5\n");
    configure(&host, "ssi.d/a.toml", "[[watch]]\nunit = \"a.service\"\nprot = 80\n");
    let said = host.ssi(["config", "check"]).exits(1);
    for part in ["ssi.toml:2:1", "ssi.toml:3:10", "ssi.d/a.toml:3:1", "did you mean `port`?", "prot = 80"] {
        assert!(said.err.contains(part), "{part}: {said:?}");
    }
    let found = host.ssi(["config", "check", "--json"]).exits(1).json();
    assert_eq!(found["valid"], false);
    let problems = found["problems"].as_array().unwrap();
    let places: Vec<_> =
        problems.iter().map(|problem| (problem["line"].as_u64(), problem["column"].as_u64())).collect();
    assert_eq!(places, [(Some(2), Some(1)), (Some(3), Some(10)), (Some(3), Some(1))]);
    // A file with mistakes does not count, the others do.
    configure(&host, "ssi.d/b.toml", "[history]\nraw = \"8d\"\n");
    let shown = host.ssi(["config", "show"]).exits(0);
    let (first, origin) = ("[history]\nraw = \"8d\"  # ", "ssi.d/b.toml\ndetail = \"1d\"\n");
    assert!(shown.out.starts_with(first) && shown.out.contains(origin), "{shown:?}");
    assert!(shown.err.contains("ssi.toml:2:1"), "{shown:?}");
    // Warnings are no mistakes.
    for name in ["ssi.toml", "ssi.d/a.toml"] {
        configure(&host, name, "[[watch]]\nunit = \"a.service\"\n");
    }
    let said = host.ssi(["config", "check"]).exits(0);
    assert!(said.err.contains("warning: `a.service` is named again") && said.out.contains("is right"), "{said:?}");
}

#[test]
fn what_is_shown_can_be_used() {
    let host = Host::new();
    host.ssi(["expect", "nginx", "--http", "http://localhost/", "--timeout", "1s"]).exits(0);
    configure(&host, "ssi.toml", "[history]\nraw = \"30d\"\n[[watch]]\nunits = [\"a.mount\", \"b-*.service\"]\n");
    let shown = host.ssi(["config", "show"]).exits(0).out;
    let mut document = host.ssi(["config", "show", "--json"]).exits(0).json();
    let origins = document.as_object_mut().unwrap().remove("origins").unwrap();
    assert_eq!(origins, json!({"history.raw": host.at("/etc/service-status-indicator/ssi.toml")}));
    assert_eq!(
        (&document["history"]["raw_seconds"], &document["history"]["events"]),
        (&json!(2_592_000), &json!(100_000))
    );
    assert_eq!(
        document["watches"][2]["http"],
        json!({"url": "http://localhost/", "status": [200, 399], "timeout_seconds": 1.0})
    );
    let other = Host::new();
    configure(&other, "ssi.toml", &shown);
    let mut again = other.ssi(["config", "show", "--json"]).exits(0).json();
    for index in 0..3 {
        again["watches"][index]["file"] = document["watches"][index]["file"].clone();
    }
    again.as_object_mut().unwrap().remove("origins");
    assert_eq!(again, document);
}

#[test]
fn the_environment_overrides_files_and_flags_the_environment() {
    let host = Host::new();
    configure(&host, "ssi.toml", "[history]\nraw = \"30d\"\nhours = \"40d\"\n");
    let show = |variables: &[(&str, &str)]| {
        let mut command = host.command(["config", "show"]);
        command.envs(variables.iter().copied());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (shown, _) = show(&[("SSI_HISTORY_RAW", "14d"), ("SSI_LIMITS_REQUESTS", "0")]);
    for line in ["raw = \"14d\"  # $SSI_HISTORY_RAW\n", "requests = 0  # $SSI_LIMITS_REQUESTS\n", "hours = \"40d\"  # "]
    {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let (shown, wrong) = show(&[("SSI_HISTORY_RAW", "soon"), ("SSI_HISTORY_ROW", "1d")]);
    assert!(shown.contains("raw = \"30d\"  # "), "{shown}");
    assert!(wrong.contains("$SSI_HISTORY_RAW:2:7") && wrong.contains("did you mean `raw`?"), "{wrong}");
    // A flag is nearer than a variable.
    let other = Host::new();
    let (shown, _) = show(&[("SSI_ROOT", other.root().to_str().unwrap()), ("SSI_COLOR", "always")]);
    assert!(shown.contains("raw = \"30d\"") && shown.contains("\u{1b}["), "{shown}");
    let mut bare = std::process::Command::new(env!("CARGO_BIN_EXE_ssi"));
    bare.args(["config", "show", "--color", "never"]).env("SSI_ROOT", host.root()).env("SSI_COLOR", "always");
    let shown = String::from_utf8(bare.output().unwrap().stdout).unwrap();
    assert!(shown.contains("raw = \"30d\"") && !shown.contains('\u{1b}'), "{shown}");
}

#[test]
fn a_configuration_begins_with_every_setting_as_a_comment() {
    let host = Host::new();
    let file = "/etc/service-status-indicator/ssi.toml";
    let said = host.ssi(["config", "init"]).exits(0);
    assert!(said.out.contains("ssi.toml: every setting with its default"), "{said:?}");
    let text = host.read(file);
    assert!(text.contains("\n#raw = \"7d\"\n") && text.contains("\n#[[watch]]\n"), "{text}");
    let defaults = Host::new().ssi(["config", "show"]).exits(0).out;
    assert_eq!(host.ssi(["config", "show"]).exits(0).out, defaults);
    // As it was written it may be written again, but nobody's own work is lost.
    host.ssi(["config", "init"]).exits(0);
    configure(&host, "ssi.toml", "# mine\n");
    let said = host.ssi(["config", "init"]).exits(1);
    assert!(said.err.contains("is there already") && host.read(file) == "# mine\n", "{said:?}");
    host.ssi(["config", "init", "--force"]).exits(0);
    assert_eq!((host.read(file), host.read(&format!("{file}.old"))), (text, "# mine\n".to_owned()));
}

#[test]
fn missing_rights_are_told() {
    let host = Host::new();
    host.ssi(["expect", "a"]).exits(0);
    for args in [&["expect", "b"][..], &["remove", "a.service"]] {
        let said = host.ssi_as_nobody(args).exits(4);
        assert!(said.err.contains("Permission denied") && said.err.contains("`sudo ssi …`"), "{said:?}");
    }
    // Looking is for everybody, whatever root's umask is.
    assert!(host.ssi_as_nobody(["expect"]).exits(0).out.starts_with("a.service  active"));
}
