//! `/status`: all sections of this host in one document.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;

use super::Api;
use super::overview::{self, Overview};
use crate::section::{Document, Form, Section};
use crate::server::Problem;

pub(super) fn routes(overview: Arc<Overview>) -> Router<Arc<Api>> {
    Router::new().route("/status", get(status)).with_state(overview)
}

/// What is asked for.
#[derive(Debug, Default, PartialEq)]
struct Wanted {
    /// Names of sections; none for all.
    names: Vec<String>,
    form: Form,
}

async fn status(State(overview): State<Arc<Overview>>, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let wanted = Wanted::of(&uri)?;
    let now = Timestamp::now();
    let (revision, told) = overview.told();
    let (host, look) = if wanted.has("host") { overview.host().await } else { (Section::unknown("host", ""), 0) };
    let service = overview.service();
    let is_of_the_board =
        wanted.names.is_empty() || wanted.names.iter().any(|name| name != "service" && name != "host");
    let trouble = u8::from(overview.is_degraded());
    let sections = told.sections(vec![service, host], overview::collected(), now);
    let chosen = wanted.choose(sections.iter().map(AsRef::as_ref))?;
    let updates = if is_of_the_board { revision.updates } else { 0 };
    let tag = format!("W/\"{:x}-{trouble}-{updates}-{look}\"", overview.started().as_microsecond());
    if is_known(&headers, &tag) {
        return Ok(tagged(StatusCode::NOT_MODIFIED.into_response(), &tag));
    }
    let document = Document { sections: &chosen, form: wanted.form, now };
    let body = serde_json::to_vec(&document)
        .map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the document could not be written as JSON"))?;
    Ok(tagged(([(header::CONTENT_TYPE, "application/json")], body).into_response(), &tag))
}

/// Ages grow by themselves: the tag tells only of what they are ages of, and is a weak one for that.
fn tagged(mut response: Response, tag: &str) -> Response {
    let headers = response.headers_mut();
    // Kept, but asked for again each time.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known.flat_map(|value| value.split(',')).map(str::trim).any(|known| known == "*" || known == tag)
}

fn bad(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail.into())
}

impl Wanted {
    fn of(uri: &Uri) -> Result<Wanted, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| bad("the query can't be read: expected `name=value` pairs, percent-encoded"))?;
        let mut wanted = Wanted::default();
        for (name, value) in pairs {
            match (name.as_str(), value.as_str()) {
                ("section", names) => {
                    wanted.names.extend(names.split(',').filter(|name| !name.is_empty()).map(str::to_owned));
                }
                ("sections", "raw") => wanted.form = Form::Raw,
                ("sections", other) => return Err(bad(format!("`sections` is `{other}`: expected `raw`"))),
                ("max_age", _) => {
                    let detail = "`max_age` runs checks, which takes an operator's token: `Authorization: Bearer …`";
                    let challenge = HeaderValue::from_static("Bearer");
                    return Err(
                        Problem::new(StatusCode::UNAUTHORIZED, detail).header(header::WWW_AUTHENTICATE, challenge)
                    );
                }
                (other, _) => {
                    let known = "`section`, `sections` and `max_age`";
                    return Err(bad(format!("unknown parameter `{other}`: known are {known}")));
                }
            }
        }
        Ok(wanted)
    }

    fn has(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|wanted| wanted == name)
    }

    /// Those of `sections` that are wanted, in their order.
    fn choose<'a>(&self, sections: impl Iterator<Item = &'a Section> + Clone) -> Result<Vec<&'a Section>, Problem> {
        let is_there = |name: &String| sections.clone().any(|section| section.name == *name);
        if let Some(unknown) = self.names.iter().find(|name| !is_there(name)) {
            let names: Vec<String> = sections.map(|section| format!("`{}`", section.name)).collect();
            let detail = format!("no section is called `{unknown}`: there are {}", names.join(", "));
            return Err(Problem::new(StatusCode::NOT_FOUND, detail));
        }
        Ok(sections.filter(|section| self.has(&section.name)).collect())
    }
}
