//! How amoCRM limits an integration, for the circuit and the budget of its requests (amoCRM facts §6).
//!
//! amoCRM allows 7 requests a second, answers more with 429, and blocks an account that goes on: 403 to everything, in HTML, lifted only by
//! its support. A 403 in JSON is about rights or the account's list of addresses: it concerns that request alone. amoCRM states no rest; Kommo
//! states one in the body of a 429. What counts is the requests with the access token: other granted servers have limits of their own.

use call::Localized;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use runtime::capabilities::http::CircuitCause;
use runtime::capabilities::http::policy::{AccountPolicy, Rest, Verdict, retry_after};

/// What amoCRM allows an integration in a second.
pub const REQUESTS_PER_SECOND: u16 = 7;

/// The limits of amoCRM and Kommo.
#[derive(Clone, Copy, Debug, Default)]
pub struct AmocrmPolicy;

impl AccountPolicy for AmocrmPolicy {
    fn judge(&self, status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Verdict {
        let json = is_json(headers);
        match status {
            StatusCode::TOO_MANY_REQUESTS => {
                let rest = match retry_after(headers, now) {
                    None if json => Rest::InBody,
                    stated => stated.into(),
                };
                Verdict::Refused(CircuitCause::Limited, rest)
            }
            StatusCode::FORBIDDEN if !json => Verdict::Refused(CircuitCause::Blocked, Rest::Unstated),
            _ => Verdict::Accepted,
        }
    }

    fn rest_in(&self, body: &[u8]) -> Option<Duration> {
        rest_stated_in(body)
    }

    fn describe(&self, cause: CircuitCause) -> Localized {
        match cause {
            CircuitCause::Limited => {
                Localized::new("amoCRM просит запрашивать реже (429)", "amoCRM asked for fewer requests (429)")
            }
            CircuitCause::Blocked => Localized::new(
                "amoCRM заблокировала запросы этого аккаунта (403), и снять блокировку может только её поддержка",
                "amoCRM blocks this account's requests (403), and only its support lifts that",
            ),
        }
    }
}

/// The rest that the body of a 429 states: Kommo's `retry_after`, in seconds, as a number or as text. No time at all states nothing.
pub fn rest_stated_in(body: &[u8]) -> Option<Duration> {
    let answer: serde_json::Value = serde_json::from_slice(body).ok()?;
    let stated = answer.get("retry_after")?;
    let seconds = stated.as_f64().or_else(|| stated.as_str()?.trim().parse().ok())?;
    Duration::try_from_secs_f64(seconds).ok().filter(|rest| !rest.is_zero())
}

/// `application/json`, `application/problem+json`, …
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().ends_with("json")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn judged(status: u16, headers: &[(&'static str, &'static str)]) -> Verdict {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let now = "2026-11-22T09:00:00Z".parse().unwrap();
        AmocrmPolicy.judge(StatusCode::from_u16(status).unwrap(), &headers, now)
    }

    #[test]
    fn a_403_about_rights_opens_nothing_and_one_in_another_form_is_a_block() {
        for json in ["application/json", "application/problem+json; charset=utf-8", "Application/HAL+JSON"] {
            assert_eq!(judged(403, &[("content-type", json)]), Verdict::Accepted, "{json}");
        }
        let blocked = Verdict::Refused(CircuitCause::Blocked, Rest::Unstated);
        assert_eq!(judged(403, &[]), blocked);
        for other in ["text/html", "text/html; charset=json", ""] {
            assert_eq!(judged(403, &[("content-type", other)]), blocked, "{other}");
        }
    }

    #[test]
    fn a_429_may_state_how_long_to_rest_in_a_header_or_in_its_body() {
        let limited = |rest| Verdict::Refused(CircuitCause::Limited, rest);
        let json = ("content-type", "application/problem+json");
        assert_eq!(judged(429, &[]), limited(Rest::Unstated));
        assert_eq!(judged(429, &[("content-type", "text/html")]), limited(Rest::Unstated));
        assert_eq!(judged(429, &[json]), limited(Rest::InBody));
        let dated = ("retry-after", "Sun, 22 Nov 2026 09:00:30 GMT");
        for headers in [&[("retry-after", "30")][..], &[json, ("retry-after", "30")], &[json, dated]] {
            assert_eq!(judged(429, headers), limited(Rest::Stated(30 * SECOND)), "{headers:?}");
        }
        // What states nothing leaves the body to say it.
        assert_eq!(judged(429, &[json, ("retry-after", "0")]), limited(Rest::InBody));
    }

    #[test]
    fn other_answers_are_about_their_request() {
        for status in [200, 204, 302, 400, 401, 402, 404, 500, 502, 503, 504] {
            assert_eq!(judged(status, &[("retry-after", "30")]), Verdict::Accepted, "{status}");
        }
    }

    #[test]
    fn budget_and_circuit_are_for_requests_with_the_token() {
        assert_eq!([true, false].map(|token| AmocrmPolicy.is_limited(token)), [true, false]);
    }

    #[test]
    fn a_body_states_a_rest_however_its_number_is_written() {
        for (written, rest) in [
            ("30", Some(30 * SECOND)),
            ("30.5", Some(Duration::from_millis(30_500))),
            (r#"" 30 ""#, Some(30 * SECOND)),
            (r#""2.5""#, Some(Duration::from_millis(2_500))),
            ("0", None),
            (r#""0""#, None),
            ("-30", None),
            ("1e300", None),
            (r#""soon""#, None),
            (r#""inf""#, None),
            (r#""NaN""#, None),
            ("null", None),
            ("[30]", None),
        ] {
            let body = format!(r#"{{"status":429,"retry_after":{written}}}"#);
            assert_eq!(AmocrmPolicy.rest_in(body.as_bytes()), rest, "{written}");
        }
        assert_eq!(AmocrmPolicy.rest_in(b"<html>"), None);
    }
}
