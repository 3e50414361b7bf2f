//! `ssi install` and `uninstall` below a `--root`: images, where no systemd runs.

use std::fs;

use crate::host::Host;

const WANTS: &str = "/etc/systemd/system/multi-user.target.wants/ssi-agent.service";

#[test]
fn an_image_is_prepared_for_its_first_boot_and_cleaned_again() {
    let host = Host::new();
    fs::create_dir_all(host.at("/etc")).unwrap();
    for file in ["/etc/passwd", "/etc/group"] {
        fs::write(host.at(file), "").unwrap();
    }
    let plan = host.ssi(["install", "--dry-run", "--json"]).exits(0).json();
    assert!(plan["write"].as_array().unwrap().iter().any(|path| path == "/usr/local/bin/ssi"), "{plan}");
    assert!(!host.at("/usr").exists());
    host.ssi(["install"]).exits(0);
    assert_eq!(
        fs::read_link(host.at(WANTS)).unwrap().to_str(),
        Some("/usr/local/lib/systemd/system/ssi-agent.service")
    );
    for place in [
        "/usr/local/share/man/man5/ssi.toml.5",
        "/usr/local/share/zsh/site-functions/_ssi",
        "/usr/local/lib/sysusers.d/service-status-indicator.conf",
        "/etc/service-status-indicator/ssi.toml",
    ] {
        assert!(host.at(place).is_file(), "{place}");
    }
    assert!(host.read("/etc/passwd").contains("_ssi-check:"), "{}", host.read("/etc/passwd"));
    assert!(host.at("/var/log/service-status-indicator").is_dir());
    assert!(
        host.read("/usr/local/lib/systemd/system/ssi-agent.service").contains("ExecStart=/usr/local/bin/ssi agent")
    );
    let again = host.ssi(["install"]).exits(0);
    assert!(!again.out.contains("write"), "{again:?}");
    // Configuration and checks outlive the program, but not a purge.
    host.ssi(["add", host.door("echo OK").to_str().unwrap()]).exits(0);
    let service = host.read("/etc/systemd/system/ssi_door.service");
    assert!(service.contains("ExecStart=/usr/local/bin/ssi exec door"), "{service}");
    host.ssi(["uninstall"]).exits(0);
    assert!(!host.at("/usr").exists() && fs::symlink_metadata(host.at(WANTS)).is_err());
    assert!(host.at("/etc/service-status-indicator/ssi.toml").exists());
    host.ssi(["uninstall"]).exits(1);
    // What was kept can be purged without the program.
    host.ssi(["uninstall", "--purge"]).exits(0);
    host.ssi(["uninstall", "--purge"]).exits(1);
    let left: Vec<_> = host.files().into_iter().filter(|path| path.to_string_lossy().contains("ssi")).collect();
    assert!(left.is_empty(), "{left:?}");
}
