//! Kamailio's routing document: the members that its module `rtjson` reads of the answer to `POST /v1/resolve-call`.
//!
//! ```json
//! {"routing": "serial", "routes": [
//!   {"uri": "sip:101@127.0.0.1:5070", "fr_timer": 2000, "fr_inv_timer": 20000, "headers": {"extra": "X-Route-Reason: personal-manager\r\n"}},
//!   {"uri": "sip:sales@127.0.0.1:5090", "fr_timer": 2000, "fr_inv_timer": 60000, "headers": {"extra": "X-Route-Reason: manager-did-not-answer\r\n"}}]}
//! ```
//!
//! Routes are tried one after another, each for its own time. The linked operation is the last one and always there, unless another operation of
//! the host is to be asked after the last number: then `after` beside the routes says what to come back with. Numbers that ring together are
//! the routes of a `parallel` document; the linked operation is then alone in a document of its own, `next`. Times are milliseconds:
//! `fr_timer` until anything is heard of a telephone, `fr_inv_timer` while it rings. The module passes over members that it does not know, so
//! the document stands beside the others of the answer (README of `rtjson`, Kamailio 5.6).

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use super::Destinations;
use call::CallDocument;
use call::caller_name::CallerName;
use call::document::Ring;
use call::scenario::placement_of;

/// One after another.
const SERIAL: &str = "serial";

/// What Kamailio is told: where numbers and linked operations are, and for how long they are tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kamailio {
    /// Where numbers and linked operations are dialled.
    pub destinations: Destinations,
    /// How long nothing may be heard of a telephone before the next one is tried.
    pub silence: Duration,
    /// How long the linked operation may ring.
    pub linked_ring_time: Duration,
}

/// The members of a routing document.
#[derive(Clone, Debug, Serialize)]
pub struct Routing {
    pub(crate) routing: &'static str,
    pub(crate) routes: Vec<Destination>,
    pub(crate) next: Option<Next>,
}

/// Where a call goes after numbers that rang together.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = KamailioNext)]
pub struct Next {
    /// `serial`.
    routing: &'static str,
    /// The linked operation.
    routes: Vec<Destination>,
}

/// One place that Kamailio tries.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = KamailioRoute)]
pub struct Destination {
    /// Its SIP address.
    uri: String,
    /// For how long nothing may be heard, in milliseconds.
    fr_timer: u64,
    /// For how long it rings, in milliseconds.
    fr_inv_timer: u64,
    /// Headers that are added.
    headers: Headers,
}

/// What becomes of a request's headers.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = KamailioHeaders)]
struct Headers {
    /// Added as they are, so nothing but a slug may stand in them.
    extra: String,
    /// What the telephone shows of the caller. Kamailio's module `uac` puts it there (`rtjson_prepare_branch` in `rtjson_routing.c`).
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<From>,
}

/// The sender that the telephone sees.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = KamailioFrom)]
struct From {
    /// The display name, in quotation marks.
    display: String,
}

impl Kamailio {
    /// Where a resolved call goes.
    pub fn routing(&self, resolved: &CallDocument) -> Routing {
        let (manager, linked) = super::reasons(resolved);
        let (dialled, ring) = super::dialled(resolved, &self.destinations);
        let from = resolved.caller_name.as_ref().map(From::shown);
        let numbers =
            dialled.into_iter().map(|(uri, time)| self.route(uri, time, manager.unwrap_or_default(), from.clone()));
        let mut routes: Vec<_> = numbers.collect();
        let name = resolved.target();
        let linked = match self.destinations.linked_operation(name) {
            // Another operation of the host is not an address: Kamailio comes back for its answer.
            _ if placement_of(name).is_some() => None,
            Some(uri) => Some(self.route(uri.to_owned(), self.linked_ring_time, &linked, None)),
            None => {
                tracing::warn!(linked_operation = name, "[kamailio] does not say where it is");
                None
            }
        };
        match ring {
            Ring::Together => {
                let next = linked.map(|linked| Next { routing: SERIAL, routes: vec![linked] });
                Routing { routing: "parallel", routes, next }
            }
            Ring::InTurn => {
                routes.extend(linked);
                Routing { routing: SERIAL, routes, next: None }
            }
        }
    }

    fn route(&self, uri: String, ring_time: Duration, reason: &str, from: Option<From>) -> Destination {
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Destination {
            uri,
            fr_timer: milliseconds(self.silence),
            fr_inv_timer: milliseconds(ring_time),
            headers: Headers { extra: format!("X-Route-Reason: {reason}\r\n"), from },
        }
    }
}

impl From {
    fn shown(name: &CallerName) -> Self {
        Self { display: format!("\"{}\"", name.as_str()) }
    }
}
