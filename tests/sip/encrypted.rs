//! Callers and telephones by TLS, as the guide says.

use std::process::Command;

use host_harness::demo_pbx::Kamailio;
use test_support::sip_over_tls::{Certificate, TlsCall, TlsTelephone};
use test_support::{Home, skip};

use crate::scene::{
    CALLED, CALLER, MACHINE, Scene, free_tcp, guide_block, kamailio, own_address, programs, with_lines,
};

/// Whether this machine's Kamailio has the module; its own error says that it has not.
fn speaks_tls(folder: &Home) -> bool {
    let Some(programs) = programs() else { return true };
    folder.write("tls-only.cfg", "loadmodule \"tls.so\"\nrequest_route { exit; }\n");
    let checked = Command::new(&programs.kamailio).arg("-c").arg("-f").arg(folder.path("tls-only.cfg")).output();
    !String::from_utf8_lossy(&checked.expect("it runs").stderr).contains("could not open module")
}

/// The lines of the guide, with a certificate that the test makes. Both sides of Kamailio check the other's.
#[tokio::test]
async fn callers_and_telephones_may_come_over_tls() {
    let _quiet = MACHINE.read().await;
    let address = own_address();
    let folder = Home::bare();
    if !speaks_tls(&folder) {
        skip("SIP over TLS is", "Install Debian's kamailio-tls-modules");
        return;
    }
    let certificate = Certificate::issue(folder.directory(), &[address]);
    let telephone = TlsTelephone::start(address, &certificate).await;
    let over_tls = format!("{};transport=tls", telephone.address);
    let scene = Scene::on(address, "", "[\"101\"]", |configuration| {
        let (before, rest) = configuration.split_once("internal = \"sip:{number}@").expect("its line");
        let (_, rest) = rest.split_once('"').expect("its end");
        format!("{before}internal = \"sip:{{number}}@{over_tls}\"{rest}")
    });
    let Some(scene) = scene.await else { return };
    let tls = free_tcp(address);
    let home = scene.home.path("tls");
    std::fs::create_dir_all(&home).expect("a folder");
    let authorities = certificate.certificate.display().to_string();
    let files = guide_block("## TCP and TLS", "ini")
        .replace("/etc/kamailio/fullchain.pem", &authorities)
        .replace("/etc/kamailio/privkey.pem", &certificate.key.display().to_string())
        .replace("/etc/ssl/certs/ca-certificates.crt", &authorities);
    std::fs::write(home.join("tls.cfg"), files).expect("a file");
    let lines = guide_block("## TCP and TLS", "text")
        .replace("10.0.0.2:5061", &tls.to_string())
        .replace("/etc/kamailio", &home.display().to_string());
    let mut settings = kamailio(&scene.telephony, scene.server.client.server, scene.address);
    settings.configuration = with_lines(&lines).into();
    let kamailio = Kamailio::start(scene.programs, &home, &settings).await.expect("Kamailio");

    let call = TlsCall { from: address, pbx: tls, caller: CALLER, called: CALLED, id: "encrypted" };
    call.make(&certificate).await;
    let (legs, _) = scene.story("encrypted", 1).await;
    assert_eq!(legs, ["101 answered"], "{}", kamailio.said());
    let invites = telephone.invites();
    assert_eq!(invites.len(), 1, "{invites:?}");
    assert!(invites[0].contains("Via: SIP/2.0/TLS "), "{invites:?}");
}
