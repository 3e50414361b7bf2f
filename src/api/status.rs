//! `/status`: all sections of this host in one document.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use jiff::Timestamp;

use super::Api;
use super::answer::{known_by, not_found, unwritten};
use super::overview::Overview;
use super::query::Parameters;
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
    let (jobs, listed) = if wanted.has("jobs") { overview.jobs() } else { (Section::unknown("jobs", ""), 0) };
    let sections = told.sections(vec![overview.service(), host], vec![jobs], now);
    let chosen = wanted.choose(sections.iter().map(AsRef::as_ref))?;
    let updates = if wanted.is_of_the_board() { revision.updates } else { 0 };
    let degraded = u8::from(overview.is_degraded());
    // Ages grow by themselves: the tag tells only of what they are ages of, and is a weak one for that.
    let tag = format!("W/\"{:x}-{degraded}-{updates}-{look}-{listed}\"", overview.started().as_microsecond());
    let document = Document { sections: &chosen, form: wanted.form, now };
    known_by(&headers, &tag, || serde_json::to_vec(&document).map(Bytes::from).map_err(|_| unwritten()))
}

impl Wanted {
    fn of(uri: &Uri) -> Result<Wanted, Problem> {
        let parameters = Parameters::of(uri, &["section", "sections", "max_age"])?;
        if parameters.text("max_age").is_some() {
            let detail = "`max_age` runs checks, which needs the token of an operator, as `Authorization: Bearer …`";
            let challenge = HeaderValue::from_static("Bearer realm=\"ssi\"");
            return Err(Problem::new(StatusCode::UNAUTHORIZED, detail).header(header::WWW_AUTHENTICATE, challenge));
        }
        let names = parameters.text("section").unwrap_or_default().split(',').filter(|name| !name.is_empty());
        let form = parameters.one_of("sections", &[("raw", Form::Raw)])?.unwrap_or_default();
        Ok(Wanted { names: names.map(str::to_owned).collect(), form })
    }

    /// Whether what is wanted changes with the board.
    fn is_of_the_board(&self) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| name != "service" && name != "host")
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
            return Err(not_found(detail));
        }
        Ok(sections.filter(|section| self.has(&section.name)).collect())
    }
}
