//! A change that is asked for: made in the text, judged, written, in force, remembered.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::MutexGuard;

use super::file::ConfigurationFile;
use super::judged::ReadConfiguration;
use super::several::Several;
use super::{Inner, Place, State, blocking, by_hand, demonstration, edit, field, lock, program_fault};
use crate::change::{Made, revision_of};
use crate::shared::Seen;
use call::Localized;
use server::configuration::{Author, ConfigurationInForce, Edit, NotChanged};

/// What is to be changed.
enum Wanted {
    Edit(Edit),
    /// The change of this number, taken back.
    Undo(u64),
}

impl Wanted {
    const fn undone(&self) -> Option<u64> {
        match self {
            Self::Edit(_) => None,
            Self::Undo(number) => Some(*number),
        }
    }

    const fn edit(&self) -> Option<&Edit> {
        match self {
            Self::Edit(edit) => Some(edit),
            Self::Undo(_) => None,
        }
    }
}

impl Inner {
    pub(super) async fn change(
        &self,
        edit: Edit,
        expected: &str,
        author: Author,
    ) -> Result<ConfigurationInForce, NotChanged> {
        self.make(&Wanted::Edit(edit), expected, author).await
    }

    pub(super) async fn undo(
        &self,
        number: u64,
        expected: &str,
        author: Author,
    ) -> Result<ConfigurationInForce, NotChanged> {
        self.make(&Wanted::Undo(number), expected, author).await
    }

    async fn make(&self, wanted: &Wanted, expected: &str, author: Author) -> Result<ConfigurationInForce, NotChanged> {
        loop {
            let (text, own) = {
                let state = self.expected(expected).await?;
                (state.text.clone(), state.own.clone())
            };
            let changed = self.changed(wanted, &text).await?;
            if changed == text {
                return Ok(self.shown().clone());
            }
            let own_changed = if self.shared.is_some() { own.clone() } else { changed.clone() };
            // Nobody waits for the state while secrets are read.
            let read = match self.read(changed, own_changed).await {
                Ok(read) => read,
                Err(error) => return Err(self.not_read(text, own, &error, wanted).await),
            };
            let read = read.undoing(wanted.undone());
            let mut state = self.state.lock().await;
            if (&state.text, &state.own) == (&text, &own) {
                return self.write(&mut state, read, author, wanted).await;
            }
        }
    }

    /// The text with what is wanted.
    async fn changed(&self, wanted: &Wanted, text: &str) -> Result<String, NotChanged> {
        let number = match wanted {
            Wanted::Edit(edit) => {
                return edit::edited(text, edit, self.surroundings.location.own_directory().as_deref());
            }
            Wanted::Undo(number) => *number,
        };
        let (changes, now) = (Arc::clone(&self.changes), text.to_owned());
        let without = tokio::task::spawn_blocking(move || lock(&changes).without(number, &now)).await;
        let without = without.unwrap_or_else(|_| Err(NotChanged::Conflict(program_fault())))?;
        if self.shared.is_none() {
            by_hand::judge(text, &without, self.uploaded().as_deref())?;
        }
        Ok(without)
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
        // Another node may have changed it since this one looked.
        let (state, told) = self.caught_up(place).await;
        if let Some(told) = told {
            told.log();
        }
        if let Some(away) = self.shown().shared.as_ref().and_then(|shared| shared.away.clone()) {
            return Err(NotChanged::Conflict(away));
        }
        is_expected(&state, expected)?;
        if state.record.as_ref().is_none_or(|record| record.said.shared_text() != state.text) {
            return Err(NotChanged::Outdated(Localized::new(
                "общие настройки изменил другой узел, а этот узел их не принял: посмотрите состояние",
                "another node has changed the shared configuration, and this node refused it: look at the state",
            )));
        }
        Ok(state)
    }

    /// Judges a configuration, writes its text, puts it in force and remembers it.
    async fn write(
        &self,
        state: &mut State,
        read: ReadConfiguration,
        author: Author,
        wanted: &Wanted,
    ) -> Result<ConfigurationInForce, NotChanged> {
        let text = read.text().to_owned();
        let next = self.judge(state, read).await.map_err(|error| field::refusal(&error, wanted.edit()))?;
        let made = next.made();
        let told = match (&self.shared, &self.file) {
            (Some(place), _) => {
                let seen = self.swap(state, place, (text, made), author.clone()).await?;
                let told = self.put_in_force(state, next);
                self.known(state, place, seen).await;
                told
            }
            (None, Some(file)) => {
                self.write_file(file, state.text.clone(), text.clone()).await?;
                state.seen.clone_from(&text);
                let told = self.put_in_force(state, next);
                if let Some(warning) = self.remember(text, made, author.clone()).await {
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

    /// What a client is told whose change makes no configuration of the text.
    async fn not_read(&self, text: String, own: String, error: &anyhow::Error, wanted: &Wanted) -> NotChanged {
        if let (Wanted::Edit(Edit::Several(edits)), Some(file)) = (wanted, &self.file) {
            let several = Several {
                path: file.path().to_owned(),
                text,
                own: self.shared.is_some().then_some(own),
                state: self.surroundings.location.own_directory(),
                uploaded: self.uploaded(),
                edits: edits.clone(),
            };
            if let Ok(Some(refusal)) = blocking(move || several.refusal()).await {
                return refusal;
            }
        }
        field::refusal(error, wanted.edit())
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
    async fn swap(
        &self,
        state: &State,
        place: &Place,
        (text, (made, undoes)): (String, (Made, Option<u64>)),
        author: Author,
    ) -> Result<Seen, NotChanged> {
        let Some(seen) = &state.record else { return Err(NotChanged::Conflict(program_fault())) };
        let next = Seen::of(seen.said.next(text, made, undoes, author, self.surroundings.clock.now()));
        let swapped = place.record.swap(Some(seen), &next).await.map_err(|why| {
            let said = Localized::new(
                "хранилище общих настроек не ответило; изменение могло записаться: посмотрите настройки ещё раз",
                "the store of the shared configuration did not answer; the change may be written all the same: look at the configuration again",
            );
            NotChanged::Conflict(said.then(": ", &why.into()))
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
