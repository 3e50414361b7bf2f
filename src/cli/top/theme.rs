//! How things look. Nothing is told by a colour alone: each status has a word and a symbol of its own.

use ratatui::style::{Color, Modifier, Style};

use super::pane::Role;
use crate::status::Status;

/// With colours, or without.
#[derive(Clone, Copy, Debug)]
pub(super) struct Theme {
    pub(super) color: bool,
    /// Whether what is shown may be out of date: then nothing is green.
    pub(super) is_stale: bool,
}

impl Theme {
    pub(super) fn status(self, status: Status) -> Style {
        if self.is_stale {
            return self.dim();
        }
        let style = if status.is_bad() { Style::new().add_modifier(Modifier::BOLD) } else { Style::new() };
        if !self.color {
            return style;
        }
        style.fg(match status {
            Status::Ok => Color::Green,
            Status::Update => Color::Cyan,
            Status::Warning => Color::Yellow,
            Status::Failure => Color::Red,
            Status::Error => Color::Magenta,
            Status::Unknown => return self.dim(),
        })
    }

    pub(super) fn role(self, role: Role) -> Style {
        match role {
            Role::Plain => self.plain(),
            Role::Dim => self.dim(),
            Role::Heading => self.bold(),
            Role::Status(status) => self.status(status),
        }
    }

    pub(super) fn plain(self) -> Style {
        if self.is_stale { self.dim() } else { Style::new() }
    }

    pub(super) fn bold(self) -> Style {
        self.plain().add_modifier(Modifier::BOLD)
    }

    /// What is there to be found, not to be seen first. Grey is a colour that some palettes give their background.
    pub(super) fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// The row under the cursor, and what must not be overlooked: of one brightness, whatever stands in it.
    pub(super) fn reversed(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED).remove_modifier(Modifier::DIM)
    }
}

/// One cell. All are in the fonts of consoles too.
pub(super) const fn symbol(status: Status) -> &'static str {
    match status {
        Status::Ok => "●",
        Status::Update => "◆",
        Status::Warning => "▲",
        Status::Failure => "×",
        Status::Error => "■",
        Status::Unknown => "○",
    }
}
