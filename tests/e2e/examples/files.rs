//! Examples that look at files: backups and work trees of git.

use super::Example;
use crate::checks::machine;

#[test]
fn a_backup_that_is_old_small_or_out_of_sight_is_told() {
    let machine = machine("examples-backup");
    let example = Example::add(&machine, "backup-age", &[]);
    let here = "BACKUP_DIR=/srv/backup";
    example.says(&[here], "FAILURE", "there is no directory /srv/backup");
    machine.sh("mkdir -p /srv/backup/db").ok();
    example.says(&[here], "FAILURE", "no backup in /srv/backup");
    machine.sh("echo data > /srv/backup/db/new.sql").ok();
    example.says(&[here], "OK", "0 hours old");
    example.says(&[here, "BACKUP_PATTERN=*.tar"], "FAILURE", "no backup");
    example.says(&[here, "LEAST_BYTES=100"], "FAILURE", "only 5 bytes");
    machine.sh("touch -d '30 hours ago' /srv/backup/db/new.sql").ok();
    example.says(&[here], "WARNING", "30 hours old");
    machine.sh("touch -d '60 hours ago' /srv/backup/db/new.sql").ok();
    example.says(&[here], "FAILURE", "60 hours old");
    machine.sh("touch -d '3 days' /srv/backup/db/new.sql").ok();
    example.says(&[here], "WARNING", "is dated 7");

    machine.sh("touch /srv/backup/db/new.sql && ln -s /srv/backup /srv/link").ok();
    example.says(&["BACKUP_DIR=/srv/link"], "OK", "0 hours old");

    // What lies where the user of checks may not look is neither missing nor old.
    machine.sh("touch -d '60 hours ago' /srv/backup/db/new.sql && mkdir -m 700 /srv/backup/secret && echo data > /srv/backup/secret/new.sql").ok();
    example.says(&[here], "ERROR", "a part of /srv/backup could not be looked at");
    machine.sh("chmod 700 /srv/backup").ok();
    example.says(&[here], "ERROR", "/srv/backup may not be read by user _ssi-check");
    example.says(&["BACKUP_DIR=/srv/backup/db"], "ERROR", "/srv/backup/db may not be seen by user _ssi-check");
    let owner = Example::add(&machine, "backup-age", &["group: backup"]);
    machine.sh("chmod -R g+rX /srv/backup && chgrp -R backup /srv/backup").ok();
    owner.says(&[here], "OK", "0 hours old");
}

#[test]
fn a_work_tree_is_clean_only_when_git_could_look_at_all_of_it() {
    let machine = machine("examples-git");
    // All of it belongs to root, while the check runs as another user, whom git calls dubious.
    machine
        .sh("set -e; export HOME=/root; cd /srv
             git config --global user.name Test; git config --global user.email test@localhost; git config --global init.defaultBranch main
             git init -q --bare origin.git; git clone -q origin.git shop 2> /dev/null; cd shop
             echo 1 > page; git add page; git commit -q -m one; git push -q -u origin main")
        .ok();
    let git = |commands: &str| drop(machine.sh(&format!("export HOME=/root; cd /srv/shop && {commands}")).ok());
    let example = Example::add(&machine, "git-work-tree", &[]);
    let shop = "WORK_TREES=/srv/shop";
    let said = example.says(&[shop], "OK", "1 of 1 work trees are clean");
    assert!(
        said.lines.contains("on main, upstream origin/main, 0 changes, 0 commits not pushed, 0 behind"),
        "{said:?}"
    );

    git("echo 2 > page && touch new");
    let said = example.says(&[shop], "WARNING", "/srv/shop has 2 uncommitted changes");
    assert!(said.lines.contains("?? new"), "{said:?}");
    git("rm new && git commit -q -a -m two");
    example.says(&[shop], "WARNING", "/srv/shop has 1 commits that are on no remote");
    example.says(&[shop, "PUSHED=no"], "OK", "clean");
    git("git push -q && git reset -q --hard HEAD~1");
    example.says(&[shop], "UPDATE", "/srv/shop is 1 commits behind origin/main");
    // The remote moves on, and nobody has fetched that.
    git(
        "git merge -q --ff-only origin/main && git clone -q ../origin.git ../other && cd ../other && git commit -q --allow-empty -m three && git push -q",
    );
    example.says(&[shop], "OK", "clean");
    example.says(&[shop, "ASK_REMOTE=yes"], "ERROR", "the remote origin of /srv/shop does not answer");
    machine.sh("chown -R _ssi-check /srv/origin.git").ok();
    example.says(&[shop, "ASK_REMOTE=yes"], "UPDATE", "/srv/shop is some commits behind origin/main");

    git(
        "chown -R root ../origin.git && git fetch -q && git merge -q --ff-only && git worktree add -q -b feature ../feature && git checkout -q -b here --no-track",
    );
    example.says(&["WORK_TREES=/srv/feature"], "OK", "clean");
    git("cd ../feature && git commit -q --allow-empty -m four");
    example.says(&["WORK_TREES=/srv/feature"], "WARNING", "/srv/feature has 1 commits that are on no remote");
    example.says(&[shop], "OK", "clean");
    example.says(&[shop, "ASK_REMOTE=yes"], "ERROR", "follows no branch of a remote");
    git("git checkout -q main && git update-ref -d refs/remotes/origin/main");
    example.says(&[shop], "ERROR", "the branch that main of /srv/shop follows is not known here");
    git("git fetch -q");
    example.says(&[shop], "OK", "clean");

    // One tree that can't be asked is not covered by one that can.
    example.says(&["WORK_TREES=/srv/shop /srv/origin.git"], "ERROR", "/srv/origin.git is no work tree");
    git("mkdir -m 700 closed && touch closed/file");
    example.says(&[shop], "ERROR", "git could not look at all of /srv/shop");
    git("rm -r closed && chmod 600 .git/index");
    example.says(&[shop], "ERROR", "git could not look at all of /srv/shop");
    git("chmod 644 .git/index && chmod 700 .git");
    example.says(&[shop], "ERROR", "");
    git("chmod 755 .git && : > .git/HEAD && git -C /srv init -q .");
    example.says(&[shop], "ERROR", "git could not look at all of /srv/shop");
    example.says(&["WORK_TREES=/srv"], "ERROR", "/srv");
}
