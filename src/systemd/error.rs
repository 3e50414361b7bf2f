//! What can go wrong between ssi and systemd, in words that say what to do.

use zbus::DBusError;
use zbus::names::ErrorName;

use crate::unit::Scope;

/// A call that systemd, or the bus before it, did not carry out.
#[derive(Debug, thiserror::Error)]
pub enum SystemdError {
    /// There is no bus to talk to.
    #[error("{}", unreachable_text(.scope))]
    Unreachable {
        /// Whose bus.
        scope: Scope,
        /// Why not.
        #[source]
        source: zbus::Error,
    },
    /// The caller may not do this.
    #[error("not permitted to {action}: run it as root, or use `--user` for your own checks")]
    NotPermitted {
        /// What was attempted.
        action: &'static str,
    },
    /// The unit is masked.
    #[error(
        "could not {action}: {said}; `systemctl unmask` takes that back, and for a unit of a check `ssi remove ID --force`"
    )]
    Masked {
        /// What was attempted.
        action: &'static str,
        /// What systemd says, which names the unit.
        said: String,
    },
    /// systemd or the bus answered with another error.
    #[error("could not {action}")]
    Call {
        /// What was attempted.
        action: &'static str,
        /// The answer.
        #[source]
        source: zbus::Error,
    },
    /// The bus went away while an answer was due.
    #[error("lost the connection to systemd while waiting for it to {action}")]
    Lost {
        /// What was attempted.
        action: &'static str,
    },
}

fn unreachable_text(scope: &Scope) -> &'static str {
    match scope {
        Scope::System => {
            "could not reach systemd over the system bus: is systemd the init and the `dbus` package installed? \
             `ssi demo` and `--root DIR` work without"
        }
        Scope::User => {
            "could not reach your systemd over the session bus: log in with a session (or `loginctl enable-linger`) \
             and set XDG_RUNTIME_DIR=/run/user/UID"
        }
    }
}

impl SystemdError {
    /// Whether more rights would help.
    pub fn is_permission(&self) -> bool {
        matches!(self, SystemdError::NotPermitted { .. })
    }

    /// Whether systemd knows no unit of that name.
    pub fn is_no_such_unit(&self) -> bool {
        matches!(self, SystemdError::Call { source, .. } if is_no_such_unit(source))
    }
}

/// For `map_err`: a D-Bus error during an attempt to `action`.
pub(super) fn during(action: &'static str) -> impl Fn(zbus::Error) -> SystemdError {
    move |source| match name(&source).as_deref() {
        Some(
            "org.freedesktop.DBus.Error.AccessDenied"
            | "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"
            | "org.freedesktop.DBus.Error.AuthFailed",
        ) => SystemdError::NotPermitted { action },
        Some("org.freedesktop.systemd1.UnitMasked") => SystemdError::Masked { action, said: words(&source) },
        _ => SystemdError::Call { action, source },
    }
}

/// What systemd says in its answer.
fn words(error: &zbus::Error) -> String {
    let said = match error {
        zbus::Error::MethodError(_, said, _) => said.as_deref().unwrap_or_default(),
        _ => "",
    };
    said.trim_end_matches('.').to_owned()
}

/// systemd knows no unit of that name.
pub(super) fn is_no_such_unit(error: &zbus::Error) -> bool {
    name(error).is_some_and(|name| name.as_str() == "org.freedesktop.systemd1.NoSuchUnit")
}

/// This connection gets systemd's signals already.
pub(super) fn is_subscribed(error: &zbus::Error) -> bool {
    name(error).is_some_and(|name| name.as_str() == "org.freedesktop.systemd1.AlreadySubscribed")
}

/// zbus has a type of its own for the errors that D-Bus itself defines.
fn name(error: &zbus::Error) -> Option<ErrorName<'_>> {
    match error {
        zbus::Error::MethodError(name, _, _) => Some(name.as_ref()),
        zbus::Error::FDO(error) => Some(error.name()),
        _ => None,
    }
}
