//! What a script was given in confidence, and must not print: credentials, and the secrets among the variables of its `env-file`.
//!
//! Input: the header of the check, and the surroundings of its run. Output: lines in which `***` stands for them, before the log, the journal
//! or anybody else has seen one.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::check::Check;
use crate::jobs;

/// What stands in the place of a secret.
const MASK: &str = "***";
/// A shorter value hides too much else.
const LEAST: usize = 6;
/// So long a value that looks as if a machine had made it is a secret, whatever its name is.
const LEAST_RANDOM: usize = 16;
/// systemd passes on no longer credential.
const MOST: u64 = 1024 * 1024;

/// The values that are not to be printed.
#[derive(Debug, Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Those of a run of `check` in this environment.
    pub(super) fn of(check: &Check, environment: impl Iterator<Item = (String, String)>) -> Secrets {
        let mut values = BTreeSet::new();
        let (mut directory, mut variables) = (None, Vec::new());
        for (name, value) in environment {
            match name.as_str() {
                "CREDENTIALS_DIRECTORY" => directory = Some(value),
                _ => variables.push((name, value)),
            }
        }
        if let Some(directory) = directory {
            for credential in &check.credentials {
                let content = crate::files::read_limited(&Path::new(&directory).join(&credential.name), MOST);
                // What is no text can't stand in a line as it is.
                let text = content.ok().and_then(|content| String::from_utf8(content).ok()).unwrap_or_default();
                values.extend(text.lines().map(|line| line.trim().to_owned()));
                match serde_json::from_str::<Value>(&text) {
                    Ok(document) => named(&document, false, &mut values),
                    Err(_) => values.extend(jobs::secrets(&text).map(str::to_owned)),
                }
            }
        }
        if check.env_file.is_some() {
            for (name, value) in &variables {
                if jobs::names_secret(name) || jobs::looks_random(value, LEAST_RANDOM) {
                    values.insert(value.trim().to_owned());
                    values.extend(value.lines().map(|line| line.trim().to_owned()));
                }
                values.extend(jobs::secrets(value).map(str::to_owned));
            }
            // systemd made these up itself.
            let own =
                |value: &String| variables.iter().any(|(name, known)| OWN.contains(&name.as_str()) && known == value);
            values.retain(|value| !own(value));
        }
        let values = values.into_iter().filter(|value| value.len() >= LEAST);
        let mut values: Vec<String> = values.flat_map(forms).collect();
        // A value within another one goes with it.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Secrets(values)
    }

    /// The line without them.
    pub(super) fn hide<'a>(&self, line: &'a str) -> Cow<'a, str> {
        let mut line = Cow::Borrowed(line);
        for value in &self.0 {
            if line.contains(value.as_str()) {
                line = Cow::Owned(line.replace(value.as_str(), MASK));
            }
        }
        line
    }
}

/// A value, and the forms in which a shell shows it: in quotes, as a pattern (`set -x`), as a word (`printf %q`); and that of JSON.
fn forms(value: String) -> BTreeSet<String> {
    let escaped = |is_plain: fn(char) -> bool| {
        let escape = |c: char| (!is_plain(c)).then_some('\\').into_iter().chain([c]);
        value.chars().flat_map(escape).collect::<String>()
    };
    let json = Value::from(value.as_str()).to_string();
    let json = json.trim_matches('"').to_owned();
    let (pattern, word) = (escaped(|_| false), escaped(|c| c.is_alphanumeric() || "_./:=@%+-".contains(c)));
    let quoted = value.replace('\'', "'\\''");
    BTreeSet::from([quoted, pattern, word, json, value])
}

/// The texts in a document whose names, or the names of what they are in, say that they are secrets.
fn named(document: &Value, is_secret: bool, values: &mut BTreeSet<String>) {
    match document {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| named(value, is_secret || jobs::names_secret(name), values));
        }
        Value::Array(items) => items.iter().for_each(|item| named(item, is_secret, values)),
        Value::String(text) if is_secret || jobs::looks_random(text, LEAST_RANDOM) => {
            values.extend(text.lines().map(|line| line.trim().to_owned()));
        }
        _ => {}
    }
}

/// Variables that look random and are no secrets.
const OWN: [&str; 5] = ["INVOCATION_ID", "JOURNAL_STREAM", "STATE_DIRECTORY", "PATH", "SSI_TRIGGER"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{self, Limits};

    fn secrets(keys: &str, environment: &[(&str, &str)]) -> Secrets {
        let script = format!("#!/bin/bash\n# name: Door\n# description: x\n# version: 1\n# schedule: daily\n{keys}:\n");
        let Ok(parsed) = check::parse(script.as_bytes(), jiff::tz::db(), &Limits::default()) else {
            panic!("{script}")
        };
        Secrets::of(&parsed.check, environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn variables_of_an_env_file_are_hidden_where_they_are_secrets() {
        let environment = [
            ("DB_PASSWORD", "correct horse"),
            ("API", "f00dcafe12345678f00d"),
            ("DATABASE_URL", "postgres://me:hunter22@db.example.org/shop"),
            ("MIRROR", "mirror.example.org"),
            ("PIN", "1234"),
            ("ODD_PASSWORD", "it's-secret9 x"),
            ("JSON_SECRET", "a\"quote\" in it"),
            ("KEY_TOKEN", "line1-aaaaaa\nline2-bbbbbb\n"),
            ("INVOCATION_ID", "0123456789abcdef0123456789abcdef"),
        ];
        let secrets = secrets("# env-file: /etc/door.env\n", &environment);
        for (line, expected) in [
            ("+ login 'correct horse' f00dcafe12345678f00d", "+ login '***' ***"),
            (r"+ [[ x == \c\o\r\r\e\c\t\ \h\o\r\s\e ]]", "+ [[ x == *** ]]"),
            (r"correct\ horse", "***"),
            (r"+ : 'it'\''s-secret9 x'", "+ : '***'"),
            (r#"{"it": "a\"quote\" in it"}"#, r#"{"it": "***"}"#),
            ("line1-aaaaaa and line2-bbbbbb", "*** and ***"),
            ("OK, postgres://me:hunter22@db.example.org/shop", "OK, postgres://me:***@db.example.org/shop"),
            ("WARNING, mirror.example.org is slow, 1234 ms", "WARNING, mirror.example.org is slow, 1234 ms"),
            ("run 0123456789abcdef0123456789abcdef", "run 0123456789abcdef0123456789abcdef"),
        ] {
            assert_eq!(secrets.hide(line), expected);
        }
    }

    #[test]
    fn credentials_are_hidden_by_line_and_by_value() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        std::fs::write(dir.path().join("token"), "ssh-long-and-secret\n")?;
        std::fs::write(dir.path().join("json"), "{\"user\": \"me\", \"password\": \"open sesame\"}\n")?;
        std::fs::write(dir.path().join("other"), "not of this check\n")?;
        let directory = dir.path().to_str().ok_or("a path")?;
        let secrets =
            secrets("# credential: token:/etc/t\n# credential: json:/etc/j\n", &[("CREDENTIALS_DIRECTORY", directory)]);
        assert_eq!(secrets.hide("curl -H ssh-long-and-secret"), "curl -H ***");
        assert_eq!(secrets.hide("it said open sesame"), "it said ***");
        assert_eq!(secrets.hide("not of this check"), "not of this check");
        Ok(())
    }
}
