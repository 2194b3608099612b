//! A wrong client secret while the server runs: named, harmless while the access token lasts, and mended without a restart.

use amocrm_simulator::{OAuthApp, Options, Simulator};
use serde_json::{Value, json};
use test_support::client::{PATIENCE, TOKEN};
use test_support::{CALLER, Home};

use crate::scene::until;

#[tokio::test(flavor = "multi_thread")]
async fn a_client_secret_that_is_corrected_in_its_file_is_used_without_a_restart() {
    let options = Options { oauth: Some(OAuthApp::demo()), ..Options::default() };
    let simulator = Simulator::start(options).await.expect("the simulator starts on loopback");
    let home = Home::new();
    home.has_run("kept");
    let write = |name: &str, text: &str| home.write(name, text);
    write("server-token", TOKEN);
    write("client-secret", OAuthApp::DEMO_CLIENT_SECRET);
    let (client_id, redirect_uri) = (OAuthApp::DEMO_CLIENT_ID, OAuthApp::DEMO_REDIRECT_URI);
    let config = format!(
        "[[integration]]\naccount = \"{}\"\nclient_id = \"{client_id}\"\nclient_secret = \"file:client-secret\"\n\
         redirect_uri = \"{redirect_uri}\"\ngranted = [\"http://{}\"]\n\
         plain_http = \"granted\"\nprivate_addresses = \"granted\"\nrequests_per_second = 50\n\
         [[integration.employee]]\nid = \"anna\"\namocrm_user = 504141\nnumbers = [\"101\"]\n\
         [[operation]]\nlinked_operation = \"queue:sales\"\n[server]\ntoken = \"file:server-token\"\n",
        simulator.base_url(),
        simulator.api_domain().expect("with OAuth"),
    );
    write("config.toml", &config);
    let run = |arguments: &[&str]| {
        let ended = home.run([arguments, &["--config", "config.toml", "--state", "kept"]].concat());
        (ended.code, format!("{}{}", ended.stdout, ended.stderr))
    };
    let code = simulator.authorization_code().expect("with OAuth");
    assert_eq!(run(&["connect", "--code", &code]).0, Some(0));
    let process = home.serve(&["--config", "config.toml", "--state", "kept", "--log", "info"]);
    let call = json!({"caller": CALLER});
    let action = async || -> Value {
        process.client.get("/v1/state").await.json()["integrations"][0]["access"]["action"].clone()
    };

    // Somebody made another secret, and amoCRM refuses the token before its time.
    write("client-secret", "showed-before");
    simulator.add_fault("contacts:unauthorized-401".parse::<amocrm_simulator::FaultRule>().expect("a fault"));
    assert_eq!(process.client.call(&call).await.reason(), "credentials-rejected");
    process.logs("check `client_secret`").await;
    let said = process.stderr();
    let line = said.lines().find(|line| line.contains("check `client_secret`")).expect("the line");
    assert!(line.contains("WARN integration{id=\"main\"}"), "it says whose it is: {line}");
    let named = action().await;
    let named = named.as_str().expect("something to do");
    assert!(named.contains("check `client_secret`") && named.contains("read again before each attempt"), "{named}");
    let (code, said) = run(&["access", "--offline"]);
    assert!(code == Some(2) && said.contains(named), "{said}");
    assert!(simulator.refreshes().succeeded == 0 && simulator.refreshes().refused > 0);
    // The token in hand is used while it lasts.
    simulator.set_faults(Vec::new());
    assert_eq!(process.client.call(&call).await.goes_to(), "anna");

    write("client-secret", OAuthApp::DEMO_CLIENT_SECRET);
    until(|| simulator.refreshes().succeeded == 1).await;
    let healed = async { while !action().await.is_null() {} };
    tokio::time::timeout(PATIENCE, healed).await.expect("nothing is left to do");
    process.logs("the secret has changed").await;
    let log = process.stderr();
    assert!(![OAuthApp::DEMO_CLIENT_SECRET, "showed-before"].iter().any(|secret| log.contains(secret)), "{log}");
}
