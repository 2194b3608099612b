//! amoCRM's webhooks about contacts, companies and leads: whatever changed hands or is gone, the manager kept through it is dropped at once, for
//! those who prefer that to the six hours (rule B5).
//!
//! `POST`, a form (amoCRM facts §7.5). amoCRM signs its webhooks with nothing, so a key in the address shows that the sender knows it. What the
//! form says is not believed: the operation forgets what it keeps for the numbers and ids in it, and asks amoCRM at their next call.
//!
//! amoCRM switches a webhook off after a hundred bad answers in two hours. So a notice of a kind that is not needed here is answered well, and
//! only what is not a notice of amoCRM's is refused.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use sha2::{Digest, Sha256};
use tracing::{debug, warn};
use url::form_urlencoded;

use node::Placement;
use runtime::bindings::attentive::exports::telephony::operation::notices::Notice;
use runtime::capabilities::clocks::Clock;
use runtime::secret::Secret;

/// What operations call this notice (`wit/notices.wit`).
const KIND: &str = "amocrm-webhook";
/// The largest form that is passed on, in bytes.
pub(crate) const LARGEST: usize = 64 * 1024;
/// What managers are found through. Companies come as contacts, with `[type]=company`, and by their own name.
const OF_MANAGERS: [&str; 3] = ["contacts", "companies", "leads"];
/// What else amoCRM has webhooks about.
const OTHERS: [&str; 7] = ["catalogs", "customers", "message", "talk", "task", "tasks", "unsorted"];
/// What amoCRM adds to each: the account that it comes from.
const ACCOUNT: &str = "account";
/// The most names that a refusal tells, and the most characters of one.
const TOLD: (usize, usize) = (5, 32);

/// What a webhook is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Something that managers are found through.
    Managers,
    /// Something else that amoCRM has webhooks about.
    Other,
}

/// Why a body is not a webhook of amoCRM's. No value of it is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoWebhook {
    #[error("the body is empty; amoCRM sends a form about contacts, companies or leads")]
    Empty,
    #[error("the body is larger than 64 KiB, which no webhook of amoCRM's is")]
    TooLarge,
    #[error("{0} is not read; pass the form on as amoCRM sends it, as application/x-www-form-urlencoded")]
    Type(&'static str),
    #[error("the body is about no contact, company, lead or anything else that amoCRM has webhooks about{0}")]
    Unknown(String),
}

impl NoWebhook {
    /// The status that says so.
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::Empty | Self::Unknown(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Type(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }
}

/// Whether the key in the address is the configured one, in a time that tells nothing of it.
pub(super) fn is_key(given: &str, key: &Secret) -> bool {
    Sha256::digest(given) == Sha256::digest(key.expose())
}

/// What the webhook with this body and `Content-Type` is about.
pub(crate) fn subject(kind: &str, body: &[u8]) -> Result<Subject, NoWebhook> {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match body.trim_ascii_start() {
        [] => return Err(NoWebhook::Empty),
        [b'-', b'-', ..] => return Err(NoWebhook::Type("multipart/form-data")),
        _ if kind.starts_with("multipart/") => return Err(NoWebhook::Type("multipart/form-data")),
        [b'{' | b'[', ..] => return Err(NoWebhook::Type("JSON")),
        _ if kind.ends_with("/json") || kind.ends_with("+json") => return Err(NoWebhook::Type("JSON")),
        _ => {}
    }
    let names = || form_urlencoded::parse(body).map(|(name, _)| name);
    let is_about = |collections: &[&str]| {
        names().any(|name| name.split_once('[').is_some_and(|(collection, _)| collections.contains(&collection)))
    };
    if is_about(&OF_MANAGERS) {
        Ok(Subject::Managers)
    } else if is_about(&OTHERS) {
        Ok(Subject::Other)
    } else {
        Err(NoWebhook::Unknown(told(names())))
    }
}

/// The first names of fields, without what is not a plain name: it may be a number or a person.
fn told<'a>(names: impl Iterator<Item = std::borrow::Cow<'a, str>>) -> String {
    let (most, longest) = TOLD;
    let mut told: Vec<String> = Vec::new();
    for name in names {
        let name = name.split('[').next().unwrap_or_default();
        let is_plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
        if is_plain && name.len() <= longest && name != ACCOUNT && !told.iter().any(|known| known == name) {
            told.push(name.to_owned());
        }
        if told.len() == most {
            break;
        }
    }
    if told.is_empty() { String::new() } else { format!("; it has {}", told.join(", ")) }
}

/// Tells every operation of the integration; `false` where one did not take it in, so that amoCRM sends it again.
pub(crate) async fn tell(operations: &[Arc<Placement>], clock: &Clock, body: &Bytes) -> bool {
    let notice = Notice { kind: KIND.to_owned(), body: body.to_vec() };
    let mut all_told = true;
    for operation in operations {
        match operation.active().placed.notify(&notice, clock).await {
            None => {}
            Some(Ok(notes)) => {
                let notes: Vec<_> = notes.iter().map(|note| note.text.en.as_str()).collect();
                debug!(notes = notes.join("; "), "an operation took a webhook in");
            }
            Some(Err(failure)) => {
                warn!(%failure, "an operation did not take a webhook in");
                all_told = false;
            }
        }
    }
    all_told
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";

    #[test]
    fn b5_webhooks_are_told_by_the_entity_that_they_name() {
        for (body, about) in [
            ("contacts[responsible][0][id]=3&account[id]=7", Subject::Managers),
            ("account%5Bid%5D=7&leads%5Bdelete%5D%5B0%5D%5Bid%5D=3", Subject::Managers),
            ("companies[restore][0][id]=3", Subject::Managers),
            ("task[add][0][id]=3&account[subdomain]=example", Subject::Other),
            ("unsorted[add][0][data][leads][0][id]=3", Subject::Other),
            ("unsorted[add][0][uid]=3&leads[add][0][id]=3", Subject::Managers),
        ] {
            for kind in [FORM, "", "text/plain"] {
                assert_eq!(subject(kind, body.as_bytes()), Ok(about), "{body}");
            }
        }
    }

    #[test]
    fn b5_what_is_no_webhook_is_refused_with_what_is_wrong_with_it() {
        for (kind, body, status, part) in [
            (FORM, "", 400, "empty"),
            (FORM, " \r\n", 400, "empty"),
            ("application/json", r#"{"contacts":{"delete":[{"id":3}]}}"#, 415, "JSON"),
            ("application/vnd.x+json", "contacts[delete][0][id]=3", 415, "JSON"),
            (FORM, r#"[{"id":3}]"#, 415, "JSON"),
            ("multipart/form-data; boundary=b", "contacts[delete][0][id]=3", 415, "multipart"),
            ("", "--b\r\nContent-Disposition: form-data; name=\"contacts[delete][0][id]\"", 415, "multipart"),
            (FORM, "hello=world&account[id]=7&aliens[add][0][id]=3", 400, "; it has hello, aliens"),
            (FORM, "contacts=3", 400, "; it has contacts"),
            (FORM, "%2B79165550101=&Anna+Sokolova=1", 400, "webhooks about"),
        ] {
            let refusal = subject(kind, body.as_bytes()).unwrap_err();
            assert_eq!(refusal.status(), status, "{body}");
            let text = refusal.to_string();
            assert!(text.contains(part) && !text.contains("916") && !text.contains("Anna"), "{text}");
        }
    }
}
