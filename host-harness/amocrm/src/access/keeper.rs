//! The keeper of one integration's tokens: which token is in force, and when it has to be refreshed.
//!
//! A call never waits for it. Calls ask for the token in force, which is answered from memory, and tell it of a refusal, which is only
//! noted. Refreshing is done beside the calls: by [`Keeper::keep`] in a process that stays, or by a command before and after its call.
//!
//! Several processes may keep the same grant: the store's record is what counts, and it is read again at every look.

mod refresh;

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::time::timeout;
use tracing::{debug, info, warn};

use super::grant::{Grant, Off, OffReason};
use super::hosts::Hosts;
use super::ledger::{Kept, Ledger, LedgerError};
use super::oauth::OAuth;
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::http::{AccessToken, AccessTokens, BaseUrl};

pub use refresh::{RefreshError, Refreshed};

/// How often the record is looked at, since another process may have refreshed, connected or switched off.
const LOOK: Duration = Duration::from_secs(30);
/// How long another process's refresh is waited for.
const WAIT: Duration = Duration::from_secs(30);
/// Part of a token's life after which it is refreshed: two thirds, so that a failing refresh is tried for hours before the token expires.
const REFRESH_AFTER: (i64, i64) = (2, 3);
/// How far processes that keep the same grant spread their refreshes, as a part of the token's life.
const SPREAD: i64 = 30;
/// A token that expires sooner than this is refreshed before a call that would use it.
const NEARLY_EXPIRED: SignedDuration = SignedDuration::from_secs(60);
/// The clock may be moved back by this much without a token being taken for one from the future.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// The pause after a failed refresh; it doubles up to the longest.
const PAUSE: SignedDuration = SignedDuration::from_secs(5);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// Keeps the tokens of one integration.
#[derive(Debug)]
pub struct Keeper {
    pub(super) oauth: OAuth,
    pub(super) ledger: Ledger,
    pub(super) clock: Clock,
    /// One refresh at a time in this process; between processes the record's lease sees to it.
    pub(super) refreshing: tokio::sync::Mutex<()>,
    state: Mutex<KeeperState>,
    wake: Notify,
    /// How long another process's refresh is waited for.
    pub(super) wait: Duration,
    /// Where in the spread this process refreshes, in thousandths.
    place: i64,
    refreshes: AtomicU64,
}

/// What this process knows.
#[derive(Debug, Default)]
struct KeeperState {
    kept: Option<Kept>,
    /// The access token of `kept`, ready to be sent.
    token: Option<AccessToken>,
    /// amoCRM refused the token in force.
    refused: bool,
    /// The account's address does not seem to be the account's any more.
    misdirected: bool,
    /// When the account's address was last looked up for that reason.
    looked_up: Option<Timestamp>,
    /// New tokens that the store did not take yet, and the record that they belong in place of.
    unwritten: Option<(Kept, Grant)>,
    /// When amoCRM was last asked because a hook was called.
    asked_because_of_hook: Option<Timestamp>,
    failures: u32,
    /// Not before then, after a failure.
    next_attempt: Option<Timestamp>,
}

/// Why a refresh is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// amoCRM refused the token in force.
    Refused,
    /// Its time has come.
    Age,
    /// Nothing, but the account may have been renamed: its address is looked up.
    Misdirected,
}

impl Keeper {
    /// A keeper that has not looked at the record yet: there is no token until [`look`](Self::look).
    pub fn new(oauth: OAuth, ledger: Ledger, clock: Clock) -> Self {
        let mut place = [0; 2];
        // Without randomness the processes refresh at the same moment, and the lease decides.
        let _ = getrandom::fill(&mut place);
        Self {
            oauth,
            ledger,
            clock,
            refreshing: tokio::sync::Mutex::default(),
            state: Mutex::default(),
            wake: Notify::new(),
            wait: WAIT,
            place: i64::from(u16::from_le_bytes(place)) % 1_000,
            refreshes: AtomicU64::new(0),
        }
    }

    /// The same at a place in the spread that chance does not choose, in thousandths: in a world that must be the same every time.
    pub(crate) fn at_place(self, place: i64) -> Self {
        Self { place, ..self }
    }

    /// The hosts that may be sent the integration's secrets.
    pub fn hosts(&self) -> &Hosts {
        &self.oauth.hosts
    }

    /// Reads the record, as it may have been changed by another process.
    pub async fn look(&self) -> Result<(), LedgerError> {
        match self.ledger.read().await? {
            Some(kept) => self.adopt(kept),
            None => *self.state() = KeeperState::default(),
        }
        Ok(())
    }

    /// The grant as last seen; none where the integration was never connected.
    pub fn grant(&self) -> Option<Grant> {
        self.state().kept.as_ref().map(|kept| kept.grant.clone())
    }

    /// The account's address, where it is known.
    pub fn account(&self) -> Option<BaseUrl> {
        let known = self.state().kept.as_ref().map(|kept| kept.grant.account.clone());
        known.or_else(|| self.oauth.settings.account.clone())
    }

    /// Under which name the operations' values are kept, where that is known.
    pub fn namespace(&self) -> Option<String> {
        self.state().kept.as_ref().map(|kept| kept.grant.namespace.clone())
    }

    /// Whether the integration is connected, and not switched off (rule O6).
    pub fn is_on(&self) -> bool {
        self.state().kept.as_ref().is_some_and(|kept| kept.grant.off.is_none())
    }

    /// How many times this keeper spent a refresh token.
    pub fn refreshes(&self) -> u64 {
        self.refreshes.load(Ordering::Relaxed)
    }

    pub(super) fn count_refresh(&self) {
        self.refreshes.fetch_add(1, Ordering::Relaxed);
    }

    /// When the token in force is refreshed by age; none where there is none to refresh.
    pub fn refresh_at(&self) -> Option<Timestamp> {
        self.state().refresh_at(self.place)
    }

    /// When the next refresh is tried, unless a call is refused before: by age, or when the pause after a failure is over.
    fn next_attempt(&self) -> Option<Timestamp> {
        let state = self.state();
        let by_age = state.refresh_at(self.place)?;
        Some(match state.next_attempt {
            Some(next) if state.refused => next,
            Some(next) => next.max(by_age),
            None => by_age,
        })
    }

    /// Whether amoCRM may be asked because a hook was called: once in this time.
    pub(super) fn may_ask_because_of_hook(&self, again: SignedDuration) -> bool {
        let (now, mut state) = (self.clock.now(), self.state());
        let may = state.asked_because_of_hook.is_none_or(|last| now.duration_since(last).abs() >= again);
        if may {
            state.asked_because_of_hook = Some(now);
        }
        may
    }

    /// Whether the token in force cannot be used for a call that begins now, or hardly.
    pub fn is_expired(&self) -> bool {
        let now = self.clock.now();
        self.state().kept.as_ref().is_some_and(|kept| {
            kept.grant.off.is_none() && now.saturating_add(NEARLY_EXPIRED).unwrap_or(now) >= kept.grant.expires_at
        })
    }

    /// Why a refresh is due now, if it is.
    pub fn due(&self) -> Option<Due> {
        let now = self.clock.now();
        let state = self.state();
        let at = state.refresh_at(self.place)?;
        if state.next_attempt.is_some_and(|next| now < next) {
            return None;
        }
        if state.refused {
            return Some(Due::Refused);
        }
        // A token from the future was received by a clock that was wrong, then or now: nothing is known of its age.
        let from_future = state
            .kept
            .as_ref()
            .is_some_and(|kept| now.saturating_add(TOLERANCE).unwrap_or(now) < kept.grant.received_at);
        if now >= at || from_future {
            return Some(Due::Age);
        }
        let long_ago = state.looked_up.is_none_or(|last| now.duration_since(last).abs() >= LONGEST_PAUSE);
        (state.misdirected && long_ago).then_some(Due::Misdirected)
    }

    /// Looks at the record and refreshes where that is due. This is what [`keep`](Self::keep) does again and again.
    pub async fn refresh_if_due(&self) -> Result<Refreshed, RefreshError> {
        let _one = self.refreshing.lock().await;
        self.write_unwritten().await?;
        self.look().await?;
        if self.oauth.settings.client_secret.reload().await {
            // What failed with the former one is worth trying at once.
            self.state().next_attempt = None;
        }
        match self.due() {
            None => Ok(Refreshed::NotDue),
            Some(Due::Misdirected) => {
                let now = self.clock.now();
                {
                    let mut state = self.state();
                    (state.misdirected, state.looked_up) = (false, Some(now));
                }
                self.follow().await
            }
            Some(due) => self.refresh_and_note(Some(due)).await,
        }
    }

    /// Refreshes now, due or not; also where amoCRM's refusal had switched the integration off.
    pub async fn refresh_now(&self) -> Result<Refreshed, RefreshError> {
        let _one = self.refreshing.lock().await;
        self.write_unwritten().await?;
        self.look().await?;
        self.oauth.settings.client_secret.reload().await;
        self.refresh_and_note(None).await
    }

    async fn refresh_and_note(&self, due: Option<Due>) -> Result<Refreshed, RefreshError> {
        let outcome = self.refresh(due).await;
        let now = self.clock.now();
        let mut state = self.state();
        match &outcome {
            Ok(_) => (state.failures, state.next_attempt, state.refused) = (0, None, false),
            Err(_) => {
                let pause = PAUSE.saturating_mul(1_i32.checked_shl(state.failures.min(10)).unwrap_or(i32::MAX));
                let pause = pause.min(LONGEST_PAUSE);
                state.failures = state.failures.saturating_add(1);
                state.next_attempt = now.checked_add(pause).ok();
            }
        }
        outcome
    }

    /// Keeps the token fresh for as long as this is awaited.
    pub async fn keep(&self) {
        self.keep_until(std::future::pending()).await;
    }

    /// Keeps the token fresh until it is told to end. A refresh that has begun is finished first: with its answer the new refresh token would be
    /// lost.
    pub async fn keep_until(&self, end: impl Future<Output = ()>) {
        let mut end = pin!(end);
        loop {
            match self.refresh_if_due().await {
                Ok(Refreshed::NotDue) => debug!("the access token is fresh"),
                Ok(refreshed) => info!(%refreshed, "the access token was looked after"),
                Err(error) => warn!(%error, "the access token cannot be refreshed"),
            }
            let due_in = self.next_attempt().map(|at| at.duration_since(self.clock.now()));
            let due_in = due_in.and_then(|due_in| Duration::try_from(due_in).ok()).unwrap_or(LOOK);
            tokio::select! {
                () = &mut end => return,
                // Elapsed or woken: either way it is time to look.
                _ = timeout(due_in.clamp(Duration::from_secs(1), LOOK), self.wake.notified()) => {}
            }
        }
    }

    /// Switches the integration off (rule O6): in the store, and in this process at once.
    pub(crate) async fn switch_off(&self, reason: OffReason) -> Result<(), LedgerError> {
        let at = self.clock.now();
        let changed = self.ledger.change(|grant| grant.off.is_none().then(|| grant.with_off(Some(Off { at, reason }))));
        if let Some(kept) = changed.await? {
            self.adopt(kept);
        }
        warn!(reason = reason.text().en, "the integration is off");
        Ok(())
    }

    /// Takes what is in the store for what is in force.
    pub(super) fn adopt(&self, kept: Kept) {
        let mut state = self.state();
        let known = state.kept.as_ref().map(|known| &known.grant);
        if known.is_none_or(|known| known.access_token.expose() != kept.grant.access_token.expose()) {
            state.refused = false;
        }
        let usable = kept.grant.off.is_none() && self.oauth.hosts.permits(kept.grant.account.origin());
        let token = usable.then(|| AccessToken::new(kept.grant.account.origin().clone(), &kept.grant.access_token));
        state.token = token.and_then(Result::ok);
        state.kept = Some(kept);
    }

    /// Takes new tokens that the store would not have: they are in force in this process, and are written as soon as it does.
    pub(super) fn hold_unwritten(&self, spent: Kept, renewed: Grant) {
        let token = AccessToken::new(renewed.account.origin().clone(), &renewed.access_token).ok();
        let mut state = self.state();
        state.token = token;
        state.unwritten = Some((spent, renewed));
    }

    /// Gives up tokens that the store would not have.
    pub(super) fn forget_unwritten(&self) {
        self.state().unwritten = None;
    }

    /// Writes what the store would not have before.
    async fn write_unwritten(&self) -> Result<(), RefreshError> {
        let unwritten = self.state().unwritten.take();
        match unwritten {
            None => Ok(()),
            Some((spent, renewed)) => self.write_renewed(spent, renewed).await,
        }
    }

    fn state(&self) -> MutexGuard<'_, KeeperState> {
        // Fields that do not depend on each other: a panic elsewhere cannot leave them half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeeperState {
    fn refresh_at(&self, place: i64) -> Option<Timestamp> {
        let grant = &self.kept.as_ref()?.grant;
        if grant.off.is_some() {
            return None;
        }
        let life = grant.lifetime().as_secs();
        let (part, whole) = REFRESH_AFTER;
        let after = life / whole * part + life / SPREAD * place / 1_000;
        Some(grant.received_at.saturating_add(SignedDuration::from_secs(after)).unwrap_or(Timestamp::MAX))
    }
}

impl AccessTokens for Keeper {
    fn current(&self) -> Option<AccessToken> {
        self.state().token.clone()
    }

    fn refused(&self, token: &AccessToken) {
        let mut state = self.state();
        // However many calls were refused, and however late they say so: it is about the token in force, or about none.
        if state.token.as_ref() == Some(token) && !state.refused {
            state.refused = true;
            info!("amoCRM refused the access token");
            self.wake.notify_one();
        }
    }

    fn misdirected(&self, token: &AccessToken) {
        let mut state = self.state();
        if state.token.as_ref() == Some(token) && !state.misdirected {
            state.misdirected = true;
            info!("the account's address does not answer as an account does");
            self.wake.notify_one();
        }
    }
}
