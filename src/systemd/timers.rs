//! Every timer that systemd holds, with what it starts.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use zbus::OwnedVariant;

use super::facts::{Properties, elapses, span, text};
use super::units::{instant, object_path};
use super::{Systemd, SystemdError};
use crate::jobs::{Service, Timer};

/// How many timers are asked for at once: each takes up to six questions, and the bus lets a connection wait for 128 replies.
const AT_ONCE: usize = 16;

/// Base, expression, next elapse.
type Calendars = Vec<(String, String, u64)>;
/// Base, span, next elapse.
type Spans = Vec<(String, u64, u64)>;
/// Path, arguments, whether failure is passed over, times and how the last process ended.
type Commands = Vec<(String, Vec<String>, bool, u64, u64, u64, u64, u32, i32, i32)>;

impl Systemd {
    /// All timers in memory but those that `skip` names. What goes away meanwhile is left out.
    pub async fn all_timers(&self, skip: impl Fn(&str) -> bool) -> Result<Vec<Timer>, SystemdError> {
        let units = self.loaded_like(&["*.timer"]).await?;
        let wanted: Vec<_> = units.into_iter().filter(|unit| !skip(unit.as_str())).collect();
        let asked = stream::iter(wanted.iter().map(|unit| self.whole_timer(unit.as_str())));
        Ok(asked.buffered(AT_ONCE).filter_map(std::future::ready).collect().await)
    }

    async fn whole_timer(&self, unit: &str) -> Option<Timer> {
        let path = object_path(unit);
        let (common, own) = futures_util::join!(self.all(&path, "Unit"), self.all(&path, "Timer"));
        let mut timer = read(unit, &common.ok()?.0, &own.ok()?.0);
        if let Some(service) = &timer.starts {
            timer.service = self.started_by_timer(service).await;
        }
        Some(timer)
    }

    /// The service of a timer, which systemd holds as long as the timer; `None` for a unit of another kind.
    async fn started_by_timer(&self, unit: &str) -> Option<Service> {
        let path = object_path(unit);
        let (commands, user, result, ended, state) = futures_util::join!(
            self.property::<Commands>(&path, "Service", "ExecStart"),
            self.property::<String>(&path, "Service", "User"),
            self.property::<String>(&path, "Service", "Result"),
            self.property::<u64>(&path, "Service", "ExecMainExitTimestamp"),
            self.property::<String>(&path, "Unit", "ActiveState"),
        );
        let (commands, result, state) = (commands.ok()?, result.ok()?, state.ok()?);
        // A service that never ran is a success to systemd.
        let has_ended = ended.is_ok_and(|ended| instant(ended).is_some()) || result != "success";
        Some(Service {
            commands: commands.into_iter().map(|command| command.1).collect(),
            user: user.ok().filter(|user| !user.is_empty()),
            running: matches!(state.as_str(), "activating" | "active" | "reloading" | "deactivating"),
            result: has_ended.then_some(result),
        })
    }
}

/// A timer of its properties.
fn read(unit: &str, common: &Properties, own: &Properties) -> Timer {
    let elapses = elapses(own).unwrap_or_default();
    let calendars: Calendars = list(own, "TimersCalendar");
    let spans: Spans = list(own, "TimersMonotonic");
    let mut files = ["SourcePath", "FragmentPath"].into_iter().filter_map(|name| text(common, name));
    let micros = |name| own.get(name).and_then(|value| u64::try_from(value).ok());
    Timer {
        unit: unit.to_owned(),
        file: files.find(|file| !file.is_empty()),
        active: text(common, "ActiveState").is_some_and(|state| state == "active"),
        calendars: calendars.into_iter().map(|(_, expression, _)| expression).collect(),
        spans: spans.into_iter().map(|(base, micros, _)| (base.replace("USec", "Sec"), span(micros))).collect(),
        next: elapses.next,
        last: elapses.last,
        accuracy: micros("AccuracyUSec").map_or(Duration::ZERO, span),
        starts: text(own, "Unit"),
        service: None,
    }
}

fn list<T>(properties: &HashMap<String, OwnedVariant>, name: &str) -> Vec<T>
where
    Vec<T>: TryFrom<OwnedVariant>,
{
    let value = properties.get(name).and_then(|value| value.try_clone().ok());
    value.and_then(|value| Vec::<T>::try_from(value).ok()).unwrap_or_default()
}
