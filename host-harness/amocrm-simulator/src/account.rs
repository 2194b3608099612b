//! The data of one amoCRM account: what the simulator answers from, and the format of account files.

mod company;
mod contact;
mod event;
mod lead;
mod load;
mod settings;
mod user;

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

pub use self::company::Company;
pub use self::contact::{Contact, CustomField, FieldValue, Phone};
pub use self::event::{Event, EventTime};
pub use self::lead::Lead;
pub use self::settings::{AccountSettings, Behaviour, DefaultOrder, PhoneEnumKey, Platform, Renamed};
pub use self::user::User;
use crate::FaultRule;

/// One account: its settings, people, contacts, companies, leads and what happened in it.
///
/// Everything has a default, so an account file says only what matters to it:
///
/// ```toml
/// [[contacts]]
/// id = 3
/// name = "Иван Петров"
/// responsible_user_id = 504141
/// phones = ["+7 (916) 123-45-67"]
/// ```
///
/// Unknown keys are refused. Read one with [`Account::from_toml`], `Account::from_json` or [`Account::load`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Account {
    /// The account itself: `[account]`.
    pub account: AccountSettings,
    /// How this account behaves where amoCRM's documentation leaves a choice: `[behaviour]`.
    pub behaviour: Behaviour,
    /// Its users: `[[users]]`.
    pub users: Vec<User>,
    /// Its contacts: `[[contacts]]`.
    pub contacts: Vec<Contact>,
    /// Its companies: `[[companies]]`.
    pub companies: Vec<Company>,
    /// Its leads: `[[leads]]`.
    pub leads: Vec<Lead>,
    /// What its users and integrations did: `[[events]]`.
    pub events: Vec<Event>,
    /// Faults that the simulator starts with, after those of [`crate::Options::faults`]: `faults = ["contacts:hang"]`
    /// or `[[faults]]`.
    pub faults: Vec<FaultRule>,
}

impl Account {
    /// Gives the events that were told by their age an instant, so that they stay where they are while the clock goes on.
    pub(crate) fn fix_event_times(&mut self, now: Timestamp) {
        for event in &mut self.events {
            if let EventTime::Ago(_) = event.time {
                event.time = EventTime::At(event.time.resolve(now, Offset::UTC));
            }
        }
    }

    /// The contact of this id.
    pub fn contact(&self, id: u64) -> Option<&Contact> {
        self.contacts.iter().find(|contact| contact.id == id)
    }

    /// The contact of this id, to change it (its manager, for example).
    pub fn contact_mut(&mut self, id: u64) -> Option<&mut Contact> {
        self.contacts.iter_mut().find(|contact| contact.id == id)
    }

    /// The lead of this id, to change it.
    pub fn lead_mut(&mut self, id: u64) -> Option<&mut Lead> {
        self.leads.iter_mut().find(|lead| lead.id == id)
    }

    /// The user of this id, to change it (whether it is switched on, for example).
    pub fn user_mut(&mut self, id: u64) -> Option<&mut User> {
        self.users.iter_mut().find(|user| user.id == id)
    }

    /// The user of this id.
    pub fn user(&self, id: u64) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    /// Whose token is used: [`AccountSettings::current_user_id`], else the first administrator, else the first user.
    pub fn current_user_id(&self) -> Option<u64> {
        let first = || self.users.iter().find(|user| user.is_admin).or(self.users.first());
        self.account.current_user_id.or_else(|| first().map(|user| user.id))
    }
}
