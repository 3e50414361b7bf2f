//! A status as a small picture: a name and a word, in SVG.
//!
//! Input: any text for the name, and a [`Status`]. Output: a document that needs no other file, no script and no font. The word says what the
//! colour says, for those who see no colours and for programs that read it out.

use crate::status::Status;

/// The longest name that is shown, in characters; a longer one is cut.
const LONGEST: usize = 48;
/// Room on both sides of a text.
const MARGIN: usize = 6;
const HEIGHT: usize = 20;

/// The picture.
///
/// ```
/// let svg = ssi::badge::svg("a < b", ssi::status::Status::Ok);
/// assert!(svg.contains("<title>a &lt; b: OK</title>"));
/// ```
pub fn svg(name: &str, status: Status) -> String {
    let name = shown(name);
    let word = status.word();
    let (left, right) = (width(&name) + 2 * MARGIN, width(word) + 2 * MARGIN);
    let (whole, name, colour) = (left + right, escape(&name), colour(status));
    let (name_at, word_at) = (left / 2, left + right / 2);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{HEIGHT}" role="img" aria-label="{name}: {word}">
<title>{name}: {word}</title>
<clipPath id="c"><rect width="{whole}" height="{HEIGHT}" rx="3"/></clipPath>
<g clip-path="url(#c)"><rect width="{left}" height="{HEIGHT}" fill="#3d4148"/><rect x="{left}" width="{right}" height="{HEIGHT}" fill="{colour}"/></g>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle"><text x="{name_at}" y="14">{name}</text><text x="{word_at}" y="14">{word}</text></g>
</svg>
"##
    )
}

/// White letters on each of them have a contrast of 4.5 or more.
const fn colour(status: Status) -> &'static str {
    match status {
        Status::Ok => "#1a7f37",
        Status::Update => "#0b6e8f",
        Status::Warning => "#8f5f00",
        Status::Failure => "#c62828",
        Status::Error => "#8e24aa",
        Status::Unknown => "#5f6670",
    }
}

/// On one line, without what XML can't hold, and not too long.
fn shown(name: &str) -> String {
    let plain =
        |letter: char| if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') { ' ' } else { letter };
    let mut shown: String = name.chars().map(plain).take(LONGEST).collect();
    if name.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

/// About as wide as Verdana at 11 px has it; wider letters only come closer to the margin.
fn width(text: &str) -> usize {
    let tenths = text.chars().map(|letter| match letter {
        'i' | 'j' | 'l' | '.' | ',' | ':' | '\'' | '|' | ' ' => 38,
        'm' | 'w' | 'M' | 'W' | '@' => 100,
        'A'..='Z' => 78,
        '\u{0}'..='\u{24f}' => 67,
        _ => 110,
    });
    tenths.sum::<usize>().div_ceil(10)
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_text() {
        let svg = svg("\"/><script>alert(1)</script>\u{1}&\u{ffff}", Status::Failure);
        assert!(!svg.contains("<script") && !svg.contains(['\u{1}', '\u{ffff}']), "{svg}");
        let label = "&quot;/&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; : FAILURE";
        assert!(
            svg.contains(&format!("aria-label=\"{label}\"")) && svg.contains(&format!("<title>{label}</title>")),
            "{svg}"
        );
    }

    #[test]
    fn each_status_has_a_colour_of_its_own_on_which_white_is_read() {
        let channel = |hex: &str| {
            let value = f64::from(u8::from_str_radix(hex, 16).unwrap_or_default()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let mut colours = Vec::new();
        for status in Status::ALL {
            let hex = colour(status);
            let [red, green, blue] = [1, 3, 5].map(|at| channel(&hex[at..at + 2]));
            let contrast = 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05);
            assert!(contrast >= 4.5, "{status} {hex}: {contrast}");
            assert!(!colours.contains(&hex));
            colours.push(hex);
        }
    }

    #[test]
    fn a_long_name_is_cut_and_a_short_one_makes_a_small_picture() {
        assert!(svg(&"x".repeat(500), Status::Ok).contains(&format!("<title>{}…: OK</title>", "x".repeat(LONGEST))));
        assert!(svg("disk", Status::Ok).len() < 1000);
    }
}
