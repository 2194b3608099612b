//! An integration's configuration for operations: `wasi:config/store@0.2.0-rc.1`.
//!
//! Grants: reading the integration's own keys, of which an operation gets those that it describes. The access token is not among them: it is added
//! to requests by the HTTP capability. Secrets may be, such as [`CACHE_KEY_SECRET`], by which operations hash; so a configuration prints its keys
//! alone, and no recording holds those values.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use wasmtime::component::HasData;

use crate::bindings::wasi::config::store;

/// The key of the secret by which callers' numbers are hashed in stored keys (rule D12).
pub const CACHE_KEY_SECRET: &str = "cache_key_secret";

/// The keys and values that one integration's operations may read.
#[derive(Clone, Default)]
pub struct Configuration(Arc<BTreeMap<String, String>>);

impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl FromIterator<(String, String)> for Configuration {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(Arc::new(pairs.into_iter().collect()))
    }
}

/// A configuration, as a linker knows it.
pub(crate) struct HasConfiguration;

impl HasData for HasConfiguration {
    type Data<'a> = &'a mut Configuration;
}

impl store::Host for Configuration {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<String>, store::Error>> {
        Ok(Ok(self.0.get(&key).cloned()))
    }

    async fn get_all(&mut self) -> wasmtime::Result<Result<Vec<(String, String)>, store::Error>> {
        Ok(Ok(self.0.iter().map(|(key, value)| (key.clone(), value.clone())).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d12_a_configuration_prints_no_value() {
        let pair = (CACHE_KEY_SECRET.to_owned(), "a-secret-of-the-host".to_owned());
        let shown = format!("{:?}", Configuration::from_iter([pair]));
        assert_eq!(shown, r#"{"cache_key_secret"}"#);
    }
}
