//! The body of the webhook for a change of manager (amoCRM facts §7.5).

use super::client::Bench;

#[tokio::test]
async fn the_body_has_the_contact_with_its_new_manager_and_its_phones() {
    let bench = Bench::demo().await;
    bench.simulator.update(|account| account.contact_mut(14).unwrap().responsible_user_id = Some(504_143));
    let body = bench.simulator.responsible_changed_webhook(14).unwrap();
    let pairs: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let get = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    for (key, value) in [
        ("[id]", "14"),
        ("[responsible_user_id]", "504143"),
        ("[old_responsible_user_id]", "504142"),
        ("[type]", "contact"),
        ("[custom_fields][0][code]", "PHONE"),
        ("[custom_fields][0][values][0][value]", "+7 903 555-03-01"),
        ("[custom_fields][0][values][0][enum]", "193205"),
        ("[custom_fields][0][values][1][value]", "8 (495) 555-03-01"),
        ("[custom_fields][0][values][1][enum]", "193201"),
    ] {
        assert_eq!(get(&format!("contacts[responsible][0]{key}")), Some(value), "{key}");
    }
    assert_eq!((get("account[id]"), get("account[subdomain]")), (Some("28805383"), Some("demo")));
    assert!(body.starts_with("contacts%5Bresponsible%5D%5B0%5D%5Bid%5D=14&"), "{body}");
}

#[tokio::test]
async fn a_lead_that_changed_hands_and_a_deletion_name_no_number() {
    let bench = Bench::demo().await;
    assert!(!bench.simulator.lead_responsible_changed_webhook(9102).unwrap().contains("old_responsible"));
    bench.simulator.update(|account| account.lead_mut(9102).unwrap().responsible_user_id = Some(504_143));
    let lead = bench.simulator.lead_responsible_changed_webhook(9102).unwrap();
    for part in
        ["leads%5Bresponsible%5D%5B0%5D%5Bid%5D=9102&", "5Bold_responsible_user_id%5D=504142&", "account%5Bid%5D="]
    {
        assert!(lead.contains(part), "{part}: {lead}");
    }
    assert!(!lead.contains("custom_fields"), "{lead}");
    assert!(bench.simulator.lead_responsible_changed_webhook(1).unwrap_err().to_string().contains("lead 1"));
    for collection in ["contacts", "companies", "leads"] {
        let deleted = bench.simulator.deleted_webhook(collection, 7);
        assert!(deleted.starts_with(&format!("{collection}%5Bdelete%5D%5B0%5D%5Bid%5D=7&account")), "{deleted}");
        let told = bench.get(&format!("/_simulator/{collection}/7/deleted")).await;
        assert_eq!((told.status.as_u16(), &told.body[..]), (200, deleted.as_bytes()));
    }
}

#[tokio::test]
async fn leads_are_linked_and_phones_may_be_missing() {
    let bench = Bench::demo().await;
    let linked = bench.simulator.responsible_changed_webhook(37).unwrap();
    assert!(linked.contains("linked_leads_id%5D%5B9102%5D%5BID%5D=9102"), "{linked}");
    assert!(!bench.simulator.responsible_changed_webhook(19).unwrap().contains("custom_fields"));
    let message = bench.simulator.responsible_changed_webhook(999).unwrap_err().to_string();
    assert!(message.contains("999"), "{message}");
}
