//! An installation that connects to a simulated amoCRM with OAuth, as processes. Whatever any of its processes prints, and whatever they
//! store beside the grant itself, is searched for every secret that was ever used in it.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use amocrm_simulator::{OAuthApp, Options, Simulator};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use runtime::store::{KeyValueStore, Shelf};
use serde_json::Value;
use stores::SqliteStore;
use test_support::{Ended, Home};

use crate::amocrm::LOOPBACK;

pub(crate) const CLIENT_SECRET: &str = "a-client-secret-of-64-characters-is-what-amocrm-shows-once";
const CONFIG: &str = "host-harness.toml";
/// The file of the host's own records in the state directory.
pub(crate) const RECORDS: &str = "records.sqlite3";
/// Its copy.
pub(crate) const COPY: &str = "records.copy.sqlite3";
/// The file of cached answers.
pub(crate) const CACHE: &str = "key-value.sqlite3";

/// A home with a configuration file, and the account that it is for.
pub(crate) struct Installation {
    pub(crate) home: Home,
    pub(crate) simulator: Simulator,
    pub(crate) app: OAuthApp,
    secrets: Mutex<Vec<String>>,
}

impl Installation {
    /// One that no user has connected yet.
    pub(crate) async fn new() -> Self {
        // A free port, that the process will listen on.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let app = OAuthApp {
            client_id: OAuthApp::DEMO_CLIENT_ID.to_owned(),
            client_secret: CLIENT_SECRET.to_owned(),
            redirect_uri: format!("http://127.0.0.1:{port}/back"),
        };
        let options = Options { oauth: Some(app.clone()), ..Options::default() };
        let simulator = Simulator::start(options).await.expect("the simulator starts on loopback");
        let secrets = Mutex::new(vec![CLIENT_SECRET.to_owned()]);
        let installation = Self { home: Home::new(), simulator, app, secrets };
        installation.configure(&[], "");
        installation
    }

    /// One that is connected.
    pub(crate) async fn connected() -> Self {
        let installation = Self::new().await;
        let code = installation.code();
        installation.run(&["connect", "--code", &code]).assert(0, &[]);
        installation.simulator.clear_requests();
        installation
    }

    /// Writes the configuration: the API's host and these are granted.
    pub(crate) fn configure(&self, granted: &[&str], more: &str) {
        let OAuthApp { client_id, redirect_uri, .. } = &self.app;
        let api = format!("http://{}", self.simulator.api_domain().expect("with OAuth"));
        let granted: Vec<_> = granted.iter().copied().chain([api.as_str()]).collect();
        let config = format!(
            "[[integration]]\naccount = \"{}\"\nclient_id = \"{client_id}\"\nclient_secret = \"env:AMOCRM_CLIENT_SECRET\"\n\
             redirect_uri = \"{redirect_uri}\"\ngranted = {granted:?}\n{LOOPBACK}\n{more}\n\
             [[integration.employee]]\nid = \"anna\"\namocrm_user = 504141\nnumbers = [\"101\"]\n\
             [[operation]]\nlinked_operation = \"queue:support\"\n",
            self.simulator.base_url(),
        );
        self.home.write(CONFIG, config);
    }

    /// A code, as a user's consent gives one.
    pub(crate) fn code(&self) -> String {
        let code = self.simulator.authorization_code().expect("with OAuth");
        self.learn(&code);
        code
    }

    /// From now on this is a secret too.
    pub(crate) fn learn(&self, secret: &str) {
        self.secrets.lock().unwrap().push(secret.to_owned());
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command(arguments.iter().chain(&["--config", CONFIG]));
        command.env("AMOCRM_CLIENT_SECRET", CLIENT_SECRET);
        command
    }

    /// Runs a process to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.ended(self.command(arguments).output().expect("the binary starts"))
    }

    /// Starts a process.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")
    }

    /// What a process left behind, searched for secrets.
    pub(crate) fn ended(&self, output: std::process::Output) -> Ended {
        let ended = Ended::of(output);
        if let Some(record) = self.record() {
            for token in ["access_token", "refresh_token"] {
                self.learn(record[token].as_str().expect("a token"));
            }
        }
        self.assert_silent(&format!("{}\n{}", ended.stdout, ended.stderr));
        self.assert_silent(&self.stored_beside_the_grant());
        ended
    }

    /// Asserts that a text holds no secret, nor any long part of one, in any of the usual spellings.
    pub(crate) fn assert_silent(&self, text: &str) {
        for secret in self.secrets.lock().unwrap().iter() {
            let parts = secret.split('.').filter(|part| part.len() >= 16);
            for part in parts.chain([secret.as_str()]) {
                let percent: String = url::form_urlencoded::byte_serialize(part.as_bytes()).collect();
                let base64 = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].map(|engine| engine.encode(part));
                for spelling in base64.iter().chain([&percent, &part.to_owned()]) {
                    assert!(!text.contains(spelling.as_str()), "a secret was let out in:\n{text}");
                }
            }
        }
    }

    /// A file of the state directory.
    pub(crate) fn kept(&self, name: &str) -> PathBuf {
        self.home.path("state/host-harness").join(name)
    }

    /// The grant as it is stored.
    pub(crate) fn record(&self) -> Option<Value> {
        self.query("SELECT value FROM entries WHERE bucket = 'access'")
            .map(|value| serde_json::from_slice(&value).expect("JSON"))
            .next()
    }

    /// Changes the stored grant.
    pub(crate) async fn change_record(&self, change: impl FnOnce(&mut Value)) {
        let mut record = self.record().expect("a grant");
        change(&mut record);
        let namespace = format!("main@{}", self.app.client_id);
        let slot = Shelf { namespace: &namespace, bucket: "access" }.slot("grant");
        let store = SqliteStore::open(self.kept(RECORDS)).expect("the store");
        // A busy disk may take longer than the store waits for it.
        for _ in 0..40 {
            if store.set(slot, record.to_string().as_bytes()).await.is_ok() {
                return;
            }
        }
        panic!("the store does not take it");
    }

    /// The records but the grant, and the file of cached answers as it is, which may be damaged.
    fn stored_beside_the_grant(&self) -> String {
        const SQL: &str = "SELECT namespace || ' ' || bucket || ' ' || key || ' ' || CAST(value AS TEXT) FROM entries WHERE bucket <> 'access'";
        let cached = std::fs::read(self.kept(CACHE)).unwrap_or_default();
        let values = self.query(SQL).chain([cached]);
        values.map(|value| String::from_utf8_lossy(&value).into_owned()).collect::<Vec<_>>().join("\n")
    }

    fn query(&self, sql: &str) -> std::vec::IntoIter<Vec<u8>> {
        if !self.kept(RECORDS).exists() {
            return Vec::new().into_iter();
        }
        let connection = rusqlite::Connection::open(self.kept(RECORDS)).expect("the store");
        let mut statement = connection.prepare(sql).expect("SQL");
        let bytes = |row: &rusqlite::Row<'_>| {
            row.get_ref(0).map(|value| value.as_bytes().map(<[u8]>::to_vec).unwrap_or_default())
        };
        let rows = statement.query_map([], bytes).expect("rows");
        rows.collect::<Result<Vec<_>, _>>().expect("rows").into_iter()
    }
}
