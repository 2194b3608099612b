//! A text file that people write, written back by this program.

use std::io;
use std::path::Path;

use runtime::atomic_file;

/// What editors of another system begin a file with.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A text with the line ends, and the byte order mark, that the former one has.
pub(crate) fn spelt_as(former: &str, text: String) -> String {
    let text = if former.contains("\r\n") { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text };
    if former.starts_with(BYTE_ORDER_MARK) && !text.starts_with(BYTE_ORDER_MARK) {
        return format!("{BYTE_ORDER_MARK}{text}");
    }
    text
}

/// Writes a file in place of the former one; false where somebody else has written it meanwhile, and then it stays.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn replace(file: &Path, former: &str, text: &str) -> io::Result<bool> {
    atomic_file::replace(file, former.as_bytes(), text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_and_the_byte_order_mark_of_the_former_text_stay() {
        let written = || "a = 1\nb = 2\n".to_owned();
        assert_eq!(spelt_as("a = 1\n", written()), "a = 1\nb = 2\n");
        assert_eq!(spelt_as("\u{feff}a = 1\r\n", written()), "\u{feff}a = 1\r\nb = 2\r\n");
    }
}
