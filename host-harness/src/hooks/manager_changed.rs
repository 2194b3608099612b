//! amoCRM's webhook «Смена ответственного»: the kept manager is dropped at once, for those who prefer it to the six hours.
//!
//! `POST`, a form (amoCRM facts §7.5). amoCRM signs its webhooks with nothing, so a key in the address shows that the sender knows it. What the form
//! says is not believed: the operation forgets what it keeps for the numbers named in it, and asks amoCRM at their next call.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use sha2::{Digest, Sha256};
use tracing::warn;

use super::{answer, refuse};
use crate::bindings::attentive::exports::telephony::operation::notices::Notice;
use crate::capabilities::clocks::Clock;
use crate::node::Step;
use crate::secret::Secret;

/// What operations call this notice (`wit/notices.wit`).
const KIND: &str = "amocrm-webhook";
/// The largest form that is passed on, in bytes.
const LARGEST: usize = 64 * 1024;

/// Whether the key in the address is the configured one, in a time that tells nothing of it.
pub(super) fn is_key(given: &str, key: &Secret) -> bool {
    Sha256::digest(given) == Sha256::digest(key.expose())
}

/// 204: every operation of the integration was told. 405: not `POST`. 413: larger than any such form. 500: an operation did not take it in;
/// amoCRM sends it again.
pub(super) async fn tell(operations: &[Arc<Step>], clock: &Clock, request: &Request<Bytes>) -> Response<Bytes> {
    if *request.method() != Method::POST {
        return refuse(StatusCode::METHOD_NOT_ALLOWED, "send POST");
    }
    if request.body().len() > LARGEST {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "the form is larger than 64 KiB");
    }
    let notice = Notice { kind: KIND.to_owned(), body: request.body().to_vec() };
    let mut all_told = true;
    for operation in operations {
        if let Some(Err(failure)) = operation.active().placed.notify(&notice, clock).await {
            warn!(%failure, "an operation did not take a notice in");
            all_told = false;
        }
    }
    if all_told {
        answer(StatusCode::NO_CONTENT)
    } else {
        refuse(StatusCode::INTERNAL_SERVER_ERROR, "an operation did not take the notice in; send it again")
    }
}
