//! An account with its widget: a simulated amoCRM that a browser opens, and a server that speaks https with a certificate of a local authority.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use amocrm::integration::{Integration, IntegrationSettings};
use amocrm_simulator::Simulator;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use call::IncomingCall;
use fantoccini::Locator;
use node::{Placement, ToPlace};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, PublicKeyData};
use replay::demo;
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::directory::Presence;
use runtime::capabilities::http::PrivateAddresses;
use runtime::secret::Secret;
use runtime::store::{KeyValueStore, MemoryStore, Stores};
use serde_json::json;
use server::tls::TlsFiles;
use server::{Server, ServerSettings};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use test_support::client::TOKEN;
use test_support::{CALLER, LINKED_OPERATION, Outcome, START, account, operation};
use tokio::sync::oneshot;
use widget::Widget;

use crate::{Browser, programs};

/// A certificate for this machine, made by an authority that was made for it.
pub(crate) struct Certificate {
    folder: TempDir,
    /// The key of the authority, by which a browser is told to trust it.
    authority: String,
}

impl Certificate {
    pub(crate) fn issue() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no name");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&key).expect("a certificate");
        let digest = Sha256::digest(key.subject_public_key_info());
        let issuer = Issuer::new(params, key);
        let own_key = KeyPair::generate().expect("a key");
        let own = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).expect("names");
        let own = own.signed_by(&own_key, &issuer).expect("a certificate");
        let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).expect("a file");
        write("certificate.pem", own.pem() + &authority.pem());
        write("key.pem", own_key.serialize_pem());
        Self { folder, authority: STANDARD.encode(digest) }
    }

    pub(crate) fn files(&self) -> TlsFiles {
        TlsFiles { certificate: self.path("certificate.pem"), key: self.path("key.pem") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A browser that trusts the authority and takes no cookies of other sites.
    pub(crate) async fn browser(&self) -> Option<Browser> {
        let trusted = format!("--ignore-certificate-errors-spki-list={}", self.authority);
        // Who looks at amoCRM in a locked-down browser is at work, too.
        let preferences = json!({"profile": {"cookie_controls_mode": 1, "block_third_party_cookies": true}});
        Some(Browser::with(programs()?, "ru", &[trusted], &preferences).await)
    }
}

pub(crate) struct Office {
    pub(crate) clock: Clock,
    pub(crate) amocrm: Simulator,
    pub(crate) certificate: Certificate,
    integration: Arc<Integration>,
    placement: Arc<Placement>,
    address: String,
    stop: Option<oneshot::Sender<()>>,
    archives: TempDir,
}

impl Office {
    /// A server connected to the account, the manager's status considered.
    pub(crate) async fn open() -> Self {
        let clock = Clock::frozen_at(START.parse().expect("a time"));
        let amocrm = account::simulator_with_oauth(&clock).await;
        let mut settings = IntegrationSettings {
            private_addresses: PrivateAddresses::Granted,
            requests_per_second: 50,
            ..IntegrationSettings::new("main", account::oauth(&amocrm), demo::employees())
        };
        settings.configuration.set("consider_manager_status", "true");
        let store: Arc<dyn KeyValueStore> = Arc::new(MemoryStore::new());
        let stores = Stores::in_one(Arc::clone(&store));
        let integration = Arc::new(Integration::with_clock(settings, stores, clock.clone()).expect("usable"));
        account::connect(integration.keeper().expect("OAuth has a keeper"), &amocrm).await;
        let node = node::Node::builder(clock.clone()).integration("main", Arc::clone(&integration)).place(ToPlace {
            id: "main",
            integration: "main",
            exits: LINKED_OPERATION.into(),
            settings: BTreeMap::new(),
            operation: operation(),
        });
        let node = node.await.expect("an operation that describes itself");
        let certificate = Certificate::issue();
        let settings = ServerSettings {
            listen: "127.0.0.1:0".parse().expect("an address"),
            token: Some(Secret::new(TOKEN.to_owned())),
            tls: Some(certificate.files()),
            ..ServerSettings::default()
        };
        let server = Server::builder(node, Stores::in_one(store), settings).bind().await.expect("a port");
        let placement = Arc::clone(&server.node().revision().placements()[0]);
        let address = format!("https://{}", server.address().expect("an address"));
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(server.run(async { drop(stopped.await) }));
        let archives = tempfile::tempdir().expect("a folder");
        Self { clock, amocrm, certificate, integration, placement, address, stop: Some(stop), archives }
    }

    /// The caller calls.
    pub(crate) async fn call(&self) -> Outcome {
        let call = IncomingCall {
            id: "call-1".to_owned(),
            caller: Some(CALLER.into()),
            called: String::new(),
            ..IncomingCall::default()
        };
        Outcome::new(self.placement.active().placed.resolve(call, &self.clock).await)
    }

    /// What the server knows of a user now.
    pub(crate) async fn presence(&self, user: u64) -> Presence {
        self.integration.presence().expect("connected").of(user, self.clock.now()).await.expect("a store")
    }

    /// The server goes away.
    pub(crate) fn close(&mut self) {
        drop(self.stop.take());
    }

    /// A user opens amoCRM.
    pub(crate) async fn enter(&self, browser: &Browser, user: u64) {
        browser.client.goto(&format!("{}/?user={user}", self.amocrm.base_url())).await.expect("the page");
        let there = format!("return document.querySelector('#user')?.dataset.user === '{user}'");
        browser.until("somebody is logged in", &there).await;
    }

    /// A user installs the widget of this server, and has it running then.
    pub(crate) async fn install(&self, browser: &Browser, user: u64, server: Option<&str>) {
        self.enter(browser, user).await;
        let server = server.unwrap_or(&self.address).parse().expect("an https address");
        let file = self.archives.path().join("widget.zip");
        std::fs::write(&file, Widget::new(server, "main").archive().expect("an archive")).expect("a file");
        let field = browser.client.find(Locator::Css("#archive")).await.expect("a field");
        field.send_keys(&file.display().to_string()).await.expect("it takes a file");
        running(browser).await;
    }
}

/// Waits until the widget of the page runs.
pub(crate) async fn running(browser: &Browser) {
    browser.until("the widget runs", "return document.querySelector('#standing')?.dataset.state === 'running'").await;
}

/// How many reports the page has sent, and got an answer or an error.
pub(crate) async fn reports(browser: &Browser) -> u64 {
    let script =
        "return performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/presence')).length";
    browser.run(script).await.as_u64().expect("a number")
}

/// So many minutes later the tab is shown again: it gets the focus.
pub(crate) async fn shown_again(browser: &Browser, minutes: u32) {
    let script = format!(
        "const real = Date.prototype.constructor.realNow ?? (Date.realNow = Date.now); Date.now = () => real.call(Date) + {minutes} * 60000; \
         window.dispatchEvent(new Event('focus'))"
    );
    browser.run(&script).await;
}
