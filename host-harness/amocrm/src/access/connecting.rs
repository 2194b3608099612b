//! Connecting: the code of a user's consent becomes the grant that is kept. And disconnecting: the grant is forgotten.

use std::fmt;

use tracing::{info, warn};

use super::claims::Claims;
use super::consent::Consented;
use super::grant::{Grant, OffReason};
use super::keeper::Keeper;
use super::ledger::LedgerError;
use super::token_error::TokenError;
use call::{Bilingual, Localized};
use runtime::store::StoreError;

/// Why an integration is not connected although a user consented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectError {
    /// amoCRM gave no tokens.
    Amocrm(TokenError),
    /// The tokens cannot be kept.
    Store(StoreError),
}

impl ConnectError {
    /// Why, and what to do, for people.
    pub fn text(&self) -> Localized {
        match self {
            // amoCRM answers either to a bad code as to bad keys (amoCRM facts §5.5).
            Self::Amocrm(TokenError::Refused | TokenError::Misconfigured) => Localized::new(
                "amoCRM не приняла код: ему больше 20 минут, он уже использован, или `client_id`, `client_secret` или `redirect_uri` не от этой \
                 интеграции; исправьте это и подключите ещё раз",
                "amoCRM did not accept the code: it is older than 20 minutes or was used already, or `client_id`, `client_secret` or \
                 `redirect_uri` is not the integration's; correct that and connect again",
            ),
            Self::Amocrm(error) => {
                let Localized { ru, en } = error.text();
                Localized::new(
                    format!("amoCRM не дала доступа: {ru}; затем подключите ещё раз"),
                    format!("amoCRM gave no access: {en}; then connect again"),
                )
            }
            Self::Store(error) => Localized::new(
                format!(
                    "amoCRM дала доступ, но его не удалось сохранить: {}; исправьте это и подключите ещё раз",
                    error.ru()
                ),
                format!("amoCRM gave access, but it cannot be stored: {error}; mend that and connect again"),
            ),
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text().en)
    }
}

impl std::error::Error for ConnectError {}

impl Keeper {
    /// Spends the code that a user's consent gave, and keeps what amoCRM gives for it in place of whatever was there. The integration is on.
    pub async fn connect(&self, consented: Consented) -> Result<Grant, ConnectError> {
        let Consented { code, account } = consented;
        self.oauth.settings.client_secret.reload().await;
        let pair = self.oauth.exchange(&account, &code).await.map_err(ConnectError::Amocrm)?;
        let claims = Claims::of(&pair.access_token);
        let kept = self.ledger.replace(|before| {
            // The same account keeps its values, also under another name.
            let same = before.filter(|before| {
                before.account == account || (before.account_id.is_some() && before.account_id == claims.account_id)
            });
            let namespace = same.map_or_else(|| self.ledger.namespace_of(&account), |before| before.namespace.clone());
            let mut grant = Grant::new(account.clone(), namespace, pair.clone());
            grant.account_id = claims.account_id;
            grant.api_domain = self.api_domain(&claims);
            grant
        });
        let kept = kept.await.map_err(ConnectError::Store)?;
        info!("a user connected the integration");
        let grant = kept.grant.clone();
        self.adopt(kept);
        Ok(grant)
    }
    /// Forgets what a user granted. No token is left in the store or in this process, and the integration is off (rule O6) until a user connects it
    /// again. False where nothing was granted.
    pub async fn disconnect(&self) -> Result<bool, LedgerError> {
        let (at, mut was_granted) = (self.clock.now(), false);
        let changed = self.ledger.change(|grant| {
            was_granted = grant.off.is_none_or(|off| off.reason != OffReason::Disconnected);
            was_granted.then(|| grant.forgotten(at))
        });
        if let Some(kept) = changed.await? {
            self.adopt(kept);
        }
        self.forget_unwritten();
        if was_granted {
            warn!("an administrator disconnected the integration");
        }
        Ok(was_granted)
    }
}
