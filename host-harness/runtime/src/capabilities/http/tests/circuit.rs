//! The circuit, by its states. Time is tokio's, paused.

use tokio::time::{advance, sleep};

use super::super::circuit::{Circuit, CircuitCause, CircuitSettings, CircuitState, Pass};
use super::*;

const SECOND: Duration = Duration::from_secs(1);
const LIMITED: CircuitCause = CircuitCause::Limited;
const BLOCKED: CircuitCause = CircuitCause::Blocked;

fn circuit() -> Circuit {
    Circuit::new(CircuitSettings {
        limited: 2 * SECOND,
        limited_most: 10 * SECOND,
        blocked: 60 * SECOND,
        blocked_most: 900 * SECOND,
    })
}

/// For how long from now requests are refused, and why.
fn open(circuit: &Circuit) -> (CircuitCause, Duration) {
    match circuit.state() {
        CircuitState::Open { cause, until } => (cause, until - Instant::now()),
        other => panic!("not open: {other:?}"),
    }
}

fn pass(circuit: &Circuit) -> Pass {
    circuit.check().unwrap();
    circuit.pass().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_refusal_opens_it_a_probe_closes_it() {
    for (cause, time) in [(LIMITED, 2), (BLOCKED, 60)] {
        let circuit = circuit();
        pass(&circuit).accepted();
        pass(&circuit).refused(cause, None);
        assert_eq!(open(&circuit), (cause, time * SECOND));
        assert!(circuit.check().is_err() && circuit.pass().is_err());
        advance(time * SECOND).await;
        assert_eq!(circuit.state(), CircuitState::HalfOpen { cause });
        let probe = pass(&circuit);
        assert!(circuit.check().is_err() && circuit.pass().is_err(), "one probe at a time");
        probe.accepted();
        assert_eq!(circuit.state(), CircuitState::Closed);
        let _both = (pass(&circuit), pass(&circuit));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_probe_doubles_the_time_up_to_the_bound_and_success_begins_anew() {
    for (cause, times) in [(LIMITED, [2, 4, 8, 10, 10]), (BLOCKED, [60, 120, 240, 480, 900])] {
        let circuit = circuit();
        for seconds in times {
            pass(&circuit).refused(cause, None);
            assert_eq!(open(&circuit).1, seconds * SECOND);
            advance(seconds * SECOND).await;
        }
        pass(&circuit).accepted();
        pass(&circuit).refused(cause, None);
        assert_eq!(open(&circuit).1, times[0] * SECOND);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stated_time_is_kept_within_the_bound() {
    for (stated, kept) in [(0, 0), (7, 7), (9_999_999, 10)] {
        let circuit = circuit();
        pass(&circuit).refused(LIMITED, Some(stated * SECOND));
        match circuit.state() {
            CircuitState::Open { until, .. } => assert_eq!(until - Instant::now(), kept * SECOND),
            state => assert_eq!((state, kept), (CircuitState::HalfOpen { cause: LIMITED }, 0)),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_without_an_answer_leaves_the_next_to_try() {
    let circuit = circuit();
    pass(&circuit).refused(LIMITED, None);
    advance(2 * SECOND).await;
    for _ in 0..3 {
        drop(pass(&circuit));
        assert_eq!(circuit.state(), CircuitState::HalfOpen { cause: LIMITED });
    }
    pass(&circuit).accepted();
    assert_eq!(circuit.state(), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_before_it_opened_neither_closes_nor_doubles_it() {
    let circuit = circuit();
    let mut burst: Vec<_> = (0..7).map(|_| pass(&circuit)).collect();
    let (late, accepted) = (burst.pop().unwrap(), burst.pop().unwrap());
    burst.into_iter().for_each(|pass| {
        pass.refused(LIMITED, None);
    });
    accepted.accepted();
    assert_eq!(open(&circuit), (LIMITED, 2 * SECOND));
    sleep(2 * SECOND).await;
    let probe = pass(&circuit);
    probe.accepted();
    late.refused(LIMITED, None);
    assert_eq!(circuit.state(), CircuitState::Closed, "an old story");
}

#[tokio::test(start_paused = true)]
async fn a_block_is_worse_than_a_limit_and_a_limit_no_better_news() {
    let circuit = circuit();
    let burst = [pass(&circuit), pass(&circuit), pass(&circuit)];
    for (pass, cause) in burst.into_iter().zip([LIMITED, BLOCKED, LIMITED]) {
        pass.refused(cause, None);
    }
    assert_eq!(open(&circuit), (BLOCKED, 60 * SECOND));
}
