//! Whatever is written as a configuration is read, or refused with words that name the place.
#![no_main]

use std::path::Path;

use host_harness::config::HarnessConfig;

libfuzzer_sys::fuzz_target!(|text: &str| {
    // Files of this machine are not the fuzzer's to read.
    if text.contains("file:") || text.contains("ca_file") {
        return;
    }
    if let Err(error) = HarnessConfig::parse(Path::new("/nowhere/host-harness.toml"), text) {
        assert!(error.to_string().len() > "/nowhere/host-harness.toml: ".len());
    }
});
