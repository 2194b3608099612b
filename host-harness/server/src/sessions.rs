//! Sessions of browsers: a person logs in once with a token, and the browser then has a cookie that no script can read.
//!
//! A session is what its token is: it has the same name and scope, and it ends when the token expires or is taken out of the configuration. By
//! itself it ends after 12 hours without a request, and after seven days in any case. Sessions are in memory, by the hash of their random
//! identifier: after a restart people log in again.
//!
//! A browser sends the cookie along with requests that other pages make it send. So a request that changes something also has to show that it
//! comes from a page of this server (`origin`).

pub(crate) mod cookie;
pub(crate) mod origin;

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::tokens::{MadeToken, TokenHash};
use runtime::secret::Secret;

pub(crate) use cookie::{NAME as COOKIE, sessions as sessions_of};
pub(crate) use origin::is_own_page;

/// How long a session lasts without a request.
const IDLE: SignedDuration = SignedDuration::from_hours(12);
/// How long a session lasts at most.
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How many sessions there may be. Where there are as many, the one that was not used for the longest time ends.
const MOST: usize = 1_000;
/// How many of them one token may have, so that who logs in again and again logs nobody else out.
const MOST_OF_TOKEN: usize = 100;

/// The open sessions.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<TokenHash, Session>>);

#[derive(Clone, Copy, Debug)]
struct Session {
    token: TokenHash,
    began: Timestamp,
    used: Timestamp,
}

/// A session that a request belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The hash of the token that it was opened with.
    pub(crate) token: TokenHash,
    /// When it ends at the latest.
    pub(crate) ends_at: Timestamp,
}

impl Sessions {
    /// Opens a session of this token, and gives its identifier. Fails where the system has no randomness to give.
    pub(crate) fn open(&self, token: TokenHash, now: Timestamp) -> io::Result<(Secret, Found)> {
        let made = MadeToken::new()?;
        let session = Session { token, began: now, used: now };
        let mut sessions = self.lock();
        sessions.retain(|_, session| !session.is_over(now));
        let of_token = sessions.values().filter(|session| session.token == token).count();
        let longest_unused = |only: Option<TokenHash>| {
            let candidates = sessions.iter().filter(|(_, session)| only.is_none_or(|token| session.token == token));
            candidates.min_by_key(|(_, session)| session.used).map(|(id, _)| *id)
        };
        let displaced = if of_token >= MOST_OF_TOKEN {
            longest_unused(Some(token))
        } else if sessions.len() >= MOST {
            longest_unused(None)
        } else {
            None
        };
        if let Some(id) = displaced {
            sessions.remove(&id);
        }
        sessions.insert(made.hash, session);
        Ok((made.token, session.found()))
    }

    /// The session of this identifier, which is used hereby.
    pub(crate) fn find(&self, id: &str, now: Timestamp) -> Option<Found> {
        let (mut sessions, id) = (self.lock(), TokenHash::of(id));
        let session = sessions.get_mut(&id)?;
        if session.is_over(now) {
            sessions.remove(&id);
            return None;
        }
        session.used = session.used.max(now);
        Some(session.found())
    }

    /// Ends the session of this identifier.
    pub(crate) fn close(&self, id: &str) {
        self.lock().remove(&TokenHash::of(id));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TokenHash, Session>> {
        // Each change is one insertion or removal.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.used) >= IDLE || now >= self.ends_at()
    }

    fn ends_at(&self) -> Timestamp {
        self.began.saturating_add(LONGEST).unwrap_or(Timestamp::MAX)
    }

    fn found(&self) -> Found {
        Found { token: self.token, ends_at: self.ends_at() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Timestamp {
        "2026-11-22T09:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_session_ends_after_12_hours_without_a_request_and_after_seven_days() {
        let (sessions, token) = (Sessions::default(), TokenHash::of("a"));
        let (id, opened) = sessions.open(token, start()).unwrap();
        assert_eq!(opened, Found { token, ends_at: "2026-11-29T09:00:00Z".parse().unwrap() });
        let mut now = start();
        for _ in 0..14 {
            now += IDLE - SignedDuration::from_secs(1);
            assert_eq!(sessions.find(id.expose(), now), Some(opened));
        }
        assert_eq!(sessions.find(id.expose(), start() + LONGEST), None);
        let (id, _) = sessions.open(token, now).unwrap();
        assert_eq!(sessions.find(id.expose(), now + IDLE), None);
        assert_eq!(sessions.find(id.expose(), now), None, "what has ended stays so, whatever the clock says");
        assert_eq!(sessions.find("another", now), None);
    }

    #[test]
    fn a_session_is_closed_by_its_identifier() {
        let sessions = Sessions::default();
        let [(one, _), (other, _)] = [0; 2].map(|_| sessions.open(TokenHash::of("a"), start()).unwrap());
        sessions.close(one.expose());
        assert_eq!(sessions.find(one.expose(), start()), None);
        assert!(sessions.find(other.expose(), start()).is_some());
    }

    #[test]
    fn sessions_are_bounded_and_who_logs_in_again_and_again_logs_nobody_else_out() {
        let sessions = Sessions::default();
        let minute = |minutes: i64| start() + SignedDuration::from_mins(minutes);
        let (other, _) = sessions.open(TokenHash::of("other"), start()).unwrap();
        let opened: Vec<_> =
            (0..=100).map(|number| sessions.open(TokenHash::of("one"), minute(number)).unwrap().0).collect();
        let open = |id: &Secret| sessions.find(id.expose(), minute(101)).is_some();
        assert_eq!(opened.iter().map(open).filter(|open| *open).count(), MOST_OF_TOKEN);
        assert!(!open(&opened[0]) && open(&opened[1]) && open(&other), "the one unused for the longest time went");
        for number in 0..MOST {
            sessions.open(TokenHash::of(number.to_string()), minute(102)).unwrap();
        }
        assert_eq!(sessions.lock().len(), MOST);
    }
}
