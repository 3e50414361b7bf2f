//! What keys do.

use jiff::Timestamp;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::frame::Name;
use super::pane::{Pane, Rich, Role};
use super::state::{Page, State, Wish};

/// Keys and what they do, as the help shows them.
pub(super) const KEYS: &[(&str, &str)] = &[
    ("↑ ↓  j k", "up and down"),
    ("PgUp PgDn", "a page up and down; Ctrl-B and Ctrl-F too"),
    ("Home End", "the first and the last row; g and G too"),
    ("Enter", "details: schedule, next runs, last output, runs, changes, journal"),
    ("l", "the log as it grows; of a watch, the journal of its unit"),
    ("r", "run the check now"),
    ("/", "show only what has these words in its id, name, message or tags"),
    ("s", "sort: worst first, by name, newest first, next run first"),
    ("Esc", "back; on the board, the filter goes"),
    ("q", "back, and from the board the end; Ctrl-C ends at once"),
    ("Ctrl-Z", "to the shell; `fg` comes back"),
    ("?", "this help"),
];

/// A way to go in a list or a text.
#[derive(Clone, Copy)]
enum Move {
    By(isize),
    Pages(isize),
    First,
    Last,
}

impl State {
    /// Takes in a key that was pressed at `now`.
    pub(super) fn press(&mut self, mut key: KeyEvent, now: Timestamp) -> Vec<Wish> {
        if key == KeyEvent::new(KeyCode::Char('j'), KeyModifiers::CONTROL) {
            // What is typed before the terminal is taken over comes so.
            key = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
        }
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if is_control => return vec![Wish::Quit],
            KeyCode::Char('z') if is_control => return vec![Wish::Suspend],
            _ => {}
        }
        self.hush();
        // The cursor is on what was seen.
        self.settle();
        if self.is_typing {
            self.type_filter(key.code, is_control);
            return Vec::new();
        }
        if let Some(way) = way(key.code, is_control) {
            self.go(way);
            return Vec::new();
        }
        if is_control || key.modifiers.contains(KeyModifiers::ALT) {
            return Vec::new();
        }
        match key.code {
            KeyCode::Char('q') if self.pages.is_empty() => vec![Wish::Quit],
            KeyCode::Char('q') | KeyCode::Esc | KeyCode::Left | KeyCode::Backspace if !self.pages.is_empty() => {
                self.back()
            }
            KeyCode::Char('?') => self.open_help(),
            KeyCode::Char('r') => self.run(now),
            KeyCode::Char('l') => self.open_log(now),
            KeyCode::Enter | KeyCode::Right if self.pages.is_empty() => self.open_detail(),
            KeyCode::Esc => self.filter(String::new()),
            KeyCode::Char('/') if self.pages.is_empty() => {
                self.is_typing = true;
                Vec::new()
            }
            KeyCode::Char('s') if self.pages.is_empty() => {
                let (sort, filter) = (self.order.sort.next(), self.order.filter.clone());
                self.order.set(sort, filter);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn type_filter(&mut self, code: KeyCode, is_control: bool) {
        let mut filter = self.order.filter.clone();
        match code {
            KeyCode::Enter => self.is_typing = false,
            KeyCode::Esc => {
                self.is_typing = false;
                filter.clear();
            }
            KeyCode::Backspace if filter.pop().is_none() => self.is_typing = false,
            KeyCode::Char('u') if is_control => filter.clear(),
            KeyCode::Char('w') if is_control => {
                let kept = filter.trim_end().rfind(' ').map_or(0, |blank| blank + 1);
                filter.truncate(kept);
            }
            KeyCode::Char(c) if !is_control => filter.push(c),
            KeyCode::Up => self.go(Move::By(-1)),
            KeyCode::Down => self.go(Move::By(1)),
            _ => {}
        }
        if filter != self.order.filter {
            self.filter(filter);
        }
    }

    fn filter(&mut self, filter: String) -> Vec<Wish> {
        self.order.set(self.order.sort, filter);
        Vec::new()
    }

    fn go(&mut self, way: Move) {
        if let Some(page) = self.pages.last_mut() {
            let can_follow = matches!(page, Page::Log { .. });
            let pane = page.pane_mut();
            let by = match way {
                Move::By(rows) => rows,
                Move::Pages(pages) => pages.saturating_mul(pane.height() as isize),
                Move::First => isize::MIN,
                Move::Last => isize::MAX,
            };
            return pane.scroll(by, can_follow);
        }
        let row = match way {
            Move::By(rows) => self.row.saturating_add_signed(rows),
            Move::Pages(pages) => self.row.saturating_add_signed(pages.saturating_mul(self.height().max(1) as isize)),
            Move::First => 0,
            Move::Last => usize::MAX,
        };
        self.select(row);
    }

    fn back(&mut self) -> Vec<Wish> {
        match self.pages.pop() {
            Some(Page::Log { .. }) => vec![Wish::Unfollow],
            _ => Vec::new(),
        }
    }

    /// What keys are about: what a page shows, or what is under the cursor.
    fn subject(&self) -> Option<Name> {
        let of_page = self.pages.iter().rev().find_map(Page::name);
        of_page.or(self.current().map(|item| &item.row.name)).cloned()
    }

    fn open_detail(&mut self) -> Vec<Wish> {
        let Some(name) = self.subject() else { return Vec::new() };
        self.pages.push(Page::Detail { name: name.clone(), answer: None, pane: Pane::new(false, self.room()) });
        vec![Wish::Ask(name)]
    }

    fn open_log(&mut self, now: Timestamp) -> Vec<Wish> {
        let is_open = self.pages.iter().any(|page| matches!(page, Page::Log { .. }));
        let Some(name) = self.subject().filter(|_| !is_open) else { return Vec::new() };
        if !["check", "watch"].contains(&name.kind.as_str()) {
            self.tell(format!("`{}` has no log here: Enter shows what is known of it", name.id), true, now);
            return Vec::new();
        }
        self.pages.push(Page::Log { name: name.clone(), is_read: false, pane: Pane::new(true, self.room()) });
        vec![Wish::Follow(name)]
    }

    fn open_help(&mut self) -> Vec<Wish> {
        if !matches!(self.pages.last(), Some(Page::Help { .. })) {
            let mut pane = Pane::new(false, self.room());
            for (keys, words) in KEYS {
                pane.push(Rich::new([(Role::Heading, format!("  {keys:<11}")), (Role::Plain, format!("  {words}"))]));
            }
            self.pages.push(Page::Help { pane });
        }
        Vec::new()
    }

    fn run(&mut self, now: Timestamp) -> Vec<Wish> {
        match self.subject() {
            Some(name) if name.kind == "check" => {
                self.tell(format!("starting {}", name.id), false, now);
                vec![Wish::Run(name)]
            }
            Some(name) => {
                self.tell(format!("`{}` is no check, there is nothing to run", name.id), true, now);
                Vec::new()
            }
            None => Vec::new(),
        }
    }
}

fn way(code: KeyCode, is_control: bool) -> Option<Move> {
    Some(match (code, is_control) {
        (KeyCode::Up, _) | (KeyCode::Char('k'), false) | (KeyCode::Char('p'), true) => Move::By(-1),
        (KeyCode::Down, _) | (KeyCode::Char('j'), false) | (KeyCode::Char('n'), true) => Move::By(1),
        (KeyCode::PageUp, _) | (KeyCode::Char('b'), true) => Move::Pages(-1),
        (KeyCode::PageDown, _) | (KeyCode::Char('f'), true) | (KeyCode::Char(' '), false) => Move::Pages(1),
        (KeyCode::Home, _) | (KeyCode::Char('g'), false) => Move::First,
        (KeyCode::End, _) | (KeyCode::Char('G'), false) => Move::Last,
        _ => return None,
    })
}
