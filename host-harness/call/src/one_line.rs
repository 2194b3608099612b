//! Texts from outside, for terminals and logs: one text stays on one line and cannot change how others are shown.
//!
//! Callers choose their SIP Call-ID and the number they dial, components choose reasons and titles, amoCRM's users choose their names. Line
//! breaks in them would forge lines, escape sequences would move the cursor or set the clipboard, and characters of direction would turn
//! numbers around. Such characters are shown as `\n` or `\u{202e}`.
//!
//! ```
//! use call::one_line::{Lines, one_line};
//!
//! assert_eq!(one_line("7\u{1b}[2J\nINFO forwarded"), "7\\u{1b}[2J\\nINFO forwarded");
//!
//! let mut lines = Lines::default();
//! lines.line(format_args!("Call {}", "1\n2"));
//! lines.line("done");
//! assert_eq!(lines.to_string(), "Call 1\\n2\ndone\n");
//! ```

use std::borrow::Cow;
use std::fmt::{self, Display, Write};

/// Whether a character is not seen itself but changes what is seen of others: controls, separators of lines, and format characters
/// (Unicode 16, categories Cc, Cf, Zl and Zp; with the letters that are shown as nothing).
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}'
                | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
                | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// The text on one line, its hidden characters written out.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains(is_hidden) { Cow::Owned(written(text)) } else { Cow::Borrowed(text) }
}

/// The first characters of a text, at most so many, on one line.
pub fn on_one_line(text: &str, most: usize) -> String {
    let end = text.char_indices().nth(most).map_or(text.len(), |(end, _)| end);
    one_line(text.get(..end).unwrap_or_default()).into_owned()
}

/// JSON with the hidden characters of its texts escaped; programs read the same, and a terminal shows no more than the text. Line breaks
/// between members stay.
pub fn visible_json(json: &str) -> Cow<'_, str> {
    let is_hidden = |character| character != '\n' && is_hidden(character);
    if !json.contains(is_hidden) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 64);
    for character in json.chars() {
        if is_hidden(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

fn written(text: impl Display) -> String {
    let mut line = OneLine(String::new());
    let _ = write!(line, "{text}");
    line.0
}

/// Takes text in, and writes hidden characters out.
struct OneLine(String);

impl Write for OneLine {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            match character {
                '\n' => self.0.push_str("\\n"),
                '\r' => self.0.push_str("\\r"),
                '\t' => self.0.push_str("\\t"),
                hidden if is_hidden(hidden) => write!(self.0, "{}", hidden.escape_unicode())?,
                visible => self.0.push(visible),
            }
        }
        Ok(())
    }
}

/// A text of several lines for a terminal. Each line holds what it was made of on one line, whatever characters that has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines(String);

impl Lines {
    /// The lines of a text whose line breaks are its own: each value in it is on one line already.
    pub fn split(text: &str) -> Self {
        text.trim_end().split('\n').collect()
    }

    /// Adds a line.
    pub fn line(&mut self, text: impl Display) {
        self.0.push_str(&written(text));
        self.0.push('\n');
    }

    /// Adds an empty line.
    pub fn blank(&mut self) {
        self.0.push('\n');
    }

    /// Adds the lines of another text.
    pub fn append(&mut self, other: &Self) {
        self.0.push_str(&other.0);
    }

    /// The lines, each with its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for Lines {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<T: Display> FromIterator<T> for Lines {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        let mut lines = Self::default();
        texts.into_iter().for_each(|text| lines.line(text));
        lines
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_cannot_begin_a_line_of_its_own() {
        assert_eq!(
            on_one_line("a\r\n2026-11-22 INFO forwarded\u{1b}[31m", 100),
            "a\\r\\n2026-11-22 INFO forwarded\\u{1b}[31m"
        );
        assert_eq!(on_one_line(&"x".repeat(1_000), 100).len(), 100);
        assert!(matches!(one_line("Анна Орлова, 101"), Cow::Borrowed(_)), "what is visible is not copied");
    }

    #[test]
    fn controls_directions_and_separators_are_hidden_and_letters_are_not() {
        for hidden in
            "\0\u{7}\t\r\n\u{1b}\u{7f}\u{80}\u{85}\u{9b}\u{ad}\u{61c}\u{200b}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\
            \u{202e}\u{2066}\u{2069}\u{feff}\u{fffa}\u{e0041}\u{e01ef}"
                .chars()
        {
            assert!(is_hidden(hidden), "{hidden:?}");
        }
        for visible in " aЯё№«»—•…·é漢ש👍\u{a0}\u{301}".chars() {
            assert!(!is_hidden(visible), "{visible:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_text_holds_it_is_one_line_of_visible_characters(text in any::<String>()) {
            prop_assert!(!one_line(&text).contains(is_hidden));
            let lines: Lines = [&text, &text].into_iter().collect();
            prop_assert_eq!(lines.as_str().matches('\n').count(), 2);
        }

        #[test]
        fn json_says_the_same_to_programs(text in any::<String>()) {
            let json = serde_json::to_string_pretty(&[&text]).unwrap();
            let visible = visible_json(&json);
            prop_assert!(!visible.contains(|character| character != '\n' && is_hidden(character)));
            prop_assert_eq!(visible.lines().count(), 3);
            prop_assert_eq!(serde_json::from_str::<[String; 1]>(&visible).unwrap(), [text]);
        }
    }
}
