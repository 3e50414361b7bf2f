//! Figures, and what they should be.

/// What one round gave, by name. A name ends with its unit.
pub type Sample = Vec<(&'static str, f64)>;

/// What a figure should be.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// At most so many times what it is held against.
    Ratio(f64),
    /// At least so many times what it is held against.
    RatioFrom(f64),
    /// At most so much more than what it is held against.
    Beyond(f64),
    Most(f64),
    Least(f64),
}

/// One figure in all rounds.
#[derive(Debug)]
pub struct Figure {
    pub name: &'static str,
    /// Sorted.
    pub ours: Vec<f64>,
    /// Sorted; empty where there is nothing to hold it against.
    pub theirs: Vec<f64>,
    pub target: Option<Target>,
}

impl Figure {
    pub fn new(name: &'static str, ours: &[Sample], theirs: &[Sample], target: Option<Target>) -> Figure {
        let values = |samples: &[Sample]| {
            let all = samples.iter().flatten();
            let mut values: Vec<f64> = all.filter(|value| value.0 == name).map(|value| value.1).collect();
            values.sort_unstable_by(f64::total_cmp);
            values
        };
        Figure { name, ours: values(ours), theirs: values(theirs), target }
    }

    /// Of the medians; `None` where there is nothing to divide by.
    pub fn ratio(&self) -> Option<f64> {
        let (ours, theirs) = (median(&self.ours)?, median(&self.theirs)?);
        (theirs > 0.0).then(|| ours / theirs)
    }

    /// Whether the medians reach the target; `None` where there is none, or it can't be told.
    pub fn is_met(&self) -> Option<bool> {
        let ours = median(&self.ours)?;
        Some(match self.target? {
            Target::Ratio(most) => self.ratio()? <= most,
            Target::RatioFrom(least) => self.ratio()? >= least,
            Target::Beyond(most) => ours - median(&self.theirs)? <= most,
            Target::Most(most) => ours <= most,
            Target::Least(least) => ours >= least,
        })
    }
}

/// The value in the middle, or between the two there, of sorted ones.
pub fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        _ if sorted.is_empty() => None,
        0 => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
        _ => Some(sorted[middle]),
    }
}

/// The value that `share` of all do not exceed; 0 of none.
pub fn percentile(values: &mut [u64], share: f64) -> f64 {
    values.sort_unstable();
    let rank = (values.len() as f64 * share).ceil() as usize;
    values.get(rank.saturating_sub(1)).map_or(0.0, |value| *value as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_in_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[1.0, 2.0, 9.0]), Some(2.0));
        assert_eq!(median(&[1.0, 2.0, 4.0, 9.0]), Some(3.0));
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let mut values: Vec<u64> = (1..=200).rev().collect();
        assert_eq!((percentile(&mut values, 0.5), percentile(&mut values, 0.99)), (100.0, 198.0));
        assert_eq!(percentile(&mut [], 0.5), 0.0);
    }

    #[test]
    fn targets_are_held_against_medians() {
        let samples = |values: &[f64]| values.iter().map(|value| vec![("ms", *value)]).collect::<Vec<_>>();
        let figure = |target| Figure::new("ms", &samples(&[9.0, 3.0, 2.0]), &samples(&[2.0, 1.0, 7.0]), Some(target));
        let table = [
            (Target::Ratio(1.5), true),
            (Target::Ratio(1.4), false),
            (Target::RatioFrom(1.6), false),
            (Target::Beyond(1.0), true),
            (Target::Most(2.9), false),
            (Target::Least(3.0), true),
        ];
        for (target, expected) in table {
            assert_eq!(figure(target).is_met(), Some(expected), "{target:?}");
        }
        assert_eq!(Figure::new("ms", &samples(&[1.0]), &[], Some(Target::Ratio(1.0))).is_met(), None);
    }
}
