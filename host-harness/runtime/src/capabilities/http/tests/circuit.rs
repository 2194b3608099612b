//! The circuit, by its states. Time is tokio's, paused.

use tokio::time::{advance, sleep};

use super::super::circuit::{Circuit, CircuitCause, CircuitSettings, CircuitState, Pass, Verdict, stated_in};
use super::*;

const SECOND: Duration = Duration::from_secs(1);
const LIMITED: Verdict = Verdict::Refused(CircuitCause::Limited, None);
const BLOCKED: Verdict = Verdict::Refused(CircuitCause::Blocked, None);

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
    for (verdict, cause, time) in [(LIMITED, CircuitCause::Limited, 2), (BLOCKED, CircuitCause::Blocked, 60)] {
        let circuit = circuit();
        pass(&circuit).answered(Verdict::Accepted);
        pass(&circuit).answered(verdict);
        assert_eq!(open(&circuit), (cause, time * SECOND));
        assert!(circuit.check().is_err() && circuit.pass().is_err());
        advance(time * SECOND).await;
        assert_eq!(circuit.state(), CircuitState::HalfOpen { cause });
        let probe = pass(&circuit);
        assert!(circuit.check().is_err() && circuit.pass().is_err(), "one probe at a time");
        probe.answered(Verdict::Accepted);
        assert_eq!(circuit.state(), CircuitState::Closed);
        let _both = (pass(&circuit), pass(&circuit));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_probe_doubles_the_time_up_to_the_bound_and_success_begins_anew() {
    for (verdict, times) in [(LIMITED, [2, 4, 8, 10, 10]), (BLOCKED, [60, 120, 240, 480, 900])] {
        let circuit = circuit();
        for seconds in times {
            pass(&circuit).answered(verdict);
            assert_eq!(open(&circuit).1, seconds * SECOND);
            advance(seconds * SECOND).await;
        }
        pass(&circuit).answered(Verdict::Accepted);
        pass(&circuit).answered(verdict);
        assert_eq!(open(&circuit).1, times[0] * SECOND);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stated_time_is_kept_within_the_bound() {
    for (stated, kept) in [(0, 0), (7, 7), (9_999_999, 10)] {
        let circuit = circuit();
        pass(&circuit).answered(Verdict::Refused(CircuitCause::Limited, Some(stated * SECOND)));
        match circuit.state() {
            CircuitState::Open { until, .. } => assert_eq!(until - Instant::now(), kept * SECOND),
            state => assert_eq!((state, kept), (CircuitState::HalfOpen { cause: CircuitCause::Limited }, 0)),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_without_an_answer_leaves_the_next_to_try() {
    let circuit = circuit();
    pass(&circuit).answered(LIMITED);
    advance(2 * SECOND).await;
    for _ in 0..3 {
        drop(pass(&circuit));
        assert_eq!(circuit.state(), CircuitState::HalfOpen { cause: CircuitCause::Limited });
    }
    pass(&circuit).answered(Verdict::Accepted);
    assert_eq!(circuit.state(), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_before_it_opened_neither_closes_nor_doubles_it() {
    let circuit = circuit();
    let mut burst: Vec<_> = (0..7).map(|_| pass(&circuit)).collect();
    let (late, accepted) = (burst.pop().unwrap(), burst.pop().unwrap());
    burst.into_iter().for_each(|pass| pass.answered(LIMITED));
    accepted.answered(Verdict::Accepted);
    assert_eq!(open(&circuit), (CircuitCause::Limited, 2 * SECOND));
    sleep(2 * SECOND).await;
    let probe = pass(&circuit);
    probe.answered(Verdict::Accepted);
    late.answered(LIMITED);
    assert_eq!(circuit.state(), CircuitState::Closed, "an old story");
}

#[tokio::test(start_paused = true)]
async fn a_block_is_worse_than_a_limit_and_a_limit_no_better_news() {
    let circuit = circuit();
    let burst = [pass(&circuit), pass(&circuit), pass(&circuit)];
    for (pass, verdict) in burst.into_iter().zip([LIMITED, BLOCKED, LIMITED]) {
        pass.answered(verdict);
    }
    assert_eq!(open(&circuit), (CircuitCause::Blocked, 60 * SECOND));
}

#[test]
fn a_body_states_a_rest_however_its_number_is_written() {
    for (written, rest) in [
        ("30", Some(30 * SECOND)),
        ("30.5", Some(Duration::from_millis(30_500))),
        (r#"" 30 ""#, Some(30 * SECOND)),
        (r#""2.5""#, Some(Duration::from_millis(2_500))),
        ("0", None),
        (r#""0""#, None),
        ("-30", None),
        ("1e300", None),
        (r#""soon""#, None),
        (r#""inf""#, None),
        (r#""NaN""#, None),
        ("null", None),
        ("[30]", None),
    ] {
        let body = format!(r#"{{"status":429,"retry_after":{written}}}"#);
        assert_eq!(stated_in(body.as_bytes()), rest, "{written}");
    }
    assert_eq!(stated_in(b"<html>"), None);
}
