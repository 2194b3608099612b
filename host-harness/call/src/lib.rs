//! A call as data: as PBXs write it, its numbers, and what of them may be shown.
//!
//! The server of host-harness, the operation and the components that stand in for the server on other wasm hosts read and show the same,
//! so all do it with this crate. It builds for WebAssembly; without features it depends on nothing. It knows no component and
//! no server.
//!
//! ```
//! use call::caller::Presented;
//! use call::numbers::CountryCode;
//!
//! // However a network writes it, a number is read in one way; what stands for a withheld one is none.
//! let read = |caller: &str| match Presented::read(caller) {
//!     Presented::Number(number) => number.read(CountryCode::DEFAULT),
//!     Presented::Withheld | Presented::NotANumber => None,
//! };
//! assert!(read("8 (916) 123-45-67").is_some());
//! assert_eq!(read("8 (916) 123-45-67"), read("sip:+79161234567@pbx.example;user=phone"));
//! assert!(Presented::is_withheld("anonymous"));
//! ```

#[cfg(feature = "document")]
mod answer;
#[cfg(feature = "document")]
pub mod call_request;
pub mod caller;
#[cfg(feature = "document")]
pub mod caller_name;
#[cfg(feature = "document")]
mod crm_facts;
#[cfg(feature = "document")]
pub mod deputies;
#[cfg(feature = "document")]
pub mod details;
#[cfg(feature = "document")]
pub mod dialling;
#[cfg(feature = "document")]
pub mod document;
#[cfg(feature = "document")]
pub mod durations;
#[cfg(feature = "document")]
pub mod ended;
#[cfg(feature = "document")]
pub mod exchange;
#[cfg(feature = "document")]
pub mod host_reason;
#[cfg(feature = "document")]
mod incoming;
#[cfg(feature = "json")]
pub mod json;
#[cfg(feature = "document")]
pub mod kept;
#[cfg(feature = "document")]
mod language;
#[cfg(feature = "document")]
pub mod leg;
pub mod masking;
pub mod numbers;
pub mod one_line;
#[cfg(feature = "document")]
pub mod outcome;
#[cfg(feature = "document")]
pub mod scenario;
#[cfg(feature = "document")]
pub mod step;
#[cfg(feature = "document")]
pub mod text;
#[cfg(feature = "document")]
pub mod titles;
pub mod withheld;
pub mod zones;

#[cfg(feature = "document")]
pub use self::{
    document::CallDocument,
    incoming::{IncomingCall, WholeNumber},
    language::{Bilingual, Language, Localized, error_kind_ru, system_error_ru},
};
