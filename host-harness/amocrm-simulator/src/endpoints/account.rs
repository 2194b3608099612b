//! `GET /api/v4/account` (amoCRM facts §9).

use serde_json::{Value, json};

use super::Ask;

pub(super) fn one(ask: &Ask<'_>) -> Value {
    let account = &ask.account.account;
    let mut document = json!({
        "id": account.id,
        "name": account.name,
        "subdomain": account.subdomain,
        "current_user_id": ask.account.current_user_id().unwrap_or(0),
        "country": "RU",
        "customers_mode": "unavailable",
        "is_unsorted_on": true,
        "is_loss_reason_enabled": false,
        "is_helpbot_enabled": false,
        "is_technical_account": false,
        "contact_name_display_order": 1,
        "_links": {"self": {"href": ask.href("/api/v4/account")}},
    });
    if ask.with("is_api_filter_enabled") {
        document["is_api_filter_enabled"] = json!(false);
    }
    if ask.with("version") {
        document["version"] = json!(12);
    }
    if ask.with("datetime_settings") {
        document["_embedded"] = json!({"datetime_settings": {
            "date_pattern": "d.m.Y H:i",
            "short_date_pattern": "d.m.Y",
            "short_time_pattern": "H:i",
            "date_formant": "d.m.Y",
            "time_format": "H:i:s",
            "timezone": account.timezone,
            "timezone_offset": account.timezone_offset,
        }});
    }
    document
}
