//! A recording as a file: JSON for its owner alone.

use std::collections::BTreeSet;
use std::fmt;
use std::io::Read;
use std::path::Path;

use super::{Recording, VERSION};
use call::scenario::MOST_STEPS;
use runtime::atomic_file;

/// The largest file that is read. What is kept of a call is bounded well below it.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Why a file is not a recording that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It cannot be read.
    File(String),
    /// It is larger than any recording.
    TooLarge,
    /// It is another version's.
    Version(u64),
    /// It is not a recording.
    Foreign(String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(cause) => {
                write!(formatter, "cannot be read ({cause}); check the path and that this user may read it")
            }
            Self::TooLarge => {
                write!(formatter, "is larger than {} MiB, which no recording is", MOST_BYTES / (1024 * 1024))
            }
            Self::Version(version) => write!(
                formatter,
                "is a recording of version {version}; this program reads version {VERSION}: use the program that made it, or record the call anew"
            ),
            Self::Foreign(cause) => {
                write!(formatter, "is not a recording ({cause}); `host-harness call NUMBER --record FILE` makes one")
            }
        }
    }
}

impl std::error::Error for Unreadable {}

impl Recording {
    /// Reads a recording from a file.
    pub fn load(file: &Path) -> Result<Self, Unreadable> {
        let cannot = |error: std::io::Error| Unreadable::File(error.to_string());
        let mut bytes = Vec::new();
        let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX).saturating_add(1);
        std::fs::File::open(file).map_err(cannot)?.take(most).read_to_end(&mut bytes).map_err(cannot)?;
        Self::read(&bytes)
    }

    /// Reads a recording, whatever these bytes are.
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        if bytes.len() > MOST_BYTES {
            return Err(Unreadable::TooLarge);
        }
        let foreign = |error: serde_json::Error| Unreadable::Foreign(error.to_string());
        // The version first: of another one nothing else is known.
        #[derive(serde::Deserialize)]
        struct Head {
            recording: u64,
        }
        let head: Head = serde_json::from_slice(bytes).map_err(foreign)?;
        if head.recording != u64::from(VERSION) {
            return Err(Unreadable::Version(head.recording));
        }
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        let recording: Self = serde_path_to_error::deserialize(&mut deserializer)
            .map_err(|error| Unreadable::Foreign(error.to_string()))?;
        recording.judge_steps()?;
        Ok(recording)
    }

    /// Steps are told apart by their placements, and none of them has steps of its own.
    fn judge_steps(&self) -> Result<(), Unreadable> {
        let foreign = |what: &str| Err(Unreadable::Foreign(what.to_owned()));
        if self.earlier.len() >= MOST_STEPS {
            return foreign(&format!("earlier: a call has at most {MOST_STEPS} steps"));
        }
        if self.earlier.iter().any(|step| !step.earlier.is_empty()) {
            return foreign("earlier: a step has no steps of its own");
        }
        let placements: BTreeSet<_> = self.steps().map(|step| &step.placement).collect();
        if placements.len() != self.earlier.len() + 1 {
            return foreign("earlier: no two steps are of one placement");
        }
        Ok(())
    }

    /// The recording as it stands in a file.
    pub fn write(&self) -> serde_json::Result<Vec<u8>> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }

    /// Writes the recording into a file that this user alone may read.
    pub fn save(&self, file: &Path) -> anyhow::Result<()> {
        Ok(atomic_file::write(file, &self.write()?)?)
    }
}
