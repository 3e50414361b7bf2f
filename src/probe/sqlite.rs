//! `ssi probe sqlite`: what named queries find in a database, which is only read.

mod database;
mod value;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value};

use super::{ProbeError, limit};
use crate::answer::Answer;
use crate::status::Status;
use crate::timespan;
use database::Database;

/// The question.
#[derive(Debug, Args)]
#[command(after_help = limit::HELP)]
pub struct Sqlite {
    /// The database
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A query whose one row and one column is put under NAME into `fields`; may be repeated
    #[arg(long, value_name = "NAME=SQL", value_parser = Query::parse, required_unless_present = "rows")]
    query: Vec<Query>,
    /// A query of which all rows, 1,000 at most, are put under NAME into `fields`, as an array of objects; may be repeated
    #[arg(long, value_name = "NAME=SQL", value_parser = Query::parse)]
    rows: Vec<Query>,
    /// How long all of it may take, waiting for a locked database included
    #[arg(short, long, value_name = "TIME", default_value = "5s", value_parser = time_limit)]
    timeout: Duration,
}

/// A query and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Query {
    name: String,
    sql: String,
}

impl Query {
    fn parse(text: &str) -> Result<Query, String> {
        match text.split_once('=') {
            Some((name, sql)) if !name.trim().is_empty() && !sql.trim().is_empty() => {
                Ok(Query { name: name.trim().to_owned(), sql: sql.to_owned() })
            }
            _ => Err("that is no named query, expected for example `users=SELECT count(*) FROM users`".to_owned()),
        }
    }
}

/// What shape an answer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Field,
    Rows,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Shape::Field { "field" } else { "rows" })
    }
}

/// An answered query, or why it was not.
type Asked<'a> = (&'a str, Result<Value, String>);

impl Sqlite {
    pub(super) fn ask(&self) -> Result<Answer, ProbeError> {
        let opened = Database::open(&self.file, self.timeout);
        let asked: Vec<Asked<'_>> = self
            .queries()
            .map(|(query, shape)| {
                let found = opened.as_ref().map_err(Clone::clone).and_then(|database| database.ask(&query.sql, shape));
                (query.name.as_str(), found)
            })
            .collect();
        // A file that was written to meanwhile, by somebody who does not know of this reader, can have given anything.
        let result = opened.and_then(Database::close);
        Ok(match result {
            Ok(()) => self.answer(asked),
            Err(reason) => self.answer(asked.into_iter().map(|(name, _)| (name, Err(reason.clone()))).collect()),
        })
    }

    fn queries(&self) -> impl Iterator<Item = (&Query, Shape)> {
        let fields = self.query.iter().map(|query| (query, Shape::Field));
        fields.chain(self.rows.iter().map(|query| (query, Shape::Rows)))
    }

    fn answer(&self, asked: Vec<Asked<'_>>) -> Answer {
        let file = self.file.display();
        let faults: Vec<String> =
            asked.iter().filter_map(|(name, found)| Some(format!("{name}: {}", found.as_ref().err()?))).collect();
        let mut answer = match &faults[..] {
            [] => Answer::new(Status::Ok, format!("{file} answered {} queries", asked.len())),
            [one] => Answer::new(Status::Error, format!("`{file}` did not answer {one}")),
            [first, more @ ..] => {
                Answer::new(Status::Error, format!("`{file}` did not answer {first} (and {} more)", more.len()))
            }
        };
        answer.details = asked.iter().map(|(name, found)| format!("{name}: {}", words(found))).collect();
        let fields = asked.into_iter().map(|(name, found)| (name.to_owned(), found.unwrap_or_default()));
        answer.fact("fields", fields.collect::<Map<_, _>>())
    }
}

/// What was found, for a line of details.
fn words(found: &Result<Value, String>) -> String {
    match found {
        Ok(Value::Array(rows)) => format!("{} rows", rows.len()),
        Ok(value) => value.to_string(),
        Err(reason) => reason.clone(),
    }
}

fn time_limit(text: &str) -> Result<Duration, String> {
    let limit = timespan::parse(text).map_err(|error| error.to_string())?;
    match !limit.is_zero() && limit <= Duration::from_secs(3600) {
        true => Ok(limit),
        false => Err(format!("`{text}` is no time limit, expected more than nothing and at most 1h")),
    }
}
