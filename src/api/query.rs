//! What stands behind the `?` of an address.
//!
//! Input: the address, and the names that mean something there. Output: their values, or a problem that names the one that is wrong.

use axum::extract::Query;
use axum::http::{StatusCode, Uri};
use jiff::Timestamp;

use crate::server::Problem;
use crate::spelling;

/// The parameters of one request, each given once at most.
#[derive(Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Those of `uri`, of which only `known` ones may be there.
    pub(super) fn of(uri: &Uri, known: &[&str]) -> Result<Parameters, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| bad("the query can't be read: expected `name=value` pairs, percent-encoded".to_owned()))?;
        for (at, (name, _)) in pairs.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                return Err(bad(unknown(name, known)));
            }
            if pairs[..at].iter().any(|(before, _)| before == name) {
                return Err(bad(format!("`{name}` is given twice: give it once")));
            }
        }
        Ok(Parameters(pairs))
    }

    /// The text of one of them.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A whole number within these bounds.
    pub(super) fn number(&self, name: &str, least: u32, most: u32) -> Result<Option<u32>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| is_number && (least..=most).contains(number));
        number
            .map(Some)
            .ok_or_else(|| bad(format!("`{name}` is `{text}`: expected a whole number from {least} to {most}")))
    }

    /// A time.
    pub(super) fn time(&self, name: &str) -> Result<Option<Timestamp>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            // In a query a plus is a space.
            let plus = if text.contains(' ') { " (write the `+` of an offset as `%2B`)" } else { "" };
            bad(format!(
                "`{name}` is `{text}`: expected a time as RFC 3339 has it, such as `2026-11-22T08:06:00Z`{plus}"
            ))
        })
    }

    /// From when on, inclusive, and until when, exclusive.
    pub(super) fn range(&self) -> Result<(Option<Timestamp>, Option<Timestamp>), Problem> {
        Ok((self.time("from")?, self.time("to")?))
    }

    /// One of these words; whatever its case.
    pub(super) fn one_of<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let choice = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
        choice.map(|(_, value)| Some(*value)).ok_or_else(|| {
            let words: Vec<String> = choices.iter().map(|(word, _)| format!("`{word}`")).collect();
            bad(format!("`{name}` is `{text}`: expected {}", words.join(", ")))
        })
    }
}

/// One parameter of an address that others may have theirs in too; as it was given first.
pub(super) fn lenient(uri: &Uri, name: &str) -> Option<String> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
    pairs.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// The request can't be understood.
pub(super) fn bad(detail: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}

fn unknown(name: &str, known: &[&str]) -> String {
    let words: Vec<String> = known.iter().map(|word| format!("`{word}`")).collect();
    match (spelling::closest(name, known.iter().copied()), known) {
        (Some(meant), _) => format!("unknown parameter `{name}`: did you mean `{meant}`?"),
        (None, []) => format!("unknown parameter `{name}`: this address takes none"),
        (None, _) => format!("unknown parameter `{name}`: known are {}", words.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::response::IntoResponse;

    use super::*;

    async fn said(problem: Problem) -> String {
        let response = problem.into_response();
        assert_eq!(response.status(), 400);
        let body = to_bytes(response.into_body(), 4096).await.unwrap_or_default();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        body["detail"].as_str().unwrap_or_default().to_owned()
    }

    fn read(query: &str) -> Result<(), Problem> {
        let uri: Uri = format!("/x?{query}").parse().map_err(|_| bad("no address".to_owned()))?;
        let parameters = Parameters::of(&uri, &["limit", "from", "to", "kind"])?;
        parameters.number("limit", 1, 500)?;
        parameters.range()?;
        parameters.one_of("kind", &[("check", 1), ("watch", 2)]).map(drop)
    }

    #[tokio::test]
    async fn what_is_wrong_is_named() {
        let rows = [
            ("limt=1", "unknown parameter `limt`: did you mean `limit`?"),
            ("colour=1", "unknown parameter `colour`: known are `limit`, `from`, `to`, `kind`"),
            ("limit=1&limit=1", "`limit` is given twice: give it once"),
            ("limit=0", "`limit` is `0`: expected a whole number from 1 to 500"),
            ("limit=%2B5", "`limit` is `+5`: expected a whole number from 1 to 500"),
            ("limit=99999999999", "`limit` is `99999999999`: expected a whole number from 1 to 500"),
            ("limit=", "`limit` is ``: expected a whole number from 1 to 500"),
            ("kind=ping", "`kind` is `ping`: expected `check`, `watch`"),
            ("to=yesterday", "`to` is `yesterday`: expected a time as RFC 3339 has it, such as `2026-11-22T08:06:00Z`"),
        ];
        for (query, expected) in rows {
            match read(query) {
                Err(problem) => assert_eq!(said(problem).await, expected, "{query}"),
                Ok(()) => assert_eq!("accepted", expected, "{query}"),
            }
        }
        let Err(problem) = read("from=2026-11-22T08:00:00+01:00") else { return assert_eq!("accepted", "a space") };
        assert!(said(problem).await.ends_with("(write the `+` of an offset as `%2B`)"));
    }

    #[test]
    fn what_is_right_is_taken() {
        for query in ["", "limit=500", "limit=1&kind=WATCH", "from=2026-11-22T08:00:00%2B01:00&to=2026-11-22T08:00:00Z"]
        {
            assert!(read(query).is_ok(), "{query}");
        }
    }
}
