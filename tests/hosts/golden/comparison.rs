//! What is compared of two hosts' answers: where the call goes, why, and everything that the details say but for measured times.

use call::CallDocument;
use replay::difference::drop_volatile;
use serde_json::{Map, Value, json};
use test_support::LINKED_OPERATION;

const COMPARED: [&str; 3] = ["route", "reason", "details"];
/// The note in which a host's own word for a broken connection stands.
const TRANSPORT: &str = "transport";

/// Of an answer as this project writes it.
pub(super) fn of_document(document: &CallDocument) -> Value {
    of_answer(serde_json::to_value(document).expect("JSON"))
}

/// The same of an answer that came as JSON.
pub(super) fn of_answer(mut answer: Value) -> Value {
    drop_volatile(&mut answer);
    let mut compared: Value = COMPARED.into_iter().map(|part| (part.to_owned(), answer[part].take())).collect();
    if let Some(notes) = compared["details"]["notes"].as_array_mut() {
        for note in notes.iter_mut().filter(|note| note["code"] == TRANSPORT) {
            *note = json!({"code": TRANSPORT});
        }
    }
    compared
}

/// Leaves out of what is compared how long a manager was kept, which in the time of a clock of the host's own is nobody's to say beforehand.
pub(super) fn without_age(mut compared: Value) -> Value {
    compared["details"]["manager_age_seconds"] = Value::Null;
    compared
}

/// Of the contract's own `resolution`, as JavaScript has it.
pub(super) fn of_resolution(resolution: &Value) -> Value {
    let (route, reason) = route(&resolution["route"]);
    let details = &resolution["details"];
    let mut written: Map<String, Value> =
        items(&details["facts"]).map(|fact| (text(&fact["key"]), fact_value(&fact["value"]))).collect();
    let request = |request: &Value| json!({"purpose": request["purpose"], "status": request["status"], "outcome": request["outcome"]});
    let note =
        |note: &Value| json!({"code": note["code"], "text_ru": note["text"]["ru"], "text_en": note["text"]["en"]});
    written.insert("waiting_time_ms".to_owned(), details["waitingTime"].clone());
    written.insert("requests".to_owned(), items(&details["requests"]).map(request).collect());
    written.insert("notes".to_owned(), items(&details["notes"]).map(note).collect());
    of_answer(json!({"route": route, "reason": reason, "details": written}))
}

fn route(route: &Value) -> (Value, Value) {
    let said = &route["val"];
    if route["tag"] == "forward" {
        let number = |destination: &Value| {
            let milliseconds = destination["ringTime"].as_u64().expect("a ring time");
            json!({"number": destination["number"], "ring_seconds": milliseconds / 1_000})
        };
        let employee = json!({"id": said["employeeId"], "name": said["employeeName"]});
        let numbers: Value = items(&said["destinations"]).map(number).collect();
        (json!({"kind": "forward", "employee": employee, "numbers": numbers, "then": LINKED_OPERATION}), Value::Null)
    } else {
        let reason = json!({
            "code": said["code"], "class": said["class"], "text_ru": said["text"]["ru"], "text_en": said["text"]["en"],
            "status": said["status"]["ru"], "status_en": said["status"]["en"],
        });
        (json!({"kind": "linked-operation", "target": LINKED_OPERATION}), reason)
    }
}

/// A variant, or its value alone, where a library has no need to say which case that is.
fn fact_value(value: &Value) -> Value {
    if value.is_object() { value["val"].clone() } else { value.clone() }
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().expect("a list").iter()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
