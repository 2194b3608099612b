//! The tokens of the server: who has each, what it may do, until when, and when it was last used.
//!
//! A token is 256 random bits, so what is kept of it is its plain SHA-256: nobody finds such a number by trying, however fast the hash is. Salts
//! and slow hashes are for passwords, which people choose. Hashes are compared, so the time taken tells nothing of a token.

pub mod generated;
mod hash;
mod routes;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

use call::one_line::is_hidden;
use call::{Bilingual, Localized};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tracing::warn;
use utoipa::ToSchema;

use crate::scope::Scope;
use runtime::secret::Secret;

pub(crate) use hash::without_hashes;
pub use hash::{MadeToken, TokenHash};
pub(crate) use routes::routes;

/// What the one token of `[server] token`, or of the state directory, is called.
pub const SERVER: &str = "server";
/// The fewest characters of a token that somebody made up: it is all that stands between the callers' routes and the rest of the network.
pub const SHORTEST: usize = 20;
/// How many tokens a server may have.
pub const MOST: usize = 100;
/// The longest name, in characters.
const LONGEST_NAME: usize = 64;
/// How long before its expiry a token is warned of.
const WARNING: SignedDuration = SignedDuration::from_hours(14 * 24);
/// A token that was never used.
const NEVER: i64 = i64::MIN;

/// A token, as it is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Whose it is. What that person or program changes is told under this name.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// What is known of it.
    pub hash: TokenHash,
    /// Until when it counts, where it does not count for ever.
    pub expires_at: Option<Timestamp>,
}

/// Tokens that cannot be in force together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokensError {
    /// What somebody does could not be told from what another one does.
    #[error("two tokens are called `{0}`: give each a name of its own")]
    Name(String),
    /// The same.
    #[error("`{SERVER}` is what `[server] token` is called: give this token another name")]
    Reserved,
    /// One of them was copied.
    #[error("`{0}` and `{1}` have the same hash: make a token for each, with `host-harness token new`")]
    Hash(String, String),
    /// A name is shown wherever it is told who changed something.
    #[error(
        "`name` is empty, longer than {LONGEST_NAME} characters, or has characters that are not seen: write another"
    )]
    Unreadable,
    /// Each request is compared with all of them.
    #[error("there are {0} tokens, and there may be {MOST}: leave out those that nobody uses")]
    Many(usize),
}

impl Bilingual for TokensError {
    fn ru(&self) -> String {
        match self {
            Self::Name(name) => format!("два токена называются `{name}`: дайте каждому своё имя"),
            Self::Reserved => format!("`{SERVER}` — так называется `[server] token`: дайте этому токену другое имя"),
            Self::Hash(one, other) => {
                format!(
                    "у `{one}` и `{other}` один и тот же хеш: создайте токен для каждого командой `host-harness token new`"
                )
            }
            Self::Unreadable => {
                format!("`name` пуст, длиннее {LONGEST_NAME} знаков или содержит невидимые знаки: напишите другое имя")
            }
            Self::Many(count) => {
                format!("токенов {count}, а допустимо {MOST}: уберите те, которыми никто не пользуется")
            }
        }
    }
}

/// The tokens in force.
#[derive(Debug, Default)]
pub(crate) struct Tokens(Vec<Arc<Issued>>);

/// A token in force.
#[derive(Debug)]
pub(crate) struct Issued {
    name: Arc<str>,
    scope: Scope,
    hash: TokenHash,
    expires_at: Option<Timestamp>,
    /// In seconds, cut to whole minutes.
    last_used: AtomicI64,
    /// The [`Validity`] that was warned of last.
    warned: AtomicU8,
}

/// Whether a token counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validity {
    Valid,
    /// It will not for long.
    Expiring(Timestamp),
    Expired(Timestamp),
}

/// How a token stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Token)]
pub(crate) struct TokenState {
    /// Whose it is.
    name: String,
    /// What it may do.
    scope: Scope,
    /// Until when it counts; null where it does not expire.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// When it was last used since the start of the server, to the minute; null where it was not.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
    /// What there is to do about it; null where there is nothing.
    warning: Option<Localized>,
}

impl Tokens {
    /// The server's own token, and these. The times of last use are taken over from those before.
    pub(crate) fn of(server: Option<&Secret>, tokens: &[Token], before: &Self) -> Result<Self, TokensError> {
        let server = server.map(|token| Token {
            name: SERVER.to_owned(),
            scope: Scope::Manager,
            hash: TokenHash::of(token.expose()),
            expires_at: None,
        });
        judge(tokens)?;
        let all = server.into_iter().chain(tokens.iter().cloned());
        Ok(Self(all.map(|token| Arc::new(Issued::new(token, before))).collect()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The token of this hash.
    pub(crate) fn find(&self, hash: &TokenHash) -> Option<&Arc<Issued>> {
        self.0.iter().find(|issued| issued.hash == *hash)
    }

    /// How each stands, in the order of the configuration.
    pub(crate) fn states(&self, now: Timestamp) -> Vec<TokenState> {
        self.0.iter().map(|issued| issued.state(now)).collect()
    }

    /// Logs what there is to warn of, once for each change.
    pub(crate) fn warn(&self, now: Timestamp) {
        for issued in &self.0 {
            let validity = issued.validity(now);
            if issued.warned.swap(validity.code(), Ordering::Relaxed) != validity.code()
                && let Some(text) = issued.warning(validity)
            {
                warn!(token = &*issued.name, "{}", text.en);
            }
        }
    }
}

/// Whether these tokens can be in force together.
pub fn judge(tokens: &[Token]) -> Result<(), TokensError> {
    if tokens.len() > MOST {
        return Err(TokensError::Many(tokens.len()));
    }
    let mut names = HashSet::new();
    for (place, token) in tokens.iter().enumerate() {
        let name = token.name.trim();
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(is_hidden) {
            return Err(TokensError::Unreadable);
        }
        if name == SERVER {
            return Err(TokensError::Reserved);
        }
        if !names.insert(token.name.as_str()) {
            return Err(TokensError::Name(token.name.clone()));
        }
        if let Some(same) = tokens.iter().take(place).find(|before| before.hash == token.hash) {
            return Err(TokensError::Hash(same.name.clone(), token.name.clone()));
        }
    }
    Ok(())
}

impl Issued {
    fn new(token: Token, before: &Tokens) -> Self {
        let Token { name, scope, hash, expires_at } = token;
        let known = before.find(&hash);
        let last_used = known.map_or(NEVER, |known| known.last_used.load(Ordering::Relaxed));
        let warned = known.map_or(0, |known| known.warned.load(Ordering::Relaxed));
        let (last_used, warned) = (AtomicI64::new(last_used), AtomicU8::new(warned));
        Self { name: name.into(), scope, hash, expires_at, last_used, warned }
    }

    pub(crate) const fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(crate) const fn scope(&self) -> Scope {
        self.scope
    }

    pub(crate) const fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    pub(crate) fn validity(&self, now: Timestamp) -> Validity {
        match self.expires_at {
            Some(at) if now >= at => Validity::Expired(at),
            Some(at) if now.saturating_add(WARNING).unwrap_or(now) >= at => Validity::Expiring(at),
            _ => Validity::Valid,
        }
    }

    /// Notes that it was used, to the minute: the calls of a second write nothing that others would have to read again.
    pub(crate) fn used(&self, now: Timestamp) {
        let minute = now.as_second() - now.as_second().rem_euclid(60);
        if self.last_used.load(Ordering::Relaxed) != minute {
            self.last_used.store(minute, Ordering::Relaxed);
        }
    }

    fn state(&self, now: Timestamp) -> TokenState {
        let last_used = self.last_used.load(Ordering::Relaxed);
        TokenState {
            name: self.name.to_string(),
            scope: self.scope,
            expires_at: self.expires_at,
            last_used_at: Timestamp::from_second(last_used).ok().filter(|_| last_used != NEVER),
            warning: self.warning(self.validity(now)),
        }
    }

    fn warning(&self, validity: Validity) -> Option<Localized> {
        let name = &self.name;
        let (verb_ru, verb_en, at) = match validity {
            Validity::Valid => return None,
            Validity::Expiring(at) => ("истекает", "expires", at),
            Validity::Expired(at) => ("истёк", "expired", at),
        };
        Some(Localized::new(
            format!(
                "срок токена «{name}» {verb_ru} {at}: создайте новый командой `host-harness token new`, внесите его строки в файл \
                 конфигурации и передайте токен владельцу"
            ),
            format!(
                "the token `{name}` {verb_en} on {at}: make another with `host-harness token new`, put its lines into the configuration and \
                 hand it over"
            ),
        ))
    }
}

impl Validity {
    const fn code(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Expiring(_) => 1,
            Self::Expired(_) => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(name: &str, secret: &str) -> Token {
        Token { name: name.to_owned(), scope: Scope::Viewer, hash: TokenHash::of(secret), expires_at: None }
    }

    fn of(tokens: &[Token], before: &Tokens) -> Tokens {
        Tokens::of(None, tokens, before).unwrap()
    }

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    #[test]
    fn a_token_is_warned_of_from_14_days_before_its_expiry() {
        let expiring = Token { expires_at: Some(at("2026-11-22T09:00:00Z")), ..token("anna", "a") };
        let tokens = of(&[expiring, token("boris", "b")], &Tokens::default());
        let warned = |time: &str| tokens.states(at(time)).into_iter().map(|state| state.warning).collect::<Vec<_>>();
        assert_eq!(warned("2026-11-08T08:59:59Z"), [None, None]);
        let [Some(soon), None] = &warned("2026-11-08T09:00:00Z")[..] else { panic!() };
        assert!(
            soon.en.contains("`anna` expires on 2026-11-22T09:00:00Z") && soon.ru.contains("«anna» истекает"),
            "{soon:?}"
        );
        let [Some(over), None] = &warned("2026-11-22T09:00:00Z")[..] else { panic!() };
        assert!(over.en.contains("`anna` expired on") && over.ru.contains("«anna» истёк"), "{over:?}");
    }

    #[test]
    fn the_last_use_is_known_to_the_minute_and_stays_known_when_tokens_are_replaced() {
        let tokens = of(&[token("anna", "a"), token("boris", "b")], &Tokens::default());
        tokens.find(&TokenHash::of("a")).unwrap().used(at("2026-11-22T09:00:59Z"));
        let used = |tokens: &Tokens| -> Vec<_> {
            let states = tokens.states(at("2026-11-22T10:00:00Z")).into_iter();
            states.map(|state| (state.name, state.last_used_at)).collect()
        };
        let minute = Some(at("2026-11-22T09:00:00Z"));
        assert_eq!(used(&tokens), [("anna".to_owned(), minute), ("boris".to_owned(), None)]);
        let replaced = of(&[token("boris", "b2"), token("anna-of-sales", "a")], &tokens);
        assert_eq!(used(&replaced), [("boris".to_owned(), None), ("anna-of-sales".to_owned(), minute)]);
    }

    #[test]
    fn tokens_that_could_not_be_told_apart_are_refused() {
        let refused = |tokens: &[Token]| judge(tokens).unwrap_err().to_string();
        assert!(refused(&[token("anna", "a"), token("anna", "b")]).contains("two tokens are called `anna`"));
        assert!(refused(&[token("anna", "a"), token("boris", "a")]).contains("`anna` and `boris` have the same hash"));
        assert!(refused(&[token("server", "a")]).contains("another name"));
        let many: Vec<_> = (0..=MOST).map(|number| token(&number.to_string(), &number.to_string())).collect();
        assert!(refused(&many).contains("there are 101 tokens"));
        assert_eq!(judge(&many[..MOST]), Ok(()));
    }
}
