//! The amoCRM client: the few endpoints that the operation uses, with one deadline over all of them (rule O3).
//!
//! An answer that cannot be understood is a reason, never a panic; unknown fields are ignored. Shapes follow amoCRM's API v4.

mod account;
mod contacts;
mod events;

use std::time::Duration;

use crate::contract::Text;
use crate::details::Recorder;
use crate::json::{Json, Unexpected};
use crate::reason::Reason;
use crate::settings::Integration;
use crate::world::{HttpFailureKind, Request, World};

pub use contacts::Found;
pub use events::{Activity, is_service_event};

/// The greatest body read from amoCRM. A page of 50 contacts with long custom fields takes some hundred kilobytes.
pub const MAXIMUM_BODY: usize = 1024 * 1024;

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
        read: fn(&Json) -> Result<T, Unexpected>,
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
            Ok(response) => (Some(response.status), understand(response.status, &response.body, read)),
            Err(failure) => (failure.status, Err(self.reason_of(&failure.kind, details))),
        };
        details.request(purpose, sent_at, status, result.as_ref().map_or_else(|reason| reason.code(), |_| "ok"));
        result
    }

    fn reason_of(&self, kind: &HttpFailureKind, details: &mut Recorder) -> Reason {
        match kind {
            HttpFailureKind::Deadline => Reason::NoAnswerInTime,
            HttpFailureKind::TooLarge => Reason::AnswerNotUnderstood,
            HttpFailureKind::Denied => {
                details.note(
                    "destination-refused",
                    Text::fixed(
                        "Хост не разрешает обращаться к адресу аккаунта",
                        "the host does not grant the account's address",
                    ),
                );
                Reason::AccessForbidden
            }
            HttpFailureKind::Unreachable(code) => {
                details
                    .note("transport", Text::made(format!("Сбой связи: {code}"), format!("transport failure: {code}")));
                Reason::CrmUnreachable
            }
        }
    }
}

/// What a status and a body mean (rule D8; amoCRM facts §6). Redirects are not followed: they are errors like any other status.
fn understand<T>(status: u16, body: &[u8], read: fn(&Json) -> Result<T, Unexpected>) -> Result<Option<T>, Reason> {
    match status {
        204 => Ok(None),
        200 => Json::parse(body)
            .and_then(|answer| read(&answer))
            .map(Some)
            .map_err(|Unexpected| Reason::AnswerNotUnderstood),
        401 => Err(Reason::CredentialsRejected),
        402 => Err(Reason::AccountUnpaid),
        403 => Err(Reason::AccessForbidden),
        429 => Err(Reason::RateLimited),
        // Other successes exist (201, 206), but no endpoint used here answers with them.
        201..=299 => Err(Reason::AnswerNotUnderstood),
        _ => Err(Reason::CrmError),
    }
}

/// Whether a list answer has a page after it. Only the link's presence counts: its address may name another host (facts §1.2).
fn has_next_page(answer: &Json) -> bool {
    *answer.get("_links").get("next") != Json::Null
}
