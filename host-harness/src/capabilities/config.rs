//! An integration's configuration for operations: `wasi:config/store@0.2.0-rc.1`.
//!
//! Grants: reading the integration's own keys. Secrets are not among them: the access token is added to requests by the HTTP capability.

use std::collections::BTreeMap;
use std::sync::Arc;

use wasmtime::component::{HasData, Linker};

use crate::bindings::wasi::config::store;

/// The keys and values that one integration's operations may read.
#[derive(Clone, Debug, Default)]
pub struct Configuration(Arc<BTreeMap<String, String>>);

impl FromIterator<(String, String)> for Configuration {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(Arc::new(pairs.into_iter().collect()))
    }
}

struct HasConfiguration;

impl HasData for HasConfiguration {
    type Data<'a> = &'a mut Configuration;
}

/// Links the interface; `get` finds the configuration in a store's data.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    get: fn(&mut T) -> &mut Configuration,
) -> wasmtime::Result<()> {
    store::add_to_linker::<T, HasConfiguration>(linker, get)
}

impl store::Host for Configuration {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<String>, store::Error>> {
        Ok(Ok(self.0.get(&key).cloned()))
    }

    async fn get_all(&mut self) -> wasmtime::Result<Result<Vec<(String, String)>, store::Error>> {
        Ok(Ok(self.0.iter().map(|(key, value)| (key.clone(), value.clone())).collect()))
    }
}
