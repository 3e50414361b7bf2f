//! Which units are meant, and what to know about them first.

use std::collections::BTreeSet;

use crate::cli::failure::Failure;
use crate::cli::live;
use crate::config::value;
use crate::paths::Paths;
use crate::settings;
use crate::systemd::{Active, Load, Systemd, SystemdError, UnitState};
use crate::unit;
use crate::watch::{Expected, UnitName, Units};

/// Units to write a file for.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    pub(super) units: Vec<Units>,
    /// What may surprise.
    pub(super) warnings: Vec<String>,
    /// Whether they were picked rather than named.
    pub(super) in_bulk: bool,
    /// How many were left out because something is expected of them already.
    pub(super) known: usize,
}

/// A name as it was typed, of this kind where it says none.
pub(super) fn unit(name: &str, kind: &str) -> Result<Units, Failure> {
    let last = name.rsplit_once('.').map(|(_, last)| last);
    let has_kind = last.is_some_and(|last| UnitName::KINDS.contains(&last) || value::is_pattern(last));
    let whole = if has_kind { name.to_owned() } else { format!("{name}.{kind}") };
    let units = value::units(&whole).map_err(|mistake| Failure::usage(mistake.to_string()))?;
    match unit::check_of(&whole) {
        Some((id, _)) => Err(Failure::usage(format!(
            "`{whole}` belongs to the check `{id}`, which is watched already: `ssi status {id}`"
        ))),
        None => Ok(units),
    }
}

/// The same for timers alone.
pub(super) fn timer(name: &str) -> Result<Units, Failure> {
    let units = unit(name, "timer")?;
    match units.to_string().ends_with(".timer") {
        true => Ok(units),
        false => Err(Failure::usage(format!("`{units}` is no timer; `ssi expect` watches other units"))),
    }
}

/// Units that were named, failed ones, and all enabled services.
pub(super) fn services(
    named: &[Units],
    failed: bool,
    all: bool,
    state: Expected,
    paths: &Paths,
) -> Result<Chosen, Failure> {
    choose(named, failed || all, paths, state, async |systemd| {
        let mut found = BTreeSet::new();
        if failed {
            found.extend(systemd.names(&["failed"], &[]).await?);
        }
        if all {
            found.extend(systemd.files(&["enabled", "enabled-runtime"], &["*.service"]).await?);
        }
        Ok(found)
    })
}

/// Timers that were named, and all of the host: those that run and those that are enabled.
pub(super) fn timers(named: &[Units], all: bool, paths: &Paths) -> Result<Chosen, Failure> {
    choose(named, all, paths, Expected::Active, async |systemd| {
        let mut found = systemd.names(&["active"], &["*.timer"]).await?;
        found.extend(systemd.files(&["enabled", "enabled-runtime"], &["*.timer"]).await?);
        Ok(found)
    })
}

fn choose(
    named: &[Units],
    in_bulk: bool,
    paths: &Paths,
    state: Expected,
    pick: impl AsyncFn(&Systemd) -> Result<BTreeSet<String>, SystemdError>,
) -> Result<Chosen, Failure> {
    let mut chosen = Chosen { in_bulk, ..Chosen::default() };
    for units in named {
        if !chosen.units.contains(units) {
            chosen.units.push(units.clone());
        }
    }
    if paths.root.is_some() && in_bulk {
        return Err(Failure::usage("`--root` has no systemd that could say which units there are: name them"));
    }
    if paths.root.is_some() {
        return Ok(chosen);
    }
    live::block_on(async {
        let systemd = match Systemd::connect(paths.scope).await {
            Err(error) if !in_bulk => {
                chosen.warnings.push(format!("whether there are such units is not known: {error}"));
                return Ok(());
            }
            systemd => systemd?,
        };
        if in_bulk {
            add(&mut chosen, pick(&systemd).await?, paths);
        }
        warn(&mut chosen, state, &systemd).await;
        Ok(())
    })?;
    Ok(chosen)
}

/// Adds what was found, without ssi's own units, templates, and those of which something is expected already.
fn add(chosen: &mut Chosen, found: BTreeSet<String>, paths: &Paths) {
    let settings = settings::load(paths).settings;
    let is_own = |name: &str| unit::check_of(name).is_some() || name.starts_with("ssi-");
    // A template is no name of a unit.
    for name in found.iter().filter(|name| !is_own(name)).filter_map(|name| name.parse::<UnitName>().ok()) {
        let is_known = settings.rule_of(&name).is_some();
        chosen.known += usize::from(is_known);
        let units = Units::Name(name);
        if !is_known && !chosen.units.contains(&units) {
            chosen.units.push(units);
        }
    }
}

/// What systemd has to say to these expectations.
async fn warn(chosen: &mut Chosen, state: Expected, systemd: &Systemd) {
    let names: Vec<String> = chosen
        .units
        .iter()
        .filter_map(|units| match units {
            Units::Name(name) => Some(name.to_string()),
            Units::Glob(_) => None,
        })
        .collect();
    let mut down = Vec::new();
    let mut known = None;
    for (name, unit) in names.iter().zip(systemd.units(&names).await) {
        match unit {
            Err(error) => chosen.warnings.push(format!("how `{name}` is, is not known: {error}")),
            Ok(unit) if state == Expected::Inactive => {
                let is_up = matches!(unit.active, Active::Active | Active::Reloading | Active::Activating);
                down.extend(is_up.then(|| format!("{name} is {}", unit.active)));
            }
            Ok(UnitState { load: Load::NotFound, active: Active::Inactive, .. }) => {
                if known.is_none() {
                    known = Some(all_names(systemd).await);
                }
                let all = known.iter().flatten().map(String::as_str);
                let meant = crate::spelling::closest(name, all);
                let meant = meant.map(|meant| format!(": did you mean `{meant}`?")).unwrap_or_default();
                chosen.warnings.push(format!("systemd knows no unit `{name}`{meant}"));
            }
            Ok(unit) if unit.load == Load::Masked => {
                chosen.warnings.push(format!("`{name}` is masked, so it can't become active"));
            }
            Ok(unit) if unit.active != Active::Active => down.push(format!("{name} is {}", unit.active)),
            Ok(_) => {}
        }
    }
    if !down.is_empty() {
        chosen.warnings.push(format!("not as expected right now: {}", down.join(", ")));
    }
}

/// The names of all units that there are, for a did-you-mean.
async fn all_names(systemd: &Systemd) -> BTreeSet<String> {
    let (loaded, files) = futures_util::join!(systemd.names(&[], &[]), systemd.files(&[], &[]));
    let mut names = loaded.unwrap_or_default();
    names.extend(files.unwrap_or_default());
    names
}
