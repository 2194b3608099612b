//! B1 to B4 The optional requests of a lookup, each a setting that is off by default: companies after contacts (B1), the open lead first
//! (B2), refuse deactivated managers (B3). What was found by one combination is never used under another (B4).

use amocrm_simulator::Endpoint;
use jiff::SignedDuration;
use runtime::bindings::telephony::operation::types::SettingValue;
use test_support::{ANNA, CALLER, Outcome, Scene};

/// Known only as company 703, of Boris.
const COMPANY: &str = "8 (495) 555-07-01";
/// Contact 37, of Anna; his open lead 9102 is Boris's.
const WITH_OPEN_LEAD: &str = "+7 903 555-07-02";
/// Contact 38, of Anna; his only lead is won.
const WITH_WON_LEAD: &str = "+7 903 555-07-03";

async fn with(settings: &[&str]) -> Scene {
    let mut scene = Scene::new().await;
    settings.iter().for_each(|key| scene.set(key, SettingValue::Flag(true)));
    scene
}

fn found(outcome: &Outcome) -> [Option<u64>; 3] {
    ["contact_id", "company_id", "lead_id"].map(|key| outcome.detail(key).as_u64())
}

#[tokio::test]
async fn b_by_default_contacts_alone_are_asked_for() {
    for (caller, came_to) in
        [(COMPANY, "contact-not-found"), (WITH_OPEN_LEAD, "anna"), (WITH_WON_LEAD, "anna"), (CALLER, "anna")]
    {
        let scene = with(&[]).await;
        let outcome = scene.call(caller).await;
        assert_eq!(outcome.employee().unwrap_or(outcome.code()), came_to, "{caller}");
        assert_eq!(scene.requests(), [Some(Endpoint::Contacts)], "{caller}");
    }
}

#[tokio::test]
async fn b1_companies_are_searched_where_no_contact_was_found_and_kept_six_hours() {
    let scene = with(&["search_companies"]).await;
    let outcome = scene.call(COMPANY).await;
    assert_eq!((outcome.employee(), found(&outcome)), (Some("boris"), [None, Some(703), None]));
    assert_eq!(scene.requests(), [Some(Endpoint::Contacts), Some(Endpoint::Companies)]);

    scene.advance(SignedDuration::from_hours(6) - SignedDuration::from_secs(1));
    let kept = scene.call(COMPANY).await;
    assert_eq!((kept.employee(), kept.source(), found(&kept)), (Some("boris"), Some("cache"), [None, Some(703), None]));
    assert!(scene.requests().is_empty());

    scene.call(CALLER).await;
    assert_eq!(scene.requests(), [Some(Endpoint::Contacts)], "a contact makes the second search unnecessary");
}

#[tokio::test]
async fn b2_the_open_leads_manager_comes_before_the_contacts() {
    let scene = with(&["open_lead_first"]).await;
    let outcome = scene.call(WITH_OPEN_LEAD).await;
    assert_eq!((outcome.employee(), found(&outcome)), (Some("boris"), [Some(37), None, Some(9_102)]));
    assert_eq!(scene.requests(), [Some(Endpoint::Contacts), Some(Endpoint::Leads)]);
    assert_eq!(scene.call(WITH_OPEN_LEAD).await.employee(), Some("boris"));
    assert!(scene.requests().is_empty());

    let outcome = scene.call(WITH_WON_LEAD).await;
    assert_eq!((outcome.employee(), found(&outcome)), (Some("anna"), [Some(38), None, None]), "a won lead is closed");
}

#[tokio::test]
async fn b2_leads_that_cannot_be_asked_for_are_a_failure_that_is_not_kept() {
    let scene = with(&["open_lead_first"]).await;
    scene.fault("leads:status=500");
    assert_eq!(scene.call(WITH_OPEN_LEAD).await.code(), "crm-error");
    scene.no_faults();
    assert_eq!(scene.call(WITH_OPEN_LEAD).await.source(), Some("crm"));
}

#[tokio::test]
async fn b3_a_manager_who_is_switched_off_in_amocrm_is_refused_and_not_kept() {
    let scene = with(&["refuse_deactivated_managers"]).await;
    scene.simulator.update(|account| account.user_mut(ANNA).expect("a user").is_active = false);
    let outcome = scene.call(CALLER).await;
    assert_eq!((outcome.code(), outcome.class()), ("manager-deactivated", "configuration"));
    assert_eq!(scene.requests(), [Some(Endpoint::Contacts), Some(Endpoint::Users)]);

    scene.simulator.update(|account| account.user_mut(ANNA).expect("a user").is_active = true);
    let outcome = scene.call(CALLER).await;
    assert_eq!((outcome.employee(), outcome.source()), (Some("anna"), Some("crm")));
    scene.requests();
    assert_eq!(scene.call(CALLER).await.source(), Some("cache"));
    assert!(scene.requests().is_empty());
}

#[tokio::test]
async fn b3_a_manager_who_is_no_user_of_the_account_is_refused() {
    let scene = with(&["refuse_deactivated_managers"]).await;
    scene.simulator.update(|account| account.users.retain(|user| user.id != ANNA));
    assert_eq!(scene.call(CALLER).await.code(), "manager-deactivated");
}

#[tokio::test]
async fn b3_without_an_administrators_token_the_details_say_so() {
    let scene = with(&["refuse_deactivated_managers"]).await;
    scene.fault("users:forbidden-403");
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.code(), "access-forbidden");
    assert!(outcome.has_note("administrator-token-needed"));
}

#[tokio::test]
async fn b4_what_one_combination_found_another_does_not_use() {
    let mut scene = with(&[]).await;
    assert_eq!(scene.call(WITH_OPEN_LEAD).await.employee(), Some("anna"));
    scene.set("open_lead_first", SettingValue::Flag(true));
    let outcome = scene.call(WITH_OPEN_LEAD).await;
    assert_eq!((outcome.employee(), outcome.source()), (Some("boris"), Some("crm")));
    scene.set("open_lead_first", SettingValue::Flag(false));
    let outcome = scene.call(WITH_OPEN_LEAD).await;
    assert_eq!((outcome.employee(), outcome.source()), (Some("anna"), Some("cache")));
}
