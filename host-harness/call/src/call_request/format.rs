//! How a body is written: by its type and, where that says nothing, by its first character.

use crate::Localized;

/// The most characters of a type that a refusal repeats.
const SHOWN: usize = 60;

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// As a JSON object.
    Json,
    /// As `application/x-www-form-urlencoded`.
    Form,
}

impl Format {
    /// The format of a body of this type. Parameters such as `charset` do not matter: JSON is UTF-8 (RFC 8259), and numbers are ASCII.
    pub(super) fn of(kind: &str, body: &[u8]) -> Result<Self, Localized> {
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        // No name of a form's field begins like this.
        let begins_as_json = matches!(body.first(), Some(b'{' | b'['));
        match kind.as_str() {
            "application/json" | "text/json" | "application/x-json" => Ok(Self::Json),
            structured if structured.ends_with("+json") => Ok(Self::Json),
            // The type that `curl -d`, libcurl and Asterisk's CURL() send with whatever body they are given; and none at all.
            "" | "application/x-www-form-urlencoded" => Ok(if begins_as_json { Self::Json } else { Self::Form }),
            // What JavaScript's `fetch` and some libraries send unless told otherwise.
            "text/plain" | "application/octet-stream" if begins_as_json => Ok(Self::Json),
            other => Err(unread(other)),
        }
    }
}

/// The refusal of a type, which it names where it is one.
fn unread(kind: &str) -> Localized {
    let is_shown = kind.chars().count() <= SHOWN
        && kind.chars().all(|sign| sign.is_ascii_alphanumeric() || "/.+-_".contains(sign))
        && !super::fields::has_number(kind);
    let named = if is_shown { format!(" {kind}") } else { String::new() };
    Localized::new(
        format!(
            "тело типа{named} не читается; нужен Content-Type application/json или application/x-www-form-urlencoded"
        ),
        format!(
            "a body of type{named} is not read; send Content-Type application/json or application/x-www-form-urlencoded"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_under_every_type_that_json_is_sent_with() {
        for kind in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            " application/json;charset=windows-1251",
            "text/json",
            "application/x-json",
            "application/vnd.pbx.call+json; version=2",
            "application/x-www-form-urlencoded",
            "application/x-www-form-urlencoded; charset=utf-8",
            "text/plain;charset=UTF-8",
            "application/octet-stream",
            "",
        ] {
            assert_eq!(Format::of(kind, b"{}"), Ok(Format::Json), "{kind}");
        }
    }

    #[test]
    fn a_form_is_read_under_its_own_type_and_under_none() {
        for kind in ["application/x-www-form-urlencoded", "APPLICATION/X-WWW-FORM-URLENCODED ;charset=cp1251", ""] {
            assert_eq!(Format::of(kind, b"caller="), Ok(Format::Form), "{kind}");
        }
    }

    #[test]
    fn another_type_is_named_and_its_parameters_are_not() {
        for kind in
            ["multipart/form-data", "text/xml", "application/soap+xml", "text/plain", "application/octet-stream"]
        {
            let refusal = Format::of(&format!("{kind}; boundary=+79165550101"), b"caller=").unwrap_err();
            assert!(refusal.en.contains(kind) && refusal.ru.contains(kind), "{refusal:?}");
            assert!(!refusal.en.contains("916"), "{refusal:?}");
        }
        for kind in ["+79165550101", "text/79165550101", "text/не тип", &"x".repeat(SHOWN + 1)] {
            let refusal = Format::of(kind, b"").unwrap_err();
            assert!(refusal.en.starts_with("a body of type is not read"), "{refusal:?}");
        }
    }
}
