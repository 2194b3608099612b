//! `GET /api/v4/contacts` and `/companies`: search by number, verification, and the choice among several (rules D1–D3; amoCRM facts §1, §2).

use call::json::{self, Flag, LenientNumber, List, Object, TextOrDigits};
use call::masking;
use call::numbers::Number as TelephoneNumber;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::page::{Entry, Page};
use super::{Client, latest};
use crate::caller::Caller;
use crate::contract::Text;
use crate::details::Recorder;
use crate::reason::Reason;
use crate::settings::excerpt;

/// Cards asked for in one page. amoCRM allows 250; a real caller has a handful.
const PAGE: usize = 50;
/// Pages read for one caller: a search that finds more is not about this number.
const MAXIMUM_PAGES: usize = 5;

/// The field code of telephone numbers; the field's name is localised and means nothing.
const PHONE: &str = "PHONE";

/// What the search for a caller found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The contact or company whose manager is taken.
    pub id: u64,
    /// Its name, on one line and of a bounded length; empty where it has none.
    pub name: String,
    /// Its responsible user; `None` when no verified one has any.
    pub user_id: Option<u64>,
    /// Whether verified ones have different managers (rule D3).
    pub ambiguous: bool,
}

/// A contact or company, as far as it matters here.
struct Card {
    id: u64,
    name: Option<String>,
    manager: Option<u64>,
    updated_at: Option<u64>,
    is_deleted: bool,
    phones: Vec<String>,
}

/// A card as amoCRM sends it.
#[derive(Deserialize)]
struct CardJson {
    #[serde(default)]
    id: LenientNumber,
    #[serde(default)]
    name: json::LenientText,
    #[serde(default)]
    responsible_user_id: LenientNumber,
    #[serde(default)]
    updated_at: LenientNumber,
    /// Documented, but absent from the documented samples.
    #[serde(default)]
    is_deleted: Flag,
    #[serde(default, rename = "custom_fields_values", deserialize_with = "phones")]
    phones: Vec<String>,
}

/// A custom field. What its values are is looked at only where it holds telephone numbers.
#[derive(Deserialize)]
struct FieldJson<'a> {
    #[serde(default)]
    field_code: json::LenientText,
    #[serde(borrow)]
    values: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ValueJson {
    /// A number comes as text, and as a JSON number from some integrations.
    #[serde(default)]
    value: TextOrDigits,
}

impl Client<'_> {
    /// Finds the caller's verified contacts or companies; `None` when there is none.
    ///
    /// Where a later page fails, what the earlier ones have verified is used, which is noted.
    pub fn find(
        &self,
        section: &'static str,
        caller: &Caller,
        details: &mut Recorder,
    ) -> Result<Option<Found>, Reason> {
        let mut verified: Vec<Card> = Vec::new();
        let mut readings = Vec::new();
        let mut unverified = 0;
        let mut is_complete = false;
        for number in 1..=MAXIMUM_PAGES {
            let page = match self.page_of_cards(section, number, caller, details) {
                Ok(page) => page,
                Err(reason) if verified.is_empty() => return Err(reason),
                Err(reason) => {
                    incomplete(number, reason, details);
                    is_complete = true;
                    break;
                }
            };
            let Some(page) = page else {
                is_complete = true;
                break;
            };
            page.note_unreadable(section, details);
            for card in page.entries {
                match card.reading(caller) {
                    Some(reading) => {
                        readings.push(reading);
                        verified.push(card);
                    }
                    None => unverified += 1,
                }
            }
            if page.is_last {
                is_complete = true;
                break;
            }
        }
        if !is_complete {
            cut(MAXIMUM_PAGES * PAGE, details);
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
        let found = choose(&verified);
        // The likeliest reading is what everybody expects.
        if readings.iter().any(|reading| *reading > 0) {
            read_in_several_ways(caller, &readings, found.as_ref().is_some_and(|found| found.ambiguous), details);
        }
        Ok(found)
    }

    fn page_of_cards(
        &self,
        section: &'static str,
        number: usize,
        caller: &Caller,
        details: &mut Recorder,
    ) -> Result<Option<Page<Card>>, Reason> {
        let digits = caller.search_digits();
        let path = format!("/api/v4/{section}?query={digits}&limit={PAGE}&page={number}&order%5Bupdated_at%5D=desc");
        self.get(section, &path, |answer| Page::read(section, PAGE, answer), details)
    }
}

/// Notes that a search found more than is verified.
pub(super) fn cut(first: usize, details: &mut Recorder) {
    details.note(
        "search-cut",
        Text::made(
            format!("Поиск нашёл слишком много, проверены первые {first}"),
            format!("the search found too much; the first {first} were verified"),
        ),
    );
}

fn incomplete(page: usize, reason: Reason, details: &mut Recorder) {
    let text = reason.text();
    details.note(
        "search-incomplete",
        Text::made(
            format!("Страница {page} поиска не получена, учтены предыдущие: {}", text.ru),
            format!("page {page} of the search failed; the pages before it were used: {}", text.en),
        ),
    );
}

/// Notes which of a caller's readings the cards have that were found, where it is not the likeliest alone.
fn read_in_several_ways(caller: &Caller, found: &[usize], managers_differ: bool, details: &mut Recorder) {
    let shown = |(_, number): (usize, &TelephoneNumber)| masking::mask(&format!("+{}", number.digits()));
    let readings = || caller.readings().iter().enumerate();
    let all: Vec<_> = readings().map(shown).collect();
    let of_cards: Vec<_> = readings().filter(|(reading, _)| found.contains(reading)).map(shown).collect();
    let (differ_ru, differ_en) = if managers_differ {
        ("; ответственные у них разные", ", and their managers differ")
    } else {
        ("", "")
    };
    details.note(
        "caller-read-two-ways",
        Text::made(
            format!(
                "Номер звонящего без «+» можно прочитать как {}; найдены карточки с {}{differ_ru}",
                all.join(" или "),
                of_cards.join(" и ")
            ),
            format!(
                "without a plus sign, the caller's number can be {}; the cards found have {}{differ_en}",
                all.join(" or "),
                of_cards.join(" and ")
            ),
        ),
    );
}

/// The card whose manager is taken: of those with a manager the most recently updated (rule D3). `None` when no card is left.
fn choose(verified: &[Card]) -> Option<Found> {
    let order = |card: &Card| (card.updated_at, card.id);
    let chosen =
        latest(verified, |card| card.manager.is_some(), order).or_else(|| latest(verified, |_| true, order))?;
    let ambiguous = verified.iter().any(|other| other.manager.is_some() && other.manager != chosen.manager);
    let name = chosen.name.as_deref().map(excerpt).unwrap_or_default();
    Some(Found { id: chosen.id, name, user_id: chosen.manager, ambiguous })
}

impl Card {
    /// Which of the caller's readings this card has as a telephone number (rule D2); `None` where it is not the caller's, or is deleted.
    fn reading(&self, caller: &Caller) -> Option<usize> {
        if self.is_deleted {
            return None;
        }
        self.phones.iter().filter_map(|phone| caller.matching_reading(phone)).min()
    }
}

impl Entry for Card {
    type Json = CardJson;

    fn read(json: CardJson) -> Result<Self, &'static str> {
        Ok(Self {
            id: json.id.known().ok_or("id")?,
            name: json.name.0,
            manager: super::user_id(json.responsible_user_id)?,
            // Only an order: without it the card counts as the oldest.
            updated_at: json.updated_at.known(),
            is_deleted: json.is_deleted.0 == Some(true),
            phones: json.phones,
        })
    }
}

/// The telephone numbers among custom fields, which are `null` when nothing is filled.
fn phones<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let mut phones = Vec::new();
    for field in List::<Object<FieldJson>>::deserialize(deserializer)?.entries().filter_map(|field| field.0) {
        if field.field_code.0.as_deref() == Some(PHONE)
            && let Some(values) = field.values
            && let Ok(values) = json::read_text::<List<Object<ValueJson>>>(values.get())
        {
            phones.extend(values.entries().filter_map(|value| value.0?.value.0));
        }
    }
    Ok(phones)
}
