//! A headless Chromium of a test's own, driven through chromedriver; both end with the value.

use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::{Client, ClientBuilder, Locator};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::client::PATIENCE;
use test_support::{skip, workspace};

const TAB: char = '\u{e004}';

pub(crate) struct Browser {
    pub(crate) client: Client,
    driver: Child,
    /// Kept open: the driver may say more.
    _said: Lines<BufReader<ChildStdout>>,
    address: String,
    _profile: TempDir,
}

/// The programs, or none where they are missing: the test is then [skipped](skip).
pub(crate) fn programs() -> Option<(PathBuf, PathBuf)> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let find = |names: &[&str]| {
        let folders: Vec<_> = std::env::split_paths(&path).collect();
        names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file()))
    };
    let found = find(&["chromium", "chromium-browser", "google-chrome"]).zip(find(&["chromedriver"]));
    if found.is_none() {
        skip("the page is", "Install chromium and chromedriver (Debian: apt-get install chromium chromium-driver)");
    }
    found
}

/// How often chromedriver is started.
const STARTS: usize = 3;

/// Starts chromedriver, and says on which port; none where it ended before.
fn driver(program: &Path, home: &Path) -> Option<(Child, Lines<BufReader<ChildStdout>>, u16)> {
    let mut driver = Command::new(program)
        .arg("--port=0")
        .env("HOME", home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver starts");
    let mut said = BufReader::new(driver.stdout.take().expect("a pipe")).lines();
    let port = said.by_ref().map_while(Result::ok).find_map(|line| {
        let port = line.split("started successfully on port ").nth(1)?;
        port.trim_end_matches('.').parse().ok()
    });
    match port {
        Some(port) => Some((driver, said, port)),
        None => {
            driver.wait().expect("it has ended");
            None
        }
    }
}

impl Browser {
    /// Starts one that speaks this language.
    pub(crate) async fn start(programs: (PathBuf, PathBuf), language: &str) -> Self {
        Self::with(programs, language, &[], &json!({})).await
    }

    /// The same with further arguments and preferences of Chromium's.
    pub(crate) async fn with(
        (chromium, chromedriver): (PathBuf, PathBuf),
        language: &str,
        more: &[String],
        preferences: &Value,
    ) -> Self {
        let profile = tempfile::tempdir().expect("a folder");
        // It takes a port that is free for one family of addresses, and ends where the other one has it taken.
        let started = (0..STARTS).find_map(|_| driver(&chromedriver, profile.path()));
        let (driver, said, port) = started.expect("chromedriver says its port");
        let address = format!("127.0.0.1:{port}");
        let mut arguments = vec![
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--window-size=1280,1000".to_owned(),
            format!("--accept-lang={language}"),
            format!("--user-data-dir={}", profile.path().join("profile").display()),
        ];
        arguments.extend(more.iter().cloned());
        let capabilities = json!({
            "goog:chromeOptions": { "binary": chromium, "args": arguments, "prefs": preferences },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let Value::Object(capabilities) = capabilities else { unreachable!("written above") };
        let connected = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://{address}"))
            .await;
        let client = connected.unwrap_or_else(|error| panic!("chromium does not start: {error}"));
        Self { client, driver, _said: said, address, _profile: profile }
    }

    /// What a script gives.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// The text of the first element of this selector, as a person sees it; empty where there is none.
    pub(crate) async fn text(&self, selector: &str) -> String {
        let script = format!("return document.querySelector({})?.innerText ?? ''", json!(selector));
        self.run(&script).await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until this script gives true.
    pub(crate) async fn until(&self, what: &str, script: &str) {
        let end = tokio::time::Instant::now() + PATIENCE;
        while self.run(script).await != json!(true) {
            if tokio::time::Instant::now() > end {
                panic!("never: {what}; the page says: {}", self.text("body").await);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) async fn click(&self, selector: &str) {
        let element =
            self.client.find(Locator::Css(selector)).await.unwrap_or_else(|error| panic!("{selector}: {error}"));
        element.click().await.unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    /// Types into a field, with a key at the end if that is part of the text.
    pub(crate) async fn write(&self, selector: &str, text: &str) {
        let element =
            self.client.find(Locator::Css(selector)).await.unwrap_or_else(|error| panic!("{selector}: {error}"));
        element.send_keys(text).await.unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    /// Presses a key where the focus is.
    pub(crate) async fn press(&self, key: &str) {
        let focused = self.client.active_element().await.expect("an element with the focus");
        focused.send_keys(key).await.unwrap_or_else(|error| panic!("{key:?}: {error}"));
    }

    /// Presses Tab until this has the focus.
    pub(crate) async fn tab_to(&self, selector: &str) {
        self.tab_until(selector, &format!("return document.activeElement.matches({selector:?})")).await;
    }

    /// Presses Tab until this script gives true.
    pub(crate) async fn tab_until(&self, what: &str, there: &str) {
        for _ in 0..60 {
            if self.run(there).await == json!(true) {
                return;
            }
            // Keys that are sent to an element would be files to one that takes files.
            let tab = KeyActions::new("keyboard".to_owned())
                .then(KeyAction::Down { value: TAB })
                .then(KeyAction::Up { value: TAB });
            self.client.perform_actions(tab).await.expect("a key");
        }
        panic!("not reached: {what}; the page says: {}", self.text("body").await);
    }

    /// Shows the page in this many pixels, light or dark.
    pub(crate) async fn look(&self, width: u32, height: u32, scheme: &str) {
        self.size(&width.into(), &height.into()).await;
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", media).await;
    }

    async fn size(&self, width: &Value, height: &Value) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// A command to the browser's tools for developers.
    async fn devtools(&self, command: &str, parameters: Value) {
        let session = self.client.session_id().await.expect("a session").expect("its name");
        let path = format!("/session/{session}/goog/cdp/execute");
        ask_driver(&self.address, &path, &json!({"cmd": command, "params": parameters})).await;
    }

    /// Keeps a picture of the page for people: `target/page/NAME.png`.
    pub(crate) async fn keep_picture(&self, name: &str) {
        let folder = workspace().join("target/page");
        std::fs::create_dir_all(&folder).expect("a folder");
        // All of it, however far one would have to scroll.
        let sizes = self.run("return [innerWidth, innerHeight, document.documentElement.scrollHeight]").await;
        let is_longer = sizes[2].as_u64() > sizes[1].as_u64();
        if is_longer {
            self.size(&sizes[0], &sizes[2]).await;
        }
        let picture = self.client.screenshot().await.expect("a picture");
        if is_longer {
            self.size(&sizes[0], &sizes[1]).await;
        }
        std::fs::write(folder.join(format!("{name}.png")), picture).expect("it is kept");
    }

    /// What the browser complained of, but for answers of the server that the test provoked (their status codes).
    pub(crate) async fn complaints(&self, provoked: &[&str]) -> Vec<String> {
        let session = self.client.session_id().await.expect("a session").expect("its name");
        let log = ask_driver(&self.address, &format!("/session/{session}/se/log"), &json!({"type": "browser"})).await;
        let messages = log["value"].as_array().unwrap_or_else(|| panic!("{log}"));
        let texts = messages.iter().map(|entry| entry["message"].as_str().unwrap_or_default().to_owned());
        texts.filter(|text| !provoked.iter().any(|provoked| text.contains(provoked))).collect()
    }
}

/// The driver's answer.
async fn ask_driver(address: &str, path: &str, body: &Value) -> Value {
    let http = legacy::Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request = Request::post(format!("http://{address}{path}")).header("content-type", "application/json");
    let request = request.body(Full::new(Bytes::from(body.to_string()))).expect("a request");
    let answer = http.request(request).await.expect("it answers");
    let answer = answer.into_body().collect().await.expect("an answer").to_bytes();
    serde_json::from_slice(&answer).expect("JSON")
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Chromium ends with its driver's session; killing the driver first would leave it.
        let client = self.client.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            tokio::task::block_in_place(|| runtime.block_on(async { drop(client.close().await) }));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
