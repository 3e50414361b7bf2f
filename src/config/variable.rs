//! Settings in environment variables: `SSI_HISTORY_RAW=14d` is `raw` in `[history]`.

use toml::Value;

use super::KEYS;

/// Tables of which there can be any number have no names of their own, and no variables.
const LISTS: [&str; 3] = ["watch", "ping", "component"];

/// The text of a file that says what a variable says; `None` for a variable that is about no table. Numbers, `true`, `false` and lists
/// are written as in a file, everything else without quotes.
///
/// ```
/// use ssi::config::of_variable;
///
/// assert_eq!(of_variable("SSI_HISTORY_RAW", "14d").as_deref(), Some("[history]\nraw = \"14d\"\n"));
/// assert_eq!(of_variable("SSI_LIMITS_REQUESTS", "50").as_deref(), Some("[limits]\nrequests = 50\n"));
/// assert_eq!(of_variable("SSI_ROOT", "/srv"), None);
/// ```
pub fn of_variable(name: &str, value: &str) -> Option<String> {
    let name = name.strip_prefix("SSI_")?;
    let tables = KEYS.iter().filter(|(table, _)| !LISTS.contains(table));
    let mut found = tables.filter_map(|(table, keys)| {
        let key = name.strip_prefix(&upper(table))?.strip_prefix('_')?;
        Some((
            table,
            keys.iter().find(|known| upper(known) == key).map_or(key.to_ascii_lowercase(), ToString::to_string),
        ))
    });
    let (table, key) = found.next()?;
    let is_name = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    let value = if is_bare(value) { value.trim().to_owned() } else { Value::from(value).to_string() };
    is_name.then(|| format!("[{table}]\n{key} = {value}\n"))
}

fn upper(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}

/// Whether it is a value without quotes around it, and nothing more.
fn is_bare(value: &str) -> bool {
    let is_one_line = !value.trim().contains('\n');
    let read = format!("value = {}", value.trim()).parse::<toml::Table>();
    let table = read.ok().filter(|table| is_one_line && table.len() == 1);
    matches!(
        table.as_ref().and_then(|table| table.get("value")),
        Some(Value::Integer(_) | Value::Boolean(_) | Value::Array(_))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_as_in_a_file() {
        let value = |text: &str| of_variable("SSI_HTTP_NAMES", text).unwrap();
        let line = |text: &str| value(text).lines().nth(1).unwrap().to_owned();
        assert_eq!(line("a.example"), "names = \"a.example\"");
        assert_eq!(line("[\"a\", \"b\"]"), "names = [\"a\", \"b\"]");
        assert_eq!(line("true"), "names = true");
        assert_eq!(line("1.5"), "names = \"1.5\"");
        assert_eq!(line(""), "names = \"\"");
    }

    #[test]
    fn nothing_but_the_value_comes_from_a_variable() {
        for value in ["1\n[limits]\nrequests = 0", "[]\nx = 1", "\"\n[limits]", "a\\", "\u{7f}\r\n"] {
            let text = of_variable("SSI_HISTORY_EVENTS", value).unwrap();
            let table: toml::Table = text.parse().unwrap();
            assert_eq!(table.keys().collect::<Vec<_>>(), ["history"], "{text}");
            assert_eq!(table["history"].as_table().unwrap().len(), 1, "{text}");
        }
        assert_eq!(of_variable("SSI_HISTORY_A B", "1"), None);
        assert_eq!(of_variable("SSI_WATCH_UNIT", "x"), None);
        assert_eq!(of_variable("SSI_ACTIONS_AUTO_FIX", "true").as_deref(), Some("[actions]\nauto_fix = true\n"));
    }
}
