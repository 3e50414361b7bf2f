//! Names that this machine and this moment have alone.

use std::io::Read;

use hmac::{Hmac, Mac};
use jiff::tz::TimeZone;
use sha2::Sha256;

/// 128 random bits as 32 hexadecimal digits, as systemd writes its ids.
pub fn random_hex() -> String {
    let mut bytes = [0_u8; 16];
    if std::fs::File::open(RANDOM).and_then(|mut source| source.read_exact(&mut bytes)).is_err() {
        // A sandbox without /dev/urandom: the clock and the process id are unique enough to tell runs apart.
        let nanos = jiff::Timestamp::now().as_nanosecond() as u128;
        bytes = (nanos << 24 | u128::from(std::process::id())).to_be_bytes();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where random bytes come from.
pub const RANDOM: &str = "/dev/urandom";

/// 256 random bits, for secrets: without a source of them there is none.
pub fn random() -> std::io::Result<[u8; 32]> {
    let mut bytes = [0_u8; 32];
    std::fs::File::open(RANDOM)?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// The zone of this machine, from the one file that holds it: to look for it by its name takes a walk through all zones that there are.
pub fn zone() -> TimeZone {
    if std::env::var_os("TZ").is_some() {
        return TimeZone::system();
    }
    let own = std::fs::read("/etc/localtime").ok().and_then(|data| TimeZone::tzif("Local", &data).ok());
    own.unwrap_or_else(TimeZone::system)
}

/// What this machine is called where its own machine id must not be shown: derived from it, the same for ever, 32 digits.
/// systemd derives application-specific ids in the same way (`systemd-id128 machine-id --app-specific=`).
pub fn host_id() -> String {
    const APPLICATION: [u8; 16] = 0x55f1_0c5e_9c0b_4f6e_a3d2_6c1b_7e50_84d9_u128.to_be_bytes();
    let machine = std::fs::read_to_string("/etc/machine-id").ok();
    let Some(machine) = machine.and_then(|text| u128::from_str_radix(text.trim(), 16).ok()) else {
        return random_hex();
    };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&machine.to_be_bytes()) else { return random_hex() };
    mac.update(&APPLICATION);
    let digest = mac.finalize().into_bytes();
    let mut id = [0_u8; 16];
    id.copy_from_slice(&digest[..16]);
    // Version 4, variant 1, as in every id of systemd.
    id[6] = id[6] & 0x0f | 0x40;
    id[8] = id[8] & 0x3f | 0x80;
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}
