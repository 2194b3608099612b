//! amoCRM's OAuth endpoints: a code or a refresh token for a pair of tokens, and the address of a renamed account (amoCRM facts §5).

use call::Localized;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::claims::Claims;
use super::grant::Pair;
use super::hosts::{Hosts, NotAmocrm};
use super::token_error::TokenError;
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::http::{BaseUrl, Origin};
use runtime::secret::{ReloadableSecret, Secret};

/// The path of the token endpoint.
const TOKEN_PATH: &str = "/oauth2/access_token";
/// The path of the subdomain look-up.
const SUBDOMAIN_PATH: &str = "/oauth2/account/current/subdomain";
/// The header in which the look-up takes the refresh token.
const REFRESH_TOKEN: HeaderName = HeaderName::from_static("x-refresh-token");
/// No token lives longer; a larger figure is not a lifetime.
const LONGEST_LIFETIME: i64 = 10 * 366 * 24 * 3_600;

/// What an integration is in amoCRM: its keys, from amoCRM's page of the integration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthSettings {
    /// The integration's identifier there.
    pub client_id: String,
    /// Its secret, read again where it is kept.
    pub client_secret: ReloadableSecret,
    /// Where amoCRM sends users after consent; letter by letter as entered in amoCRM.
    pub redirect_uri: String,
    /// amoCRM or Kommo.
    pub platform: Platform,
    /// The account's address, where it is configured; else it is learned when a user connects.
    pub account: Option<BaseUrl>,
}

/// Which of the two products: they are apart, and integrations are registered separately (amoCRM facts §8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// amoCRM.
    #[default]
    Amocrm,
    /// Kommo.
    Kommo,
}

/// As it is written in the configuration.
impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Amocrm => "amocrm",
            Self::Kommo => "kommo",
        })
    }
}

/// Sends a request of the host's own, and reads the whole answer.
#[async_trait::async_trait]
pub trait Web: Send + Sync + fmt::Debug {
    /// Sends the request, never following a redirect.
    async fn ask(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer>;
}

/// There was no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoAnswer {
    /// Whether the request may have reached amoCRM.
    pub sent: bool,
    /// Why, for people.
    pub why: Localized,
}

/// amoCRM's OAuth endpoints as one integration uses them.
#[derive(Clone, Debug)]
pub struct OAuth {
    /// The integration in amoCRM.
    pub settings: OAuthSettings,
    /// The hosts that may be sent secrets.
    pub hosts: Hosts,
    web: Arc<dyn Web>,
    clock: Clock,
}

/// What is sent to the token endpoint: JSON.
#[derive(Serialize)]
struct TokenRequest<'a> {
    client_id: &'a str,
    client_secret: &'a str,
    grant_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    redirect_uri: &'a str,
}

/// What it answers. The times are of any kind: a pair is not thrown away, its predecessor being spent, for the way in which a number is written.
#[derive(Deserialize)]
struct TokenAnswer {
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    server_time: Value,
    access_token: Secret,
    refresh_token: Secret,
}

/// How long an access token lives: what the answer says, else what the token says, else a day (amoCRM facts §5.3).
fn lifetime(expires_in: &Value, token: &Secret, asked_at: Timestamp) -> SignedDuration {
    const DAY: i64 = 24 * 3_600;
    let told = seconds(expires_in);
    let claimed = || Claims::of(token).expires_at.map(|at| at.duration_since(asked_at).as_secs());
    let possible = |seconds: &i64| (1..=LONGEST_LIFETIME).contains(seconds);
    SignedDuration::from_secs(told.filter(possible).or_else(|| claimed().filter(possible)).unwrap_or(DAY))
}

/// Whole seconds, as a number or as text.
fn seconds(written: &Value) -> Option<i64> {
    let text = match written {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    #[expect(clippy::cast_possible_truncation, reason = "what is out of bounds is neither a lifetime nor a time")]
    let rounded = || text.parse::<f64>().ok().filter(|seconds| seconds.is_finite()).map(|seconds| seconds as i64);
    text.parse().ok().or_else(rounded)
}

impl OAuth {
    /// The endpoints, reached over `web`.
    pub fn new(settings: OAuthSettings, hosts: Hosts, web: Arc<dyn Web>, clock: Clock) -> Self {
        Self { settings, hosts, web, clock }
    }

    /// The first pair, for the code that a user's consent gave. A code lives 20 minutes.
    pub async fn exchange(&self, account: &BaseUrl, code: &Secret) -> Result<Pair, TokenError> {
        self.pair(account, "authorization_code", Some(code), None).await
    }

    /// The next pair. The refresh token is spent by this.
    pub async fn refresh(&self, account: &BaseUrl, refresh_token: &Secret) -> Result<Pair, TokenError> {
        self.pair(account, "refresh_token", None, Some(refresh_token)).await
    }

    async fn pair(
        &self,
        account: &BaseUrl,
        grant_type: &'static str,
        code: Option<&Secret>,
        refresh_token: Option<&Secret>,
    ) -> Result<Pair, TokenError> {
        if !self.hosts.permits(account.origin()) {
            return Err(NotAmocrm.into());
        }
        let settings = &self.settings;
        let client_secret = settings.client_secret.current();
        let request = TokenRequest {
            client_id: &settings.client_id,
            client_secret: client_secret.expose(),
            grant_type,
            code: code.map(Secret::expose),
            refresh_token: refresh_token.map(Secret::expose),
            redirect_uri: &settings.redirect_uri,
        };
        // Texts into memory: there is nothing that could fail.
        let body = serde_json::to_vec(&request).unwrap_or_default().into();
        // Before it is sent, so that the tokens are never believed to live longer than they do.
        let asked_at = self.clock.now();
        let answer = self.ask(Method::POST, &format!("{account}{TOKEN_PATH}"), body, None).await?;
        if answer.status() != StatusCode::OK {
            return Err(TokenError::of_refusal(answer.status(), answer.body(), &settings.client_secret));
        }
        // The parser's own message may repeat what it read.
        let tokens = serde_json::from_slice::<TokenAnswer>(answer.body())
            .ok()
            .filter(|answer| !answer.access_token.expose().is_empty() && !answer.refresh_token.expose().is_empty())
            .ok_or_else(|| TokenError::Unanswered(another_answer()))?;
        Ok(Pair {
            lifetime: lifetime(&tokens.expires_in, &tokens.access_token, asked_at),
            clock_behind_seconds: seconds(&tokens.server_time)
                .map_or(0, |time| time.saturating_sub(asked_at.as_second())),
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
            asked_at,
        })
    }

    /// Where the account is now. The answer is judged: what is not a host of amoCRM's is an error.
    pub async fn current_address(&self, api_domain: &Origin, refresh_token: &Secret) -> Result<Origin, TokenError> {
        #[derive(Deserialize)]
        struct Subdomain {
            domain: String,
        }

        if !self.hosts.permits(api_domain) {
            return Err(NotAmocrm.into());
        }
        let mut token = HeaderValue::from_str(refresh_token.expose()).map_err(|_| TokenError::Refused)?;
        token.set_sensitive(true);
        let address = format!("{api_domain}{SUBDOMAIN_PATH}");
        let answer = self.ask(Method::GET, &address, Bytes::new(), Some(token)).await?;
        if answer.status() != StatusCode::OK {
            return Err(TokenError::of_status(answer.status()));
        }
        let subdomain: Subdomain =
            serde_json::from_slice(answer.body()).map_err(|_| TokenError::Unanswered(another_answer()))?;
        Ok(self.hosts.judge(&subdomain.domain)?)
    }

    async fn ask(
        &self,
        method: Method,
        address: &str,
        body: Bytes,
        refresh_token: Option<HeaderValue>,
    ) -> Result<Response<Bytes>, TokenError> {
        let mut request = Request::builder().method(method).uri(address).header(ACCEPT, "application/json");
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(token) = refresh_token {
            request = request.header(REFRESH_TOKEN, token);
        }
        let request = request
            .body(body)
            .map_err(|_| TokenError::NotSent(Localized::new("это не адрес", "its address is not one")))?;
        self.web.ask(request).await.map_err(
            |NoAnswer { sent, why }| {
                if sent { TokenError::Unanswered(why) } else { TokenError::NotSent(why) }
            },
        )
    }
}

fn another_answer() -> Localized {
    Localized::new("здесь отвечают не так", "it is not what this endpoint answers")
}
