//! The amoCRM client: the few endpoints that the operation uses, with one deadline over all of them (rule O3).
//!
//! Each endpoint has one small type beside the code that asks it. An answer that is nothing of the kind is a reason, never a panic; members
//! that nobody asks for are not decoded, and one odd entry spoils no other. Shapes follow amoCRM's API v4.

mod account;
mod contacts;
mod events;
mod leads;
mod page;
mod users;

use call::json::{LenientNumber, Unexpected};
use std::time::Duration;

use crate::contract::Text;
use crate::details::Recorder;
use crate::reason::Reason;
use crate::settings::Integration;
use crate::world::{HttpFailureKind, Request, Response, World};

pub use contacts::Found;
pub use events::Activity;
pub(crate) use page::COMPANIES;
pub use page::CONTACTS;

use events::EVENTS;

/// The greatest body read from amoCRM, in bytes. A page of 50 contacts takes some hundred kilobytes, but one comment may have a megabyte; a
/// body takes up to four times its size of the component's memory.
pub const MAXIMUM_BODY: usize = 4 * 1024 * 1024;

/// Requests of one call to one account.
pub struct Client<'a> {
    /// The windows to the outside.
    pub world: World<'a>,
    /// Whose account.
    pub integration: &'a Integration,
    /// The monotonic time by which every answer must be there.
    pub deadline: Duration,
}

impl Client<'_> {
    /// Asks for `path_with_query` below the account's address; `None` is amoCRM's way of saying that there is nothing (204).
    ///
    /// `read` takes from the answer what the endpoint is asked for, or finds that this is not what the endpoint returns.
    fn get<T>(
        &self,
        purpose: &'static str,
        path_with_query: &str,
        read: impl FnOnce(&[u8]) -> Result<T, Unexpected>,
        details: &mut Recorder,
    ) -> Result<Option<T>, Reason> {
        let sent_at = self.world.clock.monotonic();
        if sent_at >= self.deadline {
            return Err(Reason::NoAnswerInTime);
        }
        let base = &self.integration.base_url;
        let answer = self.world.http.get(&Request {
            secure: base.secure,
            authority: &base.authority,
            path_with_query: &format!("{}{path_with_query}", base.prefix),
            access_token: self.integration.access_token.as_deref(),
            deadline: self.deadline,
            maximum_body: MAXIMUM_BODY,
        });
        let (status, result) = match answer {
            Ok(response) => (Some(response.status), understand(purpose, &response, read)),
            Err(failure) => (failure.status, Err(self.reason_of(&failure.kind, details))),
        };
        details.request(purpose, sent_at, status, result.as_ref().map_or_else(|reason| reason.code(), |_| "ok"));
        result
    }

    /// Whether no answer can come in time any more.
    pub(crate) fn is_late(&self) -> bool {
        self.world.clock.monotonic() >= self.deadline
    }

    fn reason_of(&self, kind: &HttpFailureKind, details: &mut Recorder) -> Reason {
        match kind {
            HttpFailureKind::Deadline => Reason::NoAnswerInTime,
            HttpFailureKind::TooLarge => Reason::AnswerNotUnderstood,
            HttpFailureKind::Limited => Reason::RateLimited,
            HttpFailureKind::Denied => {
                details.note(
                    "destination-refused",
                    Text::fixed(
                        "Хост отказал в запросе; почему, сказано в его заметке",
                        "the host refused the request; its own note says why",
                    ),
                );
                Reason::AccessForbidden
            }
            HttpFailureKind::Unreachable(code) => {
                let ru = in_russian(code);
                details.note(
                    "transport",
                    Text::made(format!("Сбой связи: {ru} ({code})"), format!("transport failure: {code}")),
                );
                Reason::CrmUnreachable
            }
        }
    }
}

/// What failed, by the name of the WASI error code.
#[cold]
fn in_russian(code: &str) -> &'static str {
    match code.split('-').next() {
        Some("DNS") => "имя сервера не найдено",
        Some("TLS") => "защищённое соединение не установлено",
        Some("destination") => "соединение не установлено",
        _ if code == "connection-refused" || code == "connection-timeout" => "соединение не установлено",
        _ => "соединение прервано",
    }
}

/// What a status and a body mean (rule D8; amoCRM facts §6). Redirects are not followed: they are errors like any other status.
fn understand<T>(
    purpose: &str,
    response: &Response,
    read: impl FnOnce(&[u8]) -> Result<T, Unexpected>,
) -> Result<Option<T>, Reason> {
    match response.status {
        204 => Ok(None),
        200 => read(&response.body).map(Some).map_err(|Unexpected| Reason::AnswerNotUnderstood),
        401 => Err(Reason::CredentialsRejected),
        402 => Err(Reason::AccountUnpaid),
        403 => Err(Reason::AccessForbidden),
        // The one endpoint that is asked for a single thing, which may be missing.
        404 if purpose == users::PURPOSE => Ok(None),
        429 => Err(Reason::RateLimited),
        // Other successes exist (201, 206), but no endpoint used here answers with them.
        201..=299 => Err(Reason::AnswerNotUnderstood),
        _ => Err(Reason::CrmError),
    }
}

/// The most recently updated of the entries that count, ties going to the greater id.
fn latest<T>(entries: &[T], counts: impl Fn(&T) -> bool, order: impl Fn(&T) -> (Option<u64>, u64)) -> Option<&T> {
    entries.iter().filter(|entry| counts(entry)).max_by_key(|entry| order(entry))
}

/// A responsible user; amoCRM's ids begin at 1. An odd one makes the entry unreadable, since nobody knows whom it means.
fn user_id(responsible_user_id: LenientNumber) -> Result<Option<u64>, &'static str> {
    match responsible_user_id {
        LenientNumber::Absent | LenientNumber::Known(0) => Ok(None),
        LenientNumber::Known(user_id) => Ok(Some(user_id)),
        LenientNumber::Odd => Err("responsible_user_id"),
    }
}
