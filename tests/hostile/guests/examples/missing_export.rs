//! A component of another world: it does not export the operation.

#![cfg(target_family = "wasm")]
#![allow(missing_docs, reason = "generated bindings")]

wit_bindgen::generate!({
    inline: "
        package hostile:guests;
        world without-operation {
            export greet: func() -> string;
        }
    ",
});

struct Greeter;

impl Guest for Greeter {
    fn greet() -> String {
        "hello".to_owned()
    }
}

export!(Greeter);
