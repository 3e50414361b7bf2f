//! Fields of the request: from the command line, and from files where they are secret.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};

use crate::probe::ProbeError;

/// One field.
pub(super) type Header = (HeaderName, HeaderValue);

/// Reads `Name: value`.
pub(super) fn parse(text: &str) -> Result<Header, String> {
    let wrong = || "that is no header, expected `Name: value`".to_owned();
    let (name, value) = text.split_once(':').ok_or_else(wrong)?;
    let name = HeaderName::try_from(name.trim()).map_err(|_| wrong())?;
    let value = HeaderValue::try_from(value.trim()).map_err(|_| wrong())?;
    Ok((name, value))
}

/// The fields in a file, one a line.
pub(super) fn read(path: &Path) -> Result<Vec<Header>, ProbeError> {
    let text = secret(path)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let header = |(at, line): (usize, &str)| {
        // The line itself may be a secret.
        let wrong = |error| ProbeError::Unanswerable(format!("`{}` line {}: {error}", path.display(), at + 1));
        parse(line).map_err(wrong).map(secretly)
    };
    lines.map(header).collect()
}

/// The field for a token in a file.
pub(super) fn bearer(path: &Path) -> Result<Header, ProbeError> {
    let token = secret(path)?;
    let value = HeaderValue::try_from(format!("Bearer {}", token.trim()));
    let wrong =
        |_| ProbeError::Unanswerable(format!("`{}` holds no token, expected one line of ASCII", path.display()));
    match token.trim() {
        "" => Err(ProbeError::Unanswerable(format!("`{}` is empty, expected a token", path.display()))),
        _ => Ok(secretly((AUTHORIZATION, value.map_err(wrong)?))),
    }
}

fn secretly((name, mut value): Header) -> Header {
    value.set_sensitive(true);
    (name, value)
}

fn secret(path: &Path) -> Result<String, ProbeError> {
    let place = place(path, std::env::var_os("CREDENTIALS_DIRECTORY").as_deref());
    fs::read_to_string(&place).map_err(ProbeError::reading(&place))
}

/// A mere name is a credential of the check, where it has some.
fn place(path: &Path, credentials: Option<&OsStr>) -> PathBuf {
    match credentials {
        Some(directory) if path.components().count() == 1 && path.is_relative() => Path::new(directory).join(path),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_have_a_name_and_a_value() {
        let (name, value) = parse("X-Test:  a: b ").unwrap();
        assert_eq!((name.as_str(), value.as_bytes()), ("x-test", &b"a: b"[..]));
        for text in ["X-Test", "X Test: a", ": a", "X: a\r\nY: b"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_mere_name_is_a_credential() {
        let credentials = Some(OsStr::new("/run/credentials/x"));
        assert_eq!(place(Path::new("token"), credentials), Path::new("/run/credentials/x/token"));
        assert_eq!(place(Path::new("token"), None), Path::new("token"));
        for path in ["/etc/token", "./token", "a/token"] {
            assert_eq!(place(Path::new(path), credentials), Path::new(path));
        }
    }
}
