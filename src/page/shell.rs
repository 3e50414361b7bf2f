//! What is the same at every address of the page: head, navigation, banner.

use jiff::Timestamp;

use super::assets::Assets;
use super::condition::{self, Condition};
use super::html::{Text, fill};
use super::snapshot;
use super::view::View;
use crate::board::Row;
use crate::status::Status;

/// The frame; `{…}` are its places.
pub const TEMPLATE: &str = include_str!("shell.html");

/// What the shell is filled with.
#[derive(Clone, Copy, Debug)]
pub struct Shell<'a> {
    /// The files of the page.
    pub assets: &'a Assets,
    /// The host's name.
    pub host: &'a str,
    /// The board.
    pub rows: &'a [Row],
    /// What is wrong with the configuration.
    pub mistakes: &'a [String],
    /// The present.
    pub now: Timestamp,
}

impl Shell<'_> {
    /// The whole page with the snapshot of a view.
    pub fn render(&self, view: &View) -> String {
        let status = worst(self.rows);
        let symbol = status.word().to_ascii_lowercase();
        let favicon = if status.is_healthy() { "ok" } else { &symbol };
        fill(
            TEMPLATE,
            &[
                ("build", self.assets.build()),
                ("title", &Text(&self.title(view)).to_string()),
                ("favicon", favicon),
                ("preload", &self.preload()),
                ("host", &Text(self.host).to_string()),
                ("nav", &self.nav(view)),
                ("notices", &notices(self.mistakes)),
                ("status", status.word()),
                ("symbol", &symbol),
                ("headline", &Text(&headline(self.rows)).to_string()),
                ("more", &more(self.rows)),
                ("snapshot", &snapshot::render(view, self.rows, self.now)),
                ("version", env!("CARGO_PKG_VERSION")),
            ],
        )
    }

    fn preload(&self) -> String {
        let link = |name| format!("<link rel=\"modulepreload\" href=\"/assets/{name}\">\n");
        self.assets.modules().map(link).collect()
    }

    /// The same as the live page's, see `assets/main.js`.
    fn title(&self, view: &View) -> String {
        let count = match self.rows.iter().filter(|row| Condition::of(row).is_bad()).count() {
            0 => String::new(),
            count => format!("({count}) "),
        };
        let view = match view {
            View::Overview => String::new(),
            view => format!("{} · ", view.subject(self.rows).map_or(view.title(), condition::title)),
        };
        format!("{count}{view}{}", self.host)
    }

    fn nav(&self, shown: &View) -> String {
        let alerts = match self.rows.iter().filter(|row| condition::is_alert(row, self.now)).count() {
            0 => String::new(),
            count => count.to_string(),
        };
        let link = |view: &View| {
            let current = if view.path() == shown.path() { " aria-current=\"page\"" } else { "" };
            let is_alerts = *view == View::Alerts;
            let count = if is_alerts { format!("<span id=\"alert-count\">{alerts}</span>") } else { String::new() };
            format!("<a href=\"{}\"{current}>{}{count}</a>", view.path(), view.title())
        };
        [View::Overview].iter().chain(&View::LISTS).map(link).collect()
    }
}

/// What the banner shows: the worst of what is bad; else `OK`, if anything is known at all.
fn worst(rows: &[Row]) -> Status {
    let conditions = rows.iter().map(Condition::of);
    let bad = conditions.filter(|condition| condition.is_bad()).max_by_key(|condition| condition.urgency());
    let is_known = rows.iter().any(|row| row.status != Status::Unknown);
    bad.map_or(if is_known { Status::Ok } else { Status::Unknown }, Condition::drawn_as)
}

/// How many have no result although none is overdue.
fn unknown(rows: &[Row]) -> usize {
    rows.iter().filter(|row| Condition::of(row) == Condition::Is(Status::Unknown)).count()
}

/// The same sentence as the live banner's, see `assets/banner.js`.
fn headline(rows: &[Row]) -> String {
    let bad: Vec<&Row> = rows.iter().filter(|row| Condition::of(row).is_bad()).collect();
    if rows.is_empty() {
        return "Nothing is monitored yet".to_owned();
    }
    if unknown(rows) == rows.len() {
        return "No results yet".to_owned();
    }
    match bad[..] {
        [] => "All systems operational".to_owned(),
        [row] => format!("{}: {}", condition::title(row), Condition::of(row).word()),
        _ => {
            let count = |condition| bad.iter().filter(|row| Condition::of(row) == condition).count();
            let counts = Condition::BAD.map(|condition| (count(condition), condition.word()));
            let counts = counts.iter().filter(|(count, _)| *count > 0);
            let words: Vec<String> = counts.map(|(count, word)| format!("{count} {word}")).collect();
            format!("{} of {} need attention: {}", bad.len(), rows.len(), words.join(", "))
        }
    }
}

/// The same as the live page's, see `assets/main.js`.
fn notices(mistakes: &[String]) -> String {
    let Some(first) = mistakes.first() else { return String::new() };
    let more = match mistakes.len() {
        1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    let text = format!("The configuration is not in force as it stands: {first}{more}");
    format!("<p id=\"mistakes\" class=\"notice\">{}</p>", Text(&text))
}

fn more(rows: &[Row]) -> String {
    let fine = rows.iter().filter(|row| row.status.is_healthy()).count();
    let unknown = match unknown(rows) {
        0 => String::new(),
        unknown => format!(", {unknown} without a current result"),
    };
    match rows.len() {
        0 => String::new(),
        all => format!("<span class=\"numbers\">{fine} of {all} fine{unknown}</span>"),
    }
}
