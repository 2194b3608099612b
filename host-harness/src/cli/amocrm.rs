//! `host-harness amocrm`: runs the simulated amoCRM alone, for a PBX, a script or a config file to point at.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use amocrm_simulator::{Account, FaultRule, OAuthApp, Options, RateLimit, Simulator};
use anyhow::Context;
use clap::Args;

use super::{Outcome, Stop, print};

/// How often new requests are looked for.
const LOOK: Duration = Duration::from_millis(100);

/// Run the simulated amoCRM alone, until interrupted
///
/// Prints its address, then a line for each request. Under /_simulator/ it lists and clears the requests it got, takes faults, changes
/// managers, moves the account, ends the integration, and hands out webhooks and one-time tokens.
#[derive(Args)]
pub(super) struct Amocrm {
    /// The address to listen on; port 0 lets the system choose
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The account's name, such as demo.amocrm.ru, for clients that insist on one: requests are told apart by their Host header
    #[arg(long, value_name = "NAME")]
    domain: Option<String>,
    /// The account's data, TOML or JSON [default: the demonstration account]
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// A fault, such as contacts:hang or *:status=503@0.3; may be repeated
    #[arg(long, value_name = "FAULT")]
    fault: Vec<FaultRule>,
    /// The seed of random faults: the same seed gives the same faults
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The access token to accept [default: any]
    #[arg(long)]
    token: Option<String>,
    /// Grant access by OAuth, to an integration with demonstration keys that are printed
    #[arg(long)]
    oauth: bool,
    /// Where the consent page of --oauth leads back to
    #[arg(long, value_name = "URI", default_value = OAuthApp::DEMO_REDIRECT_URI, requires = "oauth")]
    redirect_uri: String,
    /// The most requests per second; further ones get 429, and after 20 of these the account is blocked [default: no limit]
    #[arg(long, value_name = "N")]
    rate_limit: Option<u32>,
}

impl Amocrm {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        let account = match &self.data {
            None => Account::demo(),
            Some(file) => Account::load(file)?,
        };
        let oauth = self.oauth.then(|| OAuthApp { redirect_uri: self.redirect_uri, ..OAuthApp::demo() });
        let options = Options {
            account,
            listen: self.listen,
            domain: self.domain,
            token: self.token,
            oauth: oauth.clone(),
            rate_limit: self.rate_limit.map(|per_second| RateLimit { per_second, ..RateLimit::default() }),
            faults: self.fault,
            seed: self.seed,
            ..Options::default()
        };
        let simulator = Simulator::start(options).await.context("the simulator cannot be started")?;
        print(simulator.base_url());
        if let Some(app) = oauth {
            print(format_args!("client_id      {}", app.client_id));
            // Fixed, documented, and good for nothing but a simulator: the one secret that may be shown.
            print(format_args!("client_secret  {}", OAuthApp::DEMO_CLIENT_SECRET));
            print(format_args!("redirect_uri   {}", app.redirect_uri));
            print(format_args!("consent        {}/oauth?client_id={}", simulator.base_url(), app.client_id));
        }
        let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
        let mut shown = 0;
        loop {
            tokio::select! {
                result = &mut interrupted => {
                    result.context("cannot wait for an interrupt")?;
                    return Ok(Outcome::Done);
                }
                () = tokio::time::sleep(LOOK) => {}
            }
            let requests = simulator.requests();
            let already_shown = shown;
            for request in requests.into_iter().filter(|request| request.sequence > already_shown) {
                shown = request.sequence;
                let query: Vec<_> = request.query.iter().map(|(key, value)| format!("{key}={value}")).collect();
                let status = request.status.map_or_else(|| "—".to_owned(), |status| status.to_string());
                let fault = request.fault.map(|fault| format!("  fault {fault}")).unwrap_or_default();
                print(format_args!("{} {}?{}  {status}{fault}", request.method, request.path, query.join("&")));
            }
        }
    }
}
