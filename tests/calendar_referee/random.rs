//! The same choices for the same seed, and instants where something happens.

use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;

/// An instant near a change of the zone, a leap day or a turn of the year, or anywhere.
pub fn base_time(random: &mut Random, local: &TimeZone) -> Timestamp {
    let year = 1982 + i16::try_from(random.below(68)).unwrap();
    let start = date(year, 1, 1).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let leap = date((year + 3) / 4 * 4, 2, 29).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let last = date(2199, 11, 1).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let changes: Vec<Timestamp> = local.following(start).take(4).map(|change| change.timestamp()).collect();
    let near = match random.below(12) {
        0 => last,
        1..3 => leap,
        3..4 => start,
        4..10 if !changes.is_empty() => random.pick(&changes),
        _ => start + std::time::Duration::from_secs(random.below(366 * 86400)),
    };
    let spread = random.pick(&[4, 3600, 7200, 86400, 5 * 86400]);
    let seconds = near.as_second() + i64::try_from(random.below(2 * spread)).unwrap() - i64::try_from(spread).unwrap();
    let micros = if random.chance(30) { random.below(1_000_000) } else { 0 };
    Timestamp::from_microsecond(seconds * 1_000_000 + i64::try_from(micros).unwrap()).unwrap()
}

/// SplitMix64: small, and the same on every machine.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        let index = usize::try_from(self.below(items.len() as u64)).unwrap();
        items[index]
    }
}
