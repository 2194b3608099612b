//! What the whole must do: the component inside wasmtime, over real HTTP to a simulated amoCRM, with a clock that the tests move.

mod golden;
mod hostile;
mod rules;
mod support;
