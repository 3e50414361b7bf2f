//! Patterns of paths, as a shell has them, without a shell's silence about what it may not read.

use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern};

use super::ProbeError;

/// As in a shell: what begins with a dot is hidden.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// Whether a path holds `*`, `?` or `[`.
pub(super) fn is_pattern(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().iter().any(|byte| b"*?[".contains(byte))
}

/// Whether this says that something is not there, rather than that nobody may look.
pub(super) fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The names in a directory; none where there is no such directory.
pub(super) fn entries(directory: &Path) -> Result<Vec<OsString>, ProbeError> {
    let reading = || ProbeError::reading(directory);
    let entries = match directory.read_dir() {
        Err(error) if is_absence(&error) => return Ok(Vec::new()),
        entries => entries.map_err(reading())?,
    };
    entries.map(|entry| entry.map(|entry| entry.file_name()).map_err(reading())).collect()
}

/// The paths that match. A path that is there, or that is no pattern, is itself.
pub(super) fn expand(path: &Path) -> Result<Vec<PathBuf>, ProbeError> {
    if !is_pattern(path) || path.symlink_metadata().is_ok() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = vec![PathBuf::new()];
    for component in path.components() {
        match component {
            Component::Normal(name) if is_pattern(Path::new(name)) => {
                let text = name.to_string_lossy();
                let no_pattern = |error| ProbeError::Unanswerable(format!("`{text}` is no pattern of names: {error}"));
                let pattern = Pattern::new(&text).map_err(no_pattern)?;
                let mut deeper = Vec::new();
                for directory in &found {
                    let place = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
                    let names = entries(place)?.into_iter();
                    let matching = names.filter(|name| pattern.matches_with(&name.to_string_lossy(), OPTIONS));
                    deeper.extend(matching.map(|name| directory.join(name)));
                }
                found = deeper;
            }
            other => found.iter_mut().for_each(|path| path.push(other)),
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn patterns_match_as_in_a_shell() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a/x.sql", "a/.y.sql", "b/z.sql", "b/z.txt", "b/odd[1]"] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let expand = |pattern: &str| -> Vec<String> {
            let found = expand(&dir.path().join(pattern)).unwrap();
            found.iter().map(|path| path.strip_prefix(dir.path()).unwrap().display().to_string()).collect()
        };
        assert_eq!(expand("*/*.sql"), ["a/x.sql", "b/z.sql"]);
        assert_eq!(expand("[b-c]/?.sql"), ["b/z.sql"]);
        assert_eq!(expand("b/odd[1]"), ["b/odd[1]"]);
        assert_eq!(expand("c/*"), [""; 0]);
        assert_eq!(expand("plain/missing"), ["plain/missing"]);
        assert!(super::expand(&dir.path().join("a[")).is_err());
    }
}
