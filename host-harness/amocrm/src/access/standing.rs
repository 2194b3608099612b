//! How an integration's access stands: for a person at a terminal, and for programs.

use call::one_line::Lines;
use jiff::Timestamp;
use serde::Serialize;

use super::account::{Account, Refusal, Said};
use super::grant::{FailedRefresh, Off};
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
    /// What a person should know.
    pub warnings: Vec<String>,
    /// What a person has to do, where something has to be done.
    pub action: Option<String>,
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
        let (expired, warning) = match access.warning(now) {
            Some(expired) if expired.expired => (Some(expired.to_string()), None),
            warning => (None, warning),
        };
        Self {
            account: Some(access.account.to_string()),
            state: if expired.is_some() { State::Expired } else { State::NotAsked },
            expires_at: access.expires_at(),
            action: expired,
            warnings: warning.iter().map(ToString::to_string).collect(),
            ..Self::blank(integration, Kind::LongLived)
        }
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
                    self.action = Some(refusal.to_string());
                }
            }
            Said::Unclear(why) => {
                self.state = State::Unclear;
                self.warnings.push(why);
            }
        }
        self
    }

    /// Of an integration that a keeper looks after, after the keeper looked and before amoCRM is asked. `connect` is the command that connects
    /// it.
    pub fn of_kept(integration: &str, keeper: &Keeper, looked: Result<(), LedgerError>, connect: &str) -> Self {
        let blank = Self {
            account: keeper.account().map(|account| account.to_string()),
            ..Self::blank(integration, Kind::Oauth)
        };
        if let Err(error) = looked {
            let action = match &error {
                LedgerError::Grant { .. } => format!("run `{connect}`"),
                LedgerError::Store(_) => "mend the store".to_owned(),
            };
            return Self { state: State::Unreadable, action: Some(format!("{error}; {action}")), ..blank };
        }
        let Some(grant) = keeper.grant() else {
            let action = format!("the integration is not connected to amoCRM yet: run `{connect}`");
            return Self { action: Some(action), ..blank };
        };
        let mut warnings = Vec::new();
        if grant.clock_behind_seconds.unsigned_abs() > CLOCK_DIFFERENCE {
            let direction = if grant.clock_behind_seconds > 0 { "behind" } else { "ahead of" };
            let minutes = grant.clock_behind_seconds.unsigned_abs().div_ceil(60);
            warnings.push(format!("this machine's clock is about {minutes} min {direction} amoCRM's: set it right"));
        }
        if grant.unanswered_since.is_some() && grant.off.is_none() && grant.lease.is_none() {
            warnings.push(
                "an answer of amoCRM to a refresh was lost; if the next refresh is refused, a user has to connect again".to_owned(),
            );
        }
        Self {
            state: match grant.off {
                Some(_) => State::Off,
                None if keeper.is_expired() => State::Expired,
                None => State::NotAsked,
            },
            connected_at: Some(grant.connected_at),
            expires_at: Some(grant.expires_at),
            refresh_at: keeper.refresh_at(),
            action: match (grant.off, &grant.failure) {
                (Some(off), _) => Some(format!("{}: run `{connect}`", off.reason.text())),
                (None, Some(failure)) if failure.needs_user => Some(format!(
                    "the access cannot be renewed: {}; calls use the access token in hand while it lasts, and renewing is tried again by itself",
                    failure.what
                )),
                (None, _) => None,
            },
            off: grant.off,
            failure: grant.failure,
            warnings,
            ..blank
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
            warnings: Vec::new(),
            action: None,
        }
    }
}

impl Standing {
    /// How it stands, for people.
    pub fn lines(&self) -> Lines {
        let mut out = Lines::default();
        let kind = match self.kind {
            Kind::Oauth => "OAuth",
            Kind::LongLived => "long-lived token",
        };
        let account = self.account.as_deref().unwrap_or("account not known yet");
        let state = match self.state {
            State::Connected => "connected",
            State::Expired => "expired",
            State::NotConnected => "not connected",
            State::Off => "off",
            State::Unreadable => "not readable",
            State::Refused => "refused by amoCRM",
            State::NotAsked => "not asked",
            State::Unclear => "not known",
        };
        out.line(format_args!("{}: {kind}, {account}: {state}", self.integration));
        if let Some(name) = self.account_name.as_ref().or(self.account_subdomain.as_ref()) {
            let subdomain = self.account_subdomain.as_ref().map(|subdomain| format!(" (subdomain {subdomain})"));
            out.line(format_args!("  Account: {name}{}", subdomain.unwrap_or_default()));
        }
        for (name, time) in [
            ("Connected since", self.connected_at),
            ("Access token expires", self.expires_at),
            ("Next refresh", self.refresh_at),
            ("Off since", self.off.map(|off| off.at)),
        ] {
            if let Some(time) = time {
                let time = Timestamp::from_second(time.as_second()).unwrap_or(time);
                out.line(format_args!("  {name}: {time}"));
            }
        }
        if let Some(failure) = &self.failure {
            out.line(format_args!("  Last refresh failed at {}: {}", failure.at, failure.what));
        }
        for warning in &self.warnings {
            out.line(format_args!("  Warning: {warning}"));
        }
        if let Some(action) = &self.action {
            out.line(format_args!("  To do: {action}"));
        }
        out
    }
}
