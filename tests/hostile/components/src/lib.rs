//! The hostile guests as components, a constant for each; see `tests/hostile/guests/examples`. And hostile [`shapes`], which no compiler makes.

pub mod shapes;

include!(concat!(env!("OUT_DIR"), "/components.rs"));
