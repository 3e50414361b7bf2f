//! The normal form, byte for byte as `systemd-analyze calendar` prints it.

use std::fmt;

use crate::calendar::Calendar;
use crate::calendar::chain::{Chain, EVERY_SECOND, SECOND};
use crate::calendar::weekdays::{DAYS, Weekdays};

impl fmt::Display for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(weekdays) = &self.weekdays {
            write!(f, "{weekdays} ")?;
        }
        let tilde = if self.from_end { '~' } else { '-' };
        plain(f, &self.year, 4)?;
        f.write_str("-")?;
        plain(f, &self.month, 2)?;
        write!(f, "{tilde}")?;
        plain(f, &self.day, 2)?;
        f.write_str(" ")?;
        plain(f, &self.hour, 2)?;
        f.write_str(":")?;
        plain(f, &self.minute, 2)?;
        f.write_str(":")?;
        seconds(f, &self.second)?;
        match &self.zone {
            Some(zone) => write!(f, " {}", zone.name),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Weekdays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (rank, (first, last)) in self.runs().into_iter().enumerate() {
            if rank > 0 {
                f.write_str(",")?;
            }
            let name = |day: usize| DAYS.get(day).map_or("", |(short, _)| short);
            match last - first {
                0 => f.write_str(name(first))?,
                1 => write!(f, "{},{}", name(first), name(last))?,
                _ => write!(f, "{}..{}", name(first), name(last))?,
            }
        }
        Ok(())
    }
}

fn plain(f: &mut fmt::Formatter<'_>, chain: &Chain, width: usize) -> fmt::Result {
    if chain.is_every() {
        return f.write_str("*");
    }
    list(f, chain, 1, |f, value| write!(f, "{value:0width$}"), |f, step| write!(f, "{step}"))
}

fn seconds(f: &mut fmt::Formatter<'_>, chain: &Chain) -> fmt::Result {
    if chain.pieces().contains(&EVERY_SECOND) {
        return f.write_str("*");
    }
    list(f, chain, SECOND, |f, value| second(f, value, 2), |f, step| second(f, step, 1))
}

/// Seconds from microseconds; the fraction only where there is one.
fn second(f: &mut fmt::Formatter<'_>, value: u32, width: usize) -> fmt::Result {
    write!(f, "{:0width$}", value / SECOND)?;
    match value % SECOND {
        0 => Ok(()),
        fraction => write!(f, ".{fraction:06}"),
    }
}

/// The pieces with commas; `unit` is the step that a range need not mention.
fn list(
    f: &mut fmt::Formatter<'_>,
    chain: &Chain,
    unit: u32,
    value: impl Fn(&mut fmt::Formatter<'_>, u32) -> fmt::Result,
    step: impl Fn(&mut fmt::Formatter<'_>, u32) -> fmt::Result,
) -> fmt::Result {
    for (rank, piece) in chain.pieces().iter().enumerate() {
        if rank > 0 {
            f.write_str(",")?;
        }
        value(f, piece.start)?;
        if let Some(stop) = piece.stop {
            f.write_str("..")?;
            value(f, stop)?;
        }
        if piece.step > 0 && !(piece.stop.is_some() && piece.step == unit) {
            f.write_str("/")?;
            step(f, piece.step)?;
        }
    }
    Ok(())
}
