//! `GET /api/v4/contacts` and its likes: search by number, verification, and the choice among several (rules D1–D3; amoCRM facts §1, §2).

use super::{Client, has_next_page};
use crate::caller::Caller;
use crate::contract::Text;
use crate::details::Recorder;
use crate::json::{Json, Unexpected};
use crate::reason::Reason;

/// The section of people: its name in paths, answers and call details.
pub const CONTACTS: &str = "contacts";
/// The section of companies, which have telephone numbers and a responsible user as contacts have.
pub const COMPANIES: &str = "companies";
/// The section of leads, which amoCRM finds by the numbers of their contacts.
pub(super) const LEADS: &str = "leads";

/// Cards asked for in one page. amoCRM allows 250; a real caller has a handful.
const PAGE: u64 = 50;
/// Pages read for one caller: a search that finds more is not about this number.
const MAXIMUM_PAGES: u64 = 5;

/// The field code of telephone numbers; the field's name is localised and means nothing.
const PHONE: &str = "PHONE";
/// The stages in which leads are closed, the same in every pipeline: won and lost.
const CLOSED: [Json; 2] = [Json::Integer(142), Json::Integer(143)];

/// What the search for a caller found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The contact or company whose manager is taken.
    pub id: u64,
    /// Its responsible user; `None` when no verified one has any.
    pub user_id: Option<u64>,
    /// Whether verified ones have different managers (rule D3).
    pub ambiguous: bool,
}

/// A contact, company or lead, as far as it matters here.
#[derive(Clone, Debug)]
pub(super) struct Card {
    pub(super) id: u64,
    /// The responsible user; amoCRM's ids begin at 1.
    pub(super) manager: Option<u64>,
    updated_at: Option<u64>,
    pub(super) is_deleted: bool,
    phones: Vec<String>,
    /// Of a lead: neither won nor lost.
    pub(super) is_open: bool,
    /// Of a lead: the contacts linked to it.
    pub(super) contacts: Vec<u64>,
}

struct Page {
    cards: Vec<Card>,
    has_next: bool,
}

impl Client<'_> {
    /// Finds the caller's verified contacts or companies; `None` when there is none.
    pub fn find(
        &self,
        section: &'static str,
        caller: &Caller,
        details: &mut Recorder,
    ) -> Result<Option<Found>, Reason> {
        let mut verified = self.search(section, caller, MAXIMUM_PAGES, details)?;
        let mut unverified = 0_u64;
        verified.retain(|card| {
            let counts = card.has_number(caller);
            unverified += u64::from(!counts);
            counts
        });
        if unverified > 0 {
            details.note(
                "hits-unverified",
                Text::made(
                    format!("Найдено, но удалено или без номера звонящего: {unverified}"),
                    format!("found, but deleted or without the caller's number: {unverified}"),
                ),
            );
        }
        Ok(choose(&verified))
    }

    /// What amoCRM finds in a section by the caller's number: unverified, so many pages of it at most.
    pub(super) fn search(
        &self,
        section: &'static str,
        caller: &Caller,
        pages: u64,
        details: &mut Recorder,
    ) -> Result<Vec<Card>, Reason> {
        let with = if section == LEADS { "&with=contacts" } else { "" };
        let mut found = Vec::new();
        for page in 1..=pages {
            let path = format!(
                "/api/v4/{section}?query={}&limit={PAGE}&page={page}&order%5Bupdated_at%5D=desc{with}",
                caller.search_digits()
            );
            let Some(answer) = self.get(section, &path, |answer| page_of(section, answer), details)? else {
                return Ok(found);
            };
            found.extend(answer.cards);
            if !answer.has_next {
                return Ok(found);
            }
        }
        let first = pages * PAGE;
        details.note(
            "search-cut",
            Text::made(
                format!("Поиск нашёл слишком много, проверены первые {first}"),
                format!("the search found too much; the first {first} were verified"),
            ),
        );
        Ok(found)
    }
}

/// The card whose manager is taken: of those with a manager the most recently updated (rule D3). `None` when no card is left.
fn choose(verified: &[Card]) -> Option<Found> {
    let chosen = latest(verified, &|card| card.manager.is_some()).or_else(|| latest(verified, &|_| true))?;
    let ambiguous = verified.iter().any(|other| other.manager.is_some() && other.manager != chosen.manager);
    Some(Found { id: chosen.id, user_id: chosen.manager, ambiguous })
}

/// The most recently updated of the cards that count, ties going to the greater id.
pub(super) fn latest<'a>(cards: &'a [Card], counts: &dyn Fn(&Card) -> bool) -> Option<&'a Card> {
    cards.iter().filter(|card| counts(card)).max_by_key(|card| (card.updated_at, card.id))
}

impl Card {
    /// Whether this card counts as the caller's: not deleted, and one of its telephone numbers is the caller's (rule D2).
    fn has_number(&self, caller: &Caller) -> bool {
        !self.is_deleted && self.phones.iter().any(|phone| caller.matching_reading(phone).is_some())
    }
}

fn page_of(section: &str, answer: &Json) -> Result<Page, Unexpected> {
    let mut cards = Vec::new();
    for entry in answer.get("_embedded").get(section).list()? {
        cards.push(card(section, entry)?);
    }
    Ok(Page { cards, has_next: has_next_page(answer) })
}

fn card(section: &str, card: &Json) -> Result<Card, Unexpected> {
    let mut phones = Vec::new();
    let mut contacts = Vec::new();
    if section == LEADS {
        for contact in card.get("_embedded").get(CONTACTS).optional_list()? {
            contacts.push(contact.get("id").unsigned()?);
        }
    } else {
        // `null` when nothing is filled.
        for field in card.get("custom_fields_values").optional_list()? {
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
    }
    Ok(Card {
        id: card.get("id").unsigned()?,
        manager: card.get("responsible_user_id").optional_unsigned()?.filter(|user_id| *user_id != 0),
        updated_at: card.get("updated_at").optional_unsigned()?,
        // Documented, but absent from the documented samples.
        is_deleted: *card.get("is_deleted") == Json::Bool(true),
        is_open: *card.get("closed_at") == Json::Null && !CLOSED.contains(card.get("status_id")),
        phones,
        contacts,
    })
}
