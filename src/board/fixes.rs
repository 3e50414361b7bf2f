//! What is to be done to watched units by itself (`auto_fix`), and what came of it.

use jiff::Timestamp;

use super::Board;
use super::watches::Watches;
use crate::event::{Body, Change, Record};
use crate::watch::{AUTO_FIX, Fixing, Remedy, UnitName, Units};

impl Watches {
    /// Whether a unit is brought back by itself.
    pub(super) fn is_fixed(&self, unit: &UnitName) -> bool {
        self.fixed.iter().any(|units| units.contains(unit))
    }
}

impl Board {
    /// Which watched units are brought back by themselves from now on.
    pub fn fix_by_itself(&mut self, units: Vec<Units>, now: Timestamp, out: &mut Vec<Change>) {
        self.watches.fixed = units;
        let watched: Vec<UnitName> = self.watches().map(|watch| watch.unit.clone()).collect();
        for unit in watched {
            let is_fixed = self.watches.is_fixed(&unit);
            self.fold(
                &unit,
                |watch, host| {
                    watch.set_fixed(is_fixed);
                    watch.pass(host, now)
                },
                out,
            );
        }
    }

    /// Which ones these are.
    pub fn fixed(&self) -> &[Units] {
        &self.watches.fixed
    }

    /// Whether something is to be done that nobody took up.
    pub fn has_fixes(&self) -> bool {
        !self.watches.fixes.is_empty()
    }

    /// Takes up what is to be done.
    pub fn take_fixes(&mut self) -> Vec<(UnitName, Fixing)> {
        std::mem::take(&mut self.watches.fixes)
    }

    /// What came of an attempt to bring a unit back: systemd took it, or why not. Gives back what is told of it.
    pub fn tried(
        &mut self,
        unit: &UnitName,
        (remedy, number): (Remedy, usize),
        outcome: &Result<(), String>,
        out: &mut Vec<Change>,
    ) -> String {
        let message = Fixing::told(unit.as_str(), remedy, number, outcome);
        if let Some(watch) = self.watches.by_unit.get_mut(unit) {
            watch.tried(outcome);
        }
        self.tell_fix(unit, &message, out);
        message
    }

    /// An operator had a unit brought back, which gives `auto_fix` all of its attempts again.
    pub fn fixed_by_hand(&mut self, unit: &UnitName, remedy: Remedy, out: &mut Vec<Change>) {
        if let Some(watch) = self.watches.by_unit.get_mut(unit) {
            watch.fixed_by_hand();
        }
        self.tell_fix(unit, &format!("auto_fix: asked systemd to {remedy} {unit}, as an operator wanted"), out);
    }

    /// Beside the status, which it leaves as it is.
    fn tell_fix(&self, unit: &UnitName, message: &str, out: &mut Vec<Change>) {
        let Some(watch) = self.watch(unit) else { return };
        let status = watch.status();
        let body = Body::Status(Record {
            status,
            verdict: status,
            previous: status,
            changed: false,
            progress: true,
            message: message.to_owned(),
            line_time: None,
            run: None,
            marks: vec![AUTO_FIX],
            earlier: None,
            since: watch.since(),
        });
        out.push(Change { key: unit.clone().into(), body });
    }
}
