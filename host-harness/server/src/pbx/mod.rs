//! What PBXs are given to dial: a resolved call, said the way Kamailio and the dialplan of Asterisk read it.
//!
//! Each of them is a pure function of the resolved call and of what the configuration says of destinations ([`Destinations`]): Kamailio's routing
//! document ([`rtjson`]) and the dialplan's variables ([`dialplan`]). They decide nothing. What the PBX saw comes back as an outcome report
//! ([`call::leg::Leg`]); its legs are counted as they are given here, over all answers to a call: the numbers in order, then the linked operation.

mod destinations;
pub mod dialplan;
pub mod rtjson;

use std::sync::Arc;
use std::time::Duration;

use call::CallDocument;
use call::document::{Destination, Ring, Route};
use call::masking::mask_identifier;
use call::one_line::on_one_line;

pub use destinations::is_sip_address;
pub use destinations::{Destinations, Syntax};
use dialplan::Asterisk;
use node::Revision;
use rtjson::Kamailio;

/// The most characters of a slug.
const LONGEST_SLUG: usize = 64;
/// The slug of a call that rings the personal manager.
const PERSONAL_MANAGER: &str = "personal-manager";
/// The slug of a call that rings a deputy of the personal manager's.
const DEPUTY: &str = "deputy";
/// The slug of a call that goes to the linked operation after the manager's numbers.
const DID_NOT_ANSWER: &str = "manager-did-not-answer";

/// What PBXs are told by, where they ask. It is kept with a revision of the node, so that a route is said in the words of the scenario that it
/// comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PbxSettings {
    /// Where Kamailio is told to go.
    pub kamailio: Option<Kamailio>,
    /// What Asterisk is told.
    pub asterisk: Option<Asterisk>,
}

impl PbxSettings {
    /// Those that a revision was put together with.
    pub(crate) fn with(revision: &Revision) -> Arc<Self> {
        revision.extension::<Arc<Self>>().map(Arc::clone).unwrap_or_default()
    }
}

/// A word that is safe in a SIP header, a dialplan and an extension's name: small letters, digits and hyphens. A reason's code is one already,
/// unless another's component made it.
pub(crate) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for letter in text.chars().take(LONGEST_SLUG) {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "unknown".to_owned() } else { slug.to_owned() }
}

/// Why a call rings whom it rings: the slug for the manager's or the deputy's numbers (none where none is rung), and the one for the linked operation.
fn reasons(resolved: &CallDocument) -> (Option<&'static str>, String) {
    match &resolved.route {
        Route::Forward { .. } => {
            let is_deputy = resolved.details.facts.deputy_for().is_some();
            (Some(if is_deputy { DEPUTY } else { PERSONAL_MANAGER }), DID_NOT_ANSWER.to_owned())
        }
        Route::LinkedOperation { .. } => (None, slug(resolved.outcome())),
    }
}

/// What is dialled for the numbers that a call rings, each with its ring time, and whether they ring together: where there are several.
fn dialled(resolved: &CallDocument, destinations: &Destinations) -> (Vec<(String, Duration)>, Ring) {
    let Route::Forward { ring, destinations: numbers, .. } = &resolved.route else {
        return (Vec::new(), Ring::InTurn);
    };
    let dial = |number: &Destination| {
        let time = ring.time(number.ring_time, numbers);
        destinations.number(&number.number).map(|dialled| (dialled, time))
    };
    let dialled: Vec<_> = numbers.iter().filter_map(dial).collect();
    warn_of_numbers(resolved, numbers.len() - dialled.len());
    let ring = if dialled.len() > 1 { *ring } else { Ring::InTurn };
    (dialled, ring)
}

/// Says how many of a call's numbers cannot be dialled: one line, however many a component named.
fn warn_of_numbers(resolved: &CallDocument, numbers: usize) {
    if numbers > 0 {
        let call = on_one_line(&mask_identifier(&resolved.call.id), LONGEST_SLUG);
        tracing::warn!(call, numbers, "numbers of the manager's cannot be dialled and are left out");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reasons_are_slugs_already_and_names_become_ones() {
        for (text, expected) in [
            ("contact-not-found", "contact-not-found"),
            ("queue:sales", "queue-sales"),
            ("Отдел продаж", "unknown"),
            ("a\r\nX-Evil: 1", "a-x-evil-1"),
            ("", "unknown"),
        ] {
            assert_eq!(slug(text), expected);
        }
    }

    proptest! {
        #[test]
        fn whatever_a_component_says_a_slug_breaks_out_of_nothing(text in any::<String>()) {
            let slug = slug(&text);
            prop_assert!((1..=LONGEST_SLUG).contains(&slug.len()));
            prop_assert!(slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
        }
    }
}
