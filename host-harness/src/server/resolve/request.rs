//! A call as a PBX writes it: JSON, or a form.

use axum::body::Bytes;
use http::HeaderValue;
use serde::Deserialize;
use url::form_urlencoded;
use utoipa::ToSchema;

use crate::placement::IncomingCall;
use crate::report::Localized;

/// The most characters of any field: no number or name is longer.
const LONGEST: usize = 128;
/// The most characters of an identifier: some make a SIP Call-ID of an earlier one.
const LONGEST_ID: usize = 255;
/// What some networks send for a number that is withheld.
const ANONYMOUS: &str = "anonymous";

/// A call. Fields that are not known are ignored: a PBX may say more than is asked.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct CallRequest {
    /// The PBX's identifier of the call, as the details will name it; made by the host unless given.
    #[schema(max_length = 255)]
    id: Option<String>,
    /// The caller's number as the network gave it; null, empty or `anonymous` when it is withheld.
    #[schema(max_length = 128, example = "+7 916 123-45-67")]
    caller: Option<String>,
    /// The number that was called.
    #[schema(max_length = 128, example = "+74951234567")]
    called: Option<String>,
    /// The placed operation; may be left out where there is one.
    #[schema(max_length = 128)]
    pub(super) operation: Option<String>,
}

/// The operation that the query names.
pub(super) fn operation_of_query(query: Option<&str>) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query?.as_bytes());
    pairs.find(|(key, value)| key == "operation" && !value.is_empty()).map(|(_, value)| value.into_owned())
}

impl CallRequest {
    /// Reads a body by its type, or says what is wrong with it. No part of the body is repeated: it holds the caller's number.
    pub(super) fn read(kind: Option<&HeaderValue>, body: &Bytes) -> Result<Self, Localized> {
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let request = if kind.eq_ignore_ascii_case("application/json") {
            serde_json::from_slice(body).map_err(|error| wrong_json(&error))?
        } else if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Self::of_form(body)
        } else {
            return Err(say(
                "нужен Content-Type application/json или application/x-www-form-urlencoded",
                "send Content-Type application/json or application/x-www-form-urlencoded",
            ));
        };
        let fields = [&request.caller, &request.called, &request.operation];
        if fields.into_iter().flatten().any(|field| field.chars().nth(LONGEST).is_some()) {
            return Err(say("поле длиннее 128 символов", "a field is longer than 128 characters"));
        }
        // What a dialplan leaves open it sends empty.
        let request = Self { operation: request.operation.filter(|operation| !operation.is_empty()), ..request };
        if request.id.as_ref().is_some_and(|id| id.chars().nth(LONGEST_ID).is_some()) {
            return Err(say("id длиннее 255 символов", "id is longer than 255 characters"));
        }
        Ok(request)
    }

    fn of_form(body: &[u8]) -> Self {
        let mut request = Self::default();
        for (key, value) in form_urlencoded::parse(body) {
            let place = match key.as_ref() {
                "id" => &mut request.id,
                "caller" => &mut request.caller,
                "called" => &mut request.called,
                "operation" => &mut request.operation,
                _ => continue,
            };
            *place = Some(value.into_owned());
        }
        request.caller = request.caller.map(with_its_plus);
        request.called = request.called.map(with_its_plus);
        request
    }

    /// The call, with an identifier of the host's where the PBX gave none.
    pub(super) fn call(self, id: impl FnOnce() -> String) -> IncomingCall {
        let withheld = |caller: &str| caller.trim().is_empty() || caller.trim().eq_ignore_ascii_case(ANONYMOUS);
        IncomingCall {
            id: self.id.filter(|id| !id.trim().is_empty()).unwrap_or_else(id),
            caller: self.caller.filter(|caller| !withheld(caller)),
            called: self.called.unwrap_or_default(),
        }
    }
}

/// In a form a plus means a space, and dialplans that do not encode it lose it. No number begins with a space.
fn with_its_plus(number: String) -> String {
    match number.strip_prefix(' ') {
        Some(rest) if rest.starts_with(|first: char| first.is_ascii_digit()) => format!("+{rest}"),
        _ => number,
    }
}

/// Where the JSON is wrong, without the words of it.
fn wrong_json(error: &serde_json::Error) -> Localized {
    let (line, column) = (error.line(), error.column());
    if error.is_data() {
        return Localized {
            ru: format!(
                "в JSON поле не того вида (строка {line}, позиция {column}); id, caller, called и operation — тексты"
            ),
            en: format!(
                "a JSON field is of the wrong kind (line {line}, column {column}); id, caller, called and operation are texts"
            ),
        };
    }
    Localized {
        ru: format!("тело — не JSON (строка {line}, позиция {column})"),
        en: format!("the body is not JSON (line {line}, column {column})"),
    }
}

fn say(ru: &str, en: &str) -> Localized {
    Localized { ru: ru.to_owned(), en: en.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
    const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

    fn call(kind: &HeaderValue, body: &str) -> IncomingCall {
        let read = CallRequest::read(Some(kind), &Bytes::copy_from_slice(body.as_bytes()));
        read.unwrap().call(|| "made".to_owned())
    }

    #[test]
    fn d01_a_number_is_withheld_in_every_spelling_of_networks() {
        for caller in ["null", "\"\"", "\"  \"", "\"anonymous\"", "\"Anonymous\""] {
            assert_eq!(call(&JSON, &format!("{{\"caller\": {caller}}}")).caller, None, "{caller}");
        }
        for form in ["", "caller=", "caller=+", "caller=anonymous"] {
            assert_eq!(call(&FORM, form).caller, None, "{form}");
        }
    }

    #[test]
    fn json_and_a_form_say_the_same() {
        let json = call(&JSON, r#"{"id":"7","caller":"+7 916 123-45-67","called":"101","line":3}"#);
        let form = call(&FORM, "id=7&caller=%2B7+916+123-45-67&called=101&line=3");
        for call in [json, form] {
            assert_eq!((call.id.as_str(), call.called.as_str()), ("7", "101"));
            assert_eq!(call.caller.as_deref(), Some("+7 916 123-45-67"));
        }
        assert_eq!(call(&JSON, "{}").id, "made");
        for (kind, open) in [(&JSON, "{\"operation\":\"\"}"), (&FORM, "operation=")] {
            let read = CallRequest::read(Some(kind), &Bytes::from_static(open.as_bytes())).unwrap();
            assert_eq!(read.operation, None, "{open}");
        }
        assert_eq!(operation_of_query(Some("operation=")), None);
    }

    #[test]
    fn what_is_wrong_is_said_without_repeating_the_body() {
        let long = format!("{{\"caller\":\"{}\"}}", "1".repeat(129));
        for (kind, body, part) in [
            (Some(JSON), "+79161234567", "JSON"),
            (Some(JSON), "{\"caller\": 79161234567}", "wrong kind"),
            (Some(JSON), "[\"+79161234567\"", "JSON"),
            (Some(JSON), long.as_str(), "128"),
            (Some(HeaderValue::from_static("text/plain")), "{}", "Content-Type"),
            (None, "{}", "Content-Type"),
        ] {
            let error = CallRequest::read(kind.as_ref(), &Bytes::copy_from_slice(body.as_bytes())).unwrap_err();
            assert!(error.en.contains(part), "{body}: {error:?}");
            assert!(!error.en.contains("916") && !error.ru.contains("916"), "{error:?}");
        }
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..300), form in any::<bool>()) {
            let kind = if form { FORM } else { JSON };
            let _ = CallRequest::read(Some(&kind), &Bytes::from(body));
        }
    }
}
