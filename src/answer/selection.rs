//! Which facts of an answer are wanted, and under which names.
//!
//! Input: what `--facts=…` says, and the facts. Output: a JSON value; `null` where a fact is not known.

use serde_json::{Map, Value};

/// A place in a JSON document (RFC 6901): empty for all of it, else each step behind a `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer(String);

impl Pointer {
    /// Reads one.
    ///
    /// # Errors
    ///
    /// What was expected.
    pub fn parse(text: &str) -> Result<Pointer, String> {
        let has_bad_escape = text.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1']));
        match (text.is_empty() || text.starts_with('/')) && !has_bad_escape {
            true => Ok(Pointer(text.to_owned())),
            false => Err(format!("`{text}` is no JSON pointer, expected for example `/models/0/name`")),
        }
    }

    /// The pointer to a member of the document.
    fn member(name: &str) -> Pointer {
        Pointer(format!("/{}", name.replace('~', "~0").replace('/', "~1")))
    }

    /// What lies there.
    pub fn of<'a>(&self, document: &'a Value) -> Option<&'a Value> {
        document.pointer(&self.0)
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A value with the name under which it is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// Where it lies.
    pub pointer: Pointer,
}

impl Named {
    /// Reads `NAME=POINTER`.
    ///
    /// # Errors
    ///
    /// What was expected.
    pub fn parse(text: &str) -> Result<Named, String> {
        match text.split_once('=') {
            Some((name, pointer)) if !name.is_empty() => {
                Ok(Named { name: name.to_owned(), pointer: Pointer::parse(pointer)? })
            }
            _ => {
                Err(format!("`{text}` is no named value, expected `NAME=POINTER`, for example `models=/models/count`"))
            }
        }
    }
}

/// What is wanted.
///
/// ```
/// # use ssi::answer::Selection;
/// # use serde_json::{Value, json};
/// let facts = json!({"sha": "1f3", "tasks": [1, 2], "trees": {"a/b": null}});
/// let picked = |text: &str| Selection::parse(text).map(|wanted| wanted.of(&facts));
/// assert_eq!(picked(""), Ok(facts.clone()));
/// assert_eq!(picked("/tasks/1"), Ok(json!(2)));
/// assert_eq!(picked("sha,first=/tasks/0,gone"), Ok(json!({"sha": "1f3", "first": 1, "gone": null})));
/// assert!(picked("sha,,").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// The value that lies there alone; of an empty pointer, all facts.
    One(Pointer),
    /// An object of these.
    Named(Vec<Named>),
}

impl Selection {
    /// Reads nothing, a pointer, or a list of names, each with a pointer where the fact has another name.
    ///
    /// # Errors
    ///
    /// What was expected.
    pub fn parse(text: &str) -> Result<Selection, String> {
        if text.is_empty() || text.starts_with('/') {
            return Pointer::parse(text).map(Selection::One);
        }
        let item = |item: &str| match item {
            "" => Err(format!("`{text}` is no list of facts, expected for example `dirty,sha=/head_sha`")),
            item if item.contains('=') => Named::parse(item),
            name => Ok(Named { name: name.to_owned(), pointer: Pointer::member(name) }),
        };
        text.split(',').map(item).collect::<Result<_, _>>().map(Selection::Named)
    }

    /// Takes them out of the facts.
    pub fn of(&self, facts: &Value) -> Value {
        let value = |pointer: &Pointer| pointer.of(facts).cloned().unwrap_or_default();
        match self {
            Selection::One(pointer) => value(pointer),
            Selection::Named(wanted) => {
                let pairs = wanted.iter().map(|Named { name, pointer }| (name.clone(), value(pointer)));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_may_hold_what_steps_of_pointers_may_not() {
        let facts = json!({"a/b": 1, "~": 2});
        assert_eq!(Selection::parse("a/b,~").map(|wanted| wanted.of(&facts)), Ok(json!({"a/b": 1, "~": 2})));
        assert_eq!(Selection::parse("/a~1b").map(|wanted| wanted.of(&facts)), Ok(json!(1)));
    }

    #[test]
    fn mistakes_are_named() {
        for text in ["a=b", "=/a", "/a~", "/a~2", "a,=", ",a"] {
            assert!(Selection::parse(text).is_err(), "{text}");
        }
        assert!(Named::parse("a").is_err() && Named::parse("a=").is_ok());
    }
}
