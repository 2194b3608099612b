//! `[recordings]`: which of a server's calls are recorded, to be replayed.

use std::collections::BTreeSet;

use serde::Deserialize;

use call::masking::unless_secret;
use call::{Localized, localized};
use replay::recording::SamplingSettings;

/// How many recordings are kept unless it is written otherwise: some ten megabytes.
const KEEP_AT_MOST: usize = 1_000;
/// The bounds of it.
const BOUNDS: (usize, usize) = (1, 1_000_000);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordingsEntry {
    #[serde(default)]
    share: f64,
    #[serde(default)]
    reasons: BTreeSet<String>,
    keep_at_most: Option<usize>,
    numbers: Option<String>,
}

impl RecordingsEntry {
    /// Checks the section.
    pub(super) fn check(self) -> Result<SamplingSettings, Localized> {
        let Self { share, reasons, keep_at_most, numbers } = self;
        if !(0.0..=1.0).contains(&share) {
            return Err(localized!(
                "[recordings]: `share` = {share}; укажите долю звонков от 0 до 1, например 0.01",
                "[recordings]: `share` = {share}; set a part of all calls from 0 to 1, for example 0.01"
            ));
        }
        if share == 0.0 && reasons.is_empty() {
            return Err(Localized::new(
                "[recordings]: ничего не записывается; задайте `share`, например 0.01, или `reasons`, например [\"operation-failed\"]",
                "[recordings]: nothing is recorded; set `share`, for example 0.01, or `reasons`, for example [\"operation-failed\"]",
            ));
        }
        let keep_at_most = keep_at_most.unwrap_or(KEEP_AT_MOST);
        if !(BOUNDS.0..=BOUNDS.1).contains(&keep_at_most) {
            return Err(localized!(
                "[recordings]: `keep_at_most` = {keep_at_most}; укажите число от {} до {}, например {KEEP_AT_MOST}",
                "[recordings]: `keep_at_most` = {keep_at_most}; set a number from {} to {}, for example {KEEP_AT_MOST}",
                BOUNDS.0,
                BOUNDS.1
            ));
        }
        let whole_numbers = match numbers.as_deref() {
            None | Some("masked") => false,
            Some("whole") => true,
            Some(written) => {
                let written = unless_secret(written);
                return Err(localized!(
                    "[recordings]: `numbers` = `{written}`; напишите `masked` или `whole`",
                    "[recordings]: `numbers` = `{written}`; write `masked` or `whole`"
                ));
            }
        };
        Ok(SamplingSettings { share, reasons, keep_at_most, whole_numbers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SamplingSettings, String> {
        toml::from_str::<RecordingsEntry>(text)
            .map_err(|error| error.message().to_owned())?
            .check()
            .map_err(|error| error.en)
    }

    #[test]
    fn recordings_are_made_as_written_and_what_is_wrong_is_named_with_its_fix() {
        let settings = read("share = 0.01\nreasons = [\"operation-failed\"]\nnumbers = \"whole\"").unwrap();
        assert_eq!((settings.share, settings.keep_at_most, settings.whole_numbers), (0.01, 1_000, true));
        assert!(settings.reasons.contains("operation-failed"));
        for (text, part) in [
            ("", "nothing is recorded"),
            ("share = 2", "`share` = 2"),
            ("share = nan", "`share` = NaN"),
            ("share = 1\nkeep_at_most = 0", "`keep_at_most` = 0"),
            ("share = 1\nnumbers = \"all\"", "write `masked` or `whole`"),
            ("sample = 1", "unknown field `sample`"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(part), "{error}");
        }
    }
}
