//! An amoCRM to develop against: a real HTTP server with contacts, companies, leads, users, events and account, as amoCRM's API v4 has them,
//! and with faults on request.
//!
//! It runs inside the process, on a loopback port that the system chooses, and follows the collected facts about
//! the API ("amoCRM facts §…" in these pages; they are in `guest/docs/amocrm.md`). Where those leave a choice, [`Behaviour`] is the switch.
//!
//! ```
//! use amocrm_simulator::{Endpoint, Fault, FaultRule, Options, Simulator};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> anyhow::Result<()> {
//! let simulator = Simulator::start(Options { token: Some("secret".into()), ..Options::default() }).await?;
//! // Any HTTP client, with `Authorization: Bearer secret`:
//! let address = format!("{}/api/v4/contacts?query=9161234567", simulator.base_url());
//! assert!(address.starts_with("http://127.0.0.1:"));
//!
//! // Contact 3 gets another manager; the second request to contacts, and only that, is never answered.
//! simulator.update(|account| {
//!     if let Some(contact) = account.contact_mut(3) {
//!         contact.responsible_user_id = Some(504142);
//!     }
//! });
//! simulator.add_fault(FaultRule::new(Fault::Hang).on(Endpoint::Contacts).skip(1).times(1));
//! assert_eq!(simulator.faults()[0], "contacts:hang,skip=1,times=1".parse().unwrap());
//! assert_eq!(simulator.count_of(Endpoint::Contacts), 0);
//! # Ok(())
//! # }
//! ```
//!
//! What it answers: `GET /api/v4/contacts[/{id}]`, `/api/v4/companies[/{id}]`, `/api/v4/leads[/{id}]`, `/api/v4/users[/{id}]`, `/api/v4/events`, `/api/v4/account`; 204 without
//! a body where nothing is found, on a page past the last too, to which `_links.next` may point ([`Behaviour::next_on_last_page`]); `application/hal+json` and `application/problem+json`; 401, 404, 405 and 422 as amoCRM.
//! Lists are filtered by `filter[id]`, `filter[created_at]` and `filter[updated_at]`; other filters are ignored, as without the paid package.
//! What clients read first is there too: `GET /api/v4/leads/pipelines`, `/api/v4/{contacts,companies,leads}/custom_fields`,
//! `/api/v4/events/types`, `/api/v4/{contacts,companies,leads}[/{id}]/links`, and whatever `with=` of the account asks for.
//!
//! With [`Options::oauth`] it also answers `GET /oauth` (consent, granted at once), `POST /oauth2/access_token` and
//! `GET /oauth2/account/current/subdomain`, and the API opens to the access tokens that it issued ([`OAuthApp`]). Tokens
//! end by the simulator's clock. [`Simulator::rename`] moves the account, [`Simulator::uninstall`] ends the integration.
//!
//! With [`Options::rate_limit`] more requests than that in any second get 429, and an account that goes on is blocked:
//! 403 everywhere ([`RateLimit`]).
//!
//! Every request is recorded ([`RequestRecord`]). A simulator in another process is watched and steered under
//! `/_simulator/`, without authorisation, because it is a tool for the loopback:
//!
//! | request | what it does |
//! |---|---|
//! | `GET`, `DELETE /_simulator/requests` | lists and counts the requests; forgets them |
//! | `GET`, `PUT`, `DELETE /_simulator/faults` | the fault rules, a JSON list of texts or objects |
//! | `POST`, `PATCH /_simulator/contacts/{id}` | `{"responsible_user_id": N}` changes a contact's manager |
//! | `GET /_simulator/contacts/{id}/webhook`, `…/leads/{id}/webhook` | the form-encoded body of the webhook that tells the manager |
//! | `GET /_simulator/{contacts,companies,leads}/{id}/deleted` | that of the webhook that tells the deletion: an id alone |
//! | `GET /_simulator/limits`, `POST /_simulator/unblock` | the block and the most requests in a second; lifts the block |
//! | `POST /_simulator/rename` | moves the account, to `{"domain"}` where it has a name; `{"base_url"}` |
//! | `POST /_simulator/uninstall` | revokes every token; `{"query"}` of the hook |
//! | `POST /_simulator/disposable-token` | `{"user_id": N}` gives `{"token"}` |
//! | `GET`, `PUT`, `DELETE /_simulator/widget` | shows, installs (`widget.zip` in the body) and removes the account's widget |
//!
//! `GET /` is a page for a browser, plain and marked as simulated: it loads the installed widget as amoCRM does. `?user=504141` says who is logged in.

mod account;
mod answer;
mod control;
mod endpoint;
mod endpoints;
mod fault;
mod grants;
mod hosts;
mod installed;
mod jwt;
mod limits;
mod listeners;
mod oauth;
mod oauth_app;
mod options;
mod page;
mod paging;
mod params;
mod problem;
mod record;
mod script;
mod server;
mod service;
mod spelling;
mod state;
mod webhook;
mod widget_routes;

pub use crate::account::{
    Account, AccountSettings, Behaviour, Company, Contact, CustomField, DefaultOrder, Event, EventTime, FieldValue,
    Lead, Phone, PhoneEnumKey, Platform, Renamed, User,
};
pub use crate::endpoint::Endpoint;
pub use crate::fault::{Fault, FaultRule, Oddity};
pub use crate::grants::Refreshes;
pub use crate::jwt::long_lived_token;
pub use crate::limits::RateLimit;
pub use crate::oauth_app::OAuthApp;
pub use crate::options::{Clock, Options};
pub use crate::record::RequestRecord;
pub use crate::server::Simulator;
