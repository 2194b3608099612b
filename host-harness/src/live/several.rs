//! Which of several edits is at fault, so that a form can show the refusal at its field.

use std::path::PathBuf;

use super::{edit, field};
use crate::config::HarnessConfig;
use crate::shared;
use server::configuration::{Edit, NotChanged};

/// Several edits of a text that is in force, together refused.
pub(super) struct Several {
    /// The configuration file.
    pub(super) path: PathBuf,
    /// The text in force.
    pub(super) text: String,
    /// The file's own text, where the one in force is shared with other nodes.
    pub(super) own: Option<String>,
    /// The state directory.
    pub(super) state: Option<PathBuf>,
    /// Where uploaded components are.
    pub(super) uploaded: Option<PathBuf>,
    pub(super) edits: Vec<Edit>,
}

impl Several {
    /// The refusal of the edit with which the text stops being a configuration. None where the text with all of them can be read: what is wrong
    /// then is found later, and with all of them together.
    pub(super) fn refusal(&self) -> Option<NotChanged> {
        let (mut good, mut bad) = (0, self.edits.len());
        let mut why = self.fault(bad)?;
        while bad - good > 1 {
            let middle = usize::midpoint(good, bad);
            match self.fault(middle) {
                None => good = middle,
                Some(error) => (bad, why) = (middle, error),
            }
        }
        Some(field::refusal_of_one(&why, good, self.edits.get(good)?))
    }

    /// Why the text with so many of the edits cannot be read.
    fn fault(&self, count: usize) -> Option<anyhow::Error> {
        let edits = Edit::Several(self.edits.get(..count)?.to_vec());
        let text = edit::edited(&self.text, &edits, self.state.as_deref()).ok()?;
        match &self.own {
            None => HarnessConfig::parse(&self.path, &text).err().map(Into::into),
            Some(own) => {
                let whole = shared::whole(&text, own, self.uploaded.as_deref()).ok()?;
                HarnessConfig::parse(&self.path, &whole).map_err(shared::without_line).err().map(Into::into)
            }
        }
    }
}
