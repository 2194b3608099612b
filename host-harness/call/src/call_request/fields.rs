//! The fields of a body: the values of those that make a call, and the names of the others, for a refusal that says what to rename.

use std::borrow::Cow;

use form_urlencoded::parse;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::CallRequest;
use crate::Localized;
use crate::leg::Ending;

/// The names of the fields that make a call.
const NAMES: [&str; 6] = ["id", "caller", "called", "operation", "after", "legs"];
/// How many names of other fields a refusal tells.
const SHOWN: usize = 8;
/// The most characters of a name that is told.
const LONGEST_SHOWN: usize = 40;
/// So many digits in a row may be a number that somebody put in the place of a name.
const NUMBER: usize = 5;
/// What other programs call the caller's number: SIP, Asterisk, FreeSWITCH, and reports of calls.
const CALLER_ELSEWHERE: [&str; 9] = ["from", "ani", "cid", "clid", "src", "source", "phone", "phonenumber", "number"];
/// What they call the number that was called.
const CALLED_ELSEWHERE: [&str; 8] = ["to", "did", "dnid", "dnis", "dst", "exten", "extension", "callee"];

/// A field of a body: `None` where it is not there, `Some(None)` where it is null.
type Given = Option<Option<String>>;

/// What a body says.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// In the order of [`NAMES`].
    known: [Given; 6],
    /// The names of the others.
    others: Vec<String>,
    /// What is wrong with a field.
    wrong: Option<Localized>,
}

impl Fields {
    /// Reads a JSON object. Fields that are not known may hold anything, halves of emoji among it.
    pub(super) fn of_json(body: &[u8]) -> Result<Self, Localized> {
        match serde_json::from_str(&String::from_utf8_lossy(body)) {
            Ok(fields) => Ok(fields),
            _ if body.is_empty() => Err(nothing()),
            Err(error) if error.is_data() => Err(Localized::new(
                "тело — JSON, но не объект; поля звонка стоят в {}",
                "the body is JSON, but no object; write the call's fields inside {}",
            )),
            // Where the JSON is wrong, without the words of it.
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                Err(Localized::new(
                    format!("тело — не JSON (строка {line}, позиция {column}), хотя его тип — JSON"),
                    format!("the body is not JSON (line {line}, column {column}), though it is sent as JSON"),
                ))
            }
        }
    }

    /// Reads a form.
    pub(super) fn of_form(body: &[u8]) -> Result<Self, Localized> {
        if body.is_empty() {
            return Err(nothing());
        }
        if !body.contains(&b'=') {
            return Err(Localized::new(
                "тело — не форма: в нём нет знака =; отправьте caller=… или JSON",
                "the body is not a form: there is no = in it; send caller=… or JSON",
            ));
        }
        let mut fields = Self::default();
        for (name, value) in parse(body) {
            let is_number = matches!(name.as_ref(), "caller" | "called");
            let value = value.into_owned();
            fields.take(&name, || Ok(Some(if is_number { with_its_plus(value) } else { value })));
        }
        Ok(fields)
    }

    /// The call, where the body says one.
    pub(super) fn request(self) -> Result<CallRequest, Localized> {
        if let Some(wrong) = self.wrong {
            return Err(wrong);
        }
        let [id, caller, called, operation, after, legs] = self.known;
        let says_a_call = [&id, &called, &operation, &after].into_iter().any(Option::is_some);
        // A serializer may leave out what is empty. Where there are fields of other names, one of them may be the caller.
        if caller.is_none() && !(says_a_call && self.others.is_empty()) {
            return Err(without_caller(&self.others));
        }
        let [id, caller, called, operation, after, legs] =
            [id, caller, called, operation, after, legs].map(Option::flatten);
        let legs = legs.map(|legs| Ending::list(&legs)).unwrap_or_default();
        Ok(CallRequest { id, caller, called, operation, after, legs })
    }

    /// Takes a field in; `value` is `Err` with what it is instead of a text.
    fn take(&mut self, name: &str, value: impl FnOnce() -> Result<Option<String>, JsonKind>) {
        let Some(place) = NAMES.iter().position(|known| *known == name).and_then(|place| self.known.get_mut(place))
        else {
            self.others.push(name.to_owned());
            return;
        };
        match value() {
            Ok(value) => {
                if place.replace(value.clone()).is_some_and(|before| before != value) {
                    self.wrong.get_or_insert_with(|| {
                        Localized::new(
                            format!("поле `{name}` стоит дважды с разными значениями"),
                            format!("`{name}` comes twice, with different values"),
                        )
                    });
                }
            }
            Err(JsonKind { ru, en }) => {
                self.wrong.get_or_insert_with(|| {
                    Localized::new(
                        format!("в поле `{name}` — {ru}, а нужен текст"),
                        format!("`{name}` is {en}; write it as text"),
                    )
                });
            }
        }
    }
}

/// What a JSON value is, in both languages.
struct JsonKind {
    ru: &'static str,
    en: &'static str,
}

/// A value as text. A whole number is its digits: much software keeps telephone numbers so.
fn text(value: Value) -> Result<Option<String>, JsonKind> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        Value::Number(number) if number.is_u64() => Ok(Some(number.to_string())),
        Value::Number(_) => Err(JsonKind {
            ru: "число с дробью или знаком",
            en: "a number with a fraction, a sign or an exponent",
        }),
        Value::Bool(_) => Err(JsonKind { ru: "true или false", en: "true or false" }),
        Value::Array(_) => Err(JsonKind { ru: "список", en: "a list" }),
        Value::Object(_) => Err(JsonKind { ru: "объект", en: "an object" }),
    }
}

/// A list of texts, with commas between them as a form has it.
fn list(value: Value) -> Result<Option<String>, JsonKind> {
    let Value::Array(items) = value else { return text(value) };
    let texts: Option<Vec<_>> = items.iter().map(Value::as_str).collect();
    let texts =
        texts.ok_or(JsonKind { ru: "не список текстов", en: "a list of something else than text" })?;
    Ok(Some(texts.join(",")))
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Fields;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Fields::default();
                while let Some(name) = map.next_key::<Cow<'_, str>>()? {
                    if NAMES.contains(&name.as_ref()) {
                        let value = map.next_value::<Value>()?;
                        fields.take(&name, || if name == "legs" { list(value) } else { text(value) });
                    } else {
                        map.next_value::<IgnoredAny>()?;
                        fields.others.push(name.into_owned());
                    }
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// In a form a plus means a space, and dialplans that do not encode it lose it. No number begins with a space.
fn with_its_plus(number: String) -> String {
    match number.strip_prefix(' ') {
        Some(rest) if rest.starts_with(|first: char| first.is_ascii_digit()) => format!("+{rest}"),
        _ => number,
    }
}

fn nothing() -> Localized {
    Localized::new(
        "тело пустое; отправьте `caller`, пустым, если номер скрыт",
        "the body is empty; send `caller`, empty where the number is withheld",
    )
}

/// The refusal of a body whose caller is nowhere or under another name.
fn without_caller(others: &[String]) -> Localized {
    if others.is_empty() {
        return Localized::new(
            "в теле нет полей; отправьте `caller`, пустым, если номер скрыт",
            "the body has no fields; send `caller`, empty where the number is withheld",
        );
    }
    let shown: Vec<&String> = others.iter().filter(|name| is_shown(name)).take(SHOWN).collect();
    let hidden = others.len() - shown.len();
    let told = |meant: &dyn Fn(&str) -> String, more: String| {
        let names = shown.iter().map(|name| format!("`{name}`{}", meaning(name).map(meant).unwrap_or_default()));
        names.chain((hidden > 0).then_some(more)).collect::<Vec<_>>().join(", ")
    };
    let ru = told(&|meant| format!(" (может быть, это `{meant}`?)"), format!("других полей: {hidden}"));
    let en = told(&|meant| format!(" (did you mean `{meant}`?)"), format!("other fields: {hidden}"));
    Localized::new(
        format!("в теле нет поля `caller`, а есть {ru}; если номер скрыт, отправьте `caller` пустым"),
        format!("the body has no field `caller`; it has {en}; where the number is withheld, send `caller` empty"),
    )
}

/// Whether the name may be told: it is short, and it is a name.
fn is_shown(name: &str) -> bool {
    let is_name = |sign: char| sign.is_alphanumeric() || "-_.[]".contains(sign);
    !name.is_empty() && name.chars().count() <= LONGEST_SHOWN && name.chars().all(is_name) && !has_number(name)
}

/// Whether something in this text may be a telephone number, which is never repeated.
pub(super) fn has_number(text: &str) -> bool {
    text.split(|sign: char| sign.is_alphabetic())
        .any(|part| part.chars().filter(|sign| sign.is_numeric()).count() >= NUMBER)
}

/// The field that a name probably stands for.
fn meaning(name: &str) -> Option<&'static str> {
    let plain: String = name.chars().filter(|sign| sign.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if CALLED_ELSEWHERE.contains(&plain.as_str())
        || ["called", "destination", "dialed"].iter().any(|part| plain.contains(part))
    {
        return Some("called");
    }
    // A caller's name is not the caller.
    if CALLER_ELSEWHERE.contains(&plain.as_str()) || plain.contains("caller") && !plain.contains("name") {
        return Some("caller");
    }
    NAMES.into_iter().find(|known| known.len() > 2 && strsim::osa_distance(&plain, known) <= 1)
}
