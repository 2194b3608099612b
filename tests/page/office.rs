//! An account with its widget: a simulated amoCRM that a browser opens over https by the account's name, and a server that speaks https, both with a
//! certificate of a local authority.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amocrm::access::consent::Consented;
use amocrm::access::{OAuthSettings, Platform};
use amocrm::integration::{Access, Integration, IntegrationSettings};
use amocrm_simulator::{OAuthApp, Options, Simulator};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use call::IncomingCall;
use fantoccini::Locator;
use jiff::SignedDuration;
use node::call_details::{CallDetails, CallDetailsSettings, Place};
use node::{Placement, ToPlace};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, PublicKeyData};
use replay::demo;
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::directory::Presence;
use runtime::capabilities::http::{BaseUrl, Proxy};
use runtime::secret::Secret;
use runtime::store::{KeyValueStore, MemoryStore, Stores};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::json;
use server::tls::TlsFiles;
use server::{Server, ServerSettings};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use test_support::client::TOKEN;
use test_support::{CALLER, LINKED_OPERATION, Outcome, START, account, operation};
use tokio::sync::oneshot;
use widget::Widget;

use crate::https::{ACCOUNT, DOMAIN, Https};
use crate::{Browser, programs};

/// A certificate for this machine and for accounts of amoCRM's, made by an authority that was made for it.
pub(crate) struct Certificate {
    folder: TempDir,
    /// The key of the authority, by which a browser is told to trust it.
    authority: String,
    chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
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
        let names = ["localhost", "127.0.0.1", "*.amocrm.ru"].map(str::to_owned);
        let own = CertificateParams::new(names).expect("names").signed_by(&own_key, &issuer).expect("a certificate");
        let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).expect("a file");
        write("authority.pem", authority.pem());
        write("certificate.pem", own.pem() + &authority.pem());
        write("key.pem", own_key.serialize_pem());
        let chain = vec![own.der().clone(), authority.der().clone()];
        Self { folder, authority: STANDARD.encode(digest), chain, key: own_key.serialize_der() }
    }

    pub(crate) fn chain_and_key(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        (self.chain.clone(), PrivatePkcs8KeyDer::from(self.key.clone()).into())
    }

    pub(crate) fn files(&self) -> TlsFiles {
        TlsFiles { certificate: self.path("certificate.pem"), key: self.path("key.pem") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A browser that trusts the authority, finds the account, and takes no cookies of other sites.
    pub(crate) async fn browser(&self, account: &Https) -> Option<Browser> {
        let trusted = format!("--ignore-certificate-errors-spki-list={}", self.authority);
        // Who looks at amoCRM in a locked-down browser is at work, too.
        let preferences = json!({"profile": {"cookie_controls_mode": 1, "block_third_party_cookies": true}});
        Some(Browser::with(programs()?, "ru", &[trusted, account.argument()], &preferences).await)
    }
}

pub(crate) struct Office {
    pub(crate) clock: Clock,
    pub(crate) amocrm: Simulator,
    certificate: Certificate,
    account: Https,
    integration: Arc<Integration>,
    placement: Arc<Placement>,
    pub(crate) address: String,
    stop: Option<oneshot::Sender<()>>,
    archives: TempDir,
}

impl Office {
    /// A server connected to the account, the manager's status considered.
    pub(crate) async fn open() -> Self {
        let clock = Clock::frozen_at(START.parse().expect("a time"));
        let certificate = Certificate::issue();
        let options = Options { oauth: Some(OAuthApp::demo()), domain: Some(DOMAIN.to_owned()), ..Options::default() };
        let amocrm = account::simulator(&clock, options).await;
        let https = Https::before(amocrm.address(), &certificate).await;
        let mut settings = IntegrationSettings {
            ca_file: Some(certificate.path("authority.pem")),
            proxy: Proxy::at(&https.proxy()).expect("an address"),
            requests_per_second: 50,
            ..IntegrationSettings::new("main", access(), demo::employees())
        };
        settings.configuration.set("consider_manager_status", "true");
        let store: Arc<dyn KeyValueStore> = Arc::new(MemoryStore::new());
        let stores = Stores::in_one(Arc::clone(&store));
        let integration = Arc::new(Integration::with_clock(settings, stores, clock.clone()).expect("usable"));
        let code = Secret::new(amocrm.authorization_code().expect("with OAuth"));
        let consented = Consented { code, account: base() };
        integration.keeper().expect("OAuth has a keeper").connect(consented).await.expect("a good code");
        amocrm.clear_requests();
        let node = node::Node::builder(clock.clone()).integration("main", Arc::clone(&integration)).place(ToPlace {
            id: "main",
            integration: "main",
            exits: LINKED_OPERATION.into(),
            settings: BTreeMap::new(),
            operation: operation(),
        });
        let node = node.await.expect("an operation that describes itself");
        let settings = ServerSettings {
            listen: "127.0.0.1:0".parse().expect("an address"),
            token: Some(Secret::new(TOKEN.to_owned())),
            tls: Some(certificate.files()),
            ..ServerSettings::default()
        };
        let details = CallDetails::begin(Place::memory(), CallDetailsSettings::default(), clock.clone());
        let server =
            Server::builder(node, Stores::in_one(store), settings).call_details(details.expect("a thread")).page();
        let server = server.bind().await.expect("a port");
        let placement = Arc::clone(&server.node().revision().placements()[0]);
        let address = format!("https://{}", server.address().expect("an address"));
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(server.run(async { drop(stopped.await) }));
        let archives = tempfile::tempdir().expect("a folder");
        let stop = Some(stop);
        Self { clock, amocrm, certificate, account: https, integration, placement, address, stop, archives }
    }

    /// A browser of somebody who works here.
    pub(crate) async fn browser(&self) -> Option<Browser> {
        self.certificate.browser(&self.account).await
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

    /// So much time that the widget is silent. The access is renewed meanwhile, as the server does beside its calls.
    pub(crate) async fn a_day_passes(&self) {
        for hours in [17, 8] {
            self.clock.advance(SignedDuration::from_hours(hours));
            self.integration.keeper().expect("OAuth").refresh_if_due().await.expect("a new token");
        }
    }

    /// What the server knows of a user now.
    pub(crate) async fn presence(&self, user: u64) -> Presence {
        self.integration.presence().expect("connected").of(user, self.clock.now()).await.expect("a store")
    }

    /// Where an archive is written that is to be installed.
    pub(crate) fn archive(&self) -> PathBuf {
        self.archives.path().join("widget.zip")
    }

    /// The server goes away.
    pub(crate) fn close(&mut self) {
        drop(self.stop.take());
    }

    /// A user opens amoCRM.
    pub(crate) async fn enter(&self, browser: &Browser, user: u64) {
        browser.client.goto(&format!("{ACCOUNT}/?user={user}")).await.expect("the page");
        let there = format!("return document.querySelector('#user')?.dataset.user === '{user}'");
        browser.until("somebody is logged in", &there).await;
    }

    /// A user installs the widget of this server, and has it running then.
    pub(crate) async fn install(&self, browser: &Browser, user: u64, server: Option<&str>) {
        self.enter(browser, user).await;
        let server = server.unwrap_or(&self.address).parse().expect("an https address");
        let file = self.archive();
        std::fs::write(&file, Widget::new(server, "main").archive().expect("an archive")).expect("a file");
        install_archive(browser, &file).await;
    }
}

fn base() -> BaseUrl {
    ACCOUNT.parse().expect("an address")
}

/// Access to the account by OAuth.
fn access() -> Access {
    Access::OAuth(OAuthSettings {
        client_id: OAuthApp::DEMO_CLIENT_ID.to_owned(),
        client_secret: Secret::new(OAuthApp::DEMO_CLIENT_SECRET.to_owned()).into(),
        redirect_uri: OAuthApp::DEMO_REDIRECT_URI.to_owned(),
        platform: Platform::Amocrm,
        account: Some(base()),
    })
}

/// Installs an archive, and waits until its widget runs in the page, which loads itself again.
pub(crate) async fn install_archive(browser: &Browser, archive: &Path) {
    browser.run("document.documentElement.dataset.before = 'yes'").await;
    let field = browser.client.find(Locator::Css("#archive")).await.expect("a field");
    field.send_keys(&archive.display().to_string()).await.expect("it takes a file");
    browser.until("the page is another", "return !document.documentElement.dataset.before").await;
    running(browser).await;
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
