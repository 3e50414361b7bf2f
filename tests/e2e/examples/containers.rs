//! The example that asks a container engine, on real ones: Docker's and Podman's, with an image of busybox alone.

use super::Example;
use crate::checks::machine;
use crate::machine::{Machine, PATIENCE, wait_for};

/// An archive with a root directory that holds a shell.
pub(super) const IMAGE: &str = "mkdir -p /srv/image/bin && cp /bin/busybox /srv/image/bin/ && ln -sf busybox /srv/image/bin/sh && tar -C /srv/image -cf /srv/image.tar .";

pub(super) fn start_docker(machine: &Machine) {
    machine
        .sh("getent group docker > /dev/null || groupadd --system docker
             systemd-run --quiet --collect --unit=engine --property=Delegate=yes --property=KillMode=mixed \
               dockerd --iptables=false --ip6tables=false --ip-forward=false --bridge=none --storage-driver=vfs --data-root=/srv/docker --group=docker")
        .ok();
    wait_for("docker", PATIENCE, || machine.run(&["docker", "version"]).status.success());
}

#[test]
fn a_container_that_is_down_unhealthy_or_gone_is_found() {
    let machine = machine("examples-docker");
    machine.sh(IMAGE).ok();
    let docker = |command: &str| machine.sh(&format!("docker {command}")).ok();
    let no_socket = Example::add(&machine, "container", &[]);
    no_socket.says(&[], "FAILURE", "docker does not answer");
    start_docker(&machine);
    no_socket.says(&[], "ERROR", "user _ssi-check may not ask docker (header key group: docker)");
    let example = Example::add(&machine, "container", &["group: docker"]);
    example.says(&[], "ERROR", "no container has a restart policy");

    docker("import /srv/image.tar tiny");
    let run = |options: &str, command: &str| {
        drop(docker(&format!("run --detach --network=none {options} tiny /bin/busybox {command}")))
    };
    run("--name=web --restart=unless-stopped --health-cmd='busybox true' --health-interval=100ms", "sleep 1000");
    run("--name=job", "false");
    run("--name=sick --health-cmd='busybox false' --health-interval=100ms --health-retries=1", "sleep 1000");
    run("--name=again --restart=on-failure", "false");
    let state =
        |name: &str, field: &str| docker(&format!("inspect --format '{{{{.{field}}}}}' {name}")).trim().to_owned();
    wait_for("health", PATIENCE, || {
        state("web", "State.Health.Status") == "healthy" && state("sick", "State.Health.Status") == "unhealthy"
    });
    wait_for("the end of the job", PATIENCE, || state("job", "State.Status") == "exited");

    let said = example.says(&["CONTAINERS=web"], "OK", "1 of 1 containers run");
    assert!(said.lines.contains("web: running, restarted 0 times, healthy"), "{said:?}");
    example.says(&["CONTAINERS=web job"], "FAILURE", "job has exited with 1");
    example.says(&["CONTAINERS=web sick"], "FAILURE", "sick is unhealthy");
    example.says(&["CONTAINERS=web gone"], "FAILURE", "there is no container gone");

    // Without names those count that the engine keeps running: not the job that has ended.
    wait_for("a loop of restarts", PATIENCE, || {
        let said = example.run(&[]);
        said.status == "FAILURE" && said.message.contains("again ends again and again (exit code 1")
    });
    docker("rm --force again");
    example.says(&[], "OK", "1 of 1 containers run");
    // One that came back by itself a moment ago runs, but not as it should.
    run(
        "--name=shaky --restart=always",
        "sh -c 'busybox test -e /again || { busybox touch /again; exit 1; }; busybox sleep 1000'",
    );
    wait_for("the restart", PATIENCE, || {
        state("shaky", "RestartCount") == "1" && state("shaky", "State.Status") == "running"
    });
    example.says(&[], "WARNING", "shaky was restarted 0 minutes ago, 1 times in all");
    example.says(&["RESTART_MINUTES=0"], "OK", "2 of 2");

    docker("rm --force web sick shaky job");
    machine.run(&["systemctl", "stop", "engine"]).ok();
    example.says(&["CONTAINERS=web"], "FAILURE", "docker does not answer");
}

/// Podman as it can be here: the machine has no controllers, and the kernel's settings can't be changed.
const PODMAN: &str = r#"
[containers]
default_sysctls = []
cgroups = "disabled"
log_driver = "none"
netns = "none"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
"#;

#[test]
fn podman_is_asked_over_its_socket() {
    let machine = machine("examples-podman");
    machine.sh(IMAGE).ok();
    machine.write("/etc/containers/containers.conf", PODMAN, 0o644);
    let storage = "[storage]\ndriver = \"vfs\"\nrunroot = \"/run/containers/storage\"\ngraphroot = \"/srv/podman\"\n";
    machine.write("/etc/containers/storage.conf", storage, 0o644);
    machine
        .sh("podman import /srv/image.tar tiny && podman run --detach --name=web tiny /bin/busybox sleep 1000 &&
             podman run --name=job tiny /bin/busybox true && systemctl start podman.socket")
        .ok();
    let run_at = |socket: &str, example: &Example, containers: &str, status: &str, message: &str| {
        example.says(
            &["ENGINE=podman", &format!("CONTAINER_HOST=unix://{socket}"), &format!("CONTAINERS={containers}")],
            status,
            message,
        )
    };
    let without_group = Example::add(&machine, "container", &[]);
    run_at("/run/podman/podman.sock", &without_group, "web", "ERROR", "may not ask podman");
    machine.write(
        "/etc/systemd/system/podman.socket.d/group.conf",
        "[Socket]\nListenStream=\nListenStream=/run/podman.sock\nSocketGroup=operator\n",
        0o644,
    );
    machine.sh("systemctl daemon-reload && systemctl stop podman.service && systemctl restart podman.socket").ok();
    let example = Example::add(&machine, "container", &["group: operator"]);
    let run = |containers: &str, status: &str, message: &str| {
        run_at("/run/podman.sock", &example, containers, status, message)
    };
    let said = run("web", "OK", "1 of 1 containers run");
    assert!(said.lines.contains("web: running"), "{said:?}");
    run("job", "FAILURE", "job has exited with 0");
    run("gone", "FAILURE", "there is no container gone");
    machine.sh("podman rm --force --time=0 web job && systemctl stop podman.socket podman.service").ok();
    run("web", "FAILURE", "podman does not answer");
    machine.sh("rm -f /run/podman.sock").ok();
    run("web", "FAILURE", "podman does not answer");
    run("", "FAILURE", "podman does not answer");
}
