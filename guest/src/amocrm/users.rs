//! `GET /api/v4/users/{id}`: whether a user is switched on in the account (amoCRM facts §3). Needs an administrator's token.

use call::json::{self, Flag, Object, Unexpected};
use serde::Deserialize;

use super::Client;
use crate::contract::Text;
use crate::details::Recorder;
use crate::reason::Reason;

/// How these requests are named in call details.
pub(super) const PURPOSE: &str = "users";

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    rights: Object<Rights>,
}

#[derive(Deserialize)]
struct Rights {
    #[serde(default)]
    is_active: Flag,
}

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

fn is_active(answer: &[u8]) -> Result<bool, Unexpected> {
    let Object(user) = json::read::<Object<User>>(answer)?;
    user.and_then(|user| user.rights.0?.is_active.0).ok_or(Unexpected)
}
