//! What is wrong with an archive: the rule, the file, and what to do.

use std::fmt;

use call::Localized;

/// The rules that an archive is held against. Their sources are in `guest/docs/amocrm.md` (amoCRM facts §7.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// It is a zip archive that can be read whole.
    Zip,
    /// It and its files are not too large, nor too many.
    Size,
    /// Files stay below the widget's folder, and are plain files.
    Path,
    /// No two files have one name.
    Duplicate,
    /// Nothing is encrypted.
    Encrypted,
    /// The files that are needed are there.
    FileMissing,
    /// Only files that belong to a widget are there.
    FileUnexpected,
    /// `manifest.json` is a JSON object.
    ManifestJson,
    /// Its keys are there, and are what they have to be.
    ManifestKey,
    /// It says where help is found.
    Support,
    /// It tells no secret.
    Secret,
    /// Its locations exist.
    Location,
    /// Its settings are of types that exist.
    Setting,
    /// The locales that it names and the files of texts are the same.
    Locale,
    /// All texts are there, in every locale.
    Text,
    /// Pictures have the right size in pixels.
    ImageSize,
    /// Pictures are of a format that is taken, and of the one that their names say.
    ImageFormat,
    /// Pictures have at most 300 kB.
    ImageLarge,
    /// `script.js` is one AMD module and nothing beside it.
    Amd,
    /// It has the callbacks that are always called.
    Callback,
    /// People can read it.
    Minified,
    /// It makes no code at run time.
    GeneratedCode,
    /// No request is in a loop or repeats itself.
    Loop,
    /// No request stops the page.
    Synchronous,
    /// It uses no global of amoCRM's that is not documented, and makes none.
    Global,
    /// It asks https servers only.
    PlainHttp,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 26] = [
        Self::Zip,
        Self::Size,
        Self::Path,
        Self::Duplicate,
        Self::Encrypted,
        Self::FileMissing,
        Self::FileUnexpected,
        Self::ManifestJson,
        Self::ManifestKey,
        Self::Support,
        Self::Secret,
        Self::Location,
        Self::Setting,
        Self::Locale,
        Self::Text,
        Self::ImageSize,
        Self::ImageFormat,
        Self::ImageLarge,
        Self::Amd,
        Self::Callback,
        Self::Minified,
        Self::GeneratedCode,
        Self::Loop,
        Self::Synchronous,
        Self::Global,
        Self::PlainHttp,
    ];
}

/// What would be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that is broken.
    pub rule: Rule,
    /// The file at fault; empty where it is the archive.
    pub file: String,
    /// What is wrong.
    pub what: Localized,
    /// What to do about it.
    pub fix: Localized,
}

impl Finding {
    pub(crate) fn new(rule: Rule, file: &str, what: Localized, fix: Localized) -> Self {
        Self { rule, file: file.to_owned(), what, fix }
    }

    /// The finding in words: the file, what is wrong with it, and what to do.
    pub fn text(&self) -> Localized {
        let Self { rule: _, file, what, fix } = self;
        let text = what.clone().then("; ", fix);
        if file.is_empty() { text } else { text.at(file) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().fmt(formatter)
    }
}
