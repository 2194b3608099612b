//! Spin's key-value store and configuration under the names of the contract's drafts.
//!
//! Draft versions of WASI match exactly only, so a component of the contract does not link in Spin, although the functions it uses are the
//! same in both drafts. This component stands between them: every function is passed on as it is. `list-keys` alone differs (its cursor is
//! a number in one draft and text in the other); no operation may use it, and it says so.

#[cfg(target_family = "wasm")]
mod passing_on;
