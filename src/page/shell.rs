//! What is the same at every address of the page: head, navigation, banner.

use jiff::Timestamp;

use super::assets::Assets;
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
                ("title", &format!("{} · {}", Text(view.title()), Text(self.host))),
                ("favicon", favicon),
                ("preload", &self.preload()),
                ("host", &Text(self.host).to_string()),
                ("nav", &nav(view)),
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
}

fn nav(shown: &View) -> String {
    let link = |view: &View| {
        let current = if view.path() == shown.path() { " aria-current=\"page\"" } else { "" };
        let count = if *view == View::Alerts { "<span id=\"alert-count\"></span>" } else { "" };
        format!("<a href=\"{}\"{current}>{}{count}</a>", view.path(), view.title())
    };
    [View::Overview].iter().chain(&View::LISTS).map(link).collect()
}

/// What the banner shows: the worst bad status; else `OK`, if anything is known at all.
fn worst(rows: &[Row]) -> Status {
    let bad = rows.iter().map(|row| row.status).filter(|status| status.is_bad()).max();
    let is_known = rows.iter().any(|row| row.status != Status::Unknown);
    bad.unwrap_or(if is_known { Status::Ok } else { Status::Unknown })
}

/// The same sentence as the live banner's, see `assets/banner.js`.
fn headline(rows: &[Row]) -> String {
    let bad: Vec<&Row> = rows.iter().filter(|row| row.status.is_bad()).collect();
    if rows.is_empty() {
        return "Nothing is monitored yet".to_owned();
    }
    if rows.iter().all(|row| row.status == Status::Unknown) {
        return "No results yet".to_owned();
    }
    match bad[..] {
        [] => "All systems operational".to_owned(),
        [row] => format!("{}: {}", row.name, row.status),
        _ => {
            let count = |status: Status| bad.iter().filter(|row| row.status == status).count();
            let counts = [Status::Error, Status::Failure, Status::Warning].map(|status| (count(status), status));
            let counts = counts.iter().filter(|(count, _)| *count > 0);
            let words: Vec<String> = counts.map(|(count, status)| format!("{count} {status}")).collect();
            format!("{} of {} need attention: {}", bad.len(), rows.len(), words.join(", "))
        }
    }
}

fn more(rows: &[Row]) -> String {
    let fine = rows.iter().filter(|row| row.status.is_healthy()).count();
    let unknown = rows.iter().filter(|row| row.status == Status::Unknown).count();
    let unknown = if unknown > 0 { format!(", {unknown} without a current result") } else { String::new() };
    match rows.len() {
        0 => String::new(),
        all => format!("<span class=\"numbers\">{fine} of {all} fine{unknown}</span>"),
    }
}
