//! amoCRM's lists of users and contacts, as far as an audit reads them (amoCRM facts §1.2, §3). Unknown members are ignored.

use serde::Deserialize;
use serde_json::Value;

/// One page of a list.
#[derive(Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// Its entries.
    pub entries: Vec<T>,
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
    let page: RawPage<RawUsers> = read(body)?;
    let user = |user: RawUser| User {
        id: user.id,
        name: user.name.unwrap_or_default(),
        // Absent is not switched off.
        is_active: user.rights.and_then(|rights| rights.is_active).unwrap_or(true),
    };
    Ok(Page { has_next: page.has_next(), entries: page.embedded.users.into_iter().map(user).collect() })
}

/// Reads a page of `GET /api/v4/contacts`.
pub fn contacts(body: &[u8]) -> Result<Page<Contact>, NotAList> {
    let page: RawPage<RawContacts> = read(body)?;
    let contact = |contact: RawContact| Contact {
        id: contact.id,
        owner: contact.responsible_user_id.filter(|user| *user != 0),
        is_deleted: contact.is_deleted.unwrap_or(false),
        phones: contact.custom_fields_values.into_iter().flatten().filter_map(RawField::phones).flatten().collect(),
    };
    Ok(Page { has_next: page.has_next(), entries: page.embedded.contacts.into_iter().map(contact).collect() })
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, NotAList> {
    serde_json::from_slice(body).map_err(|_| NotAList)
}

#[derive(Deserialize)]
struct RawPage<T> {
    #[serde(rename = "_links", default)]
    links: Option<Links>,
    #[serde(rename = "_embedded")]
    embedded: T,
}

impl<T> RawPage<T> {
    /// Only the link's presence counts: its address may name another host (amoCRM facts §1.2).
    fn has_next(&self) -> bool {
        self.links.as_ref().is_some_and(|links| links.next.is_some())
    }
}

#[derive(Deserialize)]
struct Links {
    #[serde(default)]
    next: Option<Value>,
}

#[derive(Deserialize)]
struct RawUsers {
    users: Vec<RawUser>,
}

#[derive(Deserialize)]
struct RawUser {
    id: u64,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    rights: Option<Rights>,
}

#[derive(Deserialize)]
struct Rights {
    #[serde(default)]
    is_active: Option<bool>,
}

#[derive(Deserialize)]
struct RawContacts {
    contacts: Vec<RawContact>,
}

#[derive(Deserialize)]
struct RawContact {
    id: u64,
    #[serde(default)]
    responsible_user_id: Option<u64>,
    #[serde(default)]
    is_deleted: Option<bool>,
    #[serde(default)]
    custom_fields_values: Option<Vec<RawField>>,
}

#[derive(Deserialize)]
struct RawField {
    #[serde(default)]
    field_code: Option<String>,
    #[serde(default)]
    values: Option<Vec<RawValue>>,
}

#[derive(Deserialize)]
struct RawValue {
    #[serde(default)]
    value: Value,
}

impl RawField {
    /// The telephone numbers, where this is the field of them: by its code, since names are localised.
    fn phones(self) -> Option<impl Iterator<Item = String>> {
        let values = self.values.filter(|_| self.field_code.as_deref() == Some("PHONE"))?;
        Some(values.into_iter().filter_map(|value| match value.value {
            Value::String(phone) => Some(phone).filter(|phone| !phone.trim().is_empty()),
            Value::Number(phone) => Some(phone.to_string()),
            _ => None,
        }))
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
        assert_eq!(page, Page { entries: expected.into(), has_next: true });
        let page =
            users(br#"{"_embedded":{"users":[{"id":1,"name":"A","rights":{"is_active":false}},{"id":2}]}}"#).unwrap();
        let expected =
            [User { id: 1, name: "A".into(), is_active: false }, User { id: 2, name: String::new(), is_active: true }];
        assert_eq!(page, Page { entries: expected.into(), has_next: false });
    }

    proptest! {
        #[test]
        fn any_answer_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = (users(&body), contacts(&body));
        }
    }
}
