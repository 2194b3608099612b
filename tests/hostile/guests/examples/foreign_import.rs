//! Fits the contract but for one import that no host of it offers.

#![cfg(target_family = "wasm")]
#![allow(missing_docs, reason = "generated bindings")]

wit_bindgen::generate!({
    inline: "
        package hostile:guests;
        interface door {
            open: func() -> string;
        }
        world with-foreign-import {
            include telephony:operation/custom-operation@0.2.0;
            import door;
        }
    ",
    path: "../../../wit",
    world: "hostile:guests/with-foreign-import",
    generate_all,
});

use exports::telephony::operation::operation::{Call, Description, Guest, Resolution, Setting};
use telephony::operation::types::{CallDetails, LocalizedText, ReasonClass, Route, TransitionReason};

struct Operation;

impl Guest for Operation {
    fn describe() -> Description {
        let text = LocalizedText { ru: String::new(), en: hostile::guests::door::open() };
        Description {
            id: text.en.clone(),
            version: String::new(),
            title: text.clone(),
            summary: text,
            settings: Vec::new(),
            configuration: Vec::new(),
            facts: Vec::new(),
            purposes: Vec::new(),
            reasons: Vec::new(),
        }
    }

    fn resolve_call(_: Call, _: Vec<Setting>) -> Resolution {
        let text = LocalizedText { ru: String::new(), en: hostile::guests::door::open() };
        let reason = TransitionReason {
            code: String::new(),
            class: ReasonClass::Configuration,
            status: Some(text.clone()),
            text,
        };
        let details =
            CallDetails { waiting_time: 0, waited: 0, requests: Vec::new(), facts: Vec::new(), notes: Vec::new() };
        Resolution { route: Route::LinkedOperation(reason), details }
    }
}

export!(Operation);
