//! A real browser: Debian's Chromium without a window, driven over WebDriver, in the network of a machine.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::machine::{Machine, PATIENCE, Process, wait_for};

const DRIVER: &str = "http://127.0.0.1:9515";
/// Where the agent serves, as the browser sees it.
const PAGE: &str = "http://localhost:5000";

/// A browser with one tab; dropping it ends it.
pub struct Browser {
    machine: u32,
    session: String,
    _driver: Process,
    _profile: TempDir,
}

/// How the page is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub name: &'static str,
    pub size: (u32, u32),
    pub dark: bool,
}

pub const LIGHT: Look = Look { name: "light", size: (1360, 900), dark: false };
pub const DARK: Look = Look { name: "dark", size: (1360, 900), dark: true };
pub const PHONE: Look = Look { name: "phone", size: (390, 844), dark: false };
pub const WALL: Look = Look { name: "wall", size: (2560, 1440), dark: true };

impl Browser {
    #[track_caller]
    pub fn start(machine: &Machine) -> Browser {
        // Only the network is the machine's: it has no need of a browser.
        let profile = tempfile::Builder::new().prefix("ssi-browser-").tempdir().unwrap();
        let mut command = inside(machine.pid(), &["chromedriver", "--port=9515", "--log-level=SEVERE"]);
        command.env("HOME", profile.path()).env("TMPDIR", profile.path());
        let driver = Process::spawn(command);
        driver.wait_line("chromedriver", PATIENCE, |line| line.contains("started successfully"));
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--hide-scrollbars",
            "--no-first-run",
            // The name of somebody else, made to lead here.
            "--host-resolver-rules=MAP evil.example 127.0.0.1",
        ];
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            "goog:chromeOptions": {"binary": "/usr/bin/chromium", "args": arguments},
        }}});
        let mut browser =
            Browser { machine: machine.pid(), session: String::new(), _driver: driver, _profile: profile };
        let session = browser.ask("POST", "/session", &capabilities);
        browser.session = format!("/session/{}", session["sessionId"].as_str().unwrap());
        browser
    }

    /// Opens an address of the page and waits until it is live.
    #[track_caller]
    pub fn open(&self, path: &str) {
        self.load(path);
        self.wait("the live page", "return document.querySelector('#link').dataset.state === 'live'");
    }

    /// Opens an address of the page.
    #[track_caller]
    pub fn load(&self, path: &str) {
        self.visit(&format!("{PAGE}{path}"));
    }

    /// Opens any address.
    #[track_caller]
    pub fn visit(&self, url: &str) {
        self.post("/url", &json!({"url": url}));
    }

    /// What a script returns.
    #[track_caller]
    pub fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// What a script gives to the callback that is its last argument.
    #[track_caller]
    pub fn run_async(&self, script: &str) -> Value {
        self.post("/execute/async", &json!({"script": script, "args": []}))
    }

    /// The text of an element, empty where there is none.
    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        let text = self.run(&format!("return document.querySelector({})?.textContent ?? ''", json!(selector)));
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until a script returns true.
    #[track_caller]
    pub fn wait(&self, what: &str, script: &str) {
        wait_for(what, PATIENCE, || self.run(script) == true);
    }

    /// Waits until the text of an element holds a part.
    #[track_caller]
    pub fn wait_text(&self, selector: &str, part: &str) {
        wait_for(&format!("`{part}` in {selector}"), PATIENCE, || self.text(selector).contains(part));
    }

    /// Presses keys, one after the other; `\u{e004}` is Tab, `\u{e007}` Enter, as WebDriver has them.
    #[track_caller]
    pub fn press(&self, keys: &str) {
        let press = |key: char| [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})];
        let actions: Vec<Value> = keys.chars().flat_map(press).collect();
        self.post("/actions", &json!({"actions": [{"type": "key", "id": "keys", "actions": actions}]}));
    }

    /// Looks at the page in another way.
    #[track_caller]
    pub fn look(&self, look: Look) {
        let scheme = if look.dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.devtools("Emulation.setEmulatedMedia", &json!({"features": features}));
        self.size(look.size.0, look.size.1);
    }

    fn size(&self, width: u32, height: u32) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500});
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// Writes what is seen, down to the end of the page, to `target/screenshots`.
    #[track_caller]
    pub fn screenshot(&self, name: &str, look: Look) {
        let dir = target("screenshots");
        fs::create_dir_all(&dir).unwrap();
        let height = self.run("return document.documentElement.scrollHeight").as_u64().unwrap_or(0);
        self.size(look.size.0, look.size.1.max(u32::try_from(height.min(3200)).unwrap()));
        let image = self.ask("GET", &format!("{}/screenshot", self.session), &Value::Null);
        self.size(look.size.0, look.size.1);
        let path = dir.join(format!("{name}-{}.png", look.name));
        fs::write(path, decode(image.as_str().unwrap())).unwrap();
    }

    /// A command of the browser's own protocol.
    #[track_caller]
    pub fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.post("/goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    /// What the console has said since it was last asked.
    #[track_caller]
    pub fn console(&self) -> Vec<String> {
        let lines = self.post("/se/log", &json!({"type": "browser"}));
        let words = |line: &Value| format!("{} {}", line["level"], line["message"]);
        lines.as_array().into_iter().flatten().map(words).collect()
    }

    /// The addresses that were asked for since this was last asked.
    #[track_caller]
    pub fn requests(&self) -> Vec<String> {
        let lines = self.post("/se/log", &json!({"type": "performance"}));
        let lines = lines.as_array().into_iter().flatten();
        let events = lines.filter_map(|line| serde_json::from_str::<Value>(line["message"].as_str()?).ok());
        let url = |event: Value| {
            let parameters = &event["message"]["params"];
            match event["message"]["method"].as_str()? {
                "Network.requestWillBeSent" => parameters["request"]["url"].as_str().map(str::to_owned),
                "Network.webSocketCreated" => parameters["url"].as_str().map(str::to_owned),
                _ => None,
            }
        };
        events.filter_map(url).collect()
    }

    /// What axe-core finds wrong with the page, one line a rule.
    #[track_caller]
    pub fn axe(&self) -> Vec<String> {
        let path = target("axe/axe.min.js");
        let axe = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{error}; `tests/run` fetches axe-core"));
        if self.run("return typeof axe === 'undefined'") == true {
            self.devtools("Runtime.evaluate", &json!({"expression": axe}));
        }
        let found = self.run_async("const done = arguments[0]; axe.run().then((found) => done(found.violations))");
        let words = |rule: &Value| {
            let places = rule["nodes"].as_array().into_iter().flatten();
            let places: Vec<String> =
                places.map(|node| format!("{} {}", node["target"], node["any"][0]["message"])).collect();
            format!("{}: {}", rule["id"], places.join("; "))
        };
        found.as_array().expect("axe answers with a list").iter().map(words).collect()
    }

    #[track_caller]
    fn post(&self, path: &str, body: &Value) -> Value {
        self.ask("POST", &format!("{}{path}", self.session), body)
    }

    #[track_caller]
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.call(method, path, body);
        let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{path}: {error}: {answer}"));
        assert!(answer["value"]["error"].is_null(), "{method} {path}: {}", answer["value"]);
        answer["value"].clone()
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> String {
        let url = format!("{DRIVER}{path}");
        let mut call = inside(self.machine, &["curl", "--silent", "--max-time", "120", "-X", method, &url]);
        if method == "POST" {
            call.args(["--data-binary", "@-", "--header", "content-type: application/json"]);
        }
        let mut call = call.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("curl starts");
        let mut input = call.stdin.take().expect("it is piped");
        // It may have ended already, which its answer says.
        let _ = input.write_all(body.to_string().as_bytes());
        drop(input);
        String::from_utf8_lossy(&call.wait_with_output().expect("curl ends").stdout).into_owned()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends the browser with the session, which no signal to the driver would.
        self.call("DELETE", &self.session, &Value::Null);
    }
}

fn inside(machine: u32, args: &[&str]) -> Command {
    let mut command = Command::new("nsenter");
    command.args(["--net", "--target", &machine.to_string(), "--"]).args(args);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LANG", "C.UTF-8").stdin(Stdio::null());
    command
}

fn target(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join(name)
}

/// Base64.
fn decode(text: &str) -> Vec<u8> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let values: Vec<u32> = text.bytes().filter_map(value).map(u32::from).collect();
    let bytes = |four: &[u32]| {
        let bits = (0..4).fold(0, |bits, at| bits << 6 | four.get(at).copied().unwrap_or(0));
        bits.to_be_bytes()[1..four.len()].to_vec()
    };
    values.chunks(4).flat_map(bytes).collect()
}

/// Generous, for what a page does every few seconds.
pub const SOON: Duration = Duration::from_secs(10);
