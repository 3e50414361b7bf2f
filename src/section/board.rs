//! The sections that a board makes: itself, and the documents of its checks.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::{Age, Section, Summary};
use crate::board::{Board, Entry};
use crate::event::Kind;

/// What a board says by itself, ready to be told again and again until it changes.
#[derive(Clone, Debug)]
pub struct Told {
    summary: Summary,
    checks: Section,
    watches: Section,
    pings: Section,
    documents: Vec<Section>,
}

impl Told {
    /// Of a board.
    pub fn of(board: &Board) -> Told {
        let of_kind = |kind: Kind| {
            board.written().filter(|row| row.key.kind() == kind).map(|row| &*row.json).collect::<Vec<&RawValue>>()
        };
        Told {
            summary: Summary::of(board),
            checks: Section::live("checks", &of_kind(Kind::Check)),
            watches: Section::live("watches", &of_kind(Kind::Watch)),
            pings: Section::live("pings", &of_kind(Kind::Ping)),
            documents: of_checks(board),
        }
    }

    /// The documents of checks.
    pub fn documents(&self) -> &[Section] {
        &self.documents
    }

    /// All there is to tell at `now`: about ssi itself (`first`: service and host), the board, `more` of what ssi fills itself, and
    /// the documents of checks.
    pub fn sections(&self, first: Vec<Section>, more: Vec<Section>, now: Timestamp) -> Vec<Cow<'_, Section>> {
        let summary = Section::live("summary", &self.summary.at(now));
        let owned = first.into_iter().chain([summary]).map(Cow::Owned);
        let board = [&self.checks, &self.watches, &self.pings].into_iter().map(Cow::Borrowed);
        let documents = self.documents.iter().map(Cow::Borrowed);
        owned.chain(board).chain(more.into_iter().map(Cow::Owned)).chain(documents).collect()
    }
}

/// The last documents of all checks that name a section, by its name. Where several name the same, the one with the first id has it.
fn of_checks(board: &Board) -> Vec<Section> {
    let mut claims: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in board.entries() {
        if let Some(name) = &entry.check.section {
            claims.entry(name).or_default().push(entry);
        }
    }
    let mut sections = Vec::new();
    for (name, entries) in claims {
        if let [first, others @ ..] = &entries[..] {
            sections.push(with_claims(of_entry(name, first), others));
        }
    }
    sections
}

fn of_entry(name: &str, entry: &Entry) -> Section {
    // Other programs may write to a log as well: what is no JSON is no document.
    let data = entry.document.clone().and_then(|text| RawValue::from_string(text).ok()).map(Arc::from);
    let age = entry.documented.at().map_or(Age::Unknown, Age::Since);
    let why = match (entry.documented.missing(), &data) {
        _ if entry.check.is_broken() => Some(format!("its header is broken: {}", entry.check.description)),
        _ if entry.is_overdue() => Some(entry.message.clone()),
        (Some(said), _) => Some(format!("its last run printed no JSON document: {said}")),
        (None, None) => Some("no run has printed a JSON document yet".to_owned()),
        (None, Some(_)) => None,
    };
    let age = if data.is_some() { age } else { Age::Unknown };
    let (status, check) = (Some(entry.status), Some(entry.check.id.clone()));
    Section { name: name.to_owned(), data, age, stale: why.is_some(), error: why, status, check }
}

/// Says which checks name the section too, in vain.
fn with_claims(section: Section, others: &[&Entry]) -> Section {
    if others.is_empty() {
        return section;
    }
    let ids: Vec<String> = others.iter().map(|entry| format!("`{}`", entry.check.id)).collect();
    let claimed = format!("also named by {}, which this hides: give each check a section of its own", ids.join(", "));
    let error = section.error.map_or(claimed.clone(), |error| format!("{error}; {claimed}"));
    Section { error: Some(error), ..section }
}
