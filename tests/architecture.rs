//! The shape of the crate, read from its source: data flows one way (core, edges, composition), the core does no I/O, files stay small,
//! and every dependency is used.
//!
//! Which module belongs to which layer stands in `src/lib.rs`, below `// Core.`, `// Edges.` and `// Composition.`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const MAX_LINES: usize = 400;

/// What one edge may use of another, and why. Everything else between two edges goes through the composition.
const ALLOWED: &[(&str, &str, &str)] = &[
    ("probe", "systemd", "asks systemd for units and the clock"),
    ("prober", "probe", "asks for pages as `ssi probe http` does"),
    ("runner", "files", "reads the script with a limit"),
    ("runner", "identity", "makes up the id of a run that no systemd started"),
    ("scheduler", "files", "opens logs and locks, with errors that name the file"),
    ("scheduler", "identity", "makes up the ids of its runs"),
    ("scheduler", "paths", "knows where logs and locks lie"),
    ("scheduler", "runner", "writes the end of a run whose runner was killed"),
    ("server", "journal", "says what keeps it from serving"),
    ("server", "readiness", "waits for its subscribers' sockets as one"),
    ("settings", "files", "reads files with a limit, and errors that name the file"),
    ("settings", "paths", "knows where the configuration lies"),
    ("store", "files", "writes whole files or none"),
    ("store", "paths", "knows where scripts and units lie"),
];

/// What reads a clock, a disk, the environment or a wire, or starts something.
const IMPURE: &[&str] = &[
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "axum",
    "hyper",
    "hyper_util",
    "listenfd",
    "nix",
    "rustls_native_certs",
    "sd_notify",
    "tempfile",
    "tokio",
    "tokio_rustls",
    "tokio_tungstenite",
    "tokio_util",
    "zbus",
    "jiff::tz::db",
    "Instant::now",
    "SystemTime::now",
    "TimeZone::system",
    "TimeZone::try_system",
    "Timestamp::now",
    "Zoned::now",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Core,
    Edge,
    Composition,
}

struct File {
    path: PathBuf,
    /// The module below the crate's root that it belongs to.
    module: String,
    lines: usize,
    /// Every path that its code names, tests and comments left out.
    paths: BTreeSet<String>,
}

#[test]
fn data_flows_one_way() {
    let (layers, files) = (layers(), files());
    let mut wrong = BTreeSet::new();
    for file in files.iter().filter(|file| file.module != "lib" && file.module != "main") {
        for used in uses(file).filter(|used| **used != file.module) {
            let from = layer(&layers, &file.module);
            let to = layer(&layers, &used);
            let is_allowed = ALLOWED.iter().any(|(edge, other, _)| *edge == file.module && *other == used);
            let is_fine = match (from, to) {
                (Layer::Core, to) => to == Layer::Core,
                (Layer::Edge, Layer::Edge) => is_allowed,
                (Layer::Edge, to) => to == Layer::Core,
                // The command line is above all else.
                (Layer::Composition, _) => used != "cli",
            };
            if !is_fine {
                wrong.insert(format!("{}: {from:?} `{}` uses {to:?} `{used}`", file.path.display(), file.module));
            }
        }
    }
    assert!(wrong.is_empty(), "back edges:\n{}", join(&wrong));
}

#[test]
fn every_allowed_use_between_edges_is_needed() {
    let files = files();
    for (edge, other, reason) in ALLOWED {
        let is_needed = files.iter().any(|file| file.module == *edge && uses(file).any(|used| used == *other));
        assert!(is_needed, "`{edge}` does not use `{other}` ({reason}): take it off the list");
    }
}

#[test]
fn the_core_has_no_cycles() {
    let (layers, files) = (layers(), files());
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files.iter().filter(|file| layers.get(&file.module) == Some(&Layer::Core)) {
        graph.entry(file.module.clone()).or_default().extend(uses(file).filter(|used| *used != file.module));
    }
    // What uses nothing that is left can go; what can't go is in a cycle, or uses one.
    while let Some(done) = graph.iter().find(|(_, used)| used.is_empty()).map(|(module, _)| module.clone()) {
        graph.remove(&done);
        graph.values_mut().for_each(|used| {
            used.remove(&done);
        });
    }
    assert!(graph.is_empty(), "modules of the core in cycles, with what they use: {graph:#?}");
}

#[test]
fn the_core_does_no_io() {
    let layers = layers();
    let mut wrong = BTreeSet::new();
    for file in files().iter().filter(|file| layers.get(&file.module) == Some(&Layer::Core)) {
        for path in &file.paths {
            let is_or_is_in = |banned: &&&str| {
                let banned: &str = banned;
                path == banned
                    || path.strip_prefix(banned).is_some_and(|rest| rest.starts_with("::"))
                    || (banned.contains("::") && path.ends_with(&format!("::{banned}")))
            };
            if let Some(banned) = IMPURE.iter().find(is_or_is_in) {
                wrong.insert(format!("{}: `{path}` ({banned})", file.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "the core takes bytes and times as arguments, but it has:\n{}", join(&wrong));
}

/// `super::` out of a top-level module would be an edge that the tests above don't see.
#[test]
fn other_top_level_modules_are_named_from_the_crate_root() {
    for file in files() {
        let depth = file.path.strip_prefix("src").unwrap().components().count() - 1;
        for path in &file.paths {
            let ups = path.split("::").take_while(|part| *part == "super").count();
            assert!(ups <= depth, "{}: write `{path}` with `crate::`", file.path.display());
        }
    }
}

#[test]
fn files_stay_small() {
    for file in files() {
        assert!(file.lines <= MAX_LINES, "{} has {} lines: split it", file.path.display(), file.lines);
    }
}

#[test]
fn every_dependency_is_used() {
    let manifest = fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).unwrap();
    let named = |dir: &str| -> BTreeSet<String> {
        let sources = sources(dir).into_iter();
        let paths = sources.flat_map(|path| paths(&fs::read_to_string(Path::new(ROOT).join(path)).unwrap()));
        paths.filter_map(|path| path.split("::").next().map(str::to_owned)).collect()
    };
    let (src, tests, benches) = (named("src"), named("tests"), named("benches"));
    let (mut section, mut unused) = ("", Vec::new());
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if let Some((name, _)) = line.split_once(" = ") {
            let module = name.replace('-', "_");
            let is_used = match section {
                "[dependencies]" => src.contains(&module),
                "[dev-dependencies]" => [&src, &tests, &benches].iter().any(|names| names.contains(&module)),
                _ => true,
            };
            unused.extend((!is_used).then_some(name));
        }
    }
    assert!(unused.is_empty(), "nothing uses the dependencies {unused:?}");
}

/// The reader of this file's tests must see what they are about.
#[test]
fn paths_are_read_from_code_alone() {
    let code = r##"
        //! crate::comment
        use crate::a::{self, b::C, d};
        use std::{fs as files, io::{self, Read}};
        /* use crate::hidden; */
        const TEXT: &str = "crate::text"; const RAW: &str = r#"crate::raw " "#; const QUOTE: char = '"';
        fn f<'a>(x: &'a str) -> crate::e::F { super::super::g(); x.len() }
        #[cfg(test)]
        mod tests { use crate::test_only; fn t() { let x = "}"; } }
        use crate::after;
    "##;
    let found = paths(&without_tests(code));
    for path in ["crate::a", "crate::a::b::C", "crate::a::d", "std::fs", "std::io", "std::io::Read", "crate::e::F"] {
        assert!(found.contains(path), "{path} is not in {found:?}");
    }
    assert!(found.contains("super::super::g") && found.contains("crate::after"), "{found:?}");
    let hidden = ["comment", "hidden", "text", "raw", "test_only"];
    assert!(!found.iter().any(|path| hidden.iter().any(|word| path.contains(word))), "{found:?}");
}

fn join(lines: &BTreeSet<String>) -> String {
    lines.iter().cloned().collect::<Vec<_>>().join("\n")
}

fn layer(layers: &BTreeMap<String, Layer>, module: &str) -> Layer {
    *layers.get(module).unwrap_or_else(|| panic!("`{module}` is in no layer of src/lib.rs"))
}

/// The layer of each top-level module.
fn layers() -> BTreeMap<String, Layer> {
    let text = fs::read_to_string(Path::new(ROOT).join("src/lib.rs")).unwrap();
    let (mut layers, mut layer) = (BTreeMap::new(), None);
    for line in text.lines() {
        match line {
            "// Core." => layer = Some(Layer::Core),
            "// Edges." => layer = Some(Layer::Edge),
            "// Composition." => layer = Some(Layer::Composition),
            _ => {}
        }
        let module = line.strip_prefix("pub mod ").or_else(|| line.strip_prefix("mod "));
        if let Some(module) = module.and_then(|rest| rest.strip_suffix(';')) {
            layers.insert(module.to_owned(), layer.expect("modules stand below their layer"));
        }
    }
    for wanted in [Layer::Core, Layer::Edge, Layer::Composition] {
        assert!(layers.values().any(|layer| *layer == wanted), "{wanted:?} is empty");
    }
    layers
}

/// The top-level modules that a file uses.
fn uses(file: &File) -> impl Iterator<Item = String> {
    let of_the_crate = file.paths.iter().filter_map(|path| path.strip_prefix("crate::"));
    of_the_crate.filter_map(|path| path.split("::").next().map(str::to_owned))
}

/// Every source file but those of tests.
fn files() -> Vec<File> {
    let is_test =
        |path: &Path| path.components().any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "tests.rs")));
    let paths_of = sources("src").into_iter().filter(|path| !is_test(path));
    let files: Vec<File> = paths_of
        .map(|path| {
            let text = fs::read_to_string(Path::new(ROOT).join(&path)).unwrap();
            let first = path.strip_prefix("src").unwrap().components().next().unwrap();
            let module = Path::new(first.as_os_str()).with_extension("").to_string_lossy().into_owned();
            File { module, lines: text.lines().count(), paths: paths(&without_tests(&text)), path }
        })
        .collect();
    assert!(files.len() > 50, "only {} files were found", files.len());
    files
}

/// The Rust files below a directory, relative to the root.
fn sources(dir: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::from(dir)];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(Path::new(ROOT).join(&dir)).unwrap() {
            let entry = entry.unwrap();
            let path = dir.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The code without its `#[cfg(test)] mod … { … }`, comments and texts.
fn without_tests(text: &str) -> String {
    let code = plain(text);
    let mut out = String::new();
    let mut rest = code.as_str();
    while let Some(at) = rest.find("#[cfg(test)]") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find([';', '{']).unwrap_or(rest.len() - 1);
        let mut depth = 0;
        let closes = |(at, c): (usize, char)| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            (depth == 0 && at >= end).then_some(at)
        };
        let close = rest.char_indices().find_map(closes).unwrap_or(rest.len() - 1);
        rest = &rest[close + 1..];
    }
    out + rest
}

/// The code with comments and the content of texts left out.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skip = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) =
            raw_text(rest).filter(|_| !out.ends_with(|c: char| c.is_alphanumeric() || c == '_'))
        {
            length
        } else if c == '"' {
            quoted(rest)
        } else if c == '\'' {
            character(rest)
        } else {
            0
        };
        if skip == 0 {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            out.push(' ');
            rest = &rest[skip..];
        }
    }
    out
}

/// Length of a text in quotes.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

/// Length of `r"…"` or `r#"…"#` at the beginning.
fn raw_text(text: &str) -> Option<usize> {
    let after = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let start = text.len() - after.len() + hashes;
    text[start..].starts_with('"').then_some(())?;
    let close = format!("\"{}", "#".repeat(hashes));
    Some(text[start + 1..].find(&close).map_or(text.len(), |end| start + 1 + end + close.len()))
}

/// Length of a character in quotes; 0 for a lifetime.
fn character(text: &str) -> usize {
    let mut inner = text.char_indices().skip(1);
    let Some((_, first)) = inner.next() else { return 0 };
    if first != '\\' {
        return inner.next().filter(|(_, c)| *c == '\'').map_or(0, |(at, _)| at + 1);
    }
    inner.next();
    inner.find(|(_, c)| *c == '\'').map_or(0, |(at, _)| at + 1)
}

/// Every path in the code (`a::b::c`), with the braces of `use a::{b, c}` multiplied out.
fn paths(code: &str) -> BTreeSet<String> {
    let code = plain(code);
    let mut found = BTreeSet::new();
    let mut rest = code.as_str();
    while let Some(at) = rest.find(|c: char| c.is_alphanumeric() || c == '_') {
        rest = path(&rest[at..], "", &mut found);
    }
    found
}

/// Reads one path, or a tree of them, that begins here; gives back what follows.
fn path<'a>(code: &'a str, prefix: &str, found: &mut BTreeSet<String>) -> &'a str {
    let end = code.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(code.len());
    let (word, mut rest) = code.split_at(end);
    let whole = match (prefix, word) {
        ("", word) => word.to_owned(),
        (prefix, "self") => prefix.to_owned(),
        (prefix, word) => format!("{prefix}::{word}"),
    };
    let Some(after) = rest.strip_prefix("::") else {
        found.insert(whole);
        return rest;
    };
    if after.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
        return path(after, &whole, found);
    }
    found.insert(whole.clone());
    let Some(mut tree) = after.strip_prefix('{') else { return after };
    loop {
        tree = tree.trim_start_matches([' ', '\n', '\t', ',']);
        if let Some(after) = tree.strip_prefix('}') {
            return after;
        }
        if tree.is_empty() {
            return tree;
        }
        rest = match tree.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            true => path(tree, &whole, found),
            false => &tree[tree.chars().next().map_or(0, char::len_utf8)..],
        };
        // `b as c` names nothing more.
        tree = rest.trim_start().strip_prefix("as ").map_or(rest, |rest| {
            let name = rest.find([',', '}']).unwrap_or(rest.len());
            &rest[name..]
        });
    }
}
