//! A change of the configuration as it is kept: in the state directory of a node, or in the store that nodes share.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use call::Localized;
use server::configuration::{Author, By};

/// A change, and the text that it made, or what else was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Change {
    /// Counted from 1; 0 is what was there at first.
    pub(crate) number: u64,
    pub(crate) at: Timestamp,
    pub(crate) author: Option<String>,
    pub(crate) by: By,
    /// None where the text stayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// What was done, where that is not a change of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) what: Option<Localized>,
    /// Which operations there were then. None where an earlier version of this program wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) made: Option<Made>,
    /// The number of the change that was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) undoes: Option<u64>,
}

/// Which operations a text has, beside their identifiers: the number of the change that made each. One that was there at first is left out.
pub(crate) type Made = BTreeMap<String, u64>;

impl Change {
    pub(crate) fn of_text(number: u64, at: Timestamp, author: Author, text: String) -> Self {
        let Author { name: author, by } = author;
        Self { number, at, author, by, text: Some(text), what: None, made: None, undoes: None }
    }
}

/// What a change of the record that nodes share comes to.
impl Change {
    /// The text that nodes share.
    pub(crate) fn shared_text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    /// What comes next, when this text with these operations is put in its place.
    pub(crate) fn next(&self, text: String, made: Made, undoes: Option<u64>, author: Author, at: Timestamp) -> Self {
        let change = Self::of_text(self.number + 1, at, author, text);
        Self { made: Some(made), undoes, ..change }
    }

    /// What comes next, when something is done beside the text.
    pub(crate) fn noted(&self, what: Localized, author: Author, at: Timestamp) -> Self {
        let change = Self::of_text(self.number + 1, at, author, self.shared_text().to_owned());
        Self { what: Some(what), made: self.made.clone(), ..change }
    }
}

/// Which operations a text has, when this change makes it of a former one. Those that the former one lacks are new, unless the text with `back` had
/// them, which is taken back.
pub(crate) fn made_by(number: u64, (former, were): (&str, &Made), text: &str, back: Option<(&str, &Made)>) -> Made {
    // What is no TOML is no configuration, and never in force.
    let (Some(before), Some(now)) = (operations(former), operations(text)) else { return were.clone() };
    let back = back.and_then(|(text, made)| Some((operations(text)?, made)));
    let of = |id: &String| match &back {
        _ if before.contains(id) => were.get(id).copied(),
        Some((had, made)) if had.contains(id) => made.get(id).copied(),
        _ => Some(number),
    };
    now.into_iter().filter_map(|id| Some((id.clone(), of(&id)?))).collect()
}

/// The identifiers of a text's operations.
fn operations(text: &str) -> Option<BTreeSet<String>> {
    let document = text.parse::<toml::Table>().ok()?;
    let operations = document.get("operation").and_then(toml::Value::as_array).into_iter().flatten();
    // The identifier of what has none written.
    let id = |operation: &toml::Value| operation.get("id").and_then(toml::Value::as_str).unwrap_or("main").to_owned();
    Some(operations.map(id).collect())
}

/// What names a text.
pub(crate) fn revision_of(text: &str) -> String {
    let digest = base16ct::lower::encode_string(&Sha256::digest(text));
    digest.get(..32).unwrap_or(&digest).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(ids: &[&str]) -> String {
        ids.iter().map(|id| format!("[[operation]]\nid = \"{id}\"\n")).collect()
    }

    #[test]
    fn an_operation_that_is_made_again_is_another_one_unless_its_deletion_is_taken_back() {
        let (both, one) = (text(&["main", "night"]), text(&["main"]));
        let at_first = Made::new();
        let without = made_by(1, (&both, &at_first), &one, None);
        assert_eq!(without, Made::new());
        let again = made_by(2, (&one, &without), &both, None);
        assert_eq!(again, Made::from([("night".to_owned(), 2)]));
        assert_eq!(made_by(3, (&both, &again), &both, None), again, "what stays is the same");
        assert_eq!(made_by(2, (&one, &without), &both, Some((&both, &at_first))), at_first);
        let without = made_by(3, (&both, &again), &one, None);
        assert_eq!(made_by(4, (&one, &without), &both, Some((&both, &again))), again);
        assert_eq!(made_by(5, (&both, &again), "no TOML", None), again);
    }

    #[test]
    fn an_operation_without_an_identifier_is_main() {
        let unnamed = "[[operation]]\nlinked_operation = \"queue:sales\"\n";
        assert_eq!(made_by(1, (&text(&["main"]), &Made::new()), unnamed, None), Made::new());
    }
}
