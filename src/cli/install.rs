//! `ssi install` and `ssi uninstall`: ssi itself, where no package brings it.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::args::{InstallArgs, UninstallArgs};
use super::config::DEFAULTS;
use super::failure::Failure;
use super::ui::Ui;
use super::{completions, live, man};
use crate::check::CheckId;
use crate::files::FileError;
use crate::install;
use crate::paths::Paths;
use crate::setup::{self, Item, PROGRAM, Plan, Removal, Role, SetupError};
use crate::store::{self, Installed};
use crate::unit::Scope;

/// Where each shell looks for completions of programs that no package brought.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "/usr/local/share/bash-completion/completions/ssi"),
    ("zsh", "/usr/local/share/zsh/site-functions/_ssi"),
    ("fish", "/usr/local/share/fish/vendor_completions.d/ssi.fish"),
];

pub(super) fn install(args: &InstallArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    refuse(paths, args.dry_run, "install")?;
    if !args.dry_run {
        setup::sweep(paths)?;
    }
    let plan = setup::plan(paths, items()?)?;
    let off = switched_off(paths)?;
    let program = Path::new(PROGRAM);
    let place = program.ancestors().skip(1).find(|dir| dir.exists());
    if let Some(reason) = place.filter(|_| paths.root.is_none()).and_then(install::unfit) {
        ui.warn(format!("{reason}: whoever does can make root run anything as `{PROGRAM}`"));
    }
    if ui.json {
        let written: Vec<&Path> = plan.write.iter().map(|item| item.path.as_path()).collect();
        let off: Vec<&str> = off.iter().map(CheckId::as_str).collect();
        ui.json(&json!({
            "write": written, "remove": plan.remove, "kept": plan.kept, "switched_off": off, "dry_run": args.dry_run,
        }))?;
    } else {
        show(&plan, would(args.dry_run), ui)?;
    }
    if args.dry_run {
        let calls = setup::tools(paths).into_iter().map(|call| call.join(" "));
        calls.chain([switch_on(paths)]).try_for_each(|line| ui.say(format!("would {line}")))?;
        return Ok(0);
    }
    live::block_on(async {
        let systemd = live::site(paths).await?.systemd;
        Ok(setup::carry_out(&plan, paths, systemd.as_ref()).await?)
    })?;
    ui.say(match (&paths.root, plan.is_done()) {
        (Some(root), _) => format!("ssi is installed below {}; its agent starts at the first boot", root.display()),
        (None, true) => "ssi was installed already; its agent runs".to_owned(),
        (None, false) => "ssi is installed; its agent runs".to_owned(),
    })?;
    match off.len() {
        0 => {}
        1 => ui.say(format!("a check is here and switched off: {} switches it on", switch(paths, &off)))?,
        n => ui.say(format!("{n} checks are here and switched off: {} switches them on", switch(paths, &off)))?,
    }
    Ok(0)
}

/// The installed checks that have a schedule and do not run by it.
fn switched_off(paths: &Paths) -> Result<Vec<CheckId>, Failure> {
    let is_off = |installed: &Installed| {
        let has_schedule = installed.check.as_ref().is_ok_and(|check| check.schedule.is_some());
        has_schedule && !paths.is_enabled(&installed.id)
    };
    Ok(store::scan(paths)?.into_iter().filter(is_off).map(|installed| installed.id).collect())
}

/// The command that switches checks on, as a shell takes it.
fn switch(paths: &Paths, ids: &[CheckId]) -> String {
    let root = paths.root.as_ref().map(|root| format!(" --root {}", root.display())).unwrap_or_default();
    match ids {
        [id] => format!("`ssi{root} enable {id}`"),
        ids => {
            let ids: Vec<&str> = ids.iter().map(CheckId::as_str).collect();
            format!("`for id in {}; do ssi{root} enable $id; done`", ids.join(" "))
        }
    }
}

/// What stands before the word for something that is not done.
fn would(dry_run: bool) -> &'static str {
    if dry_run { "would " } else { "" }
}

fn switch_on(paths: &Paths) -> String {
    let units: Vec<&str> = setup::units_to_enable().into_iter().map(|(name, _)| name).collect();
    let start = if paths.root.is_none() { " and start" } else { "" };
    format!("enable{start} {}", units.join(", "))
}

fn show(plan: &Plan, would: &str, ui: &Ui) -> Result<(), Failure> {
    for Item { path, .. } in &plan.write {
        ui.say(format!("{would}write   {}", path.display()))?;
    }
    for path in &plan.remove {
        ui.say(format!("{would}remove  {}", path.display()))?;
    }
    let keep = |path: &PathBuf| ui.say(format!("{would}keep    {}, which was changed here", path.display()));
    plan.kept.iter().try_for_each(keep)
}

/// Everything that is installed.
fn items() -> Result<Vec<Item>, Failure> {
    let running = std::env::current_exe()?;
    let content = std::fs::read(&running).map_err(FileError::at("read", &running))?;
    let mut items = vec![Item { path: PROGRAM.into(), content, mode: 0o755, role: Role::Program }];
    items.extend(setup::shipped());
    let text = |path: String, text: String, role| Item { path: path.into(), content: text.into(), mode: 0o644, role };
    for (name, page) in man::pages() {
        let section = name.rsplit('.').next().unwrap_or_default();
        items.push(text(format!("/usr/local/share/man/man{section}/{name}"), page, Role::Program));
    }
    for (shell, path) in COMPLETIONS {
        items.push(text(path.to_owned(), completions::script(shell)?, Role::Program));
    }
    let configuration = Paths::system(None).config.join("ssi.toml");
    items.push(text(configuration.display().to_string(), DEFAULTS.to_owned(), Role::Default));
    Ok(items)
}

pub(super) fn uninstall(args: &UninstallArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    refuse(paths, args.dry_run, "uninstall")?;
    if !args.dry_run {
        setup::sweep(paths)?;
    }
    let removal = setup::removal(paths, args.purge)?;
    if ui.json {
        let Removal { files, checks, data, .. } = &removal;
        let kept: Vec<&Path> = removal.kept().collect();
        let checks: Vec<String> = checks.iter().map(ToString::to_string).collect();
        ui.json(&json!({"remove": files, "kept": kept, "checks": checks, "data": data, "dry_run": args.dry_run}))?;
    }
    let would = would(args.dry_run);
    for path in removal.files.iter().chain(&removal.data) {
        ui.say(format!("{would}remove  {}", path.display()))?;
    }
    for id in &removal.checks {
        ui.say(match args.purge {
            true => format!("{would}remove  the check {id}"),
            false => format!("{would}disable {id}"),
        })?;
    }
    removal.kept().try_for_each(|path| ui.say(format!("{would}keep    {}, which was changed here", path.display())))?;
    if args.dry_run {
        return Ok(0);
    }
    let on: Vec<CheckId> = removal.checks.iter().filter(|id| paths.is_enabled(id)).cloned().collect();
    live::block_on(async {
        let site = live::site(paths).await?;
        Ok(setup::uninstall(&removal, &site, args.purge).await?)
    })?;
    ui.say(match (args.purge, on.is_empty()) {
        (true, _) => "ssi is gone, with all that it kept. The scripts that checks were added from are where they were; the users `_ssi` \
                      and `_ssi-check` stay, so that nobody else gets their numbers"
            .to_owned(),
        (false, true) => "ssi is gone. Checks, logs, history and configuration stay".to_owned(),
        (false, false) => format!(
            "ssi is gone. Checks, logs, history and configuration stay. The checks are switched off, and stay so after another \
             `ssi install`; {} switches them on then",
            switch(paths, &on)
        ),
    })?;
    Ok(0)
}

/// Only root, and only for the whole system.
fn refuse(paths: &Paths, dry_run: bool, command: &str) -> Result<(), Failure> {
    if paths.scope == Scope::User {
        return Err(Failure::usage(format!("`ssi {command}` is about the system: `--user` needs no installation")));
    }
    if paths.root.is_none() && !dry_run && !nix::unistd::geteuid().is_root() {
        let kind = std::io::ErrorKind::PermissionDenied;
        return Err(std::io::Error::new(kind, format!("`ssi {command}` changes the system")).into());
    }
    Ok(())
}

impl From<SetupError> for Failure {
    fn from(error: SetupError) -> Failure {
        let is_permission = error.is_permission();
        Failure::maybe_permission(error.into(), is_permission)
    }
}
