//! Settings as text that [`super::parse`] reads back.

use std::time::Duration;

use toml::Value;

use super::ping::GRACE;
use super::watch::{STATUS, TIMEOUT};
use super::{Actions, Allowed, History, Limits};
use crate::component::{self, Component};
use crate::ping::{self, Due};
use crate::timespan;
use crate::watch::{Expected, Rule};

const YEAR: u64 = 31_557_600;

/// A time span as people write it: whole years as such, which are no whole number of days.
pub fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let is_years = seconds > 0 && seconds.is_multiple_of(YEAR) && duration.subsec_nanos() == 0;
    if is_years { format!("{}y", seconds / YEAR) } else { timespan::render(duration) }
}

/// `[actions]` with all of its keys.
pub fn render_actions(actions: &Actions) -> String {
    let allowed = |allowed: &Allowed| match allowed {
        Allowed::None => "false".to_owned(),
        Allowed::All => "true".to_owned(),
        Allowed::Units(units) => {
            let units: Vec<String> = units.iter().map(|units| Value::from(units.to_string()).to_string()).collect();
            format!("[{}]", units.join(", "))
        }
    };
    let Actions { auto_fix, watches } = actions;
    format!("[actions]\nauto_fix = {}\nwatches = {}\n", allowed(auto_fix), allowed(watches))
}

/// `[history]` with all of its keys.
pub fn render_history(history: &History) -> String {
    let History { raw, detail, transitions, hours, events } = history;
    let spans = [("raw", raw), ("detail", detail), ("transitions", transitions), ("hours", hours)];
    let lines: String = spans.iter().map(|(key, value)| format!("{key} = \"{}\"\n", span(**value))).collect();
    format!("[history]\n{lines}events = {events}\n")
}

/// `[http]` with all of its keys.
pub fn render_http(http: &super::Http) -> String {
    let super::Http { listen, names, proxies, trusted_networks } = http;
    format!(
        "[http]\nlisten = [{}]\nnames = [{}]\nproxies = [{}]\ntrusted_networks = [{}]\n",
        texts(listen),
        texts(names),
        texts(proxies),
        texts(trusted_networks)
    )
}

/// The items of a list, in quotes.
fn texts(values: &[impl ToString]) -> String {
    values.iter().map(|value| Value::from(value.to_string()).to_string()).collect::<Vec<_>>().join(", ")
}

/// `[limits]` with all of its keys.
pub fn render_limits(limits: &Limits) -> String {
    let Limits { connections, peer_connections, requests } = limits;
    format!("[limits]\nconnections = {connections}\npeer_connections = {peer_connections}\nrequests = {requests}\n")
}

/// What a rule says beside the unit: keys of a file with their values, those left out that say nothing.
pub fn fields(rule: &Rule) -> Vec<(&'static str, String)> {
    let text = |text: &str| Value::from(text).to_string();
    let mut fields = Vec::new();
    if rule.state == Expected::Inactive {
        fields.push(("state", text("inactive")));
    }
    match &rule.ports[..] {
        [] => {}
        [port] => fields.push(("port", port.to_string())),
        ports => {
            let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
            fields.push(("port", format!("[{}]", ports.join(", "))));
        }
    }
    if let Some(http) = &rule.http {
        fields.push(("http", text(&http.url)));
        let (least, most) = http.status;
        let statuses = if least == most { least.to_string() } else { format!("{least}-{most}") };
        fields.extend((http.status != STATUS).then(|| ("status", text(&statuses))));
        fields.extend((http.timeout != TIMEOUT).then(|| ("timeout", text(&span(http.timeout)))));
    }
    fields.extend((!rule.hold.is_zero()).then(|| ("for", text(&span(rule.hold)))));
    fields
}

/// What is said of a ping beside its name: keys of a file with their values, those left out that say nothing.
pub fn fields_of_ping(rule: &ping::Rule) -> Vec<(&'static str, String)> {
    let text = |text: &str| Value::from(text).to_string();
    let mut fields = Vec::new();
    fields.extend(rule.description.as_deref().map(|line| ("description", text(line))));
    fields.push(match &rule.due {
        Due::Every(period) => ("every", text(&span(*period))),
        Due::At(_, written) => ("schedule", text(written)),
    });
    fields.extend((rule.grace != GRACE).then(|| ("grace", text(&span(rule.grace)))));
    fields.push(("key", text(&rule.key.to_string())));
    fields
}

/// One `[[ping]]`.
pub fn render_ping(rule: &ping::Rule) -> String {
    let lines: String = fields_of_ping(rule).iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
    format!("[[ping]]\nname = {}\n{lines}", Value::from(rule.name.as_str()))
}

/// One `[[component]]`.
pub fn render_component(component: &Component) -> String {
    let Component { name, display_name, description, domain, repo, members } = component;
    let repo = repo.as_ref().map(ToString::to_string);
    let text = |key: &str, text: &str| format!("{key} = {}\n", Value::from(text));
    let others = [("display_name", display_name), ("description", description), ("domain", domain), ("repo", &repo)];
    let others = others.into_iter().filter_map(|(key, value)| Some(text(key, value.as_deref()?)));
    let lines: String = std::iter::once(text("name", name)).chain(others).collect();
    let members: Vec<String> = members.iter().map(|key| Value::from(component::member_name(key)).to_string()).collect();
    format!("[[component]]\n{lines}members = [{}]\n", members.join(", "))
}

/// One `[[watch]]`.
pub fn render_watch(rule: &Rule) -> String {
    let lines: String = fields(rule).iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
    format!("[[watch]]\nunit = {}\n{lines}", Value::from(rule.units.to_string()))
}
