//! The widget's settings in amoCRM's page, with a server whose configuration they change.

use amocrm_simulator::{OAuthApp, Options, Simulator};
use test_support::client::TOKEN;
use test_support::{Home, Process};

use crate::https::{ACCOUNT, DOMAIN, Https};
use crate::office::{Certificate, install_archive, running};
use crate::{Browser, says};

const ANNA: u64 = 504_141;
const BORIS: u64 = 504_142;
const STATE: &str = ".personal-manager__state";

struct Site {
    certificate: Certificate,
    account: Https,
    _amocrm: Simulator,
    home: Home,
    _process: Process,
}

impl Site {
    /// With this line of the integration.
    async fn with(line: &str) -> Self {
        let (home, certificate) = (Home::new(), Certificate::issue());
        home.has_run("kept");
        let options = Options { oauth: Some(OAuthApp::demo()), domain: Some(DOMAIN.to_owned()), ..Options::default() };
        let amocrm = Simulator::start(options).await.expect("the simulator starts");
        let account = Https::before(amocrm.address(), &certificate).await;
        home.write_secret("secret", OAuthApp::DEMO_CLIENT_SECRET);
        home.write_secret("token", TOKEN);
        home.write(
            "host-harness.toml",
            format!(
                "[[integration]]\naccount = \"{ACCOUNT}\"\nclient_id = \"{}\"\nclient_secret = \"file:secret\"\nredirect_uri = \"{}\"\n\
                 ca_file = \"{}\"\nproxy = \"{}\"\n{line}\n[[operation]]\nlinked_operation = \"queue:sales\"\n\
                 [server]\ntoken = \"file:token\"\ntls_certificate = \"{}\"\ntls_key = \"{}\"\n",
                OAuthApp::DEMO_CLIENT_ID,
                OAuthApp::DEMO_REDIRECT_URI,
                certificate.path("authority.pem").display(),
                account.proxy(),
                certificate.path("certificate.pem").display(),
                certificate.path("key.pem").display(),
            ),
        );
        let code = amocrm.authorization_code().expect("with OAuth");
        home.run(["connect", "--code", &code, "--state", "kept"]).assert(0, &[]);
        let process = home.serve(&["--state", "kept"]);
        let server = format!("https://{}", process.client.server);
        home.run(["widget", "--server", &server]).assert(0, &[]);
        Self { certificate, account, _amocrm: amocrm, home, _process: process }
    }

    async fn browser(&self) -> Option<Browser> {
        self.certificate.browser(&self.account).await
    }

    async fn enter(&self, browser: &Browser, user: u64) {
        browser.client.goto(&format!("{ACCOUNT}/?user={user}")).await.expect("the page");
        let there = format!("return document.querySelector('#user')?.dataset.user === '{user}'");
        browser.until("somebody is logged in", &there).await;
    }

    async fn install(&self, browser: &Browser) {
        self.enter(browser, ANNA).await;
        install_archive(browser, &self.home.path("widget.zip")).await;
    }

    fn written(&self) -> String {
        std::fs::read_to_string(self.home.path("host-harness.toml")).expect("the file")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o7_an_administrator_turns_the_status_check_on_and_sets_numbers_and_a_manager_cannot() {
    let site = Site::with("widget_changes = \"granted\"").await;
    let Some(browser) = site.browser().await else { return };
    site.install(&browser).await;
    browser.click("#open-settings").await;
    browser.until("the state", &says(STATE, "АТС подключена, звонки переадресуются.")).await;
    browser.click(".personal-manager input[type=checkbox]").await;
    browser.write(&format!("#fields [data-user='{BORIS}']"), "102").await;
    browser.click("#save").await;
    browser.until("it is saved", &says(STATE, "Настройки сохранены в АТС.")).await;
    let written = site.written();
    for part in
        ["consider_manager_status = true", "id = \"amocrm-504142\"", "name = \"Борис Ковалёв\"", "numbers = [\"102\"]"]
    {
        assert!(written.contains(part), "lacks {part}: {written}");
    }
    assert_eq!(browser.complaints(&[]).await, Vec::<String>::new());

    site.enter(&browser, BORIS).await;
    running(&browser).await;
    browser.click("#open-settings").await;
    browser.until("why not", &says(".personal-manager", "Настройки меняет администратор amoCRM.")).await;
    let disabled = "return document.querySelector('.personal-manager input[type=checkbox]').disabled";
    assert_eq!(browser.run(disabled).await, serde_json::json!(true));
    browser.write(&format!("#fields [data-user='{ANNA}']"), "999").await;
    browser.click("#save").await;
    browser.until("the refusal", &says("#notifications", "а вы не администратор")).await;
    assert_eq!(site.written(), written);
    assert_eq!(browser.complaints(&["403"]).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_grant_the_settings_say_where_they_are_changed() {
    let site = Site::with("").await;
    let Some(browser) = site.browser().await else { return };
    site.install(&browser).await;
    browser.click("#open-settings").await;
    browser.until("why not", &says(".personal-manager", "изменения из amoCRM в ней не разрешены")).await;
    let before = site.written();
    browser.write(&format!("#fields [data-user='{BORIS}']"), "102").await;
    browser.click("#save").await;
    browser.until("the refusal", &says("#notifications", "widget_changes")).await;
    assert_eq!(site.written(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_refused_is_told_with_the_user_whose_it_is() {
    let site = Site::with("widget_changes = \"granted\"").await;
    let Some(browser) = site.browser().await else { return };
    site.install(&browser).await;
    browser.click("#open-settings").await;
    browser.until("the state", &says(STATE, "АТС подключена, звонки переадресуются.")).await;
    let before = site.written();
    browser.write(&format!("#fields [data-user='{ANNA}']"), "101").await;
    browser.write(&format!("#fields [data-user='{BORIS}']"), "one hundred and two").await;
    browser.click("#save").await;
    browser.until("whose it is", &says("#notifications", "В АТС ничего не изменилось: Борис Ковалёв: ")).await;
    let told = browser.text("#notifications").await;
    assert!(told.contains("one hundred and two") && !told.contains("Анна"), "{told}");
    assert_eq!(site.written(), before);
    assert_eq!(browser.complaints(&["422"]).await, Vec::<String>::new());
}
