//! The widget's report that somebody has amoCRM open: `POST`, its one-time token in `X-Auth-Token`, no body needed.

use std::sync::Arc;

use http::HeaderName;
use jiff::Timestamp;

use super::PresenceBook;
use crate::widget_token::{self, ClientKeys, Sighting, TokenRefusal};
use runtime::capabilities::http::Origin;
use runtime::store::{KeyValueStore, StoreError, UsedOnce};

/// Where `$authorizedAjax` puts the token (amoCRM facts §4 B).
pub const TOKEN: HeaderName = HeaderName::from_static("x-auth-token");

/// Why a report counts for nothing.
#[derive(Debug, thiserror::Error)]
pub enum NotNoted {
    /// Its token is not one of amoCRM's for this integration.
    #[error(transparent)]
    Token(TokenRefusal),
    /// Somebody sent it before.
    #[error("the token was used before: each request of the widget needs one of its own")]
    UsedBefore,
    /// The store did not keep it; the token may be sent again.
    #[error(transparent)]
    Store(StoreError),
}

/// What reports of one integration are checked against and kept in.
#[derive(Clone, Debug)]
pub struct PresenceFeed {
    /// The account at this moment.
    pub account: Origin,
    /// Who was seen.
    pub book: PresenceBook,
    /// The tokens that were used.
    pub used: UsedOnce,
}

impl PresenceFeed {
    /// For this account, kept in these records under the integration's namespace.
    pub fn new(account: Origin, records: Arc<dyn KeyValueStore>, namespace: &str) -> Self {
        let book = PresenceBook::new(Arc::clone(&records), namespace);
        Self { account, book, used: UsedOnce::new(records, namespace) }
    }

    /// Notes that the user of this token is at work, and says who that is.
    ///
    /// # Errors
    /// Where the token counts for nothing, or the store fails.
    pub async fn report(&self, token: &str, client: &ClientKeys, now: Timestamp) -> Result<Sighting, NotNoted> {
        let sighting = widget_token::verify(token, client, &self.account, now).map_err(NotNoted::Token)?;
        // Noted first: the same sighting twice is one, but one that was used up and not noted would be lost.
        self.book.seen(sighting.user, sighting.at).await.map_err(NotNoted::Store)?;
        let first = self.used.first_use(&sighting.token_id, sighting.expires_at, now).await.map_err(NotNoted::Store)?;
        if first { Ok(sighting) } else { Err(NotNoted::UsedBefore) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::widget_token::tests::{claims, keys, noon, signed};
    use runtime::capabilities::clocks::Clock;
    use runtime::capabilities::directory::Presence;
    use runtime::store::MemoryStore;

    const ANNA: u64 = 504_141;

    struct Scene {
        feed: PresenceFeed,
        clock: Clock,
    }

    impl Scene {
        fn new() -> Self {
            let account = "https://example.amocrm.ru".parse().unwrap();
            let feed = PresenceFeed::new(account, Arc::new(MemoryStore::new()), "main");
            Self { feed, clock: Clock::frozen_at(noon()) }
        }

        async fn report(&self, claims: &Value) -> Result<Sighting, NotNoted> {
            let token = signed(claims, "client-secret");
            self.feed.report(&token, &keys(), self.clock.now()).await
        }
    }

    #[tokio::test]
    async fn o7_a_genuine_report_is_noted_once() {
        let scene = Scene::new();
        scene.report(&claims()).await.unwrap();
        let seen = Presence::LastSeen("2026-11-23T11:59:00Z".parse().unwrap());
        assert_eq!(scene.feed.book.of(ANNA, noon()).await.unwrap(), seen);
        scene.clock.advance(jiff::SignedDuration::from_mins(20));
        assert!(matches!(scene.report(&claims()).await, Err(NotNoted::UsedBefore)));
        assert_eq!(
            scene.feed.book.of(ANNA, noon()).await.unwrap(),
            seen,
            "a report that is repeated makes nobody present"
        );
    }

    #[tokio::test]
    async fn of_two_equal_reports_at_once_one_counts() {
        let scene = Scene::new();
        let claims = claims();
        let (one, other) = tokio::join!(scene.report(&claims), scene.report(&claims));
        assert!(one.is_ok() != other.is_ok(), "{one:?}, {other:?}");
    }

    #[tokio::test]
    async fn what_proves_nothing_is_refused_and_noted_nowhere() {
        let scene = Scene::new();
        let garbled = scene.feed.report("a.b.c", &keys(), scene.clock.now()).await;
        assert!(matches!(garbled, Err(NotNoted::Token(_))), "{garbled:?}");
        scene.clock.advance(jiff::SignedDuration::from_mins(31));
        assert!(matches!(scene.report(&claims()).await, Err(NotNoted::Token(TokenRefusal::Late { .. }))));
        assert_eq!(scene.feed.book.of(ANNA, noon()).await.unwrap(), Presence::NotFed);
    }
}
