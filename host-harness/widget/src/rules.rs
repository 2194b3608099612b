//! An archive held against all rules.

use call::{Localized, localized};

use crate::archive::shown;
use crate::{Archive, Finding, Platform, Rule, images, locales, manifest, script};

impl Archive {
    /// What would be refused on this platform.
    pub fn findings(&self, platform: Platform) -> Vec<Finding> {
        let mut findings = self.unexpected.clone();
        let missing = ["manifest.json", "script.js"].into_iter().filter(|name| self.file(name).is_none());
        findings.extend(missing.map(|name| {
            let inside = self.names().find(|known| known.ends_with(&format!("/{name}")));
            let (what, fix) = match inside {
                Some(inside) => {
                    let inside = shown(inside);
                    (
                        localized!("файл лежит в папке ({inside})", "the file is in a folder ({inside})"),
                        Localized::new(
                            "упакуйте содержимое папки, а не саму папку",
                            "pack the folder's content, not the folder",
                        ),
                    )
                }
                None => (Localized::new("файла нет", "the file is missing"), Localized::new("добавьте его", "add it")),
            };
            Finding::new(Rule::FileMissing, name, what, fix)
        }));
        findings.extend(manifest::findings(self));
        findings.extend(locales::findings(self, platform));
        findings.extend(images::findings(self, platform));
        findings.extend(script::findings(self));
        findings
    }
}
