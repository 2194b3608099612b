//! What the hostile operations share: the contract's bindings, a self-description, and a way to answer.

#![cfg(target_family = "wasm")]

/// The contract's bindings.
#[allow(missing_docs, reason = "generated from wit/, where everything is documented")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit",
        world: "custom-operation",
        generate_all,
        pub_export_macro: true,
        default_bindings_module: "hostile_guests::bindings",
    });
}

use bindings::exports::telephony::operation::operation::{Description, Resolution};
use bindings::telephony::operation::types::{
    CallDetails, Forwarding, LocalizedText, Note, ReasonClass, Route, TransitionReason,
};
use bindings::wasi::http::outgoing_handler::handle;
use bindings::wasi::http::types::{Fields, Method, OutgoingRequest, Scheme};

/// Makes an operation out of what it does with a call.
#[macro_export]
macro_rules! operation {
    ($resolve:expr) => {
        $crate::operation!($resolve, || $crate::description());
    };
    ($resolve:expr, $describe:expr) => {
        struct Operation;

        impl $crate::bindings::exports::telephony::operation::operation::Guest for Operation {
            fn describe() -> $crate::bindings::exports::telephony::operation::operation::Description {
                ($describe)()
            }

            fn resolve_call(
                call: $crate::bindings::exports::telephony::operation::operation::Call,
                _settings: Vec<$crate::bindings::exports::telephony::operation::operation::Setting>,
            ) -> $crate::bindings::exports::telephony::operation::operation::Resolution {
                ($resolve)(call)
            }
        }

        $crate::bindings::export!(Operation);
    };
}

/// The same text in both languages.
pub fn text(text: &str) -> LocalizedText {
    LocalizedText { ru: text.to_owned(), en: text.to_owned() }
}

/// A description that promises nothing.
pub fn description() -> Description {
    Description {
        id: "hostile".to_owned(),
        version: "0.0.0".to_owned(),
        title: text("hostile"),
        summary: text("misbehaves"),
        settings: Vec::new(),
        configuration: Vec::new(),
        facts: Vec::new(),
        purposes: Vec::new(),
        reasons: Vec::new(),
    }
}

/// Forwards to nobody.
pub fn forward_to_nobody() -> Resolution {
    let forwarding = Forwarding {
        employee_id: String::new(),
        employee_name: String::new(),
        destinations: Vec::new(),
        caller_name: None,
    };
    Resolution { route: Route::Forward(forwarding), details: details("") }
}

/// Goes to the linked operation and tells what happened.
pub fn tell(story: &str) -> Resolution {
    let reason = TransitionReason {
        code: "told".to_owned(),
        class: ReasonClass::TechnicalFailure,
        status: Some(text("told")),
        text: text(story),
    };
    Resolution { route: Route::LinkedOperation(reason), details: details(story) }
}

fn details(story: &str) -> CallDetails {
    let note = Note { code: "story".to_owned(), text: text(story) };
    CallDetails { waiting_time: 0, waited: 0, requests: Vec::new(), facts: Vec::new(), notes: vec![note] }
}

/// Sends a GET request with these headers and says what came of it: the status, or the name of the error.
pub fn get(secure: bool, authority: &str, headers: &[(&str, &str)]) -> String {
    let scheme = if secure { Scheme::Https } else { Scheme::Http };
    send(&Method::Get, &scheme, authority, "/", headers)
}

/// Sends a request without a body and says what came of it: the status, or the name of the error.
pub fn send(method: &Method, scheme: &Scheme, authority: &str, path: &str, headers: &[(&str, &str)]) -> String {
    let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    let Ok(fields) = Fields::from_list(&headers) else {
        return "headers refused".to_owned();
    };
    let request = OutgoingRequest::new(fields);
    if request.set_scheme(Some(scheme)).is_err() || request.set_authority(Some(authority)).is_err() {
        return "address refused".to_owned();
    }
    if request.set_method(method).is_err() || request.set_path_with_query(Some(path)).is_err() {
        return "method or path refused".to_owned();
    }
    match handle(request, None) {
        Err(code) => format!("{code:?}"),
        Ok(answer) => {
            answer.subscribe().block();
            match answer.get() {
                Some(Ok(Ok(response))) => response.status().to_string(),
                Some(Ok(Err(code))) => format!("{code:?}"),
                _ => "no answer".to_owned(),
            }
        }
    }
}

/// The account's authority, from the configuration.
pub fn account_authority() -> String {
    let address = bindings::wasi::config::store::get("amocrm_base_url").ok().flatten().unwrap_or_default();
    address.split("://").nth(1).unwrap_or_default().trim_end_matches('/').to_owned()
}
