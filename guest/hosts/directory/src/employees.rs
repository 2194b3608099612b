//! Employees as configuration writes them: a JSON list, with the fields and the bounds that the host's own configuration file has.

use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use call::deputies;
use call::dialling;
use call::masking::unless_secret;
use serde_json::{Map, Value};

/// What an entry may hold; a field that is misspelt is not passed over in silence.
const FIELDS: [&str; 7] = ["id", "name", "amocrm_user", "enabled", "numbers", "presence", "deputy"];

/// An employee.
#[derive(Debug, PartialEq, Eq)]
pub struct Employee {
    /// The PBX's name of the employee.
    pub id: String,
    /// The name shown in call details; the id unless set.
    pub name: String,
    /// Whether the employee may be rung.
    pub enabled: bool,
    /// The numbers in order, each with its ring time in milliseconds.
    pub numbers: Vec<(String, u64)>,
    /// The presence, where it is set for rehearsing.
    pub presence: Presence,
    /// The amoCRM user of the employee who stands in for this one.
    pub deputy: Option<u64>,
}

/// A person's presence in amoCRM.
#[derive(Debug, PartialEq, Eq)]
pub enum Presence {
    /// Nobody reports it.
    NotFed,
    /// Never seen.
    NeverSeen,
    /// Last seen at this time, in seconds since the Unix epoch.
    LastSeen(u64),
}

/// The list as it was before it was put into Base64. Line breaks, which `base64` makes unless told otherwise, are passed over.
pub fn decode(encoded: &str) -> Result<String, String> {
    let encoded: String = encoded.chars().filter(|character| !character.is_ascii_whitespace()).collect();
    let bytes = STANDARD.decode(encoded).map_err(|_| "it is not Base64; write it with `base64 -w0`")?;
    String::from_utf8(bytes).map_err(|_| "what is in the Base64 is not text".to_owned())
}

/// The employee who is mapped to an amoCRM user. All of the list is checked: a mistake is seen at the first call, not at some later one.
pub fn find(written: &str, amocrm_user: u64) -> Result<Option<Employee>, String> {
    let list: Value = serde_json::from_str(written)
        .map_err(|error| format!("it is not JSON (line {}, column {})", error.line(), error.column()))?;
    let list = list.as_array().ok_or("write a JSON list of employees")?;
    let mut mapped: Vec<(u64, Employee)> = Vec::with_capacity(list.len());
    let mut named = Vec::with_capacity(list.len());
    for (index, entry) in list.iter().enumerate() {
        let place = format!("employee {}", index + 1);
        let (user, employee, deputy) = read(entry).map_err(|error| format!("{place}: {error}"))?;
        if mapped.iter().any(|(_, other)| other.id == employee.id) {
            return Err(format!("{place}: another employee has the same `id`; give each its own"));
        }
        if mapped.iter().any(|(other, _)| *other == user) {
            return Err(format!(
                "{place}: `amocrm_user` = {user} is mapped already; map each amoCRM user to one employee"
            ));
        }
        mapped.push((user, employee));
        named.push(deputy);
    }
    let ids: Vec<_> =
        mapped.iter().zip(&named).map(|((_, employee), deputy)| (employee.id.as_str(), deputy.as_deref())).collect();
    let deputies = deputies::places(&ids).map_err(|(place, wrong)| format!("employee {}: {}", place + 1, wrong.en))?;
    let Some(found) = mapped.iter().position(|(user, _)| *user == amocrm_user) else { return Ok(None) };
    let deputy = deputies.get(found).copied().flatten().and_then(|place| mapped.get(place)).map(|(user, _)| *user);
    Ok(Some(Employee { deputy, ..mapped.swap_remove(found).1 }))
}

/// An employee, the amoCRM user who that is, and the identifier of the deputy.
fn read(entry: &Value) -> Result<(u64, Employee, Option<String>), String> {
    let entry = entry.as_object().ok_or("write an object with `id`, `amocrm_user` and `numbers`")?;
    if let Some(unknown) = entry.keys().find(|key| !FIELDS.contains(&key.as_str())) {
        return Err(format!("unknown field `{}`; there are {}", unless_secret(unknown), FIELDS.join(", ")));
    }
    let id = text(entry, "id")?.filter(|id| !id.trim().is_empty()).ok_or("`id` is missing or empty")?;
    let user = entry.get("amocrm_user").and_then(Value::as_u64);
    let employee = Employee {
        name: text(entry, "name")?.unwrap_or_else(|| id.clone()),
        id,
        enabled: match entry.get("enabled") {
            None => true,
            Some(value) => value.as_bool().ok_or("`enabled` is not true or false")?,
        },
        numbers: match entry.get("numbers") {
            None => Vec::new(),
            Some(numbers) => {
                let numbers = numbers.as_array().ok_or("`numbers` is not a list")?;
                numbers.iter().map(number).collect::<Result<_, _>>()?
            }
        },
        presence: presence(text(entry, "presence")?.as_deref())?,
        // Whom the text names is known once all of them are read.
        deputy: None,
    };
    let deputy = text(entry, "deputy")?;
    Ok((user.ok_or("`amocrm_user` is not the number of an amoCRM user")?, employee, deputy))
}

fn text(entry: &Map<String, Value>, field: &str) -> Result<Option<String>, String> {
    match entry.get(field) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("`{field}` is not a text")),
    }
}

/// `"101"`, or `{"number": "101", "ring_time": "25s"}`.
fn number(written: &Value) -> Result<(String, u64), String> {
    let (number, ring_time) = match written {
        Value::String(number) => (number.clone(), None),
        Value::Object(entry) => {
            if entry.keys().any(|key| key != "number" && key != "ring_time") {
                return Err("`numbers`: an entry has `number` and `ring_time`, nothing else".to_owned());
            }
            (text(entry, "number")?.ok_or("`numbers`: an entry without `number`")?, text(entry, "ring_time")?)
        }
        _ => return Err("`numbers`: write texts, or objects with `number` and `ring_time`".to_owned()),
    };
    let ring_time = dialling::ring_time(&number, ring_time.as_deref()).map_err(|wrong| wrong.en)?;
    Ok((number, u64::try_from(ring_time.as_millis()).unwrap_or(u64::MAX)))
}

fn presence(written: Option<&str>) -> Result<Presence, String> {
    match written {
        None => Ok(Presence::NotFed),
        Some("never-seen") => Ok(Presence::NeverSeen),
        Some(time) => humantime::parse_rfc3339(time)
            .ok()
            .and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok())
            .map(|since| Presence::LastSeen(since.as_secs()))
            .ok_or_else(|| "`presence`: set `never-seen` or a time such as `2026-11-22T09:00:00Z`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_employee_is_read_as_from_the_configuration_file() {
        let written = r#"[
            {"id": "anna", "name": "Анна", "amocrm_user": 504141, "numbers": ["101", {"number": "+79035550101", "ring_time": "25s"}]},
            {"id": "boris", "amocrm_user": 504142, "enabled": false, "presence": "2026-11-22T09:00:00Z"}
        ]"#;
        let anna = find(written, 504_141).unwrap().unwrap();
        assert_eq!((anna.id.as_str(), anna.name.as_str(), anna.enabled), ("anna", "Анна", true));
        assert_eq!(anna.numbers, [("101".to_owned(), 20_000), ("+79035550101".to_owned(), 25_000)]);
        assert_eq!(anna.presence, Presence::NotFed);
        let boris = find(written, 504_142).unwrap().unwrap();
        assert_eq!((boris.name.as_str(), boris.enabled, boris.numbers.len()), ("boris", false, 0));
        assert_eq!(boris.presence, Presence::LastSeen(1_795_338_000));
        assert_eq!(find(written, 1).unwrap(), None);
        assert_eq!(find("[]", 1).unwrap(), None);
    }

    #[test]
    fn e4_a_deputy_is_told_by_the_amocrm_user() {
        let written = r#"[{"id": "anna", "amocrm_user": 1, "deputy": "boris"}, {"id": "boris", "amocrm_user": 2}]"#;
        assert_eq!(find(written, 1).unwrap().unwrap().deputy, Some(2));
        assert_eq!(find(written, 2).unwrap().unwrap().deputy, None);
    }

    #[test]
    fn the_list_may_be_in_base64() {
        assert_eq!(decode("W10=").unwrap(), "[]");
        assert_eq!(decode("W1\n0=\n").unwrap(), "[]");
        assert!(decode("[]").unwrap_err().contains("Base64"));
        assert!(decode("/w==").unwrap_err().contains("not text"));
    }

    #[test]
    fn every_mistake_is_named_with_its_place() {
        for (written, part) in [
            ("", "not JSON"),
            ("{}", "list"),
            ("[1]", "employee 1: write an object"),
            (r#"[{"amocrm_user": 1}]"#, "`id`"),
            (r#"[{"id": "a"}]"#, "`amocrm_user`"),
            (r#"[{"id": "a", "amocrm_user": "1"}]"#, "`amocrm_user`"),
            (r#"[{"id": "a", "amocrm_user": 1, "number": []}]"#, "unknown field `number`"),
            (r#"[{"id": "a", "amocrm_user": 1}, {"id": "a", "amocrm_user": 2}]"#, "employee 2: another"),
            (r#"[{"id": "a", "amocrm_user": 1}, {"id": "b", "amocrm_user": 1}]"#, "mapped already"),
            (r#"[{"id": "a", "amocrm_user": 1, "numbers": ["101;rm"]}]"#, "cannot be dialled"),
            (r#"[{"id": "a", "amocrm_user": 1, "numbers": [{"number": "1", "ring_time": "1s"}]}]"#, "5 s to 120 s"),
            (r#"[{"id": "a", "amocrm_user": 1, "enabled": "no"}]"#, "`enabled`"),
            (r#"[{"id": "a", "amocrm_user": 1, "presence": "today"}]"#, "`presence`"),
            (r#"[{"id": "a", "amocrm_user": 1, "deputy": 2}]"#, "`deputy` is not a text"),
            (
                r#"[{"id": "a", "amocrm_user": 1, "deputy": "b"}]"#,
                "employee 1: `deputy` = `b`: there is no such employee",
            ),
            (
                r#"[{"id": "a", "amocrm_user": 1, "deputy": "b"}, {"id": "b", "amocrm_user": 2, "deputy": "a"}]"#,
                "employee 1: `deputy`: the deputies go in a circle, `a` → `b` → `a`",
            ),
        ] {
            let error = find(written, 1).unwrap_err();
            assert!(error.contains(part), "{written}: {error}");
        }
    }
}
