//! `/status`: all sections of this host in one document.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;

use super::Api;
use super::answer::{known_by, not_found, unwritten};
use super::authority::demand;
use super::freshen::{Refusals, freshen, with_refusal};
use super::overview::{self, Overview};
use super::parts::Parts;
use super::query::{Parameters, bad};
use crate::check::CheckId;
use crate::jobs;
use crate::section::{Document, Form, Section};
use crate::server::Problem;
use crate::timespan;
use crate::token::Scope;

pub(super) fn routes(api: &Arc<Api>, overview: Arc<Overview>) -> Router<Arc<Api>> {
    Router::new().route("/status", get(status)).with_state((Arc::clone(api), overview))
}

/// What is asked for.
#[derive(Debug, Default, PartialEq)]
struct Wanted {
    /// Names of sections; none for all.
    names: Vec<String>,
    form: Form,
    /// How old a document may be before its check is to run first.
    max_age: Option<Duration>,
}

type Known = (Arc<Api>, Arc<Overview>);

async fn status(State((api, overview)): State<Known>, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let wanted = Wanted::of(&uri)?;
    let refusals = match wanted.max_age {
        Some(most) => {
            let operator = demand(&api.paths, &headers, Scope::Operator).await?;
            let (_, told) = overview.told();
            freshen(&api, operator, wanted.older(told.documents(), most)).await
        }
        None => Refusals::new(),
    };
    let now = Timestamp::now();
    let (revision, told) = overview.told();
    let (host, look) = if wanted.has("host") { overview.host().await } else { (Section::unknown("host", ""), 0) };
    // What has just run is to be in it.
    let fresh = if wanted.max_age.is_some() { Duration::ZERO } else { overview::FRESH };
    let (jobs, listed) = if wanted.has("jobs") { overview.jobs(fresh) } else { (Section::unknown("jobs", ""), 0) };
    let sections = told.sections(vec![overview.service(), host], vec![jobs], now);
    let sections = sections.into_iter().map(|section| {
        let refusal = source(&section, told.documents()).and_then(|check| refusals.get(check));
        with_refusal(section, refusal)
    });
    let sections: Vec<_> = sections.collect();
    let chosen = wanted.choose(sections.iter().map(AsRef::as_ref))?;
    let updates = if wanted.is_of_the_board() { revision.updates } else { 0 };
    let degraded = u8::from(overview.is_degraded());
    // Ages grow by themselves: the tag tells only of what they are ages of, and is a weak one for that.
    let began = overview.started().as_microsecond();
    let tag = format!("W/\"{began:x}-{degraded}-{updates}-{look}-{listed}-{:x}\"", mark(&refusals));
    let document = Document { sections: &chosen, form: wanted.form, now };
    known_by(&headers, &tag, || document.parts().map(Parts::from).map_err(|_| unwritten()))
}

/// The check that a section comes from; of the jobs, the one that reads crontabs.
fn source<'a>(section: &'a Section, documents: &'a [Section]) -> Option<&'a CheckId> {
    let crontabs = || documents.iter().find(|document| document.name == jobs::SECTION);
    let document = if section.name == "jobs" { crontabs()? } else { section };
    document.check.as_ref()
}

/// Differs where refusals do.
fn mark(refusals: &Refusals) -> u64 {
    let mut hasher = DefaultHasher::new();
    refusals.hash(&mut hasher);
    hasher.finish()
}

impl Wanted {
    fn of(uri: &Uri) -> Result<Wanted, Problem> {
        let parameters = Parameters::of(uri, &["section", "sections", "max_age"])?;
        let max_age = parameters.text("max_age").map(|text| {
            let expected = |_| bad(format!("`max_age` is `{text}`: expected a time span such as `5s`"));
            timespan::parse(text).map_err(expected)
        });
        let max_age = max_age.transpose()?;
        let names = parameters.text("section").unwrap_or_default().split(',').filter(|name| !name.is_empty());
        let form = parameters.one_of("sections", &[("raw", Form::Raw)])?.unwrap_or_default();
        Ok(Wanted { names: names.map(str::to_owned).collect(), form, max_age })
    }

    /// Whether what is wanted changes with the board.
    fn is_of_the_board(&self) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| name != "service" && name != "host")
    }

    /// The checks of those of `documents` that are wanted and older than `most`.
    fn older(&self, documents: &[Section], most: Duration) -> Vec<CheckId> {
        let now = Timestamp::now();
        let is_young = |age: i64| u128::try_from(age).is_ok_and(|age| age <= most.as_millis());
        // Crontabs are known by a check that has a section of its own.
        let is_part = |section: &Section| section.name == jobs::SECTION && self.has("jobs");
        let wanted = documents.iter().filter(|section| self.has(&section.name) || is_part(section));
        let old = wanted.filter(|section| !section.age_ms(now).is_some_and(is_young));
        old.filter_map(|section| section.check.clone()).collect()
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
