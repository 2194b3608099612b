//! What lists of contacts, companies and leads have in common: search, order, pages, and the keys of every entity (amoCRM facts §1,
//! §2). Filters by id and time count; those by custom fields are ignored, as on an account without the paid package (amoCRM facts §1.3).

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::card::Card;
use super::fields::fields;
use super::filter::EntityFilter;
use super::search::Search;
use super::{Ask, Refusal, bad_request, nothing};
use crate::paging::Page;
use crate::{Account, DefaultOrder, Platform};

/// The largest page.
const MOST: usize = 250;

/// A contact, a company or a lead.
pub(super) trait Entity {
    /// The last word of its path.
    const COLLECTION: &'static str;
    /// Whether lists can be ordered by `created_at`; those of Kommo always can (amoCRM facts §8).
    const ORDERED_BY_CREATION: bool;

    fn card(&self) -> Card<'_>;

    fn is_found(&self, search: &Search, _: &Account) -> bool {
        search.finds(&self.card())
    }

    /// Adds its own keys, and those of `_embedded`, to what every entity has.
    fn dress(&self, ask: &Ask<'_>, document: &mut Value);
}

pub(super) fn list<E: Entity>(ask: &Ask<'_>, all: &[E]) -> Result<Value, Refusal> {
    let behaviour = &ask.account.behaviour;
    let page = Page::read(ask.params, behaviour.default_limit, MOST)?;
    let order = Order::read(ask, E::ORDERED_BY_CREATION)?;
    let search = Search::new(ask.params.get("query"), behaviour);
    let filter = EntityFilter::read(ask)?;
    let passes =
        |card: &Card<'_>| filter.as_ref().is_none_or(|filter| filter.passes(card.id, card.created_at, card.updated_at));
    let only_deleted = ask.with("only_deleted");
    let is_listed = |deleted: bool| {
        if only_deleted { deleted } else { behaviour.list_deleted || !deleted }
    };
    let mut found: Vec<(Card<'_>, &E)> = all
        .iter()
        .filter(|entity| search.as_ref().is_none_or(|search| entity.is_found(search, ask.account)))
        .map(|entity| (entity.card(), entity))
        .filter(|(card, _)| is_listed(card.is_deleted) && passes(card))
        .collect();
    found.sort_by_key(|(card, _)| card.id);
    let key = |card: &Card<'_>| match order.by {
        By::Id => i128::from(card.id),
        By::Created => card.created_at.as_nanosecond(),
        By::Updated => card.updated_at.as_nanosecond(),
    };
    if order.descending {
        found.sort_by_key(|(card, _)| Reverse(key(card)));
    } else {
        found.sort_by_key(|(card, _)| key(card));
    }
    let (found, more) = page.cut(found);
    if found.is_empty() {
        return Err(nothing());
    }
    Ok(json!({
        "_page": page.number,
        "_links": page.links(&ask.href(&format!("/api/v4/{}", E::COLLECTION)), ask.params, more || behaviour.next_on_last_page),
        "_embedded": {E::COLLECTION: found.iter().map(|(_, entity)| document(ask, *entity)).collect::<Vec<_>>()},
    }))
}

pub(super) fn one<E: Entity>(ask: &Ask<'_>, all: &[E], id: u64) -> Result<Value, Refusal> {
    all.iter().find(|entity| entity.card().id == id).map(|entity| document(ask, entity)).ok_or_else(nothing)
}

/// `{"id": …, "_links": …}` of each, as `_embedded` has it.
pub(super) fn links(ask: &Ask<'_>, collection: &str, ids: impl IntoIterator<Item = u64>) -> Value {
    let link = |id| json!({"id": id, "_links": {"self": {"href": ask.href(&format!("/api/v4/{collection}/{id}"))}}});
    ids.into_iter().map(link).collect()
}

fn document<E: Entity>(ask: &Ask<'_>, entity: &E) -> Value {
    let card = entity.card();
    let manager = card.responsible_user_id;
    let tags = card.tags.iter().enumerate().map(|(place, name)| json!({"id": place + 1, "name": name, "color": null}));
    let mut document = json!({
        "id": card.id,
        "name": card.name,
        "responsible_user_id": manager,
        "group_id": 0,
        "created_by": manager.unwrap_or(0),
        "updated_by": manager.unwrap_or(0),
        "created_at": card.created_at.as_second(),
        "updated_at": card.updated_at.as_second(),
        "closest_task_at": null,
        "custom_fields_values": fields(&card, ask.account.behaviour.phone_enum_key),
        "account_id": ask.account.account.id,
        "_links": {"self": {"href": ask.href(&format!("/api/v4/{}/{}", E::COLLECTION, card.id))}},
        "_embedded": {"tags": tags.collect::<Vec<_>>()},
    });
    if ask.account.behaviour.show_is_deleted {
        document["is_deleted"] = json!(card.is_deleted);
    }
    entity.dress(ask, &mut document);
    document
}

#[derive(Clone, Copy)]
enum By {
    Id,
    Created,
    Updated,
}

/// The order of a list.
struct Order {
    by: By,
    descending: bool,
}

impl Order {
    fn read(ask: &Ask<'_>, by_creation: bool) -> Result<Self, Refusal> {
        let behaviour = &ask.account.behaviour;
        let Some(name) = ask.params.names().find(|name| name.starts_with("order[")) else {
            return Ok(behaviour.default_order.into());
        };
        let direction = ask.params.get(name).unwrap_or_default().to_ascii_lowercase();
        let wrong = || bad_request(name, "The value you selected is not a valid choice.");
        let by = match name {
            "order[id]" => By::Id,
            "order[updated_at]" => By::Updated,
            "order[created_at]" if by_creation || behaviour.platform == Platform::Kommo => By::Created,
            _ => return Err(wrong()),
        };
        match direction.as_str() {
            "asc" => Ok(Self { by, descending: false }),
            "desc" => Ok(Self { by, descending: true }),
            _ => Err(wrong()),
        }
    }
}

impl From<DefaultOrder> for Order {
    fn from(order: DefaultOrder) -> Self {
        let (by, descending) = match order {
            DefaultOrder::IdAsc => (By::Id, false),
            DefaultOrder::IdDesc => (By::Id, true),
            DefaultOrder::UpdatedAtAsc => (By::Updated, false),
            DefaultOrder::UpdatedAtDesc => (By::Updated, true),
        };
        Self { by, descending }
    }
}
