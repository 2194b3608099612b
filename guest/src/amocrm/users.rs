//! `GET /api/v4/users/{id}`: whether a user is switched on in the account (amoCRM facts §3). Needs an administrator's token.

use super::Client;
use crate::contract::Text;
use crate::details::Recorder;
use crate::json::{Json, Unexpected};
use crate::reason::Reason;

/// How these requests are named in call details.
pub(super) const PURPOSE: &str = "users";

impl Client<'_> {
    /// Whether the user may still sign in. One who is not a user of the account (204, 404) may not.
    pub fn is_active(&self, user_id: u64, details: &mut Recorder) -> Result<bool, Reason> {
        let active = self.get(PURPOSE, &format!("/api/v4/users/{user_id}"), is_active, details);
        if active == Err(Reason::AccessForbidden) {
            details.note(
                "administrator-token-needed",
                Text::fixed(
                    "О пользователях amoCRM отвечает только на ключ администратора",
                    "amoCRM tells of users only to an administrator's token",
                ),
            );
        }
        Ok(active?.unwrap_or(false))
    }
}

fn is_active(user: &Json) -> Result<bool, Unexpected> {
    match user.get("rights").get("is_active") {
        Json::Bool(active) => Ok(*active),
        _ => Err(Unexpected),
    }
}
