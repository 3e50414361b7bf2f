//! `ssi demo`: the whole thing in a temporary directory, with the examples and without systemd.

mod examples;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;

use super::args::DemoArgs;
use super::failure::Failure;
use super::listen::{self, Passed};
use super::live::{self, systemd_is_init};
use super::ui::{self, Ui};
use super::{agent as agent_command, list};
use crate::agent::{Agent, Options};
use crate::board::Row;
use crate::config::Http;
use crate::install::{self, Site};
use crate::line;
use crate::paths::Paths;
use crate::server::Live;

/// How often the table is drawn at most.
const FRAME: Duration = Duration::from_millis(500);

pub(super) fn demo(args: &DemoArgs, ui: &Ui) -> Result<u8, Failure> {
    let dir = tempfile::Builder::new().prefix("ssi-demo-").tempdir()?;
    let paths = Paths::system(Some(dir.path()));
    live::block_on(async {
        // From here on Ctrl-C no longer ends the program before it has cleaned up.
        let shutdown = agent_command::shutdown()?;
        // Before anything else: a second demo must fail before it starts checks.
        let listeners = listen::listen(Passed::default(), &[args.listen], &Http::default(), || Ok(false))?;
        let scripts = write_examples(&dir.path().join("examples"))?;
        let site = Site { paths: &paths, systemd: None };
        let options = install::Options::default();
        let program = install::program_for(&paths, &std::env::current_exe()?)?;
        let plan = install::plan(&site, install::read(&scripts, &options)?, &program, &options)?;
        install::carry_out(&site, &plan).await?;
        let (host, program) = (live::host_name(), std::env::current_exe()?);
        let agent = Agent::start(Options { paths: paths.clone(), embedded: true, program, host, listen: None }).await?;
        let address = listeners.first().map_or(Ok(args.listen), TcpListener::local_addr)?;
        let root = dir.path().display();
        ui.say(format!("serving http://{address} and ws://{address}; everything is in {root} and goes with it"))?;
        // As it was called: the demo is often run from where it was built.
        let ssi = std::env::args().next().unwrap_or_else(|| "ssi".to_owned());
        ui.say(format!("in another terminal: `{ssi} follow --connect {address}`, `{ssi} --root {root} list`"))?;
        ui.say("Ctrl-C ends it")?;
        let board = Arc::clone(agent.live());
        let serving = agent.run(listeners, shutdown);
        tokio::select! {
            result = serving => result?,
            result = show(&board, ui) => result?,
        }
        ui.say("\nended; nothing is left behind")
    })?;
    dir.close()?;
    Ok(0)
}

fn write_examples(dir: &std::path::Path) -> Result<Vec<PathBuf>, Failure> {
    std::fs::create_dir_all(dir)?;
    let write = |(name, content): &(&str, &str)| {
        let path = dir.join(name);
        std::fs::write(&path, content)?;
        Ok(path)
    };
    let of_systemd = if systemd_is_init() { examples::OF_SYSTEMD } else { &[] };
    examples::ALL.iter().chain(of_systemd).map(write).collect()
}

/// The table on a terminal, a line for each change elsewhere. Ends only with an error.
async fn show(live: &Live, ui: &Ui) -> Result<(), Failure> {
    let mut shown: Vec<Row> = Vec::new();
    let mut height = 0;
    loop {
        let rows = live.read(|board| board.rows());
        if let Some((columns, lines)) = ui::terminal_size().filter(|_| !ui.quiet) {
            let table = list::table(&rows, Timestamp::now(), Some(columns), ui);
            // What does not fit could not be gone back to; the line below the table is the cursor's.
            let visible: Vec<&str> = table.lines().take(lines.saturating_sub(1).max(1)).collect();
            // Back to the first line of the last table, and over it.
            let up = if height > 0 { format!("\x1b[{height}A") } else { String::new() };
            // Each line over the old one: clearing first would flicker, and push the old table into the terminal's history.
            ui.print(format!("{up}{}\x1b[K", visible.join("\x1b[K\n")))?;
            ui.print_raw("\x1b[J")?;
            height = visible.len();
        } else {
            for row in &rows {
                let before = shown.iter().find(|before| before.key == row.key);
                let is_news =
                    before.is_none_or(|before| (before.status, &before.message) != (row.status, &row.message));
                if is_news && row.message.is_some() {
                    let message = line::printable(row.message.as_deref().unwrap_or_default());
                    ui.say(format!("{} {} {message}", row.key, ui.status(row.status)))?;
                }
            }
        }
        shown = rows;
        tokio::time::sleep(FRAME).await;
    }
}
