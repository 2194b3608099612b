//! The hostile guests as components, a constant for each; see `tests/hostile/guests/examples`.

include!(concat!(env!("OUT_DIR"), "/components.rs"));
