//! amoCRM's lists of users and contacts, as far as an audit reads them (amoCRM facts §1.2, §3). Unknown members are ignored, and odd ones
//! are understood as the operation understands them.

use call::json::{self, Flag, LenientNumber, LenientText, List, Object, TextOrDigits};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

/// One page of a list.
#[derive(Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// Its entries that can be read.
    pub entries: Vec<T>,
    /// How many entries it has, with those that cannot.
    pub length: usize,
    /// Whether another page follows.
    pub has_next: bool,
}

/// An amoCRM user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The identifier.
    pub id: u64,
    /// The name.
    pub name: String,
    /// Whether the user is switched on in the account.
    pub is_active: bool,
}

/// An amoCRM contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The identifier.
    pub id: u64,
    /// The responsible user; amoCRM's ids begin at 1.
    pub owner: Option<u64>,
    /// Deleted contacts may be in lists.
    pub is_deleted: bool,
    /// The telephone numbers as people typed them; empty ones left out.
    pub phones: Vec<String>,
}

/// The answer is not what the list returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is not a list of amoCRM's API v4")]
pub struct NotAList;

/// Reads a page of `GET /api/v4/users`.
pub fn users(body: &[u8]) -> Result<Page<User>, NotAList> {
    page(
        body,
        |lists| lists.users,
        |user: RawUser| {
            Some(User {
                id: user.id.known()?,
                name: user.name.0.unwrap_or_default(),
                // Absent is not switched off.
                is_active: user.rights.0.and_then(|rights| rights.is_active.0).unwrap_or(true),
            })
        },
    )
}

/// Reads a page of `GET /api/v4/contacts`, as the operation does: what it passes over in a call is passed over here.
pub fn contacts(body: &[u8]) -> Result<Page<Contact>, NotAList> {
    page(
        body,
        |lists| lists.contacts,
        |contact: RawContact| {
            Some(Contact {
                id: contact.id.known()?,
                owner: match contact.responsible_user_id {
                    LenientNumber::Known(user) => Some(user).filter(|user| *user != 0),
                    LenientNumber::Absent => None,
                    LenientNumber::Odd => return None,
                },
                is_deleted: contact.is_deleted.0 == Some(true),
                phones: contact
                    .custom_fields_values
                    .entries()
                    .filter_map(|field| field.0?.phones())
                    .flatten()
                    .collect(),
            })
        },
    )
}

fn page<J: DeserializeOwned, T>(
    body: &[u8],
    list: impl FnOnce(RawLists) -> List<Box<RawValue>>,
    read: impl Fn(J) -> Option<T>,
) -> Result<Page<T>, NotAList> {
    let page: Object<RawPage> = json::read(body).map_err(|_| NotAList)?;
    let RawPage { embedded, links } = page.0.ok_or(NotAList)?;
    let raw = embedded.0.map(list).and_then(|list| list.0).ok_or(NotAList)?;
    let entry = |entry: &RawValue| json::read::<Object<J>>(entry.get().as_bytes()).ok()?.0.and_then(&read);
    Ok(Page {
        entries: raw.iter().filter_map(|raw| entry(raw)).collect(),
        length: raw.len(),
        // Only the link's presence counts: its address may name another host (amoCRM facts §1.2).
        has_next: links.0.is_some_and(|links| links.next.is_some()),
    })
}

#[derive(Deserialize)]
struct RawPage {
    #[serde(rename = "_links", default)]
    links: Object<Links>,
    #[serde(rename = "_embedded", default)]
    embedded: Object<RawLists>,
}

#[derive(Deserialize)]
struct Links {
    next: Option<IgnoredAny>,
}

/// The entries stay text, so that an odd one spoils no other.
#[derive(Deserialize)]
struct RawLists {
    #[serde(default = "no_list")]
    users: List<Box<RawValue>>,
    #[serde(default = "no_list")]
    contacts: List<Box<RawValue>>,
}

fn no_list<T>() -> List<T> {
    List(None)
}

#[derive(Deserialize)]
struct RawUser {
    #[serde(default)]
    id: LenientNumber,
    #[serde(default)]
    name: LenientText,
    #[serde(default)]
    rights: Object<Rights>,
}

#[derive(Deserialize)]
struct Rights {
    #[serde(default)]
    is_active: Flag,
}

#[derive(Deserialize)]
struct RawContact {
    #[serde(default)]
    id: LenientNumber,
    #[serde(default)]
    responsible_user_id: LenientNumber,
    #[serde(default)]
    is_deleted: Flag,
    #[serde(default)]
    custom_fields_values: List<Object<RawField>>,
}

#[derive(Deserialize)]
struct RawField {
    #[serde(default)]
    field_code: LenientText,
    values: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct RawPhone {
    #[serde(default)]
    value: TextOrDigits,
}

impl RawField {
    /// The telephone numbers, where this is the field of them: by its code, since names are localised.
    fn phones(self) -> Option<impl Iterator<Item = String>> {
        let values = self.values.filter(|_| self.field_code.0.as_deref() == Some("PHONE"))?;
        let values: List<Object<RawPhone>> = json::read(values.get().as_bytes()).ok()?;
        Some(values.entries().filter_map(|value| value.0?.value.0).filter(|phone| !phone.trim().is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_the_documentation_shows_and_tolerates_what_it_leaves_open() {
        let page = contacts(
            br#"{"_page":1,"_links":{"self":{"href":"x"},"next":{"href":"y"}},"_embedded":{"contacts":[
                {"id":3,"responsible_user_id":504141,"custom_fields_values":[{"field_code":"EMAIL","values":[{"value":"a@b"}]},
                 {"field_code":"PHONE","values":[{"value":"+7 (916) 1","enum_code":"WORK"},{"value":79},{"value":null},{"value":" "}]}]},
                {"id":4,"responsible_user_id":0,"is_deleted":true,"custom_fields_values":null,"is_unsorted":false}]}}"#,
        )
        .unwrap();
        let expected = [
            Contact { id: 3, owner: Some(504_141), is_deleted: false, phones: vec!["+7 (916) 1".into(), "79".into()] },
            Contact { id: 4, owner: None, is_deleted: true, phones: Vec::new() },
        ];
        assert_eq!(page, Page { entries: expected.into(), length: 2, has_next: true });
        let page =
            users(br#"{"_embedded":{"users":[{"id":1,"name":"A","rights":{"is_active":false}},{"id":2}]}}"#).unwrap();
        let expected =
            [User { id: 1, name: "A".into(), is_active: false }, User { id: 2, name: String::new(), is_active: true }];
        assert_eq!(page, Page { entries: expected.into(), length: 2, has_next: false });
    }

    proptest! {
        #[test]
        fn any_answer_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = (users(&body), contacts(&body));
        }
    }
}
