//! Simulated accounts, and the access that an integration has to one.

use std::sync::Arc;

use amocrm::access::consent::Consented;
use amocrm::access::{Keeper, LongLived, OAuthSettings, Platform};
use amocrm::integration::Access;
use amocrm_simulator::{OAuthApp, Options, Simulator};
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::http::BaseUrl;
use runtime::secret::Secret;

/// The demonstration account, in the time of this clock; the options say what else is special about it.
pub async fn simulator(clock: &Clock, options: Options) -> Simulator {
    let clock = clock.clone();
    let options = Options { clock: Arc::new(move || clock.now()), ..options };
    Simulator::start(options).await.expect("the simulator starts on loopback")
}

/// The same with the demonstration integration of OAuth.
pub async fn simulator_with_oauth(clock: &Clock) -> Simulator {
    simulator(clock, Options { oauth: Some(OAuthApp::demo()), ..Options::default() }).await
}

/// Access by a token that lasts, kept under this name in the store.
pub fn long_lived(account: BaseUrl, token: &str, namespace: &str) -> LongLived {
    LongLived { account, token: Secret::new(token.to_owned()), namespace: namespace.to_owned() }
}

/// Access to this account by OAuth.
pub fn oauth(simulator: &Simulator) -> Access {
    Access::OAuth(OAuthSettings {
        client_id: OAuthApp::DEMO_CLIENT_ID.to_owned(),
        client_secret: Secret::new(OAuthApp::DEMO_CLIENT_SECRET.to_owned()).into(),
        redirect_uri: OAuthApp::DEMO_REDIRECT_URI.to_owned(),
        platform: Platform::Amocrm,
        account: Some(address(simulator)),
    })
}

/// An administrator allows the access. The account's requests are counted from here on.
pub async fn connect(keeper: &Arc<Keeper>, simulator: &Simulator) {
    let code = Secret::new(simulator.authorization_code().expect("with OAuth"));
    keeper.connect(Consented { code, account: address(simulator) }).await.expect("a good code");
    simulator.clear_requests();
}

/// The account's address.
pub fn address(simulator: &Simulator) -> BaseUrl {
    simulator.base_url().parse().expect("an address")
}
