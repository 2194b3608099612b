//! What telephones show of a caller beside the number (rule E6): a name from outside, made safe for every place that it goes to.

use std::fmt;

use crate::one_line::is_hidden;

/// The most characters that are shown.
const LONGEST: usize = 60;

/// A caller's name for a telephone's display: letters, digits, spaces and a few signs, on one line.
///
/// It goes into a display name of SIP, into a form and into a variable of a dialplan. Quotation marks, brackets, backslashes, commas, semicolons,
/// `$`, controls and characters of direction mean something in one of these, so none of them is left. `Debug` does not show it: names are not
/// for logs.
///
/// ```
/// use call::caller_name::CallerName;
///
/// let shown = |name| CallerName::new(name).map(|name| name.as_str().to_owned());
/// assert_eq!(shown("Иван \"Ваня\" Петров\r\nTo: x").as_deref(), Some("Иван Ваня Петров To x"));
/// assert_eq!((shown("<>;"), shown("\u{115f}")), (None, None));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct CallerName(String);

impl CallerName {
    /// The name as it may be shown; none where nothing is left of it.
    pub fn new(name: &str) -> Option<Self> {
        // Some letters are fillers that nobody sees.
        let is_letter = |character: char| character.is_alphanumeric() && !is_hidden(character);
        let is_shown = |character: char| is_letter(character) || ".-'&№«»+/".contains(character);
        let mut shown = String::new();
        for word in name.split(|character| !is_shown(character)).filter(|word| !word.is_empty()) {
            if !shown.is_empty() {
                shown.push(' ');
            }
            shown.push_str(word);
        }
        let end = shown.char_indices().nth(LONGEST).map_or(shown.len(), |(end, _)| end);
        shown.truncate(end);
        let shown = shown.trim_end().to_owned();
        shown.contains(is_letter).then_some(Self(shown))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CallerName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CallerName(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn e6_nothing_of_a_name_means_anything_to_sip_a_form_or_a_dialplan(name in "\\PC{0,200}", odd in "[\"\\\\<>;,${}()\r\n\t\u{0}\u{202e}|^%=@:]{0,20}") {
            let Some(shown) = CallerName::new(&format!("{odd}{name}{odd}")) else { return Ok(()) };
            let text = shown.as_str();
            prop_assert!(text.chars().count() <= LONGEST && !text.is_empty() && text.trim() == text);
            prop_assert!(!text.chars().any(|character| character.is_control() || is_hidden(character)));
            let signs = ['"', '\\', '<', '>', ';', ',', '$', '{', '}', '(', ')', '|', '^', '%', '=', '@', ':'];
            prop_assert!(!text.contains(signs), "a sign is left");
            prop_assert_eq!(CallerName::new(text), Some(shown.clone()));
            prop_assert_eq!(format!("{shown:?}"), "CallerName(…)");
        }
    }
}
