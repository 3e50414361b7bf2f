//! The metrics of the agent itself.

use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage};
use nix::unistd::{SysconfVar, sysconf};

use crate::api::overview::{FRESH, Overview};
use crate::exposition::{Exposition, Type};
use crate::server::Live;

use super::seconds;

/// How many files this process has open, counted once in a while: the kernel takes long to list a thousand logs.
#[derive(Debug, Default)]
pub(super) struct OpenFiles(Mutex<Option<(Instant, Option<u64>)>>);

impl OpenFiles {
    fn count(&self) -> Option<u64> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = match *kept {
            Some((at, count)) if at.elapsed() < FRESH => return count,
            // The directory itself is open while it is read.
            _ => fs::read_dir("/proc/self/fd").ok().map(|entries| entries.count().saturating_sub(1) as u64),
        };
        *kept = Some((Instant::now(), count));
        count
    }
}

/// What is known of this process, of its subscribers, and of the events up to the number `seq`.
pub(super) fn families(live: &Live, overview: &Overview, files: &OpenFiles, seq: u64, out: &mut Exposition) {
    let mut build = out.family("ssi_build_info", Type::Gauge, "The version that runs; always 1.");
    build.sample(&[("version", env!("CARGO_PKG_VERSION"))], true);
    let mut healthy = out.family("ssi_healthy", Type::Gauge, "Whether ssi itself works without a fault.");
    healthy.sample(&[], live.trouble().is_none());
    out.family("ssi_events_total", Type::Counter, "The number of the last event.").sample(&[], seq);
    let stats = live.stats();
    let gauges = [
        ("ssi_websocket_clients", "Subscribers.", stats.clients),
        ("ssi_websocket_blocked_clients", "Subscribers whose socket is full.", stats.blocked),
        ("ssi_websocket_kept_bytes", "Bytes that are kept for single subscribers.", stats.kept_bytes),
        ("ssi_websocket_ring_bytes", "Bytes of events that are kept for all subscribers.", stats.ring_bytes),
    ];
    for (name, help, value) in gauges {
        out.family(name, Type::Gauge, help).sample(&[], value as u64);
    }
    let counters = [
        ("ssi_websocket_resyncs_total", "Greetings to subscribers that fell behind.", stats.resyncs),
        ("ssi_websocket_dropped_total", "Subscribers that were stuck or lost.", stats.dropped),
    ];
    for (name, help, value) in counters {
        out.family(name, Type::Counter, help).sample(&[], value);
    }
    process(overview, files, out);
}

/// Under the names that every client library gives them.
fn process(overview: &Overview, files: &OpenFiles, out: &mut Exposition) {
    let start = seconds(overview.started());
    out.family("process_start_time_seconds", Type::Gauge, "When the process started.").sample(&[], start);
    let cpu = getrusage(UsageWho::RUSAGE_SELF).ok().map(|usage| {
        let part = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
        part(usage.user_time()) + part(usage.system_time())
    });
    let mut family = out.family("process_cpu_seconds_total", Type::Counter, "Processor time of the process.");
    family.sample_if_known(&[], cpu);
    let pages = fs::read_to_string("/proc/self/statm").ok();
    let page = sysconf(SysconfVar::PAGE_SIZE).ok().flatten().and_then(|size| u64::try_from(size).ok());
    let bytes = |field: usize| Some(pages.as_ref()?.split(' ').nth(field)?.parse::<u64>().ok()? * page?);
    let mut family = out.family("process_virtual_memory_bytes", Type::Gauge, "Address space of the process.");
    family.sample_if_known(&[], bytes(0));
    let mut family = out.family("process_resident_memory_bytes", Type::Gauge, "Memory of the process.");
    family.sample_if_known(&[], bytes(1));
    let mut family = out.family("process_open_fds", Type::Gauge, "Open files of the process.");
    family.sample_if_known(&[], files.count());
    let most = getrlimit(Resource::RLIMIT_NOFILE).ok().map(|(soft, _)| soft);
    out.family("process_max_fds", Type::Gauge, "Open files that the process may have.").sample_if_known(&[], most);
    let uptime: Duration = overview.uptime();
    out.family("ssi_uptime_seconds", Type::Gauge, "How long the agent runs.").sample(&[], uptime.as_secs_f64());
}
