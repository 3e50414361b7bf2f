//! Roots of other Debian releases, for machines with other versions of systemd.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A Debian release.
#[derive(Debug, Clone, Copy)]
pub enum Release {
    /// Debian 11, systemd 247.
    Bullseye,
    /// Debian 12, systemd 252.
    Bookworm,
    /// Debian 13, systemd 257.
    Trixie,
    /// Unstable, systemd 262 or later.
    Sid,
}

impl Release {
    /// All releases, oldest first.
    pub const ALL: [Self; 4] = [Self::Bullseye, Self::Bookworm, Self::Trixie, Self::Sid];

    fn suite(self) -> &'static str {
        match self {
            Self::Bullseye => "bullseye",
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
            Self::Sid => "sid",
        }
    }

    /// A minimal root directory of the release with systemd, D-Bus and SQLite, for `Builder::base`: made once by mmdebstrap from the
    /// mirror that apt is configured with, and kept below the target directory.
    #[track_caller]
    pub fn root(self) -> PathBuf {
        let roots = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("test-roots");
        fs::create_dir_all(&roots).expect("the target directory is writable");
        let lock = File::create(roots.join(format!("{}.lock", self.suite()))).expect("just created");
        lock.lock().expect("files can be locked");
        let root = roots.join(self.suite());
        // Only the rename at the end of a successful build gives this name; a directory without its init was tampered with, one
        // without SQLite is from before the package needed that.
        let sqlite = root.join("usr/share/doc/libsqlite3-0");
        if !root.join("lib/systemd/systemd").exists() || !sqlite.exists() {
            let unfinished = roots.join(format!("{}.new", self.suite()));
            for stale in [&root, &unfinished] {
                if stale.exists() {
                    fs::remove_dir_all(stale).expect("roots belong to root");
                }
            }
            self.build(&unfinished);
            fs::rename(&unfinished, &root).expect("both are in one directory");
        }
        root
    }

    #[track_caller]
    fn build(self, root: &Path) {
        let output = Command::new("mmdebstrap")
            .args(["--quiet", "--mode=root", "--variant=minbase", "--include=systemd,systemd-sysv,dbus,libsqlite3-0"])
            // A mirror that is a snapshot serves lists that have expired; their signatures are still checked.
            .arg("--aptopt=Acquire::Check-Valid-Until \"false\"")
            .arg(self.suite())
            .arg(root)
            .arg(mirror())
            .output()
            .expect("mmdebstrap is installed (apt install mmdebstrap)");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "mmdebstrap {}: {stderr}", self.suite());
    }
}

/// The Debian archive that apt is configured with; Debian's own when it cannot be told.
fn mirror() -> String {
    let targets = Command::new("apt-get")
        .args(["indextargets", "--format", "$(ORIGIN) $(REPO_URI)", "Created-By: Packages"])
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    targets
        .lines()
        .filter_map(|line| line.strip_prefix("Debian "))
        .find(|uri| !uri.contains("security"))
        .unwrap_or("http://deb.debian.org/debian")
        .to_owned()
}
