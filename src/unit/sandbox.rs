//! What a check's process may do, as directives.
//!
//! `standard` may refuse, it may never lie: what a check asks about the machine (disks, processes, load, users) gets the same answer
//! inside as outside. What would hide things (`ProtectHome=yes`, `ProtectProc=invisible`, `ProcSubset=pid`, `PrivateUsers=yes`) is
//! in `strict` alone.

use super::{CHECK_USER, Scope};
use crate::check::{Check, Network, Sandbox};

/// Refusals that both levels have. `PrivateUsers=` aside, a user's systemd can set up all of them.
const STANDARD: &str = "\
NoNewPrivileges=yes
ProtectSystem=strict
PrivateTmp=yes
PrivateDevices=yes
PrivateMounts=yes
DevicePolicy=closed
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
KeyringMode=private
RemoveIPC=yes
";

const STRICT: &str = "\
ProtectHome=yes
ProtectProc=invisible
ProcSubset=pid
PrivateUsers=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
";

/// The directives for one check, a line each.
pub(super) fn directives(check: &Check, scope: Scope) -> String {
    let mut out = String::new();
    if scope == Scope::System {
        out.push_str(&user(check));
    }
    match check.sandbox {
        Sandbox::Off => {}
        Sandbox::Standard => {
            out.push_str(STANDARD);
            out.push_str("ProtectHome=read-only\nRestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK\n");
        }
        Sandbox::Strict => {
            out.push_str(STANDARD);
            out.push_str(STRICT);
        }
    }
    match (check.sandbox, scope) {
        (Sandbox::Off, _) => {}
        // A user's systemd has no capabilities to take away: it would end with 218/CAPABILITIES.
        (_, Scope::System) => {
            // ProtectSystem=strict leaves /run as it is where systemd sets up /proc and /sys for the service: root could write there.
            out.push_str("ReadOnlyPaths=/run\n");
            let names: Vec<String> = check.capabilities.iter().map(|capability| capability.of_systemd()).collect();
            let names = names.join(" ");
            // Bounded for root, which has all that is not taken away, and ambient for all others, who have none that is not given.
            out.push_str(&format!("CapabilityBoundingSet={names}\nAmbientCapabilities={names}\n"));
        }
        // Without a user namespace a user's systemd passes over ProtectSystem= in silence.
        (Sandbox::Standard, Scope::User) => out.push_str("PrivateUsers=yes\n"),
        (Sandbox::Strict, Scope::User) => {}
    }
    out.push_str(match check.network {
        Network::Yes => "",
        Network::No => "PrivateNetwork=yes\n",
        Network::Loopback => "IPAddressDeny=any\nIPAddressAllow=localhost\n",
    });
    out
}

/// Who runs it. `DynamicUser=` brings restrictions of its own, so a check without a sandbox runs as the static user.
fn user(check: &Check) -> String {
    match (&check.user, check.sandbox, &check.group) {
        (Some(user), _, Some(group)) => format!("User={user}\nGroup={group}\n"),
        (Some(user), _, None) => format!("User={user}\n"),
        (None, sandbox, group) => {
            let dynamic = if sandbox == Sandbox::Off { "" } else { "DynamicUser=yes\n" };
            let group = group.as_ref().map(|group| format!("SupplementaryGroups={group}\n")).unwrap_or_default();
            format!("{dynamic}User={CHECK_USER}\n{group}")
        }
    }
}
