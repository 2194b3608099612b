//! Nothing but a token under the client secret passes for the widget's.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::targets::widget_token(bytes));
