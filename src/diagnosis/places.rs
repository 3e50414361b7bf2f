//! Who may read and write what.

use super::{Facts, Finding, Found, Owners, Place, Remedy, Role, Severity, quoted};
use crate::unit::Scope;

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    // Of the system nobody else may write, not even a group; the group of a person is often that person alone.
    let others = match facts.scope {
        Scope::System => 0o022,
        Scope::User => 0o002,
    };
    facts.places.iter().filter_map(|place| finding(place, &facts.owners, others)).collect()
}

/// `others` are the bits by which others than the owner may write.
fn finding(place: &Place, owners: &Owners, others: u32) -> Option<Finding> {
    let (mode, uid, gid) = match place.found {
        Found::Nothing => return None,
        Found::Link => return Some(link(place)),
        Found::There { mode, uid, gid } => (mode, uid, gid),
    };
    let of_agent = |mode: u32| match owners.agent {
        Some((agent, group)) => readable(mode, uid, gid, agent, group),
        None => true,
    };
    let agents_group = owners.agent.map(|(_, group)| group).filter(|group| *group != gid);
    let wrong_owner = (uid != owners.own).then_some(owners.own);
    let path = place.path.display();
    let right = |code, what, why, mode, uid, gid| Some(wrong(place, code, what, why, (mode, uid, gid)));
    match &place.role {
        Role::Scripts | Role::Script(_) | Role::Unit(_) if mode & others != 0 || wrong_owner.is_some() => {
            let (code, what) = match &place.role {
                Role::Script(id) => ("script-writable", format!("the script of `{id}` can be written by others")),
                Role::Unit(id) => ("unit-writable", format!("a unit of `{id}` can be written by others: `{path}`")),
                _ => ("scripts-writable", format!("`{path}` can be written by others")),
            };
            let why = "what runs as another user, or as root, is in the hands of whoever can write it; look at what it holds now";
            right(code, what, why, mode & !others, wrong_owner, None)
        }
        Role::Script(id) if owners.agent.is_some() && mode & 0o004 == 0 => {
            let what = format!("the script of `{id}` can't be read by the user that it runs as");
            right("script-unreadable", what, "no run of it can start", mode | 0o444, None, None)
        }
        Role::Program | Role::Own if mode & others != 0 || wrong_owner.is_some() => {
            let what = format!("`{path}` can be written by others");
            let why =
                "root runs it or goes by it, so whoever can write it is as good as root; look at what it holds now";
            right("program-writable", what, why, mode & !others, wrong_owner, None)
        }
        Role::Program if mode & 0o005 != 0o005 => {
            let what = format!("not every user may run `{path}`");
            right("program-unreadable", what, "no check can start, nor the agent", mode | 0o555, None, None)
        }
        Role::Own if mode & 0o004 == 0 => {
            let what = format!("not every user may read `{path}`");
            right(
                "program-unreadable",
                what,
                "polkit passes over a rule that its own user can't read",
                mode | 0o444,
                None,
                None,
            )
        }
        Role::Configuration if mode & others != 0 || wrong_owner.is_some() => {
            let what = format!("`{path}` can be written by others");
            let why = "the configuration says what the agent may start and stop, and who may ask it to";
            right("configuration-writable", what, why, mode & !others, wrong_owner, None)
        }
        Role::Logs if mode & others != 0 || wrong_owner.is_some() => {
            let what = format!("`{path}` can be written by others");
            right(
                "logs-writable",
                what,
                // systemd opens logs as root and follows links there.
                "who can make files there has root write to any file of this host, and can say anything in the name of a check",
                mode & !others,
                wrong_owner,
                None,
            )
        }
        Role::Logs if !of_agent(mode) || !of_agent(mode << 2) => {
            let what = format!("the agent can't read `{path}`");
            right("logs-unreadable", what, "it sees no result of any check", 0o2755, None, agents_group)
        }
        Role::Log(id) if mode & others != 0 => {
            let what = format!("the log of `{id}` can be written by others");
            right(
                "log-writable",
                what,
                "a log that anybody can write says what anybody likes",
                mode & !others,
                None,
                None,
            )
        }
        Role::Log(id) if !of_agent(mode) => {
            let what = format!("the agent can't read the log of `{id}`");
            right("log-unreadable", what, "it sees no result of this check", 0o640, None, agents_group)
        }
        Role::State => {
            let (agent, group) = owners.agent.unwrap_or((owners.own, gid));
            let what = match (uid == agent, mode & others != 0) {
                (true, false) => return None,
                (false, _) => format!("`{path}` does not belong to the agent"),
                (true, true) => format!("`{path}` can be written by others"),
            };
            let (uid, gid) = ((uid != agent).then_some(agent), (gid != group).then_some(group));
            right(
                "state-access",
                what,
                "the agent can't keep its history there, or others can change it",
                0o750,
                uid,
                gid,
            )
        }
        Role::Kept => {
            let (agent, group) = owners.agent.filter(|(agent, _)| *agent != uid)?;
            let path = quoted(&place.path);
            Some(Finding {
                severity: Severity::Error,
                code: "state-foreign",
                subject: place.path.display().to_string(),
                what: format!("{path} does not belong to the agent"),
                why: "no history is recorded as long as the agent can't write there",
                // What lies there is in the agent's hands, so nobody with more rights follows it without a look.
                command: format!(
                    "chown --no-dereference {agent}:{group} {path} && systemctl restart ssi-agent.service"
                ),
                remedy: None,
            })
        }
        Role::Tokens if mode & 0o007 != 0 || wrong_owner.is_some() || mode & 0o020 != 0 => {
            let what = format!("`{path}` can be read or written by others");
            let why = "who can write it can let himself in over HTTP; who can read it sees whose tokens there are";
            right("tokens-open", what, why, 0o640, wrong_owner, agents_group)
        }
        Role::Tokens if !of_agent(mode) => {
            let what = format!("the agent can't read `{path}`");
            right(
                "tokens-unreadable",
                what,
                "it takes no token, so nobody may change anything over HTTP",
                0o640,
                None,
                agents_group,
            )
        }
        _ => None,
    }
}

/// Whether somebody with this user and group may read, by the mode of a file; shifted by two, whether he may enter a directory.
fn readable(mode: u32, uid: u32, gid: u32, user: u32, group: u32) -> bool {
    let needed = match () {
        () if uid == user => 0o400,
        () if gid == group => 0o040,
        () => 0o004,
    };
    mode & needed != 0
}

fn link(place: &Place) -> Finding {
    Finding {
        severity: Severity::Error,
        code: "link",
        subject: place.path.display().to_string(),
        what: format!("`{}` is a link, where a file is expected", place.path.display()),
        why: "what it leads to may be in the hands of others",
        command: format!("ls -l {}", quoted(&place.path)),
        remedy: None,
    }
}

/// What is wrong, and mode, owner and group as they should be.
fn wrong(
    place: &Place,
    code: &'static str,
    what: String,
    why: &'static str,
    (mode, uid, gid): (u32, Option<u32>, Option<u32>),
) -> Finding {
    let path = quoted(&place.path);
    let owner = match (uid, gid) {
        (None, None) => String::new(),
        (uid, gid) => {
            let number = |id: Option<u32>| id.map(|id| id.to_string()).unwrap_or_default();
            let group = gid.map(|gid| format!(":{gid}")).unwrap_or_default();
            format!("chown {}{group} {path} && ", number(uid))
        }
    };
    Finding {
        severity: Severity::Error,
        code,
        subject: match &place.role {
            Role::Script(id) | Role::Unit(id) | Role::Log(id) => id.to_string(),
            _ => place.path.display().to_string(),
        },
        what,
        why,
        command: format!("{owner}chmod {mode:o} {path}"),
        remedy: Some(Remedy::Access { path: place.path.clone(), mode, uid, gid }),
    }
}
