//! What is written to Asterisk, and what it answers.
//!
//! Arguments are parted by blanks; a quoted one may hold blanks, and a backslash takes the next letter as it is (`res_agi.c`). A line break
//! cannot be written at all, so a value with one is refused: it would be a command of its own.

/// The most bytes of a command; Asterisk's buffer is no longer.
const LONGEST_COMMAND: usize = 8_000;

/// A value that cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a value holds a line break or is too long for a command")]
pub struct Unwritable;

/// The command that sets a channel variable, with its line end.
pub fn set_variable(name: &str, value: &str) -> Result<String, Unwritable> {
    let command = format!("SET VARIABLE {} {}\n", quoted(name)?, quoted(value)?);
    if command.len() > LONGEST_COMMAND { Err(Unwritable) } else { Ok(command) }
}

/// The command that writes a line to Asterisk's console, with its line end.
pub fn verbose(text: &str) -> Result<String, Unwritable> {
    Ok(format!("VERBOSE {} 1\n", quoted(text)?))
}

/// An argument in quotes.
pub fn quoted(argument: &str) -> Result<String, Unwritable> {
    let mut quoted = String::with_capacity(argument.len() + 2);
    quoted.push('"');
    for letter in argument.chars() {
        if letter.is_control() {
            return Err(Unwritable);
        }
        if matches!(letter, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted.push('"');
    Ok(quoted)
}

/// An answer of Asterisk's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// `200 result=…`: it was done.
    Done,
    /// 510, 511, 520 or anything else: it was not; the code, where there is one.
    Refused(Option<u16>),
}

/// A line that comes while an answer is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// The answer, or its last line.
    Reply(Reply),
    /// `HANGUP`: the caller has gone. The answer comes all the same.
    Hangup,
    /// A line of an answer in several (`520-Invalid command syntax…`).
    More,
}

/// Reads a line, without its end.
pub fn line(line: &[u8]) -> Line {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line == b"HANGUP" {
        return Line::Hangup;
    }
    let code = line.get(..3).and_then(|code| std::str::from_utf8(code).ok()?.parse::<u16>().ok());
    match (code, line.get(3)) {
        (Some(_), Some(b'-')) => Line::More,
        (Some(200), _) => Line::Reply(Reply::Done),
        // The lines inside an answer in several have no code.
        (None, _) => Line::More,
        (code, _) => Line::Reply(Reply::Refused(code)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The arguments of a line as `parse_args` of `res_agi.c` finds them.
    fn parsed(line: &str) -> Vec<String> {
        let (mut arguments, mut quoted, mut escaped, mut open) = (Vec::<String>::new(), false, false, false);
        for letter in line.trim_end_matches('\n').chars() {
            match letter {
                _ if escaped => {
                    arguments.last_mut().unwrap().push(letter);
                    escaped = false;
                }
                '"' => {
                    quoted = !quoted;
                    if quoted && !open {
                        arguments.push(String::new());
                        open = true;
                    }
                }
                ' ' | '\t' if !quoted => open = false,
                _ => {
                    if !open {
                        arguments.push(String::new());
                        open = true;
                    }
                    if letter == '\\' {
                        escaped = true;
                    } else {
                        arguments.last_mut().unwrap().push(letter);
                    }
                }
            }
        }
        arguments
    }

    #[test]
    fn a_variable_is_set_by_one_line_of_four_words() {
        assert_eq!(set_variable("X", "a b\"c\\").unwrap(), "SET VARIABLE \"X\" \"a b\\\"c\\\\\"\n");
        assert_eq!(parsed(&set_variable("X", "a b\"c\\").unwrap()), ["SET", "VARIABLE", "X", "a b\"c\\"]);
        for value in ["a\nHANGUP", "a\r", "a\0", &"x".repeat(9_000)] {
            assert_eq!(set_variable("X", value), Err(Unwritable));
        }
    }

    #[test]
    fn answers_are_those_of_the_facts() {
        for (text, expected) in [
            ("200 result=1", Line::Reply(Reply::Done)),
            ("200 result=0", Line::Reply(Reply::Done)),
            ("200 result=1 (+79161234567)", Line::Reply(Reply::Done)),
            ("200 result=-1 endpos=8000", Line::Reply(Reply::Done)),
            ("510 Invalid or unknown command", Line::Reply(Reply::Refused(Some(510)))),
            (
                "511 Command Not Permitted on a dead channel or intercept routine",
                Line::Reply(Reply::Refused(Some(511))),
            ),
            ("520 Invalid command syntax.  Proper usage not available.", Line::Reply(Reply::Refused(Some(520)))),
            ("520-Invalid command syntax.  Proper usage follows:", Line::More),
            ("Usage: SET VARIABLE <variablename> <value>", Line::More),
            ("520 End of proper usage.", Line::Reply(Reply::Refused(Some(520)))),
            ("HANGUP", Line::Hangup),
        ] {
            assert_eq!(line(text.as_bytes()), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_value_arrives_as_it_is_or_is_not_sent(name in "[A-Z_0-9]{1,12}", value in any::<String>()) {
            if let Ok(command) = set_variable(&name, &value) {
                prop_assert_eq!(command.matches('\n').count(), 1);
                prop_assert_eq!(parsed(&command), ["SET", "VARIABLE", &name, &value]);
            } else {
                prop_assert!(value.chars().any(char::is_control) || value.len() > 3_000);
            }
        }

        #[test]
        fn any_line_is_read(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            line(&bytes);
        }
    }
}
