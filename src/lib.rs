//! ssi, the Service Status Indicator: bash scripts with a metadata header become sandboxed systemd services, and their
//! runs one live board.
//!
//! Data flows one way. The core reads no file, clock, environment or bus; edges do that and know only the core:
//!
//! ```text
//! core:   source -> header -> check -> unit          line -> verdict, outcome, board -> event          threshold -> answer     token
//! edges:  paths, files, settings, store, history, systemd, runner, journal, tail, server, scheduler, probe, prober, readiness
//! above:  access, api, apply, doctor, page, agent, cli
//! ```

// Core.
pub mod answer;
pub mod badge;
pub mod board;
pub mod calendar;
pub mod check;
pub mod checksum;
pub mod component;
pub mod config;
pub mod cron;
pub mod diagnosis;
pub mod event;
pub mod exposition;
pub mod header;
pub mod jobs;
pub mod line;
pub mod outcome;
pub mod perfdata;
pub mod ping;
pub mod refusal;
pub mod roff;
pub mod schedule;
pub mod section;
pub mod source;
mod spelling;
pub mod status;
pub mod threshold;
pub mod timespan;
pub mod token;
pub mod unit;
pub mod verdict;
pub mod watch;

// Edges.
pub mod files;
pub mod history;
pub mod identity;
pub mod journal;
pub mod paths;
pub mod probe;
pub mod prober;
pub mod readiness;
pub mod runner;
pub mod scheduler;
pub mod server;
pub mod settings;
pub mod store;
pub mod systemd;
pub mod tail;

// Composition.
pub mod access;
pub mod agent;
pub mod api;
pub mod apply;
pub mod cli;
pub mod doctor;
pub mod expect;
pub mod install;
pub mod page;
pub mod setup;
pub mod survey;
pub mod trial;
