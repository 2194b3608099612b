//! Connecting: the code of a user's consent becomes the grant that is kept.

use tracing::info;

use super::claims::Claims;
use super::consent::Consented;
use super::grant::Grant;
use super::keeper::Keeper;
use super::oauth::TokenError;
use runtime::store::StoreError;

/// Why an integration is not connected although a user consented.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// amoCRM gave no tokens.
    #[error("{}", connect_error(.0))]
    Amocrm(TokenError),
    /// The tokens cannot be kept.
    #[error("amoCRM gave access, but it cannot be stored: {0}; mend that and connect again")]
    Store(StoreError),
}

fn connect_error(error: &TokenError) -> String {
    match error {
        // amoCRM answers either to a bad code as to bad keys (amoCRM facts §5.5).
        TokenError::Refused | TokenError::Misconfigured => {
            "amoCRM did not accept the code: it is older than 20 minutes or was used already, or `client_id`, `client_secret` or \
             `redirect_uri` is not the integration's; correct that and connect again"
                .to_owned()
        }
        other => format!("amoCRM gave no access: {other}; then connect again"),
    }
}

impl Keeper {
    /// Spends the code that a user's consent gave, and keeps what amoCRM gives for it in place of whatever was there. The integration is on.
    pub async fn connect(&self, consented: Consented) -> Result<Grant, ConnectError> {
        let Consented { code, account } = consented;
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
}
