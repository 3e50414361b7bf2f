//! `ssi-ended@.service`: writes the end of a run whose runner could not. systemd starts it by `OnFailure=`, so it needs no agent.

use super::{Place, Scope, escape, marker};
use crate::check::CheckId;

/// Its file name.
pub const NAME: &str = "ssi-ended@.service";

/// What the handler runs, with the binary as `$0` and the check as `$1`. When that binary is gone no run can start (203/EXEC), and the
/// handler could not say so either if it were the binary alone. Single quotes and `%` have no place in it.
const SCRIPT: &str = "if [ -x \"$0\" ]; then exec \"$0\" ended \"$1\"; fi; \
    printf \"\\t-- run \"; printf \"${MONITOR_INVOCATION_ID:-unseen} end \"; date -Is | tr -d \"\\n\"; \
    echo \" ERROR exit=203 result=exit-code: could not start (203/EXEC): $0 is gone\"";

/// Runs as root on the system, since the logs are root's, but without a single capability.
pub fn render(place: &Place) -> String {
    let script = match place.scope {
        Scope::System => SCRIPT.to_owned(),
        Scope::User => SCRIPT.replace(" ended ", " --user ended "),
    };
    // In a unit file a dollar sign and a backslash stand for themselves only when doubled.
    let script = script.replace('\\', "\\\\").replace('$', "$$");
    let program = escape::argument(&place.program.to_string_lossy());
    let logs = escape::value(&place.logs.to_string_lossy());
    let rights = match place.scope {
        Scope::System => "CapabilityBoundingSet=\nPrivateNetwork=yes\nPrivateTmp=yes\nProtectHome=yes\n",
        Scope::User => "",
    };
    // The mask is that of the checks' services: where the log was deleted systemd makes it anew, and the agent's group must read it.
    format!(
        "\
# Shipped with ssi. Started by OnFailure= of a check's service; `%i` is the check.
[Unit]
Description=ssi check: %i (after a failed run)
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=/bin/sh -c '{script}' {program} %i
StandardOutput=append:{logs}/%i.log
StandardError=journal
TimeoutStartSec=30s
NoNewPrivileges=yes
ProtectSystem=strict
RestrictAddressFamilies=AF_UNIX
RestrictNamespaces=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
UMask=0027
{rights}
{section}
Handler=yes
",
        section = marker::SECTION,
    )
}

/// Whether a file of that name is ours.
pub fn is_ours(content: &str) -> bool {
    content.lines().map(str::trim).skip_while(|line| *line != marker::SECTION).any(|line| line == "Handler=yes")
}

/// Its instance for one check.
pub fn instance(id: &CheckId) -> String {
    NAME.replace('@', &format!("@{id}"))
}
