//! What is compared of two answers, and how a difference is shown.

use call::one_line::one_line;
use serde_json::Value;

/// What differs from run to run, and so is neither compared nor written down: the cost of the run, the call's identifier, and times that
/// were measured. Everything else is exact.
const VOLATILE: [&str; 6] = [
    "/run",
    "/call/id",
    "/details/waited_ms",
    "/details/requests/*/at_ms",
    "/details/requests/*/ms",
    // What the host saw depends on the other calls of the moment.
    "/details/exchanges",
];

/// Removes what differs from run to run, from one document or a list of them.
pub fn drop_volatile(answers: &mut Value) {
    match answers {
        Value::Array(documents) => documents.iter_mut().for_each(drop_volatile),
        document => {
            // The steps before the last one are documents too.
            if let Some(steps) = document.get_mut("steps") {
                drop_volatile(steps);
            }
            for pointer in VOLATILE {
                let steps: Vec<_> = pointer.split('/').skip(1).collect();
                remove(document, &steps);
            }
        }
    }
}

fn remove(value: &mut Value, steps: &[&str]) {
    match (steps, value) {
        ([key], Value::Object(fields)) => {
            fields.remove(*key);
        }
        (["*", rest @ ..], Value::Array(items)) => items.iter_mut().for_each(|item| remove(item, rest)),
        ([key, rest @ ..], Value::Object(fields)) => {
            if let Some(field) = fields.get_mut(*key) {
                remove(field, rest);
            }
        }
        _ => {}
    }
}

/// One text for each place where the answers differ: its path, what was expected, what came.
pub fn differences(expected: &Value, actual: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", Some(expected), Some(actual), &mut found);
    found
}

fn compare(path: &str, expected: Option<&Value>, actual: Option<&Value>, found: &mut Vec<String>) {
    match (expected, actual) {
        (Some(Value::Object(left)), Some(Value::Object(right))) => {
            for key in left.keys().chain(right.keys().filter(|key| !left.contains_key(*key))) {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                compare(&path, left.get(key), right.get(key), found);
            }
        }
        (Some(Value::Array(left)), Some(Value::Array(right))) => {
            for index in 0..left.len().max(right.len()) {
                compare(&format!("{path}[{index}]"), left.get(index), right.get(index), found);
            }
        }
        (expected, actual) if expected != actual => {
            let show = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
            let place = if path.is_empty() { "the whole answer" } else { path };
            let place = one_line(place);
            found.push(format!("  {place}\n    expected {}\n    actual   {}\n", show(expected), show(actual)));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn golden_volatile_values_are_dropped_and_nothing_else() {
        let mut answer = json!({
            "call": { "id": "x", "at": "t" },
            "details": { "waiting_time_ms": 3000, "waited_ms": 4, "exchanges": [{}], "requests": [{ "at_ms": 0, "ms": 2, "status": 200 }] },
            "run": { "instructions": 1 },
            "steps": [{ "placement": "a", "details": { "waited_ms": 4, "requests": [] }, "run": {} }],
        });
        drop_volatile(&mut answer);
        let kept = json!({
            "call": { "at": "t" },
            "details": { "waiting_time_ms": 3000, "requests": [{ "status": 200 }] },
            "steps": [{ "placement": "a", "details": { "requests": [] } }],
        });
        assert_eq!(answer, kept);
    }

    #[test]
    fn golden_differences_name_the_path_and_both_values() {
        let expected = json!([{ "a": { "b": [1, 2] }, "c": null }]);
        let actual = json!([{ "a": { "b": [1] }, "c": "x", "d": true }]);
        assert_eq!(
            differences(&expected, &actual),
            [
                "  [0].a.b[1]\n    expected 2\n    actual   nothing\n",
                "  [0].c\n    expected null\n    actual   \"x\"\n",
                "  [0].d\n    expected nothing\n    actual   true\n",
            ]
        );
        assert!(differences(&expected, &expected).is_empty());
    }
}
