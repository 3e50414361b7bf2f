//! Names that this machine and this moment have alone.

use std::io::Read;

/// 128 random bits as 32 hexadecimal digits, as systemd writes its ids.
pub fn random_hex() -> String {
    let mut bytes = [0_u8; 16];
    if std::fs::File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes)).is_err() {
        // A sandbox without /dev/urandom: the clock and the process id are unique enough to tell runs apart.
        let nanos = jiff::Timestamp::now().as_nanosecond() as u128;
        bytes = (nanos << 24 | u128::from(std::process::id())).to_be_bytes();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
