//! How an integration's access stands: for a person at a terminal, and for programs.

use call::one_line::Lines;
use call::{Bilingual, Language, Localized};
use jiff::Timestamp;
use serde::Serialize;

use super::account::{Account, Refusal, Said};
use super::grant::{FailedRefresh, Grant, Off};
use super::health::Health;
use super::keeper::Keeper;
use super::ledger::LedgerError;
use super::long_lived::LongLived;

/// A difference of clocks that is worth saying, in seconds.
const CLOCK_DIFFERENCE: u64 = 60;

/// How one integration's access stands. Fields may be added to the JSON, none renamed.
#[derive(Clone, Debug, Serialize)]
pub struct Standing {
    /// The integration.
    pub integration: String,
    /// What kind of access it has.
    pub kind: Kind,
    /// The account's address, where it is known.
    pub account: Option<String>,
    /// What amoCRM calls the account, where it was asked.
    pub account_name: Option<String>,
    /// The account's subdomain, where amoCRM was asked.
    pub account_subdomain: Option<String>,
    /// Whether calls can be resolved with it.
    pub state: State,
    /// When a user consented.
    pub connected_at: Option<Timestamp>,
    /// When the access token expires.
    pub expires_at: Option<Timestamp>,
    /// When it is refreshed.
    pub refresh_at: Option<Timestamp>,
    /// Since when and why the integration is off.
    pub off: Option<Off>,
    /// The last refresh, where it failed.
    pub failure: Option<FailedRefresh>,
    /// Since when amoCRM refuses its requests.
    pub refused_since: Option<Timestamp>,
    /// What a person should know.
    pub warnings: Vec<String>,
    /// The same in Russian.
    pub warnings_ru: Vec<String>,
    /// What a person has to do, where something has to be done.
    pub action: Option<String>,
    /// The same in Russian.
    pub action_ru: Option<String>,
}

/// The kinds of access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// OAuth, kept by the host.
    Oauth,
    /// A long-lived token.
    LongLived,
}

/// Whether calls can be resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// They can: amoCRM was asked, and answered as the account does.
    Connected,
    /// The access token has expired; with OAuth it is refreshed before the next call.
    Expired,
    /// No user has consented yet.
    NotConnected,
    /// The integration is off (rule O6).
    Off,
    /// The record cannot be read.
    Unreadable,
    /// amoCRM refuses them.
    Refused,
    /// amoCRM was not asked.
    NotAsked,
    /// amoCRM was asked, and its answer does not tell.
    Unclear,
}

impl Standing {
    /// Of an integration with a long-lived token, before amoCRM is asked.
    pub fn of_long_lived(integration: &str, access: &LongLived, now: Timestamp) -> Self {
        let mut standing = Self {
            account: Some(access.account.to_string()),
            state: State::NotAsked,
            expires_at: access.expires_at(),
            ..Self::blank(integration, Kind::LongLived)
        };
        match access.warning(now) {
            Some(expired) if expired.expired => {
                standing.state = State::Expired;
                standing.act(expired.text());
            }
            Some(expiring) => standing.warn(expiring.text()),
            None => {}
        }
        standing
    }

    /// The same of an integration that its configuration switches off: its access is one thing, and whether calls use it another (rule O6).
    #[must_use]
    pub fn switched_off(mut self) -> Self {
        self.warn(Localized::new(
            "интеграция выключена в настройках (`enabled = false`): звонки идут к связанной операции",
            "the integration is switched off in the configuration (`enabled = false`): calls go to the linked operation",
        ));
        self
    }

    /// The same with what is known of amoCRM's answers to its requests.
    #[must_use]
    pub(crate) fn observed(mut self, health: &Health) -> Self {
        if let Some(refused) = health.refused() {
            self.refused_since = Some(refused.since);
            // An access that has ended or was never there says more than that requests are refused.
            if matches!(self.state, State::NotAsked | State::Expired | State::Connected) {
                self.state = State::Refused;
            }
            if self.action.is_none() {
                self.act(refused.text());
            }
        } else if self.state == State::NotAsked && health.answers() {
            self.state = State::Connected;
        }
        self
    }

    fn act(&mut self, text: Localized) {
        (self.action, self.action_ru) = (Some(text.en), Some(text.ru));
    }

    fn warn(&mut self, text: Localized) {
        self.warnings.push(text.en);
        self.warnings_ru.push(text.ru);
    }

    /// The same after amoCRM was asked.
    #[must_use]
    pub fn told(mut self, said: Said) -> Self {
        match said {
            Said::Accepted(Account { name, subdomain, .. }) => {
                (self.account_name, self.account_subdomain) = (name, subdomain);
                self.state = State::Connected;
            }
            Said::Refused(refusal) => {
                self.state = State::Refused;
                // Why a token could not be renewed says more than that it is refused.
                if self.action.is_none() || !matches!(refusal, Refusal::Token(_)) {
                    self.act(refusal.text());
                }
            }
            Said::Unclear(why) => {
                self.state = State::Unclear;
                self.warn(why);
            }
        }
        self
    }

    /// Of an integration that a keeper looks after, after the keeper looked and before amoCRM is asked. `connect` is the command that connects
    /// it.
    pub fn of_kept(integration: &str, keeper: &Keeper, looked: Result<(), LedgerError>, connect: &str) -> Self {
        let mut standing = Self {
            account: keeper.account().map(|account| account.to_string()),
            ..Self::blank(integration, Kind::Oauth)
        };
        if let Err(error) = looked {
            let (ru, en) = match &error {
                LedgerError::Grant { .. } => (format!("выполните `{connect}`"), format!("run `{connect}`")),
                LedgerError::Store(_) => ("исправьте хранилище".to_owned(), "mend the store".to_owned()),
            };
            standing.state = State::Unreadable;
            standing.act(Localized::new(format!("{}; {ru}", error.ru()), format!("{error}; {en}")));
            return standing;
        }
        let Some(grant) = keeper.grant() else {
            standing.act(Localized::new(
                format!("интеграция ещё не подключена к amoCRM: подключите её на странице сервера или выполните `{connect}`"),
                format!("the integration is not connected to amoCRM yet: connect it on the server's page, or run `{connect}`"),
            ));
            return standing;
        };
        standing.warn_of(&grant);
        standing.state = match grant.off {
            Some(_) => State::Off,
            None if keeper.is_expired() => State::Expired,
            None => State::NotAsked,
        };
        match (grant.off, &grant.failure) {
            (Some(off), _) => {
                let Localized { ru, en } = off.reason.text();
                standing.act(Localized::new(
                    format!("{ru}: подключите её на странице сервера или выполните `{connect}`"),
                    format!("{en}: connect it on the server's page, or run `{connect}`"),
                ));
            }
            (None, Some(failure)) if failure.needs_user => standing.act(Localized::new(
                format!(
                    "доступ не продлевается: {}; пока действует имеющийся токен, звонки идут с ним, а продление повторяется само",
                    failure.text(Language::Ru)
                ),
                format!(
                    "the access cannot be renewed: {}; calls use the access token in hand while it lasts, and renewing is tried again by itself",
                    failure.what
                ),
            )),
            (None, _) => {}
        }
        Self {
            connected_at: Some(grant.connected_at),
            expires_at: Some(grant.expires_at),
            refresh_at: keeper.refresh_at(),
            off: grant.off,
            failure: grant.failure,
            ..standing
        }
    }

    /// What the grant itself gives reason to warn of.
    fn warn_of(&mut self, grant: &Grant) {
        let behind = grant.clock_behind_seconds;
        if behind.unsigned_abs() > CLOCK_DIFFERENCE {
            let (direction_ru, direction) =
                if behind > 0 { ("отстают", "behind") } else { ("спешат", "ahead of") };
            let minutes = behind.unsigned_abs().div_ceil(60);
            self.warn(Localized::new(
                format!("часы этого компьютера {direction_ru} от часов amoCRM примерно на {minutes} мин: установите их точно"),
                format!("this machine's clock is about {minutes} min {direction} amoCRM's: set it right"),
            ));
        }
        if grant.unanswered_since.is_some() && grant.off.is_none() && grant.lease.is_none() {
            self.warn(Localized::new(
                "ответ amoCRM на продление доступа потерялся; если она откажет в следующем, доступ придётся подключить заново",
                "an answer of amoCRM to a refresh was lost; if the next refresh is refused, a user has to connect again",
            ));
        }
    }

    fn blank(integration: &str, kind: Kind) -> Self {
        Self {
            integration: integration.to_owned(),
            kind,
            account: None,
            account_name: None,
            account_subdomain: None,
            state: State::NotConnected,
            connected_at: None,
            expires_at: None,
            refresh_at: None,
            off: None,
            failure: None,
            refused_since: None,
            warnings: Vec::new(),
            warnings_ru: Vec::new(),
            action: None,
            action_ru: None,
        }
    }
}

impl Standing {
    /// What a person has to do, where something has to be done.
    pub fn action(&self, language: Language) -> Option<&str> {
        let (ru, en) = (self.action_ru.as_deref()?, self.action.as_deref()?);
        Some(language.say(ru, en))
    }

    /// What a person should know.
    pub fn warnings(&self, language: Language) -> &[String] {
        match language {
            Language::Ru => &self.warnings_ru,
            Language::En => &self.warnings,
        }
    }

    /// How it stands, for people.
    pub fn lines(&self, language: Language) -> Lines {
        let say = |ru, en| language.say(ru, en);
        let mut out = Lines::default();
        let kind = match self.kind {
            Kind::Oauth => "OAuth",
            Kind::LongLived => say("долгосрочный токен", "long-lived token"),
        };
        let account = self.account.as_deref().unwrap_or(say("аккаунт ещё не известен", "account not known yet"));
        out.line(format_args!("{}: {kind}, {account}: {}", self.integration, self.state.text(language)));
        if let Some(name) = self.account_name.as_ref().or(self.account_subdomain.as_ref()) {
            let subdomain = say("поддомен", "subdomain");
            let subdomain = self.account_subdomain.as_ref().map(|of_account| format!(" ({subdomain} {of_account})"));
            out.line(format_args!("  {}: {name}{}", say("Аккаунт", "Account"), subdomain.unwrap_or_default()));
        }
        for (name, time) in [
            (say("Подключена", "Connected since"), self.connected_at),
            (say("Срок токена доступа", "Access token expires"), self.expires_at),
            (say("Следующее продление", "Next refresh"), self.refresh_at),
            (say("Отключена с", "Off since"), self.off.map(|off| off.at)),
            (say("Отказ с", "Refused since"), self.refused_since),
        ] {
            if let Some(time) = time {
                let time = Timestamp::from_second(time.as_second()).unwrap_or(time);
                out.line(format_args!("  {name}: {time}"));
            }
        }
        if let Some(failure) = &self.failure {
            let failed = say("Последнее продление не удалось", "Last refresh failed at");
            out.line(format_args!("  {failed} {}: {}", failure.at, failure.text(language)));
        }
        for warning in self.warnings(language) {
            out.line(format_args!("  {}: {warning}", say("Внимание", "Warning")));
        }
        if let Some(action) = self.action(language) {
            out.line(format_args!("  {}: {action}", say("Что делать", "To do")));
        }
        out
    }
}

impl State {
    const fn text(self, language: Language) -> &'static str {
        match self {
            Self::Connected => language.say("подключена", "connected"),
            Self::Expired => language.say("срок истёк", "expired"),
            Self::NotConnected => language.say("не подключена", "not connected"),
            Self::Off => language.say("отключена", "off"),
            Self::Unreadable => language.say("не читается", "not readable"),
            Self::Refused => language.say("amoCRM отказывает", "refused by amoCRM"),
            Self::NotAsked => language.say("amoCRM не спрашивали", "not asked"),
            Self::Unclear => language.say("не известно", "not known"),
        }
    }
}
