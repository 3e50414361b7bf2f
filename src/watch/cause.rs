//! Why a unit is down, in a sentence.

use super::facts::{Exit, Facts, Load};

impl Facts {
    /// What ended it, by `Result` and by how its main process ended.
    pub(super) fn cause(&self) -> String {
        let process = match &self.exit {
            Some(Exit::Signal(name)) => format!("main process killed by {name}"),
            Some(Exit::Code(code)) => format!("main process exited with {code}"),
            Some(Exit::None) | None => self.words(),
        };
        match self.result.as_deref().unwrap_or("success") {
            "success" | "signal" | "exit-code" => process,
            "core-dump" => format!("{process} (core dumped)"),
            "timeout" => "a time limit of its unit passed".to_owned(),
            "watchdog" => "it stopped answering the watchdog".to_owned(),
            "oom-kill" => "a process was killed because memory ran out".to_owned(),
            "start-limit-hit" => "started too often: the start limit of its unit is hit".to_owned(),
            "resources" => "systemd could not start it: something that it needs is missing (resources)".to_owned(),
            "protocol" => "it did not tell systemd that it is ready (protocol)".to_owned(),
            "exec-condition" => "its ExecCondition= says that it must not run".to_owned(),
            other => format!("{process} ({other})"),
        }
    }

    /// What its unit file says against it, whatever its state.
    pub(super) fn file_fault(&self) -> Option<String> {
        let fault = match (self.load.as_ref()?, self.file.as_deref()) {
            (Load::NotFound, _) => "there is no such unit".to_owned(),
            (Load::Masked, _) | (Load::Loaded, Some("masked" | "masked-runtime")) => "it is masked".to_owned(),
            (Load::Loaded, _) => return None,
            (Load::Other(word), _) => format!("systemd could not load it ({word})"),
        };
        Some(fault)
    }

    /// Whether it is up, but does not come back with the next boot.
    pub fn is_disabled(&self) -> bool {
        self.file.as_deref() == Some("disabled")
    }

    /// `; systemd restarts it`, where that is so.
    pub(super) fn outlook(&self) -> &'static str {
        if self.is_restarting() { "; systemd restarts it" } else { "" }
    }
}
