//! A set of days of the week.

use jiff::civil::Weekday;

pub(super) const DAYS: [(&str, &str); 7] = [
    ("Mon", "Monday"),
    ("Tue", "Tuesday"),
    ("Wed", "Wednesday"),
    ("Thu", "Thursday"),
    ("Fri", "Friday"),
    ("Sat", "Saturday"),
    ("Sun", "Sunday"),
];

/// Some, but not all, days of the week; Monday is 0.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub(super) struct Weekdays([bool; 7]);

impl Weekdays {
    /// Adds `first` to `last`, both inclusive.
    pub fn add(&mut self, first: usize, last: usize) {
        for (day, member) in self.0.iter_mut().enumerate() {
            *member |= (first..=last).contains(&day);
        }
    }

    /// `None` where the set restricts nothing: no day, or all of them.
    pub fn restriction(self) -> Option<Weekdays> {
        let days = self.0.iter().filter(|member| **member).count();
        (1..7).contains(&days).then_some(self)
    }

    pub fn contains(&self, weekday: Weekday) -> bool {
        usize::try_from(weekday.to_monday_zero_offset())
            .ok()
            .and_then(|day| self.0.get(day))
            .is_some_and(|member| *member)
    }

    /// The runs of neighbouring days, as (first, last).
    pub fn runs(&self) -> Vec<(usize, usize)> {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for (day, _) in self.0.iter().enumerate().filter(|(_, member)| **member) {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == day => *last = day,
                _ => runs.push((day, day)),
            }
        }
        runs
    }
}
