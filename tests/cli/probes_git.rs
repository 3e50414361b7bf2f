//! `ssi probe git` and `app` about real repositories: in all states, broken, hidden, hostile, slow.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::host::{Host, Said};

/// A repository `app` of `acme/app` with one commit that is pushed, a bare one `up.git` beside it, and functions for more.
const REPOSITORIES: &str = r#"
set -e
export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=Test GIT_AUTHOR_EMAIL=test@example.org
export GIT_COMMITTER_NAME=Test GIT_COMMITTER_EMAIL=test@example.org GIT_COMMITTER_DATE='2026-01-02T03:04:05Z'
commit() { echo "$2" > "$1/file" && git -C "$1" add file && git -C "$1" commit --quiet --message "$2"; }
if ! [ -e up.git ]; then
  git init --quiet --bare --initial-branch=main up.git
  git -c init.defaultBranch=main clone --quiet up.git app 2> /dev/null
  git -C app checkout --quiet -B main
  commit app one
  git -C app push --quiet origin main
  git -C app remote set-url origin https://user:secret@git.example.org/acme/app.git
fi
"#;

/// Runs bash where the repositories are; what it prints is the answer.
#[track_caller]
fn git(host: &Host, script: &str) -> String {
    let mut command = Command::new("bash");
    command.args(["-c", &format!("{REPOSITORIES}\n{script}")]).current_dir(host.path("."));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{script}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn probe(host: &Host, args: &[&str]) -> Command {
    let mut command = host.command([&["probe"], args].concat());
    command.current_dir(host.path("."));
    command
}

#[track_caller]
fn ask(host: &Host, args: &[&str]) -> Value {
    Said::from(probe(host, &[args, &["--json"]].concat()).output().unwrap()).json()
}

#[test]
fn work_trees_in_all_states() {
    let host = Host::new();
    git(&host, "commit app two; git -C app worktree add --quiet -b fix '../fix it' HEAD~1");
    git(&host, "git -C app worktree add --quiet ../gone; rm -r gone; git -C app worktree lock gone");
    git(&host, "commit 'fix it' three; ! git -C 'fix it' merge --quiet main > /dev/null; : > app/new");
    let answer = ask(&host, &["git", "app"]);
    let sha = |tree: &str| git(&host, &format!("git -C '{tree}' rev-parse HEAD"));
    let trees = json!({
        "fix it": {"sha": sha("fix it"), "dirty": true, "ahead": 1, "behind": 1, "conflict": true},
        "gone": {"sha": sha("app"), "dirty": null, "ahead": 0, "behind": 0, "conflict": null},
    });
    let repo = json!({"head_sha": sha("app"), "dirty": true, "unpushed_commits": 1, "worktrees": trees});
    assert_eq!(answer["repos"], json!({"acme/app": repo}));
    assert_eq!((&answer["status"], &answer["head_commit"]), (&json!("WARNING"), &json!("two")));
    assert_eq!(answer["message"], "acme/app: work tree fix it has a conflict");
    assert!(!answer.to_string().contains("secret"));
    // Committing is no deployment, resetting to a commit is one.
    assert_eq!((&answer["last_deploy_sha"], &answer["branch"]), (&Value::Null, &json!("main")));
    git(&host, "git -C app reset --quiet --hard HEAD~1; git -C app checkout --quiet --detach");
    let answer = ask(&host, &["git", "app", "--warn", "unpushed"]);
    assert_eq!((&answer["status"], &answer["branch"]), (&json!("OK"), &Value::Null));
    assert_eq!(answer["last_deploy_sha"], sha("app"));
    assert_eq!(answer["last_deploy_at"], "2026-01-02T03:04:05.000Z");
    // A rebase that stopped is in conflict as well.
    git(&host, "git -C 'fix it' merge --abort; ! git -C 'fix it' rebase --quiet gone > /dev/null 2>&1");
    assert_eq!(ask(&host, &["git", "app"])["worktrees"]["fix it"]["conflict"], true);
}

#[test]
fn what_is_not_there_is_null_and_no_mistake() {
    let host = Host::new();
    git(
        &host,
        "git init --quiet --initial-branch=main empty; git clone --quiet up.git lone; git -C lone remote remove origin",
    );
    let unborn = ask(&host, &["git", "empty"]);
    for fact in ["head_sha", "head_commit", "unpushed_commits", "last_deploy_at", "last_deploy_sha"] {
        assert_eq!(unborn[fact], Value::Null, "{fact}: {unborn}");
    }
    assert_eq!((&unborn["status"], &unborn["dirty"], &unborn["worktrees"]), (&json!("OK"), &json!(false), &json!({})));
    let lone = ask(&host, &["git", "lone"]);
    assert_eq!(
        (&lone["name"], &lone["unpushed_commits"], &lone["dirty"]),
        (&json!("lone"), &Value::Null, &json!(false))
    );
    let bare = ask(&host, &["git", "up.git"]);
    assert_eq!((&bare["status"], &bare["dirty"], &bare["head_commit"]), (&json!("OK"), &Value::Null, &json!("one")));
}

#[test]
fn what_git_can_t_tell_is_an_error_that_hides_no_other() {
    let host = Host::new();
    git(
        &host,
        "mkdir plain broken && cp -r app/.git broken/ && rm -r broken/.git/objects && cp -r app hollow && rm hollow/.git/index && mkdir hollow/.git/index",
    );
    for (directory, words) in
        [("plain", "is neither the top of a work tree"), ("nothing", "does not exist"), ("broken", "git says `fatal:")]
    {
        let answer = ask(&host, &["git", directory, "app"]);
        assert_eq!(answer["status"], "ERROR", "{answer}");
        assert!(answer["message"].as_str().unwrap().contains(words), "{answer}");
        let repos = answer["repos"].as_object().unwrap();
        assert_eq!(repos["acme/app"]["dirty"], false);
        let (_, other) = repos.iter().find(|(name, _)| *name != "acme/app").unwrap();
        assert_eq!((&other["dirty"], &other["unpushed_commits"]), (&Value::Null, &Value::Null));
    }
    let hollow = ask(&host, &["git", "hollow"]);
    assert_eq!(
        (&hollow["status"], &hollow["dirty"], &hollow["unpushed_commits"]),
        (&json!("ERROR"), &Value::Null, &json!(0))
    );
    let without_git = Said::from(probe(&host, &["git", "app"]).env("PATH", "/nowhere").output().unwrap()).exits(3);
    assert!(without_git.out.contains("git can't be started: it is not installed"), "{without_git:?}");
}

/// Whatever a repository can name to be run leaves a mark.
const TRAPS: &str = r#"
printf '#!/bin/sh\necho "$0" >> "%s/mark"\ncat\n' "$PWD" > trap && chmod 755 trap
for key in core.fsmonitor core.sshCommand core.pager gpg.program filter.x.clean filter.x.process diff.external; do
  git -C app config "$key" "$PWD/trap"
done
git -C app config log.showSignature true
git -C app config extensions.partialClone origin
git -C app config remote.origin.promisor true
git -C app config remote.origin.url "ext::$PWD/trap"
mkdir hooks && git -C app config core.hooksPath "$PWD/hooks"
for hook in post-index-change reference-transaction; do cp trap "hooks/$hook"; done
echo '* filter=x' > app/.git/info/attributes
echo 'not one' > app/file && rm app/.git/objects/pack/* 2> /dev/null || true
chmod -R a+rwX . && rm -f mark
"#;

#[test]
fn a_repository_of_another_user_starts_nothing() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let host = Host::new();
    git(&host, TRAPS);
    git(&host, "chown -R 65534 app");
    let answer = ask(&host, &["git", "app"]);
    assert!(!host.path("mark").exists(), "{}", fs::read_to_string(host.path("mark")).unwrap());
    assert_eq!(
        (&answer["status"], &answer["dirty"], &answer["head_commit"]),
        (&json!("ERROR"), &Value::Null, &json!("one"))
    );
    let words = "belongs to another user and names a program (`filter.x.clean`), run this as its owner";
    assert!(answer["message"].as_str().unwrap().contains(words), "{answer}");
    // Without a filter it can be looked at, by somebody whom git itself would refuse.
    git(
        &host,
        "git config --file app/.git/config --remove-section filter.x; git config --file app/.git/config --unset remote.origin.url",
    );
    let answer = ask(&host, &["git", "app"]);
    assert!(!host.path("mark").exists(), "{}", fs::read_to_string(host.path("mark")).unwrap());
    assert_eq!((&answer["status"], &answer["dirty"], &answer["name"]), (&json!("OK"), &json!(true), &json!("app")));
}

#[test]
fn what_may_not_be_seen_is_not_clean() {
    let host = Host::new();
    git(&host, "mkdir app/secret && : > app/secret/file && chmod 700 app/secret && chmod 755 . && chmod 700 up.git");
    let app = host.path("app");
    let said =
        host.ssi_as_nobody(["probe", "git", app.to_str().unwrap(), host.path("up.git").to_str().unwrap(), "--json"]);
    if nix::unistd::geteuid().is_root() {
        let answer = said.exits(3).json();
        assert_eq!(
            (&answer["repos"]["acme/app"]["dirty"], &answer["repos"]["up.git"]["head_sha"]),
            (&Value::Null, &Value::Null)
        );
        assert!(
            answer["message"].as_str().unwrap().contains("warning: could not open directory 'secret/'"),
            "{answer}"
        );
    }
}

#[test]
fn a_git_that_hangs_is_stopped() {
    let host = Host::new();
    git(
        &host,
        "mkdir bin && printf '#!/bin/sh\nsleep 86399 & echo $! >> \"$(dirname \"$0\")/pids\"\nwait\n' > bin/git && chmod 755 bin/git",
    );
    let path = format!("{}:{}", host.path("bin").display(), std::env::var("PATH").unwrap());
    let said =
        Said::from(probe(&host, &["git", "app", "--timeout", "500ms"]).env("PATH", path).output().unwrap()).exits(3);
    assert!(said.out.starts_with("ERROR, app: git did not answer within 500 ms\n"), "{said:?}");
    // What it started went with it.
    let pid = fs::read_to_string(host.path("bin/pids")).unwrap();
    let gone = || {
        !fs::read_to_string(Path::new("/proc").join(pid.trim()).join("cmdline"))
            .is_ok_and(|text| text.contains("86399"))
    };
    crate::host::wait_for("the end of all processes", || gone().then_some(()));
}

#[test]
fn an_application_is_told_from_its_file_and_its_repository() {
    let host = Host::new();
    let meta = host.write("app.json", r#"{"version": "1.4.2", "deployed_at": "2026-03-01T12:00:00+02:00"}"#);
    let sha = git(&host, "git -C app reset --quiet --hard HEAD; git -C app rev-parse HEAD");
    let facts = |args: &[&str]| {
        let all = [&["app", "--repository", "app", "--facts"], args].concat();
        Said::from(probe(&host, &all).output().unwrap()).exits(0).json()
    };
    assert_eq!(
        facts(&["--meta", "app.json"]),
        json!({
            "version": "1.4.2", "commit": sha[..7], "commit_full": sha, "commit_message": "one",
            "deployed_at": "2026-03-01T10:00:00.000Z", "container": null,
        })
    );
    assert_eq!(facts(&[])["deployed_at"], "2026-01-02T03:04:05.000Z");
    fs::set_permissions(meta, fs::Permissions::from_mode(0o644)).unwrap();
    host.write("app.json", "{");
    let answer = ask(&host, &["app", "--repository", "app", "--meta", "app.json"]);
    assert_eq!(
        (&answer["status"], &answer["version"], &answer["commit"]),
        (&json!("ERROR"), &Value::Null, &json!(sha[..7]))
    );
    assert!(Said::from(probe(&host, &["app"]).output().unwrap()).exits(3).out.starts_with("ERROR, wrong usage"));
}
