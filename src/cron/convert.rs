//! The OnCalendar expressions for the fields of a cron line.

use std::collections::BTreeSet;

use super::field::{Piece, Values};
use super::parse::Fields;

/// OnCalendar's names, by cron's numbers.
const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/// One expression, or two where either day field suffices.
pub(super) fn expressions(fields: &Fields) -> Vec<String> {
    let (month, day, weekdays) = (list(&fields.month), list(&fields.day), weekdays(&fields.weekday));
    let time = format!("{}:{}:00", list(&fields.hour), list(&fields.minute));
    let either = !fields.day.star && !fields.weekday.star;
    let all_days = day == "*" || weekdays.is_empty();
    match (either, all_days) {
        // One of them is every day already.
        (true, true) => vec![format!("*-{month}-* {time}")],
        (true, false) => vec![format!("*-{month}-{day} {time}"), format!("{weekdays}*-{month}-* {time}")],
        (false, _) => vec![format!("{weekdays}*-{month}-{day} {time}")],
    }
}

/// `Mon,Fri ` with its blank; empty for all days.
fn weekdays(values: &Values) -> String {
    let days: BTreeSet<u32> = values.pieces.iter().flat_map(|piece| piece.values()).map(|day| day % 7).collect();
    if days.len() == WEEKDAYS.len() {
        return String::new();
    }
    let names = WEEKDAYS.iter().zip(0..).filter(|(_, day)| days.contains(day)).map(|(name, _)| *name);
    format!("{} ", names.collect::<Vec<_>>().join(","))
}

/// `*`, or the pieces of which none says only what the others say.
fn list(values: &Values) -> String {
    let (min, max) = values.field.bounds();
    let all = |pieces: &[Piece]| -> BTreeSet<u32> { pieces.iter().flat_map(|piece| piece.values()).collect() };
    let meant = all(&values.pieces);
    if (min..=max).all(|value| meant.contains(&value)) {
        return "*".to_owned();
    }
    let mut pieces: Vec<Piece> = values.pieces.iter().map(|piece| piece.cut()).collect();
    // The short ones go first, so that `3,1-5` keeps its range.
    pieces.sort_by_key(|piece| piece.values().count());
    let mut rank = 0;
    while rank < pieces.len() {
        let mut fewer = pieces.clone();
        fewer.remove(rank);
        if all(&fewer) == meant { pieces = fewer } else { rank += 1 }
    }
    pieces.sort_by_key(|piece| piece.start);
    // A step without an end carries into the next field what is left where it leaves its own, while cron begins anew.
    // Both are the same only if nothing is left (for days never: 31 is a prime) and there is no other piece.
    let is_alone = pieces.len() == 1;
    let write = |Piece { start, stop, step }: Piece| match (stop == start, step) {
        (true, _) => format!("{start:02}"),
        (false, 1) => format!("{start:02}..{stop:02}"),
        (false, _) if is_alone && stop + step == start + max - min + 1 => format!("{start:02}/{step}"),
        (false, _) => format!("{start:02}..{stop:02}/{step}"),
    };
    pieces.into_iter().map(write).collect::<Vec<_>>().join(",")
}
