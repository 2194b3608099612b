//! `host-harness connect`: a user allows this installation access to an amoCRM account, once.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use clap::Args;

use super::access::{connect_command, durable};
use super::config_file::Config;
use super::{Outcome, Stop, print, print_lines, warn};
use crate::config::HarnessConfig;
use crate::live;
use amocrm::access::connecting::ConnectError;
use amocrm::access::consent::{self, ConsentError, Consented};
use amocrm::access::listener::Listener;
use amocrm::access::{Grant, Keeper, OAuthSettings, Platform};
use amocrm::integration::{Access, IntegrationSettings};
use call::Localized;
use call::one_line::Lines;
use runtime::capabilities::clocks::Clock;
use stores::StoreLocation;

/// Connect an integration to its amoCRM account: a user allows access once
///
/// Prints the address of amoCRM's page of consent and waits for the answer on the loopback address of `redirect_uri`. Where that is another
/// machine's, run it again with --code.
#[derive(Args)]
pub(super) struct Connect {
    #[command(flatten)]
    config: Config,
    /// Which integration, where there are several
    #[arg(long, value_name = "ID")]
    integration: Option<String>,
    /// What amoCRM answered: the whole address that the browser was sent to, or the code in it
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// Where values are kept: a directory, or redis://… [default: the configured store, or the user's state directory]
    #[arg(long, value_name = "DIR")]
    state: Option<StoreLocation>,
}

impl Connect {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        let file = self.config.file()?;
        let config = HarnessConfig::read(&file)?;
        let (integration, oauth) = self.integration(&config)?;
        // First of all: what is granted has to be kept.
        let location = self.state.clone().or(config.store.clone()).unwrap_or_default();
        let records = durable(&location)?.records;
        let changes = Arc::clone(&records);
        let shown = records.location();
        let keeper = integration
            .keeper(records, Clock::system())
            .with_context(|| file.display().to_string())?
            .context("the integration has no OAuth")?;
        let Some(consented) = self.consent(&config, integration, oauth, &keeper).await? else {
            return Ok(Outcome::UserNeeded);
        };
        let connected = keeper.connect(consented).await;
        let grant = connected.map_err(|error: ConnectError| anyhow!("integration `{}`: {error}", integration.id))?;
        let (id, account) = (&integration.id, &grant.account);
        let what = Localized::new(
            format!("интеграция «{id}» подключена к {account}"),
            format!("the integration `{id}` was connected to {account}"),
        );
        if let Err(error) = live::note_by_command(&location, &changes, what, Clock::system().now()).await {
            warn(&error);
        }
        report(&grant, id, &shown, &file.display().to_string());
        Ok(Outcome::Done)
    }

    /// The integration to be connected.
    fn integration<'a>(
        &self,
        config: &'a HarnessConfig,
    ) -> anyhow::Result<(&'a IntegrationSettings, &'a OAuthSettings)> {
        let file = self.config.file()?;
        let file = file.display();
        let chosen = config.integrations(self.integration.as_deref()).map_err(|message| message.at(&file))?;
        let with_oauth: Vec<_> = chosen
            .iter()
            .filter_map(|integration| match &integration.access {
                Access::OAuth(oauth) => Some((*integration, oauth)),
                Access::LongLived(_) | Access::NoAccount => None,
            })
            .collect();
        match with_oauth.as_slice() {
            [] if chosen.iter().all(|integration| matches!(integration.access, Access::NoAccount)) => Err(anyhow!(
                "{file}: there is no access to connect; add `client_id`, `client_secret` and `redirect_uri` (OAuth) to [[integration]]; a \
                 long-lived `token` needs no connecting"
            )),
            [] => Err(anyhow!(
                "{file}: a long-lived `token` needs no connecting; for OAuth write `client_id`, `client_secret` and `redirect_uri` instead"
            )),
            [only] => Ok(*only),
            several => {
                let known: Vec<_> = several.iter().map(|(integration, _)| format!("`{}`", integration.id)).collect();
                Err(anyhow!(
                    "{file}: there are several integrations; name one of {} with --integration",
                    known.join(", ")
                ))
            }
        }
    }

    /// What the user consented to; none where the answer has to be brought by hand.
    async fn consent(
        &self,
        config: &HarnessConfig,
        integration: &IntegrationSettings,
        oauth: &OAuthSettings,
        keeper: &Keeper,
    ) -> anyhow::Result<Option<Consented>> {
        let hosts = keeper.hosts();
        let explain = |error: ConsentError| anyhow!("the access was not given: {error}");
        if let Some(code) = &self.code {
            return consent::read_pasted(code, oauth, hosts).map(Some).map_err(explain);
        }
        let state = consent::ConsentState::random()?;
        let listener = Listener::bind(&oauth.redirect_uri).await?;
        print("Open this address in a browser, as an administrator of the amoCRM account, and allow access:");
        print("");
        print(consent::page(oauth, &state));
        if oauth.platform == Platform::Kommo {
            print("(It is Kommo's page: integrations of amoCRM and of Kommo are registered separately.)");
        }
        let Some(listener) = listener else {
            print("");
            print(format_args!(
                "The browser is then sent to {}. Copy that whole address within 20 minutes and run:",
                oauth.redirect_uri
            ));
            print("");
            let command = connect_command(&self.config.file()?, config, integration, self.state.as_ref());
            print(format_args!("{command} --code 'ADDRESS'"));
            return Ok(None);
        };
        print("");
        print(format_args!("Waiting for the answer on {}", oauth.redirect_uri));
        let answer = listener.answer(state, oauth.clone(), hosts.clone()).await?;
        answer.map(Some).map_err(explain)
    }
}

fn report(grant: &Grant, integration: &str, location: &str, config: &str) {
    let seconds = |time: jiff::Timestamp| jiff::Timestamp::from_second(time.as_second()).unwrap_or(time);
    print("");
    print_lines(&Lines::split(&format!(
        "Connected: integration `{integration}` has access to {}\n\
         The tokens are in {location}, which only this user can read.\n\
         The access token expires at {} and is refreshed by itself before that, when calls are resolved or by\n\
         `host-harness access --config {config} --keep`. Unused for three months, the access ends.\n\
         Next: host-harness call NUMBER --config {config}",
        grant.account,
        seconds(grant.expires_at),
    )));
    if grant.clock_behind_seconds.unsigned_abs() > 60 {
        print("This machine's clock differs from amoCRM's by more than a minute: set it right.");
    }
}
