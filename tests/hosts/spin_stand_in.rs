//! A stand-in for Spin, which cannot be installed where tests run: not Spin, but a host that links what Spin links under the same names and
//! keeps what Spin keeps, a key-value store with the label `default` that outlives the request. It shows that the shim passes everything
//! on; it says nothing of Spin's own code.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use wasmtime::component::{HasSelf, Resource};

use crate::configuration::Configuration;
use crate::serving::{Guest, Host, linker};

mod bindings {
    wasmtime::component::bindgen!({
        inline: "
            package stand-in:spin;

            world stand-in {
                import wasi:keyvalue/store@0.2.0-draft2;
                import wasi:config/store@0.2.0-draft-2024-09-27;
            }
        ",
        path: ["worlds/spin/deps/keyvalue", "worlds/spin/deps/config"],
        with: { "wasi:keyvalue/store.bucket": super::Bucket },
        imports: { default: trappable },
    });
}

use bindings::wasi::config::store as config;
use bindings::wasi::keyvalue::store as key_value;

/// What is kept between requests.
pub(crate) type Kept = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// An open bucket: there is one.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Bucket;

/// A host with this component.
pub(crate) fn host(component: &wasmtime::component::Component, configuration: Configuration) -> Host {
    let mut linker = linker();
    key_value::add_to_linker::<_, HasSelf<Guest>>(&mut linker, |guest| guest).expect("key-value links");
    config::add_to_linker::<_, HasSelf<Guest>>(&mut linker, |guest| guest).expect("configuration links");
    Host::linked(&linker, component, configuration)
}

type Trappable<T> = wasmtime::Result<T>;

impl key_value::Host for Guest {
    fn open(&mut self, identifier: String) -> Trappable<Result<Resource<Bucket>, key_value::Error>> {
        // Spin grants the labels of its manifest, and refuses others so.
        if identifier != "default" {
            return Ok(Err(key_value::Error::AccessDenied));
        }
        Ok(Ok(self.table.push(Bucket)?))
    }
}

impl key_value::HostBucket for Guest {
    fn get(&mut self, _: Resource<Bucket>, key: String) -> Trappable<Result<Option<Vec<u8>>, key_value::Error>> {
        Ok(Ok(self.kept.lock().expect("no panic").get(&key).cloned()))
    }

    fn set(&mut self, _: Resource<Bucket>, key: String, value: Vec<u8>) -> Trappable<Result<(), key_value::Error>> {
        // Spin's store takes keys of 256 bytes and values of 1 MB.
        assert!(key.len() <= 256 && value.len() <= 1_000_000, "{key}: {} bytes", value.len());
        self.kept.lock().expect("no panic").insert(key, value);
        Ok(Ok(()))
    }

    fn delete(&mut self, _: Resource<Bucket>, key: String) -> Trappable<Result<(), key_value::Error>> {
        self.kept.lock().expect("no panic").remove(&key);
        Ok(Ok(()))
    }

    fn exists(&mut self, _: Resource<Bucket>, key: String) -> Trappable<Result<bool, key_value::Error>> {
        Ok(Ok(self.kept.lock().expect("no panic").contains_key(&key)))
    }

    fn list_keys(
        &mut self,
        _: Resource<Bucket>,
        _: Option<String>,
    ) -> Trappable<Result<key_value::KeyResponse, key_value::Error>> {
        panic!("no operation lists keys")
    }

    fn drop(&mut self, bucket: Resource<Bucket>) -> Trappable<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl config::Host for Guest {
    fn get(&mut self, key: String) -> Trappable<Result<Option<String>, config::Error>> {
        // Spin knows no key with a capital or a hyphen.
        assert!(key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'), "{key}");
        Ok(Ok(self.configuration.get(&key).cloned()))
    }

    fn get_all(&mut self) -> Trappable<Result<Vec<(String, String)>, config::Error>> {
        Ok(Ok(self.configuration.iter().map(|(key, value)| (key.clone(), value.clone())).collect()))
    }
}
