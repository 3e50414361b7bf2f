//! `ssi man`: the pages of the manual.
//!
//! What commands take comes from their definition, what can be set and what a header has from the documents, so that no page knows
//! anything of its own.

mod command;
mod examples;

use clap::CommandFactory;

use super::args::{Cli, ManArgs};
use super::failure::Failure;
use super::ui::Ui;
use crate::files;
use crate::paths::Paths;
use crate::roff::Page;

/// The day of the release, as the changelog has it.
const DATE: &str = "2026-11-22";
const CONFIGURATION: &str = include_str!("../../docs/configuration.md");
const CHECKS: &str = include_str!("../../docs/checks.md");

pub(super) fn man(args: &ManArgs, ui: &Ui) -> Result<u8, Failure> {
    for (name, text) in pages() {
        files::write(&args.dir.join(&name), text.as_bytes(), 0o644)?;
        ui.say(args.dir.join(name).display())?;
    }
    Ok(0)
}

/// Every page with the name of its file.
pub(super) fn pages() -> Vec<(String, String)> {
    let mut ssi = Cli::command();
    ssi.build();
    let commands = || ssi.get_subcommands().filter(|command| command::is_shown(command));
    let of_commands = commands().map(|command| (format!("ssi-{}.1", command.get_name()), command::page_of(command)));
    let pages = std::iter::once(("ssi.1".to_owned(), command::overview(&ssi, commands()))).chain(of_commands);
    pages.chain([("ssi.toml.5".to_owned(), configuration()), ("ssi-check.7".to_owned(), checks())]).collect()
}

fn page(name: &str, section: &str, says: &str) -> Page {
    let manual = match section {
        "1" => "User commands",
        "5" => "File formats",
        _ => "Miscellanea",
    };
    let mut page = Page::new(name, section, DATE, concat!("ssi ", env!("CARGO_PKG_VERSION")), manual);
    page.section("Name");
    page.paragraph(&format!("{name} - {says}"));
    page
}

fn see_also(page: &mut Page, pages: &[&str]) {
    page.section("See also");
    let names: Vec<String> = pages
        .iter()
        .filter_map(|page| page.split_once('('))
        .map(|(name, section)| format!("`{name}`({section}"))
        .collect();
    page.paragraph(&names.join(", "));
}

fn configuration() -> String {
    let paths = Paths::system(None);
    let mut page = page("ssi.toml", "5", "configuration of the Service Status Indicator");
    page.section("Synopsis");
    let directory = paths.config.display();
    let user = "~/.config/service-status-indicator";
    page.verbatim(&format!("{directory}/ssi.toml\n{directory}/ssi.d/*.toml\n{user}/ssi.toml\n{user}/ssi.d/*.toml"));
    page.document(CONFIGURATION, "Description");
    see_also(&mut page, &["ssi(1)", "ssi-config(1)", "ssi-expect(1)", "ssi-agent(1)", "systemd.time(7)"]);
    page.finish()
}

fn checks() -> String {
    let paths = Paths::system(None);
    let mut page = page("ssi-check", "7", "bash scripts as checks of the Service Status Indicator");
    page.section("Synopsis");
    page.verbatim(examples::CHECK);
    page.document(CHECKS, "Description");
    page.section("Files");
    page.item(&format!("`{}/ID.bash`", paths.scripts.display()), "The installed script.");
    page.item(&format!("`{}/ID.log`", paths.logs.display()), "What its runs said.");
    see_also(
        &mut page,
        &[
            "ssi(1)",
            "ssi-add(1)",
            "ssi-test(1)",
            "ssi-calendar(1)",
            "ssi-probe(1)",
            "systemd.time(7)",
            "systemd.exec(5)",
        ],
    );
    page.finish()
}
