//! The widget that is installed in the account.

use serde_json::{Map, Value, json};
use widget::{Archive, Finding, Platform};

/// An installed widget.
#[derive(Debug)]
pub(crate) struct Installed {
    archive: Archive,
    manifest: Value,
    /// What an administrator saved, by the manifest's keys.
    settings: Value,
}

impl Installed {
    /// Takes an archive that breaks no rule of amoCRM's.
    pub(crate) fn of(bytes: &[u8], platform: Platform) -> Result<Self, Vec<Finding>> {
        let archive = Archive::open(bytes)?;
        let findings = archive.findings(platform);
        if !findings.is_empty() {
            return Err(findings);
        }
        Ok(Self { manifest: archive.manifest().unwrap_or_default(), archive, settings: json!({}) })
    }

    /// An update keeps what was saved with the one before.
    pub(crate) fn after(self, before: Option<Self>) -> Self {
        Self { settings: before.map_or(self.settings, |before| before.settings), ..self }
    }

    /// An administrator saves these settings.
    pub(crate) fn save(&mut self, settings: Value) {
        self.settings = settings;
    }

    /// A file of the archive.
    pub(crate) fn file(&self, name: &str) -> Option<&[u8]> {
        self.archive.file(name)
    }

    /// What a page needs to load it: manifest, texts by locale, settings.
    pub(crate) fn as_json(&self) -> Value {
        let locales = self.archive.names().filter_map(|name| name.strip_prefix("i18n/")?.strip_suffix(".json"));
        let texts: Map<_, _> = locales
            .filter_map(|locale| {
                let file = self.archive.file(&format!("i18n/{locale}.json"))?;
                Some((locale.to_owned(), serde_json::from_slice(file).ok()?))
            })
            .collect();
        json!({"manifest": self.manifest, "texts": texts, "settings": self.settings})
    }
}
