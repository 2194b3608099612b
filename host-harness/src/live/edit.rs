//! Changes made in the text of the configuration file, so that comments, order and spelling of everything else stay.

mod document;

use std::path::Path;

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, Value};

use call::Localized;
use document::{operations, put};
use server::configuration::{
    Edit, EmployeeEdit, IntegrationPatch, NewOperation, NotChanged, NumberEdit, OperationPatch, Scalar,
};

/// Keys of the configuration that stand in `[[integration]]` itself.
const CONSIDER_MANAGER_STATUS: &str = "consider_manager_status";
const DEFAULT_COUNTRY_CODE: &str = "default_country_code";
const MANAGER_STATUS_REUSE: (&str, &str) = ("manager_status_reuse_seconds", "manager_status_reuse");
/// Where uploaded components are, below the state directory.
const COMPONENTS: &str = "components";

/// The text with a change. Whether it is a configuration that can be put in force is judged as that of any text is.
pub(super) fn edited(text: &str, edit: &Edit, state: Option<&Path>) -> Result<String, NotChanged> {
    let mut document: DocumentMut = text
        .parse()
        .map_err(|_| conflict("файл настроек не читается как TOML", "the configuration file cannot be read as TOML"))?;
    apply(&mut document, edit, state)?;
    Ok(document.to_string())
}

fn apply(document: &mut DocumentMut, edit: &Edit, state: Option<&Path>) -> Result<(), NotChanged> {
    match edit {
        Edit::AddOperation(operation) => add_operation(document, operation, state)?,
        Edit::ChangeOperation(id, patch) => change_operation(operation(document, id)?, patch)?,
        Edit::RemoveOperation(id) => {
            let place = document::place(operations(document)?, id).ok_or_else(|| no_operation(id))?;
            operations(document)?.remove(place);
        }
        Edit::ChangeIntegration(id, patch) => change_integration(integration(document, id)?, patch)?,
        Edit::PutEmployee(of, id, employee) => put_employee(integration(document, of)?, id, employee)?,
        Edit::Several(edits) => edits.iter().try_for_each(|edit| apply(document, edit, state))?,
        Edit::RemoveEmployee(of, id) => {
            let employees = document::tables(integration(document, of)?, "employee")?;
            let place = document::place(employees, id).ok_or_else(|| {
                NotChanged::Unknown(Localized::new(
                    format!("сотрудника «{id}» у этой интеграции нет"),
                    format!("this integration has no employee `{id}`"),
                ))
            })?;
            employees.remove(place);
        }
    }
    Ok(())
}

pub(super) fn conflict(ru: impl Into<String>, en: impl Into<String>) -> NotChanged {
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
    if let Some(digest) = component {
        put(&mut table, "component", component_file(digest, state)?);
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
    let file = state.map(|state| state.join(COMPONENTS).join(format!("{digest}.wasm")));
    let file = file.filter(|file| is_digest && file.is_file()).and_then(|file| file.canonicalize().ok());
    file.map(|file| file.display().to_string()).ok_or_else(|| {
        NotChanged::Refused(server::configuration::Refusal {
            text: Localized::new(
                "такого компонента среди загруженных нет: загрузите его сначала",
                "there is no such component among the uploaded ones: upload it first",
            ),
            field: Some("/component".to_owned()),
            findings: Vec::new(),
        })
    })
}

fn change_operation(table: &mut Table, patch: &OperationPatch) -> Result<(), NotChanged> {
    let OperationPatch { linked_operation, integration, exits, settings } = patch;
    for (key, value) in [("linked_operation", linked_operation), ("integration", integration)] {
        if let Some(value) = value {
            put(table, key, value);
        }
    }
    document::merge(table, "exits", exits.iter().map(|(exit, target)| (exit, target.as_ref().map(Value::from))))?;
    document::merge(table, "settings", settings.iter().map(|(key, value)| (key, value.as_ref().map(scalar))))
}

fn change_integration(table: &mut Table, patch: &IntegrationPatch) -> Result<(), NotChanged> {
    let IntegrationPatch { enabled, configuration, time_zone } = patch;
    if let Some(enabled) = enabled {
        put(table, "enabled", *enabled);
    }
    match time_zone {
        Some(Some(time_zone)) => put(table, "time_zone", time_zone),
        Some(None) => drop(table.remove("time_zone")),
        None => {}
    }
    for (key, value) in configuration {
        change_key(table, key, value.as_ref())?;
    }
    Ok(())
}

/// A key of the configuration, where it is written: in `[integration.configuration]`, or, three of them, beside it.
fn change_key(table: &mut Table, key: &str, value: Option<&Scalar>) -> Result<(), NotChanged> {
    if let Some(Scalar::Text(text)) = value
        && (text.starts_with("env:") || text.starts_with("file:"))
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
    let EmployeeEdit { name, amocrm_user, enabled, numbers } = employee;
    match name {
        Some(name) => put(table, "name", name),
        None => drop(table.remove("name")),
    }
    put(table, "amocrm_user", i64::try_from(*amocrm_user).unwrap_or(i64::MAX));
    match enabled {
        // What is so unless set need not be written.
        Some(true) | None => drop(table.remove("enabled")),
        Some(false) => put(table, "enabled", false),
    }
    put(table, "numbers", numbers.iter().map(employees_number).collect::<Array>());
    Ok(())
}

/// `"101"`, or `{ number = "101", ring_time = "25s" }`.
fn employees_number(NumberEdit { number, ring_time }: &NumberEdit) -> Value {
    let Some(ring_time) = ring_time else { return number.into() };
    let mut table = InlineTable::new();
    table.insert("number", number.into());
    table.insert("ring_time", ring_time.into());
    table.fmt();
    Value::InlineTable(table)
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
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const FILE: &str = r#"# Our telephones
[[integration]]
account = "https://example.amocrm.ru" # the account
token = "env:AMOCRM_TOKEN"
consider_manager_status = false # for now

[[integration.employee]]
id = "anna"   # the first
amocrm_user = 504141
numbers = ["101", { number = "+79035550101", ring_time = "25s" }]
presence = "never-seen"

# The step
[[operation]]
linked_operation = "queue:sales"   # the queue
exits = { absent = "queue:night" }
[operation.settings]
# Patience
waiting_time = "3s" # seconds
"#;

    fn edit(edit: Edit) -> String {
        edited(FILE, &edit, None).unwrap_or_else(|refused| panic!("{refused:?}"))
    }

    fn text(text: &str) -> Scalar {
        Scalar::Text(text.to_owned())
    }

    #[test]
    fn an_operations_values_change_and_everything_around_them_stays() {
        let patch = OperationPatch {
            linked_operation: Some("queue:support".to_owned()),
            exits: BTreeMap::from([
                ("absent".to_owned(), None),
                ("caller".to_owned(), Some("queue:hidden".to_owned())),
            ]),
            settings: BTreeMap::from([("waiting_time".to_owned(), Some(text("2s")))]),
            ..OperationPatch::default()
        };
        let changed = FILE
            .replace("\"queue:sales\"   #", "\"queue:support\"   #")
            .replace("{ absent = \"queue:night\" }", "{ caller = \"queue:hidden\" }")
            .replace("\"3s\" #", "\"2s\" #");
        assert_eq!(edit(Edit::ChangeOperation("main".to_owned(), patch)), changed);
        let patch =
            OperationPatch { exits: BTreeMap::from([("absent".to_owned(), None)]), ..OperationPatch::default() };
        let changed = FILE.replace("exits = { absent = \"queue:night\" }\n", "");
        assert_eq!(edit(Edit::ChangeOperation("main".to_owned(), patch)), changed);
    }

    #[test]
    fn operations_come_and_go() {
        let operation = NewOperation {
            id: "second".to_owned(),
            integration: None,
            component: None,
            linked_operation: "queue:any".to_owned(),
            exits: BTreeMap::from([("absent".to_owned(), "queue:night".to_owned())]),
            settings: BTreeMap::from([("search_companies".to_owned(), Scalar::Flag(true))]),
        };
        let added = edit(Edit::AddOperation(operation));
        assert_eq!(
            added,
            format!(
                "{FILE}\n[[operation]]\nid = \"second\"\nlinked_operation = \"queue:any\"\nexits = {{ absent = \"queue:night\" }}\n\
                 settings = {{ search_companies = true }}\n"
            )
        );
        let gone = edited(&added, &Edit::RemoveOperation("second".to_owned()), None).unwrap();
        assert_eq!(gone, FILE);
        assert!(matches!(edited(FILE, &Edit::RemoveOperation("second".to_owned()), None), Err(NotChanged::Unknown(_))));
    }

    #[test]
    fn o6_o7_an_integration_is_switched_where_its_keys_are_written() {
        let patch = IntegrationPatch {
            enabled: Some(false),
            configuration: BTreeMap::from([
                ("consider_manager_status".to_owned(), Some(text("true"))),
                ("manager_status_reuse_seconds".to_owned(), Some(Scalar::Number(30))),
                ("search".to_owned(), Some(text("wide"))),
            ]),
            time_zone: Some(Some("Asia/Omsk".to_owned())),
        };
        let changed = edit(Edit::ChangeIntegration("main".to_owned(), patch));
        for part in [
            "consider_manager_status = true # for now\n",
            "enabled = false\n",
            "manager_status_reuse = \"30s\"\n",
            "time_zone = \"Asia/Omsk\"\n",
            "configuration = { search = \"wide\" }\n",
            "account = \"https://example.amocrm.ru\" # the account\n",
        ] {
            assert!(changed.contains(part), "lacks {part}: {changed}");
        }
        let patch = IntegrationPatch { time_zone: Some(None), ..IntegrationPatch::default() };
        let back = edited(&changed, &Edit::ChangeIntegration("main".to_owned(), patch), None).unwrap();
        assert!(!back.contains("time_zone"), "{back}");
        for secret in ["env:HOME", "file:/etc/passwd"] {
            let configuration = BTreeMap::from([("key".to_owned(), Some(text(secret)))]);
            let patch = IntegrationPatch { configuration, ..IntegrationPatch::default() };
            let refused = edited(FILE, &Edit::ChangeIntegration("main".to_owned(), patch), None);
            assert!(matches!(refused, Err(NotChanged::Refused(_))), "{refused:?}");
        }
    }

    #[test]
    fn employees_come_change_and_go_and_what_is_not_said_of_them_stays() {
        let number = |number: &str, ring_time: Option<&str>| NumberEdit {
            number: number.to_owned(),
            ring_time: ring_time.map(str::to_owned),
        };
        let employee = EmployeeEdit {
            name: Some("Анна Соколова".to_owned()),
            amocrm_user: 504_141,
            enabled: Some(false),
            numbers: vec![number("+79165550101", None), number("102", Some("20s"))],
        };
        let put = |id: &str| Edit::PutEmployee("main".to_owned(), id.to_owned(), employee.clone());
        let changed = edit(put("anna"));
        let numbers = "numbers = [\"+79165550101\", { number = \"102\", ring_time = \"20s\" }]\n";
        for part in ["id = \"anna\"   # the first\n", numbers, "presence = \"never-seen\"\n", "enabled = false\n"] {
            assert!(changed.contains(part), "lacks {part}: {changed}");
        }
        let added = edit(put("boris"));
        let (anna, boris) = (added.find("\"anna\"").unwrap(), added.find("\"boris\"").unwrap());
        assert!(anna < boris && boris < added.find("[[operation]]").unwrap(), "{added}");
        let gone = edited(&added, &Edit::RemoveEmployee("main".to_owned(), "boris".to_owned()), None).unwrap();
        assert_eq!(gone, FILE);
    }
}
