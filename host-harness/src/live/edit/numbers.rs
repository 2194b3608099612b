//! The numbers of an employee, changed one by one: what stays is left as it was written, with the comments beside it.

use call::dialling;
use server::configuration::NumberEdit;
use toml_edit::{Array, InlineTable, Item, RawString, Table, Value};

use super::document::put;

const NUMBERS: &str = "numbers";
const NUMBER: &str = "number";
const RING_TIME: &str = "ring_time";

/// Writes these numbers. One that is known already, by its number, is moved with its comments, and changed only where its ring time is another.
pub(super) fn change(employee: &mut Table, numbers: &[NumberEdit]) {
    let Some(known) = employee.get_mut(NUMBERS).and_then(Item::as_array_mut) else {
        return put(employee, NUMBERS, numbers.iter().map(written).collect::<Array>());
    };
    let mut left: Vec<Option<Value>> = known.iter().cloned().map(Some).collect();
    let changed: Vec<Value> = numbers
        .iter()
        .enumerate()
        .map(|(at, number)| {
            let is_it = |value: &&mut Option<Value>| value.as_ref().and_then(number_of) == Some(&number.number);
            let found = left.iter_mut().find(is_it).and_then(Option::take);
            found.map_or_else(|| beside(known, at, written(number)), |value| with_ring_time(value, number))
        })
        .collect();
    let is_plain = changed.iter().chain(known.iter()).all(is_plain);
    known.clear();
    for value in changed {
        known.push_formatted(value);
    }
    if is_plain {
        known.fmt();
    }
}

fn number_of(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.as_inline_table()?.get(NUMBER)?.as_str())
}

fn ring_time_of(value: &Value) -> Option<&str> {
    value.as_inline_table()?.get(RING_TIME)?.as_str()
}

/// A number as it was written, with another ring time where it is another: 20 s need not be written.
fn with_ring_time(mut value: Value, edit: &NumberEdit) -> Value {
    let length = |written: Option<&str>| dialling::ring_time(&edit.number, written).ok();
    let (before, after) = (length(ring_time_of(&value)), length(edit.ring_time.as_deref()));
    if before.is_some() && before == after {
        return value;
    }
    match (value.as_inline_table_mut(), &edit.ring_time) {
        (Some(table), Some(ring_time)) => {
            table.insert(RING_TIME, ring_time.into());
        }
        (Some(table), None) => {
            table.remove(RING_TIME);
        }
        (None, _) => {
            let decor = value.decor().clone();
            value = written(edit);
            *value.decor_mut() = decor;
        }
    }
    value
}

/// `"101"`, or `{ number = "101", ring_time = "25s" }`.
fn written(NumberEdit { number, ring_time }: &NumberEdit) -> Value {
    let Some(ring_time) = ring_time else { return number.into() };
    let mut table = InlineTable::new();
    table.insert(NUMBER, number.into());
    table.insert(RING_TIME, ring_time.into());
    table.fmt();
    Value::InlineTable(table)
}

/// A new number, indented as those that are there.
fn beside(known: &Array, at: usize, mut value: Value) -> Value {
    let prefix = known.iter().last().and_then(|last| last.decor().prefix()?.as_str()).unwrap_or_default();
    let indent = prefix.rfind('\n').map_or(if at == 0 { "" } else { " " }, |line| &prefix[line..]);
    value.decor_mut().set_prefix(indent);
    value
}

/// Whether nothing stands around a value but blanks.
fn is_plain(value: &Value) -> bool {
    let blank = |part: Option<&RawString>| {
        part.and_then(RawString::as_str).is_none_or(|text| text.chars().all(|character| character == ' '))
    };
    blank(value.decor().prefix()) && blank(value.decor().suffix())
}
