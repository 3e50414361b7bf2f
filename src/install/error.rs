//! Why a check could not be installed, removed or switched, and what to do about it.

use std::path::PathBuf;

use crate::check::CheckId;
use crate::files::FileError;
use crate::source::Problem;
use crate::systemd::SystemdError;

/// A script whose header is not right.
#[derive(Debug)]
pub struct Invalid {
    /// As it was given.
    pub file: PathBuf,
    /// Its content, for the lines to show.
    pub content: Vec<u8>,
    /// Everything that is wrong with it.
    pub problems: Vec<Problem>,
}

/// Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// Headers have mistakes.
    #[error("nothing was installed: {} with mistakes in the header, see above", if .0.len() == 1 { "a script" } else { "scripts" })]
    Invalid(Vec<Invalid>),
    /// Two of the given scripts have one id.
    #[error("`{}` and `{}` both have the id `{id}`: give one of them another name or an `id:`", .first.display(), .second.display())]
    Twice {
        /// The id.
        id: CheckId,
        /// One script.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// Another check has the id already.
    #[error("the id `{id}` belongs to the installed check `{installed}`, and `{}` is named `{name}`: give it another `id:`, or `ssi remove {id}` first", .file.display())]
    Taken {
        /// The id.
        id: CheckId,
        /// Name of the installed check.
        installed: String,
        /// The script.
        file: PathBuf,
        /// Its name.
        name: String,
    },
    /// It would run as root.
    #[error("`{}` asks to run as root: read it, then add it with `--allow-root`", .file.display())]
    NeedsAllowRoot {
        /// The script.
        file: PathBuf,
    },
    /// Its user, group or environment file is not there or not safe.
    #[error("`{}`: {reason}", .file.display())]
    Unfit {
        /// The script.
        file: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A unit of somebody else has the name.
    #[error("`{}` was not written by ssi and is not touched: choose another `id:` for the check", .path.display())]
    Foreign {
        /// The unit file.
        path: PathBuf,
    },
    /// A unit of the check is masked.
    #[error("`{}` is masked: `ssi remove {id} --force` cleans it up", .path.display())]
    Masked {
        /// The check.
        id: CheckId,
        /// The link to /dev/null.
        path: PathBuf,
    },
    /// Some parts of the check are there and others are not.
    #[error(
        "`{id}` is only half installed ({missing}): `ssi remove {id} --force` cleans it up, `ssi add` its script again mends it"
    )]
    Half {
        /// The check.
        id: CheckId,
        /// What is missing.
        missing: String,
    },
    /// There is no such check.
    #[error("there is no check `{id}`{}", closest.as_ref().map(|c| format!(": did you mean `{c}`?")).unwrap_or_else(|| ": `ssi list` shows all".to_owned()))]
    Unknown {
        /// As it was given.
        id: String,
        /// A known id that is spelt like it.
        closest: Option<String>,
    },
    /// A script could not be read, or a file not written.
    #[error(transparent)]
    File(#[from] FileError),
    /// systemd did not do its part.
    #[error(transparent)]
    Systemd(#[from] SystemdError),
    /// systemd took the timers and could not start them.
    #[error("systemd could not start {}: `journalctl -u` of it says why; nothing was installed", .0.join(", "))]
    NotStarted(Vec<String>),
}

impl InstallError {
    /// Whether more rights would help.
    pub fn is_permission(&self) -> bool {
        match self {
            InstallError::File(error) => error.is_permission(),
            InstallError::Systemd(error) => error.is_permission(),
            _ => false,
        }
    }
}
