//! `ssi probe git`: what is checked out in repositories and their work trees, and what of it is nowhere else.

mod command;
mod listing;
mod place;
mod report;
mod repository;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use futures_util::future::join_all;

use super::net::TimeLimit;
use super::{ProbeError, limit, net};
use crate::answer::Answer;
use command::Git;
#[cfg(test)]
pub(super) use repository::Deploy;
pub(super) use repository::Repository;

/// The question.
#[derive(Debug, Args)]
#[command(after_help = limit::HELP)]
pub struct GitTrees {
    /// Work trees or bare repositories: their top directories
    #[arg(required = true, value_name = "DIR")]
    directories: Vec<PathBuf>,
    /// Warn when one of these is so, in a repository or in a work tree that belongs to it
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "conflict")]
    warn: Vec<Finding>,
    #[command(flatten)]
    limit: TimeLimit,
}

/// What may be worth a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Finding {
    /// A merge or rebase has stopped because both sides changed the same lines
    Conflict,
    /// Something is not committed
    Dirty,
    /// Commits are on no remote
    Unpushed,
    /// Nothing of this
    None,
}

impl GitTrees {
    pub(super) fn ask(&self) -> Result<Answer, ProbeError> {
        let asked = net::block_on(async {
            // One that hangs keeps nobody from the others.
            Ok(join_all(self.directories.iter().map(|directory| ask(directory.clone(), &self.limit))).await)
        })?;
        Ok(report::answer(&self.warn, &asked))
    }
}

/// Asks about one repository.
pub(super) async fn ask(directory: PathBuf, limit: &TimeLimit) -> Repository {
    repository::ask(&Git::within(limit.timeout), directory).await
}
