//! One audit: begun, watched, ended.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use amocrm::audit::findings::Finding;
use amocrm::audit::{self, AuditReport, Subject};
use amocrm::integration::Integration;
use call::{Bilingual, Localized};
use node::Node;
use runtime::capabilities::http::Ask;

/// How many requests an audit makes in a second, at most.
const REQUESTS_PER_SECOND: u32 = 3;

/// How an audit stands. Fields may be added, none is renamed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Audit {
    /// Counted from 1 for each integration, since the start of the server.
    pub(super) id: u64,
    /// Whether it goes on.
    pub(super) state: AuditState,
    /// When it was begun.
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    /// What is read just now; null before the first page, and at the end.
    progress: Option<AuditProgress>,
    /// The account; null until it is done.
    account: Option<String>,
    /// How many users the account has; null until it is done, as what follows.
    users: Option<usize>,
    /// How many contacts were looked at, deleted ones left out.
    contacts: Option<u64>,
    /// How many of them have no telephone number.
    without_phone: Option<u64>,
    /// How many users and contacts could not be read.
    unreadable: Option<u64>,
    /// What is wrong, the gravest first, as `audit --json` has it.
    findings: Vec<Finding>,
    /// Why it failed; null where it did not.
    detail: Option<String>,
    /// The same in Russian.
    detail_ru: Option<String>,
}

/// Whether an audit goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum AuditState {
    /// It goes on.
    Running,
    /// It has looked at everything.
    Done,
    /// It could not be carried out; `detail` says why.
    Failed,
}

/// How far an audit has come.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct AuditProgress {
    /// Which list is read: `users` or `contacts`.
    list: &'static str,
    /// How many entries of it were read.
    done: u64,
    /// How many there are; null, since amoCRM does not say.
    of: Option<u64>,
}

/// An audit that may go on.
#[derive(Debug)]
pub(super) struct Job(Mutex<Audit>);

impl Job {
    pub(super) fn new(id: u64, started_at: Timestamp) -> Self {
        Self(Mutex::new(Audit {
            id,
            state: AuditState::Running,
            started_at,
            ended_at: None,
            progress: None,
            account: None,
            users: None,
            contacts: None,
            without_phone: None,
            unreadable: None,
            findings: Vec::new(),
            detail: None,
            detail_ru: None,
        }))
    }

    /// How it stands.
    pub(super) fn audit(&self) -> MutexGuard<'_, Audit> {
        // Fields that are only shown: a panic elsewhere cannot leave them half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries it out. It ends when the integration is changed or removed, since what it finds would be of another one.
    pub(super) async fn run(&self, node: Node, integration: Arc<Integration>) {
        let ended = tokio::select! {
            ended = self.audited(&integration) => ended,
            () = replaced(&node, &integration) => Err(Localized::new(
                "интеграцию изменили или удалили, пока шла проверка: начните её заново",
                "the integration was changed or removed meanwhile: begin again",
            )),
        };
        let mut audit = self.audit();
        (audit.ended_at, audit.progress) = (Some(node.clock().now()), None);
        match ended {
            Ok((account, AuditReport { users, contacts, without_phone, unreadable, findings })) => {
                (audit.state, audit.account, audit.users) = (AuditState::Done, Some(account), Some(users));
                (audit.contacts, audit.without_phone) = (Some(contacts), Some(without_phone));
                (audit.unreadable, audit.findings) = (Some(unreadable), findings);
            }
            Err(Localized { ru, en }) => {
                (audit.state, audit.detail, audit.detail_ru) = (AuditState::Failed, Some(en), Some(ru));
            }
        }
    }

    async fn audited(&self, integration: &Integration) -> Result<(String, AuditReport), Localized> {
        let settings = integration.settings();
        let account = integration.account().ok_or_else(|| {
            Localized::new("у интеграции нет аккаунта amoCRM", "the integration has no amoCRM account")
        })?;
        let default_country = settings.default_country().map_err(|error| {
            Localized::new(format!("код страны интеграции не читается: {}", error.ru()), error.to_string())
        })?;
        let subject = Subject {
            http: integration.http(),
            account: &account,
            default_country,
            employees: &settings.employees,
            how: Ask::AfterCalls,
            interval: Duration::from_secs(1) / REQUESTS_PER_SECOND,
        };
        let progress = |list, done| self.audit().progress = Some(AuditProgress { list, done, of: None });
        match audit::run(&subject, progress).await {
            Ok(report) => Ok((account.to_string(), report)),
            Err(error) => Err(error.text()),
        }
    }
}

/// Waits until the node does not serve the integration any more as it was.
async fn replaced(node: &Node, integration: &Arc<Integration>) {
    let mut replacements = node.replacements();
    let is_served = || {
        let revision = node.revision();
        revision.integrations().values().any(|served| Arc::ptr_eq(served, integration))
    };
    while is_served() && replacements.changed().await.is_ok() {}
}
