//! Reading an account from a file, and what must hold of it. Messages name the file, the key, the value and the fix.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context, anyhow, bail, ensure};

use super::Account;

/// The built-in account; its comments say what each awkward contact is for.
const DEMO: &str = include_str!("../../data/demo.toml");

impl Account {
    /// The built-in demonstration: a few dozen fictional contacts, the awkward ones among them (`data/demo.toml`).
    #[expect(clippy::expect_used, reason = "the text is compiled in, and a test reads it")]
    pub fn demo() -> Self {
        Self::from_toml(DEMO).expect("the built-in account reads")
    }

    /// Reads an account from TOML.
    ///
    /// # Errors
    /// Where the text is not TOML, a key is unknown, a value does not fit, or two entities share an id.
    pub fn from_toml(text: &str) -> anyhow::Result<Self> {
        let deserializer = toml::Deserializer::parse(text).map_err(|error| anyhow!("{}", error.to_string().trim()))?;
        let account: Self = serde_path_to_error::deserialize(deserializer).map_err(|error| {
            let path = error.path().to_string();
            // The inner message shows the line itself, with the value in it.
            anyhow!("{path}: {}", error.into_inner().to_string().trim())
        })?;
        account.prepared()
    }

    /// Reads an account from JSON of the same keys.
    ///
    /// # Errors
    /// As [`Account::from_toml`].
    pub(crate) fn from_json(text: &str) -> anyhow::Result<Self> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let account: Self = serde_path_to_error::deserialize(&mut deserializer)
            .map_err(|error| anyhow!("{}: {}", error.path(), error.inner()))?;
        deserializer.end().map_err(|error| anyhow!("after the account: {error}"))?;
        account.prepared()
    }

    /// Reads an account from a file; its name ends with `.toml` or `.json`.
    ///
    /// # Errors
    /// Where the file cannot be read or its name ends otherwise, and as [`Account::from_toml`]. The message names the file.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let read = || std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => Self::from_toml(&read()?),
            Some("json") => Self::from_json(&read()?),
            _ => bail!("{}: an account file is TOML or JSON; let its name end with .toml or .json", path.display()),
        }
        .with_context(|| format!("{} is not an account", path.display()))
    }

    /// Fills in the ids that were left out, and refuses what amoCRM could never hold.
    pub(crate) fn prepared(mut self) -> anyhow::Result<Self> {
        number(self.contacts.iter_mut().map(|contact| &mut contact.id));
        number(self.companies.iter_mut().map(|company| &mut company.id));
        number(self.leads.iter_mut().map(|lead| &mut lead.id));
        for (place, event) in self.events.iter_mut().enumerate() {
            if event.id.is_empty() {
                event.id = format!("01demo{:020}", place + 1);
            }
        }
        self.account.offset()?;
        ensure!(
            (1..=250).contains(&self.behaviour.default_limit),
            "behaviour.default_limit: {} is out of bounds; a page has 1 to 250 entities",
            self.behaviour.default_limit
        );
        unique("users", self.users.iter().map(|user| user.id))?;
        unique("contacts", self.contacts.iter().map(|contact| contact.id))?;
        unique("companies", self.companies.iter().map(|company| company.id))?;
        unique("leads", self.leads.iter().map(|lead| lead.id))?;
        unique("events", self.events.iter().map(|event| &event.id))?;
        if let Some(place) = self.users.iter().position(|user| user.id == 0) {
            bail!("users[{place}].id: 0 is the robot; give the user an id of 1 or more");
        }
        Ok(self)
    }
}

/// Gives those without an id one more than the largest before them.
fn number<'a>(ids: impl Iterator<Item = &'a mut u64>) {
    let mut largest = 0;
    for id in ids {
        if *id == 0 {
            *id = largest + 1;
        }
        largest = largest.max(*id);
    }
}

fn unique<T: std::hash::Hash + Eq + std::fmt::Display>(
    table: &str,
    ids: impl Iterator<Item = T>,
) -> anyhow::Result<()> {
    let mut seen = HashSet::new();
    for (place, id) in ids.enumerate() {
        if seen.contains(&id) {
            bail!("{table}[{place}].id: {id} is taken by another one; give each its own id");
        }
        seen.insert(id);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_with_one_phone_is_four_short_lines() {
        let account =
            Account::from_toml("[[contacts]]\nname = \"A B\"\nresponsible_user_id = 7\nphones = [\"8 916 1\"]\n")
                .unwrap();
        let contact = &account.contacts[0];
        assert_eq!((contact.id, contact.responsible_user_id), (1, Some(7)));
        assert_eq!(contact.phones[0].value, "8 916 1");
        assert_eq!(contact.phones[0].enum_code, "WORK");
        assert_eq!(contact.updated(), contact.created_at);
    }

    #[test]
    fn the_demonstration_reads_and_survives_both_formats() {
        let demo = Account::demo();
        assert!((30..=40).contains(&demo.contacts.len()), "{}", demo.contacts.len());
        assert_eq!(Account::from_toml(&toml::to_string(&demo).unwrap()).unwrap(), demo);
        assert_eq!(Account::from_json(&serde_json::to_string(&demo).unwrap()).unwrap(), demo);
    }

    #[test]
    fn a_message_names_the_key_the_value_and_the_fix() {
        for (text, parts) in [
            ("[account]\ntimezone_offset = \"MSK\"", vec!["account.timezone_offset", "MSK", "+03:00"]),
            ("[[contacts]]\nfone = \"1\"", vec!["contacts[0]", "fone", "phones"]),
            ("[[contacts]]\nid = \"three\"", vec!["contacts[0].id", "three", "u64"]),
            ("[[contacts]]\nphones = [1]", vec!["contacts[0].phones[0]", "a phone in quotes"]),
            ("[[contacts]]\nid = 3\n[[contacts]]\nid = 3", vec!["contacts[1].id", "3", "give each its own"]),
            ("[[companies]]\nfone = \"1\"", vec!["companies[0]", "fone", "phones"]),
            ("[[leads]]\nid = 3\n[[leads]]\nid = 3", vec!["leads[1].id", "3", "give each its own"]),
            ("[[contacts]]\nupdated_at = \"soon\"", vec!["contacts[0].updated_at", "soon", "RFC 3339"]),
            ("[[events]]\ntype = \"x\"\ncreated_by = 1", vec!["events[0]", "exactly one of"]),
            ("[[events]]\ntype = \"x\"\ncreated_by = 1\ntoday = \"9 am\"", vec!["events[0]", "9 am", "09:30"]),
            ("faults = [\"contacts:explode\"]", vec!["faults[0]", "explode", "close-mid-body"]),
            ("[behaviour]\ndefault_limit = 0", vec!["behaviour.default_limit", "0", "1 to 250"]),
            ("a = ", vec!["a"]),
        ] {
            let message = Account::from_toml(text).unwrap_err().to_string();
            for part in parts {
                assert!(message.contains(part), "{text}\n=> {message}\nlacks {part}");
            }
        }
        let message = Account::from_json("{\"contacts\":[{\"id\":-1}]}").unwrap_err().to_string();
        assert!(message.contains("contacts[0].id") && message.contains("-1"), "{message}");
    }

    #[test]
    fn a_message_about_a_file_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("account.toml");
        std::fs::write(&path, "[[contacts]]\nid = -1").unwrap();
        let message = format!("{:#}", Account::load(&path).unwrap_err());
        assert!(message.contains("account.toml") && message.contains("contacts[0].id"), "{message}");
        assert!(format!("{:#}", Account::load(&folder.path().join("none.toml")).unwrap_err()).contains("none.toml"));
        assert!(Account::load(&folder.path().join("a.yaml")).unwrap_err().to_string().contains(".toml or .json"));
    }
}
