//! One refresh: the lease, the refresh token spent, the new pair written; and what follows where amoCRM refuses.
//!
//! A refresh token can be used once (amoCRM facts §5.4), so nothing is sent before the record says that it is being spent, by whom and until
//! when. Whoever finds such a mark waits for its holder; where the holder did not come back, tries the token once more (Kommo allows that),
//! and where it is refused, the new tokens were lost with the answer and a user has to consent again.
//!
//! | amoCRM says | then |
//! |---|---|
//! | a new pair | it is written first of all, whatever the store does meanwhile |
//! | 401 or 404, or the account's host is gone or another's | the address is looked up at `api_domain`, and tried there once (amoCRM facts §5.7) |
//! | 401 for the token, and the account was not renamed | the integration is off (rule O6) |
//! | 401 for the integration's keys | nothing is spent; the token in hand is used on, and it is tried again later (amoCRM facts §5.5) |
//! | anything else | it is tried again later |

use std::fmt;
use std::time::Duration;

use call::Localized;
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use super::{Due, Keeper};
use crate::access::claims::Claims;
use crate::access::grant::{FailedRefresh, Grant, Lease, Off, OffReason, Pair};
use crate::access::ledger::{Kept, LedgerError};
use crate::access::token_error::TokenError;
use call::Bilingual;
use runtime::capabilities::http::{BaseUrl, Origin};

/// How long a refresh may take: three requests of 15 s at the most, and writing.
const LEASE: SignedDuration = SignedDuration::from_secs(90);
/// How often the record is looked at meanwhile.
const POLL: Duration = Duration::from_millis(100);
/// A token that replaced a refused one and is refused this soon is not refreshed yet again.
const FRESH: SignedDuration = SignedDuration::from_hours(1);

/// How a refresh went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// There was nothing to do.
    NotDue,
    /// Here and now.
    Here,
    /// Another process had done it.
    Elsewhere,
    /// The account was renamed, and its new address was found.
    Moved,
}

impl fmt::Display for Refreshed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotDue => "fresh",
            Self::Here => "refreshed",
            Self::Elsewhere => "refreshed by another process",
            Self::Moved => "the account's new address was found",
        })
    }
}

/// Why a token was not refreshed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefreshError {
    /// No user has consented yet.
    #[error("the integration is not connected yet")]
    NotConnected,
    /// The integration is off, now or already.
    #[error("{}", .0.text().en)]
    Off(OffReason),
    /// Another process is at it and does not come to an end.
    #[error("another process is refreshing and does not come to an end; it is tried again later")]
    Busy,
    /// amoCRM gave no new tokens; the ones in force stay.
    #[error("the access could not be renewed: {0}")]
    Amocrm(TokenError),
    /// The record cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// There are new tokens, and the store does not take them.
    #[error(
        "the renewed access could not be stored ({0}): mend that before this program ends, or connect again afterwards"
    )]
    NotWritten(LedgerError),
}

/// What amoCRM's answers come to.
enum Outcome {
    Renewed(Pair, BaseUrl),
    /// The refresh token is not good, and the account was not renamed.
    Refused,
    Failed(TokenError),
}

impl Keeper {
    /// Refreshes the token in force. `due` is none where somebody asked for it.
    pub(super) async fn refresh(&self, due: Option<Due>) -> Result<Refreshed, RefreshError> {
        let stale = self.grant().ok_or(RefreshError::NotConnected)?.access_token;
        let waiting_since = Instant::now();
        loop {
            let kept = self.ledger.read().await?.ok_or(RefreshError::NotConnected)?;
            self.adopt(kept.clone());
            let grant = &kept.grant;
            match grant.off {
                Some(off)
                    if due.is_some() || matches!(off.reason, OffReason::Uninstalled | OffReason::Disconnected) =>
                {
                    return Err(RefreshError::Off(off.reason));
                }
                _ => {}
            }
            if grant.access_token.expose() != stale.expose() {
                return Ok(Refreshed::Elsewhere);
            }
            let now = self.clock.now();
            if grant.lease.as_ref().is_some_and(|lease| lease.is_held(now)) {
                if waiting_since.elapsed() >= self.wait {
                    return Err(RefreshError::Busy);
                }
                sleep(POLL).await;
                continue;
            }
            let mut marked = grant.clone();
            marked.lease = Some(Lease::take(now));
            marked.unanswered_since.get_or_insert(now);
            if let Some(mine) = self.ledger.swap(&kept, marked).await.map_err(LedgerError::from)? {
                let fresh = now.duration_since(grant.received_at) < FRESH;
                return if due == Some(Due::Refused) && grant.after_refusal && fresh {
                    self.look_elsewhere(mine, grant.unanswered_since).await
                } else {
                    self.spend(mine, grant.unanswered_since, due).await
                };
            }
        }
    }

    /// Spends the refresh token of a record that is marked as being spent. `unanswered_since` is what the mark said before.
    async fn spend(
        &self,
        mine: Kept,
        unanswered_since: Option<Timestamp>,
        due: Option<Due>,
    ) -> Result<Refreshed, RefreshError> {
        self.count_refresh();
        let grant = &mine.grant;
        let outcome = match self.oauth.refresh(&grant.account, &grant.refresh_token).await {
            Ok(pair) => Outcome::Renewed(pair, grant.account.clone()),
            Err(
                error @ (TokenError::Refused
                | TokenError::WrongKeys(_)
                | TokenError::AnotherAccount
                | TokenError::NotThere(_)
                | TokenError::NotSent(_)),
            ) => self.try_elsewhere(grant, error).await,
            Err(error) => Outcome::Failed(error),
        };
        match outcome {
            Outcome::Renewed(pair, account) => {
                let mut renewed = grant.clone();
                let moved = renewed.account != account;
                renewed.account = account;
                let claims = Claims::of(&pair.access_token);
                renewed.api_domain = self.api_domain(&claims).or(renewed.api_domain);
                renewed.account_id = claims.account_id.or(renewed.account_id);
                renewed.after_refusal = due == Some(Due::Refused);
                renewed.off = None;
                renewed.renew(pair);
                self.write_renewed(mine, renewed).await?;
                info!(moved, "the access token was refreshed");
                Ok(if moved { Refreshed::Moved } else { Refreshed::Here })
            }
            Outcome::Refused => {
                let reason = if unanswered_since.is_some() { OffReason::AnswerLost } else { OffReason::Refused };
                self.give_up(mine, reason).await
            }
            Outcome::Failed(error) => self.note_failure(mine, unanswered_since, error).await,
        }
    }

    /// amoCRM does not know the token, or is not there: the account may have been renamed.
    async fn try_elsewhere(&self, grant: &Grant, error: TokenError) -> Outcome {
        let conclusive = |error| if error == TokenError::Refused { Outcome::Refused } else { Outcome::Failed(error) };
        let Some(api_domain) = &grant.api_domain else {
            return conclusive(error);
        };
        match self.oauth.current_address(api_domain, &grant.refresh_token).await {
            Ok(address) if address != *grant.account.origin() => {
                info!("the account has another address now");
                let account = BaseUrl::from(address);
                match self.oauth.refresh(&account, &grant.refresh_token).await {
                    Ok(pair) => Outcome::Renewed(pair, account),
                    Err(error) => conclusive(error),
                }
            }
            // The address is right; or the look-up does not know the token either.
            Ok(_) | Err(TokenError::Refused) => conclusive(error),
            Err(unclear @ TokenError::Host(_)) => Outcome::Failed(unclear),
            // What was said of the keys or the account is not in doubt.
            Err(_) if matches!(error, TokenError::WrongKeys(_) | TokenError::AnotherAccount) => Outcome::Failed(error),
            Err(unclear) => Outcome::Failed(unclear),
        }
    }

    /// A token that was only just refreshed is refused too: either the account is elsewhere, or refreshing does not help.
    async fn look_elsewhere(&self, mine: Kept, unanswered_since: Option<Timestamp>) -> Result<Refreshed, RefreshError> {
        let Some(api_domain) = mine.grant.api_domain.clone() else {
            return self.give_up(mine, OffReason::FreshTokenRefused).await;
        };
        match self.oauth.current_address(&api_domain, &mine.grant.refresh_token).await {
            Ok(address) if address != *mine.grant.account.origin() => {
                let mut moved = mine.grant.clone();
                moved.account = address.into();
                (moved.lease, moved.unanswered_since, moved.after_refusal) = (None, unanswered_since, false);
                self.write(mine, moved).await?;
                info!("the account has another address now");
                Ok(Refreshed::Moved)
            }
            Ok(_) | Err(TokenError::Refused) => self.give_up(mine, OffReason::FreshTokenRefused).await,
            Err(unclear) => self.note_failure(mine, unanswered_since, unclear).await,
        }
    }

    /// Asks where the account is, and follows it there. Nothing is spent.
    pub(super) async fn follow(&self) -> Result<Refreshed, RefreshError> {
        let grant = self.grant().ok_or(RefreshError::NotConnected)?;
        let Some(api_domain) = &grant.api_domain else {
            return Ok(Refreshed::NotDue);
        };
        let address =
            self.oauth.current_address(api_domain, &grant.refresh_token).await.map_err(RefreshError::Amocrm)?;
        if address == *grant.account.origin() {
            return Ok(Refreshed::NotDue);
        }
        let changed =
            self.ledger.change(|seen| (seen.account == grant.account).then(|| seen.moved_to(address.clone().into())));
        if let Some(kept) = changed.await? {
            self.adopt(kept);
        }
        info!("the account has another address now");
        Ok(Refreshed::Moved)
    }

    async fn give_up(&self, mine: Kept, reason: OffReason) -> Result<Refreshed, RefreshError> {
        warn!(reason = reason.text().en, "the integration is off");
        let mut off = mine.grant.clone();
        (off.lease, off.unanswered_since) = (None, None);
        off.off = Some(Off { at: self.clock.now(), reason });
        self.write(mine, off).await?;
        Err(RefreshError::Off(reason))
    }

    async fn note_failure(
        &self,
        mine: Kept,
        unanswered_since: Option<Timestamp>,
        error: TokenError,
    ) -> Result<Refreshed, RefreshError> {
        let mut failed = mine.grant.clone();
        failed.lease = None;
        if !matches!(error, TokenError::Unanswered(_)) {
            failed.unanswered_since = unanswered_since;
        }
        let (Localized { ru, en }, at) = (error.text(), self.clock.now());
        failed.failure = Some(FailedRefresh { at, what: en, what_ru: ru, needs_user: error.needs_user() });
        self.write(mine, failed).await?;
        Err(RefreshError::Amocrm(error))
    }

    /// Writes what became of the record that was marked, unless it was replaced meanwhile (a user connected again, say).
    async fn write(&self, mine: Kept, grant: Grant) -> Result<(), LedgerError> {
        let spent = mine.grant.refresh_token.clone();
        let written = self.ledger.change(|seen| {
            (seen.refresh_token.expose() == spent.expose()).then(|| grant.with_off(grant.off.or(seen.off)))
        });
        if let Some(kept) = written.await? {
            self.adopt(kept);
        }
        Ok(())
    }

    /// Writes a new pair in place of the spent one. Where the store does not take it, it is kept in memory and tried again.
    pub(super) async fn write_renewed(&self, spent: Kept, renewed: Grant) -> Result<(), RefreshError> {
        let off_before = spent.grant.off;
        let token = spent.grant.refresh_token.clone();
        let written = self.ledger.change(|seen| {
            // Off for another reason than the one that this refresh has just removed: uninstalled meanwhile.
            let off = seen.off.filter(|off| Some(*off) != off_before);
            (seen.refresh_token.expose() == token.expose()).then(|| renewed.with_off(off))
        });
        match written.await {
            Ok(Some(kept)) => {
                self.adopt(kept);
                Ok(())
            }
            Ok(None) => Err(RefreshError::NotConnected),
            Err(error) => {
                self.hold_unwritten(spent, renewed);
                Err(RefreshError::NotWritten(error))
            }
        }
    }

    /// Where a token says that the account's address is asked for, if that is a host of amoCRM's.
    pub(in crate::access) fn api_domain(&self, claims: &Claims) -> Option<Origin> {
        claims.api_domain.as_deref().and_then(|named| self.oauth.hosts.judge(named).ok())
    }
}

impl Lease {
    /// A lease from now on, for a holder of its own.
    fn take(now: Timestamp) -> Self {
        let mut name = [0; 16];
        // Only tells two leases apart in the record.
        let _ = getrandom::fill(&mut name);
        let holder = base16ct::lower::encode_string(&name);
        Self { holder, until: now.saturating_add(LEASE).unwrap_or(now) }
    }

    /// Whether its holder may still be at it. A lease that ends later than one taken now would was taken by a clock that was wrong.
    fn is_held(&self, now: Timestamp) -> bool {
        (now..=now.saturating_add(LEASE).unwrap_or(now)).contains(&self.until) && self.until > now
    }
}

impl Bilingual for Refreshed {
    fn ru(&self) -> String {
        match self {
            Self::NotDue => "токен доступа действует",
            Self::Here => "токен доступа продлён",
            Self::Elsewhere => "токен доступа продлён другим процессом",
            Self::Moved => "найден новый адрес аккаунта",
        }
        .to_owned()
    }
}

impl Bilingual for RefreshError {
    fn ru(&self) -> String {
        match self {
            Self::NotConnected => "интеграция ещё не подключена".to_owned(),
            Self::Off(reason) => reason.text().ru,
            Self::Busy => "доступ продлевает другой процесс и никак не закончит; программа попробует позже".to_owned(),
            Self::Amocrm(error) => format!("доступ не удалось продлить: {}", error.text().ru),
            Self::Ledger(error) => error.ru(),
            Self::NotWritten(error) => format!(
                "продлённый доступ не удалось сохранить ({}): исправьте это, пока программа работает, или потом подключите интеграцию заново",
                error.ru()
            ),
        }
    }
}
