//! `GET /api/v4/account?with=datetime_settings`: the account's own day (rule D7; amoCRM facts §9).

use super::Client;
use crate::details::Recorder;
use crate::json::{Json, Unexpected};
use crate::reason::Reason;
use crate::time::UtcOffset;

impl Client<'_> {
    /// The account's distance from UTC.
    pub fn utc_offset(&self, details: &mut Recorder) -> Result<UtcOffset, Reason> {
        let offset = self.get("account", "/api/v4/account?with=datetime_settings", utc_offset, details)?;
        offset.ok_or(Reason::AnswerNotUnderstood)
    }
}

fn utc_offset(account: &Json) -> Result<UtcOffset, Unexpected> {
    let text = account.get("_embedded").get("datetime_settings").get("timezone_offset").optional_text()?;
    text.and_then(UtcOffset::parse).ok_or(Unexpected)
}
