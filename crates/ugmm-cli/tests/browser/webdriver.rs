//! A headless Chromium, controlled with the WebDriver protocol (<https://www.w3.org/TR/webdriver2/>) over
//! plain HTTP.

use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The key under which the protocol refers to an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one page; dropping it closes the browser.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: TempDir,
}

/// Starts a browser; `None` if there is none and `UGMM_REQUIRE_BROWSER` is not set.
pub fn browser() -> Option<Browser> {
    let present = |name: &str| {
        let run = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        run.is_ok_and(|status| status.success())
    };
    if present("chromedriver") && (present("chromium") || present("google-chrome")) {
        return Some(Browser::start());
    }
    assert!(
        std::env::var_os("UGMM_REQUIRE_BROWSER").is_none(),
        "UGMM_REQUIRE_BROWSER is set, but there is no chromium with its chromedriver"
    );
    // A macro would not do: the test harness hides its output while tests pass.
    let _ = std::io::stderr()
        .write_all(b"SKIPPED: there is no chromium with its chromedriver; no page was opened\n");
    None
}

impl Browser {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let profile = TempDir::new().unwrap();
        let mut browser = Self { driver, port, session: String::new(), _profile: profile };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(30), "chromedriver does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        let folder = format!("--user-data-dir={}", browser._profile.path().display());
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1100,900",
            &folder,
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        } } });
        let session = browser.call("POST", "/session", Some(&wanted));
        browser.session = session["sessionId"].as_str().unwrap().to_owned();
        browser
    }

    /// Opens a file and waits until it is loaded.
    pub fn open(&self, page: &Path) {
        self.post("/url", json!({ "url": format!("file://{}", page.display()) }));
    }

    /// Runs a script and returns its result.
    pub fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", json!({ "script": script, "args": [] }))
    }

    /// Runs a script and returns what it passes to its last argument, a callback.
    pub fn run_async(&self, script: &str) -> Value {
        self.post("/execute/async", json!({ "script": script, "args": [] }))
    }

    /// Clicks on the first element that matches a CSS selector.
    pub fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.post(&format!("/element/{element}/click"), json!({}));
    }

    /// Focuses the first element that matches a CSS selector and presses a key.
    pub fn press(&self, selector: &str, key: &str) {
        self.element(selector);
        self.run(&format!("document.querySelector({selector:?}).focus()"));
        let actions = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": [
            { "type": "keyDown", "value": key }, { "type": "keyUp", "value": key },
        ] }] });
        self.post("/actions", actions);
    }

    /// Moves the pointer to the middle of the first element that matches a CSS selector.
    pub fn point_at(&self, selector: &str) {
        let element = self.element(selector);
        self.run(&format!(
            "document.querySelector({selector:?}).scrollIntoView({{ block: 'center', behavior: 'instant' }})"
        ));
        let actions = json!({ "actions": [{ "type": "pointer", "id": "mouse", "actions": [
            { "type": "pointerMove", "duration": 0, "origin": { ELEMENT: element }, "x": 3, "y": 2 },
        ] }] });
        self.post("/actions", actions);
    }

    /// Executes a command of the Chrome DevTools Protocol.
    pub fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.post("/goog/cdp/execute", json!({ "cmd": command, "params": parameters }))
    }

    /// The page as a PDF file, in base64.
    pub fn print(&self) -> String {
        self.post("/print", json!({})).as_str().unwrap().to_owned()
    }

    /// Messages and errors on the page's console since the last call.
    pub fn console(&self) -> Vec<String> {
        let log = self.post("/se/log", json!({ "type": "browser" }));
        log.as_array().unwrap().iter().map(|entry| entry["message"].as_str().unwrap().to_owned()).collect()
    }

    /// Addresses that pages from files requested since the last call, including those of the pages; requests
    /// of the browser's own pages are left out.
    pub fn requests(&self) -> Vec<String> {
        let log = self.post("/se/log", json!({ "type": "performance" }));
        let entries = log.as_array().unwrap().iter();
        let address = |entry: &Value| {
            let message: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let message = &message["message"];
            let of_a_file =
                message["params"]["documentURL"].as_str().is_some_and(|url| url.starts_with("file:"));
            (message["method"] == "Network.requestWillBeSent" && of_a_file)
                .then(|| message["params"]["request"]["url"].as_str().unwrap_or_default().to_owned())
        };
        entries.filter_map(address).collect()
    }

    fn element(&self, selector: &str) -> String {
        let found = self.post("/element", json!({ "using": "css selector", "value": selector }));
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    fn post(&self, path: &str, body: Value) -> Value {
        self.call("POST", &format!("/session/{}{path}", self.session), Some(&body))
    }

    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.port,
            body.len()
        )
        .unwrap();
        let mut answer = Vec::new();
        let mut portion = vec![0; 1 << 16];
        let (head, length) = loop {
            let count = stream.read(&mut portion).unwrap();
            answer.extend_from_slice(&portion[..count]);
            if let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
                break (end + 4, length.and_then(|length| length.trim().parse::<usize>().ok()).unwrap_or(0));
            }
            assert!(count > 0, "no answer to {path}");
        };
        while answer.len() < head + length {
            let count = stream.read(&mut portion).unwrap();
            assert!(count > 0, "half an answer to {path}");
            answer.extend_from_slice(&portion[..count]);
        }
        let answer: Value = serde_json::from_slice(&answer[head..head + length]).unwrap();
        let value = &answer["value"];
        assert!(value.get("error").is_none(), "{method} {path} {body}: {value}");
        value.clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver closes the browser with the session.
        if !self.session.is_empty() && !std::thread::panicking() {
            self.call("DELETE", &format!("/session/{}", self.session), None);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
