//! A call as a PBX writes it: JSON, or a form.

use form_urlencoded::parse;
use serde::Deserialize;

/// The most characters of any field: no number or name is longer.
const LONGEST: usize = 128;
/// The most characters of an identifier: some make a SIP Call-ID of an earlier one.
const LONGEST_ID: usize = 255;
/// What some networks send for a number that is withheld.
const ANONYMOUS: &str = "anonymous";

/// A call. Fields that are not known are ignored: a PBX may say more than is asked.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct CallRequest {
    /// The PBX's identifier of the call, as the details will name it; made by the host unless given.
    #[cfg_attr(feature = "openapi", schema(max_length = 255))]
    pub id: Option<String>,
    /// The caller's number as the network gave it; null, empty or `anonymous` when it is withheld.
    #[cfg_attr(feature = "openapi", schema(max_length = 128, example = "+7 916 123-45-67"))]
    pub caller: Option<String>,
    /// The number that was called.
    #[cfg_attr(feature = "openapi", schema(max_length = 128, example = "+74951234567"))]
    pub called: Option<String>,
    /// The placed operation; may be left out where there is one.
    #[cfg_attr(feature = "openapi", schema(max_length = 128))]
    pub operation: Option<String>,
}

/// What is wrong with a request, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misunderstood {
    /// Russian.
    pub ru: String,
    /// English.
    pub en: String,
}

impl Misunderstood {
    /// In both languages.
    pub fn new(ru: impl Into<String>, en: impl Into<String>) -> Self {
        Self { ru: ru.into(), en: en.into() }
    }
}

/// Whether this stands for a number that the caller does not want to be seen.
pub fn is_withheld(caller: &str) -> bool {
    caller.trim().is_empty() || caller.trim().eq_ignore_ascii_case(ANONYMOUS)
}

impl CallRequest {
    /// Reads a body by its type (`Content-Type`), or says what is wrong with it. No part of the body is repeated: it holds the caller's number.
    /// What is given empty counts as not given, a withheld number too.
    pub fn read(kind: &str, body: &[u8]) -> Result<Self, Misunderstood> {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let Self { id, caller, called, operation } = if kind.eq_ignore_ascii_case("application/json") {
            of_json(body)?
        } else if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            of_form(body)
        } else {
            return Err(Misunderstood::new(
                "нужен Content-Type application/json или application/x-www-form-urlencoded",
                "send Content-Type application/json or application/x-www-form-urlencoded",
            ));
        };
        let longer_than = |field: &String, most| field.chars().nth(most).is_some();
        if [&caller, &called, &operation].into_iter().flatten().any(|field| longer_than(field, LONGEST)) {
            return Err(Misunderstood::new("поле длиннее 128 символов", "a field is longer than 128 characters"));
        }
        if id.as_ref().is_some_and(|id| longer_than(id, LONGEST_ID)) {
            return Err(Misunderstood::new("id длиннее 255 символов", "id is longer than 255 characters"));
        }
        Ok(Self {
            id: id.filter(|id| !id.trim().is_empty()),
            caller: caller.filter(|caller| !is_withheld(caller)),
            called,
            // What a dialplan leaves open it sends empty.
            operation: operation.filter(|operation| !operation.is_empty()),
        })
    }
}

fn of_json(body: &[u8]) -> Result<CallRequest, Misunderstood> {
    let wrong_kind = |line, column| {
        Misunderstood::new(
            format!(
                "в JSON поле не того вида (строка {line}, позиция {column}); id, caller, called и operation — тексты"
            ),
            format!(
                "a JSON field is of the wrong kind (line {line}, column {column}); id, caller, called and operation are texts"
            ),
        )
    };
    match serde_json::from_slice(body) {
        // serde takes a list for the fields in their order, which no PBX means.
        Ok(_) if body.trim_ascii_start().starts_with(b"[") => Err(wrong_kind(1, 1)),
        Ok(request) => Ok(request),
        // Where the JSON is wrong, without the words of it.
        Err(error) if error.is_data() => Err(wrong_kind(error.line(), error.column())),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            Err(Misunderstood::new(
                format!("тело — не JSON (строка {line}, позиция {column})"),
                format!("the body is not JSON (line {line}, column {column})"),
            ))
        }
    }
}

fn of_form(body: &[u8]) -> CallRequest {
    let mut request = CallRequest::default();
    for (key, value) in parse(body) {
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

/// In a form a plus means a space, and dialplans that do not encode it lose it. No number begins with a space.
fn with_its_plus(number: String) -> String {
    match number.strip_prefix(' ') {
        Some(rest) if rest.starts_with(|first: char| first.is_ascii_digit()) => format!("+{rest}"),
        _ => number,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const JSON: &str = "application/json; charset=utf-8";
    const FORM: &str = "application/x-www-form-urlencoded";

    fn read(kind: &str, body: &str) -> CallRequest {
        CallRequest::read(kind, body.as_bytes()).unwrap()
    }

    #[test]
    fn d01_a_number_is_withheld_in_every_spelling_of_networks() {
        for caller in ["null", "\"\"", "\"  \"", "\"anonymous\"", "\"Anonymous\""] {
            assert_eq!(read(JSON, &format!("{{\"caller\": {caller}}}")).caller, None, "{caller}");
        }
        for form in ["", "caller=", "caller=+", "caller=anonymous"] {
            assert_eq!(read(FORM, form).caller, None, "{form}");
        }
    }

    #[test]
    fn json_and_a_form_say_the_same() {
        let json = read(JSON, r#"{"id":"7","caller":"+7 916 123-45-67","called":"101","line":3}"#);
        assert_eq!(json, read(FORM, "id=7&caller=%2B7+916+123-45-67&called=101&line=3"));
        assert_eq!((json.id.as_deref(), json.called.as_deref()), (Some("7"), Some("101")));
        assert_eq!(json.caller.as_deref(), Some("+7 916 123-45-67"));
        for (kind, open) in [(JSON, "{}"), (JSON, "{\"operation\":\"\",\"id\":\" \"}"), (FORM, "operation=&id=")] {
            assert_eq!(read(kind, open), CallRequest::default(), "{open}");
        }
    }

    #[test]
    fn a_plus_that_a_form_made_a_space_is_a_plus_again() {
        for (form, caller) in [("+79161234567", "+79161234567"), ("%2B79161234567", "+79161234567"), ("+x", " x")] {
            assert_eq!(read(FORM, &format!("caller={form}")).caller.as_deref(), Some(caller), "{form}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_repeating_the_body() {
        let (long, long_id) = ("1".repeat(129), "1".repeat(256));
        let (long, long_id) = (format!("{{\"caller\":\"{long}\"}}"), format!("{{\"id\":\"{long_id}\"}}"));
        for (kind, body, part) in [
            (JSON, "+79161234567", "JSON"),
            (JSON, "{\"caller\": 79161234567}", "wrong kind"),
            (JSON, "\"+79161234567\"", "wrong kind"),
            (JSON, "[\"+79161234567\"", "JSON"),
            (JSON, " [\"+79161234567\"]", "wrong kind"),
            (JSON, long.as_str(), "128"),
            (JSON, long_id.as_str(), "255"),
            ("text/plain", "{}", "Content-Type"),
            ("", "{}", "Content-Type"),
        ] {
            let error = CallRequest::read(kind, body.as_bytes()).unwrap_err();
            assert!(error.en.contains(part), "{body}: {error:?}");
            assert!(!error.en.contains("916") && !error.ru.contains("916"), "{error:?}");
        }
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..300), form in any::<bool>()) {
            let _ = CallRequest::read(if form { FORM } else { JSON }, &body);
        }
    }
}
