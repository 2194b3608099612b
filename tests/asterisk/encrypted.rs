//! A trunk and a telephone over TLS, with the lines of the guide.

use std::net::TcpListener;

use test_support::Home;
use test_support::sip_over_tls::{Certificate, TlsCall, TlsTelephone};

use crate::guide::block;
use crate::scene::{CALLED, CALLER, Office, Scene, has_legs, legs, own_address};

/// The trunk calls over TLS, and the telephone is rung over TLS; each side checks the other's certificate.
#[tokio::test]
async fn callers_and_telephones_may_come_over_tls() {
    let (folder, address) = (Home::bare(), own_address());
    let certificate = Certificate::issue(folder.directory(), &[address]);
    let telephone = TlsTelephone::start(address, &certificate).await;
    let listening = TcpListener::bind((address, 0)).and_then(|listener| listener.local_addr()).expect("a port");
    let files = certificate.certificate.display().to_string();
    let transport = block("## Over TLS", "ini")
        .replace("0.0.0.0:5061", &listening.to_string())
        .replace("/etc/asterisk/keys/fullchain.pem", &files)
        .replace("/etc/asterisk/keys/privkey.pem", &certificate.key.display().to_string())
        .replace("/etc/ssl/certs/ca-certificates.crt", &files);
    let pjsip = format!(
        "{transport}\n[from-tls]\ntype = identify\nendpoint = trunk-agi\nmatch = {address}\n\
         [telephones]\ntype = endpoint\ncontext = office\ndisallow = all\nallow = alaw\ndirect_media = no\naors = telephones\n\
         [telephones]\ntype = aor\ncontact = sip:{}\\;transport=tls\n",
        telephone.address
    );
    let internal = Some("PJSIP/{number}@telephones");
    let Some(scene) = Scene::with(Office { numbers: "[\"101\"]", pjsip: &pjsip, internal, ..Office::default() }).await
    else {
        return;
    };
    let call = TlsCall { from: address, pbx: listening, caller: CALLER, called: CALLED, id: "encrypted" };
    call.make(&certificate).await;
    let kept = scene.until(has_legs(1)).await;
    assert_eq!(legs(&kept), ["101 answered"], "{}", scene.asterisk.said());
    let invites = telephone.invites();
    assert_eq!(invites.len(), 1, "{invites:?}");
    assert!(invites[0].contains("Via: SIP/2.0/TLS "), "{invites:?}");
    assert_eq!(scene.asterisk.errors(), [""; 0]);
}
