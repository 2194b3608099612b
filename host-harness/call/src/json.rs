//! JSON as other programs really write it: read strictly first, and where that fails once more with what is odd mended.
//!
//! What is asked for is a type with a derived `Deserialize`. Its members have the types of this module where another shape than the
//! documented one still has a plain meaning: numbers as text, PHP's objects for lists, a member that is missing. These types take any
//! value and say what they made of it, so that one odd member never spoils what stands beside it.
//!
//! What is not generic is `#[inline]`: it is compiled in the crate that uses it, so that a component holds one copy of serde_json's code.

mod lenient;
mod mend;

use serde::Deserialize;
use serde::de::DeserializeOwned;

pub use lenient::{Flag, LenientNumber, LenientText, List, Object, TextOrDigits};
pub use mend::{mended, without_repeated_members};

/// The document is not JSON, or not of the shape that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unexpected;

/// Reads a document. A byte order mark, invalid UTF-8 and halves of surrogate pairs do not spoil it; of its members with one name the last
/// counts.
pub fn read<T: DeserializeOwned>(document: &[u8]) -> Result<T, Unexpected> {
    text(document).map_or_else(|Unexpected| read_text(&mended(document)), read_text)
}

/// The same of a text.
pub fn read_text<T: DeserializeOwned>(document: &str) -> Result<T, Unexpected> {
    strictly(document).or_else(|Unexpected| {
        let text = mended(document.as_bytes());
        strictly(&text).or_else(|Unexpected| strictly(&without_repeated_members(&text)))
    })
}

/// A document as text: looked at once, and not again for each string in it.
pub fn text(document: &[u8]) -> Result<&str, Unexpected> {
    std::str::from_utf8(document).map_err(|_| Unexpected)
}

/// Reads a document that is JSON and of the expected shape; what it borrows is the document's.
pub fn strictly<'a, T: Deserialize<'a>>(document: &'a str) -> Result<T, Unexpected> {
    serde_json::from_str(document).map_err(|_| Unexpected)
}
