//! Access to an amoCRM account: what a user granted, and how it is kept alive. The one room besides the simulator that knows amoCRM.
//!
//! An integration has either a long-lived token, which is simply sent, or OAuth: a user consents once ([`consent`]), the tokens are kept in
//! one record ([`grant`], in the `ledger`), and a [`keeper`] refreshes them beside the calls ([`keeper`]). Where that comes to an end
//! (consent revoked, tokens lost, [`uninstall`]) the integration is off (rule O6) until a user connects it again.
//!
//! Secrets go to amoCRM's hosts and nowhere else ([`hosts`]), and are held in [`Secret`](runtime::secret::Secret)s from the first byte.

pub mod account;
pub mod claims;
pub mod connecting;
pub mod consent;
pub mod grant;
pub(crate) mod health;
pub mod hosts;
pub mod keeper;
pub(crate) mod ledger;
pub mod listener;
pub mod long_lived;
pub mod oauth;
pub mod standing;
#[cfg(test)]
mod tests;
pub(crate) mod token_error;
pub mod uninstall;
pub mod users;
pub(crate) mod web;

pub use grant::{Grant, Off, OffReason};
pub(crate) use health::Health;
pub use hosts::Hosts;
pub use keeper::{Keeper, RefreshError, Refreshed};
pub use ledger::{Ledger, LedgerError};
pub use long_lived::LongLived;
pub use oauth::{OAuth, OAuthSettings, Platform};
pub use standing::Standing;
pub(crate) use web::HostWeb;
