//! Writes to its standard output and standard error: a mebibyte of each, with the caller's number in it, before it answers. What is called
//! says otherwise: `endless` has no end, and `streams` takes one stream after another and gives none back.

#![cfg(target_family = "wasm")]

use hostile_guests::bindings::exports::telephony::operation::operation::Call;
use hostile_guests::bindings::wasi::cli::stderr::get_stderr;
use hostile_guests::bindings::wasi::cli::stdout::get_stdout;
use hostile_guests::bindings::wasi::io::streams::OutputStream;

/// As much as one call of a stream may take.
const AT_ONCE: usize = 4_096;

hostile_guests::operation!(|call: Call| {
    let line = format!("the operation was called by {}\n", call.caller.unwrap_or_default());
    let text: Vec<u8> = line.bytes().cycle().take(AT_ONCE).collect();
    let write = |stream: &OutputStream| stream.blocking_write_and_flush(&text).is_ok();
    match call.called.as_str() {
        "endless" => while write(&get_stdout()) && write(&get_stderr()) {},
        "streams" => {
            let mut held = Vec::new();
            loop {
                held.push(get_stderr());
            }
        }
        _ => {}
    }
    let (out, error) = (get_stdout(), get_stderr());
    let written = (0..256).filter(|_| write(&out) && write(&error)).count();
    hostile_guests::tell(&format!("{written} pieces written"))
});
