//! Which header of an INVITE names the caller (rule D1).

use tokio::net::UdpSocket;

use crate::scene::{CALLED, CALLER, MACHINE, Scene};

#[tokio::test]
async fn d01_the_caller_is_the_first_number_that_the_networks_name() {
    let _quiet = MACHINE.read().await;
    let Some(scene) = Scene::new("[\"101\"]").await else { return };
    let named = |user: &str| format!("<sip:{user}@example.org>");
    let asserted = |user: &str| format!("P-Asserted-Identity: <sip:{user}@example.org>\r\n");
    let remote = |user: &str, privacy: &str| format!("Remote-Party-ID: <sip:{user}@example.org>;privacy={privacy}\r\n");
    let cases = [
        ("a number", named(CALLER), String::new(), Some(CALLER)),
        ("percent-encoded", named("%2B79161234567"), String::new(), Some("%2B79161234567")),
        ("the login of a line is asserted", named(CALLER), asserted("office"), Some(CALLER)),
        ("a number is asserted", named("office"), asserted(CALLER), Some(CALLER)),
        (
            "a login and a number are asserted",
            named("line17"),
            format!("P-Asserted-Identity: \"Smith, <A>\" <sip:office@example.org>, <tel:{CALLER}>\r\n"),
            Some(CALLER),
        ),
        (
            "a login and a number are asserted, in a header each",
            named("line17"),
            format!("{}P-Asserted-Identity: tel:{CALLER}\r\n", asserted("office")),
            Some(CALLER),
        ),
        (
            "two numbers are asserted",
            named("line17"),
            format!("P-Asserted-Identity: <sip:{CALLER}@example.org;user=phone>, <tel:+79035550101>\r\n"),
            Some(CALLER),
        ),
        ("nothing but logins", named(CALLER), format!("{}{}", asserted("office"), asserted("line17")), Some(CALLER)),
        ("an older PBX", named("line17"), remote(CALLER, "off"), Some(CALLER)),
        ("an older PBX that hides its caller", named("line17"), remote(CALLER, "full"), None),
        ("hidden by the network", named(CALLER), format!("{}Privacy: id\r\n", asserted(CALLER)), None),
        ("anonymous", "<sip:c8oq@anonymous.invalid>".to_owned(), String::new(), None),
        (
            "a local number with its context",
            "<tel:9161234567;phone-context=+7>".to_owned(),
            String::new(),
            Some("tel:9161234567;phone-context=+7"),
        ),
    ];
    let socket = UdpSocket::bind((scene.address, 0)).await.unwrap();
    let (here, there) = (socket.local_addr().unwrap(), scene.kamailio.address());
    for (position, (what, from, headers, expected)) in cases.into_iter().enumerate() {
        let call = format!("named-{position}");
        let invite = format!(
            "INVITE sip:{CALLED}@{there} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK-{call}\r\nFrom: {from};tag={call}\r\n\
             To: <sip:{CALLED}@{there}>\r\nCall-ID: {call}\r\nCSeq: 1 INVITE\r\nContact: <sip:caller@{here}>\r\n{headers}\
             Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        );
        socket.send_to(invite.as_bytes(), there).await.unwrap();
        let (legs, kept) = scene.story(&call, 1).await;
        assert_eq!(legs, [if expected.is_some() { "101 answered" } else { "queue:sales answered" }], "{what}: {kept}");
        assert_eq!(kept["call"]["caller"].as_str(), expected, "{what}");
    }
}
