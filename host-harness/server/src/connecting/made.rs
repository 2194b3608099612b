//! A connection that is made or ended by the node's own keeper, and why it is not made.

use std::sync::Arc;

use http::StatusCode;

use super::Connecting;
use crate::configuration::{Author, no_such_integration};
use crate::problem::Problem;
use amocrm::access::account::Question;
use amocrm::access::connecting::ConnectError;
use amocrm::access::consent::{ConsentError, Consented};
use amocrm::access::{Keeper, OAuthSettings};
use amocrm::integration::{Access, Integration};
use call::{Bilingual, Localized};

/// Why an integration is not connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotMade {
    /// Nobody waits for this answer, or it came before.
    Unasked,
    /// It was waited for, and came too late.
    Expired,
    /// The integration was changed or removed meanwhile.
    Gone,
    /// There is no consent in it.
    Consent(ConsentError),
    /// amoCRM gave nothing for it, or that cannot be kept.
    Connect(ConnectError),
    /// A fault of the program.
    Fault,
}

impl NotMade {
    pub(super) fn text(&self) -> Localized {
        let (ru, en) = match self {
            Self::Unasked => (
                "этого ответа здесь не ждут: он уже использован, или подключение начато не на этом сервере; нажмите «Подключить» ещё раз",
                "nobody waits for this answer: it was used before, or connecting was not begun on this server; begin connecting again",
            ),
            Self::Expired => (
                "прошло больше 20 минут, код amoCRM больше не действует: нажмите «Подключить» ещё раз",
                "more than 20 minutes have passed, and amoCRM's code counts no more: begin connecting again",
            ),
            Self::Gone => (
                "интеграцию тем временем удалили или изменили: посмотрите её настройки и нажмите «Подключить» ещё раз",
                "the integration was removed or changed meanwhile: look at its settings and begin connecting again",
            ),
            Self::Consent(error) => return error.text(),
            Self::Connect(error) => return error.text(),
            Self::Fault => ("ошибка программы; подробности в её журнале", "a fault of the program; its log says more"),
        };
        Localized::new(ru, en)
    }

    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::Consent(ConsentError::Denied) | Self::Gone => StatusCode::CONFLICT,
            Self::Unasked | Self::Expired | Self::Consent(_) => StatusCode::BAD_REQUEST,
            Self::Connect(ConnectError::Amocrm(_)) => StatusCode::BAD_GATEWAY,
            Self::Connect(ConnectError::Store(_)) | Self::Fault => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl From<NotMade> for Problem {
    fn from(not_made: NotMade) -> Self {
        Self::localized(not_made.status(), not_made.text())
    }
}

/// What an integration is in amoCRM, and who keeps its tokens.
pub(super) fn oauth_of(integration: &Integration) -> Result<(&OAuthSettings, &Arc<Keeper>), Problem> {
    match (&integration.settings().access, integration.keeper()) {
        (Access::OAuth(oauth), Some(keeper)) => Ok((oauth, keeper)),
        (Access::LongLived(_), _) => Err(Problem::localized(
            StatusCode::CONFLICT,
            Localized::new(
                "у этой интеграции долгосрочный токен: подключать и отключать её здесь нечем. Чтобы запретить ей amoCRM, выключите интеграцию или \
                 отзовите токен в amoCRM; чтобы подключать её в браузере, впишите вместо `token` ключи `client_id`, `client_secret` и `redirect_uri`",
                "this integration has a long-lived token, so there is nothing to connect or disconnect. To keep it from amoCRM, switch the \
                 integration off or revoke the token in amoCRM; to connect it in the browser, write `client_id`, `client_secret` and \
                 `redirect_uri` in place of `token`",
            ),
        )),
        (Access::OAuth(_), None) | (Access::NoAccount, _) => Err(Problem::localized(
            StatusCode::CONFLICT,
            Localized::new(
                "у этой интеграции нет аккаунта amoCRM: впишите `client_id`, `client_secret` и `redirect_uri` в [[integration]]",
                "this integration has no amoCRM account: add `client_id`, `client_secret` and `redirect_uri` to the [[integration]]",
            ),
        )),
    }
}

impl Connecting {
    /// The integration as it is now.
    pub(super) fn integration(&self, id: &str) -> Result<Arc<Integration>, Problem> {
        self.node.revision().integrations().get(id).map(Arc::clone).ok_or_else(no_such_integration)
    }

    /// Spends the code of a consent; gives the account's address. A browser that goes away leaves nothing half done.
    pub(super) async fn connect(
        self: &Arc<Self>,
        integration: &Arc<Integration>,
        consented: Consented,
        author: Author,
    ) -> Result<String, NotMade> {
        let (state, integration) = (Arc::clone(self), Arc::clone(integration));
        let connected = tokio::spawn(async move {
            let keeper = integration.keeper().ok_or(NotMade::Gone)?;
            let grant = keeper.connect(consented).await.map_err(NotMade::Connect)?;
            let (id, account) = (&integration.settings().id, grant.account.to_string());
            let what = Localized::new(
                format!("интеграция «{id}» подключена к {account}"),
                format!("the integration `{id}` was connected to {account}"),
            );
            state.note(what, author).await;
            // What was refused before is over with the first answer that is not.
            tokio::spawn(async move {
                let nobody_reads_it = Localized::new("", "");
                let question =
                    Question { address: &grant.account, account_id: grant.account_id, renewal: &nobody_reads_it };
                question.ask(integration.http()).await
            });
            Ok(account)
        });
        connected.await.unwrap_or(Err(NotMade::Fault))
    }

    /// Forgets the access.
    pub(super) async fn disconnect(
        self: &Arc<Self>,
        integration: &Arc<Integration>,
        author: Author,
    ) -> Result<(), Problem> {
        let (_, keeper) = oauth_of(integration)?;
        let (state, keeper, id) = (Arc::clone(self), Arc::clone(keeper), integration.settings().id.clone());
        let forgotten = tokio::spawn(async move {
            let was_granted = keeper.disconnect().await?;
            if was_granted {
                let what = Localized::new(
                    format!("интеграция «{id}» отключена от amoCRM"),
                    format!("the integration `{id}` was disconnected from amoCRM"),
                );
                state.note(what, author).await;
            }
            Ok::<_, amocrm::access::LedgerError>(())
        });
        let forgotten = forgotten.await.map_err(|_| Problem::from(NotMade::Fault))?;
        forgotten.map_err(|error| {
            let text = Localized::new(
                format!("доступ не забыт, хранилище не отвечает как должно: {}", error.ru()),
                format!("the access is not forgotten, since its store fails: {error}"),
            );
            Problem::localized(StatusCode::SERVICE_UNAVAILABLE, text)
        })
    }

    async fn note(&self, what: Localized, author: Author) {
        if let Some(changes) = &self.changes {
            changes.note(what, author).await;
        }
    }
}
