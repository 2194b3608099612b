//! When tokens are refreshed, by whom, and what becomes of them.

use std::time::Duration;

use super::super::keeper::Due;
use super::super::ledger::LedgerError;
use super::super::token_error::{SecretUse, TokenError};
use super::*;
use runtime::capabilities::http::AccessTokens;

#[tokio::test]
async fn a_user_connects_and_the_token_is_refreshed_at_two_thirds_of_its_life() {
    let world = World::new();
    let keeper = world.keeper();
    keeper.look().await.unwrap();
    assert!(!keeper.is_on() && keeper.current().is_none());
    let grant = keeper.connect(consented(OLD)).await.unwrap();
    assert_eq!((grant.expires_at.to_string().as_str(), grant.account_id), ("2026-11-23T09:00:00Z", Some(7)));
    assert_eq!((grant.namespace.as_str(), grant.clock_behind_seconds), ("main@https://old.amocrm.ru", 7));
    assert_eq!(keeper.current().unwrap().origin().to_string(), OLD);

    for _ in 0..3 {
        world.asked();
        assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::NotDue));
        world.clock.advance(SignedDuration::from_secs(16 * 3_600 - 1));
        assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::NotDue));
        assert!(world.asked().is_empty());
        world.pass(1);
        assert_eq!(keeper.due(), Some(Due::Age));
        let before = keeper.current().unwrap();
        assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::Here));
        assert_eq!(world.asked(), [format!("POST {OLD}")]);
        assert_ne!(keeper.current().unwrap(), before);
    }
    assert_eq!(refresh_token(&keeper), "refresh-4");
}

#[tokio::test]
async fn a_refusal_that_many_calls_met_is_one_refresh_and_never_in_the_call() {
    let world = World::new();
    let keeper = world.connected().await;
    let token = keeper.current().unwrap();
    for _ in 0..20 {
        keeper.refused(&token);
    }
    assert!(world.asked().is_empty());
    assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::Here));
    // A call that began with the old token and hears of its refusal only now.
    keeper.refused(&token);
    assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::NotDue));
    assert_eq!(world.asked().len(), 1);
}

#[tokio::test]
async fn a_refused_token_that_another_process_has_replaced_is_not_refreshed_again() {
    let world = World::new();
    let one = world.connected().await;
    let two = world.keeper();
    two.look().await.unwrap();
    two.refused(&two.current().unwrap());
    assert_eq!(one.refresh_now().await, Ok(Refreshed::Here));
    assert_eq!(two.refresh_if_due().await, Ok(Refreshed::NotDue));
    assert_eq!(two.current(), one.current());
    assert_eq!(world.asked().len(), 1);
}

#[tokio::test]
async fn two_processes_at_once_spend_one_token_and_the_loser_takes_the_winners() {
    let world = World::new();
    let one = Arc::new(world.connected().await);
    let two = world.keeper();
    let go_on = Arc::new(tokio::sync::Notify::new());
    world.amocrm.0.lock().unwrap().hang = Some(Arc::clone(&go_on));
    let winner = tokio::spawn({
        let one = Arc::clone(&one);
        async move { one.refresh_now().await }
    });
    while !world.record().await.contains("holder") {
        tokio::task::yield_now().await;
    }
    let (lost, ()) = tokio::join!(two.refresh_now(), async {
        tokio::time::sleep(Duration::from_millis(250)).await;
        go_on.notify_one();
    });
    assert_eq!((winner.await.unwrap(), lost), (Ok(Refreshed::Here), Ok(Refreshed::Elsewhere)));
    assert_eq!(world.asked().len(), 1);
    assert_eq!(refresh_token(&two), "refresh-2");
}

#[tokio::test]
async fn a_lease_is_waited_for_within_bounds_and_taken_over_when_it_has_expired() {
    let world = World::new();
    let one = Arc::new(world.connected().await);
    // A process that dies between amoCRM's answer and the write.
    world.amocrm.0.lock().unwrap().hang = Some(Arc::default());
    let dying = tokio::spawn({
        let one = Arc::clone(&one);
        async move { one.refresh_now().await }
    });
    while !world.record().await.contains("holder") {
        tokio::task::yield_now().await;
    }
    dying.abort();
    let mut two = world.keeper();
    two.wait = Duration::from_millis(300);
    assert!(matches!(two.refresh_now().await, Err(RefreshError::Busy)));
    assert!(world.asked().is_empty());
    world.clock.advance(SignedDuration::from_secs(91));
    // It had not got as far as spending the token.
    assert_eq!(two.refresh_now().await, Ok(Refreshed::Here));
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_once_more_and_then_the_integration_is_off() {
    let world = World::new();
    let keeper = world.connected().await;
    world.meet(Fate::AnswerLost);
    let lost = keeper.refresh_now().await.unwrap_err();
    assert!(matches!(lost, RefreshError::Amocrm(TokenError::Unanswered(_))), "{lost}");
    assert!(keeper.is_on(), "the access token lives on");
    // Another process finds the mark.
    let next = world.keeper();
    assert_eq!(next.refresh_now().await, Err(RefreshError::Off(OffReason::AnswerLost)));
    assert!(!next.is_on() && next.current().is_none());
    assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::NotDue));
    assert!(!keeper.is_on(), "and the first one sees it");
    // Connecting switches it on again.
    keeper.connect(consented(OLD)).await.unwrap();
    assert!(keeper.is_on() && keeper.current().is_some());
}

#[tokio::test]
async fn a_lost_answer_may_be_made_up_for_where_the_old_token_still_works() {
    let world = World::new();
    let keeper = world.connected().await;
    world.meet(Fate::AnswerLost);
    keeper.refresh_now().await.unwrap_err();
    // Kommo: the old token works until the new one is used.
    world.amocrm.0.lock().unwrap().refresh_token = "refresh-1".to_owned();
    assert_eq!(keeper.refresh_now().await, Ok(Refreshed::Here));
    assert!(keeper.grant().unwrap().unanswered_since.is_none());
}

#[tokio::test]
async fn failures_are_tried_again_later_and_later_and_change_nothing() {
    let world = World::new();
    let keeper = world.connected().await;
    world.pass(20);
    for fate in [Fate::NotReached, Fate::Status(500), Fate::Status(429), Fate::Status(403), Fate::Status(400)] {
        world.meet(fate);
        let error = keeper.refresh_if_due().await.unwrap_err();
        assert!(matches!(error, RefreshError::Amocrm(_)), "{error}");
        assert!(keeper.is_on() && keeper.grant().unwrap().unanswered_since.is_none());
        assert!(keeper.grant().unwrap().failure.is_some());
        assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::NotDue), "not at once");
        world.clock.advance(SignedDuration::from_secs(100));
    }
    assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::Here));
    assert!(keeper.grant().unwrap().failure.is_none());
}

#[tokio::test]
async fn keys_that_amocrm_does_not_accept_spend_nothing_and_it_heals_once_they_are_right() {
    let world = World::new();
    let keeper = world.connected().await;
    world.pass(20);
    let token = keeper.current();
    for wait in [6, 12, 24] {
        world.meet(Fate::Status(401));
        let error = keeper.refresh_if_due().await.unwrap_err();
        assert_eq!(error, RefreshError::Amocrm(TokenError::WrongKeys(SecretUse::Unknown)));
        assert!(error.to_string().contains("check `client_secret`"), "{error}");
        assert!(keeper.is_on() && keeper.current() == token, "the token in hand is used on");
        let grant = keeper.grant().unwrap();
        assert!(grant.unanswered_since.is_none() && grant.failure.as_ref().is_some_and(|failure| failure.needs_user));
        let action = Standing::of_kept("main", &keeper, Ok(()), "connect").action.unwrap();
        assert!(action.contains("`client_secret`") && action.contains("tried again by itself"), "{action}");
        assert!(!action.contains("revoked"), "{action}");
        assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::NotDue), "not at once");
        world.clock.advance(SignedDuration::from_secs(wait));
    }
    assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::Here));
    assert_eq!((refresh_token(&keeper).as_str(), keeper.grant().unwrap().failure), ("refresh-2", None));
    assert_eq!(Standing::of_kept("main", &keeper, Ok(()), "connect").action, None);
}

#[tokio::test]
async fn keys_that_amocrm_does_not_accept_hide_no_lost_answer() {
    let world = World::new();
    let keeper = world.connected().await;
    world.meet(Fate::AnswerLost);
    keeper.refresh_now().await.unwrap_err();
    world.meet(Fate::Status(401));
    assert_eq!(keeper.refresh_now().await, Err(RefreshError::Amocrm(TokenError::WrongKeys(SecretUse::Unknown))));
    assert!(keeper.grant().unwrap().unanswered_since.is_some());
    assert_eq!(keeper.refresh_now().await, Err(RefreshError::Off(OffReason::AnswerLost)));
}

#[tokio::test]
async fn o6_a_revoked_access_is_off_and_other_refusals_are_named_and_tried_again() {
    for (fate, error) in [
        (Fate::Hint(401, "Token has been revoked"), RefreshError::Off(OffReason::Refused)),
        (Fate::Hint(401, "Cannot decrypt the refresh token"), RefreshError::Off(OffReason::Refused)),
        (
            Fate::Hint(401, "Check the `client_secret` parameter"),
            RefreshError::Amocrm(TokenError::WrongKeys(SecretUse::Unknown)),
        ),
        (Fate::Hint(400, "Send request to account"), RefreshError::Amocrm(TokenError::AnotherAccount)),
        (Fate::Hint(400, "Check the `client_id` parameter"), RefreshError::Amocrm(TokenError::Misconfigured)),
        (Fate::Status(402), RefreshError::Amocrm(TokenError::Unpaid)),
        (Fate::Status(403), RefreshError::Amocrm(TokenError::Failed(403))),
    ] {
        let world = World::new();
        let keeper = world.connected().await;
        world.meet(fate);
        assert_eq!(keeper.refresh_now().await, Err(error.clone()));
        assert_eq!(keeper.is_on(), matches!(error, RefreshError::Amocrm(_)), "{error}");
        let needs_user = !matches!(error, RefreshError::Amocrm(TokenError::Failed(_)));
        let action = Standing::of_kept("main", &keeper, Ok(()), "connect").action;
        assert_eq!(action.is_some(), needs_user, "{action:?}");
    }
    assert!(TokenError::AnotherAccount.to_string().contains("check `account`"));
    assert!(TokenError::Unpaid.to_string().contains("pay for it"));
}

#[tokio::test]
async fn a_lifetime_is_taken_however_it_is_written_and_no_pair_is_thrown_away_for_it() {
    for (written, seconds) in [
        (json!(3_600), 3_600),
        (json!("3600"), 3_600),
        (json!(" 3600 "), 3_600),
        (json!(3_600.5), 3_600),
        (json!("3600.9"), 3_600),
        (json!("3.6e3"), 3_600),
        (Value::Null, 86_400),
        (json!(0), 86_400),
        (json!(-1), 86_400),
        (json!(1e300), 86_400),
        (json!(u64::MAX), 86_400),
        (json!("soon"), 86_400),
        (json!("inf"), 86_400),
        (json!("-3600"), 86_400),
        (json!("0"), 86_400),
        (json!("-0.5"), 86_400),
        (json!("99999999999999999999"), 86_400),
        (json!("3600 s"), 86_400),
        (json!(""), 86_400),
        (json!(true), 86_400),
        (json!(0.4), 86_400),
        (json!([3_600]), 86_400),
    ] {
        let world = World::new();
        world.amocrm.0.lock().unwrap().expires_in = Some(written.clone());
        let keeper = world.connected().await;
        assert_eq!(keeper.grant().unwrap().lifetime().as_secs(), seconds, "{written}");
        assert_eq!(keeper.refresh_now().await, Ok(Refreshed::Here), "{written}");
    }
}

#[tokio::test]
async fn a_clock_that_is_moved_neither_keeps_a_token_for_ever_nor_a_lease() {
    let world = World::new();
    let keeper = world.connected().await;
    world.pass(-48);
    assert_eq!(keeper.due(), Some(Due::Age), "a token from the future");
    assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::Here));
    assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::NotDue));
}

#[tokio::test]
async fn new_tokens_that_the_store_does_not_take_are_in_force_and_are_written_when_it_does() {
    let world = World::new();
    world.connected().await;
    let mut keeper = world.keeper();
    keeper.ledger.patience = Duration::from_millis(60);
    keeper.look().await.unwrap();
    let before = keeper.current().unwrap();
    // The mark is written, the tokens are not.
    world.store.fail_swaps_after(1);
    let error = keeper.refresh_now().await.unwrap_err();
    assert!(matches!(error, RefreshError::NotWritten(LedgerError::Store(_))), "{error}");
    assert_ne!(keeper.current().unwrap(), before, "calls have the new token");
    assert!(keeper.refresh_if_due().await.is_err());
    assert_ne!(keeper.current().unwrap(), before);
    world.store.heal();
    assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::NotDue));
    assert_eq!(world.asked().len(), 1, "one refresh in all");
    let next = world.keeper();
    next.look().await.unwrap();
    assert_eq!((next.current(), refresh_token(&next)), (keeper.current(), "refresh-2".to_owned()));
}

#[tokio::test]
async fn o6_a_disconnect_in_the_middle_of_a_refresh_leaves_no_token_anywhere() {
    let world = World::new();
    let keeper = Arc::new(world.connected().await);
    let go_on = Arc::new(tokio::sync::Notify::new());
    world.amocrm.0.lock().unwrap().hang = Some(Arc::clone(&go_on));
    let refreshing = tokio::spawn({
        let keeper = Arc::clone(&keeper);
        async move { keeper.refresh_now().await }
    });
    while !world.record().await.contains("holder") {
        tokio::task::yield_now().await;
    }
    assert_eq!(keeper.disconnect().await, Ok(true));
    go_on.notify_one();
    let _ = refreshing.await.unwrap();
    assert!(!keeper.is_on() && keeper.current().is_none());
    let record = world.record().await;
    assert!(!record.contains("refresh-") && !record.contains("e30."), "{record}");
    assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::NotDue));
    assert_eq!(keeper.refresh_now().await, Err(RefreshError::Off(OffReason::Disconnected)));
    assert_eq!(keeper.disconnect().await, Ok(false), "it was forgotten before");
    let namespace = keeper.namespace();
    keeper.connect(consented(OLD)).await.unwrap();
    assert!(keeper.is_on() && keeper.namespace() == namespace, "the same account finds its values");
}
