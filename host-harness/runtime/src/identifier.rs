//! What an identifier of a configuration may be. It stands in addresses of the server's routes, in keys of stores, in logs and in a PBX's files, so it
//! has to be the same thing in all of them.

use call::one_line::is_hidden;
use call::{Localized, localized};

/// The most characters of one.
const LONGEST: usize = 200;

/// Says what is wrong with an identifier, and the rule.
///
/// # Errors
/// Where it is empty or longer than 200 characters, has a slash, a hidden character or a blank at an end, or is `.` or `..`.
pub fn judge(id: &str) -> Result<(), Localized> {
    if let Some(hidden) = id.chars().find(|letter| is_hidden(*letter)) {
        return Err(localized!(
            "в `id` есть невидимый знак (U+{:04X}); напишите заново без него",
            "`id` has a character that is not seen (U+{:04X}); write it again without",
            u32::from(hidden)
        ));
    }
    let is_one = !id.is_empty()
        && id.chars().count() <= LONGEST
        && id.trim() == id
        && ![".", ".."].contains(&id)
        && !id.contains(['/', '\\']);
    if is_one {
        return Ok(());
    }
    Err(localized!(
        "в `id` должно быть от 1 до {LONGEST} знаков, без `/` и `\\` и без пробелов по краям; `.` и `..` не допускаются",
        "`id` must have 1 to {LONGEST} characters, no `/` or `\\`, and no spaces at its ends; `.` and `..` are not allowed"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_stand_in_an_address_is_an_identifier_and_nothing_else() {
        let longest = "я".repeat(LONGEST);
        for id in ["main", "anna.sokolova", "Анна Соколова", "101", "a?b#c%2f", "...", &longest] {
            assert_eq!(judge(id), Ok(()), "{id}");
        }
        let longer = "я".repeat(LONGEST + 1);
        for id in ["", " ", ".", "..", "/", "a/b", "a\\b", " a", "a\u{a0}", &longer] {
            assert!(judge(id).unwrap_err().en.contains("1 to 200 characters"), "{id:?}");
        }
        for (id, code) in [("a\nb", "U+000A"), ("a\u{202e}b", "U+202E")] {
            assert!(judge(id).unwrap_err().en.contains(code), "{id:?}");
        }
    }
}
