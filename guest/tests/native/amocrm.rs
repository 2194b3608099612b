//! amoCRM's answers, in the shapes of its API v4.

use std::fmt;
use std::time::Duration;

use forward_to_personal_manager::world::{HttpFailure, HttpFailureKind, Response};
use serde_json::{Value, json};

/// What comes back for one request, and when.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) took: Duration,
    pub(crate) result: Result<Response, HttpFailure>,
}

impl Answer {
    /// The same answer, later.
    pub(crate) fn after(self, took: Duration) -> Self {
        Self { took, ..self }
    }
}

impl fmt::Debug for Answer {
    /// With the body as text: failing properties show answers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.result {
            Ok(Response { status, body }) => {
                write!(f, "{status} {:?} after {:?}", String::from_utf8_lossy(body), self.took)
            }
            Err(failure) => write!(f, "{failure:?} after {:?}", self.took),
        }
    }
}

impl From<Value> for Answer {
    fn from(body: Value) -> Self {
        answer(200, body.to_string().as_bytes())
    }
}

/// A status and a body.
pub(crate) fn answer(status: u16, body: &[u8]) -> Answer {
    Answer { took: Duration::from_millis(40), result: Ok(Response { status, body: body.to_vec() }) }
}

/// 204, amoCRM's way of saying that there is nothing.
pub(crate) fn nothing() -> Answer {
    answer(204, b"")
}

/// No answer.
pub(crate) fn failure(kind: HttpFailureKind) -> Answer {
    Answer { took: Duration::from_millis(40), result: Err(HttpFailure { status: None, kind }) }
}

/// A contact with one telephone number, updated at a time that grows with its id.
pub(crate) fn contact(id: u64, manager: u64, phone: &str) -> Value {
    json!({
        "id": id, "name": "Иван Петров", "responsible_user_id": manager, "group_id": 0, "created_by": manager,
        "created_at": 1_582_117_331, "updated_at": 1_590_943_929 + id, "closest_task_at": null, "is_deleted": false,
        "custom_fields_values": [
            {"field_id": 2, "field_name": "Должность", "field_code": "POSITION", "values": [{"value": "директор"}]},
            {"field_id": 3, "field_name": "Телефон", "field_code": "PHONE", "field_type": "multitext",
             "values": [{"value": phone, "enum_id": 1, "enum_code": "WORK"}]},
        ],
        "account_id": 28_805_383, "_embedded": {"tags": [], "companies": []},
    })
}

/// The last page of a search.
pub(crate) fn contacts(list: &[Value]) -> Value {
    json!({"_page": 1, "_links": {"self": {"href": "https://example.amocrm.ru/"}}, "_embedded": {"contacts": list}})
}

/// The last page of a search for companies, which look as contacts do.
pub(crate) fn companies(list: &[Value]) -> Value {
    json!({"_page": 1, "_links": {"self": {"href": "https://example.amocrm.ru/"}}, "_embedded": {"companies": list}})
}

/// An open lead of one contact, updated at a time that grows with its id.
pub(crate) fn lead(id: u64, manager: u64, contact: u64) -> Value {
    json!({
        "id": id, "name": "Поставка", "price": 100, "responsible_user_id": manager, "status_id": 32_392_159,
        "pipeline_id": 3_177_727, "created_at": 1_582_117_331, "updated_at": 1_590_943_929 + id, "closed_at": null,
        "is_deleted": false, "custom_fields_values": null, "account_id": 28_805_383,
        "_embedded": {"tags": [], "companies": [], "contacts": [{"id": contact, "is_main": true}]},
    })
}

/// The last page of a search for leads.
pub(crate) fn leads(list: &[Value]) -> Value {
    json!({"_page": 1, "_links": {"self": {"href": "https://example.amocrm.ru/"}}, "_embedded": {"leads": list}})
}

/// A user of the account.
pub(crate) fn user(is_active: bool) -> Value {
    json!({"id": 504_141, "name": "Анна", "email": "anna@example.org", "lang": "ru", "rights": {
        "leads": {"view": "A"}, "mail_access": false, "is_admin": false, "is_free": false, "is_active": is_active,
        "group_id": null, "role_id": null}})
}

/// An event that a user made, at a time in seconds.
pub(crate) fn event(kind: &str, created_by: u64, created_at: u64) -> Value {
    json!({"id": "01f", "type": kind, "entity_id": 3, "entity_type": "contact", "created_by": created_by,
           "created_at": created_at, "value_after": [], "value_before": [], "account_id": 28_805_383})
}

/// The last page of a list of events.
pub(crate) fn events(list: &[Value]) -> Value {
    json!({"_page": 1, "_links": {"self": {"href": "https://example.amocrm.ru/"}}, "_embedded": {"events": list}})
}

/// The same page, but full, its entries over and over, and not the last one.
pub(crate) fn and_more(mut page: Value) -> Value {
    for (section, list) in page["_embedded"].as_object_mut().expect("a page embeds lists") {
        let list = list.as_array_mut().expect("a list");
        let entries = list.clone();
        let limit = if section == "events" { 100 } else { 50 };
        list.extend(entries.into_iter().cycle().take(limit - list.len()));
    }
    page["_links"]["next"] = json!({"href": "https://another-host.example/api/v4/next"});
    page
}

/// The account, so many hours and minutes from UTC, in a zone that no database knows.
pub(crate) fn account(utc_offset: &str) -> Value {
    account_in("Example/Nowhere", utc_offset)
}

/// The account, in a time zone and so many hours and minutes from UTC.
pub(crate) fn account_in(zone: &str, utc_offset: &str) -> Value {
    json!({"id": 28_805_383, "name": "Пример", "subdomain": "example", "_embedded": {"datetime_settings": {
        "date_pattern": "d.m.Y H:i", "timezone": zone, "timezone_offset": utc_offset}}})
}
