//! Reads a log backwards: what is the last thing it says, without reading all of it.

use std::io;
use std::path::Path;

use super::source::{self, Refused};
use super::{Inode, Position, TailError, mark, rotated};

const FIRST_WINDOW: u64 = 64 * 1024;
const LARGEST_WINDOW: u64 = 16 * 1024 * 1024;

/// Looks for something in the last lines of `<id>.log` in `dir`, and where that holds nothing of it in `<id>.log.1`.
///
/// `found` gets the complete lines at the end of the file, first those of the last 64 KiB, then of twice as much, until it answers
/// `true` or has seen the whole file or 16 MiB of it. Each call shows all lines of the call before again, with older ones in front.
/// Returns the last answer; a missing file counts as empty.
///
/// ```
/// let dir = tempfile::tempdir()?;
/// std::fs::write(dir.path().join("disk.log"), "OK, one\nWARNING, two\nFAILURE, incompl")?;
/// let mut last = String::new();
/// let found = ssi::tail::last_block(dir.path(), "disk", |lines| {
///     last = String::from_utf8_lossy(lines).lines().last().unwrap_or_default().to_string();
///     !last.is_empty()
/// })?;
/// assert!(found);
/// assert_eq!(last, "WARNING, two");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn last_block(dir: &Path, id: &str, found: impl FnMut(&[u8]) -> bool) -> Result<bool, TailError> {
    last_block_within(dir, id, Until::Now, found)
}

/// [`last_block`] of the lines before `until`.
pub fn last_block_within(
    dir: &Path,
    id: &str,
    until: Until<'_>,
    mut found: impl FnMut(&[u8]) -> bool,
) -> Result<bool, TailError> {
    let current = rotated::current(dir, id);
    let previous = dir.join(format!("{id}.log.1"));
    Ok(last_of(&current, until, true, &mut found)? || last_of(&previous, until, false, &mut found)?)
}

/// Up to where a log is read backwards.
#[derive(Debug, Clone, Copy)]
pub enum Until<'a> {
    /// All that is there.
    Now,
    /// What a tail that stands at this place does not hand out itself.
    Position(&'a Position),
}

impl Until<'_> {
    /// How much of a file of this size lies before; of a file that came after the place, nothing.
    fn within(self, inode: Inode, size: u64, is_current: bool) -> u64 {
        match self {
            Until::Now => size,
            Until::Position(Position { newest: Some(mark), .. }) if mark.inode == inode => size.min(mark.offset),
            Until::Position(_) if is_current => 0,
            Until::Position(_) => size,
        }
    }
}

fn last_of(
    path: &Path,
    until: Until<'_>,
    is_current: bool,
    found: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<bool, TailError> {
    let path_of = || path.to_path_buf();
    let (file, size) = match source::open(path) {
        Ok((file, inode)) => match file.metadata() {
            Ok(metadata) => (file, until.within(inode, metadata.len(), is_current)),
            Err(source) => {
                return Err(TailError::Read { path: path_of(), source });
            }
        },
        Err(Refused::Missing) => return Ok(false),
        Err(Refused::NotRegular) => return Err(TailError::NotRegular { path: path_of() }),
        Err(Refused::Failed(source)) => {
            return Err(TailError::Open { path: path_of(), source });
        }
    };
    let mut window = FIRST_WINDOW;
    let mut buffer = Vec::new();
    loop {
        let start = size.saturating_sub(window);
        buffer.resize(size.min(window) as usize, 0);
        let bytes = mark::read(&file, &mut buffer, start)
            .map_err(|source: io::Error| TailError::Read { path: path_of(), source })?;
        let lines = complete(bytes, start == 0);
        if !lines.is_empty() && found(lines) {
            return Ok(true);
        }
        if start == 0 || window >= LARGEST_WINDOW {
            return Ok(false);
        }
        window *= 2;
    }
}

/// Without the piece of a line at the end and, unless `bytes` begin where the file does, the one in front.
fn complete(bytes: &[u8], whole: bool) -> &[u8] {
    let newline = |byte: &u8| *byte == b'\n';
    let to = bytes.iter().rposition(newline).map_or(0, |at| at + 1);
    let from = match whole {
        true => 0,
        false => bytes.iter().position(newline).map_or(to, |at| at + 1),
    };
    &bytes[from..to]
}
