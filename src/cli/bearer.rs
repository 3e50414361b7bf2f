//! The token that a command shows to the agent, and what to do where the agent does not take it.
//!
//! Input: a file, or the environment; never the command line, which every user of the host can read. Output: the value of
//! `Authorization`, and a refusal in words.

use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use hyper::StatusCode;
use hyper::header::HeaderValue;
use serde::Deserialize;

use super::failure::Failure;
use super::ui::Ui;
use crate::files::FileError;
use crate::line;

/// The token itself.
const VARIABLE: &str = "SSI_TOKEN";
/// No token is longer.
const MOST: u64 = 4096;
/// What stands for bytes that are no text, and so no token either.
const NO_TEXT: &str = "\0";

/// What is shown of who asks.
#[derive(Clone, Debug)]
pub(super) struct Bearer(Option<HeaderValue>);

impl Bearer {
    /// The token in `file`, or else in the environment. A file that others may read is refused, as it is for checks.
    pub(super) fn of(file: Option<&Path>) -> Result<Bearer, Failure> {
        let (place, text) = match file {
            Some(file) => (format!("`{}`", file.display()), read(file)?),
            None => match std::env::var(VARIABLE) {
                Ok(text) => (format!("`{VARIABLE}`"), text),
                Err(std::env::VarError::NotPresent) => return Ok(Bearer(None)),
                Err(std::env::VarError::NotUnicode(_)) => (format!("`{VARIABLE}`"), NO_TEXT.to_owned()),
            },
        };
        let text = text.trim();
        if text.is_empty() {
            return match file {
                Some(_) => Err(Failure::usage(format!("{place} holds no token: `ssi token add NAME` prints one"))),
                None => Ok(Bearer(None)),
            };
        }
        // What it holds is in no message.
        let no_token = || {
            Failure::usage(format!(
                "what {place} holds is no token: expected one line, as `ssi token add NAME` prints it"
            ))
        };
        let is_one_word = text.bytes().all(|byte| byte.is_ascii_graphic());
        let value = HeaderValue::try_from(format!("Bearer {text}")).ok().filter(|_| is_one_word);
        let mut value = value.ok_or_else(no_token)?;
        value.set_sensitive(true);
        Ok(Bearer(Some(value)))
    }

    /// The value of `Authorization`, if there is a token.
    pub(super) fn header(&self) -> Option<&HeaderValue> {
        self.0.as_ref()
    }

    /// Warns where the token would be seen by others on its way.
    pub(super) fn warn(&self, address: SocketAddr, ui: &Ui) {
        if self.0.is_some() && !address.ip().to_canonical().is_loopback() {
            ui.warn(format!(
                "the token goes to {address} unencrypted: `ssh -L 5000:localhost:5000 HOST` and `--connect 127.0.0.1:5000` hide it"
            ));
        }
    }

    /// What to do about an answer that refuses this. `None`: it is none.
    pub(super) fn refusal(&self, address: SocketAddr, status: StatusCode, body: &str) -> Option<String> {
        let advice = match (status, &self.0) {
            (StatusCode::UNAUTHORIZED, None) => format!(
                "a token is needed: `ssi token add NAME` on that host makes one, and `{VARIABLE}` or `--token-file FILE` shows it"
            ),
            (StatusCode::UNAUTHORIZED, Some(_)) => format!(
                "the token of `{VARIABLE}` or `--token-file` is not known there: it was revoked, or is of another host; `ssi token add NAME` on that host \
                 makes a new one"
            ),
            (StatusCode::FORBIDDEN, _) => {
                "connect to one of its own addresses, or have its `[http] names` name the one that is used".to_owned()
            }
            _ => return None,
        };
        let said =
            serde_json::from_str::<Problem>(body).map(|problem| format!(" ({})", line::printable(&problem.detail)));
        let said = said.unwrap_or_default();
        Some(format!("the agent on {address} refuses with {}{said}: {advice}", status.as_u16()))
    }
}

/// What is read of an answer that is none.
#[derive(Deserialize)]
struct Problem {
    detail: String,
}

fn read(file: &Path) -> Result<String, Failure> {
    let fail = FileError::at("read", file);
    let opened = File::open(file).map_err(&fail)?;
    let metadata = opened.metadata().map_err(&fail)?;
    // A pipe, as of `--token-file <(pass show ssi)`, has another mode.
    if metadata.is_file() && metadata.permissions().mode() & 0o007 != 0 {
        let file = file.display();
        return Err(Failure::failed(format!("`{file}` holds a token and is open to everybody: `chmod o= {file}`")));
    }
    let mut bytes = Vec::new();
    opened.take(MOST).read_to_end(&mut bytes).map_err(&fail)?;
    Ok(String::from_utf8(bytes).unwrap_or_else(|_| NO_TEXT.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_refuses_says_what_to_do() -> Result<(), Box<dyn std::error::Error>> {
        let address = "192.0.2.9:5000".parse()?;
        let (none, some) = (Bearer(None), Bearer(Some(HeaderValue::from_static("Bearer ssi_1"))));
        let body = r#"{"title": "x", "status": 401, "detail": "from elsewhere\u001b"}"#;
        let rows = [
            (&none, StatusCode::UNAUTHORIZED, Some("`--token-file FILE` shows it")),
            (&some, StatusCode::UNAUTHORIZED, Some("is not known there")),
            (&some, StatusCode::FORBIDDEN, Some("`[http] names`")),
            (&some, StatusCode::NOT_FOUND, None),
            (&none, StatusCode::OK, None),
        ];
        for (bearer, status, expected) in rows {
            let said = bearer.refusal(address, status, body);
            assert_eq!(said.is_some(), expected.is_some(), "{said:?}");
            let (said, expected) = (said.unwrap_or_default(), expected.unwrap_or_default());
            assert!(said.contains(expected) && !said.contains("ssi_1") && !said.contains('\u{1b}'), "{said}");
        }
        assert!(none.refusal(address, StatusCode::UNAUTHORIZED, "no JSON").is_some());
        Ok(())
    }
}
