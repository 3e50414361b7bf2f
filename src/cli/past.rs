//! The past as the commands on it need it: with warnings for what can't be read, and found by what people type.

use std::collections::VecDeque;
use std::error::Error;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::failure::{Failure, READERS};
use super::ui::Ui;
use crate::event::Key;
use crate::install::InstallError;
use crate::paths::Paths;
use crate::spelling;
use crate::store;
use crate::survey::{Past, PastError};
use crate::tail::TailError;
use crate::watch::UnitName;

/// Database and logs; where the database can't be read, the logs alone.
pub(super) fn open<'a>(paths: &'a Paths, zone: &TimeZone, now: Timestamp, ui: &Ui) -> Past<'a> {
    Past::open(paths, zone.clone(), now).unwrap_or_else(|error| {
        let help = match (error.is_corrupt(), error.is_permission()) {
            (true, _) => " (the agent makes it anew from the logs when it starts)".to_owned(),
            (false, true) => format!(" ({READERS})"),
            (false, false) => String::new(),
        };
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        ui.warn(format!("{error}{cause}; only what the logs still hold is shown{help}"));
        Past::of_logs(paths, zone.clone(), now)
    })
}

/// The check, the watched unit or the ping of this id, also one that was removed; `ping:backup` says which kind is meant.
pub(super) fn find(id: &str, past: &Past<'_>, paths: &Paths) -> Result<Key, Failure> {
    if let Some(key) = id.split_once(':').and_then(|(kind, id)| Key::new(kind, id)) {
        return Ok(key);
    }
    if let Ok(check) = id.parse()
        && (paths.log(&check).exists() || store::find(paths, &check)?.is_some())
    {
        return Ok(Key::Check(check));
    }
    let keys = past.keys()?;
    keys.iter().find(|key| key.id() == id).cloned().ok_or_else(|| {
        if id.parse::<UnitName>().is_ok() {
            return Failure::failed(format!(
                "nothing is recorded of the unit `{id}`: `ssi expect {id}` has the agent watch it"
            ));
        }
        let closest = spelling::closest(id, keys.iter().map(Key::id)).map(str::to_owned);
        InstallError::Unknown { id: id.to_owned(), closest }.into()
    })
}

/// What could not be read of a log. Without a database nothing else tells, so that is a failure.
pub(super) fn tell(errors: Vec<TailError>, past: &Past<'_>, ui: &Ui) -> Result<(), Failure> {
    for error in errors {
        if past.reader().is_none() && !matches!(error, TailError::RestNotFound { .. }) {
            return Err(error.into());
        }
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        ui.warn(format!("{error}{cause}"));
    }
    Ok(())
}

/// The last so many rows, or all of them as they come.
pub(super) struct Last<'a, T> {
    most: Option<usize>,
    kept: VecDeque<T>,
    print: &'a mut dyn FnMut(T) -> Result<(), Failure>,
    result: Result<(), Failure>,
}

impl<'a, T> Last<'a, T> {
    pub(super) fn new(most: Option<usize>, print: &'a mut dyn FnMut(T) -> Result<(), Failure>) -> Last<'a, T> {
        Last { most, kept: VecDeque::new(), print, result: Ok(()) }
    }

    pub(super) fn add(&mut self, row: T) {
        let Some(most) = self.most else {
            if self.result.is_ok() {
                self.result = (self.print)(row);
            }
            return;
        };
        self.kept.push_back(row);
        if self.kept.len() > most {
            self.kept.pop_front();
        }
    }

    pub(super) fn finish(self) -> Result<(), Failure> {
        self.result?;
        self.kept.into_iter().try_for_each(self.print)
    }
}

impl From<PastError> for Failure {
    fn from(error: PastError) -> Failure {
        match error {
            PastError::History(error) => error.into(),
            PastError::File(error) => {
                let is_permission = error.is_permission();
                Failure::reading(error.into(), is_permission)
            }
        }
    }
}
