//! token: made once, told once, kept by its hash alone.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::host::Host;

const FILE: &str = "/etc/service-status-indicator/tokens.toml";

#[test]
fn a_token_is_told_once_and_kept_by_its_hash() {
    let host = Host::new();
    let said = host.ssi(["token", "add", "deploy", "--scope", "operator"]).exits(0);
    let secret = said.out.trim_end();
    assert!(secret.starts_with("ssi_") && secret.len() == 68, "{said:?}");
    assert!(said.err.contains("the only time"), "{said:?}");
    let other = host.ssi(["token", "add", "viewer", "--json"]).exits(0).json();
    assert_ne!(other["token"], secret);
    let file = host.read(FILE);
    assert!(file.contains("name = \"deploy\"\nscope = \"operator\"\n") && !file.contains(&secret[4..]), "{file}");
    let digest = host.read(FILE).lines().find_map(|line| line.strip_prefix("sha256 = \"").map(str::len));
    assert_eq!(digest, Some(65));
    assert_eq!(host.at(FILE).metadata().unwrap().permissions().mode() & 0o777, 0o600);

    let rows = host.ssi(["token", "list", "--json"]).exits(0).json();
    let names: Vec<_> =
        rows.as_array().unwrap().iter().map(|row| (row["name"].clone(), row["scope"].clone())).collect();
    assert_eq!(names, [(json!("deploy"), json!("operator")), (json!("viewer"), json!("read"))]);
    assert!(rows[0]["created"].is_string() && rows[0].as_object().unwrap().len() == 3, "{rows}");
    let list = host.ssi(["token", "list"]).exits(0).out;
    assert!(list.contains("NAME") && list.contains("deploy  operator"), "{list}");

    host.ssi(["token", "revoke", "deploy"]).exits(0);
    assert_eq!(host.ssi(["token", "list", "--json"]).exits(0).json().as_array().unwrap().len(), 1);
}

#[test]
fn what_can_not_be_done_changes_nothing() {
    let host = Host::new();
    assert!(host.ssi(["token", "list"]).exits(0).out.contains("there are no tokens"));
    host.ssi(["token", "add", "deploy"]).exits(0);
    let before = host.read(FILE);
    for (args, expected) in [
        (&["add", "deploy"][..], "there is a token `deploy` already"),
        (&["add", "a b"], "`a b` is no name of a token"),
        (&["revoke", "deplyo"], "did you mean `deploy`?"),
    ] {
        let said = host.ssi([&["token"], args].concat()).exits(1);
        assert!(said.err.contains(expected), "{args:?}: {said:?}");
    }
    host.ssi(["token", "add", "other", "--scope", "root"]).exits(2);
    assert_eq!(host.read(FILE), before);
    std::fs::write(host.at(FILE), "[[token]]\nsecret = \"ssi_hidden\"\n").unwrap();
    let said = host.ssi(["token", "list"]).exits(1);
    assert!(
        said.err.contains("tokens.toml` is not as `ssi token` writes it") && !said.err.contains("hidden"),
        "{said:?}"
    );
}

#[test]
fn who_may_not_make_one_is_told_of_the_file_that_it_is_kept_in() {
    let host = Host::new();
    std::fs::create_dir_all(host.at(FILE).parent().unwrap()).unwrap();
    std::fs::set_permissions(host.at(FILE).parent().unwrap(), std::fs::Permissions::from_mode(0o555)).unwrap();
    let said = host.ssi_as_nobody(["token", "add", "deploy"]).exits(4);
    assert!(said.err.contains("could not write `") && said.err.contains("tokens.toml`: Permission denied"), "{said:?}");
    assert!(!said.err.contains(".ssi-"), "{said:?}");
}
