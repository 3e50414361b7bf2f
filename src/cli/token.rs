//! `ssi token`: who may change something over HTTP.

use jiff::Timestamp;
use serde_json::json;

use super::args::{TokenAction, TokenArgs};
use super::failure::Failure;
use super::table::{self, Column};
use super::ui::{self, Ui};
use crate::access;
use crate::event::rfc3339;
use crate::paths::Paths;
use crate::token::Token;

pub(super) fn token(args: &TokenArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    match &args.action {
        TokenAction::Add { name, scope } => {
            let secret = access::add(paths, name, (*scope).into(), Timestamp::now())?;
            if ui.json {
                ui.json(&json!({"name": name, "token": secret.reveal()}))?;
            } else {
                ui.print(secret.reveal())?;
            }
            if !ui.quiet && !ui.json {
                eprintln!("This is the only time it is shown. Send it as `Authorization: Bearer …`.");
            }
        }
        TokenAction::List => list(&access::load(paths)?.iter().collect::<Vec<_>>(), ui)?,
        TokenAction::Revoke { name } => {
            access::revoke(paths, name)?;
            ui.say(format!("`{name}` is revoked"))?;
        }
    }
    Ok(0)
}

fn list(tokens: &[&Token], ui: &Ui) -> Result<(), Failure> {
    if ui.json {
        let row = |token: &&Token| json!({"name": token.name, "scope": token.scope, "created": rfc3339(token.created)});
        return ui.json(&tokens.iter().map(row).collect::<Vec<_>>());
    }
    if tokens.is_empty() {
        return ui.say("there are no tokens: `ssi token add NAME --scope operator` makes one");
    }
    let columns = [
        Column::plain("NAME", tokens.iter().map(|token| token.name.clone())),
        Column::plain("SCOPE", tokens.iter().map(|token| token.scope.to_string())),
        Column::plain("CREATED", tokens.iter().map(|token| ui::clock(token.created))),
    ];
    ui.print(table::render(&columns, ui))
}
