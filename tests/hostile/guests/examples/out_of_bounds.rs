//! Answers with what no host takes. The called number says with what.

#![cfg(target_family = "wasm")]

use hostile_guests::bindings::exports::telephony::operation::operation::{Call, Resolution};
use hostile_guests::bindings::telephony::operation::types::{Destination, Fact, Forwarding, Note, Route};
use hostile_guests::{tell, text};

hostile_guests::operation!(|call: Call| {
    let (kind, value) = call.called.split_once(' ').unwrap_or((&call.called, ""));
    let count = || value.parse().unwrap_or(usize::MAX);
    match kind {
        "destinations" => forward("Anna", vec![destination("101", 20_000); count()]),
        "number" => forward("Anna", vec![destination("101", 20_000), destination(value, 20_000)]),
        "ring-time" => forward("Anna", vec![destination("101", value.parse().unwrap_or(u64::MAX))]),
        "name" => forward(&"x".repeat(count()), vec![destination("101", 20_000)]),
        "text" => tell(&"x".repeat(count())),
        "notes" => told(|answer| answer.details.notes = vec![Note { code: "n".to_owned(), text: text("x") }; count()]),
        "details" => told(|answer| {
            answer.details.notes = vec![Note { code: "n".to_owned(), text: text(&"x".repeat(900)) }; count()];
        }),
        "fact" => told(|answer| answer.details.facts = vec![Fact { key: value.to_owned(), value: None }; 2]),
        "waited" => told(|answer| answer.details.waited = value.parse().unwrap_or(u64::MAX)),
        "reason" => told(|answer| {
            if let Route::LinkedOperation(reason) = &mut answer.route {
                reason.code = value.to_owned();
            }
        }),
        _ => tell("inside the bounds"),
    }
});

fn told(change: impl FnOnce(&mut Resolution)) -> Resolution {
    let mut answer = tell("told");
    change(&mut answer);
    answer
}

fn forward(name: &str, destinations: Vec<Destination>) -> Resolution {
    let forwarding =
        Forwarding { employee_id: "anna".to_owned(), employee_name: name.to_owned(), destinations, caller_name: None };
    told(|answer| answer.route = Route::Forward(forwarding))
}

fn destination(number: &str, ring_time: u64) -> Destination {
    Destination { number: number.to_owned(), ring_time }
}
