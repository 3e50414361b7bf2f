//! components, and what `config` says of them.

use std::fs;

use serde_json::json;

use crate::host::Host;

fn configure(host: &Host, name: &str, text: &str) {
    let path = host.at(&format!("/etc/service-status-indicator/{name}"));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn components_show_their_worst_member_and_what_its_document_says() {
    let host = Host::with_door("echo 'WARNING, ajar'");
    let script = "#!/bin/bash\n# name: App\n# description: x\n# version: 1\n# schedule: hourly\n# protocol: json\n\
        echo '{\"version\": \"1.4.2\", \"commit\": \"0123456\", \"commit_full\": \"0123456789abcdef0123456789abcdef01234567\"}'\n";
    let path = host.path("app.bash");
    fs::write(&path, script).unwrap();
    host.ssi(["add", path.to_str().unwrap()]).exits(0);
    let config = "[[component]]\nname = \"house\"\ndisplay_name = \"The house\"\nrepo = \"owner/house\"\nmembers = [\"app\", \"door\"]\n";
    configure(&host, "ssi.toml", config);
    let state = || host.ssi(["components", "--json"]).exits(0).json()[0]["state"].clone();
    assert_eq!(state(), "stale");
    host.ssi(["run", "app"]).exits(0);
    host.ssi(["run", "door"]).exits(1);
    let card = host.ssi(["components", "--json"]).exits(0).json()[0].clone();
    assert_eq!(
        (&card["state"], &card["status"], &card["version"]),
        (&json!("degraded"), &json!("WARNING"), &json!("1.4.2"))
    );
    let page = "https://github.com/owner/house/commit/0123456789abcdef0123456789abcdef01234567";
    assert_eq!((&card["commit"], &card["commit_url"]), (&json!("0123456"), &json!(page)));
    assert_eq!(card["members"], json!(["check:app", "check:door"]));
    let out = host.ssi(["components"]).exits(0).out;
    assert!(out.contains("The house") && out.contains("degraded") && out.contains("check:app check:door"), "{out}");
    assert!(host.ssi(["config", "check"]).exits(0).err.is_empty());
    configure(&host, "ssi.d/x.toml", "[[component]]\nname = \"y\"\nmembers = [\"lost\"]\n");
    let said = host.ssi(["config", "check"]).exits(0);
    assert!(said.err.contains("x.toml:3:12") && said.err.contains("no check `lost` is installed"), "{said:?}");
    assert!(host.ssi(["config", "show"]).exits(0).out.contains("members = [\"check:app\", \"check:door\"]"));
}
