//! An incoming call as an operation is told of it: with its number in one form, the time zone, and the steps before.

use jiff::Timestamp;

use crate::bindings::telephony::operation::types as wit;
use crate::capabilities::clocks::datetime;
use call::IncomingCall;
use call::caller::Presented;
use call::leg::Ending;
use call::numbers::{CountryCode, Numbers};
use call::scenario::{EarlierStep, RungNumber, StepExit};

/// Whose calls these are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locale {
    /// The country of numbers that are written without one.
    pub country: CountryCode,
    /// The time zone of the people, by its name in the IANA database; none where it is not known.
    pub time_zone: Option<String>,
}

impl Default for Locale {
    fn default() -> Self {
        Self { country: CountryCode::DEFAULT, time_zone: None }
    }
}

/// The call that arrived at `at`.
pub(crate) fn call(call: IncomingCall, at: Timestamp, locale: &Locale) -> wit::Call {
    let caller = call.caller.map(|caller| caller.whole().to_owned());
    wit::Call {
        id: call.id,
        caller_number: caller.as_deref().and_then(|caller| international(caller, locale.country)),
        caller,
        called: call.called,
        at: datetime(at),
        time_zone: locale.time_zone.clone(),
        earlier_steps: call.earlier_steps.into_iter().map(earlier_step).collect(),
    }
}

/// The number with a plus sign, where it can be read in one way alone.
pub fn international(caller: &str, country: CountryCode) -> Option<String> {
    let Presented::Number(number) = Presented::read(caller) else { return None };
    let numbers = number.read(country).filter(Numbers::is_whole)?;
    let [only] = numbers.readings() else { return None };
    Some(format!("+{}", only.digits()))
}

fn earlier_step(step: EarlierStep) -> wit::EarlierStep {
    let exit = match step.exit {
        StepExit::Reason(code) => wit::StepExit::Reason(code),
        StepExit::NotAnswered(rung) => wit::StepExit::NotAnswered(rung.into_iter().filter_map(leg).collect()),
    };
    wit::EarlierStep { placement: step.placement, operation: step.operation, exit }
}

/// A number that was answered, or whose caller has gone, is none that leads to a further step.
fn leg(rung: RungNumber) -> Option<wit::Leg> {
    let ending = match rung.ending {
        Ending::Answered | Ending::AnsweredElsewhere | Ending::CallerGone => return None,
        Ending::Busy => wit::LegEnding::Busy,
        Ending::NoAnswer => wit::LegEnding::NoAnswer,
        Ending::Declined => wit::LegEnding::Declined,
        Ending::Unavailable => wit::LegEnding::Unavailable,
        Ending::Failed => wit::LegEnding::Failed,
    };
    Some(wit::Leg { number: rung.number, ending })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d01_the_number_has_one_form_where_it_has_one_reading() {
        let locale = Locale { time_zone: Some("Europe/Moscow".to_owned()), ..Locale::default() };
        let told = |caller: Option<&str>| {
            let incoming = IncomingCall { caller: caller.map(Into::into), ..IncomingCall::default() };
            call(incoming, Timestamp::UNIX_EPOCH, &locale)
        };
        for caller in ["8 (916) 555-01-01", "+79165550101", "sip:+79165550101@pbx.example"] {
            let told = told(Some(caller));
            assert_eq!((told.caller.as_deref(), told.caller_number.as_deref()), (Some(caller), Some("+79165550101")));
            assert_eq!(told.time_zone.as_deref(), Some("Europe/Moscow"));
        }
        // Belgorod or Norway; no number; withheld.
        for caller in [Some("4722555123"), Some("Anna"), None] {
            assert_eq!(told(caller).caller_number, None, "{caller:?}");
        }
    }

    #[test]
    fn e2_an_operation_is_told_of_the_steps_before() {
        let rung = |number: &str, ending| RungNumber { number: number.to_owned(), ending };
        let step =
            |placement: &str, exit| EarlierStep { placement: placement.to_owned(), operation: "x".to_owned(), exit };
        let legs = vec![rung("101", Ending::Busy), rung("102", Ending::Answered), rung("103", Ending::NoAnswer)];
        let earlier_steps =
            vec![step("hours", StepExit::Reason("in-hours".to_owned())), step("manager", StepExit::NotAnswered(legs))];
        let told =
            call(IncomingCall { earlier_steps, ..IncomingCall::default() }, Timestamp::UNIX_EPOCH, &Locale::default());
        assert!(matches!(&told.earlier_steps[0].exit, wit::StepExit::Reason(code) if code == "in-hours"));
        let wit::StepExit::NotAnswered(legs) = &told.earlier_steps[1].exit else { panic!("{told:?}") };
        let numbers: Vec<_> = legs.iter().map(|leg| leg.number.as_str()).collect();
        assert_eq!(numbers, ["101", "103"]);
    }
}
