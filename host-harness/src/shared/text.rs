//! Which part of a configuration nodes share: what is changed over HTTP, and nothing else. Where secrets are, what an integration may reach, files
//! of components and everything of the server's own stay in the file of each node, so that who can write to the store reaches none of it.

use std::collections::BTreeMap;
use std::mem;
use std::path::{Path, PathBuf};

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table};

use crate::component_source::BuiltIn;
use call::Localized;

/// The keys of an `[[operation]]` that are changed over HTTP.
pub(crate) const OF_OPERATION: [&str; 5] = [ID, "integration", "linked_operation", "exits", "settings"];
/// Those of an `[[integration]]`; of its `configuration` the values that are not places of secrets come to them.
pub(crate) const OF_INTEGRATION: [&str; 6] =
    ["enabled", "time_zone", "consider_manager_status", "default_country_code", "manager_status_reuse", "employee"];

const INTEGRATION: &str = "integration";
const OPERATION: &str = "operation";
const CONFIGURATION: &str = "configuration";
const COMPONENT: &str = "component";
const ID: &str = "id";
/// The identifier of what has none written.
const MAIN: &str = "main";

/// Where uploaded components are, below the state directory.
const COMPONENTS: &str = "components";

/// The folder of the components that were uploaded, below this state directory.
pub(crate) fn uploaded(state: Option<&Path>) -> Option<PathBuf> {
    state?.join(COMPONENTS).canonicalize().ok()
}

/// Whether a component may be named over HTTP: one that was uploaded into this folder, or one that the program carries.
pub(crate) fn comes_over_http(component: &str, uploaded: Option<&Path>) -> bool {
    BuiltIn::named(component).is_some() || uploaded.is_some_and(|folder| Path::new(component).parent() == Some(folder))
}

/// The digests of the uploaded components that a shared text names. Each node keeps them in a folder of its own.
pub(crate) fn named_components(shared: &str) -> Vec<String> {
    let document = shared.parse::<toml::Table>().unwrap_or_default();
    let operations = document.get(OPERATION).and_then(toml::Value::as_array).into_iter().flatten();
    let named = operations.filter_map(|operation| operation.get(COMPONENT)?.as_str());
    let files = named.filter(|component| BuiltIn::named(component).is_none());
    files.filter_map(|file| Some(Path::new(file).file_stem()?.to_str()?.to_owned())).collect()
}

/// Whether a value names the place of a secret.
pub(crate) fn is_place(value: &str) -> bool {
    value.starts_with("env:") || value.starts_with("file:")
}

/// What of a file's text nodes share. `uploaded` is the folder of components that came over HTTP.
///
/// # Errors
/// Where the text is no TOML.
pub(crate) fn shared(text: &str, uploaded: Option<&Path>) -> Result<String, Localized> {
    let mut document = document(text)?;
    document.retain(|key, _| [INTEGRATION, OPERATION].contains(&key));
    for integration in each(document.as_table_mut(), INTEGRATION) {
        integration.retain(|key, _| key == ID || key == CONFIGURATION || OF_INTEGRATION.contains(&key));
        take_values(integration, is_secret);
    }
    for operation in each(document.as_table_mut(), OPERATION) {
        operation.retain(|key, item| {
            OF_OPERATION.contains(&key)
                || key == COMPONENT && item.as_str().is_some_and(|source| comes_over_http(source, uploaded))
        });
    }
    document.set_trailing("");
    Ok(document.to_string())
}

/// A file's text with what nodes share in the place of what the file says of it. An integration that is not shared yet stays as the file has it; one
/// that this file does not have is left out, since only a file says how it is reached.
///
/// # Errors
/// Where one of them is no TOML.
pub(crate) fn whole(shared: &str, own: &str, uploaded: Option<&Path>) -> Result<String, Localized> {
    let (mut shared, mut document) = (document(shared)?, document(own)?);
    for integration in each(document.as_table_mut(), INTEGRATION) {
        let id = id_of(integration).to_owned();
        let Some(given) = each(shared.as_table_mut(), INTEGRATION).find(|given| id_of(given) == id) else { continue };
        integration.retain(|key, _| !OF_INTEGRATION.contains(&key));
        take_values(integration, |item| !is_secret(item));
        put_values(integration, given);
        for (key, item) in parts(given).filter(|(key, _)| OF_INTEGRATION.contains(&key.get())) {
            integration.insert_formatted(&key, item);
        }
    }
    let own: BTreeMap<String, Item> = each(document.as_table_mut(), OPERATION)
        .filter_map(|operation| Some((id_of(operation).to_owned(), operation.get(COMPONENT)?.clone())))
        .collect();
    let mut operations = ArrayOfTables::new();
    for operation in each(shared.as_table_mut(), OPERATION) {
        free(operation);
        let component = match operation.get(COMPONENT).and_then(Item::as_str) {
            Some(carried) if BuiltIn::named(carried).is_some() => Some(toml_edit::value(carried)),
            // Each node has uploaded components in a folder of its own.
            Some(file) => {
                let (folder, file) = (uploaded.unwrap_or(Path::new(COMPONENTS)), Path::new(file).file_name());
                Some(toml_edit::value(folder.join(file.unwrap_or_default()).display().to_string()))
            }
            None => own.get(id_of(operation)).cloned(),
        };
        if let Some(component) = component {
            operation.insert(COMPONENT, component);
        }
        operations.push(operation.clone());
    }
    if operations.is_empty() {
        document.remove(OPERATION);
    } else {
        document.insert(OPERATION, Item::ArrayOfTables(operations));
    }
    Ok(document.to_string())
}

/// What a file says of what nodes share, and that is otherwise there: names for people. What the file leaves out it says nothing of.
pub(crate) fn differing(shared: &str, own: &str, uploaded: Option<&Path>) -> Vec<String> {
    let own = self::shared(own, uploaded).ok().and_then(|text| text.parse::<toml::Table>().ok()).unwrap_or_default();
    let shared = shared.parse::<toml::Table>().unwrap_or_default();
    let mut names = Vec::new();
    for section in [INTEGRATION, OPERATION] {
        let (own, shared) = (sections(&own, section), sections(&shared, section));
        for (id, own) in &own {
            let Some(shared) = shared.get(id) else {
                names.push(format!("[[{section}]] `{id}`"));
                continue;
            };
            for (key, value) in own.iter().filter(|(key, _)| ![ID, COMPONENT].contains(&key.as_str())) {
                let is_so = match (value, shared.get(key)) {
                    (toml::Value::Table(own), Some(toml::Value::Table(shared))) if key == CONFIGURATION => {
                        own.iter().all(|(key, value)| shared.get(key) == Some(value))
                    }
                    (value, shared) => shared == Some(value),
                };
                if !is_so {
                    names.push(format!("[[{section}]] `{id}`: `{key}`"));
                }
            }
        }
        if section == OPERATION && !own.is_empty() {
            let missing = shared.keys().filter(|id| !own.contains_key(*id));
            names.extend(missing.map(|id| format!("[[{section}]] `{id}`")));
        }
    }
    names
}

fn sections<'a>(of: &'a toml::Table, section: &str) -> BTreeMap<&'a str, &'a toml::Table> {
    let sections = of.get(section).and_then(toml::Value::as_array).into_iter().flatten();
    let tables = sections.filter_map(toml::Value::as_table);
    tables.map(|table| (table.get(ID).and_then(toml::Value::as_str).unwrap_or(MAIN), table)).collect()
}

fn document(text: &str) -> Result<DocumentMut, Localized> {
    text.parse().map_err(|_| {
        Localized::new("файл настроек не читается как TOML", "the configuration file cannot be read as TOML")
    })
}

/// The tables of this name, however they are written.
fn each<'a>(of: &'a mut Table, key: &str) -> impl Iterator<Item = &'a mut Table> {
    let item = of.get_mut(key).map(|item| {
        if item.is_value() {
            *item = mem::take(item).into_array_of_tables().map_or_else(|item| item, Item::ArrayOfTables);
        }
        item
    });
    item.and_then(Item::as_array_of_tables_mut).into_iter().flat_map(ArrayOfTables::iter_mut)
}

fn id_of(table: &Table) -> &str {
    table.get(ID).and_then(Item::as_str).unwrap_or(MAIN)
}

fn is_secret(item: &Item) -> bool {
    item.as_str().is_some_and(is_place)
}

/// Takes values out of an integration's `configuration`.
fn take_values(integration: &mut Table, is_taken: impl Fn(&Item) -> bool) {
    let Some(values) = integration.get_mut(CONFIGURATION).and_then(Item::as_table_like_mut) else { return };
    let taken: Vec<_> = values.iter().filter(|(_, item)| is_taken(item)).map(|(key, _)| key.to_owned()).collect();
    for key in taken {
        values.remove(&key);
    }
    if values.is_empty() {
        integration.remove(CONFIGURATION);
    }
}

/// Adds the values of the other's `configuration`: none that names a secret's place, and none in the place of one.
fn put_values(integration: &mut Table, given: &Table) {
    let Some(given) = given.get(CONFIGURATION).and_then(Item::as_table_like) else { return };
    let given: Vec<_> = given.iter().filter(|(_, item)| item.is_value() && !is_secret(item)).collect();
    if given.is_empty() {
        return;
    }
    let section = integration.entry(CONFIGURATION).or_insert_with(|| Item::Table(Table::new()));
    let Some(values) = section.as_table_like_mut() else { return };
    for (key, item) in given {
        if !values.contains_key(key) {
            values.insert(key, item.clone());
        }
    }
}

/// What stands in a table, to be put elsewhere.
fn parts(table: &Table) -> impl Iterator<Item = (toml_edit::Key, Item)> {
    table
        .iter()
        .filter_map(|(key, _)| table.get_key_value(key))
        .map(|(key, item)| (key.clone(), unplaced(item.clone())))
}

/// A section of one document belongs somewhere else in another one.
pub(crate) fn unplaced(mut item: Item) -> Item {
    match &mut item {
        Item::Table(table) => free(table),
        Item::ArrayOfTables(tables) => tables.iter_mut().for_each(free),
        Item::None | Item::Value(_) => {}
    }
    item
}

fn free(table: &mut Table) {
    table.set_position(None);
    for (_, item) in table.iter_mut() {
        *item = unplaced(mem::take(item));
    }
}

#[cfg(test)]
mod tests;
