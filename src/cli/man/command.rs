//! A page of section 1, made of the definition of a command.

use clap::{Arg, ArgAction, Command};

use super::super::args::EXIT_CODES;
use super::{examples, page, see_also};
use crate::paths::Paths;
use crate::roff::Page;

/// Whether a command is for people.
pub(super) fn is_shown(command: &Command) -> bool {
    !command.is_hide_set() && command.get_name() != "help"
}

/// The page of `ssi` itself.
pub(super) fn overview<'c>(ssi: &Command, commands: impl Iterator<Item = &'c Command>) -> String {
    let mut page = page("ssi", "1", "bash scripts as sandboxed systemd checks with a live status");
    synopsis(&mut page, ssi);
    page.section("Description");
    page.paragraph(&about(ssi));
    page.paragraph("A check is a bash script with a header of a few comment lines. Installed, it is run by a timer of systemd in a sandbox, and each of its runs is `OK`, `UPDATE`, `WARNING`, `FAILURE` or `ERROR`. An agent shows the live status of all checks to browsers and programs.");
    page.section("Commands");
    let mut pages = Vec::new();
    for command in commands {
        page.item(&format!("`ssi {}`", command.get_name()), &sentence(&about(command)));
        pages.push(format!("ssi-{}(1)", command.get_name()));
    }
    options(&mut page, "Options", ssi.get_arguments());
    page.section("Environment");
    page.item(
        "`SSI_TABLE_KEY`",
        "Overrides a setting: `SSI_HISTORY_RAW=14d` is `raw` in the table `[history]` of `ssi.toml`.",
    );
    page.item("`NO_COLOR`", "Where it is set and not empty, no colours are used unless `--color` asks for them.");
    exit_status(&mut page);
    files(&mut page);
    examples(&mut page, "ssi");
    let others = ["ssi-check(7)", "ssi.toml(5)", "systemd.timer(5)", "systemd.time(7)"];
    see_also(&mut page, &pages.iter().map(String::as_str).chain(others).collect::<Vec<_>>());
    page.finish()
}

/// The page of one command, those below it included.
pub(super) fn page_of(command: &Command) -> String {
    let name = command.get_name();
    let mut page = page(&format!("ssi-{name}"), "1", &lower(&about(command)));
    synopsis(&mut page, command);
    page.section("Description");
    page.paragraph(&sentence(&about(command)));
    if let Some(more) = command.get_after_help() {
        more.to_string().lines().filter(|line| !line.is_empty()).for_each(|line| page.paragraph(line));
    }
    let own = || command.get_arguments().filter(|arg| !is_everywhere(arg));
    options(&mut page, "Options", own());
    let below: Vec<&Command> = command.get_subcommands().filter(|below| is_shown(below)).collect();
    if !below.is_empty() {
        page.section("Commands");
        for below in below {
            page.subsection(&usage(below).join(" "));
            page.paragraph(&sentence(&about(below)));
            let is_new = |arg: &&Arg| !is_everywhere(arg) && own().all(|known| known.get_id() != arg.get_id());
            below.get_arguments().filter(is_new).for_each(|arg| option(&mut page, arg));
        }
    }
    page.section("Global options");
    page.paragraph("`ssi`(1) has the options that every command takes.");
    exit_status(&mut page);
    if name == "agent" {
        files(&mut page);
    }
    examples(&mut page, name);
    let others: &[&str] = match name {
        "add" | "test" | "run" | "calendar" | "probe" | "logs" => &["ssi(1)", "ssi-check(7)"],
        "config" | "expect" | "adopt" | "components" | "agent" => &["ssi(1)", "ssi.toml(5)"],
        _ => &["ssi(1)"],
    };
    see_also(&mut page, others);
    page.finish()
}

fn synopsis(page: &mut Page, command: &Command) {
    page.section("Synopsis");
    page.verbatim(&usage(command).join("\n"));
}

/// The ways to call it.
fn usage(command: &Command) -> Vec<String> {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:");
    usage.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

fn about(command: &Command) -> String {
    command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default()
}

fn options<'c>(page: &mut Page, title: &str, arguments: impl Iterator<Item = &'c Arg>) {
    let mut arguments = arguments.filter(|arg| !arg.is_hide_set()).peekable();
    if arguments.peek().is_some() {
        page.section(title);
        arguments.for_each(|arg| option(page, arg));
    }
}

fn option(page: &mut Page, arg: &Arg) {
    let names = [arg.get_short().map(|c| format!("-{c}")), arg.get_long().map(|name| format!("--{name}"))];
    let names: Vec<String> = names.into_iter().flatten().map(|name| format!("`{name}`")).collect();
    let values = arg.get_value_names().unwrap_or_default().join(" ");
    let takes_value = arg.get_num_args().is_some_and(|range| range.takes_values()) && !is_flag(arg);
    let term = match (arg.is_positional(), takes_value) {
        (true, _) => values,
        (false, true) if arg.is_require_equals_set() => format!("{}[={values}]", names.join(", ")),
        (false, true) => format!("{} {values}", names.join(", ")),
        (false, false) => names.join(", "),
    };
    let mut text = sentence(&arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default());
    let quoted = |words: Vec<String>| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    if takes_value {
        let possible = arg.get_possible_values();
        let possible = possible.iter().filter(|value| !value.is_hide_set());
        let possible: Vec<String> = possible.map(|value| value.get_name().to_owned()).collect();
        if !possible.is_empty() {
            text.push_str(&format!(" One of {}.", quoted(possible)));
        }
        let defaults: Vec<String> =
            arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
        if !defaults.is_empty() {
            text.push_str(&format!(" Default: {}.", quoted(defaults)));
        }
    }
    if let Some(variable) = arg.get_env() {
        text.push_str(&format!(" Environment: `{}`.", variable.to_string_lossy()));
    }
    page.item(&term, &text);
}

fn is_flag(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::SetTrue | ArgAction::Help | ArgAction::Version | ArgAction::HelpLong)
}

/// Whether an option is that of every command.
fn is_everywhere(arg: &Arg) -> bool {
    let of_ssi = ["root", "user", "json", "color", "verbose", "quiet", "help", "version"];
    of_ssi.contains(&arg.get_id().as_str())
}

fn exit_status(page: &mut Page) {
    page.section("Exit status");
    page.paragraph(&sentence(EXIT_CODES.trim_start_matches("Exit codes: ")));
}

fn files(page: &mut Page) {
    let paths = Paths::system(None);
    page.section("Files");
    let places = [
        (&paths.config, "Configuration: `ssi.toml` and `ssi.d/*.toml`."),
        (&paths.scripts, "Installed scripts."),
        (&paths.units, "Generated units, `ssi_ID.service` and `ssi_ID.timer`."),
        (&paths.logs, "Logs, `ID.log` of each check."),
        (&paths.state, "What the agent keeps, with the history."),
    ];
    places.into_iter().for_each(|(path, says)| page.item(&format!("`{}`", path.display()), says));
}

fn examples(page: &mut Page, name: &str) {
    let examples = examples::EXAMPLES.iter().filter(|(of, ..)| *of == name);
    for (index, (_, call, says)) in examples.enumerate() {
        if index == 0 {
            page.section("Examples");
        }
        page.paragraph(says);
        page.verbatim(call);
    }
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut chars = text.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if text.is_empty() || text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_lowercase).collect();
    first + chars.as_str()
}
