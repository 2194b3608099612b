//! `host-harness demo-pbx`, as a person runs it.

use test_support::Home;

use crate::scene::{MACHINE, own_address, programs};

#[tokio::test]
async fn the_whole_thing_on_loopback_tells_the_story_of_each_call() {
    let _quiet = MACHINE.read().await;
    if programs().is_none() {
        return;
    }
    let home = Home::new();
    let listen = format!("{}:0", own_address());
    let arguments = ["demo-pbx", "--once", "--state", "demo", "--server", "127.0.0.1:0", "--listen", &listen];
    let mut command = home.command(arguments);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    for part in [
        "Kamailio takes calls on sip:127.",
        "answered by: +79035550101",
        "busy (SIP 486, Q.850 17)",
        "declined (SIP 603)",
        "contact-not-found (empty-answer)",
        "caller-hidden (caller)",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(said.matches("answered by: queue:sales").count(), 3, "{said}");
    let token = std::fs::read_to_string(home.path("demo/server-token")).unwrap();
    assert!(!said.contains(token.trim()), "{said}");
}
