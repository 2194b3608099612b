//! The window of starts that nodes share, at the server, by the server's clock alone.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use redis::Script;

use super::link::Link;
use runtime::store::{Asked, SharedWindow, StoreError, WindowBounds, WindowState};

static PERMIT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("permit.lua")));
static STARTED: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("started.lua")));

/// How long a permitted start may be about to happen; opening a connection takes less. So long does one count whose node has died.
const HOLD: Duration = Duration::from_secs(10);
/// How long a node counts as there after it last asked.
const REMEMBERED: Duration = Duration::from_secs(60);

/// One window.
#[derive(Debug)]
pub(super) struct RedisWindow {
    link: Link,
    node: Arc<str>,
    bounds: WindowBounds,
    starts: String,
    nodes: String,
    permits: AtomicU64,
}

impl RedisWindow {
    pub(super) fn new(link: Link, node: Arc<str>, name: &str, bounds: WindowBounds) -> Self {
        let [starts, nodes] = [3, 4].map(|kind| format!("hh:{kind}:{name}"));
        Self { link, node, bounds, starts, nodes, permits: AtomicU64::new(0) }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[async_trait::async_trait]
impl SharedWindow for RedisWindow {
    async fn ask(&self, permit: &str, waiting: usize) -> Result<Asked, StoreError> {
        let mut script = PERMIT.prepare_invoke();
        script.key(&self.starts).key(&self.nodes).arg(self.bounds.most).arg(milliseconds(self.bounds.length));
        script.arg(milliseconds(HOLD)).arg(permit).arg(&*self.node).arg(waiting).arg(milliseconds(REMEMBERED));
        let (permitted, nodes, leaving, waiting_elsewhere): (bool, usize, Vec<u64>, Vec<usize>) =
            self.link.run(async move |mut connection| script.invoke_async(&mut connection).await).await?;
        let leaving = leaving.into_iter().map(Duration::from_millis).collect();
        Ok(Asked { permitted, state: WindowState { leaving, waiting_elsewhere, nodes } })
    }

    async fn started(&self, permit: &str) -> Result<(), StoreError> {
        let mut script = STARTED.prepare_invoke();
        script.key(&self.starts).arg(permit).arg(milliseconds(HOLD + self.bounds.length));
        self.link.run(async move |mut connection| script.invoke_async::<()>(&mut connection).await).await
    }

    async fn give_back(&self, permit: &str) -> Result<(), StoreError> {
        let mut command = redis::cmd("ZREM");
        command.arg(&self.starts).arg(permit);
        self.link.run(async move |mut connection| command.query_async::<()>(&mut connection).await).await
    }

    fn new_permit(&self) -> String {
        format!("{}-{}", self.node, self.permits.fetch_add(1, Ordering::Relaxed))
    }
}
