//! The board as plain text, for `curl`.

use crate::board::Row;
use crate::event::rfc3339;
use crate::line;

/// One line a check: id, status, since when, message; columns aligned.
pub fn render(rows: &[Row]) -> String {
    let head = ["ID", "STATUS", "SINCE", "MESSAGE"].map(str::to_owned);
    let lines = rows.iter().map(|row| {
        [
            row.key.to_string(),
            row.status.word().to_owned(),
            row.since.map_or_else(|| "-".to_owned(), rfc3339),
            line::printable(row.message.as_deref().unwrap_or("-")),
        ]
    });
    let lines: Vec<_> = std::iter::once(head).chain(lines).collect();
    let width = |column: fn(&[String; 4]) -> &String| lines.iter().map(|line| column(line).chars().count()).max();
    let (id, status, since) = (width(|line| &line[0]), width(|line| &line[1]), width(|line| &line[2]));
    let (id, status, since) = (id.unwrap_or(0), status.unwrap_or(0), since.unwrap_or(0));
    lines.iter().map(|[a, b, c, message]| format!("{a:id$}  {b:status$}  {c:since$}  {message}\n")).collect()
}
