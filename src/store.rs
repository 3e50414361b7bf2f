//! The installed checks: scripts in one directory, which alone say what exists.
//!
//! Input: [`Paths`]. Output: [`Installed`] checks. Whatever in the directory is not `<id>.bash` is not ours.

mod transaction;

use std::io;

pub use transaction::{Step, Transaction};

use crate::check::{self, Check, CheckId, Limits};
use crate::files::{self, FileError};
use crate::paths::Paths;
use crate::source::Problem;

/// A script in the directory of checks.
#[derive(Clone, Debug)]
pub struct Installed {
    /// From its file name.
    pub id: CheckId,
    /// The script itself.
    pub content: Vec<u8>,
    /// What its header says, or what is wrong with it since somebody changed it by hand.
    pub check: Result<Check, Vec<Problem>>,
}

impl Installed {
    /// The check, or one that stands for a script whose header is broken: it must not vanish from the board.
    pub fn check(&self) -> Check {
        self.check.clone().unwrap_or_else(|problems| {
            let mistake = problems.iter().find(|problem| problem.is_error()).map_or("", |problem| &problem.message);
            Check {
                id: self.id.clone(),
                name: self.id.to_string(),
                description: format!("the header of the installed script is not valid any more: {mistake}"),
                version: "?".to_owned(),
                schedule: None,
                schedule_text: String::new(),
                timeout: check::DEFAULT_TIMEOUT,
                user: None,
                group: None,
                sandbox: check::Sandbox::Standard,
                jitter: std::time::Duration::ZERO,
                persistent: false,
                on_boot: None,
                protocol: check::Protocol::Ssi,
                section: None,
                env_file: None,
                credentials: Vec::new(),
                memory: check::DEFAULT_MEMORY,
                tasks: check::DEFAULT_TASKS,
                network: check::Network::Yes,
                state: false,
                confirm: 1,
                stale_after: None,
                tags: Vec::new(),
                runbook: None,
                profile: None,
            }
        })
    }
}

/// All installed checks, by id. A missing directory is an empty one.
pub fn scan(paths: &Paths) -> Result<Vec<Installed>, FileError> {
    let fail = FileError::at("read", &paths.scripts);
    let entries = match std::fs::read_dir(&paths.scripts) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fail(error)),
    };
    let mut all = Vec::new();
    for entry in entries {
        let name = entry.map_err(&fail)?.file_name();
        if let Some(id) = name.to_str().and_then(id_of) {
            all.extend(get(paths, &id)?);
        }
    }
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(all)
}

/// The check whose script has this file name.
pub fn id_of(file_name: &str) -> Option<CheckId> {
    file_name.strip_suffix(".bash")?.parse().ok()
}

/// One installed check.
pub fn get(paths: &Paths, id: &CheckId) -> Result<Option<Installed>, FileError> {
    let content = match files::read_limited(&paths.script(id), check::MAX_SCRIPT_BYTES as u64) {
        Ok(content) => content,
        Err(error) if error.source.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // What was accepted once stays readable when the configuration lowers its ceiling.
    let limits = Limits { max_timeout: std::time::Duration::MAX };
    let check = check::parse(&content, jiff::tz::db(), &limits).map(|parsed| Check { id: id.clone(), ..parsed.check });
    Ok(Some(Installed { id: id.clone(), content, check }))
}
