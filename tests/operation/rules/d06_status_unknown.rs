//! D6 Status unknown: the check failed or timed out.

use std::time::Duration;

use test_support::{CALLER, Scene};

const FAILURES: [&str; 7] = [
    "events:status=503",
    "events:bad-json",
    "account:unauthorized-401",
    "account:wrong-shape",
    "events:close-before-headers",
    "events:too-many-requests-429",
    "account:empty-200",
];

#[tokio::test]
async fn d06_goes_to_the_linked_operation_with_its_own_reason() {
    for fault in FAILURES {
        let mut scene = Scene::new().await;
        scene.integration.configuration.set("consider_manager_status", "true");
        scene.fault(fault);
        let outcome = scene.call(CALLER).await;
        assert_eq!((outcome.code(), outcome.class()), ("status-unknown", "technical-failure"), "{fault}");
        assert_eq!(outcome.detail("manager_status"), "unknown");
        assert!(outcome.has_note("status-check-failed"), "{fault}: the details say why");
    }
}

#[tokio::test]
async fn d06_a_setting_may_forward_all_the_same() {
    for fault in FAILURES {
        let mut scene = Scene::new().await;
        scene.integration.configuration.set("consider_manager_status", "true");
        scene.choose("status_unknown", "forward");
        scene.fault(fault);
        let outcome = scene.call(CALLER).await;
        assert_eq!(outcome.employee(), Some("anna"), "{fault}");
        assert_eq!(outcome.detail("manager_status"), "unknown");
    }
}

#[tokio::test]
async fn d06_a_check_that_times_out_is_unknown_and_never_absent() {
    for (option, code) in [("linked-operation", "status-unknown"), ("forward", "forward")] {
        let mut scene = Scene::new().await;
        scene.integration.configuration.set("consider_manager_status", "true");
        scene.set_waiting_time(Duration::from_millis(500));
        scene.choose("status_unknown", option);
        scene.fault("events:hang");
        assert_eq!(scene.call(CALLER).await.code(), code);
    }
}

#[tokio::test]
async fn d06_a_failed_check_is_made_anew_on_the_next_call() {
    let mut scene = Scene::new().await;
    scene.integration.configuration.set("consider_manager_status", "true");
    scene.fault("account:status=500");
    assert_eq!(scene.call(CALLER).await.code(), "status-unknown");
    scene.no_faults();
    assert_eq!(scene.call(CALLER).await.employee(), Some("anna"));
}
