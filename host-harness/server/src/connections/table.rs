//! The open connections of one listener, and which of them may stay.
//!
//! A connection has proved itself when a request on it was authenticated (FastAGI: when the block of a call has come). Those that have not
//! are strangers': where there is no room, the oldest of them is closed for the newest, and one address has only its share. So a neighbour
//! who holds connections without a word takes nobody's place for longer than another connection needs to come, and a PBX behind one address
//! is not held up by the bound of an address.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

/// How many connections there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Altogether.
    pub all: usize,
    /// From one address, of those that have not proved themselves. An IPv6 network of 64 bits counts as one address.
    pub unproved_per_address: usize,
}

/// The connections of one listener.
#[derive(Debug)]
pub(crate) struct Table {
    bounds: Bounds,
    inner: Mutex<Inner>,
    /// A place is free, or a connection may be closed for another one.
    changed: Notify,
    slow: AtomicU64,
    without_tls: AtomicU64,
    no_room: AtomicU64,
    address_share: AtomicU64,
}

#[derive(Debug, Default)]
struct Inner {
    next: u64,
    open: usize,
    /// Those that have not proved themselves, oldest first.
    unproved: BTreeMap<u64, SilentConnection>,
    per_address: HashMap<IpAddr, usize>,
}

#[derive(Debug)]
struct SilentConnection {
    address: IpAddr,
    close: CancellationToken,
}

/// How the connections of a listener stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Connections)]
pub(crate) struct Counted {
    /// How many are open.
    pub(crate) open: usize,
    /// How many of them have not proved themselves.
    pub(crate) unproved: usize,
    /// How many were closed since the start because they were too slow to prove themselves.
    pub(crate) closed_slow: u64,
    /// How many were closed since the start because they did not speak TLS, where the server does.
    pub(crate) closed_without_tls: u64,
    /// How many were closed since the start to make room for others.
    pub(crate) closed_for_others: u64,
    /// How many of those because their address had its share.
    pub(crate) closed_for_address_share: u64,
}

impl Counted {
    /// How many were closed, by reason.
    pub(crate) const fn closed(self) -> [(&'static str, u64); 4] {
        [
            ("too-slow", self.closed_slow),
            ("no-tls", self.closed_without_tls),
            ("no-room", self.closed_for_others - self.closed_for_address_share),
            ("address-share", self.closed_for_address_share),
        ]
    }
}

impl Table {
    pub(crate) fn new(bounds: Bounds) -> Arc<Self> {
        Arc::new(Self {
            bounds,
            inner: Mutex::default(),
            changed: Notify::new(),
            slow: AtomicU64::new(0),
            without_tls: AtomicU64::new(0),
            no_room: AtomicU64::new(0),
            address_share: AtomicU64::new(0),
        })
    }

    /// Takes a connection in; where there is no room, another one is closed for it. None where all others have proved themselves.
    pub(crate) fn enter(self: &Arc<Self>, peer: IpAddr) -> Option<Arc<Connection>> {
        let address = whose(peer);
        let mut inner = self.inner();
        let of_address = inner.per_address.get(&address).copied().unwrap_or_default();
        let (displaced, counter) = if of_address >= self.bounds.unproved_per_address {
            let oldest = inner.unproved.iter().find(|(_, unproved)| unproved.address == address);
            (oldest.map(|(id, _)| *id), &self.address_share)
        } else if inner.open >= self.bounds.all {
            (Some(*inner.unproved.first_key_value()?.0), &self.no_room)
        } else {
            (None, &self.no_room)
        };
        if let Some(unproved) = displaced.and_then(|id| inner.remove_unproved(id)) {
            counter.fetch_add(1, Ordering::Relaxed);
            // Its place is free from now on; the connection itself ends when its task is woken.
            inner.open -= 1;
            unproved.close.cancel();
        }
        if inner.open >= self.bounds.all {
            return None;
        }
        let (id, close) = (inner.next, CancellationToken::new());
        inner.next += 1;
        inner.open += 1;
        *inner.per_address.entry(address).or_default() += 1;
        inner.unproved.insert(id, SilentConnection { address, close: close.clone() });
        drop(inner);
        Some(Arc::new(Connection {
            table: Arc::clone(self),
            id,
            peer: peer.to_canonical(),
            close,
            proved: AtomicBool::new(false),
            encrypted: AtomicBool::new(false),
            requests: AtomicU64::new(0),
            in_work: AtomicUsize::new(0),
        }))
    }

    /// The same, waiting for room.
    pub(crate) async fn entered(self: &Arc<Self>, peer: IpAddr) -> Arc<Connection> {
        loop {
            let changed = self.changed.notified();
            if let Some(connection) = self.enter(peer) {
                return connection;
            }
            changed.await;
        }
    }

    pub(crate) fn counted(&self) -> Counted {
        let inner = self.inner();
        let address_share = self.address_share.load(Ordering::Relaxed);
        Counted {
            open: inner.open,
            unproved: inner.unproved.len(),
            closed_slow: self.slow.load(Ordering::Relaxed),
            closed_without_tls: self.without_tls.load(Ordering::Relaxed),
            closed_for_others: self.no_room.load(Ordering::Relaxed) + address_share,
            closed_for_address_share: address_share,
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing in between can panic.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn remove_unproved(&mut self, id: u64) -> Option<SilentConnection> {
        let unproved = self.unproved.remove(&id)?;
        if let Some(count) = self.per_address.get_mut(&unproved.address) {
            *count -= 1;
            if *count == 0 {
                self.per_address.remove(&unproved.address);
            }
        }
        Some(unproved)
    }
}

/// One open connection. Its place is free when the last clone of the pointer is dropped.
#[derive(Debug)]
pub(crate) struct Connection {
    table: Arc<Table>,
    id: u64,
    peer: IpAddr,
    close: CancellationToken,
    proved: AtomicBool,
    encrypted: AtomicBool,
    requests: AtomicU64,
    in_work: AtomicUsize,
}

impl Connection {
    /// The connection has proved itself, and stays.
    pub(crate) fn prove(&self) {
        if !self.is_proved() {
            let mut inner = self.table.inner();
            // One that was displaced a moment ago has lost its place already.
            if inner.remove_unproved(self.id).is_some() {
                self.proved.store(true, Ordering::Release);
            }
        }
    }

    /// Who is at its other end.
    pub(crate) const fn peer(&self) -> IpAddr {
        self.peer
    }

    pub(crate) fn is_proved(&self) -> bool {
        self.proved.load(Ordering::Acquire)
    }

    /// The connection is to be closed because another one needs its place.
    pub(crate) async fn displaced(&self) {
        self.close.cancelled().await;
    }

    /// TLS has begun on it.
    pub(crate) fn encrypt(&self) {
        self.encrypted.store(true, Ordering::Release);
    }

    /// Whether it speaks TLS.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.encrypted.load(Ordering::Acquire)
    }

    /// Counts the connection as closed because it did not speak TLS.
    pub(crate) fn count_without_tls(&self) {
        self.table.without_tls.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts the connection as closed because it was too slow.
    pub(crate) fn count_slow(&self) {
        self.table.slow.fetch_add(1, Ordering::Relaxed);
    }

    /// A request has come in on it; it is answered when what this gives is dropped.
    pub(crate) fn request(self: &Arc<Self>) -> InWork {
        self.in_work.fetch_add(1, Ordering::AcqRel);
        InWork(Arc::clone(self))
    }

    /// How many requests were answered, and whether one is being answered: what has not moved between two looks stood still.
    pub(crate) fn progress(&self) -> (u64, bool) {
        (self.requests.load(Ordering::Acquire), self.in_work.load(Ordering::Acquire) > 0)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut inner = self.table.inner();
        if inner.remove_unproved(self.id).is_some() || *self.proved.get_mut() {
            inner.open -= 1;
        }
        drop(inner);
        self.table.changed.notify_one();
    }
}

/// A request that is being answered.
pub(crate) struct InWork(Arc<Connection>);

impl Drop for InWork {
    fn drop(&mut self) {
        self.0.requests.fetch_add(1, Ordering::AcqRel);
        self.0.in_work.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Whom an address belongs to: one IPv4 address, or one IPv6 network.
fn whose(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn table(all: usize, unproved_per_address: usize) -> Arc<Table> {
        Table::new(Bounds { all, unproved_per_address })
    }

    fn is_displaced(connection: &Connection) -> bool {
        connection.close.is_cancelled()
    }

    #[test]
    fn the_oldest_that_has_not_proved_itself_makes_room_and_no_other_does() {
        let table = table(3, 100);
        let stranger = address("192.0.2.1");
        let [pbx, old, new] = [0; 3].map(|_| table.enter(stranger).unwrap());
        pbx.prove();
        pbx.prove();
        let next = table.enter(address("192.0.2.2")).unwrap();
        assert_eq!([&pbx, &old, &new, &next].map(|one| is_displaced(one)), [false, true, false, false]);
        // What was displaced frees no second place when it ends.
        drop(old);
        assert_eq!(table.counted(), Counted { open: 3, unproved: 2, closed_for_others: 1, ..Counted::default() });
        new.prove();
        next.prove();
        assert!(table.enter(stranger).is_none(), "everybody here has proved themselves");
        drop(pbx);
        assert!(table.enter(stranger).is_some());
    }

    #[test]
    fn an_address_has_its_share_and_a_pbx_behind_it_is_not_held_up() {
        let table = table(100, 2);
        let pbxs: Vec<_> = (0..10)
            .map(|_| {
                let connection = table.enter(address("192.0.2.1")).unwrap();
                connection.prove();
                connection
            })
            .collect();
        let other = table.enter(address("2001:db8:0:1::9")).unwrap();
        let strangers: Vec<_> =
            ["::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"].map(|peer| table.enter(address(peer)).unwrap()).into();
        assert!(pbxs.iter().all(|connection| !is_displaced(connection)) && !is_displaced(&other));
        assert_eq!(strangers.iter().map(|one| is_displaced(one)).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!(table.counted().closed(), [("too-slow", 0), ("no-tls", 0), ("no-room", 0), ("address-share", 1)]);
        // A network of IPv6 is one address.
        let _second = table.enter(address("2001:db8:0:1::a")).unwrap();
        let _third = table.enter(address("2001:db8:0:1:2::")).unwrap();
        assert!(is_displaced(&other));
    }

    #[tokio::test]
    async fn whoever_waits_for_room_gets_the_next_free_place() {
        let table = table(1, 1);
        let first = table.enter(address("192.0.2.1")).unwrap();
        first.prove();
        let waiting = tokio::spawn({
            let table = Arc::clone(&table);
            async move { table.entered(address("192.0.2.2")).await }
        });
        drop(first);
        assert!(!waiting.await.unwrap().is_proved());
    }
}
