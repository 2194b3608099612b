//! A request to resolve a call, read for the node.

use call::Localized;
use call::call_request::CallRequest;
use http::HeaderValue;
use url::form_urlencoded;

/// The operation that the query names.
pub(super) fn operation_of_query(query: Option<&str>) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query?.as_bytes());
    pairs.find(|(key, value)| key == "operation" && !value.is_empty()).map(|(_, value)| value.into_owned())
}

/// Reads a body by its type, or says what is wrong with it.
pub(super) fn read(kind: Option<&HeaderValue>, body: &[u8]) -> Result<CallRequest, Localized> {
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    CallRequest::read(kind, body)
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
}
