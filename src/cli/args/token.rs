//! `ssi token`.

use clap::{Args, Subcommand, ValueEnum};

use crate::token::Scope;

#[derive(Debug, Args)]
pub(in crate::cli) struct TokenArgs {
    #[command(subcommand)]
    pub(in crate::cli) action: TokenAction,
}

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum TokenAction {
    /// Make a token and print it, this once
    Add {
        /// What it is called
        name: String,
        /// What it allows
        #[arg(long, value_name = "SCOPE", default_value = "read")]
        scope: ScopeArg,
    },
    /// Show all tokens, without their secrets
    List,
    /// Take a token back; it is refused from now on
    Revoke {
        /// What it is called
        name: String,
    },
}

/// The scopes of a token.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum ScopeArg {
    /// To see everything
    Read,
    /// Also to run checks and act on units
    Operator,
}

impl From<ScopeArg> for Scope {
    fn from(scope: ScopeArg) -> Scope {
        match scope {
            ScopeArg::Read => Scope::Read,
            ScopeArg::Operator => Scope::Operator,
        }
    }
}
