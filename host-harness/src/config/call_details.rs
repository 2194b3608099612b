//! `[call_details]`: how long, and how much, the details of calls are kept.

use std::time::Duration;

use serde::Deserialize;

use call::masking::unless_secret;
use call::{Localized, localized};
use node::call_details::{CallDetailsSettings, Numbers};

/// The bounds of `keep_for`.
const KEEP_FOR: (Duration, Duration) = (Duration::from_secs(60 * 60), Duration::from_secs(10 * 366 * 24 * 60 * 60));
/// The least of `keep_at_most`.
const LEAST: u64 = MIB;
const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallDetailsEntry {
    keep_for: Option<String>,
    keep_at_most: Option<String>,
    numbers: Option<String>,
}

impl CallDetailsEntry {
    /// Checks the section.
    pub(super) fn check(self) -> Result<CallDetailsSettings, Localized> {
        let mut settings = CallDetailsSettings::default();
        if let Some(written) = self.keep_for {
            let parsed = humantime::parse_duration(&written).ok();
            settings.keep_for = parsed.filter(|time| (KEEP_FOR.0..=KEEP_FOR.1).contains(time)).ok_or_else(|| {
                let written = unless_secret(&written);
                localized!(
                    "[call_details]: `keep_for` = `{written}`; укажите время от `1h` до десяти лет, например `90d`",
                    "[call_details]: `keep_for` = `{written}`; set a time from `1h` to ten years, for example `90d`"
                )
            })?;
        }
        if let Some(written) = self.keep_at_most {
            settings.keep_at_most = bytes(&written).filter(|bytes| *bytes >= LEAST).ok_or_else(|| {
                let written = unless_secret(&written);
                localized!(
                    "[call_details]: `keep_at_most` = `{written}`; укажите размер не меньше `1MiB`, например `1GiB`",
                    "[call_details]: `keep_at_most` = `{written}`; set a size of at least `1MiB`, for example `1GiB`"
                )
            })?;
        }
        settings.numbers = match self.numbers.as_deref() {
            None | Some("masked") => Numbers::Masked,
            Some("whole") => Numbers::Whole,
            Some(written) => {
                let written = unless_secret(written);
                return Err(localized!(
                    "[call_details]: `numbers` = `{written}`; напишите `masked` или `whole` (хранить целиком и показывать только по запросу)",
                    "[call_details]: `numbers` = `{written}`; write `masked` or `whole` (kept, and shown only when asked for)"
                ));
            }
        };
        Ok(settings)
    }
}

/// `512MiB`, `1GiB`.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = text.trim().split_at(text.trim().find(|letter: char| !letter.is_ascii_digit())?);
    let unit = match unit.trim() {
        "KiB" => KIB,
        "MiB" => MIB,
        "GiB" => GIB,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<CallDetailsSettings, String> {
        toml::from_str::<CallDetailsEntry>(text)
            .map_err(|error| error.message().to_owned())?
            .check()
            .map_err(|error| error.en)
    }

    #[test]
    fn call_details_are_kept_as_written_and_what_is_wrong_is_named_with_its_fix() {
        let settings = read("keep_for = \"30d\"\nkeep_at_most = \"512MiB\"\nnumbers = \"whole\"").unwrap();
        assert_eq!(settings.keep_for, Duration::from_secs(30 * 24 * 60 * 60));
        assert_eq!((settings.keep_at_most, settings.numbers), (512 * MIB, Numbers::Whole));
        assert_eq!(read("").unwrap().numbers, Numbers::Masked, "unless asked for");
        for (text, key) in [
            ("keep_for = \"1s\"", "`keep_for`"),
            ("keep_for = \"long\"", "`keep_for`"),
            ("keep_at_most = \"1\"", "`keep_at_most`"),
            ("keep_at_most = \"1GB\"", "`keep_at_most`"),
            ("keep_at_most = \"99999999999999GiB\"", "`keep_at_most`"),
            ("numbers = \"all\"", "`numbers`"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(key) && error.contains("for example") | error.contains("write"), "{error}");
        }
    }
}
