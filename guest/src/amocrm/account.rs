//! `GET /api/v4/account?with=datetime_settings`: where the account's own day begins (rule D7; amoCRM facts §9).

use call::json::{self, LenientText, Object, Unexpected};
use serde::Deserialize;

use super::Client;
use crate::details::Recorder;
use crate::reason::Reason;
use crate::time::{TimeZone, UtcOffset};

/// The longest name of a time zone that is kept; the longest that exists has 32 characters.
const LONGEST_NAME: usize = 64;

#[derive(Deserialize)]
struct Account {
    #[serde(rename = "_embedded", default)]
    embedded: Object<AccountParts>,
}

#[derive(Deserialize)]
struct AccountParts {
    #[serde(default)]
    datetime_settings: Object<DatetimeSettings>,
}

#[derive(Deserialize)]
struct DatetimeSettings {
    #[serde(default)]
    timezone: LenientText,
    #[serde(default)]
    timezone_offset: LenientText,
}

impl Client<'_> {
    /// The account's time zone.
    pub(crate) fn time_zone(&self, details: &mut Recorder) -> Result<TimeZone, Reason> {
        let time_zone = self.get("account", "/api/v4/account?with=datetime_settings", time_zone, details)?;
        time_zone.ok_or(Reason::AnswerNotUnderstood)
    }
}

fn time_zone(answer: &[u8]) -> Result<TimeZone, Unexpected> {
    let Object(account) = json::read::<Object<Account>>(answer)?;
    let settings = account.and_then(|account| account.embedded.0?.datetime_settings.0).ok_or(Unexpected)?;
    let name = settings.timezone.0.filter(|name| name.len() <= LONGEST_NAME);
    let offset = settings.timezone_offset.0.as_deref().and_then(UtcOffset::parse);
    TimeZone::new(name, offset).ok_or(Unexpected)
}
