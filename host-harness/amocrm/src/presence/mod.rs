//! Who was seen at work in amoCRM, as the host was told it: fed by the amoCRM widget ([`PresenceFeed`]) or by hand, and reported to
//! operations by the directory (rule D7).
//!
//! Kept per integration and user, in a bucket of the host's records that no component can open. A feed that has gone silent is not evidence that
//! nobody works: where no user at all was seen for `SILENT_AFTER`, presence counts as not fed, and operations look for other evidence.

mod feed;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use call::{Bilingual, Localized, localized};
use runtime::capabilities::directory::{Directory, Employee, Employees, Presence, Unavailable};
use runtime::store::{KeyValueStore, Shelf, Slot, StoreError};

pub use feed::{NotNoted, PresenceFeed, TOKEN};

/// The bucket beside those of components.
const BUCKET: &str = "presence";
/// When anybody was last seen.
const ANYBODY: &str = "anybody";

/// How long after the last sign of anybody the feed counts as silent. Longer than a working day's night, shorter than a weekend: a widget
/// that died on Friday must not make everybody absent on Monday.
pub(crate) const SILENT_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// Whether presence is fed: what an operation's evidence is depends on it (rule D7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    /// Nobody was ever seen: there is no widget, or it has never reported.
    NeverFed,
    /// Somebody was seen last at this time, too long ago: presence counts as not fed.
    Silent(Timestamp),
    /// Somebody was seen last at this time: who was not seen today is not at work.
    Fed(Timestamp),
}

impl Feed {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NeverFed => "never-fed",
            Self::Silent(_) => "silent",
            Self::Fed(_) => "fed",
        }
    }

    /// When somebody was seen last.
    pub const fn last(self) -> Option<Timestamp> {
        match self {
            Self::NeverFed => None,
            Self::Silent(last) | Self::Fed(last) => Some(last),
        }
    }
}

/// The presence of one integration's users.
#[derive(Clone, Debug)]
pub struct PresenceBook {
    records: Arc<dyn KeyValueStore>,
    namespace: String,
}

impl PresenceBook {
    /// The presence kept in these records for the integration of this namespace.
    pub fn new(records: Arc<dyn KeyValueStore>, namespace: impl Into<String>) -> Self {
        Self { records, namespace: namespace.into() }
    }

    /// Notes that an amoCRM user was seen. An earlier sighting than the one kept changes nothing.
    ///
    /// Two sightings of one user noted at the same instant leave one of them; they are as good as each other.
    pub async fn seen(&self, user: u64, at: Timestamp) -> Result<(), StoreError> {
        // The user first: who reads in between finds a user, and no feed that knows nobody.
        for key in [user_key(user).as_str(), ANYBODY] {
            if self.last(key).await?.is_none_or(|kept| kept < at) {
                self.records.set(self.slot(key), at.as_millisecond().to_string().as_bytes()).await?;
            }
        }
        Ok(())
    }

    /// Whether presence is fed at `now`.
    pub async fn feed(&self, now: Timestamp) -> Result<Feed, StoreError> {
        Ok(match self.last(ANYBODY).await? {
            None => Feed::NeverFed,
            Some(last) if now.duration_since(last) < SILENT_AFTER => Feed::Fed(last),
            Some(last) => Feed::Silent(last),
        })
    }

    /// What is known of an amoCRM user at `now`.
    pub async fn of(&self, user: u64, now: Timestamp) -> Result<Presence, StoreError> {
        Ok(self.with_feed(user, now).await?.0)
    }

    /// The same, and what it rests on.
    async fn with_feed(&self, user: u64, now: Timestamp) -> Result<(Presence, Feed), StoreError> {
        let feed = self.feed(now).await?;
        let presence = match feed {
            Feed::NeverFed | Feed::Silent(_) => Presence::NotFed,
            Feed::Fed(_) => self.last(&user_key(user)).await?.map_or(Presence::NeverSeen, Presence::LastSeen),
        };
        Ok((presence, feed))
    }

    /// A value that cannot be read is none: the next sighting mends it.
    async fn last(&self, key: &str) -> Result<Option<Timestamp>, StoreError> {
        let value = self.records.get(self.slot(key)).await?;
        let milliseconds = value.as_deref().and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
        Ok(milliseconds.and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok()))
    }

    fn slot<'a>(&'a self, key: &'a str) -> Slot<'a> {
        Shelf { namespace: &self.namespace, bucket: BUCKET }.slot(key)
    }
}

/// Employees with the presence that the host was told of, read anew for each call.
pub(crate) struct FedDirectory {
    /// The employees. Presence that is set for one of them stays.
    pub employees: Employees,
    /// Who was seen at work.
    pub presence: PresenceBook,
}

#[async_trait]
impl Directory for FedDirectory {
    /// A store that fails to read knows nothing of anybody (rule D9).
    async fn find(
        &self,
        crm_user_id: u64,
        now: Timestamp,
        faults: &mut Vec<Localized>,
    ) -> Result<Option<Employee>, Unavailable> {
        let mut found = self.employees.find(crm_user_id, now, faults).await?;
        if let Some(employee) = &mut found
            && employee.presence == Presence::NotFed
        {
            match self.presence.with_feed(crm_user_id, now).await {
                Ok((presence, feed)) => {
                    employee.presence = presence;
                    // A widget that reported and stopped is a fault that somebody has to see; one that never did may not be meant to.
                    if let Feed::Silent(last) = feed {
                        faults.push(localized!(
                            "виджет amoCRM молчит с {last:.0}, и его сведения не учитываются: проверьте, установлен ли он ещё",
                            "the amoCRM widget has been silent since {last:.0}, so its reports do not count; look whether it is still installed"
                        ));
                    }
                }
                Err(error) => {
                    let unknown = Localized::new("неизвестно, кто на работе", "who is at work is not known");
                    faults.push(unknown.then(": ", &error.text()));
                }
            }
        }
        Ok(found)
    }
}

fn user_key(user: u64) -> String {
    format!("user:{user}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use call::document::Ring;
    use runtime::store::MemoryStore;

    const ANNA: u64 = 504_141;
    const BORIS: u64 = 504_142;

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    #[tokio::test]
    async fn d07_presence_is_not_fed_until_somebody_is_seen() {
        let book = PresenceBook::new(Arc::new(MemoryStore::new()), "main");
        let noon = at("2026-11-23T12:00:00Z");
        assert_eq!(book.of(ANNA, noon).await.unwrap(), Presence::NotFed);
        book.seen(ANNA, noon).await.unwrap();
        assert_eq!(book.of(ANNA, noon).await.unwrap(), Presence::LastSeen(noon));
        assert_eq!(book.of(BORIS, noon).await.unwrap(), Presence::NeverSeen);
    }

    #[tokio::test]
    async fn d07_a_sighting_never_moves_back() {
        let book = PresenceBook::new(Arc::new(MemoryStore::new()), "main");
        book.seen(ANNA, at("2026-11-23T12:00:00Z")).await.unwrap();
        book.seen(ANNA, at("2026-11-23T08:00:00Z")).await.unwrap();
        let known = book.of(ANNA, at("2026-11-23T13:00:00Z")).await.unwrap();
        assert_eq!(known, Presence::LastSeen(at("2026-11-23T12:00:00Z")));
    }

    #[tokio::test]
    async fn d07_a_feed_that_went_silent_is_not_fed() {
        let book = PresenceBook::new(Arc::new(MemoryStore::new()), "main");
        book.seen(ANNA, at("2026-11-20T18:00:00Z")).await.unwrap();
        let (evening, next_evening) = (at("2026-11-21T17:59:59Z"), at("2026-11-21T18:00:00Z"));
        assert_eq!(book.of(BORIS, evening).await.unwrap(), Presence::NeverSeen);
        assert_eq!(book.of(BORIS, next_evening).await.unwrap(), Presence::NotFed);
        assert_eq!(book.of(ANNA, next_evening).await.unwrap(), Presence::NotFed);
        let last = at("2026-11-20T18:00:00Z");
        assert_eq!(book.feed(evening).await.unwrap(), Feed::Fed(last));
        assert_eq!(book.feed(next_evening).await.unwrap(), Feed::Silent(last));
        assert_eq!(
            PresenceBook::new(Arc::new(MemoryStore::new()), "main").feed(evening).await.unwrap(),
            Feed::NeverFed
        );
    }

    #[tokio::test]
    async fn d07_a_call_is_told_that_the_widget_is_silent_and_since_when() {
        let employee = Employee {
            id: "anna".to_owned(),
            name: "Anna".to_owned(),
            enabled: true,
            destinations: Vec::new(),
            presence: Presence::NotFed,
            deputy_crm_user_id: None,
            ring: Ring::InTurn,
        };
        let directory = FedDirectory {
            employees: Employees::new([(ANNA, employee)]),
            presence: PresenceBook::new(Arc::new(MemoryStore::new()), "main"),
        };
        let told = async |now: &str| {
            let mut faults = Vec::new();
            directory.find(ANNA, at(now), &mut faults).await.unwrap();
            faults
        };
        assert_eq!(told("2026-11-20T12:00:00Z").await, [], "there may be no widget at all");
        directory.presence.seen(ANNA, at("2026-11-20T12:00:00Z")).await.unwrap();
        assert_eq!(told("2026-11-20T18:00:00Z").await, []);
        let silent = told("2026-11-23T09:00:00Z").await;
        assert!(silent.len() == 1 && silent[0].en.contains("silent since 2026-11-20T12:00:00Z"), "{silent:?}");
        assert!(silent[0].ru.contains("виджет amoCRM молчит с 2026-11-20T12:00:00Z"), "{silent:?}");
    }

    #[tokio::test]
    async fn d09_a_value_that_cannot_be_read_is_none_and_is_mended() {
        let store = Arc::new(MemoryStore::new());
        let book = PresenceBook::new(Arc::clone(&store) as Arc<dyn KeyValueStore>, "main");
        let noon = at("2026-11-23T12:00:00Z");
        store.set(book.slot(ANYBODY), b"\xff").await.unwrap();
        assert_eq!(book.of(ANNA, noon).await.unwrap(), Presence::NotFed);
        book.seen(ANNA, noon).await.unwrap();
        assert_eq!(book.of(ANNA, noon).await.unwrap(), Presence::LastSeen(noon));
    }

    #[tokio::test]
    async fn one_integration_does_not_see_anothers_people() {
        let store: Arc<dyn KeyValueStore> = Arc::new(MemoryStore::new());
        let noon = at("2026-11-23T12:00:00Z");
        PresenceBook::new(Arc::clone(&store), "north").seen(ANNA, noon).await.unwrap();
        assert_eq!(PresenceBook::new(store, "south").of(ANNA, noon).await.unwrap(), Presence::NotFed);
    }
}
