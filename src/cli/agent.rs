//! `ssi agent`.

use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::args::{AgentArgs, Scheduler};
use super::failure::Failure;
use super::live;
use super::ui::Ui;
use crate::agent::{self, Agent, AgentError, Options};
use crate::paths::Paths;

pub(super) fn agent(args: &AgentArgs, paths: &Paths, ui: &Ui) -> Result<u8, Failure> {
    let address = args.listen.unwrap_or_else(|| agent::default_address(paths.scope));
    let embedded = match args.scheduler {
        Scheduler::Embedded => true,
        Scheduler::Systemd => false,
        Scheduler::Auto => paths.root.is_some() || !live::systemd_is_init(),
    };
    if args.scheduler == Scheduler::Systemd && paths.root.is_some() {
        return Err(Failure::usage("`--scheduler systemd` can't be used with `--root`, which never talks to systemd"));
    }
    let options =
        Options { paths: paths.clone(), embedded, program: std::env::current_exe()?, host: live::host_name() };
    live::block_on(async {
        let listener = listen(address).await?;
        let agent = Agent::start(options).await?;
        let checks = agent.live().read(|board| board.entries().count());
        let who = if embedded { "the agent runs them itself" } else { "systemd runs them" };
        let address = listener.local_addr()?;
        ui.say(format!("serving {checks} checks on http://{address} and ws://{address} ({who})"))?;
        agent.run(listener, shutdown()?).await?;
        Ok(0)
    })
}

/// Binds the port. Beyond loopback nobody may listen as long as there is nothing that lets only the right people in.
pub(super) async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    if !address.ip().is_loopback() {
        return Err(Failure::usage(format!(
            "`--listen {address}`: only loopback addresses (127.0.0.1, [::1]) are served; put a proxy with authentication before it"
        )));
    }
    TcpListener::bind(address).await.map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::AddrInUse => ": is another agent running? `--listen 127.0.0.1:0` takes any free port",
            _ => "",
        };
        Failure::new(anyhow::Error::new(error).context(format!("could not listen on {address}{hint}")))
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
