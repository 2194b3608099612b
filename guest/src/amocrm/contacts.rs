//! `GET /api/v4/contacts`: search and verification (rules D1–D3; amoCRM facts §1).

use super::{Client, has_next_page};
use crate::caller::{CountryCode, InternationalNumber};
use crate::contract::Text;
use crate::details::Recorder;
use crate::json::{Json, Unexpected};
use crate::reason::Reason;

/// Contacts asked for in one page. amoCRM allows 250; a real caller has a handful.
const PAGE: usize = 50;
/// Pages read for one caller: a search that finds more is not about this number.
const MAXIMUM_PAGES: usize = 5;

/// The field code of telephone numbers; the field's name is localised and means nothing.
const PHONE: &str = "PHONE";

/// What the search for a caller found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The contact whose manager is taken.
    pub contact_id: u64,
    /// Its responsible user; `None` when no verified contact has one.
    pub user_id: Option<u64>,
    /// Whether verified contacts have different managers (rule D3).
    pub ambiguous: bool,
}

/// A contact, as far as it matters here.
#[derive(Clone, Debug)]
struct Contact {
    id: u64,
    responsible_user_id: Option<u64>,
    updated_at: Option<u64>,
    is_deleted: bool,
    phones: Vec<String>,
}

struct Page {
    contacts: Vec<Contact>,
    has_next: bool,
}

impl Client<'_> {
    /// Finds the caller's verified contacts. `Err(ContactNotFound)` when there is none.
    pub fn find_contact(&self, caller: &InternationalNumber, details: &mut Recorder) -> Result<Found, Reason> {
        let mut verified = Vec::new();
        let mut unverified = 0_usize;
        for page in 1..=MAXIMUM_PAGES {
            let path = format!(
                "/api/v4/contacts?query={}&limit={PAGE}&page={page}&order%5Bupdated_at%5D=desc",
                caller.national_part()
            );
            let Some(answer) = self.get("contacts", &path, page_of_contacts, details)? else {
                break;
            };
            for contact in answer.contacts {
                if contact.has_number(caller, self.integration.country) {
                    verified.push(contact);
                } else {
                    unverified += 1;
                }
            }
            if !answer.has_next {
                break;
            }
            if page == MAXIMUM_PAGES {
                details.note(
                    "search-cut",
                    Text::made(
                        format!("Поиск нашёл слишком много контактов, проверены первые {}", PAGE * MAXIMUM_PAGES),
                        format!("the search found too many contacts; the first {} were verified", PAGE * MAXIMUM_PAGES),
                    ),
                );
            }
        }
        if unverified > 0 {
            details.note(
                "hits-unverified",
                Text::made(
                    format!("Найдено, но удалено или без номера звонящего: {unverified}"),
                    format!("found, but deleted or without the caller's number: {unverified}"),
                ),
            );
        }
        choose(&verified).ok_or(Reason::ContactNotFound)
    }
}

/// The contact whose manager is taken: of those with a manager the most recently updated, ties going to the greater id (rule D3).
/// `None` when no contact is left.
fn choose(verified: &[Contact]) -> Option<Found> {
    let latest = |contacts: &mut dyn Iterator<Item = &Contact>| {
        contacts.max_by_key(|contact| (contact.updated_at, contact.id)).cloned()
    };
    let Some(chosen) = latest(&mut verified.iter().filter(|contact| contact.manager().is_some())) else {
        return latest(&mut verified.iter()).map(|contact| Found {
            contact_id: contact.id,
            user_id: None,
            ambiguous: false,
        });
    };
    let user_id = chosen.manager();
    let ambiguous = verified.iter().filter_map(Contact::manager).any(|other| Some(other) != user_id);
    Some(Found { contact_id: chosen.id, user_id, ambiguous })
}

impl Contact {
    /// The responsible user; amoCRM's ids begin at 1.
    fn manager(&self) -> Option<u64> {
        self.responsible_user_id.filter(|user_id| *user_id != 0)
    }

    /// Whether this contact counts as the caller's: not deleted, and one of its telephone numbers is the caller's (rule D2).
    fn has_number(&self, caller: &InternationalNumber, country: CountryCode) -> bool {
        let equals =
            |phone: &String| InternationalNumber::parse(phone, country).is_some_and(|number| number == *caller);
        !self.is_deleted && self.phones.iter().any(equals)
    }
}

fn page_of_contacts(answer: &Json) -> Result<Page, Unexpected> {
    let contacts = answer.get("_embedded").get("contacts").list()?.iter().map(contact).collect::<Result<_, _>>()?;
    Ok(Page { contacts, has_next: has_next_page(answer) })
}

fn contact(contact: &Json) -> Result<Contact, Unexpected> {
    let mut phones = Vec::new();
    // `null` when nothing is filled.
    for field in contact.get("custom_fields_values").optional_list()? {
        if field.get("field_code").optional_text()? == Some(PHONE) {
            for value in field.get("values").optional_list()? {
                match value.get("value") {
                    Json::Text(phone) => phones.push(phone.clone()),
                    Json::Integer(phone) => phones.push(phone.to_string()),
                    // Nothing else can be a telephone number.
                    _ => {}
                }
            }
        }
    }
    Ok(Contact {
        id: contact.get("id").unsigned()?,
        responsible_user_id: contact.get("responsible_user_id").optional_unsigned()?,
        updated_at: contact.get("updated_at").optional_unsigned()?,
        // Documented, but absent from the documented samples.
        is_deleted: *contact.get("is_deleted") == Json::Bool(true),
        phones,
    })
}
