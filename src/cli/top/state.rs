//! What is shown, as a value: everything that happens is folded into it, and what is to be done about it comes out.
//!
//! Input: frames, answers, the size of the terminal, keys (`keys.rs`), and the time of each. Output: [`Wish`]es. No I/O.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::board::{Board, Item};
use super::detail::{self, Answer};
use super::frame::{Frame, Name, Row};
use super::log::rich;
use super::order::Order;
use super::pane::{Pane, Rich, Role};

/// So long a note is shown.
const NOTE: SignedDuration = SignedDuration::from_secs(10);
/// Lines above and below the rows of the board, and above and below a pane.
pub(super) const ABOVE: usize = 3;
pub(super) const BELOW: usize = 1;

/// The way to the agent.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Link {
    /// No answer yet, good or bad.
    Connecting,
    Live,
    /// No connection since then.
    Lost {
        since: Timestamp,
        reason: String,
    },
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wish {
    /// All that is known of a thing is wanted.
    Ask(Name),
    /// The times of the next runs are wanted.
    Refresh,
    /// A check is to run.
    Run(Name),
    /// The lines of its log are wanted from now on.
    Follow(Name),
    /// No longer.
    Unfollow,
    Suspend,
    Quit,
}

/// What happened.
#[derive(Debug)]
pub(super) enum Event {
    Frame(Box<Frame>),
    Lost(String),
    /// The agent's answer about a thing.
    Detail(Name, Result<Box<Answer>, String>),
    Rows(Vec<Row>),
    /// New lines of a thing's log or journal; the first ones may be none.
    Lines(Name, Vec<String>),
    /// Something to know: how a wish ended.
    Note {
        text: String,
        is_bad: bool,
    },
    /// The clock went on.
    Tick,
}

/// A view on top of the board.
#[derive(Clone, Debug)]
pub(super) enum Page {
    Detail { name: Name, answer: Option<Box<Answer>>, pane: Pane },
    Log { name: Name, is_read: bool, pane: Pane },
    Help { pane: Pane },
}

/// A line that goes by itself.
#[derive(Clone, Debug)]
pub(super) struct Note {
    pub(super) text: String,
    pub(super) is_bad: bool,
    at: Timestamp,
}

#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) board: Board,
    pub(super) order: Order,
    pub(super) link: Link,
    /// The host of the board, once it is known.
    pub(super) host: Option<String>,
    /// The thing under the cursor; without one it is the first row, whatever that is.
    selected: Option<Name>,
    /// The row under the cursor, and the first one on the screen.
    pub(super) row: usize,
    pub(super) top: usize,
    /// Whether a filter is being typed.
    pub(super) is_typing: bool,
    pub(super) pages: Vec<Page>,
    note: Option<Note>,
    /// Columns and lines of the terminal.
    pub(super) size: (usize, usize),
    pub(super) zone: TimeZone,
    /// What helps where no agent answers.
    pub(super) advice: String,
}

impl State {
    pub(super) fn new(size: (usize, usize), zone: TimeZone, advice: String) -> State {
        State {
            board: Board::default(),
            order: Order::default(),
            link: Link::Connecting,
            host: None,
            selected: None,
            row: 0,
            top: 0,
            is_typing: false,
            pages: Vec::new(),
            note: None,
            size,
            zone,
            advice,
        }
    }

    /// Takes in what happened at `now`.
    pub(super) fn take(&mut self, event: Event, now: Timestamp) -> Vec<Wish> {
        let mut wishes = Vec::new();
        match event {
            Event::Frame(frame) => self.frame(*frame, &mut wishes),
            Event::Lost(reason) => {
                let since = if let Link::Lost { since, .. } = self.link { since } else { now };
                self.link = Link::Lost { since, reason };
            }
            Event::Rows(rows) => self.board.refresh(&rows),
            Event::Detail(name, found) => self.answer(&name, found, now),
            Event::Tick => {
                if let Some(Page::Detail { answer: Some(answer), pane, .. }) = self.pages.last_mut() {
                    pane.replace(detail::lines(answer, now, &self.zone));
                }
            }
            Event::Lines(name, lines) => {
                for page in &mut self.pages {
                    if let Page::Log { name: shown, is_read, pane } = page
                        && *shown == name
                    {
                        *is_read = true;
                        lines.iter().for_each(|text| pane.push(of_log(&name, text, &self.zone)));
                    }
                }
            }
            Event::Note { text, is_bad } => self.tell(text, is_bad, now),
        }
        wishes
    }

    fn frame(&mut self, frame: Frame, wishes: &mut Vec<Wish>) {
        self.link = Link::Live;
        self.host = Some(frame.host.clone());
        let is_greeting = frame.r#type == "hello";
        let about = frame.name();
        if self.board.take(frame) {
            wishes.push(Wish::Refresh);
        }
        if let Some(Page::Detail { name, .. }) = self.pages.last()
            && (is_greeting || about.as_ref() == Some(name))
        {
            wishes.push(Wish::Ask(name.clone()));
        }
    }

    fn answer(&mut self, name: &Name, found: Result<Box<Answer>, String>, now: Timestamp) {
        if let Ok(answer) = &found {
            self.board.refresh(std::slice::from_ref(&answer.row));
        }
        for page in &mut self.pages {
            if let Page::Detail { name: shown, answer, pane } = page
                && shown == name
            {
                match &found {
                    Ok(found) => {
                        *answer = Some(found.clone());
                        pane.replace(detail::lines(found, now, &self.zone));
                    }
                    // What was known before says more.
                    Err(_) if answer.is_some() => {}
                    Err(error) => pane.replace(vec![Rich::new([(Role::Plain, error.clone())])]),
                }
            }
        }
    }

    /// To be called before the state is looked at: puts rows in order and the cursor where it belongs.
    pub(super) fn settle(&mut self) {
        self.order.update(&self.board);
        let found = self.selected.as_ref().and_then(|name| self.order.position(&self.board, name));
        let last = self.order.len().saturating_sub(1);
        self.row = match (&self.selected, found) {
            (None, _) => 0,
            (Some(_), Some(row)) => row,
            // What is gone leaves the cursor where it was.
            (Some(_), None) => self.row.min(last),
        };
        let height = self.height().max(1);
        let last_top = self.order.len().saturating_sub(height);
        self.top = self.top.clamp((self.row + 1).saturating_sub(height), self.row).min(last_top);
    }

    /// Lines that the board or a pane has.
    pub(super) fn height(&self) -> usize {
        self.size.1.saturating_sub(ABOVE + BELOW)
    }

    /// The size of a pane.
    pub(super) fn room(&self) -> (usize, usize) {
        (self.size.0.saturating_sub(2), self.height())
    }

    pub(super) fn resize(&mut self, size: (usize, usize)) {
        self.size = size;
        let room = self.room();
        for page in &mut self.pages {
            page.pane_mut().resize(room);
        }
    }

    /// The thing under the cursor.
    pub(super) fn current(&self) -> Option<&Item> {
        self.order.rows(&self.board, self.row).next()
    }

    /// Moves the cursor to a row of the board; the first one holds whatever comes there.
    pub(super) fn select(&mut self, row: usize) {
        self.row = row.min(self.order.len().saturating_sub(1));
        self.selected = self.current().filter(|_| self.row > 0).map(|item| item.row.name.clone());
    }

    pub(super) fn tell(&mut self, text: String, is_bad: bool, now: Timestamp) {
        self.note = Some(Note { text, is_bad, at: now });
    }

    pub(super) fn hush(&mut self) {
        self.note = None;
    }

    /// The note that is to be seen now; what is bad stays until a key is pressed.
    pub(super) fn note(&self, now: Timestamp) -> Option<&Note> {
        self.note.as_ref().filter(|note| note.is_bad || now.duration_since(note.at) < NOTE)
    }
}

impl Page {
    pub(super) fn pane(&self) -> &Pane {
        match self {
            Page::Detail { pane, .. } | Page::Log { pane, .. } | Page::Help { pane } => pane,
        }
    }

    pub(super) fn pane_mut(&mut self) -> &mut Pane {
        match self {
            Page::Detail { pane, .. } | Page::Log { pane, .. } | Page::Help { pane } => pane,
        }
    }

    /// What it is about.
    pub(super) fn name(&self) -> Option<&Name> {
        match self {
            Page::Detail { name, .. } | Page::Log { name, .. } => Some(name),
            Page::Help { .. } => None,
        }
    }
}

/// Only checks have logs with a grammar; of all others it is the journal.
fn of_log(name: &Name, text: &str, zone: &TimeZone) -> Rich {
    match name.kind.as_str() {
        "check" => rich(text, zone),
        _ => Rich::new([(Role::Plain, text.to_owned())]),
    }
}
