//! `ssi-ended@.service`: writes the end of a run whose runner could not. systemd starts it by `OnFailure=`, so it needs no agent.

use super::{Place, Scope, escape, marker};

/// Its file name.
pub const NAME: &str = "ssi-ended@.service";

/// Runs as root on the system, since the logs are root's, but without a single capability.
pub fn render(place: &Place) -> String {
    let user_flag = if place.scope == Scope::User { " --user" } else { "" };
    let program = escape::argument(&place.program.to_string_lossy());
    let logs = escape::value(&place.logs.to_string_lossy());
    let rights = match place.scope {
        Scope::System => "CapabilityBoundingSet=\nPrivateNetwork=yes\nPrivateTmp=yes\nProtectHome=yes\n",
        Scope::User => "",
    };
    format!(
        "\
# Shipped with ssi. Started by OnFailure= of a check's service; `%i` is the check.
[Unit]
Description=ssi: end of a run that could not write its own (%i)
Documentation=https://github.com/service-status-indicator/ssi
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart={program}{user_flag} ended %i
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
UMask=0077
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
