//! A call as a PBX writes it: JSON, or a form; the same fields and bounds as host-harness has.

use serde_json::Value;

/// The most characters of any field: no number or name is longer.
const LONGEST: usize = 128;
/// What some networks send for a number that is withheld.
const ANONYMOUS: &str = "anonymous";

/// A call.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CallRequest {
    /// The PBX's identifier of the call.
    pub id: Option<String>,
    /// The caller's number; none when it is withheld.
    pub caller: Option<String>,
    /// The number that was called.
    pub called: String,
}

/// What is wrong with a request, for people.
#[derive(Debug, PartialEq, Eq)]
pub struct Misunderstood {
    /// Russian.
    pub ru: String,
    /// English.
    pub en: String,
}

impl Misunderstood {
    /// Both languages.
    pub fn new(ru: impl Into<String>, en: impl Into<String>) -> Self {
        Self { ru: ru.into(), en: en.into() }
    }
}

impl CallRequest {
    /// Reads a body by its type, or says what is wrong with it. No part of the body is repeated: it holds the caller's number.
    pub fn read(kind: &str, body: &[u8]) -> Result<Self, Misunderstood> {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let [id, caller, called] = if kind.eq_ignore_ascii_case("application/json") {
            of_json(body)?
        } else if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            of_form(body)
        } else {
            return Err(Misunderstood::new(
                "нужен Content-Type application/json или application/x-www-form-urlencoded",
                "send Content-Type application/json or application/x-www-form-urlencoded",
            ));
        };
        if [&id, &caller, &called].into_iter().flatten().any(|field| field.chars().nth(LONGEST).is_some()) {
            return Err(Misunderstood::new("поле длиннее 128 символов", "a field is longer than 128 characters"));
        }
        let withheld = |caller: &str| caller.trim().is_empty() || caller.trim().eq_ignore_ascii_case(ANONYMOUS);
        Ok(Self {
            id: id.filter(|id| !id.trim().is_empty()),
            caller: caller.filter(|caller| !withheld(caller)),
            called: called.unwrap_or_default(),
        })
    }
}

fn of_json(body: &[u8]) -> Result<[Option<String>; 3], Misunderstood> {
    let body: Value = serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Misunderstood::new(
            format!("тело — не JSON (строка {line}, позиция {column})"),
            format!("the body is not JSON (line {line}, column {column})"),
        )
    })?;
    let wrong = || {
        Misunderstood::new(
            "тело — объект JSON, в котором id, caller и called — тексты",
            "the body is a JSON object in which id, caller and called are texts",
        )
    };
    let body = body.as_object().ok_or_else(wrong)?;
    let field = |name| match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(wrong()),
    };
    Ok([field("id")?, field("caller")?, field("called")?])
}

fn of_form(body: &[u8]) -> [Option<String>; 3] {
    let (mut id, mut caller, mut called) = (None, None, None);
    for (key, value) in form_urlencoded::parse(body) {
        match key.as_ref() {
            "id" => id = Some(value.into_owned()),
            "caller" => caller = Some(with_its_plus(value.into_owned())),
            "called" => called = Some(with_its_plus(value.into_owned())),
            _ => {}
        }
    }
    [id, caller, called]
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
    use super::*;

    #[test]
    fn json_and_a_form_say_the_same() {
        let json = br#"{"id":"7","caller":"+7 916 123-45-67","called":"101","line":3}"#;
        let json = CallRequest::read("application/json; charset=utf-8", json).unwrap();
        let form = b"id=7&caller=+7+916+123-45-67&called=101&line=3";
        assert_eq!(json, CallRequest::read("application/x-www-form-urlencoded", form).unwrap());
        assert_eq!(json.caller.as_deref(), Some("+7 916 123-45-67"));
    }

    #[test]
    fn d01_a_number_is_withheld_in_every_spelling_of_networks() {
        for caller in ["null", "\"\"", "\"  \"", "\"Anonymous\""] {
            let body = format!("{{\"caller\": {caller}}}");
            assert_eq!(CallRequest::read("application/json", body.as_bytes()).unwrap().caller, None, "{caller}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_repeating_the_body() {
        let long = format!("{{\"caller\":\"{}\"}}", "1".repeat(129));
        for (kind, body, part) in [
            ("application/json", "+79161234567", "JSON"),
            ("application/json", "{\"caller\": 79161234567}", "texts"),
            ("application/json", "[\"+79161234567\"]", "object"),
            ("application/json", long.as_str(), "128"),
            ("text/plain", "{}", "Content-Type"),
            ("", "{}", "Content-Type"),
        ] {
            let error = CallRequest::read(kind, body.as_bytes()).unwrap_err();
            assert!(error.en.contains(part) && !error.en.contains("916"), "{body}: {error:?}");
        }
    }
}
