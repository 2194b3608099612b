//! O3 Waiting time: one deadline for all requests of a call, and none is begun after it.

use std::time::Duration;

use forward_to_personal_manager::contract::SettingValue;
use proptest::prelude::*;

use crate::amocrm::{Answer, account, and_more, contact, contacts, event, events};
use crate::pbx::{ANNA, BORIS, CALLER, MIDNIGHT, Pbx};

/// What is kept back of the waiting time for giving the answer.
const ANSWERING: Duration = Duration::from_millis(20);

/// A call that needs two pages of contacts, the account and two pages of events, each taking so long.
fn pbx_that_takes(times: [Duration; 5], waiting_time: Duration) -> Pbx {
    let [first, second, of_account, third, fourth] = times;
    let mut pbx = Pbx::considering_status();
    pbx.set("waiting_time", SettingValue::Duration(waiting_time));
    pbx.contacts = vec![
        Answer::from(and_more(contacts(&[contact(7, BORIS, "+79160000000")]))).after(first),
        Answer::from(contacts(&[contact(3, ANNA, CALLER)])).after(second),
    ];
    pbx.account = Answer::from(account("+03:00")).after(of_account);
    pbx.events = vec![
        Answer::from(and_more(events(&[event("incoming_call", ANNA, MIDNIGHT)]))).after(third),
        Answer::from(events(&[event("lead_added", ANNA, MIDNIGHT)])).after(fourth),
    ];
    pbx
}

#[test]
fn o3_the_default_waiting_time_is_three_seconds() {
    let outcome = Pbx::new().call();
    assert_eq!(outcome.0.details.waiting_time, Duration::from_secs(3));
    assert_eq!(outcome.0.details.waited, Duration::from_millis(40));
}

#[test]
fn o3_all_requests_of_a_call_have_one_deadline() {
    let pbx = pbx_that_takes([Duration::from_millis(100); 5], Duration::from_secs(2));
    let deadline = pbx.monotonic.get() + Duration::from_secs(2) - ANSWERING;
    assert_eq!(pbx.call().route(), "forward to anna");
    let deadlines: Vec<_> = pbx.received.borrow().iter().map(|received| received.deadline).collect();
    assert_eq!(deadlines, [deadline; 5]);
}

#[test]
fn o3_an_answer_at_the_deadline_is_used_and_a_moment_later_is_not() {
    let in_time = Duration::from_secs(3) - ANSWERING;
    for (took, route) in [(in_time, "forward to anna"), (in_time + Duration::from_nanos(1), "no-answer-in-time")] {
        let mut pbx = Pbx::new();
        pbx.contacts[0].took = took;
        assert_eq!(pbx.call().route(), route, "{took:?}");
    }
}

#[test]
fn o3_no_request_is_begun_at_the_deadline() {
    let waiting_time = Duration::from_secs(2);
    let pbx = pbx_that_takes([waiting_time - ANSWERING; 5], waiting_time);
    let outcome = pbx.call();
    assert_eq!((outcome.route().as_str(), pbx.requests()), ("no-answer-in-time", 1));
    assert_eq!(outcome.requests(), ["contacts 200 ok"], "a request that was not begun is not shown");
}

#[test]
fn o3_a_slow_store_uses_up_the_waiting_time_too() {
    let mut pbx = Pbx::new();
    pbx.slow_reads = Duration::from_secs(3);
    assert_eq!((pbx.call().route().as_str(), pbx.requests()), ("no-answer-in-time", 0));
}

#[test]
fn o3_a_manager_found_in_time_is_kept_though_the_status_was_not() {
    let hang = Duration::from_secs(60);
    let pbx = pbx_that_takes([Duration::ZERO, Duration::ZERO, hang, hang, hang], Duration::from_secs(2));
    assert_eq!(pbx.call().route(), "status-unknown");
    assert_eq!(pbx.call().fact("manager_source"), "cache");
}

#[test]
fn o4_requests_are_timed_from_the_start_of_the_call() {
    let times = [100, 200, 50, 25, 10].map(Duration::from_millis);
    let outcome = pbx_that_takes(times, Duration::from_secs(2)).call();
    let timed =
        outcome.0.details.requests.iter().map(|it| (it.at.as_millis(), it.took.as_millis())).collect::<Vec<_>>();
    assert_eq!(timed, [(0, 100), (100, 200), (300, 50), (350, 25), (375, 10)]);
    assert_eq!(outcome.0.details.waited, Duration::from_millis(385));
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn o3_never_later_than_the_waiting_time_whatever_amocrm_does(
        times in prop::array::uniform5(0..2_000_u64),
        waiting_time in 500..=5_000_u64,
    ) {
        let waiting_time = Duration::from_millis(waiting_time);
        let pbx = pbx_that_takes(times.map(Duration::from_millis), waiting_time);
        let started = pbx.monotonic.get();
        let outcome = pbx.call();
        prop_assert!(pbx.monotonic.get() - started <= waiting_time);
        prop_assert_eq!(outcome.0.details.waiting_time, waiting_time);
        prop_assert_eq!(outcome.0.details.waited, pbx.monotonic.get() - started);
        for received in pbx.received.borrow().iter() {
            prop_assert_eq!(received.deadline, started + waiting_time - ANSWERING);
            prop_assert!(received.at < received.deadline, "no request is begun after the deadline");
        }
        let needed: u64 = times.iter().sum();
        let contacts_needed = times[0] + times[1];
        let room = u64::try_from((waiting_time - ANSWERING).as_millis()).unwrap();
        // A request of no length may fall on the deadline itself, so what needs exactly the room is left open.
        if needed < room {
            prop_assert_eq!(outcome.route(), "forward to anna");
        } else if contacts_needed > room {
            prop_assert_eq!(outcome.route(), "no-answer-in-time");
        } else if needed > room && contacts_needed < room {
            prop_assert_eq!(outcome.route(), "status-unknown");
        }
    }
}
