//! Where tokens are kept: `tokens.toml` beside the configuration, which the agent may read and only root may write.
//!
//! Input: [`Paths`]. Output: [`Tokens`]. The file is read for each request that shows one, so what is added or revoked counts at once.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::files::{self, FileError};
use crate::identity;
use crate::paths::Paths;
use crate::settings::Report;
use crate::token::{Scope, Secret, TokenError, Tokens};
use crate::unit;

/// No file of tokens is longer.
const MOST: u64 = 1024 * 1024;
const HEAD: &str = "# Written by `ssi token`. It holds no token, only what one is recognised by.\n";

/// What went wrong with the tokens.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Its content.
    #[error("`{}` is {source}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: TokenError,
    },
    /// What was asked for.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// The file.
pub fn path(paths: &Paths) -> PathBuf {
    paths.config.join("tokens.toml")
}

/// All tokens; none where there is no file.
pub fn load(paths: &Paths) -> Result<Tokens, AccessError> {
    let path = path(paths);
    let bytes = match files::read_limited(&path, MOST) {
        Err(error) if error.source.kind() == io::ErrorKind::NotFound => return Ok(Tokens::default()),
        bytes => bytes?,
    };
    let content = |source| AccessError::Content { path: path.clone(), source };
    let text = String::from_utf8(bytes).map_err(|_| content(TokenError::File("it is not valid UTF-8".to_owned())))?;
    Tokens::parse(&text).map_err(content)
}

/// Whether there is any.
pub fn has_tokens(paths: &Paths) -> Result<bool, AccessError> {
    load(paths).map(|tokens| !tokens.is_empty())
}

/// What keeps the agent from starting where a token is needed, which `needs_token` says: there is none, or they can't be read.
pub fn refusal(paths: &Paths, needs_token: Option<Report>) -> Option<Report> {
    let report = needs_token?;
    match has_tokens(paths) {
        Ok(true) => None,
        Ok(false) => Some(report),
        Err(AccessError::File(error)) => Some(Report::Unreadable(error)),
        Err(error) => {
            let source = io::Error::other(error.to_string());
            Some(Report::Unreadable(FileError { action: "read", path: path(paths), source }))
        }
    }
}

/// Makes a token and gives its secret, which is kept nowhere.
pub fn add(paths: &Paths, name: &str, scope: Scope, now: Timestamp) -> Result<Secret, AccessError> {
    let _lock = lock(paths)?;
    let mut tokens = load(paths)?;
    let random = identity::random().map_err(|source| FileError {
        action: "read random bytes from",
        path: PathBuf::from(identity::RANDOM),
        source,
    })?;
    let secret = Secret::new(&random);
    tokens.add(name, scope, &secret, now)?;
    save(paths, &tokens)?;
    Ok(secret)
}

/// Takes a token back.
pub fn revoke(paths: &Paths, name: &str) -> Result<(), AccessError> {
    let _lock = lock(paths)?;
    let mut tokens = load(paths)?;
    tokens.revoke(name)?;
    save(paths, &tokens)
}

/// Waits until nobody else changes the tokens. The directory itself is locked, so that no file is left.
fn lock(paths: &Paths) -> Result<File, FileError> {
    let dir = &paths.config;
    std::fs::create_dir_all(dir).map_err(FileError::at("create", dir))?;
    let file = File::open(dir).map_err(FileError::at("open", dir))?;
    file.lock().map_err(FileError::at("lock", dir))?;
    Ok(file)
}

fn save(paths: &Paths, tokens: &Tokens) -> Result<(), AccessError> {
    let path = path(paths);
    let text = format!("{HEAD}\n{}", tokens.render()?);
    let is_of_system = paths.scope == unit::Scope::System && paths.root.is_none();
    let group = is_of_system.then(|| nix::unistd::Group::from_name("_ssi").ok().flatten()).flatten();
    match group {
        Some(group) => files::write_for(&path, text.as_bytes(), 0o640, Some(group.gid.as_raw()))?,
        None => files::write(&path, text.as_bytes(), 0o600)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_changes_tokens_at_the_same_time_loses_none() -> Result<(), Box<dyn std::error::Error>> {
        let root = tempfile::tempdir()?;
        let paths = Paths::system(Some(root.path()));
        add(&paths, "old", Scope::Read, Timestamp::now())?;
        std::thread::scope(|threads| {
            let paths = &paths;
            let added = (0..8).map(|number| {
                threads.spawn(move || add(paths, &format!("t{number}"), Scope::Read, Timestamp::now()).is_ok())
            });
            let added: Vec<_> = added.collect();
            let revoked = threads.spawn(|| revoke(paths, "old").is_ok());
            assert!(added.into_iter().chain([revoked]).all(|thread| thread.join().unwrap_or_default()));
        });
        let tokens = load(&paths)?.render()?;
        assert!((0..8).all(|number| tokens.contains(&format!("t{number}"))) && !tokens.contains("old"), "{tokens}");
        Ok(())
    }
}
