//! A call as a PBX writes it: JSON, or a form.
//!
//! A caller is waiting, so what is meant plainly is taken: JSON under a form's type or under none, as `curl -d` and many PBXs send it, a number
//! as a JSON integer, a plus that a form lost. What is not a call is refused with what to change, and is never taken for a withheld number: that
//! is one whose `caller` is null, empty or a word for it, or is left out where nothing else is in the body that could be the number.

mod fields;
mod format;

/// The most characters of any field: no number or name is longer.
const LONGEST: usize = 128;
/// The most characters of an identifier: some make a SIP Call-ID of an earlier one.
const LONGEST_ID: usize = 255;
/// What UTF-8 text may begin with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

use crate::Localized;
use fields::Fields;
use format::Format;

use crate::caller::Presented;
use crate::leg::Ending;

/// A call. Fields that are not known are ignored: a PBX may say more than is asked. In JSON a whole number stands for its digits.
#[derive(Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CallRequest {
    /// The PBX's identifier of the call, as the details will name it; made by the host unless given.
    #[cfg_attr(feature = "openapi", schema(max_length = 255))]
    pub id: Option<String>,
    /// The caller's number as the network gave it; null, empty or a word for it when it is withheld ([`Presented`]). May be left out then, where the body has
    /// no field of another name.
    #[cfg_attr(feature = "openapi", schema(max_length = 128, example = "+7 916 123-45-67"))]
    pub caller: Option<String>,
    /// The number that was called.
    #[cfg_attr(feature = "openapi", schema(max_length = 128, example = "+74951234567"))]
    pub called: Option<String>,
    /// The placed operation; may be left out where there is one.
    #[cfg_attr(feature = "openapi", schema(max_length = 128))]
    pub operation: Option<String>,
    /// The placed operation whose numbers rang and were not answered, where the call comes back for the next one: `placement` of the answer
    /// before, or the operation that was asked. `id` is then that of the first request; the rest may be left out.
    #[cfg_attr(feature = "openapi", schema(max_length = 128))]
    pub after: Option<String>,
    /// How those numbers ended, in their order: a list in JSON, with commas in a form. A name that is not known counts as `failed`.
    #[cfg_attr(feature = "openapi", schema(max_items = 32, required = false))]
    pub legs: Vec<Ending>,
}

impl CallRequest {
    /// Reads a body by its type (`Content-Type`, empty where there is none), or says what is wrong with it. No value of the body is repeated:
    /// it holds the caller's number. What is given empty counts as not given, a withheld number too.
    pub fn read(kind: &str, body: &[u8]) -> Result<Self, Localized> {
        // Some clients begin every text with a byte order mark.
        let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body).trim_ascii_start();
        let fields = match Format::of(kind, body)? {
            Format::Json => Fields::of_json(body)?,
            Format::Form => Fields::of_form(body)?,
        };
        let Self { id, caller, called, operation, after, legs } = fields.request()?;
        for (name, field, most) in [
            ("caller", &caller, LONGEST),
            ("called", &called, LONGEST),
            ("operation", &operation, LONGEST),
            ("after", &after, LONGEST),
            ("id", &id, LONGEST_ID),
        ] {
            if field.as_ref().is_some_and(|field| field.chars().nth(most).is_some()) {
                return Err(Localized::new(
                    format!("поле `{name}` длиннее {most} символов"),
                    format!("`{name}` is longer than {most} characters"),
                ));
            }
        }
        Ok(Self {
            id: id.filter(|id| !id.trim().is_empty()),
            caller: caller.filter(|caller| !Presented::is_withheld(caller)),
            called,
            // What a dialplan leaves open it sends empty.
            operation: operation.filter(|operation| !operation.is_empty()),
            after: after.filter(|after| !after.is_empty()),
            legs,
        })
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
        for form in ["caller=", "caller=+", "caller=anonymous", "caller=&from=sales"] {
            assert_eq!(read(FORM, form).caller, None, "{form}");
        }
    }

    #[test]
    fn d01_a_number_that_is_left_out_is_withheld_where_nothing_else_could_be_it() {
        for (kind, body) in [
            (JSON, r#"{"id":"7","called":"101"}"#),
            (JSON, r#"{"operation":"","id":" "}"#),
            (FORM, "operation=&id="),
            (FORM, "called=101"),
        ] {
            assert_eq!(read(kind, body).caller, None, "{body}");
        }
        for (kind, body) in [
            (JSON, "{}"),
            (JSON, ""),
            (FORM, ""),
            ("", "  "),
            (JSON, r#"{"id":"7","from":"anna"}"#),
            (FORM, "called=101&Caller-Caller-ID-Number=%2B79165550101"),
        ] {
            let refusal = CallRequest::read(kind, body.as_bytes()).unwrap_err();
            assert!(refusal.en.contains("`caller`") && refusal.ru.contains("`caller`"), "{body}: {refusal:?}");
        }
    }

    #[test]
    fn fields_of_other_names_are_told_with_what_they_probably_are_and_no_value_is() {
        let refused = |body: &str| CallRequest::read(FORM, body.as_bytes()).unwrap_err();
        for (name, meant) in [
            ("Caller-Caller-ID-Number", "`caller`?"),
            ("callerid", "`caller`?"),
            ("CALLER", "`caller`?"),
            ("caler", "`caller`?"),
            ("From", "`caller`?"),
            ("Caller-Destination-Number", "`called`?"),
            ("to", "`called`?"),
            ("operaton", "`operation`?"),
        ] {
            let refusal = refused(&format!("{name}=%2B79165550101&x=Anna"));
            assert!(refusal.en.contains(&format!("`{name}` (did you mean {meant})")), "{refusal:?}");
            assert!(refusal.ru.contains(&format!("`{name}` (может быть, это {meant})")), "{refusal:?}");
            assert!(refusal.en.contains("`x`") && !refusal.en.contains("Anna"), "{refusal:?}");
        }
        assert!(!refused("Caller-Name=Anna").en.contains("did you mean"));
        // A value without a name, one that broke its form, and more names than anybody reads.
        let numbers = refused("%2B79165550101=&+7+916+555=1&Anna+Sokolova=1&line=3");
        assert!(numbers.en.contains("it has `line`, other fields: 3;"), "{numbers:?}");
        let many: String = ('a'..='z').map(|name| format!("{name}=1&")).collect();
        assert!(refused(&many).en.contains("`h`, other fields: 18;"), "{:?}", refused(&many));
    }

    #[test]
    fn json_is_read_whatever_type_curl_gives_it_and_however_its_text_begins() {
        for kind in [FORM, "", "text/plain;charset=UTF-8", "Text/JSON", "application/vnd.pbx+json"] {
            for begin in ["", "\u{feff}", "\r\n "] {
                assert_eq!(
                    read(kind, &format!("{begin}{{\"caller\":\"101\"}}")).caller.as_deref(),
                    Some("101"),
                    "{kind}"
                );
            }
        }
        let form = read("", "\u{feff}caller=101");
        assert_eq!(form.caller.as_deref(), Some("101"));
    }

    #[test]
    fn a_whole_number_of_json_is_its_digits() {
        let call = read(JSON, r#"{"id":7,"caller":79165550101,"called":101,"operation":null}"#);
        let field = |field: &Option<String>| field.clone().unwrap_or_default();
        assert_eq!([&call.id, &call.caller, &call.called].map(field), ["7", "79165550101", "101"]);
        for (value, kind) in [
            ("7.5", "fraction"),
            ("-7", "sign"),
            ("1e3", "exponent"),
            ("true", "true or false"),
            ("[1]", "list"),
            ("{}", "object"),
        ] {
            let refusal = CallRequest::read(JSON, format!(r#"{{"caller":{value}}}"#).as_bytes()).unwrap_err();
            assert!(refusal.en.starts_with("`caller` is ") && refusal.en.contains(kind), "{refusal:?}");
        }
    }

    #[test]
    fn what_stands_in_other_fields_does_not_matter() {
        let odd = r#"{"caller":"101","name":"\ud83d","list":[{"a":[1e999]}],"line":true}"#;
        assert_eq!(read(JSON, odd).caller.as_deref(), Some("101"));
        let bytes = b"{\"name\":\"\xcf\xe5\xf2\xf0\",\"caller\":\"101\"}";
        assert_eq!(CallRequest::read(JSON, bytes).unwrap().caller.as_deref(), Some("101"));
    }

    #[test]
    fn a_field_that_comes_twice_must_say_the_same() {
        for (kind, same, other) in [
            (JSON, r#"{"caller":"101","caller":"101"}"#, r#"{"caller":"101","caller":"102"}"#),
            (FORM, "caller=101&caller=101", "caller=101&caller=102"),
        ] {
            assert_eq!(read(kind, same).caller.as_deref(), Some("101"));
            let refusal = CallRequest::read(kind, other.as_bytes()).unwrap_err();
            assert!(refusal.en.contains("`caller` comes twice"), "{refusal:?}");
        }
    }

    #[test]
    fn json_and_a_form_say_the_same() {
        let json = read(JSON, r#"{"id":"7","caller":"+7 916 123-45-67","called":"101","line":3}"#);
        assert_eq!(json, read(FORM, "id=7&caller=%2B7+916+123-45-67&called=101&line=3"));
        assert_eq!((json.id.as_deref(), json.called.as_deref()), (Some("7"), Some("101")));
        assert_eq!(json.caller.as_deref(), Some("+7 916 123-45-67"));
        for (kind, open) in [(JSON, "{\"operation\":\"\",\"id\":\" \"}"), (FORM, "operation=&id=")] {
            assert_eq!(read(kind, open), CallRequest::default(), "{open}");
        }
    }

    #[test]
    fn e2_a_call_that_comes_back_says_after_whom_and_how_each_number_ended() {
        let json = read(JSON, r#"{"id":"7","after":"manager","legs":["busy","no-answer","gone"]}"#);
        assert_eq!(json, read(FORM, "id=7&after=manager&legs=busy,no-answer,+gone"));
        assert_eq!(json.after.as_deref(), Some("manager"));
        assert_eq!(json.legs, [Ending::Busy, Ending::NoAnswer, Ending::Failed]);
        for (kind, open) in [(JSON, r#"{"id":"7","after":"","legs":[]}"#), (FORM, "id=7&after=&legs=")] {
            assert_eq!(read(kind, open), CallRequest { id: Some("7".to_owned()), ..CallRequest::default() }, "{open}");
        }
        assert_eq!(read(FORM, &format!("id=7&legs={}", "busy,".repeat(100))).legs.len(), 32);
        for body in [r#"{"after":"a","legs":[1]}"#, r#"{"after":"a","legs":{}}"#, r#"{"after":["a"]}"#] {
            let refusal = CallRequest::read(JSON, body.as_bytes()).unwrap_err();
            assert!(refusal.en.contains("`legs`") || refusal.en.contains("`after`"), "{refusal:?}");
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
            (JSON, "caller=+79161234567", "sent as JSON"),
            (FORM, "+79161234567", "no ="),
            (JSON, "\"+79161234567\"", "no object"),
            (JSON, "[\"+79161234567\"", "no object"),
            (FORM, " [\"+79161234567\"]", "no object"),
            (JSON, long.as_str(), "128"),
            (JSON, long_id.as_str(), "255"),
            ("text/plain", "caller=101", "Content-Type"),
            ("multipart/form-data; boundary=79161234567", "--79161234567", "multipart/form-data"),
        ] {
            let error = CallRequest::read(kind, body.as_bytes()).unwrap_err();
            assert!(error.en.contains(part), "{body}: {error:?}");
            assert!(!error.en.contains("916") && !error.ru.contains("916"), "{error:?}");
        }
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(
            body in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..300),
                "[{]?(\"(caller|id|x)\":[0-9\"+]{0,8},?){0,4}[}]?".prop_map(String::into_bytes),
                "((caller|id|[a-z+%0-9]{0,12})=[0-9+%a-z]{0,16}&){0,12}".prop_map(String::into_bytes),
            ],
            kind in prop_oneof![Just(FORM.to_owned()), Just(JSON.to_owned()), Just(String::new()), any::<String>()],
        ) {
            if let Err(refusal) = CallRequest::read(&kind, &body) {
                let runs = refusal.en.split(|sign: char| !sign.is_ascii_digit());
                prop_assert!(runs.clone().all(|run| run.len() < 5), "no number is repeated: {refusal:?}");
                prop_assert!(!refusal.ru.is_empty() && refusal.en.len() < 800, "{refusal:?}");
            }
        }
    }
}
