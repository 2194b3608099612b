//! A change that is asked for: made in the text, judged, written, in force, remembered.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::MutexGuard;

use super::file::ConfigurationFile;
use super::several::Several;
use super::{Inner, Place, State, blocking, by_hand, demonstration, edit, field, lock, program_fault};
use crate::change::revision_of;
use crate::shared::Seen;
use call::Localized;
use server::configuration::{Author, ConfigurationInForce, Edit, NotChanged};

impl Inner {
    pub(super) async fn change(
        &self,
        edit: Edit,
        expected: &str,
        author: Author,
    ) -> Result<ConfigurationInForce, NotChanged> {
        let mut state = self.expected(expected).await?;
        let edited = edit::edited(&state.text, &edit, self.surroundings.location.own_directory().as_deref())?;
        self.write(&mut state, edited, author, Some(&edit)).await
    }

    pub(super) async fn undo(
        &self,
        number: u64,
        expected: &str,
        author: Author,
    ) -> Result<ConfigurationInForce, NotChanged> {
        let mut state = self.expected(expected).await?;
        let (changes, now) = (Arc::clone(&self.changes), state.text.clone());
        let without = tokio::task::spawn_blocking(move || lock(&changes).without(number, &now)).await;
        let without = without.unwrap_or_else(|_| Err(NotChanged::Conflict(program_fault())))?;
        if self.shared.is_none() {
            by_hand::judge(&state.text, &without, self.uploaded().as_deref())?;
        }
        self.write(&mut state, without, author, None).await
    }

    /// The state, where what is in force is what the change was thought out for, and is what is written.
    async fn expected(&self, expected: &str) -> Result<MutexGuard<'_, State>, NotChanged> {
        let file = self.file.as_ref().ok_or_else(|| NotChanged::Conflict(demonstration()))?;
        let Some(place) = &self.shared else {
            let (state, read) = self.locked_with(file).await;
            let text = read.map_err(NotChanged::Conflict)?;
            is_expected(&state, expected)?;
            return if text == state.text { Ok(state) } else { Err(edited_by_hand()) };
        };
        let found = place.record.read().await;
        let mut state = self.state.lock().await;
        // Another node may have changed it since this one looked.
        if let Some(told) = self.catch_up(&mut state, place, found).await {
            told.log();
        }
        if let Some(away) = self.shown().shared.as_ref().and_then(|shared| shared.away.clone()) {
            return Err(NotChanged::Conflict(away));
        }
        is_expected(&state, expected)?;
        if state.record.as_ref().is_none_or(|record| record.text() != state.text) {
            return Err(NotChanged::Outdated(Localized::new(
                "общие настройки изменил другой узел, а этот узел их не принял: посмотрите состояние",
                "another node has changed the shared configuration, and this node refused it: look at the state",
            )));
        }
        Ok(state)
    }

    /// Judges a text, writes it, puts it in force and remembers it.
    async fn write(
        &self,
        state: &mut State,
        text: String,
        author: Author,
        edit: Option<&Edit>,
    ) -> Result<ConfigurationInForce, NotChanged> {
        if text == state.text {
            return Ok(self.shown().clone());
        }
        let own = if self.shared.is_some() { state.own.clone() } else { text.clone() };
        let next = match self.judge(state, text.clone(), own).await {
            Ok(next) => next,
            Err(error) => return Err(self.refusal(state, &error, edit).await),
        };
        let told = match (&self.shared, &self.file) {
            (Some(place), _) => {
                let seen = self.swap(state, place, text, author.clone()).await?;
                let told = self.put_in_force(state, next);
                self.known(state, place, seen).await;
                told
            }
            (None, Some(file)) => {
                self.write_file(file, state.text.clone(), text.clone()).await?;
                state.seen.clone_from(&text);
                let told = self.put_in_force(state, next);
                if let Some(warning) = self.remember(text, author.clone()).await {
                    tracing::warn!("{warning}");
                }
                told
            }
            (None, None) => return Err(NotChanged::Conflict(demonstration())),
        };
        let told = told.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        tracing::info!(by = ?author.by, author = author.name.as_deref().unwrap_or_default(), "{told}");
        self.show_writable().await;
        Ok(self.shown().clone())
    }

    /// What a client is told whose change was refused.
    async fn refusal(&self, state: &State, error: &anyhow::Error, edit: Option<&Edit>) -> NotChanged {
        if let (Some(Edit::Several(edits)), Some(file)) = (edit, &self.file) {
            let several = Several {
                path: file.path().to_owned(),
                text: state.text.clone(),
                own: self.shared.is_some().then(|| state.own.clone()),
                state: self.surroundings.location.own_directory(),
                uploaded: self.uploaded(),
                edits: edits.clone(),
            };
            if let Ok(Some(refusal)) = blocking(move || several.refusal()).await {
                return refusal;
            }
        }
        field::refusal(error, edit)
    }

    async fn write_file(&self, file: &ConfigurationFile, former: String, text: String) -> Result<(), NotChanged> {
        let to = file.clone();
        let written = blocking(move || to.write(&former, &text)).await.and_then(|written| written);
        if written.is_err() {
            self.show_writable().await;
        }
        let is_written = written.map_err(|error| {
            let said = Localized::new(
                "файл настроек не записан, ничего не изменилось",
                "the configuration file is not written, and nothing was changed",
            );
            NotChanged::Conflict(said.then(": ", &error))
        })?;
        self.writes.fetch_add(1, Ordering::Release);
        if is_written { Ok(()) } else { Err(edited_by_hand()) }
    }

    /// Puts the text into the record, where it still is as it was seen.
    async fn swap(&self, state: &State, place: &Place, text: String, author: Author) -> Result<Seen, NotChanged> {
        let Some(seen) = &state.record else { return Err(NotChanged::Conflict(program_fault())) };
        let next = seen.next(text, author, self.surroundings.clock.now());
        let swapped = place.record.swap(Some(seen), &next).await.map_err(|why| {
            let said = Localized::new(
                "хранилище общих настроек не ответило; изменение могло записаться: посмотрите настройки ещё раз",
                "the store of the shared configuration did not answer; the change may be written all the same: look at the configuration again",
            );
            NotChanged::Conflict(said.then(": ", &why))
        })?;
        if swapped { Ok(next) } else { Err(changed_by_others()) }
    }
}

fn is_expected(state: &State, expected: &str) -> Result<(), NotChanged> {
    if revision_of(&state.text) == expected { Ok(()) } else { Err(changed_by_others()) }
}

fn changed_by_others() -> NotChanged {
    NotChanged::Outdated(Localized::new(
        "настройки тем временем изменил кто-то другой: посмотрите, что изменилось, и повторите",
        "somebody else has changed the configuration: look at what has changed, and send the change again",
    ))
}

fn edited_by_hand() -> NotChanged {
    NotChanged::Outdated(Localized::new(
        "файл настроек изменён вручную, и изменение ещё не действует или не принято: посмотрите состояние и повторите",
        "the configuration file was edited by hand, and is not in force yet or was refused: look at the state, and send the change again",
    ))
}
