//! The first line, `#!/bin/bash`: who it says runs the script.

use super::Mistake;
use crate::source::Span;

/// Reads the first line of a script; the mistake is None where bash or sh is
/// called without arguments, or where there is no shebang.
pub fn check(first_line: &[u8]) -> Option<(Span, Mistake)> {
    let command = first_line.strip_prefix(b"#!")?;
    let mut words = words(command, 2);
    let mut interpreter = words.next();
    if interpreter.is_some_and(|(_, word)| base_name(word) == b"env") {
        interpreter = words.find(|(_, word)| !word.starts_with(b"-") && !word.contains(&b'='));
    }
    let Some((span, word)) = interpreter else {
        let end = first_line.trim_ascii_end().len();
        return Some((Span::new(0, end), Mistake::NoInterpreter));
    };
    if !matches!(base_name(word), b"bash" | b"sh") {
        let found = String::from_utf8_lossy(base_name(word)).into_owned();
        return Some((span, Mistake::Interpreter(found)));
    }
    let (next, argument) = words.next()?;
    let rest = Span::new(next.start, first_line.trim_ascii_end().len());
    let text = String::from_utf8_lossy(first_line.get(rest.start..rest.end).unwrap_or_default());
    let mistake = match argument.starts_with(b"#") {
        true => Mistake::ShebangComment,
        false => Mistake::ShebangOptions(text.into_owned()),
    };
    Some((rest, mistake))
}

fn words(line: &[u8], start: usize) -> impl Iterator<Item = (Span, &[u8])> {
    let mut at = start;
    line.split(|byte| byte.is_ascii_whitespace())
        .map(move |word| {
            let span = Span::new(at, at + word.len());
            at = span.end + 1;
            (span, word)
        })
        .filter(|(_, word)| !word.is_empty())
}

fn base_name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bash_and_sh_are_fine() {
        for line in [
            "#!/bin/bash",
            "#! /usr/bin/bash\r",
            "#!/bin/sh",
            "#!/usr/bin/env bash",
            "#!/usr/bin/env -S LC_ALL=C bash",
            "# no shebang",
            "",
        ] {
            assert_eq!(check(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn other_interpreters_and_arguments_are_pointed_at() {
        let rows = [
            ("#!/usr/bin/python3 -u", 2..18, Mistake::Interpreter("python3".into())),
            ("#!/usr/bin/env zsh", 15..18, Mistake::Interpreter("zsh".into())),
            ("#!", 0..2, Mistake::NoInterpreter),
            ("#! /usr/bin/env ", 0..15, Mistake::NoInterpreter),
            ("#!/bin/bash # name: x", 12..21, Mistake::ShebangComment),
            ("#!/bin/bash -eu", 12..15, Mistake::ShebangOptions("-eu".into())),
        ];
        for (line, range, mistake) in rows {
            let span = Span::new(range.start, range.end);
            assert_eq!(check(line.as_bytes()), Some((span, mistake)), "{line}");
        }
    }
}
