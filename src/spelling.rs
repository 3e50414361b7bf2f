//! Did-you-mean: which known word somebody probably meant.

/// The candidate nearest to `word`, at most two typing mistakes away (one for
/// words up to five letters, none up to two, where every word is near another).
pub fn closest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let letters: Vec<char> = word.chars().collect();
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let length = candidate.chars().count();
            let allowed = match length {
                0..=2 => 0,
                3..=5 => 1,
                _ => 2,
            };
            if letters.len().abs_diff(length) > allowed {
                return None;
            }
            let mistakes = distance(&letters, &candidate.chars().collect::<Vec<_>>());
            (mistakes <= allowed).then_some((mistakes, candidate))
        })
        .min_by_key(|(mistakes, _)| *mistakes)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, substitutions and swaps of neighbours between two
/// words (the optimal string alignment distance).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut best = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(a: &str, b: &str) -> usize {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        distance(&chars(a), &chars(b))
    }

    #[test]
    fn counts_typing_mistakes() {
        assert_eq!(mistakes("", "abc"), 3);
        assert_eq!(mistakes("schedule", "schedule"), 0);
        assert_eq!(mistakes("shedule", "schedule"), 1);
        assert_eq!(mistakes("nmae", "name"), 1);
        assert_eq!(mistakes("time-out", "timeout"), 1);
        assert_eq!(mistakes("kitten", "sitting"), 3);
    }

    #[test]
    fn short_words_need_a_closer_match() {
        let keys = ["id", "name", "state", "description"];
        assert_eq!(closest("is", keys), None);
        assert_eq!(closest("date", keys), None);
        assert_eq!(closest("nmae", keys), Some("name"));
        assert_eq!(closest("descripton", keys), Some("description"));
        assert_eq!(closest("discriptoin", keys), Some("description"));
    }
}
