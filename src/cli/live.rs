//! What most commands need of the machine: a runtime for D-Bus, systemd, the board.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::failure::Failure;
use super::ui::Ui;
use crate::board::Board;
use crate::check::CheckId;
use crate::install::{Site, Turn};
use crate::paths::Paths;
use crate::settings::{self, Report};
use crate::survey;
use crate::systemd::Systemd;

/// Runs a future on this thread.
pub(super) fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(future);
    // A task that hangs must not keep a command that is done.
    runtime.shutdown_background();
    result
}

/// Where checks are installed: with systemd, or below `--root` without.
pub(super) async fn site(paths: &Paths) -> Result<Site<'_>, Failure> {
    let systemd = match &paths.root {
        Some(_) => None,
        None => Some(Systemd::connect(paths.scope).await?),
    };
    Ok(Site { paths, systemd })
}

/// The right to change what is installed. Says so where another command has it, and waits.
pub(super) fn turn(paths: &Paths, ui: &Ui) -> Result<Option<Turn>, Failure> {
    let turn = Turn::take(paths, |process| {
        let process = process.map(|process| format!(" (process {process})")).unwrap_or_default();
        ui.note(format!("waiting for another ssi{process}, which changes checks"));
    });
    Ok(turn?)
}

/// As sd_booted(3) finds it out.
pub(super) fn systemd_is_init() -> bool {
    std::path::Path::new("/run/systemd/system").is_dir()
}

/// The host's name.
pub(super) fn host_name() -> String {
    nix::unistd::gethostname().map_or_else(|_| "localhost".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The board as the disk and systemd tell it, with warnings for what could not be read.
pub(super) fn board(paths: &Paths, ui: &Ui) -> Result<Board, Failure> {
    Ok(look(paths, ui)?.0)
}

/// The same, and the checks whose logs could not be read.
pub(super) fn look(paths: &Paths, ui: &Ui) -> Result<(Board, BTreeSet<CheckId>), Failure> {
    let (now, zone) = (Timestamp::now(), TimeZone::system());
    let survey = survey::survey(paths, &host_name(), &zone, now)?;
    if let Some((_, first)) = survey.unreadable.first() {
        let cause = std::error::Error::source(first).map(|cause| format!(": {cause}")).unwrap_or_default();
        let more = match survey.unreadable.len() {
            1 => String::new(),
            n => format!(" (and {} more)", n - 1),
        };
        ui.warn(format!("{first}{cause}{more}; the status of what can't be read is UNKNOWN. Root may read the logs, and so may who is in the group `_ssi` \
             (`sudo usermod -aG _ssi USER`, and log in again)"));
    }
    let unreadable = survey.unreadable.into_iter().map(|(id, _)| id).collect();
    let mut board = survey.board;
    let loaded = settings::load(paths);
    for finding in loaded.reports.iter().flat_map(Report::findings).filter(|finding| finding.is_error) {
        ui.warn(finding.to_string());
    }
    let pings = loaded.settings.pings.into_iter().map(|ping| ping.rule).collect();
    board.expect_pings(pings, now, &mut Vec::new());
    survey::pings::recall(&mut board, paths);
    let rules = loaded.settings.watches.into_iter().map(|watch| watch.rule).collect();
    board.expect(rules, now, &mut Vec::new());
    if paths.root.is_some() {
        survey::schedules(&mut board, now, &zone);
        survey::watches::nobody(&mut board, "not asked: `--root` leaves systemd alone", now);
    } else if board.entries().any(|entry| entry.enabled) || !board.rules().is_empty() {
        block_on(async {
            survey::unwritten::recall(&mut board, paths, now).await;
            match Systemd::connect(paths.scope).await {
                Ok(systemd) => {
                    survey::timers(&mut board, &systemd).await;
                    survey::watches::recall(&mut board, paths);
                    survey::watches::ask(&mut board, &systemd, now).await;
                    for (id, run) in survey::lost_runs(board.open_runs(), &systemd, &paths.logs).await {
                        board.lost(&id, &run, now, &mut Vec::new());
                    }
                }
                Err(error) => {
                    ui.warn(format!("the next runs are not known: {error}"));
                    survey::watches::nobody(&mut board, &format!("could not ask systemd: {error}"), now);
                }
            }
            Ok(())
        })?;
    }
    board.overdue(now, &mut Vec::new());
    Ok((board, unreadable))
}
