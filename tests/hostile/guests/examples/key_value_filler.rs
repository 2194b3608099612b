//! Keeps as much as a call may: values of the largest size under keys that no other call uses. It tells how many were taken.

#![cfg(target_family = "wasm")]

use hostile_guests::bindings::wasi::keyvalue::store;

hostile_guests::operation!(|call| {
    let call: hostile_guests::bindings::exports::telephony::operation::operation::Call = call;
    let Ok(bucket) = store::open("default") else { return hostile_guests::tell("no bucket") };
    let value = vec![7; 64 * 1024];
    let kept = (0..255).filter(|number| bucket.set(&format!("{} {number}", call.called), &value).is_ok());
    hostile_guests::tell(&kept.count().to_string())
});
