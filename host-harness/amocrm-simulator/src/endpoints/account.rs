//! `GET /api/v4/account` (amoCRM facts §9).

use serde_json::{Map, Value, json};

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
    let mut embedded = Map::new();
    if ask.with("is_api_filter_enabled") {
        document["is_api_filter_enabled"] = json!(false);
    }
    if ask.with("version") {
        document["version"] = json!(12);
    }
    if ask.with("amojo_id") {
        document["amojo_id"] = json!(format!("{:08x}-0000-4000-8000-000000000000", account.id));
    }
    if ask.with("amojo_rights") {
        embedded.insert("amojo_rights".to_owned(), json!({"can_direct": true, "can_create_groups": true}));
    }
    if ask.with("uuid") {
        document["uuid"] = json!(format!("{:08x}-0000-4000-8000-000000000001", account.id));
    }
    if ask.with("drive_url") {
        document["drive_url"] = json!(ask.href(""));
    }
    if ask.with("invoices_settings") {
        embedded.insert("invoices_settings".to_owned(), json!({"lang": null, "currency": null}));
    }
    if ask.with("users_groups") {
        let mut ids: Vec<u64> = ask.account.users.iter().filter_map(|user| user.group_id).chain([0]).collect();
        ids.sort_unstable();
        ids.dedup();
        let groups = ids.iter().map(|id| json!({"id": id, "name": format!("Отдел {id}"), "uuid": null}));
        embedded.insert("users_groups".to_owned(), groups.collect());
    }
    if ask.with("task_types") {
        let kinds = [(1, "Связаться", "FOLLOW_UP"), (2, "Встреча", "MEETING")];
        let kinds =
            kinds.map(|(id, name, code)| json!({"id": id, "name": name, "color": null, "icon_id": null, "code": code}));
        embedded.insert("task_types".to_owned(), json!(kinds));
    }
    if ask.with("entity_names") {
        let name = |ru: &str| json!({"ru": {"plural_form": {"default": ru}}});
        embedded.insert(
            "entity_names".to_owned(),
            json!({"leads": name("Сделки"), "contacts": name("Контакты"), "companies": name("Компании")}),
        );
    }
    if ask.with("datetime_settings") {
        embedded.insert(
            "datetime_settings".to_owned(),
            json!({
                "date_pattern": "d.m.Y H:i",
                "short_date_pattern": "d.m.Y",
                "short_time_pattern": "H:i",
                "date_formant": "d.m.Y",
                "time_format": "H:i:s",
                "timezone": account.timezone,
                "timezone_offset": account.timezone_offset,
            }),
        );
    }
    if !embedded.is_empty() {
        document["_embedded"] = Value::Object(embedded);
    }
    document
}
