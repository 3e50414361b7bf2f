//! Which things are shown, and in which order.

use std::cmp::{Ordering, Reverse};

use super::board::{Board, Item};
use super::frame::Name;
use super::text;
use crate::status::Status;

/// By what the rows are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sort {
    #[default]
    Worst,
    Id,
    Age,
    Next,
}

impl Sort {
    pub(super) const fn next(self) -> Sort {
        match self {
            Sort::Worst => Sort::Id,
            Sort::Id => Sort::Age,
            Sort::Age => Sort::Next,
            Sort::Next => Sort::Worst,
        }
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Sort::Worst => "worst first",
            Sort::Id => "by name",
            Sort::Age => "newest first",
            Sort::Next => "next run first",
        }
    }

    fn compare(self, a: &Item, b: &Item) -> Ordering {
        let last = |time: Option<_>| (time.is_none(), time);
        let order = match self {
            Sort::Worst => {
                // Of what is not well the newest is the news.
                let since = |item: &Item| item.row.since.filter(|_| !item.row.status.is_healthy());
                let urgency = b.row.status.urgency().cmp(&a.row.status.urgency());
                urgency.then_with(|| since(b).cmp(&since(a)))
            }
            Sort::Id => Ordering::Equal,
            Sort::Age => Reverse(a.result).cmp(&Reverse(b.result)),
            Sort::Next => last(next(a)).cmp(&last(next(b))),
        };
        order.then_with(|| text::natural(&a.id, &b.id)).then_with(|| a.row.name.kind.cmp(&b.row.name.kind))
    }
}

fn next(item: &Item) -> Option<jiff::Timestamp> {
    item.row.next_run.filter(|_| item.row.enabled)
}

/// What a board comes to with a filter and a sort.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    pub(super) sort: Sort,
    pub(super) filter: String,
    /// Places in the board.
    shown: Vec<usize>,
    /// How many of the whole board have each status, as in [`Status::ALL`].
    counts: [usize; Status::ALL.len()],
    /// The version of the board that this is of.
    version: Option<u64>,
}

impl Order {
    pub(super) fn set(&mut self, sort: Sort, filter: String) {
        (self.sort, self.filter, self.version) = (sort, filter, None);
    }

    /// After the board changed, or the sort, or the filter.
    pub(super) fn update(&mut self, board: &Board) {
        if self.version == Some(board.version) {
            return;
        }
        self.version = Some(board.version);
        let items = board.items();
        let filter = self.filter.to_lowercase();
        let words: Vec<&str> = filter.split_whitespace().collect();
        let is_wanted = |item: &Item| words.iter().all(|word| item.haystack.contains(word));
        self.shown = (0..items.len()).filter(|place| is_wanted(&items[*place])).collect();
        self.shown.sort_by(|a, b| self.sort.compare(&items[*a], &items[*b]));
        self.counts = Status::ALL.map(|status| items.iter().filter(|item| item.row.status == status).count());
    }

    pub(super) fn len(&self) -> usize {
        self.shown.len()
    }

    /// The things that are shown, from the row `top` on.
    pub(super) fn rows<'a>(&'a self, board: &'a Board, top: usize) -> impl Iterator<Item = &'a Item> {
        self.shown.iter().skip(top).filter_map(|place| board.items().get(*place))
    }

    /// The row of a thing.
    pub(super) fn position(&self, board: &Board, name: &Name) -> Option<usize> {
        self.rows(board, 0).position(|item| item.row.name == *name)
    }

    /// How many have a status, worst first; statuses that none has are left out.
    pub(super) fn counts(&self) -> Vec<(Status, usize)> {
        let mut counts: Vec<_> = Status::ALL.into_iter().zip(self.counts).filter(|(_, count)| *count > 0).collect();
        counts.sort_by_key(|(status, _)| Reverse(status.urgency()));
        counts
    }
}
