//! Lines that are appended to logs, and found again in frames by the text `seq=N`.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use memchr::memmem::Finder;

use crate::clock;

const MARK: &[u8] = b"seq=";

/// How lines come.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    /// The number of the first.
    pub first: u64,
    pub number: usize,
    /// A second; `None` for as many as go.
    pub rate: Option<u32>,
    /// How much longer each is made, in bytes.
    pub padding: usize,
}

/// Appends lines, each in one write; notes in `sent` when.
pub fn append(log: &Path, course: Course, sent: &[AtomicU64]) -> io::Result<()> {
    let mut log = File::options().append(true).create(true).open(log)?;
    let padding = "x".repeat(course.padding);
    let mut line = Vec::new();
    let (mut stamp, mut due) = (clock::stamp(), clock::now());
    for (number, sent) in (course.first..).zip(sent) {
        if let Some(rate) = course.rate {
            due += 1_000_000_000 / u64::from(rate);
            clock::sleep_until(due);
        }
        if course.rate.is_some_and(|rate| rate <= 1000) || number % 64 == 0 {
            stamp = clock::stamp();
        }
        line.clear();
        let time = clock::now();
        writeln!(line, "{stamp}, OK, seq={number} t={time} {padding}")?;
        sent.store(time, Ordering::Relaxed);
        log.write_all(&line)?;
    }
    Ok(())
}

/// Finds the numbers of lines.
pub struct Marks(Finder<'static>);

impl Marks {
    pub fn new() -> Marks {
        Marks(Finder::new(MARK))
    }

    /// The numbers in a frame, in order.
    pub fn of<'a>(&'a self, frame: &'a [u8]) -> impl Iterator<Item = u64> + 'a {
        self.0.find_iter(frame).map(|place| {
            let digits = frame[place + MARK.len()..].iter().take_while(|byte| byte.is_ascii_digit());
            digits.fold(0, |number: u64, digit| number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_wherever_they_are() {
        let marks = Marks::new();
        assert_eq!(marks.of(b"{\"seq\":4,\"message\":\"seq=17 t=1\"}seq=0").collect::<Vec<_>>(), [17, 0]);
        assert_eq!(marks.of(b"{\"seq\":4}").count(), 0);
    }
}
