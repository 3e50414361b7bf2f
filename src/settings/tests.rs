use std::fs;
use std::os::unix::fs::symlink;

use super::*;

struct Host {
    dir: tempfile::TempDir,
    paths: Paths,
    configuration: Configuration,
}

impl Host {
    fn new() -> Host {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::system(Some(dir.path()));
        fs::create_dir_all(directory(&paths)).unwrap();
        Host { dir, paths, configuration: Configuration::default() }
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.paths.config.join(name), text).unwrap();
    }

    /// The units that are expected, and what is wrong, as lines without the directory.
    fn load(&mut self) -> (Vec<String>, Vec<String>) {
        let loaded = self.configuration.load(&self.paths);
        let units = loaded.settings.watches.iter().map(|watch| watch.rule.units.to_string()).collect();
        let place = format!("{}/", self.paths.config.display());
        let lines = loaded.reports.iter().flat_map(Report::findings).map(|finding| finding.to_string());
        (units, lines.map(|line| line.replace(&place, "")).collect())
    }
}

fn watch(unit: &str) -> String {
    format!("[[watch]]\nunit = \"{unit}.service\"\n")
}

#[test]
fn files_count_in_the_order_of_their_names() {
    let mut host = Host::new();
    host.write("ssi.toml", watch("a"));
    host.write("ssi.d/20.toml", watch("c"));
    host.write("ssi.d/10.toml", watch("b"));
    for other in ["ssi.d/.x.toml", "ssi.d/x.toml~", "ssi.d/README"] {
        host.write(other, "nonsense");
    }
    assert_eq!(host.load(), (vec!["a.service".into(), "b.service".into(), "c.service".into()], vec![]));
}

#[test]
fn no_files_are_no_settings_and_no_problem() {
    let mut host = Host::new();
    assert_eq!(host.load(), (vec![], vec![]));
    fs::remove_dir_all(&host.paths.config).unwrap();
    assert_eq!(host.load(), (vec![], vec![]));
}

#[test]
fn a_file_that_goes_wrong_counts_as_it_was_and_the_others_as_they_are() {
    let mut host = Host::new();
    host.write("ssi.toml", watch("a"));
    host.write("ssi.d/b.toml", watch("b"));
    host.load();
    host.write("ssi.toml", "[[watch]]\nunit = 7\n");
    host.write("ssi.d/b.toml", watch("c"));
    let (units, problems) = host.load();
    assert_eq!(units, ["a.service", "c.service"]);
    let wrong = "ssi.toml:2:8: `unit` is a whole number: expected the name of a unit in quotes";
    assert_eq!(problems, [wrong]);
    fs::remove_file(host.paths.config.join("ssi.toml")).unwrap();
    assert_eq!(host.load(), (vec!["c.service".into()], vec![]));
    // Nothing is remembered of what is gone.
    host.write("ssi.toml", "[[watch]]\nunit = 7\n");
    assert_eq!(host.load().0, ["c.service"]);
}

#[test]
fn what_can_not_be_read_is_told_and_keeps_nothing_else_from_counting() {
    let mut host = Host::new();
    host.write("ssi.toml", vec![b'#'; 1 + MOST as usize]);
    host.write("ssi.d/binary.toml", b"\xff");
    host.write("real", watch("a"));
    symlink("../real", directory(&host.paths).join("link.toml")).unwrap();
    symlink("../nowhere", directory(&host.paths).join("lost.toml")).unwrap();
    fs::create_dir(directory(&host.paths).join("dir.toml")).unwrap();
    nix::unistd::mkfifo(&directory(&host.paths).join("pipe.toml"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let (units, problems) = host.load();
    assert_eq!(units, ["a.service"]);
    let expected = [
        "could not read `ssi.toml`: it has 1048577 bytes; at most 1048576 are read",
        "ssi.d/binary.toml:1:1: the file is not valid UTF-8",
        "could not read `ssi.d/dir.toml`: it is not a regular file",
        "could not read `ssi.d/lost.toml`: No such file or directory (os error 2)",
        "could not read `ssi.d/pipe.toml`: it is not a regular file",
    ];
    let prefix = format!("{}/", host.dir.path().display());
    let problems: Vec<String> = problems.into_iter().map(|line| line.replace(&prefix, "")).collect();
    assert_eq!(problems, expected);
}

#[test]
fn a_directory_that_can_not_be_read_counts_as_it_was() {
    let mut host = Host::new();
    host.write("ssi.d/a.toml", watch("a"));
    host.load();
    fs::remove_dir_all(directory(&host.paths)).unwrap();
    host.write("ssi.d", "");
    let (units, problems) = host.load();
    assert_eq!(units, ["a.service"]);
    assert!(problems[0].contains("could not read `ssi.d`"), "{problems:?}");
}

#[test]
fn what_is_overridden_is_told_where_it_stands() {
    let mut host = Host::new();
    host.write("ssi.toml", format!("# first\n{}", watch("a")));
    host.write("ssi.d/a.toml", watch("a"));
    let loaded = host.configuration.load(&host.paths);
    assert_eq!(loaded.settings.watches[0].file, host.paths.config.join("ssi.d/a.toml"));
    let text = loaded.reports[0].render(false);
    assert!(!loaded.reports[0].is_error() && text.starts_with("warning: `a.service` is named again in"), "{text}");
    assert!(text.contains("ssi.toml:3:8") && text.contains("unit = \"a.service\""), "{text}");
}

#[test]
fn later_places_override_earlier_ones_and_each_value_names_its_place() {
    let mut host = Host::new();
    host.write("ssi.toml", "[history]\nraw = \"2d\"\nhours = \"3d\"\ndetail = \"2h\"\n");
    host.write("ssi.d/a.toml", "[history]\nhours = \"4d\"\ndetail = \"3h\"\n[limits]\nrequests = 7\n");
    let variables =
        [("SSI_HISTORY_DETAIL", "4h"), ("SSI_HTTP_NAMES", "[\"a.example\"]"), ("HOME", "/"), ("SSI_ROOT", "/x")];
    host.configuration = Configuration::new(variables.map(|(name, value)| (name.into(), value.into())));
    let loaded = host.configuration.load(&host.paths);
    assert!(loaded.reports.is_empty(), "{:?}", loaded.reports);
    let origin = |table, key| loaded.origins.get(&(table, key)).map(|path| path.file_name().unwrap().to_str().unwrap());
    assert_eq!((loaded.settings.history.raw.as_secs(), origin("history", "raw")), (172_800, Some("ssi.toml")));
    assert_eq!((loaded.settings.history.hours.as_secs(), origin("history", "hours")), (345_600, Some("a.toml")));
    assert_eq!(
        (loaded.settings.history.detail.as_secs(), origin("history", "detail")),
        (14_400, Some("$SSI_HISTORY_DETAIL"))
    );
    assert_eq!((loaded.settings.limits.requests, origin("limits", "requests")), (7, Some("a.toml")));
    assert_eq!(
        (&loaded.settings.http.names[..], origin("http", "names")),
        (&["a.example".to_owned()][..], Some("$SSI_HTTP_NAMES"))
    );
    assert_eq!(origin("history", "events"), None);
}

#[test]
fn a_variable_with_a_mistake_is_told_and_does_not_count() {
    let mut host = Host::new();
    host.write("ssi.toml", "[history]\nraw = \"2d\"\n");
    let variables = [("SSI_HISTORY_RAW", "soon"), ("SSI_HISTORY_ROW", "2d")];
    host.configuration = Configuration::new(variables.map(|(name, value)| (name.into(), value.into())));
    let loaded = host.configuration.load(&host.paths);
    assert_eq!(loaded.settings.history.raw.as_secs(), 172_800);
    let lines: Vec<String> =
        loaded.reports.iter().flat_map(Report::findings).map(|finding| finding.to_string()).collect();
    assert!(lines[0].starts_with("$SSI_HISTORY_RAW:2:7: ") && lines[0].contains("`soon`"), "{lines:?}");
    assert!(lines[1].contains("unknown key `row` in `history`: did you mean `raw`?"), "{lines:?}");
}
