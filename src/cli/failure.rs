//! Errors on their way out: what failed, why, and the exit code.

use crate::access::AccessError;
use crate::expect::ExpectError;
use crate::files::FileError;
use crate::history::HistoryError;
use crate::install::InstallError;
use crate::systemd::SystemdError;
use crate::tail::{TailError, WatchError};
use crate::trial::TrialError;
use crate::unit::Scope;

/// An error with its exit code.
#[derive(Debug)]
pub(super) struct Failure {
    kind: Kind,
    pub(super) error: anyhow::Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Failed,
    Usage,
    NotPermitted,
    /// The same, of what the agent's group may read.
    MayNotRead,
    /// An agent does not answer who asks it.
    Refused,
}

/// Who may read logs and database.
pub(super) const READERS: &str =
    "root may read it, and so may who is in the group `_ssi` (`sudo usermod -aG _ssi USER`, and log in again)";

impl Failure {
    pub(super) fn new(error: impl Into<anyhow::Error>) -> Failure {
        Failure { kind: Kind::Failed, error: error.into() }
    }

    pub(super) fn failed(text: impl Into<String>) -> Failure {
        Failure::new(anyhow::Error::msg(text.into()))
    }

    pub(super) fn usage(text: impl Into<String>) -> Failure {
        Failure { kind: Kind::Usage, ..Failure::failed(text) }
    }

    pub(super) fn maybe_permission(error: anyhow::Error, is_permission: bool) -> Failure {
        Failure { kind: if is_permission { Kind::NotPermitted } else { Kind::Failed }, error }
    }

    /// A log, the database or their directory could not be read.
    pub(super) fn reading(error: anyhow::Error, is_permission: bool) -> Failure {
        Failure { kind: if is_permission { Kind::MayNotRead } else { Kind::Failed }, error }
    }

    /// An agent asks for more than was shown to it.
    pub(super) fn refused(text: String) -> Failure {
        Failure { kind: Kind::Refused, ..Failure::failed(text) }
    }

    /// Where rights were missing: who has them for `what`, which is a verb with what it is done to.
    pub(super) fn for_root_alone(self, what: &str, scope: Scope) -> Failure {
        if self.kind != Kind::NotPermitted || scope == Scope::User {
            return self;
        }
        let members = if is_member() { "; members of the group `_ssi` may run and read them" } else { "" };
        Failure { error: self.error.context(format!("only root may {what}{members}")), ..self }
    }

    pub(super) const fn code(&self) -> u8 {
        match self.kind {
            Kind::Failed => 1,
            Kind::Usage => 2,
            Kind::NotPermitted | Kind::MayNotRead | Kind::Refused => 4,
        }
    }

    /// Whatever keeps a plugin from answering is UNKNOWN to its caller.
    pub(super) const fn plugin_code(&self) -> u8 {
        3
    }

    /// What would help where rights are missing.
    pub(super) fn advice(&self) -> Option<&'static str> {
        let advice = match self.kind {
            Kind::NotPermitted => "run it as root (`sudo ssi …`), or use `--user` for your own checks",
            Kind::MayNotRead => READERS,
            Kind::Failed | Kind::Usage | Kind::Refused => return None,
        };
        (!nix::unistd::geteuid().is_root()).then_some(advice)
    }
}

/// Whether the caller is in the group that may read logs and run checks.
pub(super) fn is_member() -> bool {
    let group = nix::unistd::Group::from_name("_ssi").ok().flatten();
    let own = nix::unistd::getgroups().unwrap_or_default();
    group.is_some_and(|group| own.contains(&group.gid) || nix::unistd::getegid() == group.gid)
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Failure {
        let is_permission = error.is_permission();
        Failure::maybe_permission(error.into(), is_permission)
    }
}

impl From<AccessError> for Failure {
    fn from(error: AccessError) -> Failure {
        match error {
            AccessError::File(error) => error.into(),
            error => Failure::new(error),
        }
    }
}

impl From<ExpectError> for Failure {
    fn from(error: ExpectError) -> Failure {
        match error {
            ExpectError::File(error) => error.into(),
            error => Failure::new(error),
        }
    }
}

impl From<InstallError> for Failure {
    fn from(error: InstallError) -> Failure {
        let is_permission = error.is_permission();
        Failure::maybe_permission(error.into(), is_permission)
    }
}

impl From<SystemdError> for Failure {
    fn from(error: SystemdError) -> Failure {
        let is_permission = error.is_permission();
        Failure::maybe_permission(error.into(), is_permission)
    }
}

impl From<TrialError> for Failure {
    fn from(error: TrialError) -> Failure {
        match error {
            TrialError::File(error) => error.into(),
            TrialError::Systemd(error) => error.into(),
            error => Failure::new(error),
        }
    }
}

impl From<TailError> for Failure {
    fn from(error: TailError) -> Failure {
        let is_permission = match &error {
            TailError::Open { source, .. } | TailError::Read { source, .. } => {
                source.kind() == std::io::ErrorKind::PermissionDenied
            }
            _ => false,
        };
        Failure::reading(error.into(), is_permission)
    }
}

impl From<WatchError> for Failure {
    fn from(error: WatchError) -> Failure {
        let is_permission = error.is_permission();
        Failure::reading(error.into(), is_permission)
    }
}

impl From<HistoryError> for Failure {
    fn from(error: HistoryError) -> Failure {
        Failure::new(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        let is_permission = error.kind() == std::io::ErrorKind::PermissionDenied;
        Failure::maybe_permission(error.into(), is_permission)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Failure {
        Failure::new(error)
    }
}
