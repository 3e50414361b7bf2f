//! The header of a script: its syntax, not its meaning.
//!
//! Input: the bytes of a script. Output: the `# key: value` lines of the
//! leading comment block with their places, and every mistake of form. The
//! block ends at the first line of code; blank lines, rulers, the shebang and
//! other comments in it are skipped.

mod key;
mod line;
mod mistake;
mod scan;
mod shebang;

use crate::source::Span;
use mistake::Mistake;

pub use key::Key;
pub(crate) use mistake::example;
pub use scan::scan;

/// Longest value of a key, in bytes.
pub const MAX_VALUE_BYTES: usize = 4096;

/// What the leading comment block says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header<'a> {
    /// Key lines in the order of the script. Of a key that is there twice
    /// only the first, unless it may be repeated.
    pub entries: Vec<Entry<'a>>,
    /// Comments such as `# Service Name: x` that are no keys themselves, but
    /// tell what somebody took for this key.
    pub misnamed: Vec<(Key, Span)>,
    /// Key lines after the first line of code, which do not count.
    pub stray: Vec<(Key, Span)>,
    /// The first line of code, where the header ends.
    pub code: Option<Span>,
}

/// One `# key: value` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Which key it sets.
    pub key: Key,
    /// The key itself, without `#` and `:`.
    pub key_span: Span,
    /// Without surrounding blanks; None where the value was refused, so that
    /// the key is not reported as missing too.
    pub value: Option<&'a str>,
    /// The value without surrounding blanks; empty after the colon without one.
    pub value_span: Span,
}

impl<'a> Header<'a> {
    /// The first line of a key.
    pub fn find(&self, key: Key) -> Option<&Entry<'a>> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// All lines of a key that may be repeated.
    pub fn all(&self, key: Key) -> impl Iterator<Item = &Entry<'a>> {
        self.entries.iter().filter(move |entry| entry.key == key)
    }
}

#[cfg(test)]
mod tests;
