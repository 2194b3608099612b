//! How amoCRM answers an integration's requests: whether it refuses them, since when and why. Told to people once for each change, and never once
//! for each call.
//!
//! | amoCRM answers | what it means | it is over when |
//! |---|---|---|
//! | 401, to a long-lived token | the token counts for nothing; with OAuth the [keeper](super::keeper) renews it instead | the same resource answers |
//! | 402 | the account is unpaid | the same resource answers |
//! | 403 in JSON | the token's user, or this machine, may not read this resource | the same resource answers |
//! | 403 in HTML | the whole account is blocked; the circuit is open | the circuit closes |
//!
//! A resource is the part of the path after `/api/v4/`: a call asks for several, and one that is forbidden must not flicker because another one
//! is not. What nobody asks for any more is forgotten an hour after its last refusal, when anything else answers.

use std::mem::discriminant;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use tracing::{info, warn};

use super::account::{API, Refusal};
use call::Localized;
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::http::{AccountPolicy, AccountWatcher, CircuitCause};

use crate::limits::AmocrmPolicy;

/// How long a refusal is remembered whose resource nobody asks for any more.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(1);

/// How amoCRM answers one integration.
#[derive(Debug)]
pub(crate) struct Health {
    integration: String,
    clock: Clock,
    /// What a person does where amoCRM does not accept the token; none where the host renews it.
    renewal: Option<Localized>,
    /// It has answered a request since the start.
    answers: AtomicBool,
    /// Whether there is something in `refused`: nearly always there is not, and calls do not wait for each other.
    is_refused: AtomicBool,
    refused: Mutex<Option<Refused>>,
}

/// What amoCRM refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Since when.
    pub(crate) since: Timestamp,
    /// When it did so last.
    last: Timestamp,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Token { resource: String, renewal: Localized },
    Unpaid { resource: String },
    Forbidden { resource: String },
    Blocked,
}

impl Health {
    /// Of an integration that nothing is known of yet. `renewal` is what a person does where amoCRM does not accept the token; none where the host
    /// renews it.
    pub(crate) fn new(integration: &str, renewal: Option<Localized>, clock: Clock) -> Self {
        Self {
            integration: integration.to_owned(),
            clock,
            renewal,
            answers: AtomicBool::new(false),
            is_refused: AtomicBool::new(false),
            refused: Mutex::default(),
        }
    }

    /// Whether amoCRM has answered and not refused a request since the start.
    pub(crate) fn answers(&self) -> bool {
        self.answers.load(Ordering::Relaxed)
    }

    /// What amoCRM refuses at present.
    pub(crate) fn refused(&self) -> Option<Refused> {
        self.lock().clone()
    }

    fn note(&self, what: What) {
        let now = self.clock.now();
        let mut refused = self.lock();
        if let Some(known) = refused.as_mut().filter(|known| discriminant(&known.what) == discriminant(&what)) {
            known.last = now;
            return;
        }
        let new = Refused { since: now, last: now, what };
        let text = new.text().en;
        *refused = Some(new);
        self.is_refused.store(true, Ordering::Relaxed);
        drop(refused);
        warn!(integration = self.integration, "{text}; its calls go to the linked operation");
    }

    fn accepted(&self, resource: Option<&str>) {
        let mut refused = self.lock();
        let now = self.clock.now();
        let over = refused.as_ref().is_some_and(|known| match known.what.resource() {
            None => resource.is_none(),
            of => of == resource || (resource.is_some() && now.duration_since(known.last) >= REMEMBERED),
        });
        if over {
            *refused = None;
            self.is_refused.store(false, Ordering::Relaxed);
            drop(refused);
            info!(integration = self.integration, "amoCRM answers the integration's requests again");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Refused>> {
        // One value, replaced whole.
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AccountWatcher for Health {
    fn answered(&self, path: &str, status: StatusCode) {
        let resource = || resource(path).to_owned();
        match (status, &self.renewal) {
            (StatusCode::UNAUTHORIZED, Some(renewal)) => {
                self.note(What::Token { resource: resource(), renewal: renewal.clone() });
            }
            (StatusCode::PAYMENT_REQUIRED, _) => self.note(What::Unpaid { resource: resource() }),
            (StatusCode::FORBIDDEN, _) => self.note(What::Forbidden { resource: resource() }),
            (status, _) if status.is_success() => {
                if !self.answers.load(Ordering::Relaxed) {
                    self.answers.store(true, Ordering::Relaxed);
                }
                if self.is_refused.load(Ordering::Relaxed) {
                    self.accepted(Some(&resource()));
                }
            }
            _ => {}
        }
    }

    fn circuit_opened(&self, cause: CircuitCause) {
        match cause {
            CircuitCause::Blocked => self.note(What::Blocked),
            CircuitCause::Limited => warn!(
                integration = self.integration,
                "{}: nothing is sent for a while; where that comes again and again, lower `requests_per_second`, or see what else asks \
                 this account",
                AmocrmPolicy.describe(cause)
            ),
        }
    }

    fn circuit_closed(&self) {
        info!(integration = self.integration, "requests to amoCRM go out again");
        self.accepted(None);
    }
}

impl What {
    fn resource(&self) -> Option<&str> {
        match self {
            Self::Token { resource, .. } | Self::Unpaid { resource } | Self::Forbidden { resource } => Some(resource),
            Self::Blocked => None,
        }
    }
}

impl Refused {
    /// What amoCRM refuses, and what a person does about it.
    pub(crate) fn text(&self) -> Localized {
        match &self.what {
            What::Token { renewal, .. } => Refusal::Token(renewal.clone()).text(),
            What::Unpaid { .. } => Refusal::Unpaid.text(),
            What::Forbidden { resource } => {
                let Localized { ru, en } = Refusal::Forbidden.text();
                Localized::new(format!("запросы к «{resource}»: {ru}"), format!("requests for `{resource}`: {en}"))
            }
            What::Blocked => Localized::new(
                "amoCRM заблокировала запросы этого аккаунта (403), и снять блокировку может только её поддержка: напишите туда",
                "amoCRM blocks this account's requests (403), and only its support lifts that: write to it",
            ),
        }
    }
}

/// What a path asks for: `contacts` of `/api/v4/contacts/1`.
fn resource(path: &str) -> &str {
    let below = path.split_once(API).map_or(path, |(_, below)| below);
    below.split('/').find(|part| !part.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTACTS: &str = "/api/v4/contacts";
    const EVENTS: &str = "/api/v4/events";

    fn health() -> (Health, Clock) {
        let clock = Clock::frozen_at("2026-11-22T09:00:00Z".parse().unwrap());
        (Health::new("main", Some(Localized::new("замените его", "renew it")), clock.clone()), clock)
    }

    fn answered(health: &Health, path: &str, status: u16) -> Option<Timestamp> {
        health.answered(path, StatusCode::from_u16(status).unwrap());
        health.refused().map(|refused| refused.since)
    }

    #[test]
    fn a_refused_token_is_remembered_since_its_first_refusal_until_amocrm_answers() {
        let (health, clock) = health();
        let start = clock.now();
        assert!(!health.answers() && health.refused().is_none());
        assert_eq!(answered(&health, CONTACTS, 401), Some(start));
        clock.advance(SignedDuration::from_mins(5));
        assert_eq!(answered(&health, EVENTS, 401), Some(start));
        for status in [429, 500, 404, 400] {
            assert_eq!(answered(&health, CONTACTS, status), Some(start), "{status} tells nothing of the token");
        }
        let text = health.refused().unwrap().text();
        assert!(text.en.contains("(401): renew it") && text.ru.contains("401"), "{text:?}");
        assert_eq!(answered(&health, CONTACTS, 200), None);
        assert!(health.answers());
        assert_eq!(answered(&health, CONTACTS, 402), Some(clock.now()));
        assert!(health.refused().unwrap().text().en.contains("unpaid"));
    }

    #[test]
    fn what_is_forbidden_does_not_flicker_because_something_else_is_not() {
        let (health, clock) = health();
        let start = clock.now();
        for _ in 0..3 {
            assert_eq!(answered(&health, "/api/v4/contacts/1", 200), health.refused().map(|_| start));
            assert_eq!(answered(&health, EVENTS, 403), Some(start));
            clock.advance(SignedDuration::from_mins(30));
        }
        assert!(health.refused().unwrap().text().en.starts_with("requests for `events`: amoCRM forbids"));
        assert_eq!(answered(&health, EVENTS, 204), None);
        // What nobody asks for any more is forgotten.
        answered(&health, EVENTS, 403);
        clock.advance(SignedDuration::from_mins(61));
        assert_eq!(answered(&health, CONTACTS, 200), None);
    }

    #[test]
    fn a_block_lasts_until_the_circuit_closes_and_a_limit_is_none() {
        let (health, clock) = health();
        health.circuit_opened(CircuitCause::Limited);
        assert_eq!(health.refused(), None);
        health.circuit_opened(CircuitCause::Blocked);
        assert_eq!(answered(&health, CONTACTS, 200), Some(clock.now()), "an answer to what was sent before");
        assert!(health.refused().unwrap().text().en.contains("only its support"));
        health.circuit_closed();
        assert_eq!(health.refused(), None);
        // A circuit that closes says nothing of a token.
        answered(&health, CONTACTS, 401);
        health.circuit_closed();
        assert!(health.refused().is_some());
    }

    #[test]
    fn a_token_that_the_host_renews_is_the_keepers() {
        let clock = Clock::frozen_at("2026-11-22T09:00:00Z".parse().unwrap());
        let health = Health::new("main", None, clock);
        assert_eq!(answered(&health, CONTACTS, 401), None);
        assert!(answered(&health, CONTACTS, 402).is_some());
    }
}
