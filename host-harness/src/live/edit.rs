//! Changes made in the text of the configuration file, so that comments, order and spelling of everything else stay.

mod document;
mod numbers;
mod removal;
mod undo;

use std::path::Path;

use toml_edit::{Array, DocumentMut, Item, Table, Value};

use crate::component_source::BuiltIn;
use crate::shared::{is_place, uploaded};
use crate::text_file::spelt_as;
use call::Localized;
use document::{operations, put};
use server::configuration::{Edit, EmployeeEdit, IntegrationPatch, NewOperation, NotChanged, OperationPatch, Scalar};
pub(super) use undo::without;

/// Keys of the configuration that stand in `[[integration]]` itself.
const CONSIDER_MANAGER_STATUS: &str = "consider_manager_status";
const DEFAULT_COUNTRY_CODE: &str = "default_country_code";
const MANAGER_STATUS_REUSE: (&str, &str) = ("manager_status_reuse_seconds", "manager_status_reuse");

/// The text with a change. Whether it is a configuration that can be put in force is judged as that of any text is.
pub(super) fn edited(text: &str, edit: &Edit, state: Option<&Path>) -> Result<String, NotChanged> {
    let mut document = parsed(text)?;
    match edit {
        Edit::AddOperation(operation) => add_operation(&mut document, operation, state)?,
        Edit::ChangeOperation(id, patch) => change_operation(operation(&mut document, id)?, patch)?,
        Edit::RemoveOperation(id) => {
            operation(&mut document, id)?;
            return removal::without(text, None, "operation", id).ok_or_else(|| no_operation(id));
        }
        Edit::ChangeIntegration(id, patch) => change_integration(integration(&mut document, id)?, patch)?,
        Edit::PutEmployee(of, id, employee) => put_employee(integration(&mut document, of)?, id, employee)?,
        Edit::RemoveEmployee(of, id) => {
            document::tables(integration(&mut document, of)?, "employee")?;
            return removal::without(text, Some(of), "employee", id).ok_or_else(|| {
                NotChanged::Unknown(Localized::new(
                    format!("сотрудника «{id}» у этой интеграции нет"),
                    format!("this integration has no employee `{id}`"),
                ))
            });
        }
        Edit::Several(edits) => {
            return edits.iter().try_fold(text.to_owned(), |text, edit| edited(&text, edit, state));
        }
    }
    Ok(spelt_as(text, document.to_string()))
}

fn parsed(text: &str) -> Result<DocumentMut, NotChanged> {
    text.parse()
        .map_err(|_| conflict("файл настроек не читается как TOML", "the configuration file cannot be read as TOML"))
}

fn conflict(ru: impl Into<String>, en: impl Into<String>) -> NotChanged {
    NotChanged::Conflict(Localized::new(ru, en))
}

fn no_operation(id: &str) -> NotChanged {
    NotChanged::Unknown(Localized::new(
        format!("операции «{id}» в файле настроек нет"),
        format!("the configuration file has no [[operation]] `{id}`"),
    ))
}

fn operation<'a>(document: &'a mut DocumentMut, id: &str) -> Result<&'a mut Table, NotChanged> {
    let operations = operations(document)?;
    let place = document::place(operations, id).ok_or_else(|| no_operation(id))?;
    operations.get_mut(place).ok_or_else(|| no_operation(id))
}

fn integration<'a>(document: &'a mut DocumentMut, id: &str) -> Result<&'a mut Table, NotChanged> {
    let unknown = || {
        NotChanged::Unknown(Localized::new(
            format!("интеграции «{id}» в файле настроек нет"),
            format!("the configuration file has no [[integration]] `{id}`"),
        ))
    };
    let integrations = document::tables(document.as_table_mut(), "integration")?;
    let place = document::place(integrations, id).ok_or_else(unknown)?;
    integrations.get_mut(place).ok_or_else(unknown)
}

fn add_operation(document: &mut DocumentMut, operation: &NewOperation, state: Option<&Path>) -> Result<(), NotChanged> {
    let NewOperation { id, integration, component, linked_operation, exits, settings } = operation;
    let mut table = Table::new();
    put(&mut table, "id", id);
    if let Some(integration) = integration {
        put(&mut table, "integration", integration);
    }
    if let Some(component) = component {
        let carried = BuiltIn::named(component).map(|built_in| built_in.name().to_owned());
        put(&mut table, "component", carried.map_or_else(|| component_file(component, state), Ok)?);
    }
    put(&mut table, "linked_operation", linked_operation);
    document::merge(&mut table, "exits", exits.iter().map(|(exit, target)| (exit, Some(target.into()))))?;
    document::merge(&mut table, "settings", settings.iter().map(|(key, value)| (key, Some(scalar(value)))))?;
    table.decor_mut().set_prefix("\n");
    operations(document)?.push(table);
    Ok(())
}

/// The file of an uploaded component.
fn component_file(digest: &str, state: Option<&Path>) -> Result<String, NotChanged> {
    let digest = digest.to_ascii_lowercase();
    let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    let file = uploaded(state).map(|folder| folder.join(format!("{digest}.wasm")));
    let file = file.filter(|file| is_digest && file.is_file());
    file.map(|file| file.display().to_string()).ok_or_else(|| {
        NotChanged::Refused(server::configuration::Refusal {
            text: Localized::new(
                "такого компонента нет ни среди загруженных, ни среди встроенных: загрузите его сначала",
                "there is no such component among the uploaded and the built-in ones: upload it first",
            ),
            field: Some("/component".to_owned()),
            findings: Vec::new(),
        })
    })
}

fn change_operation(table: &mut Table, patch: &OperationPatch) -> Result<(), NotChanged> {
    let OperationPatch { linked_operation, integration, exits, settings } = patch;
    if let Some(linked_operation) = linked_operation {
        put(table, "linked_operation", linked_operation);
    }
    change_or_take(table, "integration", integration.as_ref());
    document::merge(table, "exits", exits.iter().map(|(exit, target)| (exit, target.as_ref().map(Value::from))))?;
    document::merge(table, "settings", settings.iter().map(|(key, value)| (key, value.as_ref().map(scalar))))
}

fn change_integration(table: &mut Table, patch: &IntegrationPatch) -> Result<(), NotChanged> {
    let IntegrationPatch { enabled, configuration, time_zone } = patch;
    change_or_take(table, "enabled", enabled.as_ref().map(|enabled| enabled.map(Value::from)).as_ref());
    change_or_take(table, "time_zone", time_zone.as_ref());
    for (key, value) in configuration {
        change_key(table, key, value.as_ref())?;
    }
    Ok(())
}

/// Writes a value that was sent, takes one away where `null` was sent, and leaves it where nothing was.
fn change_or_take<T: Clone + Into<Value>>(table: &mut Table, key: &str, sent: Option<&Option<T>>) {
    match sent {
        Some(Some(value)) => put(table, key, value.clone()),
        Some(None) => drop(table.remove(key)),
        None => {}
    }
}

/// A key of the configuration, where it is written: in `[integration.configuration]`, or, three of them, beside it.
fn change_key(table: &mut Table, key: &str, value: Option<&Scalar>) -> Result<(), NotChanged> {
    if let Some(Scalar::Text(text)) = value
        && is_place(text)
    {
        // Whoever may change settings could read any file of this program's otherwise.
        return Err(NotChanged::Refused(server::configuration::Refusal {
            text: Localized::new(
                "место секрета записывают в файл настроек вручную",
                "the place of a secret is written into the configuration file by hand",
            ),
            field: Some(format!("/configuration/{key}")),
            findings: Vec::new(),
        }));
    }
    let is_inside =
        table.get("configuration").and_then(Item::as_table_like).is_some_and(|inside| inside.contains_key(key));
    let beside = match key {
        _ if is_inside => None,
        CONSIDER_MANAGER_STATUS => Some((CONSIDER_MANAGER_STATUS, value.map(flag))),
        DEFAULT_COUNTRY_CODE => Some((DEFAULT_COUNTRY_CODE, value.map(number))),
        key if key == MANAGER_STATUS_REUSE.0 => Some((MANAGER_STATUS_REUSE.1, value.map(seconds))),
        _ => None,
    };
    match beside {
        Some((key, Some(value))) => put(table, key, value),
        Some((key, None)) => drop(table.remove(key)),
        None => return document::merge(table, "configuration", [(key, value.map(scalar))]),
    }
    Ok(())
}

fn put_employee(integration: &mut Table, id: &str, employee: &EmployeeEdit) -> Result<(), NotChanged> {
    let employees = document::tables(integration, "employee")?;
    let place = document::place(employees, id).unwrap_or_else(|| {
        let mut table = Table::new();
        table.decor_mut().set_prefix("\n");
        put(&mut table, "id", id);
        employees.push(table);
        employees.len() - 1
    });
    let Some(table) = employees.get_mut(place) else { return Ok(()) };
    let EmployeeEdit { name, amocrm_user, enabled, numbers, ring, deputy } = employee;
    match name {
        Some(name) => put(table, "name", name),
        None => drop(table.remove("name")),
    }
    put(table, "amocrm_user", user(*amocrm_user)?);
    let enabled = enabled.unwrap_or(true);
    // What is so unless set need not be written.
    if !enabled || table.contains_key("enabled") {
        put(table, "enabled", enabled);
    }
    numbers::change(table, numbers);
    match ring.as_deref() {
        // What is so unless set need not be written.
        Some("in-turn") if !table.contains_key("ring") => {}
        Some(ring) => put(table, "ring", ring),
        None => drop(table.remove("ring")),
    }
    match deputy {
        Some(deputy) => put(table, "deputy", deputy),
        None => drop(table.remove("deputy")),
    }
    Ok(())
}

/// The identifier of an amoCRM user. TOML knows no greater numbers than these, and amoCRM gives none.
fn user(id: u64) -> Result<i64, NotChanged> {
    i64::try_from(id).ok().filter(|id| *id > 0).ok_or_else(|| {
        NotChanged::Refused(server::configuration::Refusal {
            text: Localized::new(
                "такого пользователя amoCRM быть не может: скопируйте его номер (ID) из amoCRM",
                "there can be no such amoCRM user: copy the user's number (ID) from amoCRM",
            ),
            field: Some("/amocrm_user".to_owned()),
            findings: Vec::new(),
        })
    })
}

fn scalar(value: &Scalar) -> Value {
    match value {
        Scalar::Flag(flag) => (*flag).into(),
        Scalar::Number(number) => (*number).into(),
        Scalar::Text(text) => text.into(),
        Scalar::List(texts) => texts.iter().collect::<Array>().into(),
    }
}

/// As a flag, where it is one; anything else is refused where it is judged.
fn flag(value: &Scalar) -> Value {
    match value {
        Scalar::Text(text) => text.parse::<bool>().map_or_else(|_| text.into(), Value::from),
        value => scalar(value),
    }
}

fn number(value: &Scalar) -> Value {
    match value {
        Scalar::Text(text) => text.parse::<i64>().map_or_else(|_| text.into(), Value::from),
        value => scalar(value),
    }
}

/// The configuration key counts seconds; the key beside it is a duration.
fn seconds(value: &Scalar) -> Value {
    match value {
        Scalar::Number(seconds) => format!("{seconds}s").into(),
        Scalar::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => format!("{text}s").into(),
        value => scalar(value),
    }
}

#[cfg(test)]
mod tests;
