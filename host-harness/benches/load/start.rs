//! From the start of the program to its first resolved call, with and without a compiled component on disk.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use test_support::binary::binary;

use crate::{CALLER, note, scene, show, times};

const RUNS: usize = 20;

pub(crate) fn run() {
    let (_simulator, address) = scene::simulator();
    let home = tempfile::tempdir().expect("a directory");
    let config = home.path().join("host-harness.toml");
    let text = format!(
        "[[integration]]\naccount = \"{address}\"\ntoken = \"env:AMOCRM_TOKEN\"\nplain_http = \"granted\"\nprivate_addresses = \"granted\"\n\
         [[integration.employee]]\nid = \"anna\"\namocrm_user = {}\nnumbers = [\"101\"]\n[[operation]]\nlinked_operation = \"queue:sales\"\n",
        crate::ANNA
    );
    std::fs::write(&config, text).expect("a configuration");
    let start = |state: &str| -> Duration {
        let began = Instant::now();
        let status = Command::new(binary())
            .args(["call", CALLER, "--config"])
            .arg(&config)
            .arg("--state")
            .arg(home.path().join(state))
            .env("AMOCRM_TOKEN", "a-token")
            .stdout(Stdio::null())
            .status()
            .expect("the program");
        assert!(status.success(), "forwarded");
        began.elapsed()
    };
    let (mut compiling, mut kept) = (times(), times());
    start("kept");
    for run in 0..RUNS {
        if run < 5 {
            note(&mut compiling, start(&format!("new-{run}")));
        }
        note(&mut kept, start("kept"));
    }
    show("start to the end of the first call, compiling", &compiling);
    show("start to the end of the first call, kept", &kept);
    println!("(aim: under 50000 us with a compiled component on disk)");
}
