//! The examples that print sections of `/status`: on real repositories, containers, a database and a web server, field by field; and what is
//! null where one of those can't be asked.

use serde_json::{Value, json};

use super::containers::{IMAGE, start_docker};
use super::{Example, Said};
use crate::checks::machine;
use crate::machine::{Machine, PATIENCE, wait_for};

const GOLDEN: &str = include_str!("status.golden.json");

/// A repository that was pulled and then went on, with a work tree in conflict and one that is clean.
const REPOSITORIES: &str = "
set -e
cd /srv
export GIT_AUTHOR_NAME=Test GIT_AUTHOR_EMAIL=test@example.org GIT_COMMITTER_NAME=Test GIT_COMMITTER_EMAIL=test@example.org
export GIT_COMMITTER_DATE='2026-01-02T03:04:05Z' HOME=/srv
commit() { echo \"$2\" > \"$1/file\" && git -C \"$1\" add file && git -C \"$1\" commit --quiet --message \"$2\"; }
git init --quiet --bare --initial-branch=main up.git
git init --quiet --initial-branch=main first && commit first Begin && git -C first push --quiet ../up.git main
git clone --quiet up.git app
commit app 'Answer faster'
git -C app remote set-url origin git@git.example.org:acme/app.git
git -C app worktree add --quiet -b fix '../fix it' HEAD~1 && git -C app worktree add --quiet ../quiet
commit 'fix it' 'Answer better' && ! git -C 'fix it' merge --quiet main
chown -R nobody: app 'fix it' quiet
";

const DATABASE: &str = "
CREATE TABLE messages(inbound BOOLEAN, at TEXT, delivered_at TEXT);
INSERT INTO messages VALUES (1, '2026-01-02 09:00:00', NULL), (1, '2026-01-02 10:00:00', NULL),
  (0, '2026-01-02 09:00:05', '2026-01-02 09:00:06'), (0, '2026-01-02 10:00:05', '2026-01-02 10:00:07.5'), (0, '2026-01-02 10:00:09', NULL);
CREATE TABLE tasks(id, group_name, schedule_type, schedule_value, status, next_run, last_run, last_result);
INSERT INTO tasks VALUES ('reminder', 'work', 'once', '2026-02-01T09:00:00Z', 'paused', NULL, NULL, NULL),
  ('digest', 'family', 'cron', '0 7 * * *', 'active', '2026-01-03T07:00:00Z', '2026-01-02T07:00:00Z', 'sent');
CREATE TABLE host_jobs(id, name, schedule_type, schedule_value, status, enabled BOOLEAN, next_run, last_run);
INSERT INTO host_jobs VALUES ('backup', 'Back up', 'interval', '3600', 'active', 1, '2026-01-02T11:00:00Z', NULL);
CREATE TABLE groups(name);
INSERT INTO groups VALUES ('family'), ('work');
CREATE TABLE sessions(ended_at);
INSERT INTO sessions VALUES (NULL), ('2026-01-01');
";

/// The service's page and the gateway's, which wants its key; what is below /hang never answers.
const SERVER: &str = r#"
import http.server, json, threading
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/hang":
            threading.Event().wait()
        wants_key = self.path == "/gateway"
        fits = not wants_key or self.headers["Authorization"] == "Bearer k3y"
        page = {"healthy_count": 3, "unhealthy_count": 1} if wants_key else {
            "channels": {"telegram": {"connected": True}, "slack": {"connected": True}},
            "queue": {"active": 2, "waiting": 5}}
        body = json.dumps(page if fits else {"error": "no key"}).encode()
        self.send_response(200 if fits else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Handler).serve_forever()
"#;

/// A section, what its header needs, its settings, the status, and what the message says.
type Row<'a> = (&'a str, &'a [&'a str], &'a [&'a str], &'a str, &'a str);

/// The document that a run printed.
#[track_caller]
fn document(said: &Said) -> Value {
    let line = said.lines.lines().rev().find_map(|line| line.strip_prefix("\t-- json "));
    serde_json::from_str(line.unwrap_or_else(|| panic!("no document in {said:#?}"))).unwrap()
}

/// The golden document with the commits of this machine.
fn golden(machine: &Machine) -> Value {
    let sha = |tree: &str| {
        let text = machine.sh(&format!("git -c safe.directory='*' -C '/srv/{tree}' rev-parse HEAD")).ok();
        text.trim().to_owned()
    };
    let commits = [("<main>", sha("app")), ("<pushed>", sha("up.git")), ("<fix>", sha("fix it"))];
    let text = commits.iter().fold(GOLDEN.to_owned(), |text, (mark, sha)| text.replace(mark, sha));
    serde_json::from_str(&text).unwrap()
}

#[test]
fn sections_have_the_shape_that_was_asked_for_and_null_for_what_is_not_known() {
    let machine = machine("examples-status");
    machine.sh(IMAGE).ok();
    machine.sh(REPOSITORIES).ok();
    let sqlite = format!("import sqlite3; sqlite3.connect('/srv/app.db').executescript(\"\"\"{DATABASE}\"\"\")");
    machine.run(&["python3", "-c", &sqlite]).ok();
    let _server = machine.spawn(&["python3", "-c", SERVER]);
    wait_for("the web server", PATIENCE, || machine.run(&["curl", "-sf", "http://127.0.0.1:8080/"]).status.success());
    start_docker(&machine);
    machine.write("/srv/gateway.key", "k3y\n", 0o640);
    machine.run(&["chgrp", "docker", "/srv/gateway.key"]).ok();
    let docker = |command: &str| drop(machine.sh(&format!("docker {command}")).ok());
    docker("import /srv/image.tar tiny");
    docker("run --detach --network=none --name=litellm tiny /bin/busybox sleep 1000");
    docker("run --network=none --name=litellm-db tiny /bin/busybox true");

    let database = "DATABASE=/srv/app.db";
    let page = "http://127.0.0.1:8080/";
    let (channels_url, queue_url) = (format!("CHANNELS_URL={page}"), format!("QUEUE_URL={page}"));
    let gateway_url = format!("GATEWAY_URL={page}gateway");
    let gateway = [gateway_url.as_str(), "GATEWAY_KEY=/srv/gateway.key"];
    let rows: [Row<'_>; 9] = [
        ("deploy", &[], &["DEPLOY_DIR=/srv/app"], "OK", "acme/app: "),
        ("channels", &[], &[&channels_url], "OK", "status 200 OK"),
        ("gateway", &["group: docker"], &gateway, "FAILURE", "litellm-db has exited with 0"),
        ("queue", &[], &[&queue_url], "OK", "status 200 OK"),
        ("repos", &[], &["REPOSITORIES=/srv/app /srv/up.git"], "WARNING", "acme/app: work tree fix it has a conflict"),
        ("messages", &[], &[database], "OK", "answered 5 queries"),
        ("tasks", &[], &[database], "OK", "answered 1 queries"),
        ("host_jobs", &[], &[database], "OK", "answered 1 queries"),
        ("groups", &[], &[database], "OK", "answered 2 queries"),
    ];
    let golden = golden(&machine);
    let mut examples = Vec::new();
    for (section, header, settings, status, message) in rows {
        let example = Example::add(&machine, &format!("status-{}", section.replace('_', "-")), header);
        let said = example.says(settings, status, message);
        assert_eq!(document(&said), golden[section], "{section}: {said:#?}");
        examples.push((section, example));
    }
    assert_eq!(golden.as_object().unwrap().len(), examples.len());
    let example = |section: &str| &examples.iter().find(|(name, _)| *name == section).unwrap().1;

    // What can't be asked is null, beside what can, and never a made-up value.
    let hangs = ["GATEWAY_URL=http://127.0.0.1:8080/hang", "GATEWAY_KEY=/srv/gateway.key"];
    let said = example("gateway").says(&hangs, "FAILURE", "litellm-db has exited with 0");
    let unknown_models = json!({
        "mode": "litellm", "litellm_container": "running", "postgres_container": "exited", "healthy_models": null,
        "unhealthy_models": null,
    });
    assert_eq!(document(&said), unknown_models);
    let said = example("gateway").says(&[&gateway_url], "FAILURE", "litellm-db");
    assert_eq!(document(&said), unknown_models, "without its key");
    docker("rm --force litellm-db");
    let said = example("gateway").says(&gateway, "FAILURE", "litellm-db does not exist");
    assert_eq!(document(&said)["postgres_container"], "not_found");
    machine.run(&["systemctl", "stop", "engine"]).ok();
    let said = example("gateway").says(&gateway, "ERROR", "could not be asked");
    assert_eq!(
        document(&said),
        json!({
            "mode": "litellm", "litellm_container": null, "postgres_container": null, "healthy_models": 3,
            "unhealthy_models": 1,
        })
    );
    let said =
        example("channels").says(&["CHANNELS_URL=http://127.0.0.1:8080/hang"], "FAILURE", "timed out after 10 s");
    assert_eq!(document(&said), json!({"telegram": null, "slack": null}));
    let said = example("repos").says(&["REPOSITORIES=/srv/app /srv/nothing"], "ERROR", "`/srv/nothing` does not exist");
    let nothing = json!({"head_sha": null, "dirty": null, "unpushed_commits": null, "worktrees": null});
    assert_eq!(document(&said), json!({"acme/app": golden["repos"]["acme/app"], "nothing": nothing}));

    let lock = "import sqlite3, time; db = sqlite3.connect('/srv/app.db', isolation_level=None)
db.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); time.sleep(1000)";
    let locker = machine.spawn(&["python3", "-c", lock]);
    wait_for("the lock", PATIENCE, || locker.lines() == ["locked"]);
    let said = example("groups").says(&[database], "ERROR", "it was locked for 10 s");
    assert_eq!(document(&said), json!({"total": null, "active_sessions": null}));
    let said = example("tasks").says(&[database], "ERROR", "it was locked for 10 s");
    // Without any answer there is no document, so the section keeps the one before.
    assert!(!said.lines.contains("\t-- json "), "{said:#?}");
}
