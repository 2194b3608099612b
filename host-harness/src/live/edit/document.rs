//! The parts of a configuration's document: found, and written so that what stands around them stays.

use toml_edit::{ArrayOfTables, Decor, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::conflict;
use server::configuration::NotChanged;

/// The identifier of what has none written.
const MAIN: &str = "main";

/// `[[operation]]`.
pub(super) fn operations(document: &mut DocumentMut) -> Result<&mut ArrayOfTables, NotChanged> {
    tables(document.as_table_mut(), "operation")
}

/// The tables of this name, none at first.
pub(super) fn tables<'a>(of: &'a mut Table, key: &str) -> Result<&'a mut ArrayOfTables, NotChanged> {
    let item = of.entry(key).or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    item.as_array_of_tables_mut().ok_or_else(|| written_otherwise(key))
}

/// Where the table of this identifier is.
pub(super) fn place(tables: &ArrayOfTables, id: &str) -> Option<usize> {
    tables.iter().position(|table| table.get("id").and_then(Item::as_str).unwrap_or(MAIN) == id)
}

/// The table of this name, which is written inline where it is new; none where something else has the name.
fn section<'a>(of: &'a mut Table, key: &str) -> Option<&'a mut dyn TableLike> {
    let inline = || Item::Value(Value::InlineTable(InlineTable::new()));
    of.entry(key).or_insert_with(inline).as_table_like_mut()
}

/// Writes values and takes keys away, in the table of this name.
pub(super) fn merge<'a>(
    of: &mut Table,
    key: &str,
    values: impl IntoIterator<Item = (impl AsRef<str> + 'a, Option<Value>)>,
) -> Result<(), NotChanged> {
    let mut values = values.into_iter().peekable();
    if values.peek().is_none() {
        return Ok(());
    }
    let was_there = of.contains_key(key);
    let Some(section) = section(of, key) else { return Err(written_otherwise(key)) };
    let keys = |section: &dyn TableLike| section.iter().map(|(key, _)| key.to_owned()).collect::<Vec<_>>();
    let before = keys(section);
    for (key, value) in values {
        match value {
            Some(value) => put_value(section, key.as_ref(), value),
            None => drop(section.remove(key.as_ref())),
        }
    }
    if keys(section) != before {
        tidy(of.get_mut(key));
    }
    // One that people wrote stays, with the comments around it, though nothing may be left in it.
    let is_empty = of.get(key).and_then(Item::as_table_like).is_some_and(TableLike::is_empty);
    if is_empty && (!was_there || is_uncommented(of, key)) {
        of.remove(key);
    }
    Ok(())
}

/// Writes a table on one line with its usual blanks again, after keys have come to it or gone from it: the last one's blank is no longer the last.
pub(super) fn tidy(item: Option<&mut Item>) {
    let Some(Item::Value(Value::InlineTable(table))) = item else { return };
    let is_plain = |decor: &Decor| {
        let mut parts = [decor.prefix(), decor.suffix()].into_iter().flatten();
        parts.all(|part| part.as_str().is_none_or(|part| !part.contains(['#', '\n'])))
    };
    // One over several lines, with comments perhaps, stays as people have written it.
    let is_on_a_line = table
        .iter()
        .all(|(key, value)| is_plain(value.decor()) && table.key(key).is_none_or(|key| is_plain(key.leaf_decor())));
    if is_on_a_line {
        table.fmt();
    }
}

/// Whether no comment stands above or beside a value or section.
fn is_uncommented(of: &Table, key: &str) -> bool {
    let Some((key, item)) = of.get_key_value(key) else { return true };
    let decor = match item {
        Item::Value(value) => Some(value.decor()),
        Item::Table(table) => Some(table.decor()),
        Item::None | Item::ArrayOfTables(_) => None,
    };
    let decors = decor.into_iter().chain([key.leaf_decor()]);
    let mut parts = decors.flat_map(|decor| [decor.prefix(), decor.suffix()]).flatten();
    !parts.any(|part| part.as_str().is_none_or(|text| text.contains('#')))
}

/// Writes a value; where there is one, its comment stays.
pub(super) fn put(of: &mut Table, key: &str, value: impl Into<Value>) {
    put_value(of, key, value.into());
}

/// The same for any table, however it is written.
pub(super) fn put_value(of: &mut dyn TableLike, key: &str, mut value: Value) {
    match of.get_mut(key) {
        Some(Item::Value(known)) => {
            *value.decor_mut() = known.decor().clone();
            *known = value;
        }
        _ => drop(of.insert(key, Item::Value(value))),
    }
}

fn written_otherwise(key: &str) -> NotChanged {
    conflict(
        format!("`{key}` в файле настроек записан так, что изменить его можно только вручную"),
        format!("`{key}` is written in the configuration file in a form that can only be edited by hand"),
    )
}
