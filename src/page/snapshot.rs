//! The board as static HTML: what a view shows before and without JavaScript.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::condition::{self, Condition};
use super::html::{Segment, Text};
use super::view::View;
use crate::board::Row;
use crate::event::{Kind, rfc3339};
use crate::status::Status;

/// Most rows of a table: a browser without JavaScript reads them all at once.
const MOST: usize = 1000;

/// The content of a view.
pub fn render(view: &View, board: &[Row], now: Timestamp) -> String {
    let mut rows: Vec<&Row> = board.iter().collect();
    rows.sort_by_key(|row| (Reverse(Condition::of(row).urgency()), condition::title(row)));
    let title = match view {
        View::One(..) => String::new(),
        view => format!("<h1>{}</h1>\n", view.title()),
    };
    let content = match view {
        View::Overview | View::Grid => table(&rows),
        View::Checks => table(&only(rows, |row| row.key.kind() != Kind::Watch)),
        View::Watches => watches(&only(rows, |row| row.watch.is_some())),
        View::Jobs => jobs(&only(rows, |row| row.schedule.is_some() || row.next_run.is_some())),
        View::Events => {
            rows.sort_by_key(|row| Reverse(row.since));
            format!("<p class=\"note\">The last change of each.</p>\n{}", table(&rows))
        }
        View::Alerts => {
            let alerts = only(rows, |row| condition::is_alert(row, now));
            let words = if alerts.len() == 1 { "alert" } else { "alerts" };
            format!("<p class=\"count\">{} {words}</p>\n{}", alerts.len(), table(&alerts))
        }
        View::One(kind, id) => match view.subject(board) {
            Some(row) => one(row),
            None => {
                let (kind, id) = (kind.word(), Text(id));
                format!("<h1>No such {kind}</h1>\n<p class=\"empty\">No {kind} has the id {id}.</p>")
            }
        },
    };
    let note = format!(
        "<noscript><p class=\"notice\"><span>This is how it was at {}. Reload for the present; with JavaScript it is live.</span></p></noscript>",
        time(Some(now))
    );
    format!("<div class=\"view\">{note}\n{title}{content}\n</div>")
}

fn only<'a>(rows: Vec<&'a Row>, wanted: impl Fn(&'a Row) -> bool) -> Vec<&'a Row> {
    rows.into_iter().filter(|row| wanted(row)).collect()
}

fn table(rows: &[&Row]) -> String {
    frame(&["Status", "Name", "Since", "Message"], rows, |row| {
        format!("<td>{}</td>{}<td>{}</td>{}", indicator(row.status), name(row), time(row.since), message(row))
    })
}

fn watches(rows: &[&Row]) -> String {
    frame(&["Status", "Name", "Expected", "Actual", "Since", "Message"], rows, |row| {
        let watch = row.watch.as_ref();
        let [expected, actual] = [watch.map(|watch| &watch.expected), watch.map(|watch| &watch.actual)]
            .map(|word| Text(word.map_or("–", String::as_str)).to_string());
        let (status, since) = (indicator(row.status), time(row.since));
        format!("<td>{status}</td>{}<td>{expected}</td><td>{actual}</td><td>{since}</td>{}", name(row), message(row))
    })
}

fn jobs(rows: &[&Row]) -> String {
    frame(&["Name", "Schedule", "Next run", "Last run", "Last result"], rows, |row| {
        let human = Text(row.schedule_human.as_deref().unwrap_or("–"));
        let (next, last) = (time(row.next_run), time(row.last_run));
        format!("{}<td>{human}</td><td>{next}</td><td>{last}</td><td>{}</td>", name(row), indicator(row.status))
    })
}

fn frame(columns: &[&str], rows: &[&Row], cells: impl Fn(&Row) -> String) -> String {
    if rows.is_empty() {
        return "<p class=\"empty\">Nothing.</p>".to_owned();
    }
    let mut out = String::from("<div class=\"scroll\"><table><thead><tr>");
    out.extend(columns.iter().map(|column| format!("<th scope=\"col\">{column}</th>")));
    out.push_str("</tr></thead>\n<tbody>\n");
    out.extend(rows.iter().take(MOST).map(|row| format!("<tr>{}</tr>\n", cells(row))));
    out.push_str("</tbody></table></div>");
    if let Some(rest) = rows.len().checked_sub(MOST).filter(|rest| *rest > 0) {
        out.push_str(&format!("<p class=\"more\">{rest} more</p>"));
    }
    out
}

fn one(row: &Row) -> String {
    let mut out = format!(
        "<h1>{}</h1>\n<p class=\"subtitle\">{}</p>\n<p class=\"state-line\">{} <span>since {}</span>{}</p>\n<p class=\"message big\">{}</p>\n<p class=\"description\">{}</p>\n<dl class=\"facts panel\">",
        Text(condition::title(row)),
        Text(condition::subtitle(row).unwrap_or_default()),
        indicator(row.status),
        time(row.since),
        marks(row),
        Text(row.message.as_deref().unwrap_or("No result yet.")),
        Text(&row.description),
    );
    let mut fact = |word: &str, value: Option<String>| {
        if let Some(value) = value {
            out.push_str(&format!("<div><dt>{word}</dt><dd>{value}</dd></div>"));
        }
    };
    let text = |value: &Option<String>| value.as_deref().map(|value| Text(value).to_string());
    fact("Schedule", text(&row.schedule_human));
    fact("Next run", row.next_run.map(|next| time(Some(next))));
    fact("Last run", row.last_run.map(|last| time(Some(last))));
    fact("Version", text(&row.version));
    fact("Expected", row.watch.as_ref().map(|watch| Text(&watch.expected).to_string()));
    fact("Actual", row.watch.as_ref().map(|watch| Text(&watch.actual).to_string()));
    fact("Id", Some(format!("<code>{}</code>", Text(row.key.id()))));
    out + "</dl>"
}

fn name(row: &Row) -> String {
    let list = row.key.kind().plural();
    let (id, title, marks) = (Segment(row.key.id()), Text(condition::title(row)), marks(row));
    let subtitle = Text(condition::subtitle(row).unwrap_or_default());
    format!("<th scope=\"row\"><a href=\"/{list}/{id}\">{title}</a><span class=\"name\">{subtitle}</span>{marks}</th>")
}

fn marks(row: &Row) -> String {
    let mark = |word: &&str| format!("<span class=\"mark\" data-mark=\"{word}\">{word}</span>");
    format!("<span class=\"marks\">{}</span>", row.marks.iter().map(mark).collect::<String>())
}

fn message(row: &Row) -> String {
    format!("<td class=\"message\">{}</td>", Text(row.message.as_deref().unwrap_or("–")))
}

fn indicator(status: Status) -> String {
    let word = status.word();
    let symbol = word.to_ascii_lowercase();
    format!(
        "<span class=\"indicator\" data-status=\"{word}\"><svg class=\"icon\" aria-hidden=\"true\"><use href=\"#i-{symbol}\"/></svg><span class=\"word\">{word}</span></span>"
    )
}

fn time(time: Option<Timestamp>) -> String {
    match time {
        Some(time) => format!("<time datetime=\"{}\">{}</time>", rfc3339(time), time.strftime("%Y-%m-%d %H:%M:%S UTC")),
        None => "–".to_owned(),
    }
}
