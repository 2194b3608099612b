//! What was granted: codes, access tokens, refresh tokens; which of them are live.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

/// How long a code lives (amoCRM facts §5.1).
const CODE: SignedDuration = SignedDuration::from_mins(20);
/// How long an access token lives (amoCRM facts §5.3).
pub(crate) const ACCESS: SignedDuration = SignedDuration::from_hours(24);
/// How long a refresh token lives (amoCRM facts §5.3): three months, here 90 days.
const REFRESH: SignedDuration = SignedDuration::from_hours(24 * 90);

/// How refreshes went since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refreshes {
    /// Carried out: the old refresh token was spent and a new pair issued, whether or not its answer arrived.
    pub succeeded: u64,
    /// Refused, for whatever reason.
    pub refused: u64,
}

/// What was granted. A token that ended stays known; it is only no longer live.
#[derive(Default)]
pub(crate) struct Grants {
    codes: HashMap<String, Code>,
    access: HashMap<String, Timestamp>,
    refresh: HashMap<String, Refresh>,
    pub(crate) refreshes: Refreshes,
}

struct Code {
    ends: Timestamp,
    spent: bool,
}

struct Refresh {
    ends: Timestamp,
    /// The access token of the same pair.
    access: String,
    /// The refresh token that this one came of.
    predecessor: Option<String>,
    /// It was exchanged.
    spent: bool,
    /// It was exchanged, and one that came of it was exchanged too: not even the grace saves it.
    superseded: bool,
}

/// Why a code is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadCode {
    Unknown,
    Expired,
    Spent,
}

impl Grants {
    pub(crate) fn issue_code(&mut self, code: String, now: Timestamp) {
        self.codes.insert(code, Code { ends: after(now, CODE), spent: false });
    }

    /// Spends a code.
    pub(crate) fn spend_code(&mut self, code: &str, now: Timestamp) -> Result<(), BadCode> {
        let code = self.codes.get_mut(code).ok_or(BadCode::Unknown)?;
        if code.spent {
            return Err(BadCode::Spent);
        }
        if now >= code.ends {
            return Err(BadCode::Expired);
        }
        code.spent = true;
        Ok(())
    }

    /// Whether this refresh token could be exchanged; `grace`: a spent one too, until one that came of it is (amoCRM facts §5.4).
    pub(crate) fn refreshable(&self, refresh: &str, now: Timestamp, grace: bool) -> bool {
        self.refresh.get(refresh).is_some_and(|token| now < token.ends && !token.superseded && (!token.spent || grace))
    }

    /// Spends a refresh token that is refreshable; `revoke_access` ends the access token of its pair.
    pub(crate) fn spend_refresh(&mut self, refresh: &str, revoke_access: bool) {
        let Some(token) = self.refresh.get_mut(refresh) else {
            return;
        };
        token.spent = true;
        if revoke_access {
            self.access.remove(&token.access);
        }
        if let Some(predecessor) = token.predecessor.clone().and_then(|name| self.refresh.get_mut(&name)) {
            predecessor.superseded = true;
        }
    }

    pub(crate) fn issue_pair(&mut self, access: String, refresh: String, predecessor: Option<String>, now: Timestamp) {
        self.access.insert(access.clone(), after(now, ACCESS));
        let ends = after(now, REFRESH);
        self.refresh.insert(refresh, Refresh { ends, access, predecessor, spent: false, superseded: false });
    }

    /// Whether this access token opens the API.
    pub(crate) fn accepts(&self, access: &str, now: Timestamp) -> bool {
        self.access.get(access).is_some_and(|ends| now < *ends)
    }

    pub(crate) fn refreshes(&self) -> Refreshes {
        self.refreshes
    }

    /// Ends everything that was granted; the counts stay.
    pub(crate) fn revoke_all(&mut self) {
        *self = Self { refreshes: self.refreshes, ..Self::default() };
    }
}

pub(crate) fn after(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.checked_add(span).unwrap_or(Timestamp::MAX)
}
