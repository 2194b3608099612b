//! What the guide says to do, done: with Asterisk as Debian has it, and with the shapes of FreePBX's and MikoPBX's dialplans.

use std::process::Command;
use std::time::Duration;

use crate::scene::{Office, Scene, Way, has_legs, legs};

const GUIDE: &str = include_str!("../../host-harness/pbx/asterisk/README.md");

/// The first block of this language behind a heading.
pub(crate) fn block(heading: &str, language: &str) -> &'static str {
    let section = GUIDE.split_once(&format!("\n{heading}\n")).expect("the heading").1;
    let block = section.split_once(&format!("```{language}\n")).expect("a block").1;
    block.split_once("```").expect("its end").0
}

#[tokio::test]
async fn the_guides_commands_put_the_files_where_they_belong() {
    let office = Office { numbers: "[\"103\"]", whole: Some("[globals]\nOWN=1\n{office}"), ..Office::default() };
    let Some(scene) = Scene::with(office).await else { return };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = format!("{}:{}", scene.commands.display(), path.to_string_lossy());
    let mut said = String::new();
    for command in block("## Put the files in", "sh").lines() {
        let here = command.replace("/etc/asterisk", &scene.asterisk.etc().display().to_string());
        // The user of the package is not on every machine.
        let here = here.replace("chown root:asterisk ", "true ");
        let mut shell = Command::new("sh");
        shell.args(["-c", &here]).current_dir(scene.home.path("")).env("PATH", &path);
        let ended = shell.output().expect("a shell");
        assert!(ended.status.success(), "{command}: {}", String::from_utf8_lossy(&ended.stderr));
        said += &String::from_utf8_lossy(&ended.stdout);
    }
    assert!(said.contains("Context 'ring-the-manager' created by 'pbx_config'"), "{said}");
    for way in [Way::Agi, Way::Http] {
        let kept = scene.call(way, has_legs(2)).await;
        assert_eq!(legs(&kept), ["103 busy", "queue:sales answered"], "{way:?}");
    }
    assert_eq!(scene.asterisk.errors(), [""; 0]);
}

/// FreePBX's files include extensions_custom.conf, and an inbound route leads to a custom destination. The real FreePBX was not tried.
#[tokio::test]
async fn the_recipe_for_freepbx_fits_a_dialplan_of_its_shape() {
    let whole = "[general]\n[globals]\nAMPUSER=asterisk\n#include extensions_custom.conf\n\
                 [from-trunk]\nexten => _[+0-9].,1,Set(__FROM_DID=${EXTEN})\n same => n,Goto(ext-did,${EXTEN},1)\n\
                 [ext-did]\nexten => _[+0-9].,1,Goto(DESTINATION)\n\
                 [ext-queues]\nexten => 600,1,Answer()\n same => n,Queue(600,,,,20)\n same => n,Hangup()\n{office}";
    let destination = GUIDE.lines().find_map(|line| line.split("`personal-manager,").nth(1)?.split('`').next());
    let destination = format!("personal-manager,{}", destination.expect("the custom destination"));
    let custom = block("### FreePBX", "ini");
    let ours = include_str!("../../host-harness/pbx/asterisk/extensions.conf");
    let office = Office {
        numbers: "[\"103\"]",
        whole: Some(&whole.replace("DESTINATION", &destination)),
        contexts: Some(["from-trunk", "from-trunk"]),
        files: &[
            ("extensions_custom.conf", custom),
            ("extensions_host_harness.conf", ours),
            ("queues.conf", "[general]\n[600]\nstrategy = ringall\nmember => Local/101@office\n"),
        ],
        ..Office::default()
    };
    let Some(scene) = Scene::with(office).await else { return };
    scene.talk(Way::Agi, Duration::from_secs(2)).await;
    let kept = scene.until(has_legs(2)).await;
    assert_eq!(legs(&kept), ["103 busy", "queue:sales answered"]);
    assert_eq!(kept["call"]["called"], crate::scene::CALLED);
    assert_eq!(scene.asterisk.errors(), [""; 0]);
}

/// MikoPBX's file is one, to which lines are added; the context of a trunk goes to one of its name with `-custom` where there is one. The real
/// MikoPBX was not tried.
#[tokio::test]
async fn the_recipe_for_mikopbx_fits_a_dialplan_of_its_shape() {
    let added = block("### MikoPBX", "ini");
    let whole = format!(
        "[globals]\nTRANSFER_CONTEXT=internal-transfer\n[general]\n[SIP-TRUNK-1234-incoming]\n\
         exten => _X!,1,NoOp(--- Incoming call ---)\n same => n,Set(CHANNEL(hangup_handler_wipe)=hangup_handler,s,1)\n\
         same => n,Set(__FROM_DID=${{EXTEN}})\n\
         same => n,GosubIf($[\"${{DIALPLAN_EXISTS(${{CONTEXT}}-custom,${{EXTEN}},1)}}\" == \"1\"]?${{CONTEXT}}-custom,${{EXTEN}},1)\n\
         same => n,Hangup()\n[hangup_handler]\nexten => s,1,Return()\n\
         [internal]\nexten => 2000,1,Dial(Local/101@office,20)\n{{office}}\n{{dialplan}}\n{added}"
    );
    let office = Office {
        numbers: "[\"103\"]",
        whole: Some(&whole),
        contexts: Some(["SIP-TRUNK-1234-incoming", "SIP-TRUNK-1234-incoming"]),
        ..Office::default()
    };
    let Some(scene) = Scene::with(office).await else { return };
    let kept = scene.call(Way::Agi, has_legs(2)).await;
    assert_eq!(legs(&kept), ["103 busy", "queue:sales answered"]);
    assert_eq!(scene.asterisk.errors(), [""; 0]);
}
