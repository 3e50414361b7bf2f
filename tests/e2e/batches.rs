//! What `add` refuses, and odd names that it does not.

use crate::checks::{SCRIPTS, Script, Traces, UNITS, add, json, machine, ssi};

#[test]
fn one_bad_script_among_three_keeps_all_out() {
    let machine = machine("batch");
    let before = Traces::of(&machine);
    let bad = Script::new("bad", "true").with("schedule: *:0/61").with("timeout: 20 (Seconds)").with("sandox: off");
    let worse = Script::new("worse", "true").with("name: ab");
    let refused = add(&machine, &[Script::new("good", "true"), bad, worse], &[]);
    assert_eq!(refused.code(), 1);
    for text in [
        "/srv/bad.bash:",
        "/srv/worse.bash:",
        "*:0/61",
        "20 (Seconds)",
        "sandbox",
        "nothing was installed: scripts with mistakes",
    ] {
        assert!(refused.stderr.contains(text), "`{text}` is missing in\n{}", refused.stderr);
    }
    // Line and column of the value, as a compiler has it.
    assert!(refused.stderr.contains("/srv/bad.bash:5:15"), "{}", refused.stderr);
    before.assert_unchanged(&machine, "as it was before");
    add(&machine, &[Script::new("good", "true")], &["--no-run"]).ok();
    let before = Traces::of(&machine);
    let other_name = Script::new("other", "true").with("id: good");
    let twice = [Script::new("one", "true").with("id: same"), Script::new("two", "true").with("id: same")];
    let missing = Script::new("secret", "true").with("env-file: /etc/secret");
    let cases = [
        (add(&machine, &twice, &[]), "both have the id `same`"),
        (add(&machine, &[other_name], &[]), "belongs to the installed check `good`"),
        (add(&machine, &[Script::new("rooted", "true").with("user: root")], &[]), "--allow-root"),
        (add(&machine, &[Script::new("nobody-there", "true").with("user: nemo")], &[]), "`nemo` does not exist"),
        (add(&machine, &[missing], &[]), "/etc/secret"),
        (ssi(&machine, &["add", "/srv/none.bash"]), "/srv/none.bash"),
        (ssi(&machine, &["add", "/dev/zero"]), "/dev/zero"),
        (ssi(&machine, &["add", "/srv"]), "/srv"),
    ];
    for (output, text) in cases {
        assert_eq!(output.code(), 1, "{output:?}");
        assert!(output.stderr.contains(text), "`{text}` is missing in\n{}", output.stderr);
        before.assert_unchanged(&machine, text);
    }
    assert_eq!(ssi(&machine, &["add"]).code(), 2);
}

#[test]
fn root_and_secrets_need_care() {
    let machine = machine("secrets");
    let secret = || Script::new("secret", "echo \"OK, $WORD\"").with("env-file: /etc/secret");
    machine.write("/etc/secret", "WORD=hidden\n", 0o644);
    let refused = add(&machine, &[secret()], &[]);
    assert!(refused.code() == 1 && refused.stderr.contains("chmod o= /etc/secret"), "{refused:?}");
    machine.write("/etc/secret", "WORD=hidden\n", 0o600);
    assert!(add(&machine, &[secret()], &[]).ok().contains("ran secret: OK hidden"));
    let rooted = Script::new("rooted", "echo \"OK, $(id -un)\"").with("user: root");
    assert!(add(&machine, &[rooted], &["--allow-root"]).ok().contains("ran rooted: OK root"));
    let free = Script::new("free", "echo \"OK, $(id -un)\"").with("sandbox: off");
    assert!(add(&machine, &[free], &[]).ok().contains("ran free: OK _ssi-check"));
    let list = json(&ssi(&machine, &["list", "--json"]));
    let marks: Vec<_> = list.as_array().unwrap().iter().map(|check| check["marks"].to_string()).collect();
    assert_eq!(marks, ["[\"unsandboxed\"]", "[\"root\"]", "[]"]);
}

#[test]
fn names_mean_nothing_to_systemd() {
    let machine = machine("names");
    let marked = "echo \"OK, $0\"";
    let names = [
        r"100 % of %n and %H",
        r#"it's a "quoted" name"#,
        "costs $HOME and ${PATH} $(id)",
        r"ends with a backslash \",
        r"two \\ of them \\",
        "Überwachung für Müller 🚦",
        "; ExecStart=/bin/false #",
        "a\\nExecStartPre=/usr/bin/touch /srv/pwned",
    ];
    for (number, name) in names.iter().enumerate() {
        let id = format!("odd-{number}");
        let script = Script::new(&id, marked).with(&format!("name: {name}")).with(&format!("id: {id}"));
        // Its own path is odd as well.
        let path = format!("/srv/my checks/100 % \"{number}\" $HOME.bash");
        machine.write(&path, &script.text(), 0o644);
        let added = ssi(&machine, &["add", &path]);
        assert_eq!(added.code(), 0, "{name}: {added:?}");
        assert!(added.stdout.contains(&format!("OK {SCRIPTS}/{id}.bash")), "{name}: {added:?}");
        let description = crate::checks::property(&machine, &format!("ssi_{id}.service"), "Description");
        assert_eq!(description, format!("ssi check: {name}"));
    }
    for (id, separator) in [("return", '\r'), ("line", '\u{2028}'), ("escape", '\u{1b}')] {
        let name = format!("name: a{separator}ExecStartPre=/usr/bin/touch /srv/pwned");
        let refused = add(&machine, &[Script::new(id, marked).with(&name)], &[]);
        assert_eq!(refused.code(), 1, "{refused:?}");
        assert!(refused.stderr.contains(&format!("/srv/{id}.bash:5:10")), "{}", refused.stderr);
    }
    let list = json(&ssi(&machine, &["list", "--json"]));
    let listed: Vec<_> = list.as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert_eq!(listed, names);
    assert_eq!(machine.read("/srv/pwned"), "");
    let verify = machine.sh(&format!("systemd-analyze verify {UNITS}/ssi_* 2>&1"));
    assert!(!verify.stdout.contains("ssi_"), "{}", verify.stdout);
}
