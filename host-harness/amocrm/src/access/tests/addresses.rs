//! Where tokens go: accounts that are renamed, hosts that are not amoCRM's, and where access ends.

use super::super::account::{Account, Refusal, Said};
use super::super::connecting::ConnectError;
use super::super::token_error::TokenError;
use super::*;
use call::Localized;
use runtime::capabilities::http::AccessTokens;

#[tokio::test]
async fn a_refresh_token_that_is_refused_switches_the_integration_off() {
    let world = World::new();
    let keeper = world.connected().await;
    world.amocrm.0.lock().unwrap().refresh_token = "revoked".to_owned();
    assert_eq!(keeper.refresh_now().await, Err(RefreshError::Off(OffReason::Refused)));
    assert_eq!(world.asked(), [format!("POST {OLD}"), "GET https://api-a.amocrm.ru".to_owned()]);
    world.pass(24);
    assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::NotDue));
    assert!(world.asked().is_empty(), "and nothing is asked any more");
    // Somebody mended it in amoCRM, and says so.
    world.amocrm.0.lock().unwrap().refresh_token = "refresh-1".to_owned();
    assert_eq!(keeper.refresh_now().await, Ok(Refreshed::Here));
    assert!(keeper.is_on());
}

#[tokio::test]
async fn a_renamed_account_is_followed() {
    for gone in [Some(Fate::NotReached), Some(Fate::Status(401)), Some(Fate::Status(302)), None] {
        let world = World::new();
        let keeper = world.connected().await;
        world.amocrm.0.lock().unwrap().address = NEW.to_owned();
        gone.into_iter().for_each(|fate| world.meet(fate));
        assert_eq!(keeper.refresh_now().await, Ok(Refreshed::Moved));
        let asked = [format!("POST {OLD}"), "GET https://api-a.amocrm.ru".to_owned(), format!("POST {NEW}")];
        assert_eq!(world.asked(), asked);
        assert_eq!(keeper.account().unwrap().to_string(), NEW);
        assert_eq!(keeper.current().unwrap().origin().to_string(), NEW);
        assert_eq!(keeper.namespace().unwrap(), "main@https://old.amocrm.ru", "what was kept stays known");
    }
}

#[tokio::test]
async fn an_address_that_does_not_answer_as_an_account_is_looked_up_and_not_all_the_time() {
    let world = World::new();
    let keeper = world.connected().await;
    for (moved, outcome) in [(false, Refreshed::NotDue), (true, Refreshed::Moved)] {
        if moved {
            world.amocrm.0.lock().unwrap().address = NEW.to_owned();
        }
        let token = keeper.current().unwrap();
        keeper.misdirected(&token);
        keeper.misdirected(&token);
        assert_eq!(keeper.refresh_if_due().await, Ok(outcome));
        keeper.misdirected(&token);
        assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::NotDue));
        assert_eq!(world.asked(), ["GET https://api-a.amocrm.ru"]);
        world.pass(1);
        assert_eq!(keeper.account().unwrap().to_string(), if moved { NEW } else { OLD });
    }
    assert_eq!(refresh_token(&keeper), "refresh-1", "nothing was spent");
}

#[tokio::test]
async fn nothing_is_sent_to_a_host_that_is_not_amocrms() {
    for named in ["evil.example", "new.amocrm.ru.evil.example", "new.amocrm.ru:8443", "http://new.amocrm.ru"] {
        let world = World::new();
        let keeper = world.connected().await;
        {
            let mut account = world.amocrm.0.lock().unwrap();
            (account.address, account.named) = (NEW.to_owned(), Some(named.to_owned()));
        }
        let error = keeper.refresh_now().await.unwrap_err();
        assert!(matches!(error, RefreshError::Amocrm(TokenError::Host(_))), "{error}");
        assert_eq!(world.asked(), [format!("POST {OLD}"), "GET https://api-a.amocrm.ru".to_owned()], "{named}");
        assert_eq!(keeper.account().unwrap().to_string(), OLD);
        world.pass(1);
        keeper.misdirected(&keeper.current().unwrap());
        let error = keeper.refresh_if_due().await.unwrap_err();
        assert!(matches!(error, RefreshError::Amocrm(TokenError::Host(_))), "{error}");
        assert_eq!(world.asked(), ["GET https://api-a.amocrm.ru"], "{named}");
        assert_eq!(keeper.account().unwrap().to_string(), OLD);
    }
    let world = World::new();
    let error = world.keeper().connect(consented("https://evil.example")).await.unwrap_err();
    assert!(matches!(error, ConnectError::Amocrm(TokenError::Host(_))), "{error}");
    assert!(world.asked().is_empty());
}

#[tokio::test]
async fn a_fresh_token_that_is_refused_too_means_another_address_or_the_end() {
    for moved in [true, false] {
        let world = World::new();
        let keeper = world.connected().await;
        keeper.refused(&keeper.current().unwrap());
        assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::Here));
        keeper.refused(&keeper.current().unwrap());
        if moved {
            world.amocrm.0.lock().unwrap().address = NEW.to_owned();
            assert_eq!(keeper.refresh_if_due().await, Ok(Refreshed::Moved));
            assert_eq!(keeper.current().unwrap().origin().to_string(), NEW);
        } else {
            assert_eq!(keeper.refresh_if_due().await, Err(RefreshError::Off(OffReason::FreshTokenRefused)));
        }
        let refreshes = world.asked().iter().filter(|asked| asked.starts_with("POST")).count();
        assert_eq!(refreshes, 1, "no refreshing for ever");
    }
}

#[tokio::test]
async fn an_uninstalled_integration_is_off_everywhere_until_a_user_connects() {
    let world = World::new();
    let (one, two) = (world.connected().await, world.keeper());
    two.look().await.unwrap();
    let request = |query: &str| Request::get(format!("/hook?{query}")).body(()).unwrap();
    // HMAC-SHA256 of `client|7` under `client-secret`.
    let signature = "49e77544245a2c9e779529920713d69a5870d5e944391f331c79e5f21f0f916d";
    let accepted = || Said::Accepted(Account { id: 7, name: None, subdomain: None });
    let refused = || Said::Refused(Refusal::Token(Localized::new("", "")));
    let signed = format!("account_id=7&client_uuid=client&signature={signature}");
    for (query, said, status) in [
        ("account_id=7".to_owned(), refused(), 400),
        (format!("account_id=8&client_uuid=client&signature={signature}"), refused(), 403),
        // Sent by somebody who read it in a log, and not by amoCRM.
        (signed.clone(), accepted(), 409),
        (signed.clone(), Said::Unclear(Localized::new("нет ответа", "no answer")), 503),
        (signed.clone(), refused(), 200),
        (signed.clone(), accepted(), 200),
    ] {
        let answer = match uninstall::question(&one, &request(&query)) {
            Ok(_) => uninstall::believed(&one, said).await,
            Err(answer) => answer,
        };
        assert_eq!(answer.0, status, "{query}");
        assert_eq!(one.is_on(), status != 200);
        // Whoever calls again and again does not use up the requests of calls.
        if one.is_on() && query == signed {
            assert_eq!(uninstall::question(&one, &request(&query)).unwrap_err().0, 503);
        }
        world.clock.advance(SignedDuration::from_secs(10));
    }
    assert_eq!(two.refresh_if_due().await, Ok(Refreshed::NotDue));
    assert!(!two.is_on() && two.current().is_none());
    assert_eq!(two.refresh_now().await, Err(RefreshError::Off(OffReason::Uninstalled)));
    assert!(world.asked().is_empty());
    two.connect(consented(OLD)).await.unwrap();
    assert!(two.is_on());
}
