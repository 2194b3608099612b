//! Texts of a configuration: identifiers, what is seen of others, and how long they may be.

use std::collections::HashSet;

use toml::Value;

use call::masking::unless_secret;
use call::one_line::{is_hidden, one_line};
use call::{Localized, localized};
use runtime::identifier;

/// The most characters of a place that calls go to.
pub(super) const LONGEST_PLACE: usize = 255;
/// The most characters of any other text, and of any name of a key.
const LONGEST: usize = 4_096;

/// Refuses texts that are longer than any that are meant, wherever they stand.
pub(super) fn bounded(written: &Value) -> Result<(), Localized> {
    match written {
        Value::String(text) if text.chars().count() > LONGEST => Err(too_long(LONGEST)),
        Value::Array(items) => items.iter().try_for_each(bounded),
        Value::Table(table) => table.iter().try_for_each(|(key, value)| {
            if key.chars().count() > LONGEST {
                return Err(too_long(LONGEST));
            }
            bounded(value).map_err(|error| match value {
                Value::String(_) | Value::Array(_) => error.at(format_args!("`{}`", unless_secret(key))),
                _ => error,
            })
        }),
        _ => Ok(()),
    }
}

/// What people read on terminals, in logs and on the page must be what is written.
pub(super) fn visible(place: &str, key: &str, written: &str) -> Result<(), Localized> {
    match written.chars().find(|letter| is_hidden(*letter)) {
        None => Ok(()),
        Some(hidden) => Err(localized!(
            "{}: в `{key}` есть невидимый знак (U+{:04X}); напишите заново без него",
            "{}: `{key}` has a character that is not seen (U+{:04X}); write it again without",
            one_line(place),
            u32::from(hidden)
        )),
    }
}

/// A place that calls go to is seen whole, and short enough for a PBX's files.
pub(super) fn place_of_calls(place: &str, key: &str, written: &str) -> Result<(), Localized> {
    visible(place, key, written)?;
    if written.chars().count() > LONGEST_PLACE {
        return Err(too_long(LONGEST_PLACE).at(format_args!("{}: `{key}`", one_line(place))));
    }
    Ok(())
}

fn too_long(most: usize) -> Localized {
    localized!("допустимо не больше {most} знаков", "at most {most} characters are allowed")
}

/// Identifiers of one section.
pub(super) fn identifiers<'a>(section: &str, ids: impl Iterator<Item = &'a str>) -> Result<(), Localized> {
    let mut seen = HashSet::new();
    for id in ids {
        identifier::judge(id).map_err(|error| error.at(section))?;
        if !seen.insert(id) {
            return Err(localized!(
                "{section}: `id` = `{id}` встречается дважды; дайте каждой свой `id`",
                "{section}: two have the id `{id}`; give each its own `id`"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_has_a_bound_and_the_key_is_named() {
        let long = "x".repeat(LONGEST + 1);
        for (key, text) in [
            ("operation`: `settings", format!("[[operation]]\nsettings = [\"{long}\"]\n")),
            ("operation`: `waiting_time", format!("[[operation]]\n[operation.settings]\nwaiting_time = \"{long}\"\n")),
            ("integration`: `account", format!("[[integration]]\naccount = \"{long}\"\n")),
        ] {
            let error = bounded(&toml::from_str(&text).unwrap()).unwrap_err();
            assert_eq!(error.en, format!("`{key}`: at most 4096 characters are allowed"));
            assert_eq!(bounded(&toml::from_str(&text.replace(&long, &long[1..])).unwrap()), Ok(()));
        }
        let key = format!("[operation]\n{long} = 1\n");
        assert!(bounded(&toml::from_str(&key).unwrap()).is_err());
        let place = "q".repeat(LONGEST_PLACE + 1);
        assert_eq!(place_of_calls("[[operation]] `a`", "linked_operation", &place[1..]), Ok(()));
        let error = place_of_calls("[[operation]] `a`", "linked_operation", &place).unwrap_err().en;
        assert_eq!(error, "[[operation]] `a`: `linked_operation`: at most 255 characters are allowed");
    }
}
