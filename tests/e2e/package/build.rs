//! Packages to try: made once by `packaging/deb`, from this tree.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

const PREVIOUS: &str = "0.0.9-1";

/// A package, and the same under the number of a version before it.
#[derive(Clone)]
pub struct Packages {
    pub previous: PathBuf,
    pub current: PathBuf,
}

impl Packages {
    /// Those that are quickly built, for this host's release.
    #[track_caller]
    pub fn quick() -> Packages {
        static MADE: OnceLock<Packages> = OnceLock::new();
        MADE.get_or_init(|| Packages::make(root(), &["--quick"])).clone()
    }

    /// Those for all releases.
    #[track_caller]
    pub fn release() -> Packages {
        static MADE: OnceLock<Packages> = OnceLock::new();
        MADE.get_or_init(|| Packages::make(root(), &[])).clone()
    }

    #[track_caller]
    fn make(tree: &Path, flags: &[&str]) -> Packages {
        let dir = tree.join("target/package").join(if flags.is_empty() { "release" } else { "tests" });
        let previous = deb(tree, &dir, &[flags, &["--version", PREVIOUS]].concat());
        Packages { previous, current: deb(tree, &dir, flags) }
    }
}

/// The package for all releases again, from a copy of this tree in a directory of another name and depth.
#[track_caller]
pub fn elsewhere() -> PathBuf {
    let tree = root().join("target/package/some/where/else");
    if tree.exists() {
        std::fs::remove_dir_all(&tree).unwrap();
    }
    let (from, to) = (root().to_str().unwrap(), tree.to_str().unwrap());
    run("git", &["clone", "--quiet", "--no-hardlinks", from, to]);
    // What is not committed yet as well, so that a change can be tried before that.
    let copy = format!(
        "cd '{from}' && git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t '{to}'"
    );
    run("bash", &["-c", &copy]);
    Packages::make(&tree, &[]).current
}

/// A package's files below `data` and what dpkg reads below `control`.
#[track_caller]
pub fn unpack(deb: &Path) -> TempDir {
    let dir = TempDir::new().unwrap();
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    run("dpkg-deb", &["--extract", deb.to_str().unwrap(), &at("data")]);
    run("dpkg-deb", &["--control", deb.to_str().unwrap(), &at("control")]);
    dir
}

/// Runs a program of this host; gives what it printed, and fails with all it said.
#[track_caller]
pub fn run(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(output.status.success(), "{program}: {}\n{stdout}\n{stderr}", output.status);
    stdout
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[track_caller]
fn deb(tree: &Path, dir: &Path, flags: &[&str]) -> PathBuf {
    let script = tree.join("packaging/deb");
    let said = run(script.to_str().unwrap(), &[&["--output", dir.to_str().unwrap()], flags].concat());
    println!("{said}");
    said.lines().next().expect("the path comes first").into()
}
