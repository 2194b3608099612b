//! Nothing but a signature under the client secret passes for amoCRM's uninstall hook.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::targets::uninstalled(bytes));
