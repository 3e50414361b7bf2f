//! Says inside of a unit file that ssi owns it. systemd passes over sections whose names begin with `X-`.
//!
//! A unit that merely has a name like ours carries no marker and is never touched.

use crate::check::CheckId;

pub(super) const SECTION: &str = "[X-Ssi]";

/// The comment at the top and the section at the end of a unit of the check `id`.
pub(super) fn enclose(id: &CheckId, body: &str) -> String {
    format!(
        "# Written by ssi from the header of the check `{id}`. Change the script and `ssi add` it again.\n{body}\n{SECTION}\nCheck={id}\n"
    )
}

/// The check that a unit file belongs to, or `None` for a unit of somebody else.
pub fn owner(content: &str) -> Option<CheckId> {
    let mut lines = content.lines().map(str::trim).skip_while(|line| *line != SECTION).skip(1);
    lines.find_map(|line| line.strip_prefix("Check="))?.parse().ok()
}
