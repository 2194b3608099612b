//! A request to resolve a call, read for the node.

use call::call_request::{CallRequest, Misunderstood};
use http::HeaderValue;
use url::form_urlencoded;

use crate::placement::IncomingCall;
use crate::report::Localized;

/// The operation that the query names.
pub(super) fn operation_of_query(query: Option<&str>) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query?.as_bytes());
    pairs.find(|(key, value)| key == "operation" && !value.is_empty()).map(|(_, value)| value.into_owned())
}

/// Reads a body by its type, or says what is wrong with it.
pub(super) fn read(kind: Option<&HeaderValue>, body: &[u8]) -> Result<CallRequest, Localized> {
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    CallRequest::read(kind, body).map_err(|Misunderstood { ru, en }| Localized { ru, en })
}

/// The call, with an identifier of the host's where the PBX gave none.
pub(super) fn call(request: CallRequest, id: impl FnOnce() -> String) -> IncomingCall {
    IncomingCall {
        id: request.id.unwrap_or_else(id),
        caller: request.caller,
        called: request.called.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_that_the_query_leaves_open_is_none() {
        assert_eq!(operation_of_query(Some("operation=")), None);
        assert_eq!(operation_of_query(Some("form=dialplan&operation=a+b")).as_deref(), Some("a b"));
        assert_eq!(operation_of_query(None), None);
    }

    #[test]
    fn a_call_without_an_identifier_is_given_one() {
        let call = |id: Option<&str>| {
            call(CallRequest { id: id.map(str::to_owned), ..CallRequest::default() }, || "made".to_owned()).id
        };
        assert_eq!((call(Some("7")).as_str(), call(None).as_str()), ("7", "made"));
    }
}
