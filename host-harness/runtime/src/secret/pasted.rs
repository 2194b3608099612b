//! What people paste in place of a token: the token, with blanks, quotes and other signs that came along and are often not seen.

use call::one_line::is_hidden;
use call::{Localized, localized};

/// A pasted text without what is often pasted with it: blanks, line breaks, quotes, a byte order mark and invisible characters around it, and the
/// words of an `authorization` header before it.
pub fn unwrapped(pasted: &str) -> &str {
    let mut rest = pasted;
    loop {
        let inner = without_header(rest.trim_matches(is_wrapping));
        if inner.len() == rest.len() {
            return rest;
        }
        rest = inner;
    }
}

fn is_wrapping(character: char) -> bool {
    character.is_whitespace() || is_hidden(character) || "\"'`«»„“”‘’".contains(character)
}

fn without_header(text: &str) -> &str {
    for word in ["authorization", "bearer"] {
        if let Some((begin, rest)) = text.split_at_checked(word.len())
            && begin.eq_ignore_ascii_case(word)
            && (rest.is_empty() || rest.starts_with(|next: char| next == ':' || next.is_whitespace()))
        {
            return rest.trim_start_matches(':');
        }
    }
    text
}

/// The first character that no token has, for people: tokens and keys are one word of visible ASCII characters.
pub(super) fn odd(token: &str) -> Option<Localized> {
    let odd = token.chars().find(|character| !character.is_ascii_graphic())?;
    Some(match odd {
        '\r' | '\n' | '\u{2028}' | '\u{2029}' => Localized::new("перенос строки", "a line break"),
        blank if blank.is_whitespace() => Localized::new("пробел", "a blank"),
        hidden if is_hidden(hidden) => {
            localized!("невидимый знак (U+{:04X})", "an invisible character (U+{:04X})", u32::from(hidden))
        }
        other => {
            localized!("знак не из ASCII (U+{:04X})", "a character that is not ASCII (U+{:04X})", u32::from(other))
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::secret::SecretSource;

    const TOKEN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOi";

    #[test]
    fn a_token_is_read_without_what_was_pasted_with_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let source: SecretSource = format!("file:{}", file.path().display()).parse().unwrap();
        for written in [
            format!("{TOKEN}\n"),
            format!("Bearer {TOKEN}"),
            format!("  bearer\t{TOKEN}  \r\n\r\n"),
            format!("Authorization: Bearer {TOKEN}"),
            format!("\"Bearer {TOKEN}\""),
            format!("Bearer '{TOKEN}'"),
            format!("\u{feff}{TOKEN}"),
            format!("\u{feff}\"{TOKEN}\"\u{200b}\n"),
            format!("«{TOKEN}»"),
            format!("« Bearer\u{a0}„{TOKEN}“ »\u{200b}"),
            format!("\u{200e}{TOKEN}\u{200f}\u{2028}"),
            format!("{TOKEN}\n\u{202f}\t"),
            format!("\n\n\u{a0}`{TOKEN}`\u{2060}"),
        ] {
            std::fs::write(file.path(), &written).unwrap();
            assert_eq!(source.read_token().unwrap().expose(), TOKEN, "{written:?}");
        }
        // A token may begin with these letters.
        std::fs::write(file.path(), "bearer-of-news").unwrap();
        assert_eq!(source.read_token().unwrap().expose(), "bearer-of-news");
    }

    #[test]
    fn what_is_no_one_word_is_refused_by_its_kind_and_never_repeated() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let source: SecretSource = format!("file:{}", file.path().display()).parse().unwrap();
        let (left, right) = TOKEN.split_at(10);
        for (written, said) in [
            (format!("{left}\n{right}"), "a line break"),
            (format!("{left} {right}"), "a blank"),
            (format!("{left}\u{a0}{right}"), "a blank"),
            (format!("{left}\u{200b}{right}"), "an invisible character (U+200B)"),
            (format!("{left}\u{feff}{right}"), "an invisible character (U+FEFF)"),
            (format!("{left}\u{ad}{right}"), "an invisible character (U+00AD)"),
            (format!("{left}\r\n{right}"), "a line break"),
            (format!("{left}\u{2028}{right}"), "a line break"),
            (format!("{left}\t{right}"), "a blank"),
            (format!("{left}\u{202f}{right}"), "a blank"),
            (format!("«{left}» {right}"), "not ASCII (U+00BB)"),
            (format!("{left}\u{0}{right}"), "an invisible character (U+0000)"),
            (format!("{left}\u{441}{right}"), "not ASCII (U+0441)"),
            ("Bearer".to_owned(), "is empty"),
            ("\"\"".to_owned(), "is empty"),
            ("\u{feff}\u{200b}\n".to_owned(), "is empty"),
        ] {
            std::fs::write(file.path(), &written).unwrap();
            let message = source.read_token().unwrap_err().to_string();
            assert!(message.contains(said) && message.contains(&file.path().display().to_string()), "{message}");
            assert!(!message.contains(left) && !message.contains(right), "{message}");
        }
    }
}
