//! The board as the frames tell it.
//!
//! Input: frames, in their order. Output: what to show of each thing. Which of them are shown, and in which order, is `order.rs`.

use std::collections::HashMap;

use jiff::Timestamp;

use super::frame::{Frame, Name, Row};
use super::text;
use crate::event;
use crate::status::Status;

/// Marks that the verdict of a check sets and takes away; all others belong to its header or its timer. Of anything else a verdict
/// brings all marks.
const OF_A_VERDICT: [&str; 2] = ["soft", "overdue"];

/// One thing on the board.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) row: Row,
    /// When its last result came.
    pub(super) result: Option<Timestamp>,
    /// When the run that goes on began.
    pub(super) running: Option<Timestamp>,
    /// What the run that goes on says so far.
    pub(super) progress: Option<String>,
    /// Id, title and message, clean.
    pub(super) id: String,
    pub(super) title: String,
    pub(super) message: String,
    /// What a filter is looked for in.
    pub(super) haystack: String,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Board {
    items: Vec<Item>,
    places: HashMap<Name, usize>,
    /// Goes up with every change.
    pub(super) version: u64,
}

impl Item {
    fn new(row: Row) -> Item {
        let result = row.since.max(row.last_run);
        let (id, title) = (text::clean(&row.name.id), text::clean(&row.title));
        let mut item = Item {
            row,
            result,
            running: None,
            progress: None,
            id,
            title,
            message: String::new(),
            haystack: String::new(),
        };
        item.reword();
        item
    }

    /// After the message changed.
    fn reword(&mut self) {
        self.message = text::clean(self.row.message.as_deref().unwrap_or_default());
        self.haystack = [&self.id, &self.title, &self.message].map(String::as_str).join("\n").to_lowercase();
        for tag in &self.row.tags {
            self.haystack.push('\n');
            self.haystack.push_str(&tag.to_lowercase());
        }
    }

    fn judge(&mut self, frame: Frame) {
        let at = frame.line_time.unwrap_or(frame.time);
        if frame.changed || self.row.since.is_none() {
            self.row.since = Some(at);
        }
        let has = |mark: &str| frame.marks.iter().any(|found| found == mark);
        if !has("soft") {
            self.row.message = frame.message;
            self.reword();
        }
        if !has("overdue") {
            self.result = Some(frame.time);
            if frame.run.is_none() && self.row.name.kind == "check" {
                self.row.last_run = Some(at);
            }
        }
        self.row.status = frame.status.unwrap_or(Status::Unknown);
        let is_check = self.row.name.kind == "check";
        let stays = |mark: &String| is_check && !OF_A_VERDICT.contains(&mark.as_str()) && !frame.marks.contains(mark);
        self.row.marks.retain(stays);
        self.row.marks.extend(frame.marks);
        self.progress = None;
    }
}

impl Board {
    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    pub(super) fn get(&self, name: &Name) -> Option<&Item> {
        self.items.get(*self.places.get(name)?)
    }

    fn get_mut(&mut self, name: &Name) -> Option<&mut Item> {
        self.items.get_mut(*self.places.get(name)?)
    }

    /// Takes in a frame; true where the time of the next run of something has to be asked for: that it moves on is no event.
    pub(super) fn take(&mut self, frame: Frame) -> bool {
        self.version += 1;
        if let Some(checks) = frame.checks {
            self.replace(checks);
            return false;
        }
        let Some(name) = frame.name() else { return false };
        match frame.r#type.as_str() {
            "removed" => self.remove(&name),
            "added" | "updated" => frame.check.into_iter().for_each(|row| self.put(*row)),
            "run" => return self.run(&name, &frame),
            "status" if frame.progress => {
                let is_late = frame.marks.iter().any(|mark| mark == event::LATE);
                if let Some(item) = self.get_mut(&name).filter(|_| !is_late) {
                    item.progress = frame.message.as_deref().map(text::clean);
                }
            }
            "status" => self.get_mut(&name).into_iter().for_each(|item| item.judge(frame.clone())),
            _ => {}
        }
        false
    }

    fn run(&mut self, name: &Name, frame: &Frame) -> bool {
        let Some(item) = self.get_mut(name) else { return false };
        if frame.phase.as_deref() == Some("started") {
            item.running = Some(frame.time);
            item.row.last_run = Some(frame.time);
            return false;
        }
        (item.running, item.progress) = (None, None);
        item.row.next_run.is_some_and(|next| next <= frame.time)
    }

    /// The whole board as it is now.
    fn replace(&mut self, rows: Vec<Row>) {
        self.items.clear();
        self.places.clear();
        rows.into_iter().for_each(|row| self.put(row));
    }

    fn put(&mut self, row: Row) {
        match self.places.get(&row.name).and_then(|place| self.items.get_mut(*place)) {
            Some(item) => {
                let result = item.result;
                let Item { running, progress, .. } = std::mem::replace(item, Item::new(row));
                (item.running, item.progress) = (running, progress);
                item.result = result.or(item.result);
            }
            None => {
                self.places.insert(row.name.clone(), self.items.len());
                self.items.push(Item::new(row));
            }
        }
    }

    fn remove(&mut self, name: &Name) {
        let Some(place) = self.places.remove(name) else { return };
        self.items.swap_remove(place);
        if let Some(moved) = self.items.get(place) {
            self.places.insert(moved.row.name.clone(), place);
        }
    }

    /// What was asked for beside the stream: it brings what no event tells.
    pub(super) fn refresh(&mut self, rows: &[Row]) {
        self.version += 1;
        for row in rows {
            if let Some(item) = self.get_mut(&row.name) {
                (item.row.next_run, item.row.deadline) = (row.next_run, row.deadline);
                item.row.watch.clone_from(&row.watch);
            }
        }
    }
}
