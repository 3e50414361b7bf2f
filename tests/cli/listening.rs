//! `[http] listen` beyond loopback: `ssi config check` says what the agent would.

use std::fs;

use crate::host::{Host, Said};

const CONFIG: &str = "/etc/service-status-indicator";
const WORDS: &str = "`0.0.0.0:0` is beyond loopback, and nobody there may read";

fn configured(text: &str) -> Host {
    let host = Host::new();
    fs::create_dir_all(host.at(CONFIG).join("ssi.d")).unwrap();
    fs::write(host.at(CONFIG).join("ssi.toml"), text).unwrap();
    host
}

fn check(host: &Host) -> Said {
    host.ssi(["config", "check"])
}

#[test]
fn a_port_that_nobody_may_read_from_is_a_mistake_and_the_agent_does_not_start() {
    let host = configured("[http]\nlisten = [\"127.0.0.1:0\", \"0.0.0.0:0\"]\n");
    let said = check(&host).exits(1);
    for words in [WORDS, "ssi.toml:2:26", "ssi token add NAME", "trusted_networks", "the agent does not start with it"]
    {
        assert!(said.err.contains(words), "{words}: {said:?}");
    }
    let problem = host.ssi(["config", "check", "--json"]).exits(1).json()["problems"][0].clone();
    assert_eq!((&problem["severity"], &problem["line"]), (&"error".into(), &2.into()), "{problem}");
    let findings = host.ssi(["doctor", "--json"]).json()["findings"].clone();
    let is_told = |finding: &serde_json::Value| finding["what"].as_str().is_some_and(|what| what.contains(WORDS));
    assert!(findings.as_array().unwrap().iter().any(is_told), "{findings}");
    let refused = host.ssi(["agent"]).exits(2);
    assert!(refused.err.contains(WORDS), "{refused:?}");
    // What is asked only to be shown goes on.
    host.ssi(["list"]).exits(0);
    // Somebody may read there: first of his network, then by his token.
    fs::write(host.at(CONFIG).join("ssi.d/a.toml"), "[http]\ntrusted_networks = \"192.0.2.0/24\"\n").unwrap();
    check(&host).exits(0);
    fs::remove_file(host.at(CONFIG).join("ssi.d/a.toml")).unwrap();
    check(&host).exits(1);
    host.ssi(["token", "add", "me"]).exits(0);
    check(&host).exits(0);
    host.ssi(["token", "revoke", "me"]).exits(0);
    check(&host).exits(1);
    // A later file says something else.
    fs::write(host.at(CONFIG).join("ssi.d/a.toml"), "[http]\nlisten = \"[::1]:0\"\n").unwrap();
    check(&host).exits(0);
}

#[test]
fn tokens_that_can_not_be_read_keep_both_from_being_right() {
    let host = configured("[http]\nlisten = \"0.0.0.0:0\"\n");
    fs::write(host.at(CONFIG).join("tokens.toml"), "nonsense").unwrap();
    for said in [check(&host), host.ssi(["agent"])] {
        assert!(said.code != 0 && said.err.contains("tokens.toml"), "{said:?}");
    }
    // Where they decide nothing they are no matter of the configuration.
    fs::write(host.at(CONFIG).join("ssi.toml"), "[http]\nlisten = \"127.0.0.1:0\"\n").unwrap();
    check(&host).exits(0);
}

#[test]
fn the_variable_of_the_setting_is_the_one_way_beside_the_flag() {
    let host = configured("");
    let with =
        |name: &str, args: &[&str]| -> Said { host.command(args).env(name, "0.0.0.0:0").output().unwrap().into() };
    let said = with("SSI_HTTP_LISTEN", &["config", "check"]).exits(1);
    assert!(said.err.contains("$SSI_HTTP_LISTEN:2:") && said.err.contains(WORDS), "{said:?}");
    let refused = with("SSI_HTTP_LISTEN", &["agent"]).exits(2);
    assert!(refused.err.contains(WORDS), "{refused:?}");
    // Another variable is nobody's.
    let help = with("SSI_LISTEN", &["agent", "--help"]).exits(0);
    assert!(!help.out.contains("SSI_LISTEN"), "{help:?}");
    with("SSI_LISTEN", &["config", "check"]).exits(0);
}
