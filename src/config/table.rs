//! A table of a TOML file, read key by key; whatever is wrong is noted at its place, and reading goes on.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Mistake;
use crate::source::{Problem, Span};

/// A value with the place where it stands.
pub(super) type Value<'v, 'i> = (&'v DeValue<'i>, Span);

/// One table, and what is wrong with it.
pub(super) struct Table<'v, 'i, 'p> {
    table: &'v DeTable<'i>,
    problems: &'p mut Vec<Problem>,
}

pub(super) fn place<T>(spanned: &Spanned<T>) -> Span {
    Span::new(spanned.span().start, spanned.span().end)
}

/// What a value is, as the end of "`port` is …".
fn kind(value: &DeValue) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

impl<'v, 'i, 'p> Table<'v, 'i, 'p> {
    /// A table of which these keys are known; `name` is empty for the top of the file.
    pub(super) fn new(
        table: &'v DeTable<'i>,
        name: &'static str,
        known: &'static [&'static str],
        problems: &'p mut Vec<Problem>,
    ) -> Self {
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let found = key.get_ref().to_string();
            let meant = crate::spelling::closest(&found, known.iter().copied());
            problems.push(Mistake::UnknownKey { found, table: name, meant, known }.at(place(key)));
        }
        Table { table, problems }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<Value<'v, 'i>> {
        self.table.get(key).map(|value| (value.get_ref(), place(value)))
    }

    /// Where a key stands.
    pub(super) fn place_of(&self, key: &str) -> Option<Span> {
        self.table.get_key_value(key).map(|(key, _)| place(key))
    }

    /// Notes a mistake.
    pub(super) fn wrong(&mut self, mistake: Mistake, span: Span) {
        self.problems.push(mistake.at(span));
    }

    /// Notes that a value is of another kind.
    pub(super) fn wrong_kind(&mut self, key: &'static str, (value, span): Value<'_, '_>, expected: &'static str) {
        self.wrong(Mistake::Kind { key, found: kind(value), expected }, span);
    }

    /// A text that `read` understands.
    pub(super) fn text<T>(
        &mut self,
        key: &'static str,
        expected: &'static str,
        read: impl Fn(&str) -> Result<T, Mistake>,
    ) -> Option<T> {
        let (value, span) = self.get(key)?;
        match value {
            DeValue::String(text) => self.note(read(text), span),
            _ => {
                self.wrong_kind(key, (value, span), expected);
                None
            }
        }
    }

    /// A value or a list of them; `None` where the key is missing or anything is wrong.
    pub(super) fn one_or_many<T>(
        &mut self,
        key: &'static str,
        expected: &'static str,
        read: impl Fn(&DeValue) -> Option<Result<T, Mistake>>,
    ) -> Option<Vec<(T, Span)>> {
        let (value, span) = self.get(key)?;
        let values: Vec<Value> = match value {
            DeValue::Array(values) => values.iter().map(|value| (value.get_ref(), place(value))).collect(),
            _ => vec![(value, span)],
        };
        let before = self.problems.len();
        let mut found = Vec::new();
        for (value, span) in values {
            match read(value) {
                Some(result) => found.extend(self.note(result, span).map(|value| (value, span))),
                None => self.wrong_kind(key, (value, span), expected),
            }
        }
        (self.problems.len() == before).then_some(found)
    }

    /// Notes an error.
    pub(super) fn note<T>(&mut self, result: Result<T, Mistake>, span: Span) -> Option<T> {
        result.map_err(|mistake| self.wrong(mistake, span)).ok()
    }
}
