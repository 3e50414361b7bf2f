//! `ssi agent`.

mod start;

use tokio::signal::unix::{SignalKind, signal};

use super::args::{AgentArgs, Scheduler};
use super::failure::Failure;
use super::listen::{self, Passed};
use super::live;
use super::ui::Ui;
use crate::agent::{self, Agent, AgentError, Options};
use crate::journal;
use crate::paths::Paths;
use crate::{access, settings};

pub(super) fn agent(args: &AgentArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    // The environment is changed before there is a second thread.
    let passed = Passed::take()?;
    let embedded = match args.scheduler {
        Scheduler::Embedded => true,
        Scheduler::Systemd => false,
        Scheduler::Auto => paths.root.is_some() || !live::systemd_is_init(),
    };
    if args.scheduler == Scheduler::Systemd && paths.root.is_some() {
        return Err(Failure::usage("`--scheduler systemd` can't be used with `--root`, which never talks to systemd"));
    }
    let (program, host) = (std::env::current_exe()?, live::host_name());
    live::block_on(async {
        let http = settings::load(paths).settings.http;
        let default = [agent::default_address(paths.scope)];
        let addresses = match (&args.listen[..], &http.listen[..]) {
            ([], []) if passed.is_empty() => &default,
            ([], configured) => configured,
            (flags, _) => flags,
        };
        let listeners = listen::listen(passed, addresses, &http, || Ok(access::has_tokens(paths)?))?;
        let listen = args.listen.is_empty().then(|| http.listen.clone());
        let agent = Agent::start(Options { paths: paths.clone(), embedded, program, host, listen }).await?;
        let checks = agent.live().read(|board| board.entries().count());
        let who = if embedded { "the agent runs them itself" } else { "systemd runs them" };
        let serving = format!("serving {checks} checks on {} ({who})", agent::addresses(&listeners)?);
        match journal::is_heard() {
            true => start::message(&serving, checks, &listeners, paths).send(),
            false => ui.say(serving)?,
        }
        agent.run(listeners, shutdown()?).await?;
        Ok(0)
    })
}

/// SIGTERM or Ctrl-C. SIGHUP must not end it: there is nothing to read again that is not watched.
pub(super) fn shutdown() -> Result<impl Future<Output = ()>, Failure> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        loop {
            tokio::select! {
                _ = term.recv() => return,
                _ = int.recv() => return,
                _ = hangup.recv() => {}
            }
        }
    })
}

impl From<AgentError> for Failure {
    fn from(error: AgentError) -> Failure {
        match error {
            AgentError::File(error) => error.into(),
            AgentError::Watch(error) => error.into(),
            error => Failure::new(error),
        }
    }
}
