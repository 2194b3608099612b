//! The WASI edge: the only code that names generated bindings. It turns the component's exports into calls of the decision, and the
//! component's imports into the traits of [`crate::world`].

mod answer;
mod arena;
mod http;
mod imports;

mod bindings {
    wit_bindgen::generate!({ path: "../wit", world: "attentive-operation", generate_all });
}

use bindings::exports::telephony::operation::notices::{Guest as Attentive, Note, Notice};
use bindings::exports::telephony::operation::operation::{Call, Description, Guest, Resolution, Setting};

use crate::world::World;

struct Operation;

/// The component's imports.
const fn world(key_value: &imports::HostKeyValue) -> World<'_> {
    World {
        clock: &imports::HostClock,
        http: &http::OutgoingHttp,
        key_value,
        config: &imports::HostConfig,
        directory: &imports::HostDirectory,
    }
}

impl Guest for Operation {
    fn describe() -> Description {
        answer::description(crate::description::describe())
    }

    fn resolve_call(call: Call, settings: Vec<Setting>) -> Resolution {
        let settings: Vec<_> = settings.into_iter().map(answer::setting).collect();
        let key_value = imports::HostKeyValue::default();
        answer::resolution(crate::decision::resolve(world(&key_value), &answer::call(call), &settings))
    }
}

impl Attentive for Operation {
    fn receive(notice: Notice) -> Vec<Note> {
        let key_value = imports::HostKeyValue::default();
        answer::notes(crate::notices::receive(world(&key_value), &notice.kind, &notice.body))
    }
}

bindings::export!(Operation with_types_in bindings);
