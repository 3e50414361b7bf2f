//! Golden tests of the units: what a header becomes, file by file, and what systemd itself says about it.
//!
//! A directory of `tests/units` is one case: `check.bash`, `expected` (the units of the system) and, where there is one,
//! `expected-user` (those of `--user`). `SSI_BLESS=1 cargo test --test units` writes them anew; read the difference.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ssi::check::{self, Check, Limits};
use ssi::paths::{Home, Paths};
use ssi::unit::{self, Place, Scope};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PROGRAM: &str = "/usr/bin/ssi";

/// File names with their contents.
type Files = BTreeMap<String, String>;

/// The places of a packaged installation.
fn place(scope: Scope) -> Place {
    let paths = match scope {
        Scope::System => Paths::system(None),
        Scope::User => Paths::user(&Home { home: "/home/user".into(), ..Home::default() }),
    };
    paths.place(PROGRAM.into())
}

struct Case {
    dir: PathBuf,
    check: Check,
}

impl Case {
    fn all() -> Vec<Case> {
        let mut dirs: Vec<PathBuf> =
            fs::read_dir(Path::new(ROOT).join("tests/units")).unwrap().map(|entry| entry.unwrap().path()).collect();
        dirs.sort();
        dirs.into_iter().map(Case::read).collect()
    }

    fn named(name: &str) -> Case {
        Case::read(Path::new(ROOT).join("tests/units").join(name))
    }

    fn read(dir: PathBuf) -> Case {
        let script = fs::read(dir.join("check.bash")).unwrap();
        match check::parse(&script, jiff::tz::db(), &Limits::default()) {
            Ok(parsed) => Case { dir, check: parsed.check },
            Err(problems) => panic!("{}: {problems:?}", dir.display()),
        }
    }

    /// Each directory of expected units with what they are now.
    fn rendered(&self) -> Vec<(PathBuf, Scope, Files)> {
        let directories = [("expected", Scope::System), ("expected-user", Scope::User)];
        let directories = directories.map(|(name, scope)| (self.dir.join(name), scope));
        let there = directories.into_iter().filter(|(dir, scope)| *scope == Scope::System || dir.exists());
        let render = |scope| unit::render(&self.check, &place(scope)).into_iter().map(|unit| (unit.name, unit.content));
        there.map(|(dir, scope)| (dir, scope, render(scope).collect())).collect()
    }
}

fn read_dir(dir: &Path) -> Files {
    let Ok(entries) = fs::read_dir(dir) else { return Files::new() };
    let read = |path: PathBuf| {
        let content = fs::read_to_string(&path).unwrap();
        (path.file_name().unwrap().to_string_lossy().into_owned(), content)
    };
    entries.map(|entry| read(entry.unwrap().path())).collect()
}

/// Compares files with a directory, or writes it.
fn golden(dir: &Path, files: &Files) {
    if std::env::var_os("SSI_BLESS").is_some() {
        let _ = fs::remove_dir_all(dir);
        fs::create_dir_all(dir).unwrap();
        files.iter().for_each(|(name, content)| fs::write(dir.join(name), content).unwrap());
    }
    let expected = read_dir(dir);
    assert_eq!(
        files.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>(),
        "the units in {} (SSI_BLESS=1 writes them anew)",
        dir.display()
    );
    for (name, content) in files {
        let difference = content.lines().zip(expected[name].lines()).find(|(found, expected)| found != expected);
        assert!(
            *content == expected[name],
            "{}/{name} is another now (SSI_BLESS=1 writes it anew); first difference: {difference:?}",
            dir.display()
        );
    }
}

#[test]
fn units_are_as_expected() {
    let cases = Case::all();
    assert!(cases.len() >= 12, "{} cases", cases.len());
    for case in cases {
        for (dir, _, files) in case.rendered() {
            golden(&dir, &files);
        }
    }
}

#[test]
fn the_shipped_handler_is_the_rendered_one() {
    let path = Path::new(ROOT).join("units").join(unit::handler::NAME);
    let content = unit::handler::render(&place(Scope::System));
    if std::env::var_os("SSI_BLESS").is_some() {
        fs::write(&path, &content).unwrap();
    }
    assert!(fs::read_to_string(&path).unwrap() == content, "{} (SSI_BLESS=1 writes it anew)", path.display());
}

/// No value of a header may add a line or a directive: a hostile one has as many of each as a harmless one.
#[test]
fn hostile_values_stay_values() {
    let (hostile, mut tame) = (Case::named("11-hostile"), Case::named("11-hostile").check);
    tame.name = "Tame".to_owned();
    tame.description = "Tame".to_owned();
    tame.env_file = Some("/etc/tame".to_owned());
    tame.credentials.iter_mut().for_each(|credential| credential.path = Some("/etc/tame".to_owned()));
    let keys = |check: &Check| -> Vec<String> {
        let units = unit::render(check, &place(Scope::System));
        let lines = units.iter().flat_map(|unit| unit.content.lines());
        lines.map(|line| line.split('=').next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(keys(&hostile.check), keys(&tame));
}

/// Runs systemd-analyze, the referee, on units in `dir`. It wants the runtime directory that a login would have made.
fn analyze(dir: &Path, args: &[&str]) -> Output {
    let command = Command::new("systemd-analyze")
        .args(args)
        .current_dir(dir)
        .env("SYSTEMD_UNIT_PATH", format!("{}:", dir.display()))
        .env("XDG_RUNTIME_DIR", dir)
        .output();
    command.expect("this test needs `systemd-analyze` (package systemd)")
}

/// What `systemd-analyze verify` says about units: nothing, if all is well.
fn verify(scope: Scope, files: &Files, units: &[&str]) -> String {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in files {
        // It looks for the program on this machine, where ssi need not be installed.
        let content = content.replace(&format!("={PROGRAM} "), "=/bin/true ");
        fs::write(dir.path().join(name), content).unwrap();
    }
    let scope = if scope == Scope::User { "--user" } else { "--system" };
    let output = analyze(dir.path(), &[&["verify", "--man=no", scope], units].concat());
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if said.is_empty() && !output.status.success() { output.status.to_string() } else { said }
}

#[test]
fn systemd_has_nothing_to_say_about_any_unit() {
    for case in Case::all() {
        for (dir, scope, mut files) in case.rendered() {
            let mut units: Vec<String> = files.keys().cloned().collect();
            // What OnFailure= names must be there.
            let service = &files[&unit::service_name(&case.check.id)];
            let handler = service.lines().find_map(|line| line.strip_prefix("OnFailure=")).unwrap().to_owned();
            assert_eq!(handler, unit::handler::NAME.replace('@', &format!("@{}", case.check.id)));
            units.push(handler);
            files.insert(unit::handler::NAME.to_owned(), unit::handler::render(&place(scope)));
            let units: Vec<&str> = units.iter().map(String::as_str).collect();
            assert_eq!(verify(scope, &files, &units), "", "{}", dir.display());
        }
    }
}

/// The referee would have said so.
#[test]
fn systemd_complains_about_a_unit_with_a_mistake() {
    for scope in [Scope::System, Scope::User] {
        let mut files = Case::named("01-minimal").rendered().swap_remove(0).2;
        let service = files.get_mut("ssi_minimal.service").unwrap();
        *service = service.replace("TasksMax=", "TaskMax=");
        let said = verify(scope, &files, &["ssi_minimal.service"]);
        assert!(said.contains("TaskMax"), "{said}");
        let missing = verify(scope, &Files::new(), &["ssi-ended@minimal.service"]);
        assert!(missing.contains("not found"), "{missing}");
    }
}

/// The overall exposure of a unit: 0 is best, 10 is worst.
fn exposure(name: &str, content: &str) -> f64 {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(name), content).unwrap();
    let output = analyze(dir.path(), &["security", "--offline=true", "--no-pager", name]);
    let text = String::from_utf8(output.stdout).unwrap();
    let level = text.lines().find_map(|line| line.split_once("exposure level for ")?.1.split_once(": ")).map(|x| x.1);
    let level = level.and_then(|level| level.split(' ').next()).and_then(|level| level.parse().ok());
    level.unwrap_or_else(|| panic!("no exposure of {name} in: {text}"))
}

fn exposure_of(case: &str) -> f64 {
    let case = Case::named(case);
    let name = unit::service_name(&case.check.id);
    exposure(&name, &case.rendered().swap_remove(0).2[&name])
}

#[test]
fn checks_are_exposed_as_little_as_promised() {
    let (standard, strict, off) = (exposure_of("01-minimal"), exposure_of("03-strict"), exposure_of("04-off"));
    println!("exposure of a check: standard {standard}, strict {strict}, off {off}");
    assert!(standard <= 1.5, "standard: {standard}");
    assert!(strict < standard, "strict: {strict}, standard: {standard}");
    assert!(off > 8.0, "off: {off}");
}

#[test]
fn the_agent_is_exposed_as_little_as_promised() {
    let name = "ssi-agent.service";
    let content = fs::read_to_string(Path::new(ROOT).join("units").join(name)).unwrap();
    let level = exposure(name, &content);
    println!("exposure of the agent: {level}");
    assert!(level <= 1.2, "{level}");
    assert_eq!(verify(Scope::System, &Files::from([(name.to_owned(), content)]), &[name]), "");
}
