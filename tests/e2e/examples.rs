//! The examples that are shipped: each is installed and run in its sandbox, and tells the truth of a good and of a bad state.

mod containers;
mod every;
mod files;
mod host;
mod network;
mod packages;
mod postgresql;
mod status;
mod systemd;

use std::fs;
use std::path::{Path, PathBuf};

use crate::checks::{json, last_end, ssi};
use crate::machine::Machine;

/// Each status with the exit codes that go with it.
const STATUSES: [(&str, &[&str]); 5] =
    [("OK", &["0"]), ("UPDATE", &["0"]), ("WARNING", &["1"]), ("FAILURE", &["2"]), ("ERROR", &["3", "127"])];

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// The names of all examples, without `.bash`.
fn names() -> Vec<String> {
    let names = fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter_map(|name| name.strip_suffix(".bash").map(str::to_owned)).collect();
    names.sort();
    assert!(names.len() > 14, "{names:?}");
    names
}

/// An installed example. Its timer is of no hurry: a run says what is so at the moment at which the test asks.
struct Example<'m> {
    machine: &'m Machine,
    id: String,
    environment: String,
    is_plugin: bool,
}

/// What a run said.
#[derive(Debug)]
struct Said {
    status: String,
    message: String,
    /// Everything that the script printed, as the log has it.
    lines: String,
}

impl<'m> Example<'m> {
    /// Installs an example as its README says: a copy that names an `env-file:`, and has more lines in its header where it needs them.
    #[track_caller]
    fn add(machine: &'m Machine, name: &str, header: &[&str]) -> Example<'m> {
        let script = fs::read_to_string(directory().join(format!("{name}.bash"))).unwrap();
        let value = |key: &str| script.lines().find_map(|line| line.strip_prefix(&format!("# {key}: "))).unwrap();
        let environment = format!("/etc/service-status-indicator/{name}.env");
        let mut lines = format!("# schedule: yearly\n# env-file: {environment}\n");
        header.iter().for_each(|line| lines.push_str(&format!("# {line}\n")));
        let copy = format!("/srv/examples/{name}.bash");
        machine.write(&copy, &script.replacen(&format!("# schedule: {}\n", value("schedule")), &lines, 1), 0o644);
        machine.write(&environment, "", 0o600);
        ssi(machine, &["add", "--no-run", &copy]).ok();
        let id = value("name").to_lowercase().replace(' ', "-");
        Example { machine, id, environment, is_plugin: script.contains("\n# protocol: nagios\n") }
    }

    /// Runs it with some settings, each `NAME=value`.
    #[track_caller]
    fn run(&self, settings: &[&str]) -> Said {
        let quoted = settings.iter().map(|setting| {
            let (name, value) = setting.split_once('=').unwrap();
            format!("{name}=\"{}\"\n", value.replace('\\', "\\\\").replace('"', "\\\""))
        });
        self.machine.write(&self.environment, &quoted.collect::<String>(), 0o600);
        let output = ssi(self.machine, &["run", &self.id, "--json"]);
        let report = json(&output);
        let text = |key: &str| report[key].as_str().unwrap().to_owned();
        let lines: Vec<_> = report["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        let said = Said { status: text("status"), message: text("message"), lines: lines.join("\n") };
        let verdicts = lines.iter().filter(|line| !line.starts_with('\t')).count();
        assert!(self.is_plugin || verdicts == 1, "{} says {verdicts} statuses: {said:?}", self.id);
        let (_, codes) = STATUSES.iter().find(|(word, _)| *word == said.status).unwrap();
        let facts = last_end(self.machine, &self.id).facts;
        let exit = facts.split(' ').find_map(|fact| fact.strip_prefix("exit=")).unwrap();
        assert!(codes.contains(&exit), "{} ended with {exit}: {said:?}", self.id);
        said
    }

    /// Runs it and expects a status and a part of the message.
    #[track_caller]
    fn says(&self, settings: &[&str], status: &str, message: &str) -> Said {
        let said = self.run(settings);
        assert!(
            said.status == status && said.message.contains(message),
            "{} with {settings:?}: expected {status}, …{message}…, got {said:#?}",
            self.id
        );
        said
    }
}
