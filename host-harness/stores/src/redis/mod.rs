//! The store that several nodes share: a server of Redis or Valkey.
//!
//! Every operation ends within [`OPERATION`](link::OPERATION), and at once while the server is known to be away; the first ones of a process
//! wait up to a second for the connection. An operation that failed is not tried again here: whether the server did it is unknown.
//!
//! **Names.** An entry is `hh:1:NAMESPACE-LENGTH:NAMESPACE BUCKET-LENGTH:BUCKET KEY` without the spaces, lengths in bytes, so that no two
//! addresses share one whatever they contain. Beside it each shelf has a list of its keys, `hh:2:…`, in the order of their bytes: a server
//! that others use too is never searched through. For the quota of a bucket each shelf has three more: `hh:3:…`, the keys of cached values in
//! the order of writing; `hh:4:…`, what each counts for; `hh:5:…`, their sum.
//!
//! **Forgetting.** What is [cached](KeyValueStore::cache) expires at the server. What is set or swapped has no expiry; a server without an
//! append-only file, or one that evicts any key when it is full, can lose it all the same, which opening the store says.

mod link;
mod location;
mod probe;
mod window;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use redis::{
    Client, ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo, Script, ScriptInvocation, TlsCertificates,
};

use super::StoreWarning;
use link::Link;
pub use location::{LocationError, RedisLocation};
use runtime::regular_file;
use runtime::store::{
    BUCKET_QUOTA, CACHED_FOR, FullBuckets, KeyPage, KeyValueStore, SharedWindow, Shelf, Slot, StoreError, WindowBounds,
    entry_bytes,
};
use window::RedisWindow;

static SET: LazyLock<Script> =
    LazyLock::new(|| Script::new(concat!(include_str!("count.lua"), include_str!("set.lua"))));
static SWAP: LazyLock<Script> =
    LazyLock::new(|| Script::new(concat!(include_str!("count.lua"), include_str!("swap.lua"))));
static DELETE: LazyLock<Script> =
    LazyLock::new(|| Script::new(concat!(include_str!("count.lua"), include_str!("delete.lua"))));
static LIST: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("list.lua")));

/// The most values that one write removes. A value of a component never pushes out more than a few hundred.
const STEP: u32 = 1_000;
/// No list is longer; a position beyond is after its end.
const FARTHEST: u64 = 1 << 40;

/// Keeps values at a server.
#[derive(Debug)]
pub struct RedisStore {
    link: Link,
    /// This process among those that share the server.
    node: Arc<str>,
    quota: u64,
    full: FullBuckets,
}

impl RedisStore {
    /// Reads the password and the certificates, and looks at the server for up to a second. Where it is away, the store is there all the same
    /// and finds it later. Blocks.
    pub fn open(location: &RedisLocation) -> Result<(Self, Option<StoreWarning>), StoreError> {
        let server = location.server();
        let client = client(location).map_err(|cause| StoreError::Unprepared { server: server.clone(), cause })?;
        let (away, warning) = match probe::look(&client, &server) {
            Ok(why) => (None, why.map(|why| StoreWarning::Losable { server: server.clone(), why })),
            Err(error) => (Some(error.clone()), Some(StoreWarning::Away(error))),
        };
        let chance = getrandom::u64()
            .map_err(|cause| StoreError::Unprepared { server: server.clone(), cause: cause.to_string() })?;
        let store = Self {
            link: Link::new(client, server, away),
            node: format!("{chance:016x}").into(),
            quota: BUCKET_QUOTA,
            full: FullBuckets::default(),
        };
        Ok((store, warning))
    }

    /// The same with another quota for a bucket, in bytes.
    #[must_use]
    pub fn with_quota(self, quota: u64) -> Self {
        Self { quota, ..self }
    }

    async fn write(&self, slot: Slot<'_>, value: &[u8], seconds: u64) -> Result<(), StoreError> {
        let mut script = changing(&SET, slot);
        script.arg(value).arg(slot.key).arg(seconds).arg(entry_bytes(slot.key, value)).arg(self.quota).arg(STEP);
        let went = self.link.run(async move |mut connection| script.invoke_async::<u32>(&mut connection).await).await?;
        if went > 0 {
            self.full.tell(slot.shelf, self.quota);
        }
        Ok(())
    }
}

/// A script that changes an entry, with the names that it needs.
fn changing<'a>(script: &'a Script, slot: Slot<'_>) -> ScriptInvocation<'a> {
    let mut invocation = script.prepare_invoke();
    invocation.key(entry(slot));
    for kind in 2..=5 {
        invocation.key(prefix(kind, slot.shelf));
    }
    invocation
}

/// The most bytes of a file of certificate authorities.
const MOST_AUTHORITIES: u64 = 4 * 1024 * 1024;

/// What connects to the server.
fn client(location: &RedisLocation) -> Result<Client, String> {
    let text = |error: redis::RedisError| error.to_string();
    let (host, port) = (location.host.clone(), location.port);
    let mut settings = RedisConnectionInfo::default().set_db(i64::from(location.database));
    if let Some(user) = &location.user {
        settings = settings.set_username(user);
    }
    if let Some(source) = &location.password {
        let password = source.read().map_err(|error| format!("`password`: {error}"))?;
        settings = settings.set_password(password.expose());
    }
    if !location.tls {
        let address = ConnectionAddr::Tcp(host, port).into_connection_info().map_err(text)?;
        return Client::open(address.set_redis_settings(settings)).map_err(text);
    }
    // Where another library chose its cryptography first, that one is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let address = ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None };
    let address = address.into_connection_info().map_err(text)?.set_redis_settings(settings);
    let root_cert = match &location.ca_file {
        None => None,
        Some(file) => Some(regular_file::read(file, MOST_AUTHORITIES).map_err(|cause| {
            format!(
                "`ca_file` {} cannot be read ({cause}): check that it exists and that this user may read it",
                file.display()
            )
        })?),
    };
    let unusable = |error| format!("`ca_file` holds no certificate authority in PEM form ({error})");
    Client::build_with_tls(address, TlsCertificates { client_tls: None, root_cert }).map_err(unusable)
}

/// What the names of a shelf's entries begin with.
fn prefix(kind: u8, Shelf { namespace, bucket }: Shelf<'_>) -> String {
    format!("hh:{kind}:{}:{namespace}{}:{bucket}", namespace.len(), bucket.len())
}

fn entry(slot: Slot<'_>) -> String {
    prefix(1, slot.shelf) + slot.key
}

#[async_trait::async_trait]
impl KeyValueStore for RedisStore {
    async fn get(&self, slot: Slot<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        let name = entry(slot);
        self.link.run(async move |mut connection| redis::cmd("GET").arg(name).query_async(&mut connection).await).await
    }

    async fn set(&self, slot: Slot<'_>, value: &[u8]) -> Result<(), StoreError> {
        self.write(slot, value, 0).await
    }

    async fn cache(&self, slot: Slot<'_>, value: &[u8]) -> Result<(), StoreError> {
        self.write(slot, value, CACHED_FOR.as_secs()).await
    }

    async fn cache_for(&self, slot: Slot<'_>, value: &[u8], time: Duration) -> Result<(), StoreError> {
        self.write(slot, value, time.as_secs().max(1)).await
    }

    async fn compare_and_swap(
        &self,
        slot: Slot<'_>,
        expected: Option<&[u8]>,
        value: &[u8],
    ) -> Result<bool, StoreError> {
        let mut script = changing(&SWAP, slot);
        script.arg(value).arg(slot.key);
        script.arg(u8::from(expected.is_some())).arg(expected.unwrap_or_default());
        self.link.run(async move |mut connection| script.invoke_async(&mut connection).await).await
    }

    async fn delete(&self, slot: Slot<'_>) -> Result<(), StoreError> {
        let mut script = changing(&DELETE, slot);
        script.arg(slot.key);
        self.link.run(async move |mut connection| script.invoke_async::<()>(&mut connection).await).await
    }

    async fn exists(&self, slot: Slot<'_>) -> Result<bool, StoreError> {
        let name = entry(slot);
        self.link
            .run(async move |mut connection| redis::cmd("EXISTS").arg(name).query_async(&mut connection).await)
            .await
    }

    async fn list_keys(&self, shelf: Shelf<'_>, position: u64, limit: u32) -> Result<KeyPage, StoreError> {
        let mut script = LIST.prepare_invoke();
        script.key(prefix(1, shelf)).key(prefix(2, shelf)).arg(position.min(FARTHEST)).arg(limit);
        let keys = self.link.run(async move |mut connection| script.invoke_async(&mut connection).await).await?;
        Ok(KeyPage::cut(keys, position, limit))
    }

    fn location(&self) -> String {
        self.link.server().to_owned()
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn shared_window(&self, name: &str, bounds: WindowBounds) -> Option<Arc<dyn SharedWindow>> {
        Some(Arc::new(RedisWindow::new(self.link.clone(), Arc::clone(&self.node), name, bounds)))
    }
}
