//! How a call ended, in one word, and who missed it: what lists of calls are filtered by.
//!
//! It is worked out in one place, [`End::of`], from the call document and the legs that a PBX reported. Call details keep it beside the call.

use serde::{Deserialize, Serialize};

use crate::answer::{EmployeeRecord, Route};
use crate::dialling::is_dialable;
use crate::document::CallDocument;
use crate::language::Language;
use crate::leg::{Ending, Leg};
use crate::outcome::{Outcome, Rung};
use crate::step::StepRecord;

/// How a call ended, as far as the PBX has reported it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// One of the employee's numbers answered.
    Answered,
    /// The linked operation took it.
    LinkedOperation,
    /// The caller hung up before anybody answered.
    CallerGone,
    /// Nobody answered, the linked operation neither.
    Unanswered,
    /// The PBX has not reported it, or not yet.
    #[default]
    NotReported,
}

impl Ended {
    /// Each of them.
    pub const ALL: [Self; 5] =
        [Self::Answered, Self::LinkedOperation, Self::CallerGone, Self::Unanswered, Self::NotReported];

    /// The name, as JSON has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::LinkedOperation => "linked-operation",
            Self::CallerGone => "caller-gone",
            Self::Unanswered => "unanswered",
            Self::NotReported => "not-reported",
        }
    }
}

/// What calls may be chosen by: how they ended, or that an employee missed them, whoever took them then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChosenEnd {
    /// They ended so.
    Ended(Ended),
    /// An employee's numbers were to ring, and none of them answered.
    Missed,
}

impl ChosenEnd {
    /// The name of [`Self::Missed`].
    const MISSED: &'static str = "missed";

    /// By its name; none where there is no such name.
    pub fn named(name: &str) -> Option<Self> {
        if name == Self::MISSED {
            return Some(Self::Missed);
        }
        Ended::ALL.into_iter().find(|ended| ended.name() == name).map(Self::Ended)
    }

    /// Every name there is, with commas between them.
    pub fn names() -> String {
        let names: Vec<_> = Ended::ALL.map(Ended::name).into_iter().chain([Self::MISSED]).collect();
        names.join(", ")
    }
}

/// How a call ended, and who missed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// How it ended.
    pub ended: Ended,
    /// Whose numbers were to ring and did not answer, in the order in which they were asked.
    pub missed_by: Vec<EmployeeRecord>,
}

impl End {
    /// How a call with these legs ended. One that is still ringing, as far as is reported, has not.
    pub fn of(call: &CallDocument, legs: &[Leg]) -> Self {
        let ended = Outcome::of(call, legs).map_or(Ended::NotReported, |outcome| of_outcome(&outcome));
        let before = call.steps.iter().filter(|step| step.is_unanswered()).filter_map(|step| step.employee.as_ref());
        let last = match &call.route {
            Route::Forward { employee, .. } if has_missed(call, legs, ended) => Some(employee),
            Route::Forward { .. } | Route::LinkedOperation { .. } => None,
        };
        let mut missed_by: Vec<EmployeeRecord> = Vec::new();
        for employee in before.chain(last) {
            if missed_by.iter().all(|known| known.id != employee.id) {
                missed_by.push(employee.clone());
            }
        }
        Self { ended, missed_by }
    }
}

fn of_outcome(outcome: &Outcome) -> Ended {
    match &outcome.answered_by {
        Some(Rung::Number(_)) => Ended::Answered,
        Some(Rung::LinkedOperation(_)) => Ended::LinkedOperation,
        None if outcome.legs.iter().any(|rung| rung.leg.result == Ending::CallerGone) => Ended::CallerGone,
        None if outcome.legs.iter().any(|rung| matches!(rung.rung, Rung::LinkedOperation(_))) => Ended::Unanswered,
        None => Ended::NotReported,
    }
}

/// Whether the employee whom the call was forwarded to last has missed it: it is over, or all numbers are.
fn has_missed(call: &CallDocument, legs: &[Leg], ended: Ended) -> bool {
    match ended {
        Ended::Answered => false,
        Ended::LinkedOperation | Ended::CallerGone | Ended::Unanswered => true,
        Ended::NotReported => {
            let dialled = |step: &StepRecord| step.legs.iter().filter(|leg| is_dialable(&leg.number)).count();
            let before: usize = call.steps.iter().map(dialled).sum();
            let Route::Forward { destinations, .. } = &call.route else { return false };
            let numbers = destinations.iter().filter(|destination| is_dialable(&destination.number)).count();
            let reported = legs.iter().filter(|leg| usize::from(leg.leg) > before).count();
            numbers > 0 && reported >= numbers
        }
    }
}

impl Outcome {
    /// How the call ended, in a few words for a list; empty where it has not, as far as is reported.
    pub fn in_brief(&self, language: Language) -> String {
        let who = self.answered_by.as_ref().map_or("", Rung::name);
        match of_outcome(self) {
            Ended::Answered => format!("{} {who}", language.say("ответили:", "answered by")),
            Ended::LinkedOperation => format!("{} {who}", language.say("принят:", "taken by")),
            Ended::CallerGone => Ending::CallerGone.text(language).to_owned(),
            Ended::Unanswered => language.say("никто не ответил", "nobody answered").to_owned(),
            Ended::NotReported => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::answer::{Destination, Run};
    use crate::details::Details;
    use crate::step::StepLeg;
    use crate::titles::Titles;

    fn employee(id: &str) -> EmployeeRecord {
        EmployeeRecord { id: id.to_owned(), name: id.to_uppercase() }
    }

    /// A call that rings these numbers of Anna's; none of them, where there are none.
    fn call(numbers: &[&str]) -> CallDocument {
        let destination =
            |number: &&str| Destination { number: (*number).to_owned(), ring_time: Duration::from_secs(20) };
        let route = match numbers {
            [] => Route::LinkedOperation { target: "queue:sales".to_owned() },
            _ => Route::Forward {
                employee: employee("anna"),
                ring: crate::answer::Ring::InTurn,
                destinations: numbers.iter().map(destination).collect(),
                then: "queue:sales".to_owned(),
            },
        };
        CallDocument {
            version: crate::document::VERSION,
            call: crate::document::CallRecord {
                id: "1".to_owned(),
                caller: None,
                called: String::new(),
                at: jiff::Timestamp::UNIX_EPOCH,
            },
            steps: Vec::new(),
            placement: None,
            route,
            reason: None,
            details: Details::default(),
            run: Run::default(),
            titles: Titles::default(),
            caller_name: None,
        }
    }

    fn leg(leg: u8, result: Ending) -> Leg {
        Leg { leg, result, ring_ms: None, sip_status: None, q850_cause: None }
    }

    fn ended(call: &CallDocument, endings: &[Ending]) -> (Ended, Vec<String>) {
        let legs: Vec<_> = (1..).zip(endings).map(|(number, ending)| leg(number, *ending)).collect();
        let end = End::of(call, &legs);
        (end.ended, end.missed_by.into_iter().map(|employee| employee.id).collect())
    }

    #[test]
    fn it_is_told_who_took_a_call_and_who_missed_it() {
        use Ending::{Answered, Busy, CallerGone, NoAnswer};
        let anna = || vec!["anna".to_owned()];
        for (endings, expected) in [
            (&[][..], (Ended::NotReported, vec![])),
            (&[NoAnswer], (Ended::NotReported, vec![])),
            (&[Answered], (Ended::Answered, vec![])),
            (&[NoAnswer, Answered], (Ended::Answered, vec![])),
            (&[CallerGone], (Ended::CallerGone, anna())),
            // Whether the linked operation takes it is not known yet.
            (&[NoAnswer, Busy], (Ended::NotReported, anna())),
            (&[NoAnswer, Busy, Answered], (Ended::LinkedOperation, anna())),
            (&[NoAnswer, Busy, CallerGone], (Ended::CallerGone, anna())),
            (&[NoAnswer, Busy, NoAnswer], (Ended::Unanswered, anna())),
        ] {
            assert_eq!(ended(&call(&["101", "102"]), endings), expected, "{endings:?}");
        }
        for (endings, expected) in [(&[Answered], Ended::LinkedOperation), (&[Busy], Ended::Unanswered)] {
            assert_eq!(ended(&call(&[]), endings), (expected, vec![]), "nobody's telephone was to ring");
        }
    }

    #[test]
    fn everybody_who_was_asked_before_has_missed_it() {
        let mut call = call(&["101"]);
        let mut before = StepRecord::unknown("vip", "operation:main");
        before.employee = Some(employee("director"));
        before.legs = vec![StepLeg { number: "100".to_owned(), result: None }];
        call.steps.push(before);
        let missed = |endings: &[Ending]| ended(&call, endings);
        assert_eq!(missed(&[Ending::NoAnswer]), (Ended::NotReported, vec!["director".to_owned()]));
        assert_eq!(missed(&[Ending::NoAnswer, Ending::Answered]), (Ended::Answered, vec!["director".to_owned()]));
        let both = vec!["director".to_owned(), "anna".to_owned()];
        assert_eq!(missed(&[Ending::NoAnswer, Ending::Busy]), (Ended::NotReported, both.clone()));
        assert_eq!(missed(&[Ending::NoAnswer, Ending::Busy, Ending::Answered]), (Ended::LinkedOperation, both));
    }

    #[test]
    fn names_are_those_of_json_and_others_are_none() {
        for ended in Ended::ALL {
            assert_eq!(serde_json::to_value(ended).unwrap(), ended.name());
            assert_eq!(ChosenEnd::named(ended.name()), Some(ChosenEnd::Ended(ended)));
        }
        assert_eq!((ChosenEnd::named("missed"), ChosenEnd::named("busy")), (Some(ChosenEnd::Missed), None));
        assert!(ChosenEnd::names().contains("caller-gone, unanswered"), "{}", ChosenEnd::names());
    }

    proptest! {
        /// Whatever is reported in whatever order, a call that the employee answered is not missed by that employee.
        #[test]
        fn nobody_misses_what_was_answered(endings in proptest::collection::vec(0..Ending::ALL.len(), 0..5)) {
            let endings: Vec<_> = endings.into_iter().map(|index| Ending::ALL[index].1).collect();
            let (ended, missed) = ended(&call(&["101", "102"]), &endings);
            prop_assert!(ended != Ended::Answered || missed.is_empty());
            let is_over = matches!(ended, Ended::LinkedOperation | Ended::CallerGone | Ended::Unanswered);
            prop_assert!(!is_over || missed == ["anna"]);
        }
    }
}
