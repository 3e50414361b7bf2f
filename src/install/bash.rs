//! Whether bash understands scripts: it reads all of each and runs nothing.
//!
//! Input: scripts. Output: nothing, or the first mistake as an [`InstallError`]. `bash -n` says what is wrong with one. To start it for
//! each of a thousand scripts takes seconds, so one bash goes through many first, and `bash -n` is asked about those it stumbles over.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::process::{Command, Output};

use super::InstallError;
use super::plan::Candidate;
use crate::files::FileError;

/// Reads scripts from its input, a NUL behind each, and prints the numbers of those that it does not understand, and how many it read.
/// After `set -n` bash reads on without carrying out anything. Only the end of the function undoes that: `local -` makes it so, and a
/// bash that does not know it must not go on.
const READER: &str = r#"
understands() {
  local - || exit
  eval "set -n
$1"
}
exec 2> /dev/null
number=0
while IFS= read -r -d '' script; do
  understands "$script" || echo "$number"
  ((++number))
done
echo "$number""#;

/// Refuses the first script that bash does not understand.
pub(super) fn understand(scripts: &[&Candidate]) -> Result<(), InstallError> {
    let Some(first) = scripts.first() else { return Ok(()) };
    let doubtful = match scripts {
        [_] => vec![*first],
        _ => stumble(scripts).map_err(FileError::at("run bash on", &first.file))?,
    };
    for script in doubtful {
        if let Some(mistake) = mistake(&script.content).map_err(FileError::at("run bash on", &script.file))? {
            let reason = format!("bash does not understand it: {mistake}");
            return Err(InstallError::Unfit { file: script.file.clone(), reason });
        }
    }
    Ok(())
}

/// The scripts that one bash for all does not understand, or can't be given.
fn stumble<'a>(scripts: &[&'a Candidate]) -> io::Result<Vec<&'a Candidate>> {
    let (mut input, mut sent, mut doubtful) = (Vec::new(), Vec::new(), Vec::new());
    for script in scripts {
        if script.content.contains(&0) {
            doubtful.push(*script);
        } else {
            input.extend_from_slice(&script.content);
            input.push(0);
            sent.push(*script);
        }
    }
    // Nothing that the environment brings may be carried out (`-p`), and bytes are bytes: that is faster.
    let output = run(Command::new("bash").args(["-p", "-c", READER]).env("LC_ALL", "C"), &input)?;
    let numbers = String::from_utf8_lossy(&output.stdout);
    let mut numbers: Vec<usize> = numbers.lines().filter_map(|line| line.parse().ok()).collect();
    // Whatever kept it from reading them all.
    if numbers.pop() != Some(sent.len()) {
        return Ok(scripts.to_vec());
    }
    doubtful.extend(numbers.into_iter().filter_map(|number| sent.get(number)));
    Ok(doubtful)
}

/// What `bash -n` says of a script.
fn mistake(content: &[u8]) -> io::Result<Option<String>> {
    let output = run(Command::new("bash").arg("-n"), content)?;
    let text = String::from_utf8_lossy(&output.stderr);
    let first = text.lines().next().unwrap_or_default().trim_start_matches("bash: ").to_owned();
    Ok((!output.status.success()).then_some(first))
}

/// Runs a command whose input is a file: bash reads a pipe byte by byte.
fn run(command: &mut Command, input: &[u8]) -> io::Result<Output> {
    let mut file: File = tempfile::tempfile()?;
    file.write_all(input)?;
    file.rewind()?;
    command.stdin(file).output()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{self, Limits};

    fn candidate(file: &str, body: &str) -> Result<Candidate, Box<dyn std::error::Error>> {
        let content = format!("#!/bin/bash\n# name: disk\n# description: d\n# version: 1\n# schedule: daily\n{body}");
        let parsed = check::parse(content.as_bytes(), jiff::tz::db(), &Limits::default());
        let check = parsed.map_err(|problems| format!("{problems:?}"))?.check;
        Ok(Candidate { file: file.into(), content: content.into_bytes(), check, warnings: Vec::new() })
    }

    /// The file and the reason of the first mistake, if any.
    fn refused(scripts: &[Candidate]) -> Option<(String, String)> {
        match understand(&scripts.iter().collect::<Vec<_>>()) {
            Err(InstallError::Unfit { file, reason }) => Some((file.display().to_string(), reason)),
            Err(error) => Some((String::new(), error.to_string())),
            Ok(()) => None,
        }
    }

    #[test]
    fn a_mistake_is_found_among_many_scripts_and_told_as_alone() -> Result<(), Box<dyn std::error::Error>> {
        // What is open in one script is not closed by the next one.
        let hidden = format!("{}\0\nfi", "# long\n".repeat(1000));
        let pairs = [
            ("if true", "fi"),
            ("echo 'open", "'"),
            ("echo $(", ")"),
            ("f() {", "}"),
            ("}", "{"),
            (")", "("),
            ("set +n\nif", "true"),
            ("exit 0\nfi", "true"),
            (&hidden, "true"),
        ];
        for (open, close) in pairs {
            let scripts =
                [candidate("first", "echo a <<E\nb\nE")?, candidate("open", open)?, candidate("close", close)?];
            let (file, reason) = refused(&scripts).ok_or(open)?;
            let alone = refused(&scripts[1..2]).ok_or(open)?;
            assert_eq!((file.as_str(), &reason), ("open", &alone.1), "{open}");
            assert!(reason.contains(": line "), "{reason}");
        }
        Ok(())
    }

    #[test]
    fn nothing_is_carried_out() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let touch = format!("touch {}/touched", dir.path().display());
        let bodies = [
            touch.clone(),
            format!("set +n; {touch}"),
            format!("set +n\n{touch}"),
            format!("trap '{touch}' EXIT DEBUG ERR\nfalse"),
            format!("echo $({touch}) `{touch}` <({touch})"),
            format!("alias x='{touch}'\nx"),
            format!("}}; {touch}; {{"),
            format!("); {touch}; ("),
            format!("\"; {touch}; \""),
            format!("fi\n{touch}"),
        ];
        for body in bodies {
            refused(&[candidate("one", "true")?, candidate("two", &body)?, candidate("three", "\\")?]);
            assert!(!dir.path().join("touched").exists(), "{body}");
        }
        Ok(())
    }
}
