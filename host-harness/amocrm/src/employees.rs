//! Employees as files list them (`[[integration.employee]]`): a person whom the PBX can ring, and the amoCRM user who that is.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::Path;

use call::deputies;
use call::dialling::{self, LONGEST_NAME, MOST_NUMBERS};
use call::document::Ring;
use call::masking::unless_secret;
use call::one_line::{is_hidden, one_line};
use call::{Localized, localized};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use runtime::capabilities::directory::{Destination, Employee, Presence};
use runtime::identifier;
use runtime::toml_file::{self, ConfigError};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
/// One employee, as written.
pub struct EmployeeEntry {
    id: String,
    /// The id unless set.
    #[serde(default)]
    name: Option<String>,
    amocrm_user: u64,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default)]
    numbers: Vec<NumberEntry>,
    /// How the numbers ring: `in-turn` unless set.
    #[serde(default)]
    ring: Option<String>,
    /// The identifier of the employee who stands in for this one.
    #[serde(default)]
    deputy: Option<String>,
    /// For rehearsing the status check: `never-seen`, or when the person was last seen in amoCRM.
    #[serde(default)]
    presence: Option<PresenceEntry>,
}

fn yes() -> bool {
    true
}

/// `"101"`, or `{ number = "101", ring_time = "25s" }`.
struct NumberEntry {
    number: String,
    ring_time: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NumberTable {
    number: String,
    #[serde(default)]
    ring_time: Option<String>,
}

impl<'de> Deserialize<'de> for NumberEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl<'de> Visitor<'de> for Number {
            type Value = NumberEntry;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                let said = Localized::new(
                    "номер, например \"101\", или { number = \"101\", ring_time = \"25s\" }",
                    "a number such as \"101\", or { number = \"101\", ring_time = \"25s\" }",
                );
                toml_file::expected(&said, formatter)
            }

            fn visit_str<E: Error>(self, number: &str) -> Result<NumberEntry, E> {
                Ok(NumberEntry { number: number.to_owned(), ring_time: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<NumberEntry, A::Error> {
                let NumberTable { number, ring_time } = Deserialize::deserialize(MapAccessDeserializer::new(map))?;
                Ok(NumberEntry { number, ring_time })
            }
        }

        deserializer.deserialize_any(Number)
    }
}

enum PresenceEntry {
    NeverSeen,
    LastSeen(Timestamp),
}

impl<'de> Deserialize<'de> for PresenceEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "never-seen" {
            return Ok(Self::NeverSeen);
        }
        text.parse().map(Self::LastSeen).map_err(|_| {
            toml_file::refused(&Localized::new(
                "напишите `never-seen` или время, например `2026-11-22T09:00:00+03:00`",
                "set `never-seen` or a time such as `2026-11-22T09:00:00+03:00`",
            ))
        })
    }
}

/// Reads a file of employees alone: `[[employee]]` with the keys of `[[integration.employee]]`, by amoCRM user.
pub fn read(path: &Path) -> Result<Vec<(u64, Employee)>, ConfigError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Employees {
        #[serde(default)]
        employee: Vec<EmployeeEntry>,
    }

    let file: Employees = toml_file::read(path)?;
    check(file.employee, "[[employee]]").map_err(|message| ConfigError::of(path, message))
}

/// Checks the employees of one integration; `place` names it in messages.
pub fn check(entries: Vec<EmployeeEntry>, place: &str) -> Result<Vec<(u64, Employee)>, Localized> {
    let mut employees: Vec<(u64, Employee)> = Vec::with_capacity(entries.len());
    let mut deputies = Vec::with_capacity(entries.len());
    // By identifier and by user: a large file is checked in as many steps as it has employees.
    let (mut ids, mut users) = (HashSet::new(), HashMap::new());
    for entry in entries {
        let place = of_employee(place, &entry.id);
        let wrong = |what: Localized| Err(place.clone().then(": ", &what));
        if let Err(what) = identifier::judge(&entry.id) {
            let place = Localized::new(one_line(&place.ru), one_line(&place.en));
            return Err(place.then(": ", &what));
        }
        if let Some(hidden) = entry.name.iter().flat_map(|name| name.chars()).find(|letter| is_hidden(*letter)) {
            return wrong(localized!(
                "в `name` есть невидимый знак (U+{:04X}); напишите заново без него",
                "`name` has a character that is not seen (U+{:04X}); write it again without",
                u32::from(hidden)
            ));
        }
        if !ids.insert(entry.id.clone()) {
            return wrong(Localized::new(
                "такой же `id` есть у другого сотрудника; дайте каждому свой",
                "another employee has the same `id`; give each its own",
            ));
        }
        if let Some(other) = users.insert(entry.amocrm_user, entry.id.clone()) {
            return wrong(localized!(
                "`amocrm_user` = {} уже указан у сотрудника `{other}`; укажите каждого пользователя amoCRM только у одного",
                "`amocrm_user` = {} is mapped to `{other}` already; map each amoCRM user to one employee",
                entry.amocrm_user
            ));
        }
        if entry.name.as_ref().is_some_and(|name| name.trim().is_empty()) {
            return wrong(Localized::new(
                "`name` пуст; напишите имя или уберите `name`, тогда вместо имени будет `id`",
                "`name` is empty; write a name, or leave `name` out and the `id` stands for it",
            ));
        }
        let name = entry.name.unwrap_or_else(|| entry.id.clone());
        if name.chars().count() > LONGEST_NAME {
            return wrong(localized!(
                "в `name` допустимо не больше {LONGEST_NAME} знаков",
                "`name` has at most {LONGEST_NAME} characters"
            ));
        }
        if entry.numbers.len() > MOST_NUMBERS {
            return wrong(localized!(
                "в `numbers` номеров: {}; укажите не больше {MOST_NUMBERS}",
                "`numbers` has {}; write at most {MOST_NUMBERS}",
                entry.numbers.len()
            ));
        }
        let destinations = entry.numbers.into_iter().map(destination).collect::<Result<Vec<_>, _>>();
        let destinations = destinations.map_err(|what| place.clone().then(": ", &what))?;
        let ring = ring(entry.ring.as_deref()).map_err(|what| place.clone().then(": ", &what))?;
        let employee = Employee {
            name,
            id: entry.id,
            enabled: entry.enabled,
            destinations,
            ring,
            presence: match entry.presence {
                None => Presence::NotFed,
                Some(PresenceEntry::NeverSeen) => Presence::NeverSeen,
                Some(PresenceEntry::LastSeen(at)) => Presence::LastSeen(at),
            },
            deputy_crm_user_id: None,
        };
        employees.push((entry.amocrm_user, employee));
        deputies.push(entry.deputy);
    }
    name_deputies(&mut employees, &deputies, place)?;
    Ok(employees)
}

fn of_employee(place: &str, id: &str) -> Localized {
    localized!("{place}, сотрудник `{id}`", "{place}, employee `{id}`")
}

/// Writes down who stands in for whom: for each employee the identifier of the deputy.
fn name_deputies(employees: &mut [(u64, Employee)], deputies: &[Option<String>], place: &str) -> Result<(), Localized> {
    let named: Vec<_> = employees
        .iter()
        .zip(deputies)
        .map(|((_, employee), deputy)| (employee.id.as_str(), deputy.as_deref()))
        .collect();
    let places = deputies::places(&named).map_err(|(at, what)| {
        let id = named.get(at).map_or("", |(id, _)| id);
        of_employee(place, id).then(": ", &what)
    })?;
    let users: Vec<_> = employees.iter().map(|(user, _)| *user).collect();
    for ((_, employee), place) in employees.iter_mut().zip(places) {
        employee.deputy_crm_user_id = place.and_then(|place| users.get(place).copied());
    }
    Ok(())
}

fn ring(written: Option<&str>) -> Result<Ring, Localized> {
    let Some(written) = written else { return Ok(Ring::InTurn) };
    let named = Ring::ALL.iter().find(|(name, _)| *name == written).map(|(_, ring)| *ring);
    named.ok_or_else(|| {
        localized!(
            "`ring` = `{0}`: напишите `in-turn` (по очереди) или `together` (сразу на все номера)",
            "`ring` = `{0}`: write `in-turn` (one after another) or `together` (all numbers at once)",
            unless_secret(written)
        )
    })
}

fn destination(entry: NumberEntry) -> Result<Destination, Localized> {
    let NumberEntry { number, ring_time } = entry;
    let ring_time = dialling::ring_time(&number, ring_time.as_deref())?;
    Ok(Destination { number, ring_time })
}
