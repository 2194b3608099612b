//! The functions, each passed on to Spin.

mod bindings {
    wit_bindgen::generate!({
        path: [
            "../../../wit/deps/keyvalue",
            "../../../wit/deps/config",
            "../../../host-harness/worlds/spin/deps/keyvalue",
            "../../../host-harness/worlds/spin/deps/config",
            "wit",
        ],
        world: "telephony:spin-shim/spin-shim",
        generate_all,
    });
}

use bindings::exports::wasi::config0_2_0_rc_1::store as config;
use bindings::exports::wasi::keyvalue0_2_0_draft::store as key_value;
use bindings::wasi::config0_2_0_draft_2024_09_27::store as spin_config;
use bindings::wasi::keyvalue0_2_0_draft2::store as spin_key_value;

struct Shim;

impl key_value::Guest for Shim {
    type Bucket = Bucket;

    fn open(identifier: String) -> Result<key_value::Bucket, key_value::Error> {
        let bucket = spin_key_value::open(&identifier).map_err(error)?;
        Ok(key_value::Bucket::new(Bucket(bucket)))
    }
}

struct Bucket(spin_key_value::Bucket);

impl key_value::GuestBucket for Bucket {
    fn get(&self, key: String) -> Result<Option<Vec<u8>>, key_value::Error> {
        self.0.get(&key).map_err(error)
    }

    fn set(&self, key: String, value: Vec<u8>) -> Result<(), key_value::Error> {
        self.0.set(&key, &value).map_err(error)
    }

    fn delete(&self, key: String) -> Result<(), key_value::Error> {
        self.0.delete(&key).map_err(error)
    }

    fn exists(&self, key: String) -> Result<bool, key_value::Error> {
        self.0.exists(&key).map_err(error)
    }

    fn list_keys(&self, _cursor: Option<u64>) -> Result<key_value::KeyResponse, key_value::Error> {
        Err(key_value::Error::Other("list-keys differs between drafts; the contract forbids it".to_owned()))
    }
}

fn error(error: spin_key_value::Error) -> key_value::Error {
    match error {
        spin_key_value::Error::NoSuchStore => key_value::Error::NoSuchStore,
        spin_key_value::Error::AccessDenied => key_value::Error::AccessDenied,
        spin_key_value::Error::Other(text) => key_value::Error::Other(text),
    }
}

impl config::Guest for Shim {
    fn get(key: String) -> Result<Option<String>, config::Error> {
        spin_config::get(&key).map_err(config_error)
    }

    fn get_all() -> Result<Vec<(String, String)>, config::Error> {
        spin_config::get_all().map_err(config_error)
    }
}

fn config_error(error: spin_config::Error) -> config::Error {
    match error {
        spin_config::Error::Upstream(text) => config::Error::Upstream(text),
        spin_config::Error::Io(text) => config::Error::Io(text),
    }
}

bindings::export!(Shim with_types_in bindings);
