//! One question at a time: calls that ask the same at once share one request and nothing else.

use std::time::Duration;

use call::Language;
use test_support::{CALLER, Scene};

#[tokio::test(flavor = "multi_thread")]
async fn limits_twenty_calls_of_one_number_at_once_are_one_request() {
    let mut scene = Scene::new().await;
    scene.set_waiting_time(Duration::from_secs(20));
    scene.fault("contacts:delay-headers=500ms");
    let line = scene.line(&scene.integrate()).await;
    let calls: Vec<_> = (0..20).map(|_| line.call_beside(CALLER)).collect();
    let (mut sent, mut shared) = (0, 0);
    for call in calls {
        let outcome = call.await.expect("a call that was resolved");
        assert_eq!(outcome.employee(), Some("anna"), "{}", outcome.json);
        // On a very busy machine one may come so late that it finds the manager kept.
        let Some(exchange) = outcome.exchanges().first() else { continue };
        sent += u64::from(exchange["sent"] == true);
        if exchange["shared"] == true {
            shared += 1;
            let text = outcome.resolved.text(Language::En).to_string();
            assert!(text.contains("another call was already asking /api/v4/contacts"), "{text}");
        }
    }
    assert_eq!((scene.simulator.count(), sent), (1, 1));
    assert!(shared > 1, "{shared} shared it");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_who_shares_an_answer_keeps_its_own_waiting_time() {
    for hasty_first in [true, false] {
        let mut scene = Scene::new().await;
        scene.fault("contacts:delay-headers=1500ms");
        let integration = scene.integrate();
        scene.set_waiting_time(Duration::from_secs(20));
        let patient = scene.line(&integration).await;
        scene.set_waiting_time(Duration::from_millis(500));
        let hasty = scene.line(&integration).await;
        let (first, second) = if hasty_first { (&hasty, &patient) } else { (&patient, &hasty) };
        let first = first.call_beside(CALLER);
        while scene.simulator.count() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let second = second.call(CALLER).await;
        let first = first.await.expect("a call that was resolved");
        let (gave_up, waited) = if hasty_first { (&first, &second) } else { (&second, &first) };
        assert_eq!(gave_up.code(), "no-answer-in-time", "{}", gave_up.json);
        assert_eq!(waited.employee(), Some("anna"), "{}", waited.json);
        assert_eq!((&first.exchanges()[0]["sent"], &second.exchanges()[0]["shared"]), (&true.into(), &true.into()));
        assert_eq!(scene.simulator.count(), 1);
    }
}
