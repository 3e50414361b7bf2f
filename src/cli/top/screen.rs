//! The terminal: taken over, drawn on, and given back as it was, whatever ends the program.

use std::io::{self, BufWriter, Stdout, Write};
use std::sync::Once;

use nix::sys::signal::{Signal, raise};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::style::{Print, force_color_output};
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode, size,
};
use ratatui::crossterm::{execute, queue};

/// A frame of a large terminal goes out in one piece.
const BUFFER: usize = 64 * 1024;
/// Text goes where it is put: a terminal that turns lines with right-to-left letters around would move the columns beside them.
const NO_REORDERING: &str = "\x1b[8l";
const REORDERING: &str = "\x1b[8h";

/// The whole terminal. Dropping it gives it back.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
}

impl Screen {
    /// `color`: whether colours go out, whatever the environment says.
    pub(super) fn enter(color: bool) -> io::Result<Screen> {
        force_color_output(color);
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            // The message would be lost with the screen.
            std::panic::set_hook(Box::new(move |panic| {
                restore();
                before(panic);
            }));
        });
        take()?;
        let writer = BufWriter::with_capacity(BUFFER, io::stdout());
        match Terminal::new(CrosstermBackend::new(writer)) {
            Ok(terminal) => Ok(Screen { terminal }),
            Err(error) => {
                restore();
                Err(error)
            }
        }
    }

    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Buffer)) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| draw(frame.buffer_mut()))?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)
    }

    /// Gives the terminal back and stops the process until somebody continues it.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        restore();
        raise(Signal::SIGSTOP)?;
        self.resume()
    }

    /// Takes the terminal again, and draws all of it anew the next time.
    pub(super) fn resume(&mut self) -> io::Result<()> {
        take()?;
        // `clear` would ask the terminal for its cursor, and the answer would go to whoever reads the keys.
        let size = self.terminal.size()?;
        self.terminal.resize(size.into())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Columns and lines.
pub(super) fn room() -> io::Result<(usize, usize)> {
    let (columns, lines) = size()?;
    Ok((usize::from(columns), usize::from(lines)))
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, Hide, Print(NO_REORDERING)).inspect_err(|_| restore())
}

fn restore() {
    // A terminal that is gone needs nothing.
    let _ = execute!(io::stdout(), Print(REORDERING), LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
    let _ = io::stdout().flush();
}
