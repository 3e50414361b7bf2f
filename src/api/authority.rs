//! Who may change something: the bearer of an operator's token, wherever the request comes from.
//!
//! A token stands in the header `Authorization` alone: addresses end up in logs.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Api;
use super::answer::chain;
use crate::access;
use crate::event::Key;
use crate::journal::Message;
use crate::paths::Paths;
use crate::server::{Access, Problem};
use crate::token::{Scope, Secret, Tokens};

/// The file of tokens, read again for each question.
#[derive(Debug)]
pub struct TokenFile(pub Paths);

impl Access for TokenFile {
    fn tokens(&self) -> Option<Tokens> {
        match access::load(&self.0) {
            Ok(tokens) => Some(tokens),
            Err(error) => {
                Message::error(format_args!("the tokens could not be read: {}", chain(&error))).send();
                None
            }
        }
    }
}

/// Who asks: the name of the token.
#[derive(Clone, Debug)]
pub(super) struct Operator(String);

impl Operator {
    /// Leaves in the journal who had what done, or why it was not.
    pub(super) fn asked(&self, action: &str, what: &Key, refused: Option<&Problem>) {
        let Operator(token) = self;
        let refused = refused.map(|problem| format!(", refused: {}", problem.detail())).unwrap_or_default();
        let message = Message::notice(format_args!("{action} of `{what}`, by the token `{token}`{refused}"));
        let message = message.with("SSI_TOKEN", token).with("SSI_ACTION", action);
        match what {
            Key::Check(id) => message.of_check(id),
            Key::Watch(unit) => message.of_watch(unit),
            Key::Ping(name) => message.with("SSI_PING", name),
        }
        .send();
    }
}

/// Lets nobody pass without an operator's token. What is not there is told to those alone who have one.
pub(super) async fn operators_only(State(api): State<Arc<Api>>, mut request: Request, next: Next) -> Response {
    match demand(&api.paths, request.headers(), Scope::Operator).await {
        Ok(operator) => {
            request.extensions_mut().insert(operator);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// Refuses a request that shows no token of this scope or a higher one.
pub(super) async fn demand(paths: &Paths, headers: &HeaderMap, scope: Scope) -> Result<Operator, Problem> {
    let secret = bearer(headers)?;
    let paths = paths.clone();
    let tokens = tokio::task::spawn_blocking(move || TokenFile(paths).tokens()).await.ok().flatten();
    let tokens = tokens.ok_or_else(unreadable)?;
    let Some(token) = tokens.find(&secret) else {
        let detail = "this token is none of this host, or it was revoked";
        return Err(unauthorized(detail, "Bearer realm=\"ssi\", error=\"invalid_token\""));
    };
    if token.scope < scope {
        let detail = format!("the token `{}` has the scope `{}`; this needs `{scope}`", token.name, token.scope);
        let challenge = HeaderValue::from_static("Bearer realm=\"ssi\", error=\"insufficient_scope\"");
        return Err(Problem::new(StatusCode::FORBIDDEN, detail).header(header::WWW_AUTHENTICATE, challenge));
    }
    Ok(Operator(token.name.clone()))
}

fn bearer(headers: &HeaderMap) -> Result<Secret, Problem> {
    let detail = "this needs the token of an operator, as `Authorization: Bearer …`; `ssi token add NAME --scope operator` makes one";
    let missing = || unauthorized(detail, "Bearer realm=\"ssi\"");
    let mut values = headers.get_all(header::AUTHORIZATION).into_iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(missing()) };
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(missing)?;
    match scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() {
        true => Ok(Secret::shown(token.trim())),
        false => Err(missing()),
    }
}

fn unauthorized(detail: &'static str, challenge: &'static str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, detail).header(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}

fn unreadable() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the tokens can't be read; the journal of the agent says why")
}
