//! Notices from outside the PBX: amoCRM's webhooks, which say that a contact or company was changed.
//!
//! A notice is never believed: what it names is forgotten, so that the next call asks amoCRM. A forged or garbled one costs a request.

use crate::cache::Cache;
use crate::caller::InternationalNumber;
use crate::contract::{Note, Text};
use crate::details::Recorder;
use crate::reason::Reason;
use crate::settings;
use crate::world::World;

/// The kind of notice that is understood: the body of a webhook, `application/x-www-form-urlencoded` (amoCRM facts §7.5).
pub const AMOCRM_WEBHOOK: &str = "amocrm-webhook";

/// How much of a body is read.
pub const MAXIMUM_BODY: usize = 64 * 1024;
/// How many numbers of one notice are forgotten. amoCRM's webhooks name one contact, or the few of one bulk change.
pub const MAXIMUM_NUMBERS: usize = 100;

/// How the keys of a field's values end: `contacts[responsible][0][custom_fields][0][values][0][value]`.
const VALUE: &[u8] = b"[value]";

/// Forgets the managers of every telephone number in the notice. Whether the integration is on does not matter: it may be again within
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
    let cache = Cache { key_value: world.key_value, bucket: &bucket, clock: world.clock };
    let read = body.get(..MAXIMUM_BODY).unwrap_or(body);
    let mut numbers = values(read).filter_map(|value| InternationalNumber::parse(&value, country));
    let mut forgotten = 0;
    for number in numbers.by_ref().take(MAXIMUM_NUMBERS) {
        let Some(records) = cache.forget_managers(&number, details) else { break };
        forgotten += records;
    }
    if numbers.next().is_some() || read.len() < body.len() {
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

/// The values of fields in a form. Those that are no telephone numbers do no harm.
fn values(body: &[u8]) -> impl Iterator<Item = String> {
    body.split(|byte| *byte == b'&').filter_map(|pair| {
        let mut parts = pair.splitn(2, |byte| *byte == b'=').map(decoded);
        let is_value = parts.next()?.ends_with(VALUE);
        parts.next().filter(|_| is_value).and_then(|value| String::from_utf8(value).ok())
    })
}

/// A name or value of a form without its percent-encoding. What is no code of a byte stays as it is.
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
