//! Which component an operation is: one that this program carries, by its name, a file, or one in a registry.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;

use crate::oci_reference::SCHEME;
use crate::{OPERATION, WORKING_HOURS};
use call::localized;
use call::masking::unless_secret;
use runtime::engine::{Engine, Fit, Operation, read_component};

/// An operation that this program carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum BuiltIn {
    /// «Переадресация на персонального менеджера из CRM».
    #[default]
    ForwardToPersonalManager,
    /// «Рабочее время».
    WorkingHours,
}

impl BuiltIn {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::ForwardToPersonalManager, Self::WorkingHours];

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|built_in| built_in.name() == name)
    }

    /// Its name: the identifier with which the component describes itself.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ForwardToPersonalManager => "forward-to-personal-manager",
            Self::WorkingHours => "working-hours",
        }
    }

    /// The component.
    pub const fn component(self) -> &'static [u8] {
        match self {
            Self::ForwardToPersonalManager => OPERATION,
            Self::WorkingHours => WORKING_HOURS,
        }
    }
}

/// Where a component comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(from = "PathBuf")]
pub enum ComponentSource {
    /// This program.
    BuiltIn(BuiltIn),
    /// A file.
    File(PathBuf),
    /// A registry, as it is written: `oci://registry.example.com/telephony/forward@sha256:…`.
    Registry(String),
}

impl ComponentSource {
    /// The file, where it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::BuiltIn(_) | Self::Registry(_) => None,
            Self::File(file) => Some(file),
        }
    }

    /// The same as a configuration has it; none where it names none.
    pub(crate) fn as_named(&self) -> Option<String> {
        match self {
            _ if *self == Self::default() => None,
            Self::BuiltIn(built_in) => Some(built_in.name().to_owned()),
            Self::File(file) => Some(file.display().to_string()),
            Self::Registry(written) => Some(written.clone()),
        }
    }

    /// The same where a file's path is relative to this folder.
    #[must_use]
    pub fn relative_to(self, folder: &Path) -> Self {
        match self {
            Self::BuiltIn(built_in) => Self::BuiltIn(built_in),
            Self::File(file) => Self::File(folder.join(file)),
            Self::Registry(written) => Self::Registry(written),
        }
    }

    /// Compiles it, which takes its time. What this program carries needs no looking over before.
    ///
    /// # Errors
    /// Where the file cannot be read. What is in a registry has to be a file first: a configuration's is, as soon as it is provided.
    pub fn load(&self, engine: &Engine) -> Result<Result<Operation, Fit>, call::Localized> {
        Ok(match self {
            Self::BuiltIn(built_in) => engine.load_trusted(built_in.component()),
            Self::File(file) => engine.load(&read_component(file)?),
            Self::Registry(written) => {
                let written = unless_secret(written);
                return Err(localized!(
                    "{written}: компонент ещё в реестре; возьмите его командой host-harness pull {written} ФАЙЛ и укажите файл",
                    "{written}: the component is still in the registry; take it with host-harness pull {written} FILE, and name the file"
                ));
            }
        })
    }
}

impl Default for ComponentSource {
    fn default() -> Self {
        Self::BuiltIn(BuiltIn::default())
    }
}

/// What begins with `oci://` is in a registry. A name alone is that of a component which this program carries. A file of that name is written with a folder, as in `./working-hours`.
impl From<PathBuf> for ComponentSource {
    fn from(path: PathBuf) -> Self {
        let written = path.to_str();
        if let Some(registry) = written.filter(|written| written.starts_with(SCHEME)) {
            return Self::Registry(registry.to_owned());
        }
        match written.and_then(BuiltIn::named) {
            Some(built_in) => Self::BuiltIn(built_in),
            None => Self::File(path),
        }
    }
}

impl FromStr for ComponentSource {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(PathBuf::from(text).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_alone_is_of_a_component_that_is_carried() {
        for built_in in BuiltIn::ALL {
            assert_eq!(ComponentSource::from(PathBuf::from(built_in.name())), ComponentSource::BuiltIn(built_in));
        }
        for file in ["./working-hours", "working-hours.wasm", "a/working-hours"] {
            let source = ComponentSource::from(PathBuf::from(file)).relative_to(Path::new("/etc"));
            assert_eq!(source.file(), Some(Path::new("/etc").join(file).as_path()), "{file}");
        }
    }
}
