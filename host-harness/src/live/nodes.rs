//! The configuration that nodes share, while the server runs: what other nodes changed is put in force here, and what the store lost is put back.

use std::sync::Arc;

use tokio::sync::MutexGuard;

use super::judged::ReadConfiguration;
use super::{Inner, Place, State, Told, blocking, lock};
use crate::causes::text_of;
use crate::change::Change;
use crate::shared::{self, Seen, named_components};
use call::{Localized, localized};
use server::configuration::{Author, By};

impl Inner {
    /// Looks whether another node has changed the record.
    pub(super) async fn look_at_record(&self) -> Option<Told> {
        let place = self.shared.as_ref()?;
        self.caught_up(place).await.1
    }

    /// The state, once the record has been taken in as it is, and what is to be told of it.
    pub(super) async fn caught_up(&self, place: &Place) -> (MutexGuard<'_, State>, Option<Told>) {
        loop {
            // Not while others wait for the state: the store may be slow, and so may be the disk with secrets.
            let found = place.record.read().await.map_err(Localized::from);
            let (own, known) = {
                let state = self.state.lock().await;
                (state.own.clone(), state.record.clone())
            };
            let read = match &found {
                Ok(Some(new)) if known.is_none_or(|known| known.said.number <= new.said.number && known != *new) => {
                    if let Some(running) =
                        self.running.get().filter(|_| !named_components(new.said.shared_text()).is_empty())
                    {
                        // What was uploaded to another node is there before it is placed. Where it is not, that is said of the placement.
                        let _ = running.versions.look().await;
                    }
                    Some(self.read(new.said.shared_text().to_owned(), own.clone()).await)
                }
                _ => None,
            };
            let mut state = self.state.lock().await;
            if read.is_none() || state.own == own {
                let told = self.catch_up(&mut state, place, found, read).await;
                return (state, told);
            }
        }
    }

    /// Takes in the record as it was found, and what was read of it where it is another one.
    async fn catch_up(
        &self,
        state: &mut State,
        place: &Place,
        found: Result<Option<Seen>, Localized>,
        read: Option<anyhow::Result<ReadConfiguration>>,
    ) -> Option<Told> {
        let told = match found {
            Err(why) => return self.away(place, why).await,
            Ok(None) => self.write_record(state, place).await,
            Ok(Some(found)) => match &state.record {
                Some(known) if *known == found => None,
                // A server of Redis may come back without what it was given last.
                Some(known) if known.said.number > found.said.number => {
                    let swapped = place.record.swap(Some(&found), known).await;
                    swapped.err().map(|why| Told::Away(why.into()))
                }
                _ => match read {
                    Some(read) => self.take(state, place, found, read).await,
                    // The next look reads it.
                    None => None,
                },
            },
        };
        self.is_back().await;
        told
    }

    /// The record is not there: the first node writes it, and one that a server of Redis has lost is put back.
    async fn write_record(&self, state: &mut State, place: &Place) -> Option<Told> {
        let is_known = state.record.is_some();
        let next = state.record.clone().unwrap_or_else(|| {
            let author = Author { name: None, by: By::File };
            Seen::of(Change::of_text(0, self.surroundings.clock.now(), author, state.text.clone()))
        });
        match place.record.swap(None, &next).await {
            Ok(true) => {
                self.known(state, place, next).await;
                let store = place.record.location();
                let told = if is_known {
                    localized!(
                        "общих настроек в {store} не стало: они записаны туда снова",
                        "the shared configuration was gone from {store}: it is written there again"
                    )
                } else {
                    localized!(
                        "общие настройки узлов записаны в {store} из этого файла",
                        "the configuration that the nodes share is written to {store} from this file"
                    )
                };
                Some(Told::InForce(vec![told]))
            }
            // Another node was quicker; the next look sees what it wrote.
            Ok(false) => None,
            Err(why) => Some(Told::Away(why.into())),
        }
    }

    /// Puts in force what another node wrote.
    async fn take(
        &self,
        state: &mut State,
        place: &Place,
        found: Seen,
        read: anyhow::Result<ReadConfiguration>,
    ) -> Option<Told> {
        let from = state.record.as_ref().map_or(0, |known| known.said.number + 1);
        let former = place.record.since(from, found.said.number).await;
        former.into_iter().for_each(|change| lock(&self.changes).take(change));
        let text = found.said.shared_text().to_owned();
        let Change { by, author, .. } = found.said.clone();
        self.known(state, place, found).await;
        let changes = Arc::clone(&self.changes);
        let next = text.clone();
        let made = blocking(move || lock(&changes).made(&next, None)).await;
        // The same text may be of other operations, where one was made again while this node looked away.
        let is_as_before = text == state.text && made.as_ref() == Ok(&state.made);
        if is_as_before && self.shown().refused.is_none() {
            return None;
        }
        let judged = match read {
            Ok(read) => self.judge(state, read).await,
            Err(error) => Err(error),
        };
        match judged {
            Ok(next) => {
                let told = self.put_in_force(state, next);
                tracing::info!(
                    ?by,
                    author = author.as_deref().unwrap_or_default(),
                    "another node has changed the configuration"
                );
                Some(Told::InForce(told))
            }
            Err(error) => {
                let store = place.record.location();
                let said = localized!(
                    "общие настройки узлов в {store} этому узлу не подходят",
                    "the configuration that the nodes share in {store} does not fit this node"
                );
                self.refuse(said.then(": ", &text_of(&error)))
            }
        }
    }

    /// Remembers the record as it is in the store.
    pub(super) async fn known(&self, state: &mut State, place: &Place, seen: Seen) {
        lock(&self.changes).take(seen.said.clone());
        if let Some(copy) = place.copy.clone() {
            let seen = seen.clone();
            if let Err(error) = blocking(move || copy.write(&seen)).await.and_then(|written| written) {
                tracing::warn!("{error}");
            }
        }
        state.record = Some(seen);
    }

    /// The store does not answer: what was known last goes on. Said once.
    async fn away(&self, place: &Place, why: Localized) -> Option<Told> {
        let said = shared::is_away(&place.record, &why);
        let was_away = self.shown().shared.as_mut().and_then(|shared| shared.away.replace(said.clone())).is_some();
        self.show_writable().await;
        (!was_away).then_some(Told::Away(said))
    }

    async fn is_back(&self) {
        let was_away = self.shown().shared.as_mut().and_then(|shared| shared.away.take()).is_some();
        if was_away {
            self.show_writable().await;
        }
    }
}
