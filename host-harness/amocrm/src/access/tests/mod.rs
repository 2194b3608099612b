//! The keeper, with a clock that the tests move and an amoCRM whose refresh tokens can be used once.

mod addresses;
mod refreshing;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use call::Localized;
use http::{Request, Response};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::consent::Consented;
use super::oauth::{NoAnswer, Web};
use super::*;
use runtime::capabilities::clocks::Clock;
use runtime::secret::Secret;
use runtime::store::{KeyPage, KeyValueStore, MemoryStore, Shelf, Slot, StoreError};

const START: &str = "2026-11-22T09:00:00Z";
const OLD: &str = "https://old.amocrm.ru";
const NEW: &str = "https://new.amocrm.ru";

/// What the next request to the token endpoint meets.
#[derive(Clone, Copy)]
enum Fate {
    /// The token is spent and the answer lost.
    AnswerLost,
    NotReached,
    Status(u16),
    /// The same with a hint (amoCRM facts §5.5).
    Hint(u16, &'static str),
}

#[derive(Debug, Default)]
struct Amocrm(Mutex<Account>);

#[derive(Default)]
struct Account {
    /// The account's address.
    address: String,
    /// What the look-up answers, where it is not the address.
    named: Option<String>,
    pairs: u32,
    refresh_token: String,
    /// How the lifetime of an access token is written, where it is not as amoCRM writes it.
    expires_in: Option<Value>,
    fates: VecDeque<Fate>,
    /// `POST https://old.amocrm.ru` and the like.
    asked: Vec<String>,
    hang: Option<Arc<tokio::sync::Notify>>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an account")
    }
}

impl Account {
    fn answer(&mut self, host: &str, lookup: Option<&str>, body: &Value) -> Result<(u16, Value), NoAnswer> {
        if let Some(token) = lookup {
            let known = token == self.refresh_token;
            let domain = self.named.clone().unwrap_or_else(|| self.address.replace("https://", ""));
            return Ok(if known {
                (200, json!({ "id": 7, "subdomain": "x", "domain": domain }))
            } else {
                (401, json!({}))
            });
        }
        let fate = self.fates.pop_front();
        match fate {
            Some(Fate::NotReached) => {
                return Err(NoAnswer {
                    sent: false,
                    why: Localized::new("там никто не слушает", "nobody listens there"),
                });
            }
            Some(Fate::Status(status)) => return Ok((status, json!({}))),
            Some(Fate::Hint(status, hint)) => return Ok((status, json!({ "hint": hint }))),
            _ => {}
        }
        if host != self.address {
            return Ok((404, json!({})));
        }
        let good = body["grant_type"] == "authorization_code" && body["code"] == "code"
            || body["refresh_token"] == self.refresh_token.as_str();
        if !good {
            return Ok((401, json!({ "hint": "Token has been revoked" })));
        }
        self.pairs += 1;
        self.refresh_token = format!("refresh-{}", self.pairs);
        if matches!(fate, Some(Fate::AnswerLost)) {
            return Err(NoAnswer {
                sent: true, why: Localized::new("соединение закрылось", "the connection ended")
            });
        }
        let expires_in = self.expires_in.clone().unwrap_or(json!(86_400));
        let claims = URL_SAFE_NO_PAD.encode(r#"{"api_domain":"api-a.amocrm.ru","account_id":7}"#);
        Ok((
            200,
            json!({
                "token_type": "Bearer", "expires_in": expires_in, "server_time": 1_795_338_007,
                "access_token": format!("e30.{claims}.{}", self.pairs), "refresh_token": self.refresh_token,
            }),
        ))
    }
}

#[async_trait::async_trait]
impl Web for Amocrm {
    async fn ask(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        let hang = self.0.lock().unwrap().hang.take();
        if let Some(hang) = hang {
            hang.notified().await;
        }
        let host = format!("https://{}", request.uri().authority().unwrap());
        let lookup = request.headers().get("x-refresh-token").map(|token| token.to_str().unwrap().to_owned());
        let body = serde_json::from_slice(request.body()).unwrap_or_default();
        let mut account = self.0.lock().unwrap();
        account.asked.push(format!("{} {host}", request.method()));
        let (status, body) = account.answer(&host, lookup.as_deref(), &body)?;
        Ok(Response::builder().status(status).body(body.to_string().into()).unwrap())
    }
}

/// A store whose swaps can be made to fail.
#[derive(Debug)]
struct Disk {
    inner: MemoryStore,
    swaps_left: AtomicU32,
}

impl Default for Disk {
    fn default() -> Self {
        Self { inner: MemoryStore::new(), swaps_left: AtomicU32::new(u32::MAX) }
    }
}

impl Disk {
    fn fail_swaps_after(&self, swaps: u32) {
        self.swaps_left.store(swaps, Ordering::Relaxed);
    }

    fn heal(&self) {
        self.fail_swaps_after(u32::MAX);
    }
}

#[async_trait::async_trait]
impl KeyValueStore for Disk {
    async fn get(&self, slot: Slot<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.get(slot).await
    }
    async fn set(&self, slot: Slot<'_>, value: &[u8]) -> Result<(), StoreError> {
        self.inner.set(slot, value).await
    }
    async fn compare_and_swap(&self, slot: Slot<'_>, old: Option<&[u8]>, new: &[u8]) -> Result<bool, StoreError> {
        let left = self.swaps_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if left.is_err() {
            return Err(StoreError::Full { file: "/nowhere/key-value.sqlite3".into() });
        }
        self.inner.compare_and_swap(slot, old, new).await
    }
    async fn delete(&self, slot: Slot<'_>) -> Result<(), StoreError> {
        self.inner.delete(slot).await
    }
    async fn exists(&self, slot: Slot<'_>) -> Result<bool, StoreError> {
        self.inner.exists(slot).await
    }
    async fn list_keys(&self, shelf: Shelf<'_>, position: u64, limit: u32) -> Result<KeyPage, StoreError> {
        self.inner.list_keys(shelf, position, limit).await
    }
    fn location(&self) -> String {
        "a disk".to_owned()
    }
}

/// An account, a store and a clock; keepers are processes.
struct World {
    amocrm: Arc<Amocrm>,
    store: Arc<Disk>,
    clock: Clock,
}

impl World {
    fn new() -> Self {
        let account = Account { address: OLD.to_owned(), ..Account::default() };
        Self {
            amocrm: Arc::new(Amocrm(Mutex::new(account))),
            store: Arc::default(),
            clock: Clock::frozen_at(START.parse().unwrap()),
        }
    }

    fn keeper(&self) -> Keeper {
        let settings = OAuthSettings {
            client_id: "client".to_owned(),
            client_secret: Secret::new("client-secret".to_owned()).into(),
            redirect_uri: "http://127.0.0.1:8765/".to_owned(),
            platform: Platform::Amocrm,
            account: None,
        };
        let store: Arc<dyn KeyValueStore> = self.store.clone();
        let web: Arc<dyn Web> = self.amocrm.clone();
        let oauth = OAuth::new(settings, Hosts::default(), web, self.clock.clone());
        Keeper::new(oauth, Ledger::new(store, "main", "client"), self.clock.clone())
    }

    async fn connected(&self) -> Keeper {
        let keeper = self.keeper();
        keeper.connect(consented(OLD)).await.unwrap();
        self.asked();
        keeper
    }

    fn meet(&self, fate: Fate) {
        self.amocrm.0.lock().unwrap().fates.push_back(fate);
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.amocrm.0.lock().unwrap().asked)
    }

    fn pass(&self, hours: i64) {
        self.clock.advance(SignedDuration::from_hours(hours));
    }

    /// The record as stored.
    async fn record(&self) -> String {
        let slot = Shelf { namespace: "main@client", bucket: "access" }.slot("grant");
        String::from_utf8(self.store.get(slot).await.unwrap().unwrap()).unwrap()
    }
}

fn consented(account: &str) -> Consented {
    Consented { code: Secret::new("code".to_owned()), account: account.parse().unwrap() }
}

fn refresh_token(keeper: &Keeper) -> String {
    keeper.grant().unwrap().refresh_token.expose().to_owned()
}
