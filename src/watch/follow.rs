//! What systemd says, step by step: how a unit comes down and up again.

use jiff::Timestamp;

use super::deaths::Deaths;
use super::entry::{Fall, Finding, Host, Watch};
use super::facts::{Active, Facts, Standing};
use super::rule::Expected;
use crate::status::Status;

impl Watch {
    /// Takes in what systemd says and notes how the unit came down. After a `gap`, what happened meanwhile can only be inferred.
    pub(super) fn follow(&mut self, mut news: Facts, gap: bool, host: &Host, now: Timestamp, out: &mut Vec<Finding>) {
        self.away = None;
        let is_told = self.rule.state == Expected::Active && self.rule.hold.is_zero() && !host.ending;
        let memory = &mut self.memory;
        let known = memory.facts.active.is_some();
        news.mend(&memory.facts);
        let (told_state, before) = (news.active.is_some(), memory.facts.standing());
        let (was_restarting, had_job) = (memory.facts.is_restarting(), memory.facts.has_job());
        let (was_inactive, job) = (memory.facts.active == Some(Active::Inactive), memory.facts.job);
        let invocation = memory.facts.invocation.clone();
        let counted = memory.facts.restarts.unwrap_or(0);
        memory.facts.learn(news);
        if self.unit.kind() == "timer" {
            memory.adopted.elapses(&memory.facts, host.awake, now);
        }
        let facts = &memory.facts;
        let passed_through = told_state && std::mem::take(&mut self.passes_through);
        // The main process is told of before the state that follows from it.
        if told_state {
            let moves = matches!(facts.standing(), Standing::Starting | Standing::Stopping);
            let since = if before == facts.standing() { memory.moving } else { None };
            memory.moving = moves.then(|| since.or(facts.since.filter(|_| gap)).unwrap_or(now));
            match facts.standing() {
                Standing::Unknown => {}
                // A restart stops it first; from here on it is the start that may fail.
                Standing::Starting => {
                    let is_new = facts.invocation != invocation;
                    memory.fall.take_if(|fall| is_new && matches!(fall, Fall::Stopped { .. }));
                }
                Standing::Up => {
                    memory.fall = None;
                    let before = std::mem::replace(&mut memory.up, facts.invocation.clone());
                    self.anew |= before.is_some() && before != memory.up;
                }
                // It comes up again with the next boot.
                Standing::Stopping | Standing::Down if host.ending => {}
                // A oneshot that is done passes through here as well.
                Standing::Stopping if facts.is_oneshot() && before != Standing::Up => {}
                Standing::Stopping => {
                    memory.fall.get_or_insert(Fall::Stopped { at: now });
                }
                // systemd would start it again: somebody stopped it meanwhile, if it stays so when its job is done. The job that starts it
                // again passes through here too where systemd refuses it.
                Standing::Down
                    if (was_restarting || passed_through)
                        && facts.active == Some(Active::Inactive)
                        && facts.invocation == invocation
                        && !facts.is_no_stop() =>
                {
                    self.passes_through = facts.has_job() && facts.job == job;
                    if !self.passes_through {
                        memory.fall = Some(Fall::Stopped { at: now });
                    }
                }
                // What is stopped ends as failed at once or never: systemd refuses to start it again.
                Standing::Down
                    if was_inactive && facts.active == Some(Active::Failed) && facts.invocation == invocation =>
                {
                    let (invocation, cause) = (facts.invocation.clone().unwrap_or_default(), facts.cause());
                    let cause =
                        if facts.is_no_stop() { cause } else { format!("{cause}; systemd gave up restarting it") };
                    memory.fall = Some(Fall::Died { invocation, cause, unwanted: true });
                }
                Standing::Down => {
                    let was_up = !gap && !matches!(before, Standing::Down | Standing::Unknown);
                    memory.fall = match memory.fall.take() {
                        Some(stopped @ Fall::Stopped { .. }) => Some(stopped),
                        fall => fell(facts, fall, Seen { known, gap, was_up }, &mut memory.deaths, now),
                    }
                }
            }
        }
        // Told to stop where it is down already; what `auto_fix` itself tried ends so too where something else keeps it from starting.
        let is_still_down = before == Standing::Down && facts.standing() == Standing::Down;
        let is_same = is_still_down && facts.invocation == invocation;
        match (had_job, facts.has_job()) {
            // A job that came while it was down, and that is none of systemd's own.
            (false, true) => self.told_when_down = is_same && !was_restarting,
            (true, false) if std::mem::take(&mut self.told_when_down) && is_same && !memory.fix.is_trying() => {
                memory.fall = memory.fall.take().map(Fall::wanted);
            }
            _ => self.told_when_down &= is_same,
        }
        let restarts = facts.restarts.unwrap_or(0);
        // The count begins anew when somebody starts the unit, resets it, or boots.
        let more = if restarts >= counted { restarts - counted } else { restarts };
        let missed = if known && more > 0 { memory.deaths.restarted(more, now) } else { 0 };
        if missed > 0 && facts.standing() != Standing::Down && is_told {
            let times = if missed == 1 { "once".to_owned() } else { format!("{missed} times") };
            let message = format!("died and was restarted by systemd {times}; nobody saw why");
            "not seen".clone_into(&mut memory.deaths.cause);
            self.tell(Status::Failure, message, now, None, None, out);
        }
    }
}

/// How a unit came down, as far as it was seen.
struct Seen {
    /// Something was known of it before.
    known: bool,
    /// Something was missed of it.
    gap: bool,
    /// It was up just now.
    was_up: bool,
}

/// A unit is down. Counts a death where it is one that was not counted before.
fn fell(facts: &Facts, before: Option<Fall>, seen: Seen, deaths: &mut Deaths, now: Timestamp) -> Option<Fall> {
    let invocation = facts.invocation.clone().unwrap_or_default();
    let cause = facts.cause();
    // Until it is started again nothing ends but what has ended.
    if let Some(Fall::Died { invocation: same, cause: last, unwanted }) = before
        && same == invocation
    {
        // What was known to follow from the cause stays known.
        let cause = if facts.is_success() || last.starts_with(&cause) { last } else { cause };
        return Some(Fall::Died { invocation, cause, unwanted });
    }
    if facts.active == Some(Active::Inactive) {
        if facts.is_success() && (facts.is_oneshot() || !seen.was_up && !facts.has_job()) {
            return None;
        }
        if facts.has_job() {
            return Some(Fall::Stopped { at: now });
        }
    }
    let unwanted = !seen.gap || facts.is_no_stop() || facts.ended_by_itself();
    if seen.known {
        deaths.seen(&cause, now);
    }
    Some(Fall::Died { invocation, cause, unwanted })
}
