//! What of the configuration a server takes in only when it starts: where it listens, its bounds, its store, and what is kept of calls.

use toml::{Table, Value};

/// Sections that count from the next start on.
const SECTIONS: [&str; 4] = ["store", "traces", "call_details", "recordings"];
/// Keys of `[server]` that count at once.
const AT_ONCE: [&str; 2] = ["token", "tokens"];
/// Keys of `[asterisk]`.
const OF_ASTERISK: [&str; 1] = ["fastagi"];

/// What differs between the text that the server began with and this one.
pub(super) fn changed(began_with: &str, text: &str) -> Vec<String> {
    let (Ok(before), Ok(after)) = (began_with.parse::<Table>(), text.parse::<Table>()) else { return Vec::new() };
    let mut changed = Vec::new();
    let keys = |section: &str, known: &dyn Fn(&str) -> bool| {
        let of = |table: &Table| table.get(section).and_then(Value::as_table).cloned().unwrap_or_default();
        let (before, after) = (of(&before), of(&after));
        let keys = after.keys().chain(before.keys().filter(|key| !after.contains_key(*key)));
        let differs = |key: &&String| known(key) && before.get(*key) != after.get(*key);
        keys.filter(differs).map(|key| format!("[{section}] {key}")).collect::<Vec<_>>()
    };
    changed.extend(keys("server", &|key| !AT_ONCE.contains(&key)));
    changed.extend(keys("asterisk", &|key| OF_ASTERISK.contains(&key)));
    for section in SECTIONS {
        if before.get(section) != after.get(section) {
            changed.push(format!("[{section}]"));
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_a_start_is_named_and_nothing_else() {
        let began_with = "[server]\nlisten = \"127.0.0.1:1\"\nmax_calls = 5\n[store]\nlocation = \"a\"\n[asterisk]\ninternal = \"a\"\n";
        assert_eq!(changed(began_with, began_with), Vec::<String>::new());
        let text = "[server]\nlisten = \"127.0.0.1:2\"\nmax_body = 700\n[call_details]\nkeep_for = \"9d\"\n\
                    [asterisk]\ninternal = \"b\"\nfastagi = \"off\"\n[[operation]]\nlinked_operation = \"queue:sales\"\n";
        assert_eq!(
            changed(began_with, text),
            [
                "[server] listen",
                "[server] max_body",
                "[server] max_calls",
                "[asterisk] fastagi",
                "[store]",
                "[call_details]"
            ]
        );
    }
}
