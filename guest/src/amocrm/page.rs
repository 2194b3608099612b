//! One page of a list: the shape that all lists of API v4 have (amoCRM facts §1.2).
//!
//! Entries are read one by one, so that an odd one is passed over and spoils no other.

use call::json::{self, List, Object, Unexpected};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::contract::Text;
use crate::details::Recorder;

/// The section of people: its name in paths, answers and call details.
pub const CONTACTS: &str = "contacts";
/// The section of companies, which have telephone numbers and a responsible user as contacts have.
pub(crate) const COMPANIES: &str = "companies";
/// The section of leads, which amoCRM finds by the numbers of their contacts: its name in paths, answers and call details.
pub(super) const LEADS: &str = "leads";

/// An entry of a list.
pub(super) trait Entry: Sized {
    /// Its members, as they came.
    type Json: DeserializeOwned;

    /// The entry; the error is the name of the member without which it means nothing.
    fn read(json: Self::Json) -> Result<Self, &'static str>;
}

/// One page.
pub(super) struct Page<T> {
    /// The entries that could be read.
    pub(super) entries: Vec<T>,
    /// How many could not.
    unreadable: usize,
    /// What was wrong with the first of them: a member's name, or nothing where the whole was not an object.
    fault: Option<&'static str>,
    /// Whether no page follows.
    pub(super) is_last: bool,
}

/// A list answer; its entries are looked at one by one.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, rename = "_embedded", default)]
    embedded: Object<Embedded<'a>>,
    #[serde(rename = "_links", default)]
    links: Object<Links>,
}

/// The lists that the operation asks for; an answer holds one of them.
#[derive(Deserialize)]
struct Embedded<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    contacts: Option<List<&'a RawValue>>,
    #[serde(borrow, default, deserialize_with = "present")]
    companies: Option<List<&'a RawValue>>,
    #[serde(borrow, default, deserialize_with = "present")]
    leads: Option<List<&'a RawValue>>,
    #[serde(borrow, default, deserialize_with = "present")]
    events: Option<List<&'a RawValue>>,
}

/// A list that is there, also where it is `null`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<List<&'de RawValue>>, D::Error> {
    List::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
struct Links {
    next: Option<IgnoredAny>,
}

impl<T: Entry> Page<T> {
    /// Reads the answer to a request for `limit` entries of a section.
    pub(super) fn read(section: &str, limit: usize, answer: &[u8]) -> Result<Self, Unexpected> {
        match json::text(answer).and_then(json::strictly::<Answer>) {
            Ok(answer) => Self::of(section, limit, answer),
            Err(Unexpected) => {
                let text = json::mended(answer);
                if let Ok(answer) = json::strictly::<Answer>(&text) {
                    return Self::of(section, limit, answer);
                }
                let text = json::without_repeated_members(&text);
                Self::of(section, limit, json::strictly(&text)?)
            }
        }
    }

    fn of(section: &str, limit: usize, answer: Answer) -> Result<Self, Unexpected> {
        let embedded = answer.embedded.0.ok_or(Unexpected)?;
        let list = match section {
            CONTACTS => embedded.contacts,
            COMPANIES => embedded.companies,
            LEADS => embedded.leads,
            super::EVENTS => embedded.events,
            _ => None,
        };
        let list = list.and_then(|list| list.0).ok_or(Unexpected)?;
        // amoCRM links a next page also where there is none: a page that is not full is the last (amoCRM facts §1.2). Only the link's presence
        // counts otherwise, since its address may name another host.
        let is_last = list.len() < limit || answer.links.0.is_none_or(|links| links.next.is_none());
        let mut page = Self { entries: Vec::with_capacity(list.len()), unreadable: 0, fault: None, is_last };
        for entry in list {
            let json = json::read_text::<Object<T::Json>>(entry.get()).ok().and_then(|entry| entry.0);
            match json.ok_or(None).and_then(|json| T::read(json).map_err(Some)) {
                Ok(entry) => page.entries.push(entry),
                Err(fault) => {
                    if page.unreadable == 0 {
                        page.fault = fault;
                    }
                    page.unreadable += 1;
                }
            }
        }
        Ok(page)
    }

    /// Whether some entries could not be read.
    pub(super) const fn has_unreadable(&self) -> bool {
        self.unreadable > 0
    }

    /// Notes the entries that could not be read.
    pub(super) fn note_unreadable(&self, section: &str, details: &mut Recorder) {
        if self.unreadable == 0 {
            return;
        }
        let count = self.unreadable;
        let (ru, en) = match self.fault {
            Some(member) => (format!("нераспознанное поле `{member}`"), format!("`{member}` could not be understood")),
            None => ("это не объект JSON".to_owned(), "it is not a JSON object".to_owned()),
        };
        details.note(
            "entries-unreadable",
            Text::made(
                format!("Пропущено нераспознанных записей в ответе `{section}`: {count}; в первой {ru}"),
                format!(
                    "entries of `{section}` passed over because they could not be read: {count}; in the first, {en}"
                ),
            ),
        );
    }
}
