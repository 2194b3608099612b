//! Notices from outside the PBX: amoCRM's webhooks, which say that a contact, company or lead was changed, deleted or restored.
//!
//! A notice is never believed: what was kept of the numbers and through the ids in it is forgotten, so that the next call asks amoCRM. A forged
//! or garbled one costs a request. What happened does not matter either: a deletion says an id alone, and a lead has no number.

use crate::cache::{Cache, Entity};
use crate::caller::Caller;
use crate::contract::{Note, Text};
use crate::details::Recorder;
use crate::reason::Reason;
use crate::settings;
use crate::world::World;

/// The kind of notice that is understood: the body of a webhook, `application/x-www-form-urlencoded` (amoCRM facts §7.5).
pub const AMOCRM_WEBHOOK: &str = "amocrm-webhook";

/// How much of a body is read.
pub const MAXIMUM_BODY: usize = 64 * 1024;
/// How many numbers of one notice are forgotten, and how many ids. amoCRM's webhooks name one contact, or the few of one bulk change.
pub const MAXIMUM_NUMBERS: usize = 100;
/// How many callers of one value are forgotten: a few numbers, each as networks may present it.
const MAXIMUM_CALLERS: usize = 16;

/// How the keys of a field's values end: `contacts[responsible][0][custom_fields][0][values][0][value]`.
const VALUE: &[u8] = b"[value]";
/// How the key of an entity's own id ends: `leads[responsible][0][id]`.
const ID: &[u8] = b"[id]";

/// What one field of a notice names.
enum Named {
    /// What may be a telephone number.
    Value(String),
    /// An entity that changed. Companies are sent as contacts too.
    Entity(&'static [Entity], u64),
}

/// Forgets what was kept of every telephone number and through every entity in the notice. Whether the integration is on does not matter: it may be again within
/// the six hours.
pub fn receive(world: World<'_>, kind: &str, body: &[u8]) -> Vec<Note> {
    let mut details = Recorder::start(world.clock);
    if kind == AMOCRM_WEBHOOK {
        // What keeps it from being read has been noted.
        let _ = forget(world, body, &mut details);
    } else {
        details.note(
            "notice-ignored",
            Text::fixed("Уведомление неизвестного вида", "a notice of a kind that is not known"),
        );
    }
    details.finish().notes
}

fn forget(world: World<'_>, body: &[u8], details: &mut Recorder) -> Result<(), Reason> {
    let country = settings::country(world.config, details)?;
    let bucket = settings::bucket(world.config, details)?;
    let secret = settings::cache_key_secret(world.config, details)?;
    let cache = Cache { key_value: world.key_value, bucket: &bucket, clock: world.clock, secret: secret.as_deref() };
    let read = body.get(..MAXIMUM_BODY).unwrap_or(body);
    let (mut numbers, mut entities, mut forgotten) = (0, 0, 0);
    let mut cut = read.len() < body.len();
    for field in fields(read) {
        let records: Option<u64> = match field {
            Named::Value(value) => {
                let mut callers = Caller::of_card(&value, country).take(MAXIMUM_CALLERS).peekable();
                if callers.peek().is_none() {
                    continue;
                }
                numbers += 1;
                if numbers > MAXIMUM_NUMBERS {
                    None
                } else {
                    callers.map(|caller| cache.forget_managers(&caller, details)).sum()
                }
            }
            Named::Entity(kinds, id) => {
                entities += 1;
                if entities > MAXIMUM_NUMBERS {
                    None
                } else {
                    kinds.iter().map(|kind| cache.forget_found_through(*kind, id, details)).sum()
                }
            }
        };
        let Some(records) = records else {
            cut = true;
            break;
        };
        forgotten += records;
    }
    if cut {
        details
            .note("notice-cut", Text::fixed("Уведомление прочитано не до конца", "the notice was not read to its end"));
    }
    details.note(
        "managers-forgotten",
        Text::made(
            format!("Забыто записей о менеджерах: {forgotten}"),
            format!("records of managers forgotten: {forgotten}"),
        ),
    );
    Ok(())
}

/// What the fields of a form name. Values that are not telephone numbers do no harm.
fn fields(body: &[u8]) -> impl Iterator<Item = Named> {
    body.split(|byte| *byte == b'&').filter_map(|pair| {
        let mut parts = pair.splitn(2, |byte| *byte == b'=').map(decoded);
        let (name, value) = (parts.next()?, parts.next()?);
        let value = || String::from_utf8(value).ok();
        if name.ends_with(VALUE) {
            return value().map(Named::Value);
        }
        let kinds = kinds(&name)?;
        value()?.trim().parse().ok().map(|id| Named::Entity(kinds, id))
    })
}

/// What the field with this name is the id of: `contacts[delete][0][id]`. Ids of fields stand deeper, and a note is not its contact.
fn kinds(name: &[u8]) -> Option<&'static [Entity]> {
    let name = name.strip_suffix(ID)?;
    let (collection, place) = name.split_at(name.iter().position(|byte| *byte == b'[')?);
    if place.starts_with(b"[note]") || place.iter().filter(|byte| **byte == b'[').count() != 2 {
        return None;
    }
    match collection {
        b"contacts" => Some(&[Entity::Contact, Entity::Company]),
        b"companies" => Some(&[Entity::Company]),
        b"leads" => Some(&[Entity::Lead]),
        _ => None,
    }
}

/// A name or value of a form without its percent-encoding. What is not a code of a byte stays as it is.
fn decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = after;
        let byte = match (first, after) {
            (b'+', _) => b' ',
            (b'%', [high, low, after @ ..]) => match (nibble(*high), nibble(*low)) {
                (Some(high), Some(low)) => {
                    rest = after;
                    high << 4 | low
                }
                _ => b'%',
            },
            _ => *first,
        };
        out.push(byte);
    }
    out
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
