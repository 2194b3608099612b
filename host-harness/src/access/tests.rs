//! The keeper, with a clock that the tests move and an amoCRM whose refresh tokens can be used once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Request, Response};
use jiff::SignedDuration;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::consent::Consented;
use super::keeper::{ConnectError, Due};
use super::oauth::{NoAnswer, TokenError, Web};
use super::*;
use crate::capabilities::clocks::Clock;
use crate::capabilities::http::AccessTokens;
use crate::secret::Secret;
use crate::stores::{KeyValueStore, MemoryStore, Shelf};

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
            Some(Fate::NotReached) => return Err(NoAnswer { sent: false, why: "nobody listens there".to_owned() }),
            Some(Fate::Status(status)) => return Ok((status, json!({}))),
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
            return Err(NoAnswer { sent: true, why: "the connection ended".to_owned() });
        }
        let claims = URL_SAFE_NO_PAD.encode(r#"{"api_domain":"api-a.amocrm.ru","account_id":7}"#);
        Ok((
            200,
            json!({
                "token_type": "Bearer", "expires_in": 86_400, "server_time": 1_795_338_007,
                "access_token": format!("e30.{claims}.{}", self.pairs), "refresh_token": self.refresh_token,
            }),
        ))
    }
}

#[async_trait::async_trait]
impl Web for Amocrm {
    async fn ask(&self, request: Request<Zeroizing<Vec<u8>>>) -> Result<Response<Zeroizing<Vec<u8>>>, NoAnswer> {
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
        Ok(Response::builder().status(status).body(Zeroizing::new(body.to_string().into_bytes())).unwrap())
    }
}

/// An account, a store and a clock; keepers are processes.
struct World {
    amocrm: Arc<Amocrm>,
    store: Arc<MemoryStore>,
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
            client_secret: Secret::new("client-secret".to_owned()),
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

#[tokio::test]
async fn a_user_connects_and_the_token_is_refreshed_at_two_thirds_of_its_life() {
    let world = World::new();
    let keeper = world.keeper();
    keeper.look().await.unwrap();
    assert!(!keeper.is_on() && keeper.current().is_none());
    let grant = keeper.connect(consented(OLD)).await.unwrap();
    assert_eq!((grant.expires_at.to_string().as_str(), grant.account_id), ("2026-11-23T09:00:00Z", Some(7)));
    assert_eq!((grant.namespace.as_str(), grant.clock_behind_seconds), ("main@https://old.amocrm.ru", 7));
    assert_eq!(keeper.current().unwrap().origin().to_string(), OLD);

    for _ in 0..3 {
        world.asked();
        assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::NotDue));
        world.clock.advance(SignedDuration::from_secs(16 * 3_600 - 1));
        assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::NotDue));
        assert!(world.asked().is_empty());
        world.pass(1);
        assert_eq!(keeper.due(), Some(Due::Age));
        let before = keeper.current().unwrap();
        assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::Here));
        assert_eq!(world.asked(), [format!("POST {OLD}")]);
        assert_ne!(keeper.current().unwrap(), before);
    }
    assert_eq!(refresh_token(&keeper), "refresh-4");
}

#[tokio::test]
async fn a_refusal_that_many_calls_met_is_one_refresh_and_never_in_the_call() {
    let world = World::new();
    let keeper = world.connected().await;
    let token = keeper.current().unwrap();
    for _ in 0..20 {
        keeper.refused(&token);
    }
    assert!(world.asked().is_empty());
    assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::Here));
    // A call that began with the old token and hears of its refusal only now.
    keeper.refused(&token);
    assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::NotDue));
    assert_eq!(world.asked().len(), 1);
}

#[tokio::test]
async fn a_refused_token_that_another_process_has_replaced_is_not_refreshed_again() {
    let world = World::new();
    let one = world.connected().await;
    let two = world.keeper();
    two.look().await.unwrap();
    two.refused(&two.current().unwrap());
    assert_eq!(one.refresh_now().await, Ok(Refreshed::Here));
    assert_eq!(two.refresh_if_due().await, Ok(Refreshed::NotDue));
    assert_eq!(two.current(), one.current());
    assert_eq!(world.asked().len(), 1);
}

#[tokio::test]
async fn two_processes_at_once_spend_one_token_and_the_loser_takes_the_winners() {
    let world = World::new();
    let one = Arc::new(world.connected().await);
    let two = world.keeper();
    let go_on = Arc::new(tokio::sync::Notify::new());
    world.amocrm.0.lock().unwrap().hang = Some(Arc::clone(&go_on));
    let winner = tokio::spawn({
        let one = Arc::clone(&one);
        async move { one.refresh_now().await }
    });
    while !world.record().await.contains("holder") {
        tokio::task::yield_now().await;
    }
    let (lost, ()) = tokio::join!(two.refresh_now(), async {
        tokio::time::sleep(Duration::from_millis(250)).await;
        go_on.notify_one();
    });
    assert_eq!((winner.await.unwrap(), lost), (Ok(Refreshed::Here), Ok(Refreshed::Elsewhere)));
    assert_eq!(world.asked().len(), 1);
    assert_eq!(refresh_token(&two), "refresh-2");
}

#[tokio::test]
async fn a_lease_is_waited_for_within_bounds_and_taken_over_when_it_has_expired() {
    let world = World::new();
    let one = Arc::new(world.connected().await);
    // A process that dies between amoCRM's answer and the write.
    world.amocrm.0.lock().unwrap().hang = Some(Arc::default());
    let dying = tokio::spawn({
        let one = Arc::clone(&one);
        async move { one.refresh_now().await }
    });
    while !world.record().await.contains("holder") {
        tokio::task::yield_now().await;
    }
    dying.abort();
    let mut two = world.keeper();
    two.wait = Duration::from_millis(300);
    assert!(matches!(two.refresh_now().await, Err(RefreshError::Busy)));
    assert!(world.asked().is_empty());
    world.clock.advance(SignedDuration::from_secs(91));
    // It had not got as far as spending the token.
    assert_eq!(two.refresh_now().await, Ok(Refreshed::Here));
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_once_more_and_then_the_integration_is_off() {
    let world = World::new();
    let keeper = world.connected().await;
    world.meet(Fate::AnswerLost);
    let lost = keeper.refresh_now().await.unwrap_err();
    assert!(matches!(lost, RefreshError::Amocrm(TokenError::Unanswered(_))), "{lost}");
    assert!(keeper.is_on(), "the access token lives on");
    // Another process finds the mark.
    let next = world.keeper();
    assert_eq!(next.refresh_now().await, Err(RefreshError::Off(OffReason::AnswerLost)));
    assert!(!next.is_on() && next.current().is_none());
    assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::NotDue));
    assert!(!keeper.is_on(), "and the first one sees it");
    // Connecting switches it on again.
    keeper.connect(consented(OLD)).await.unwrap();
    assert!(keeper.is_on() && keeper.current().is_some());
}

#[tokio::test]
async fn a_lost_answer_may_be_made_up_for_where_the_old_token_still_works() {
    let world = World::new();
    let keeper = world.connected().await;
    world.meet(Fate::AnswerLost);
    keeper.refresh_now().await.unwrap_err();
    // Kommo: the old token works until the new one is used.
    world.amocrm.0.lock().unwrap().refresh_token = "refresh-1".to_owned();
    assert_eq!(keeper.refresh_now().await, Ok(Refreshed::Here));
    assert!(keeper.grant().unwrap().unanswered_since.is_none());
}

#[tokio::test]
async fn failures_are_tried_again_later_and_later_and_change_nothing() {
    let world = World::new();
    let keeper = world.connected().await;
    world.pass(20);
    for fate in [Fate::NotReached, Fate::Status(500), Fate::Status(429), Fate::Status(403), Fate::Status(400)] {
        world.meet(fate);
        let error = keeper.refresh_if_due().await.unwrap_err();
        assert!(matches!(error, RefreshError::Amocrm(_)), "{error}");
        assert!(keeper.is_on() && keeper.grant().unwrap().unanswered_since.is_none());
        assert!(keeper.grant().unwrap().failure.is_some());
        assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::NotDue), "not at once");
        world.clock.advance(SignedDuration::from_secs(100));
    }
    assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::Here));
    assert!(keeper.grant().unwrap().failure.is_none());
}

#[tokio::test]
async fn a_refresh_token_that_is_refused_switches_the_integration_off() {
    let world = World::new();
    let keeper = world.connected().await;
    world.amocrm.0.lock().unwrap().refresh_token = "revoked".to_owned();
    assert_eq!(keeper.refresh_now().await, Err(RefreshError::Off(OffReason::Refused)));
    assert_eq!(world.asked(), [format!("POST {OLD}"), "GET https://api-a.amocrm.ru".to_owned()]);
    world.pass(24);
    assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::NotDue));
    assert!(world.asked().is_empty(), "and nothing is asked any more");
    // Somebody mended it in amoCRM, and says so.
    world.amocrm.0.lock().unwrap().refresh_token = "refresh-1".to_owned();
    assert_eq!(keeper.refresh_now().await, Ok(Refreshed::Here));
    assert!(keeper.is_on());
}

#[tokio::test]
async fn a_renamed_account_is_followed() {
    for gone in [Some(Fate::NotReached), Some(Fate::Status(401)), Some(Fate::Status(302)), None] {
        let world = World::new();
        let keeper = world.connected().await;
        world.amocrm.0.lock().unwrap().address = NEW.to_owned();
        gone.into_iter().for_each(|fate| world.meet(fate));
        assert_eq!(keeper.refresh_now().await, Ok(Refreshed::Moved));
        let asked = [format!("POST {OLD}"), "GET https://api-a.amocrm.ru".to_owned(), format!("POST {NEW}")];
        assert_eq!(world.asked(), asked);
        assert_eq!(keeper.account().unwrap().to_string(), NEW);
        assert_eq!(keeper.current().unwrap().origin().to_string(), NEW);
        assert_eq!(keeper.namespace().unwrap(), "main@https://old.amocrm.ru", "what was kept stays known");
    }
}

#[tokio::test]
async fn an_address_that_does_not_answer_as_an_account_is_looked_up_and_not_all_the_time() {
    let world = World::new();
    let keeper = world.connected().await;
    for (moved, outcome) in [(false, Refreshed::NotDue), (true, Refreshed::Moved)] {
        if moved {
            world.amocrm.0.lock().unwrap().address = NEW.to_owned();
        }
        let token = keeper.current().unwrap();
        keeper.misdirected(&token);
        keeper.misdirected(&token);
        assert_eq!(keeper.refresh_if_due().await, Ok(outcome));
        keeper.misdirected(&token);
        assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::NotDue));
        assert_eq!(world.asked(), ["GET https://api-a.amocrm.ru"]);
        world.pass(1);
        assert_eq!(keeper.account().unwrap().to_string(), if moved { NEW } else { OLD });
    }
    assert_eq!(refresh_token(&keeper), "refresh-1", "nothing was spent");
}

#[tokio::test]
async fn nothing_is_sent_to_a_host_that_is_not_amocrms() {
    for named in ["evil.example", "new.amocrm.ru.evil.example", "new.amocrm.ru:8443", "http://new.amocrm.ru"] {
        let world = World::new();
        let keeper = world.connected().await;
        {
            let mut account = world.amocrm.0.lock().unwrap();
            (account.address, account.named) = (NEW.to_owned(), Some(named.to_owned()));
        }
        let error = keeper.refresh_now().await.unwrap_err();
        assert!(matches!(error, RefreshError::Amocrm(TokenError::Host(_))), "{error}");
        assert_eq!(world.asked(), [format!("POST {OLD}"), "GET https://api-a.amocrm.ru".to_owned()], "{named}");
        assert_eq!(keeper.account().unwrap().to_string(), OLD);
    }
    let world = World::new();
    let error = world.keeper().connect(consented("https://evil.example")).await.unwrap_err();
    assert!(matches!(error, ConnectError::Amocrm(TokenError::Host(_))), "{error}");
    assert!(world.asked().is_empty());
}

#[tokio::test]
async fn a_fresh_token_that_is_refused_too_means_another_address_or_the_end() {
    for moved in [true, false] {
        let world = World::new();
        let keeper = world.connected().await;
        keeper.refused(&keeper.current().unwrap());
        assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::Here));
        keeper.refused(&keeper.current().unwrap());
        if moved {
            world.amocrm.0.lock().unwrap().address = NEW.to_owned();
            assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::Moved));
            assert_eq!(keeper.current().unwrap().origin().to_string(), NEW);
        } else {
            assert_eq!(keeper.refresh_if_due().await, Err(RefreshError::Off(OffReason::FreshTokenRefused)));
        }
        let refreshes = world.asked().iter().filter(|asked| asked.starts_with("POST")).count();
        assert_eq!(refreshes, 1, "no refreshing for ever");
    }
}

#[tokio::test]
async fn an_uninstalled_integration_is_off_everywhere_until_a_user_connects() {
    let world = World::new();
    let (one, two) = (world.connected().await, world.keeper());
    two.look().await.unwrap();
    let request = |query: &str| Request::get(format!("/hook?{query}")).body(()).unwrap();
    // HMAC-SHA256 of `client|7` under `client-secret`.
    let signature = "49e77544245a2c9e779529920713d69a5870d5e944391f331c79e5f21f0f916d";
    for (query, status) in [
        ("account_id=7".to_owned(), 400),
        (format!("account_id=8&client_uuid=client&signature={signature}"), 403),
        (format!("account_id=7&client_uuid=client&signature={signature}"), 200),
        (format!("account_id=7&client_uuid=client&signature={signature}"), 200),
    ] {
        assert_eq!(uninstall::answer(&one, &request(&query)).await.status(), status, "{query}");
        assert_eq!(one.is_on(), status != 200);
    }
    assert_eq!(two.refresh_if_due().await, Ok(Refreshed::NotDue));
    assert!(!two.is_on() && two.current().is_none());
    assert_eq!(two.refresh_now().await, Err(RefreshError::Off(OffReason::Uninstalled)));
    assert!(world.asked().is_empty());
    two.connect(consented(OLD)).await.unwrap();
    assert!(two.is_on());
}

#[tokio::test]
async fn a_clock_that_is_moved_neither_keeps_a_token_for_ever_nor_a_lease() {
    let world = World::new();
    let keeper = world.connected().await;
    world.pass(-48);
    assert_eq!(keeper.due(), Some(Due::Age), "a token from the future");
    assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::Here));
    assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::NotDue));
}
