//! The only place where text from a header is made safe for a unit file.

/// A value that systemd takes as it stands, up to the line's end: `%` is doubled, a control character becomes a space,
/// and a backslash that would join the next line gets a blank behind it, which systemd cuts off (two backslashes would stay two).
pub(super) fn value(text: &str) -> String {
    let mut out: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().replace('%', "%%");
    if out.chars().rev().take_while(|&c| c == '\\').count() % 2 == 1 {
        out.push(' ');
    }
    out
}

/// One word of a command line: quoted, with `$`, `"`, `\` and `%` kept from meaning anything.
pub(super) fn argument(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '$' | '%' => out.extend([c, c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        assert_eq!(value("100 % \"full\" $HOME"), "100 %% \"full\" $HOME");
        assert_eq!(value("a\nExecStart=/bin/sh"), "a ExecStart=/bin/sh");
        assert_eq!(value(r"back\"), "back\\ ");
        assert_eq!(value(r"back\\"), r"back\\");
    }

    #[test]
    fn arguments() {
        assert_eq!(argument("/usr/bin/ssi"), "/usr/bin/ssi");
        assert_eq!(argument(r#"/o p/$x%"y\"#), r#""/o p/$$x%%\"y\\""#);
        assert_eq!(argument(""), "\"\"");
    }
}
