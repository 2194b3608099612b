//! What only people with the file may change: where secrets are, who may use the server, and what an integration may reach. Nothing else that is
//! done over HTTP reaches these keys, so taking a change back must not either: it could bring back a token that was taken away.

use std::path::Path;

use toml::{Table, Value};

use crate::shared::{OF_INTEGRATION, OF_OPERATION, comes_over_http, is_place};
use call::Localized;
use server::configuration::NotChanged;

/// Refuses a change of the text by which anything would change, or come, that is for people with the file. `uploaded` is the folder of components that
/// came over HTTP themselves.
pub(super) fn judge(before: &str, after: &str, uploaded: Option<&Path>) -> Result<(), NotChanged> {
    let Some(what) = changed(before, after, uploaded) else { return Ok(()) };
    Err(NotChanged::Conflict(Localized::new(
        format!("это изменение затрагивает `{what}`, а его меняют только в файле настроек вручную"),
        format!("this change touches `{what}`, which is only changed by hand in the configuration file"),
    )))
}

/// What of it changes that is for people with the file, if anything does.
pub(super) fn changed(before: &str, after: &str, uploaded: Option<&Path>) -> Option<String> {
    // What is no TOML is refused in better words where it is judged.
    let (before, after) = (before.parse::<Table>().ok()?, after.parse::<Table>().ok()?);
    let (before, after) = (ForPeople::of(before), ForPeople::of(after));
    let is_given = |component: &Value| component.as_str().is_some_and(|source| comes_over_http(source, uploaded));
    let mut components = after.components.iter();
    let new_component = components.find(|component| !before.components.contains(component) && !is_given(component));
    let changed = before.rest.keys().chain(after.rest.keys()).find(|key| before.rest.get(*key) != after.rest.get(*key));
    changed.cloned().or(new_component.map(|_| "operation.component".to_owned()))
}

struct ForPeople {
    /// The files of components.
    components: Vec<Value>,
    rest: Table,
}

impl ForPeople {
    fn of(mut document: Table) -> Self {
        let mut operations = sections(document.remove("operation"));
        let components = operations.iter_mut().filter_map(|operation| operation.remove("component")).collect();
        operations.iter_mut().for_each(|operation| operation.retain(|key, _| !OF_OPERATION.contains(&key)));
        operations.retain(|operation| !operation.is_empty());
        let mut integrations = sections(document.remove("integration"));
        for integration in &mut integrations {
            integration.retain(|key, _| !OF_INTEGRATION.contains(&key));
            let secret = |value: &Value| value.as_str().is_some_and(is_place);
            if let Some(Value::Table(values)) = integration.get_mut("configuration") {
                values.retain(|_, value| secret(value));
            }
            integration.retain(|_, value| value.as_table().is_none_or(|values| !values.is_empty()));
        }
        for (key, sections) in [("operation", operations), ("integration", integrations)] {
            if !sections.is_empty() {
                document.insert(key.to_owned(), Value::Array(sections.into_iter().map(Value::Table).collect()));
            }
        }
        Self { components, rest: document }
    }
}

/// The sections of one name.
fn sections(written: Option<Value>) -> Vec<Table> {
    let Some(Value::Array(sections)) = written else { return Vec::new() };
    let tables = sections.into_iter().filter_map(|section| match section {
        Value::Table(table) => Some(table),
        _ => None,
    });
    tables.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "[[integration]]\naccount = \"https://example.amocrm.ru\"\ntoken = \"env:AMOCRM_TOKEN\"\n\
        configuration = { key = \"env:KEY\", wide = \"true\" }\n[[integration.employee]]\nid = \"anna\"\namocrm_user = 1\n\
        [[operation]]\nlinked_operation = \"queue:sales\"\ncomponent = \"op.wasm\"\n[[server.tokens]]\nname = \"boris\"\n";

    #[test]
    fn what_is_changed_over_http_may_be_taken_back() {
        for (from, to) in [
            ("queue:sales", "queue:night"),
            ("id = \"anna\"", "id = \"boris\""),
            ("wide = \"true\"", "wide = \"false\""),
            ("[[operation]]\n", "[[operation]]\nid = \"second\"\nlinked_operation = \"queue:any\"\n[[operation]]\n"),
            ("token = ", "enabled = false\ntoken = "),
            ("component = \"op.wasm\"\n", ""),
            ("op.wasm", "/state/components/0123.wasm"),
            ("op.wasm", "working-hours"),
        ] {
            assert_eq!(judge(FILE, &FILE.replace(from, to), Some(Path::new("/state/components"))), Ok(()), "{to}");
        }
    }

    #[test]
    fn what_is_only_changed_by_hand_may_not() {
        for (from, to, what) in [
            ("env:AMOCRM_TOKEN", "env:HOME", "integration"),
            ("env:KEY", "env:HOME", "integration"),
            ("account =", "granted = [\"http://127.0.0.1:9\"]\naccount =", "integration"),
            ("op.wasm", "other.wasm", "operation.component"),
            ("op.wasm", "./working-hours", "operation.component"),
            ("[[server.tokens]]\n", "[[server.tokens]]\nname = \"mallory\"\n[[server.tokens]]\n", "server"),
        ] {
            let refused = judge(FILE, &FILE.replace(from, to), Some(Path::new("/state/components")));
            let named =
                |text: &Localized| text.en.contains(&format!("`{what}`")) && text.ru.contains(&format!("`{what}`"));
            assert!(matches!(&refused, Err(NotChanged::Conflict(text)) if named(text)), "{to}: {refused:?}");
        }
    }
}
