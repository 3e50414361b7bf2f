//! All sections of this host, as they are told again and again.
//!
//! Input: the live board and the host. Output: [`Section`](crate::section::Section)s. What the board makes is written once for each change of it, what the host itself says
//! is looked at once a second at most, and only when somebody asks. Nothing waits for a disk that hangs.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;

use crate::agent::Jobs;
use crate::event::millis_or_null;
use crate::jobs::Report;
use crate::probe::{Disks, Host, Vitals};
use crate::section::{Section, Told};
use crate::server::{Live, Revision};

/// How long disks may take to answer.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long a look at the host or its jobs is good.
pub const FRESH: Duration = Duration::from_secs(1);

/// What is known of ssi itself. What is not known is null.
#[derive(Debug, Serialize)]
pub struct Service {
    /// `ok`; `degraded` where it works, but not all of it; `not-running`.
    pub status: &'static str,
    /// When the agent started.
    #[serde(serialize_with = "millis_or_null")]
    pub started_at: Option<Timestamp>,
    /// How long ago that is.
    pub uptime_seconds: Option<f64>,
    /// Of the program.
    pub version: &'static str,
}

/// The sections of one host.
#[derive(Debug)]
pub struct Overview {
    live: Arc<Live>,
    host: Host,
    disks: Disks,
    jobs: Jobs,
    started: (Timestamp, Instant),
    told: Mutex<Option<(Revision, Arc<Told>)>>,
    looked: Mutex<Option<Look>>,
    listed: Mutex<Option<Look>>,
    /// Only one looks at the host at a time.
    looking: tokio::sync::Mutex<()>,
}

/// A look at the host, or at its jobs.
#[derive(Clone, Debug)]
struct Look {
    section: Section,
    number: u64,
    at: Instant,
}

impl Overview {
    /// Of a host whose board is followed from now on.
    pub fn new(live: Arc<Live>, host: Host, jobs: Jobs) -> Overview {
        let disks = Disks::new(host.clone());
        let started = (Timestamp::now(), Instant::now());
        let (told, looked, looking) = (Mutex::default(), Mutex::default(), tokio::sync::Mutex::default());
        Overview { live, host, disks, jobs, started, told, looked, listed: Mutex::default(), looking }
    }

    /// When ssi started.
    pub fn started(&self) -> Timestamp {
        self.started.0
    }

    /// How long ago that is, whatever happened to the clock.
    pub fn uptime(&self) -> Duration {
        self.started.1.elapsed()
    }

    /// Whether something of ssi itself does not work.
    pub fn is_degraded(&self) -> bool {
        self.live.trouble().is_some()
    }

    /// The section `service`.
    pub fn service(&self) -> Section {
        let status = if self.is_degraded() { "degraded" } else { "ok" };
        service(&Service {
            status,
            started_at: Some(self.started.0),
            uptime_seconds: Some(self.uptime().as_secs_f64()),
            version: env!("CARGO_PKG_VERSION"),
        })
    }

    /// What the board says, and in which of its states.
    pub fn told(&self) -> (Revision, Arc<Told>) {
        let mut kept = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((revision, told)) = &*kept
            && *revision == self.live.revision()
        {
            return (*revision, Arc::clone(told));
        }
        let (revision, told) = self.live.read_revision(Told::of);
        let told = Arc::new(told);
        *kept = Some((revision, Arc::clone(&told)));
        (revision, told)
    }

    /// The section `host`, and the number of the look that it comes from.
    pub async fn host(self: &Arc<Overview>) -> (Section, u64) {
        let kept = self.looked();
        let is_fresh = |look: &Look| look.at.elapsed() < FRESH;
        if let Some(look) = kept.clone().filter(is_fresh) {
            return (look.section, look.number);
        }
        // While one looks, the others take what was seen last; the first ones wait.
        let _looking = match (self.looking.try_lock(), &kept) {
            (Ok(looking), _) => looking,
            (Err(_), Some(look)) => return (look.section.clone(), look.number),
            (Err(_), None) => self.looking.lock().await,
        };
        if let Some(look) = self.looked().filter(is_fresh) {
            return (look.section, look.number);
        }
        let overview = Arc::clone(self);
        let looked = tokio::task::spawn_blocking(move || {
            host(&overview.live.origin().host, &overview.host, &overview.disks, Timestamp::now())
        });
        let number = kept.map_or(0, |look| look.number) + 1;
        let section = looked.await.unwrap_or_else(|_| Section::unknown("host", "could not be looked at"));
        let look = Look { section: section.clone(), number, at: Instant::now() };
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = Some(look);
        (section, number)
    }

    /// The section `jobs` as it was looked at less than `fresh` ago, and the number of its state.
    pub fn jobs(&self, fresh: Duration) -> (Section, u64) {
        let mut kept = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(look) = kept.as_ref().filter(|look| look.at.elapsed() < fresh) {
            return (look.section.clone(), look.number);
        }
        let section = jobs(&self.live.read(|board| self.jobs.report(board, Timestamp::now())));
        let number = kept.as_ref().map_or(0, |last| last.number + u64::from(!last.section.says_the_same(&section)));
        *kept = Some(Look { section: section.clone(), number, at: Instant::now() });
        (section, number)
    }

    fn looked(&self) -> Option<Look> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The section `service`.
pub fn service(service: &Service) -> Section {
    Section::live("service", service)
}

/// The section `host`. Takes some time where a disk does not answer.
pub fn host(name: &str, host: &Host, disks: &Disks, now: Timestamp) -> Section {
    let (vitals, wrong) = Vitals::read(name, host, disks, PATIENCE, now);
    Section::at("host", &vitals, now).but((!wrong.is_empty()).then(|| wrong.join("; ")))
}

/// The section `jobs`.
pub fn jobs(report: &Report) -> Section {
    let (stale, error) = (report.stale, report.error.clone());
    Section { stale, error, ..Section::at("jobs", &report.items, report.generated_at) }
}
