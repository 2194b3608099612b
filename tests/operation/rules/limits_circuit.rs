//! The circuit: when amoCRM says that enough is enough, calls go to the linked operation at once, and no request is spent.

use std::time::Duration;

use call::Language;
use runtime::capabilities::http::CircuitSettings;
use test_support::{CALLER, Scene};

const UNKNOWN: &str = "+7 495 000-00-99";

/// Open for an hour, or hardly at all.
fn lasting(time: Duration) -> CircuitSettings {
    CircuitSettings { limited: time, limited_most: time, blocked: time, blocked_most: time }
}

#[tokio::test]
async fn limits_after_a_refusal_the_next_call_is_refused_here_and_the_details_name_the_circuit() {
    for (fault, code, cause, words) in [
        ("too-many-requests-429", "rate-limited", "rate-limited", "too many requests, 429"),
        ("too-many-requests-429=json", "rate-limited", "rate-limited", "too many requests, 429"),
        ("html-403", "access-forbidden", "blocked", "the account is blocked, 403"),
    ] {
        let mut scene = Scene::new().await;
        scene.integration.circuit = lasting(Duration::from_secs(3600));
        scene.fault(&format!("contacts:{fault},times=1"));
        let line = scene.line(&scene.integrate()).await;
        let opens = line.call(CALLER).await;
        assert_eq!((opens.code(), &opens.exchanges()[0]["sent"]), (code, &true.into()), "{fault}");
        assert_eq!(opens.exchanges()[0]["circuit"], "open", "{fault}");
        for caller in [CALLER, UNKNOWN] {
            let refused = line.call(caller).await;
            assert_eq!(refused.code(), code, "{fault}: {}", refused.json);
            let exchange = &refused.exchanges()[0];
            assert_eq!((&exchange["sent"], &exchange["refused"]), (&false.into(), &"circuit".into()), "{fault}");
            assert_eq!((&exchange["circuit"], &exchange["circuit_cause"]), (&"open".into(), &cause.into()), "{fault}");
            assert!(exchange["circuit_again_ms"].as_u64().is_some_and(|again| again > 60_000), "{exchange}");
            let text = refused.resolved.text(Language::En).to_string();
            assert!(text.contains("requests to amoCRM are paused") && text.contains(words), "{text}");
        }
        assert_eq!(scene.simulator.count(), 1, "{fault}: nothing more was spent");
    }
}

#[tokio::test]
async fn limits_when_the_time_is_over_one_probe_goes_out_and_closes_it() {
    for fault in ["too-many-requests-429", "html-403"] {
        let mut scene = Scene::new().await;
        scene.integration.circuit = lasting(Duration::from_millis(100));
        scene.fault(&format!("contacts:{fault},times=2"));
        let line = scene.line(&scene.integrate()).await;
        let mut refused_there = 0;
        // The second refusal is that of the first probe.
        loop {
            let outcome = line.call(CALLER).await;
            if outcome.employee() == Some("anna") {
                assert_eq!(outcome.exchanges()[0]["circuit"], "closed", "{fault}");
                break;
            }
            refused_there += u64::from(outcome.exchanges()[0]["sent"] == true);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!((refused_there, scene.simulator.count()), (2, 3), "{fault}");
    }
}

#[tokio::test]
async fn limits_a_403_about_rights_concerns_that_request_alone() {
    for fault in ["forbidden-403", "ip-403"] {
        let scene = Scene::new().await;
        scene.fault(&format!("contacts:{fault},times=1"));
        let line = scene.line(&scene.integrate()).await;
        let forbidden = line.call(CALLER).await;
        assert_eq!((forbidden.code(), &forbidden.exchanges()[0]["circuit"]), ("access-forbidden", &"closed".into()));
        assert_eq!(line.call(CALLER).await.employee(), Some("anna"), "{fault}");
    }
}
