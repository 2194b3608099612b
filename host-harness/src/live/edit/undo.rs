//! Taking a change back by its keys, where its lines cannot be put back because others beside them were changed since: each key that the change set or
//! took away gets what it had before, unless that key was changed again.

use std::collections::BTreeSet;
use std::fmt;

use toml::{Table as Values, Value as Known};
use toml_edit::{ArrayOfTables, Item, Table, TableLike};

use super::document::{place, put_value, tidy};
use super::{conflict, parsed, removal};
use crate::shared::unplaced;
use crate::text_file::spelt_as;
use server::configuration::NotChanged;

/// The sections of which there may be several, each with an identifier.
const SECTIONS: [&str; 3] = ["integration", "operation", "employee"];
/// The identifier of what has none written.
const MAIN: &str = "main";

/// A step on the way to what was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// The section of this name and identifier.
    Section(String, String),
    Key(String),
}

/// The way to what was changed, as messages name it.
struct Way<'a>(&'a [Step]);

impl fmt::Display for Way<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sections: Vec<&str> = Vec::new();
        let mut keys: Vec<&str> = Vec::new();
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Section(name, id) => {
                    sections.push(name);
                    let between = if at == 0 { "" } else { ": " };
                    write!(f, "{between}[[{}]] `{id}`", sections.join("."))?;
                }
                Step::Key(key) => keys.push(key),
            }
        }
        match (sections.is_empty(), keys.is_empty()) {
            (_, true) => Ok(()),
            (true, false) => write!(f, "`{}`", keys.join(".")),
            (false, false) => write!(f, ": `{}`", keys.join(".")),
        }
    }
}

/// This text with the keys as they were before a change that was made of one text into another. None where the change set and took away no key, or
/// where the file is written in a form that only people can edit.
///
/// # Errors
/// Where one of these keys was changed again.
pub(in crate::live) fn without(text: &str, (before, after): (&str, &str)) -> Result<Option<String>, NotChanged> {
    let (Ok(was), Ok(made), Ok(now)) = (before.parse::<Values>(), after.parse::<Values>(), text.parse::<Values>())
    else {
        return Ok(None);
    };
    let mut changed = Vec::new();
    differing(&was, &made, &[], &mut changed);
    if changed.is_empty() {
        return Ok(None);
    }
    let (former, mut document) = (parsed(before)?, parsed(text)?);
    let mut gone = Vec::new();
    for path in &changed {
        let (was, made, found) = (value(&was, path), value(&made, path), value(&now, path));
        if found == was {
            continue;
        }
        refuse_missing(&now, path)?;
        if found != made {
            return Err(changed_again(path));
        }
        match path.as_slice() {
            [.., Step::Section(..)] if was.is_none() => gone.push(path),
            path => {
                if put_back(document.as_table_mut(), former.as_table(), path).is_none() {
                    return Ok(None);
                }
            }
        }
    }
    let mut text = spelt_as(text, document.to_string());
    for path in gone {
        let without = match path.as_slice() {
            [Step::Section(name, id)] => removal::without(&text, None, name, id),
            [Step::Section(_, of), Step::Section(name, id)] => removal::without(&text, Some(of), name, id),
            _ => None,
        };
        let Some(without) = without else { return Ok(None) };
        text = without;
    }
    Ok(Some(text))
}

/// The ways to everything that is not the same in two texts.
fn differing(before: &Values, after: &Values, way: &[Step], found: &mut Vec<Vec<Step>>) {
    let to = |step: Step| [way, &[step]].concat();
    let none = Values::new();
    for key in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        let (was, made) = (before.get(key), after.get(key));
        if was == made {
            continue;
        }
        if SECTIONS.contains(&key.as_str()) {
            let (was, made) = (sections(was), sections(made));
            for id in was.iter().chain(&made).map(|(id, _)| *id).collect::<BTreeSet<_>>() {
                let section = to(Step::Section(key.clone(), id.to_owned()));
                match (of(&was, id).and_then(Known::as_table), of(&made, id).and_then(Known::as_table)) {
                    (Some(was), Some(made)) => differing(was, made, &section, found),
                    _ => found.push(section),
                }
            }
            continue;
        }
        let step = to(Step::Key(key.clone()));
        match (was, made) {
            (Some(Known::Table(was)), Some(Known::Table(made))) => differing(was, made, &step, found),
            (Some(Known::Table(was)), None) => differing(was, &none, &step, found),
            (None, Some(Known::Table(made))) => differing(&none, made, &step, found),
            _ => found.push(step),
        }
    }
}

/// The sections of one name, by their identifiers.
fn sections(written: Option<&Known>) -> Vec<(&str, &Known)> {
    let sections = written.and_then(Known::as_array).into_iter().flatten();
    sections.map(|section| (section.get("id").and_then(Known::as_str).unwrap_or(MAIN), section)).collect()
}

fn of<'a>(sections: &[(&str, &'a Known)], id: &str) -> Option<&'a Known> {
    sections.iter().find(|(known, _)| *known == id).map(|(_, section)| *section)
}

fn value<'a>(of: &'a Values, way: &[Step]) -> Option<&'a Known> {
    let (step, rest) = way.split_first()?;
    let found = match step {
        Step::Key(key) => of.get(key)?,
        Step::Section(name, id) => self::of(&sections(of.get(name)), id)?,
    };
    if rest.is_empty() { Some(found) } else { value(found.as_table()?, rest) }
}

/// A key cannot be put back in a section that is gone.
fn refuse_missing(now: &Values, way: &[Step]) -> Result<(), NotChanged> {
    let sections = way.iter().take_while(|step| matches!(step, Step::Section(..))).count();
    for length in 1..=sections.min(way.len().saturating_sub(1)) {
        let section = way.get(..length).unwrap_or_default();
        if value(now, section).is_none() {
            let place = Way(section);
            return Err(conflict(
                format!("после этого изменения убрали {place}: отменить его отдельно нельзя"),
                format!("{place} was removed since: this change cannot be undone on its own"),
            ));
        }
    }
    Ok(())
}

fn changed_again(way: &[Step]) -> NotChanged {
    let place = Way(way);
    conflict(
        format!("после этого изменения снова меняли {place}: отменить его отдельно нельзя"),
        format!("{place} was changed again since: this change cannot be undone on its own"),
    )
}

/// Puts back what was at the end of the way; none where the file is written in another form.
fn put_back(of: &mut dyn TableLike, former: &dyn TableLike, way: &[Step]) -> Option<()> {
    match way {
        [Step::Key(key)] => {
            match former.get(key) {
                Some(Item::Value(value)) => put_value(of, key, without_blanks(value.clone())),
                Some(item) => drop(of.insert(key, unplaced(item.clone()))),
                None => drop(of.remove(key)),
            }
            Some(())
        }
        [Step::Key(key), rest @ ..] => {
            let known = former.get(key).and_then(Item::as_table_like);
            if !of.contains_key(key) {
                let mut section = unplaced(former.get(key)?.clone());
                section.as_table_like_mut()?.clear();
                of.insert(key, section);
            }
            let section = of.get_mut(key)?.as_table_like_mut()?;
            put_back(section, known.unwrap_or(&Table::new()), rest)?;
            // It came with the change.
            if section.is_empty() && known.is_none() {
                of.remove(key);
            } else if let [_] = rest {
                tidy(of.get_mut(key));
            }
            Some(())
        }
        [Step::Section(name, id)] => {
            let known = former.get(name)?.as_array_of_tables()?;
            let at = place(known, id)?;
            let Item::Table(mut section) = unplaced(Item::Table(known.get(at)?.clone())) else { return None };
            keep_own_comment(&mut section);
            if !of.contains_key(name) {
                of.insert(name, Item::ArrayOfTables(ArrayOfTables::new()));
            }
            let sections = of.get_mut(name)?.as_array_of_tables_mut()?;
            // Behind the nearest one that was before it: calls begin with the first operation.
            let mut earlier = known.iter().take(at).collect::<Vec<_>>().into_iter().rev();
            let behind = earlier.find_map(|earlier| place(sections, identifier(earlier)));
            sections.insert(behind.map_or(0, |place| place + 1), section);
            Some(())
        }
        [Step::Section(name, id), rest @ ..] => {
            let known = former.get(name)?.as_array_of_tables()?;
            let known = known.get(place(known, id)?)?;
            let sections = of.get_mut(name)?.as_array_of_tables_mut()?;
            let at = place(sections, id)?;
            put_back(sections.get_mut(at)?, known, rest)
        }
        [] => None,
    }
}

fn identifier(section: &Table) -> &str {
    section.get("id").and_then(Item::as_str).unwrap_or(MAIN)
}

/// A value with the comments around it, or as one is written anew.
fn without_blanks(mut value: toml_edit::Value) -> toml_edit::Value {
    let decor = value.decor_mut();
    let has_comment = |part: Option<&toml_edit::RawString>| {
        part.is_some_and(|part| part.as_str().is_none_or(|text| text.contains('#')))
    };
    if !has_comment(decor.prefix()) && !has_comment(decor.suffix()) {
        decor.clear();
    }
    value
}

/// What stands above a section may be of other things, down to the last blank line.
fn keep_own_comment(section: &mut Table) {
    let prefix = section.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default();
    let own = prefix.rsplit("\n\n").next().unwrap_or_default().trim_start_matches('\n');
    let own = format!("\n{own}");
    section.decor_mut().set_prefix(own);
}

#[cfg(test)]
mod tests;
