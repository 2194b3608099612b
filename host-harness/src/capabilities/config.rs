//! An integration's configuration for operations: `wasi:config/store@0.2.0-rc.1`.
//!
//! Grants: reading the integration's own keys. Secrets are not among them: the access token is added to requests by the HTTP capability.

use std::collections::BTreeMap;
use std::sync::Arc;

use wasmtime::component::{HasData, Linker};

use super::journal::{Import, Journal};
use crate::bindings::wasi::config::store;

/// The keys and values that one integration's operations may read.
#[derive(Clone, Debug, Default)]
pub struct Configuration(Arc<BTreeMap<String, String>>);

impl FromIterator<(String, String)> for Configuration {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(Arc::new(pairs.into_iter().collect()))
    }
}

/// The configuration of one call, and the call's journal.
pub(crate) struct ConfigurationView<'a> {
    pub(crate) configuration: &'a Configuration,
    pub(crate) journal: &'a Journal,
}

struct HasConfiguration;

impl HasData for HasConfiguration {
    type Data<'a> = ConfigurationView<'a>;
}

/// Links the interface; `view` finds the configuration in a store's data.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> ConfigurationView<'_>,
) -> wasmtime::Result<()> {
    store::add_to_linker::<T, HasConfiguration>(linker, view)
}

impl store::Host for ConfigurationView<'_> {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<String>, store::Error>> {
        let answer = self.configuration.0.get(&key).cloned();
        self.journal.note(|| Import::Configuration { key, answer: answer.clone() });
        Ok(Ok(answer))
    }

    async fn get_all(&mut self) -> wasmtime::Result<Result<Vec<(String, String)>, store::Error>> {
        let answer = &*self.configuration.0;
        self.journal.note(|| Import::WholeConfiguration { answer: answer.clone() });
        Ok(Ok(answer.iter().map(|(key, value)| (key.clone(), value.clone())).collect()))
    }
}
