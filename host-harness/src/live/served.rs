//! The configuration as the server's routes see and change it.

use std::sync::Arc;

use async_trait::async_trait;

use super::{LiveConfiguration, blocking, lock, program_fault};
use call::Localized;
use server::configuration::{Author, Configuration, ConfigurationChange, ConfigurationInForce, Edit, NotChanged};

#[async_trait]
impl Configuration for LiveConfiguration {
    fn in_force(&self) -> ConfigurationInForce {
        self.0.shown().clone()
    }

    async fn change(&self, edit: Edit, expected: &str, by: Author) -> Result<ConfigurationInForce, NotChanged> {
        let (inner, expected) = (Arc::clone(&self.0), expected.to_owned());
        // A client that goes away leaves no change half made.
        ended(tokio::spawn(async move { inner.change(edit, &expected, by).await }).await)
    }

    async fn changes(&self, before: Option<u64>, limit: usize) -> (Vec<ConfigurationChange>, Option<u64>) {
        let changes = Arc::clone(&self.0.changes);
        blocking(move || lock(&changes).page(before, limit)).await.unwrap_or_default()
    }

    async fn note(&self, what: Localized, by: Author) {
        let inner = Arc::clone(&self.0);
        // Only a fault of the program keeps it from ending.
        let _ = tokio::spawn(async move { inner.note(what, by).await }).await;
    }

    async fn undo(&self, number: u64, expected: &str, by: Author) -> Result<ConfigurationInForce, NotChanged> {
        let (inner, expected) = (Arc::clone(&self.0), expected.to_owned());
        ended(tokio::spawn(async move { inner.undo(number, &expected, by).await }).await)
    }
}

fn ended<T>(ended: Result<Result<T, NotChanged>, tokio::task::JoinError>) -> Result<T, NotChanged> {
    ended.unwrap_or_else(|_| Err(NotChanged::Conflict(program_fault())))
}
