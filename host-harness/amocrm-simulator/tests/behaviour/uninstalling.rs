//! The integration is switched off by the account (amoCRM facts §5.8), and the one-time tokens of its widget (amoCRM facts §4 B).

use amocrm_simulator::{OAuthApp, Options};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::client::{Bench, at_noon};
use super::oauth::{api, exchange, pair, refresh, with_oauth};

fn hmac(message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(OAuthApp::DEMO_CLIENT_SECRET.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[tokio::test]
async fn every_token_is_revoked_until_a_new_consent() {
    let bench = with_oauth(Options { token: Some("given".to_owned()), ..at_noon() }).await;
    let (access, refresh_token) = pair(&bench).await;
    let code = bench.simulator.authorization_code().unwrap();
    bench.simulator.uninstall().unwrap();
    assert_eq!((api(&bench, &access).await, api(&bench, "given").await), (401, 401));
    let refused = refresh(&bench, &refresh_token).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["hint"]), (401, &json!("Token has been revoked")));
    assert_eq!(exchange(&bench, &code).await.status, 400);
    let (access, _) = pair(&bench).await;
    assert_eq!((api(&bench, &access).await, api(&bench, "given").await), (200, 401));
}

#[tokio::test]
async fn the_hook_is_signed() {
    let bench = with_oauth(at_noon()).await;
    let query = bench.simulator.uninstall().unwrap();
    let signature = base16ct::lower::encode_string(&hmac(&format!("{}|28805383", OAuthApp::DEMO_CLIENT_ID)));
    assert_eq!(query, format!("account_id=28805383&client_uuid={}&signature={signature}", OAuthApp::DEMO_CLIENT_ID));
    assert!(Bench::demo().await.simulator.uninstall().is_err());
}

#[tokio::test]
async fn a_one_time_token_says_whose_widget_it_is() {
    let bench = with_oauth(at_noon()).await;
    let token = bench.simulator.disposable_token(504_142).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    assert_eq!(URL_SAFE_NO_PAD.decode(signature).unwrap(), hmac(signed));
    let decode = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    assert_eq!(decode(header)["alg"], "HS256");
    let mut claims = decode(claims);
    let id = claims.as_object_mut().unwrap().remove("jti").unwrap();
    assert_eq!(
        claims,
        json!({
            "iss": bench.simulator.base_url(), "aud": "http://127.0.0.1:8765", "iat": 1_795_424_400,
            "nbf": 1_795_424_400, "exp": 1_795_426_200, "account_id": 28_805_383, "user_id": 504_142,
            "subdomain": "demo", "client_uuid": OAuthApp::DEMO_CLIENT_ID,
        })
    );
    assert_eq!(id.as_str().unwrap().len(), 36);
    assert_ne!(bench.simulator.disposable_token(504_142).unwrap(), token);
}
