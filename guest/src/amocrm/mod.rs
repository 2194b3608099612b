//! The amoCRM client: the few endpoints that the operation uses, with one deadline over all of them (rule O3).
//!
//! An answer that cannot be understood is a reason, never a panic; unknown fields are ignored. Shapes follow amoCRM's API v4.

mod account;
mod events;
mod leads;
mod search;
mod users;

use std::time::Duration;

use crate::contract::Text;
use crate::details::Recorder;
use crate::json::{Json, Take, Unexpected};
use crate::reason::Reason;
use crate::settings::Integration;
use crate::world::{HttpFailureKind, Request, Response, World};

pub use events::{Activity, is_service_event};
pub use leads::OpenLead;
pub use search::{COMPANIES, CONTACTS, Found};

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
        read: impl Fn(&Json) -> Result<T, Unexpected>,
        details: &mut Recorder,
    ) -> Result<Option<T>, Reason> {
        let mut taken = None;
        let mut take = |answer: &Json| {
            taken = Some(read(answer)?);
            Ok(())
        };
        self.ask(purpose, path_with_query, &mut take, details)?;
        Ok(taken)
    }

    /// What [`Self::get`] does for every type alike, so that the component holds it once.
    fn ask(
        &self,
        purpose: &'static str,
        path_with_query: &str,
        take: &mut Take,
        details: &mut Recorder,
    ) -> Result<(), Reason> {
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
            Ok(response) => (Some(response.status), understand(purpose, &response, take)),
            Err(failure) => (failure.status, Err(self.reason_of(&failure.kind, details))),
        };
        details.request(purpose, sent_at, status, result.map_or_else(Reason::code, |()| "ok"));
        result
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
                details
                    .note("transport", Text::made(format!("Сбой связи: {code}"), format!("transport failure: {code}")));
                Reason::CrmUnreachable
            }
        }
    }
}

/// What a status and a body mean (rule D8; amoCRM facts §6). Redirects are not followed: they are errors like any other status.
fn understand(purpose: &str, response: &Response, take: &mut Take) -> Result<(), Reason> {
    match response.status {
        204 => Ok(()),
        200 => Json::parse(&response.body)
            .and_then(|answer| take(&answer))
            .map_err(|Unexpected| Reason::AnswerNotUnderstood),
        401 => Err(Reason::CredentialsRejected),
        402 => Err(Reason::AccountUnpaid),
        403 => Err(Reason::AccessForbidden),
        // The one endpoint that is asked for a single thing, which may be missing.
        404 if purpose == users::PURPOSE => Ok(()),
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
