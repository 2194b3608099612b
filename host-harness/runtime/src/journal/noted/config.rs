//! What was read of the configuration. A replay has the configuration itself, so no script is needed.

use wasmtime::Result;

use super::Noted;
use crate::bindings::wasi::config::store::{self, Host};
use crate::capabilities::config::Configuration;
use crate::journal::Import;

impl Host for Noted<'_, &mut Configuration> {
    async fn get(&mut self, key: String) -> Result<Result<Option<String>, store::Error>> {
        let value = self.capability.get(key.clone()).await?;
        if let Ok(answer) = &value {
            self.journal.note(|| Import::Configuration { key, answer: answer.clone() });
        }
        Ok(value)
    }

    async fn get_all(&mut self) -> Result<Result<Vec<(String, String)>, store::Error>> {
        let values = self.capability.get_all().await?;
        if let Ok(answer) = &values {
            self.journal.note(|| Import::WholeConfiguration { answer: answer.iter().cloned().collect() });
        }
        Ok(values)
    }
}
