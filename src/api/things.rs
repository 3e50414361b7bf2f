//! Finding the check or the watch that an address names.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;

use super::Api;
use super::answer::not_found;
use crate::event::{Key, Kind, Row};
use crate::server::Problem;
use crate::spelling;

/// The part of the address that names the thing, as axum found it.
pub(super) type Named = Result<Path<String>, PathRejection>;

impl Api {
    /// The thing of this kind that an address names, if it is on the board.
    pub(super) fn key(&self, kind: Kind, named: Named) -> Result<Key, Problem> {
        let Path(id) = named.map_err(|_| not_found("the address is no valid UTF-8".to_owned()))?;
        self.live.read(|board| match Key::new(kind.word(), &id).filter(|key| board.row_of(key).is_some()) {
            Some(key) => Ok(key),
            None => {
                let known = board.keys().filter(|key| key.kind() == kind).collect::<Vec<_>>();
                let meant = spelling::closest(&id, known.iter().map(Key::id));
                let meant = meant.map(|meant| format!(": did you mean `{meant}`?")).unwrap_or_default();
                Err(not_found(format!("no {} is called `{id}`{meant}", kind.word())))
            }
        })
    }

    /// Its row.
    pub(super) fn row(&self, key: &Key) -> Result<Row, Problem> {
        let row = self.live.read(|board| board.row_of(key));
        row.ok_or_else(|| not_found(format!("`{key}` is gone")))
    }
}
