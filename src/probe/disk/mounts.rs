//! What is mounted, and what of it is a disk of this host that can fill up.
//!
//! Input: /proc/self/mountinfo. Output: [`Mount`]s, grouped by the disk that they show.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// Full by design.
const IMAGES: [&str; 6] = ["squashfs", "iso9660", "udf", "erofs", "cramfs", "romfs"];
/// Local, without a device that is named.
const WITHOUT_DEVICE: [&str; 4] = ["btrfs", "zfs", "ubifs", "bcachefs"];
/// On another machine.
const REMOTE: [&str; 9] = ["9p", "afs", "ceph", "cifs", "fuse.glusterfs", "fuse.sshfs", "nfs", "nfs4", "smb3"];

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mount {
    id: u64,
    parent: u64,
    /// `major:minor`, the same for all mounts of one file system.
    pub device: String,
    /// Which of its directories is shown.
    root: PathBuf,
    pub point: PathBuf,
    pub kind: String,
    source: String,
    /// Of the file system itself; a sandbox sees all mounts as read-only.
    pub read_only: bool,
    /// The kernel writes no more to it, after an error.
    stopped: bool,
}

/// Reads all lines that have the form.
pub(super) fn parse(mountinfo: &[u8]) -> Vec<Mount> {
    mountinfo.split(|byte| *byte == b'\n').filter_map(parse_line).collect()
}

fn parse_line(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|byte| *byte == b' ');
    let text = |field: &[u8]| String::from_utf8_lossy(field).into_owned();
    let number = |field: &[u8]| text(field).parse::<u64>().ok();
    let path = |field: &[u8]| PathBuf::from(OsString::from_vec(unescape(field)));
    let (id, parent, device) = (number(fields.next()?)?, number(fields.next()?)?, text(fields.next()?));
    let (root, point) = (path(fields.next()?), path(fields.next()?));
    let has = |options: &[u8], word: &str| options.split(|byte| *byte == b',').any(|one| one == word.as_bytes());
    let may_be_written = has(fields.next()?, "rw");
    // Optional fields end with a dash.
    fields.by_ref().find(|field| *field == b"-")?;
    let (kind, source) = (text(fields.next()?), text(fields.next()?));
    let options = fields.next()?;
    let read_only = has(options, "ro");
    // Who mounts read-only has both as `ro`. An error changes the file system alone, and newer kernels give it a word.
    let is_disk = source.starts_with("/dev/") && !IMAGES.contains(&kind.as_str());
    let stopped = is_disk && (has(options, "emergency_ro") || (read_only && may_be_written));
    Some(Mount { id, parent, device, root, point, kind, source, read_only, stopped })
}

/// Blanks and backslashes are written as three octal digits.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, after @ ..] = rest {
        let digits = after.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()).filter(|_| *first == b'\\') {
            Some(byte) => {
                plain.push(byte);
                rest = &after[3..];
            }
            None => {
                plain.push(*first);
                rest = after;
            }
        }
    }
    plain
}

impl Mount {
    fn is_disk(&self) -> bool {
        // An overlay is the disk of a container; others lie on a disk that is asked anyway.
        let is_root_of_a_container = self.kind == "overlay" && self.point == Path::new("/");
        let has_device = self.source.starts_with("/dev/") || WITHOUT_DEVICE.contains(&self.kind.as_str());
        !IMAGES.contains(&self.kind.as_str()) && (is_root_of_a_container || has_device)
    }

    fn is_remote(&self) -> bool {
        REMOTE.contains(&self.kind.as_str())
    }
}

/// The mounts of each local disk, the one that shows it best first, in the order of the mount points.
pub(super) fn disks(mounts: &[Mount]) -> Vec<Vec<&Mount>> {
    grouped(mounts, Mount::is_disk)
}

/// The same, with the disks of other machines that are mounted here.
pub(super) fn all(mounts: &[Mount]) -> Vec<Vec<&Mount>> {
    grouped(mounts, |mount| mount.is_disk() || mount.is_remote())
}

fn grouped(mounts: &[Mount], belongs: impl Fn(&Mount) -> bool) -> Vec<Vec<&Mount>> {
    let mut disks: BTreeMap<&str, Vec<&Mount>> = BTreeMap::new();
    for mount in mounts.iter().filter(|mount| belongs(mount)) {
        disks.entry(&mount.device).or_default().push(mount);
    }
    let mut disks: Vec<Vec<&Mount>> = disks.into_values().collect();
    for disk in &mut disks {
        disk.sort_by_key(|mount| (mount.root != Path::new("/"), mount.point.as_os_str().len()));
    }
    disks.sort_by(|one, other| one[0].point.cmp(&other[0].point));
    disks
}

/// Whether an error keeps the kernel from writing to the file system of this mount. In a sandbox all mounts are read-only, so the `first`
/// process of the host is looked at too. A directory that is mounted once more says nothing: it does not follow when the disk is mounted
/// read-only on purpose.
pub(super) fn is_stopped(mounts: &[Mount], first: &[Mount], mount: &Mount) -> bool {
    let of_disk = |disk: &Vec<&Mount>| disk[0].device == mount.device && disk[0].stopped;
    disks(mounts).iter().any(of_disk) || disks(first).iter().any(of_disk)
}

/// Whether another mount lies over it, so that its mount point shows something else.
pub(super) fn is_covered(mounts: &[Mount], mount: &Mount) -> bool {
    let (mut place, mut came_from) = (mount, mount.id);
    // Nonsense must not lead in a circle: no chain of parents is longer than the table.
    for _ in mounts {
        let covers = |other: &Mount| {
            let on_top = other.parent == place.id && other.point == place.point;
            let above =
                other.parent == place.parent && place.point != other.point && place.point.starts_with(&other.point);
            other.id != place.id && other.id != came_from && (on_top || above)
        };
        if mounts.iter().any(covers) {
            return true;
        }
        match mounts.iter().find(|parent| parent.id == place.parent && parent.id != place.id) {
            // A mount covers what it lies on, but not from itself.
            Some(parent) => (place, came_from) = (parent, place.id),
            None => return false,
        }
    }
    false
}

/// The mount that a path lies on.
pub(super) fn holding<'a>(mounts: &'a [Mount], path: &Path) -> Option<&'a Mount> {
    let around = mounts.iter().filter(|mount| path.starts_with(&mount.point) && !is_covered(mounts, mount));
    around.max_by_key(|mount| mount.point.as_os_str().len())
}

/// Whether systemd mounted it to make a directory inaccessible; what it says of the disk there is not true.
pub(super) fn is_hidden(mount: &Mount) -> bool {
    mount.root.to_string_lossy().contains("/systemd/inaccessible/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(text: &str) -> Vec<String> {
        disks(&parse(text.as_bytes())).iter().map(|disk| disk[0].point.display().to_string()).collect()
    }

    #[test]
    fn disks_are_what_can_fill_up() {
        let host = "\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,discard
30 27 254:2 / /var/my\\040data rw - xfs /dev/vda2 rw
31 27 254:2 /sub /srv rw - xfs /dev/vda2 rw
32 27 0:40 / /mnt/nas rw - nfs4 nas:/x rw
33 27 7:1 / /snap/core/1 ro - squashfs /dev/loop1 ro
34 27 0:41 / /run rw - tmpfs tmpfs rw
35 27 0:42 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw
36 27 0:43 /@home /home rw - btrfs /dev/vda3 rw
37 27 0:44 / /tank rw - zfs tank rw
38 27 0:45 / /mnt/usb rw - fuseblk /dev/sdb1 rw
39 27 0:46 / /home/me/cloud rw - fuse.sshfs me@host:/ rw
nonsense
";
        assert_eq!(points(host), ["/", "/home", "/mnt/usb", "/tank", "/var/my data"]);
        let container = "1 0 0:50 / / rw - overlay overlay rw\n2 1 254:1 /x/hosts /etc/hosts rw - ext4 /dev/vda1 rw\n";
        assert_eq!(points(container), ["/", "/etc/hosts"]);
    }

    #[test]
    fn an_error_stops_a_disk_and_an_administrator_does_not() {
        let host = "\
27 1 254:1 / / rw,relatime - ext4 /dev/vda1 ro,errors=remount-ro
28 27 254:2 / /new rw - ext4 /dev/vda2 rw,emergency_ro
29 27 254:3 / /on-purpose ro - ext4 /dev/vda3 ro
30 27 254:3 /x /again rw - ext4 /dev/vda3 ro
31 27 0:40 / /live rw - overlay overlay ro
32 27 7:1 / /snap rw - squashfs /dev/loop1 ro
";
        let sandbox = host.replace(" rw", " ro");
        for own in [host, &sandbox] {
            let (own, first) = (parse(own.as_bytes()), parse(host.as_bytes()));
            let stopped = own.iter().filter(|mount| is_stopped(&own, &first, mount));
            let points: Vec<String> = stopped.map(|mount| mount.point.display().to_string()).collect();
            assert_eq!(points, ["/", "/new"]);
        }
    }

    #[test]
    fn a_sandbox_s_mounts_are_seen_through() {
        let sandbox = "\
50 1 254:1 / / ro,relatime - ext4 /dev/vda1 rw
51 50 254:2 / /tmp rw - ext4 /dev/vda2 rw
52 51 254:2 /systemd-private-1/tmp /tmp rw - ext4 /dev/vda2 rw
53 50 254:3 / /home rw - ext4 /dev/vda3 rw
54 53 0:24 /systemd/inaccessible/dir /home ro - tmpfs tmpfs rw
55 50 254:4 / /media ro - ext4 /dev/vda4 ro
";
        let mounts = parse(sandbox.as_bytes());
        let visible = |disk: &[&Mount]| disk.iter().any(|mount| !is_covered(&mounts, mount));
        let disks = disks(&mounts);
        let seen: Vec<bool> = disks.iter().map(|disk| visible(disk)).collect();
        assert_eq!(
            (points(sandbox), seen),
            (["/", "/home", "/media", "/tmp"].map(str::to_owned).into(), vec![true, false, true, true])
        );
        assert_eq!(disks.iter().map(|disk| disk[0].read_only).collect::<Vec<_>>(), [false, false, true, false]);
        let hidden = |path: &str| holding(&mounts, Path::new(path)).is_some_and(is_hidden);
        assert!(hidden("/home/me") && !hidden("/homework") && !hidden("/tmp"));
    }

    #[test]
    fn a_mount_above_covers_what_lies_below() {
        let mounts = parse(
            b"1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 8:2 / /a/b rw - ext4 /dev/b rw\n3 1 8:3 / /a rw - ext4 /dev/c rw\n\
            4 3 8:4 / /a/d rw - ext4 /dev/d rw\n5 5 8:5 / /z rw - ext4 /dev/e rw\n",
        );
        let covered: Vec<bool> = mounts.iter().map(|mount| is_covered(&mounts, mount)).collect();
        assert_eq!(covered, [false, true, false, false, false]);
    }
}
