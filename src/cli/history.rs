//! `ssi history`: every verdict that the log of a check holds, oldest first.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::args::IdArgs;
use super::failure::Failure;
use super::ui::{self, Ui};
use crate::board::Board;
use crate::event::{Body, rfc3339};
use crate::files::FileError;
use crate::install::Site;
use crate::line;
use crate::paths::Paths;
use crate::status::Status;

/// One line of `ssi history --json`.
#[derive(Serialize)]
struct Verdict {
    time: Option<String>,
    status: Status,
    message: String,
    run: Option<String>,
}

pub(super) fn history(args: &IdArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let installed = Site { paths, systemd: None }.get(&args.id)?;
    let id = installed.id.clone();
    let mut board = Board::new(super::live::host_name(), TimeZone::system());
    let mut changes = Vec::new();
    board.install(installed.check(), true, installed.changed, &mut changes);
    // The log that was rotated away last holds what came before.
    let log = paths.log(&id);
    let mut before = log.clone().into_os_string();
    before.push(".1");
    for path in [PathBuf::from(before), log] {
        let fail = FileError::at("read", &path);
        let file = match std::fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(fail(error).into()),
        };
        for line in BufReader::new(file).split(b'\n') {
            let line = line.map_err(&fail)?;
            changes.clear();
            board.read(&id, &line::parse(&String::from_utf8_lossy(&line)), Timestamp::UNIX_EPOCH, &mut changes);
            for change in changes.drain(..) {
                if let Body::Status(record) = change.body
                    && !record.progress
                {
                    let (time, status, message, run) =
                        (record.line_time.map(rfc3339), record.verdict, record.message, record.run);
                    print(&Verdict { time, status, message, run }, record.line_time, ui)?;
                }
            }
        }
    }
    Ok(0)
}

fn print(verdict: &Verdict, time: Option<Timestamp>, ui: &Ui) -> Result<(), Failure> {
    if ui.json {
        return ui.print(serde_json::to_string(verdict)?);
    }
    let time = time.map_or_else(|| "-".to_owned(), ui::clock);
    ui.print(format!("{} {} {}", ui.dim(time), ui.status(verdict.status), line::printable(&verdict.message)))
}
