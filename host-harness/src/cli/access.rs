//! `host-harness access`: how each integration's access stands, refreshing it now, and keeping it fresh. Also what `call` says and does about
//! access before and after its call.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::config_file::Config;
use super::{LanguageChoice, Outcome, Stop, language, print, print_json, print_lines, say, warn};
use crate::config::HarnessConfig;
use crate::live::Hangups;
use amocrm::access::account::{Question, Said};
use amocrm::access::keeper::Due;
use amocrm::access::standing::State;
use amocrm::access::{Keeper, LongLived, RefreshError, Refreshed, Standing};
use amocrm::integration::{Access as IntegrationAccess, Integration, IntegrationSettings};
use call::{Bilingual, Language, Localized, localized};
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::http::OutboundHttp;
use runtime::store::Stores;
use stores::{self, StoreLocation, StoreWarning};

/// How long `call` stays after its answer to refresh a token that amoCRM refused.
const AFTER_CALL: Duration = Duration::from_secs(60);

/// Ask amoCRM whether each integration's access works, and show how it stands
///
/// Each account is asked for itself, with the token in hand; with OAuth it is refreshed first where that is due. Ends with 2 where a person has
/// to do something.
#[derive(Args)]
pub(super) struct Access {
    #[command(flatten)]
    config: Config,
    /// Only this integration
    #[arg(long, value_name = "ID")]
    integration: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// The language of the text [default: that of the environment]
    #[arg(long)]
    pub(super) lang: Option<LanguageChoice>,
    /// Ask nobody: show only what is stored
    #[arg(long, conflicts_with_all = ["refresh", "keep"])]
    offline: bool,
    /// Refresh the access tokens now, due or not
    #[arg(long)]
    refresh: bool,
    /// Stay and keep the access tokens fresh, until interrupted
    #[arg(long)]
    keep: bool,
    /// Where values are kept: a directory, or redis://… [default: the configured store, or the user's state directory]
    #[arg(long, value_name = "DIR")]
    state: Option<StoreLocation>,
}

impl Access {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        // From the beginning, where the command stays: it must not end it.
        let hangups = if self.keep { Some(Hangups::new()?) } else { None };
        let file = self.config.file()?;
        let config = HarnessConfig::read(&file)?;
        let integrations =
            config.integrations(self.integration.as_deref()).map_err(|message| message.at(file.display()))?;
        let stores = durable(&self.state.clone().or(config.store.clone()).unwrap_or_default())?;
        if let [only] = integrations.as_slice()
            && matches!(only.access, IntegrationAccess::NoAccount)
        {
            return Err(no_account(only).at(file.display()).into());
        }
        let mut outcome = Outcome::Done;
        let mut standings = Vec::new();
        let mut keepers = Vec::new();
        for settings in integrations {
            let integration =
                Integration::new(settings.clone(), stores.clone()).with_context(|| file.display().to_string())?;
            let standing = match (&settings.access, integration.keeper()) {
                (IntegrationAccess::OAuth(_), Some(keeper)) => {
                    let connect = connect_command(&file, &config, settings, self.state.as_ref());
                    let keeping = Keeping { keeper, id: &settings.id, connect: &connect };
                    if self.refresh && !keeping.refreshed(keeper.refresh_now().await) {
                        outcome = Outcome::UserNeeded;
                    }
                    let said = if self.offline { None } else { keeping.ask(integration.http()).await };
                    keepers.push(Arc::clone(keeper));
                    keeping.standing(said).await
                }
                (IntegrationAccess::LongLived(access), _) => {
                    let standing = Standing::of_long_lived(&settings.id, access, Clock::system().now());
                    if self.offline || standing.state == State::Expired {
                        standing
                    } else {
                        standing.told(access.ask(integration.http()).await)
                    }
                }
                (IntegrationAccess::OAuth(_), None) | (IntegrationAccess::NoAccount, _) => continue,
            };
            let standing = if settings.enabled { standing } else { standing.switched_off() };
            if standing.action.is_some() {
                outcome = Outcome::UserNeeded;
            }
            standings.push(standing);
        }
        if self.json {
            print_json(&json!({ "version": 1, "integrations": standings }))?;
        } else {
            for standing in &standings {
                print_lines(&standing.lines(language()));
            }
            if self.offline {
                let stored = Localized::new(
                    "примечание: показано только то, что сохранено; что amoCRM отвечала работающему серверу, знает его консоль",
                    "note: this is only what is stored; what amoCRM answered to a running server, its console knows",
                );
                print(stored.get(language()));
            }
        }
        if let Some(mut hangups) = hangups {
            let mut keeping = JoinSet::new();
            for keeper in keepers {
                keeping.spawn(async move { keeper.keep().await });
            }
            say(&Localized::new(
                "токены доступа продлеваются, пока команду не прервут",
                "keeping the access tokens fresh until interrupted",
            ));
            let interrupted = tokio::signal::ctrl_c();
            tokio::pin!(interrupted);
            loop {
                tokio::select! {
                    // From the first look on, whatever comes first.
                    biased;
                    ended = &mut interrupted => break ended.context("cannot wait for an interrupt")?,
                    () = hangups.next() => say(&Localized::new(
                        "команда продолжается; файл `client_secret` перечитывается сам, после других изменений в настройках запустите её заново",
                        "the command goes on; a `client_secret` file is read again by itself, for other changes of the configuration start it again",
                    )),
                }
            }
            // A refresh under way keeps its mark in the store; the next process takes it over.
            keeping.shutdown().await;
        }
        Ok(outcome)
    }
}

/// An integration whose tokens are kept, while its access is shown.
struct Keeping<'a> {
    keeper: &'a Keeper,
    id: &'a str,
    /// The command that connects it.
    connect: &'a str,
}

impl Keeping<'_> {
    /// Says how a refresh went, and whether it went well.
    fn refreshed(&self, outcome: Result<Refreshed, RefreshError>) -> bool {
        match &outcome {
            Ok(refreshed) => say(&of(self.id, &refreshed.text())),
            Err(error) => say(&of(self.id, &error.text())),
        }
        outcome.is_ok()
    }

    /// Refreshes where that is due, and says how it went. Whether there is anything new to ask with.
    async fn refreshes(&self) -> bool {
        match self.keeper.refresh_if_due().await {
            Ok(Refreshed::NotDue) => false,
            outcome => self.refreshed(outcome),
        }
    }

    /// What amoCRM says of the token in hand; none where there is none that could be used.
    async fn ask(&self, http: &OutboundHttp) -> Option<Said> {
        self.refreshes().await;
        let mut said = self.ask_once(http).await?;
        // amoCRM may refuse the token before its time, or be at another address: then there is another token or address to ask with. What it
        // says to that is taken.
        if self.refreshes().await {
            said = self.ask_once(http).await?;
            self.refreshes().await;
        }
        Some(said)
    }

    async fn ask_once(&self, http: &OutboundHttp) -> Option<Said> {
        let grant = self.keeper.grant().filter(|grant| grant.off.is_none() && !self.keeper.is_expired())?;
        let connect = self.connect;
        let renewal = Localized::new(format!("выполните `{connect}`"), format!("run `{connect}`"));
        let question = Question { address: &grant.account, account_id: grant.account_id, renewal: &renewal };
        Some(question.ask(http).await)
    }

    async fn standing(&self, said: Option<Said>) -> Standing {
        let looked = self.keeper.look().await;
        let standing = Standing::of_kept(self.id, self.keeper, looked, self.connect);
        match said {
            // What amoCRM said may have been followed by the end of the access.
            Some(said) if standing.state == State::NotAsked => standing.told(said),
            _ => standing,
        }
    }
}

/// Says that an integration has no account to ask, and what to do about it.
pub(super) fn no_account(settings: &IntegrationSettings) -> Localized {
    let id = &settings.id;
    match settings.access {
        IntegrationAccess::NoAccount => localized!(
            "у интеграции `{id}` нет аккаунта, поэтому и доступа к нему нет; добавьте в её [[integration]] `account` и `token` либо \
             `client_id`, `client_secret` и `redirect_uri` (OAuth)",
            "integration `{id}` has no account, so there is no access to it; add `account` and `token`, or `client_id`, `client_secret` and \
             `redirect_uri` (OAuth), to its [[integration]]"
        ),
        IntegrationAccess::LongLived(_) | IntegrationAccess::OAuth(_) => {
            localized!(
                "интеграция `{id}` ещё не подключена к аккаунту; выполните `host-harness connect`",
                "integration `{id}` is not connected to an account yet; run `host-harness connect`"
            )
        }
    }
}

/// The stores, the records being durable: access that is kept nowhere else would be lost.
pub(super) fn durable(location: &StoreLocation) -> Result<Stores, Localized> {
    if *location == StoreLocation::Memory {
        return Err(Localized::new(
            "--state memory ничего не хранит; укажите каталог или сервер либо уберите его",
            "--state memory keeps nothing; name a directory or a server, or leave it out",
        ));
    }
    let (stores, warnings) = stores::open(location);
    for warning in warnings {
        match warning {
            StoreWarning::Unusable(error) | StoreWarning::Records(error) | StoreWarning::Away(error) => {
                return Err(error.into());
            }
            StoreWarning::NoHome => {
                return Err(Localized::new(
                    "у этого пользователя нет домашнего каталога, хранить состояние негде; укажите каталог в --state",
                    "this user has no home directory to keep state in; name a directory with --state",
                ));
            }
            StoreWarning::Cache(_)
            | StoreWarning::Restored { .. }
            | StoreWarning::Lost { .. }
            | StoreWarning::Losable { .. } => warn(&warning.into()),
        }
    }
    Ok(stores)
}

/// The command that connects an integration of this file, with the store of this command.
pub(super) fn connect_command(
    file: &Path,
    config: &HarnessConfig,
    integration: &IntegrationSettings,
    state: Option<&StoreLocation>,
) -> String {
    let only = config.integrations.len() == 1;
    let named = if only { String::new() } else { format!(" --integration {}", integration.id) };
    let kept = match state {
        Some(StoreLocation::Directory(directory)) => format!(" --state {}", directory.display()),
        Some(StoreLocation::Redis(location)) => format!(" --state '{location}'"),
        Some(StoreLocation::UserState | StoreLocation::Memory) | None => String::new(),
    };
    format!("host-harness connect --config {}{named}{kept}", file.display())
}

/// Says of a long-lived token what there is to say before a call.
pub(super) fn warn_of_expiry(integration: &str, access: &LongLived) {
    if let Some(warning) = access.warning(Clock::system().now()) {
        warn(&of(integration, &warning.text()));
    }
}

/// Says what a server's integration waits for a person to do, before it takes calls.
pub(super) fn warn_of_standing(id: &str, integration: &Integration) {
    let Some(standing) = integration.standing(id, Clock::system().now()) else { return };
    let (ru, en) = (standing.warnings(Language::Ru), standing.warnings(Language::En));
    for (ru, en) in ru.iter().zip(en) {
        warn(&of(id, &Localized::new(ru, en)));
    }
    warn_of_action(id, &standing);
}

fn warn_of_action(id: &str, standing: &Standing) -> bool {
    let action = standing.action(Language::Ru).zip(standing.action(Language::En));
    action.map(|(ru, en)| warn(&of(id, &Localized::new(ru, en)))).is_some()
}

/// What is said of an integration.
fn of(id: &str, what: &Localized) -> Localized {
    localized!("интеграция `{id}`", "integration `{id}`").then(": ", what)
}

/// Before a call: the record is read, and a token that has expired is refreshed, so that no call meets a refusal that could be foreseen.
pub(super) async fn before_call(integration: &str, keeper: &Keeper, connect: &str) {
    let looked = keeper.look().await;
    if looked.is_ok() && keeper.is_expired() {
        let expired = Localized::new(
            "срок токена доступа истёк; до звонка он продлевается",
            "the access token has expired; it is refreshed before the call",
        );
        say(&of(integration, &expired));
        if let Err(error) = keeper.refresh_if_due().await {
            warn(&of(integration, &error.text()));
        }
    }
    warn_of_action(integration, &Standing::of_kept(integration, keeper, looked, connect));
}

/// After a call was answered: a token that amoCRM refused is refreshed, once, before the process ends.
pub(super) async fn after_call(integration: &str, keeper: &Keeper, connect: &str) {
    let what = match keeper.due() {
        Some(Due::Refused) => Localized::new(
            "amoCRM не приняла токен доступа; к следующему звонку он продлевается",
            "amoCRM refused the access token; it is refreshed for the next call",
        ),
        Some(Due::Misdirected) => Localized::new(
            "по этому адресу нет аккаунта; выясняется новый адрес",
            "there is no account at this address; its new one is looked up",
        ),
        Some(Due::Age) | None => return,
    };
    say(&of(integration, &what));
    match timeout(AFTER_CALL, keeper.refresh_if_due()).await {
        Ok(Ok(refreshed)) => say(&of(integration, &refreshed.text())),
        Ok(Err(error)) => {
            if !warn_of_action(integration, &Standing::of_kept(integration, keeper, Ok(()), connect)) {
                warn(&of(integration, &error.text()));
            }
        }
        Err(_) => {
            let late = Localized::new(
                "продление не закончилось; его продолжит следующее",
                "the refresh did not end; the next one takes it over",
            );
            warn(&of(integration, &late));
        }
    }
}
