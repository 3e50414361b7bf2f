//! The file in `ssi.d` that belongs to one unit or ping.

use std::fmt::Write;

use crate::ping;
use crate::watch::Units;

/// `watch-nginx.service.toml`: characters that mean something to a shell or a path are written `%xx`. No two units, and no two patterns,
/// have the same file.
///
/// ```
/// use ssi::config::{file_name, value};
///
/// let of = |text| value::units(text).map(|units| file_name(&units));
/// assert_eq!(of("nginx.service").as_deref(), Ok("watch-nginx.service.toml"));
/// assert_eq!(of("a\\x2d*.timer").as_deref(), Ok("watch-a%5cx2d%2a.timer.toml"));
/// ```
pub fn file_name(units: &Units) -> String {
    let mut name = String::from("watch-");
    for c in units.to_string().chars() {
        match c.is_ascii_alphanumeric() || ":_.@-".contains(c) {
            true => name.push(c),
            // Writing into a text can't fail.
            false => drop(write!(name, "%{:02x}", u32::from(c))),
        }
    }
    name + ".toml"
}

/// `ping-backup.toml`.
pub fn file_name_of_ping(name: &ping::Name) -> String {
    format!("ping-{name}.toml")
}
