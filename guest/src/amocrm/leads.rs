//! `GET /api/v4/leads`: the open lead of a contact, whose responsible user may come before the contact's (amoCRM facts §2).

use call::json::{LenientNumber, List, Object};
use serde::Deserialize;

use super::page::{Entry, LEADS, Page};
use super::{Client, contacts, latest};
use crate::caller::Caller;
use crate::details::Recorder;
use crate::reason::Reason;

/// Leads asked for.
const PAGE: usize = 50;

/// The stages in which leads are closed, the same in every pipeline: won and lost.
const CLOSED: [LenientNumber; 2] = [LenientNumber::Known(142), LenientNumber::Known(143)];

/// An open lead with a responsible user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenLead {
    /// The lead.
    pub id: u64,
    /// Its responsible user.
    pub user_id: u64,
}

/// A lead, as far as it matters here.
struct Lead {
    id: u64,
    manager: Option<u64>,
    updated_at: Option<u64>,
    /// Neither won nor lost nor deleted.
    is_open: bool,
    /// The contacts linked to it.
    contacts: Vec<u64>,
}

/// A lead as amoCRM sends it.
#[derive(Deserialize)]
struct LeadJson {
    #[serde(default)]
    id: LenientNumber,
    #[serde(default)]
    responsible_user_id: LenientNumber,
    #[serde(default)]
    updated_at: LenientNumber,
    #[serde(default)]
    is_deleted: call::json::Flag,
    #[serde(default)]
    closed_at: LenientNumber,
    #[serde(default)]
    status_id: LenientNumber,
    #[serde(rename = "_embedded", default)]
    embedded: Object<Linked>,
}

#[derive(Deserialize)]
struct Linked {
    #[serde(default)]
    contacts: List<Object<ContactJson>>,
}

#[derive(Deserialize)]
struct ContactJson {
    #[serde(default)]
    id: LenientNumber,
}

impl Client<'_> {
    /// The contact's open lead, of several the most recently updated; `None` when it has none. One request.
    ///
    /// amoCRM finds leads by the number of a linked contact, and by whatever else holds the digits: only those linked to this contact
    /// count.
    pub(crate) fn open_lead(
        &self,
        contact_id: u64,
        caller: &Caller,
        details: &mut Recorder,
    ) -> Result<Option<OpenLead>, Reason> {
        let digits = caller.search_digits();
        let path =
            format!("/api/v4/{LEADS}?query={digits}&limit={PAGE}&page=1&order%5Bupdated_at%5D=desc&with=contacts");
        let page = self.get(LEADS, &path, |answer| Page::<Lead>::read(LEADS, PAGE, answer), details)?;
        let Some(page) = page else { return Ok(None) };
        page.note_unreadable(LEADS, details);
        if !page.is_last {
            contacts::cut(PAGE, details);
        }
        let counts = |lead: &Lead| lead.is_open && lead.manager.is_some() && lead.contacts.contains(&contact_id);
        let lead = latest(&page.entries, counts, |lead| (lead.updated_at, lead.id));
        Ok(lead.and_then(|lead| lead.manager.map(|user_id| OpenLead { id: lead.id, user_id })))
    }
}

impl Entry for Lead {
    type Json = LeadJson;

    fn read(json: LeadJson) -> Result<Self, &'static str> {
        let is_closed = !matches!(json.closed_at, LenientNumber::Absent | LenientNumber::Known(0))
            || CLOSED.contains(&json.status_id);
        let linked = json.embedded.0.map(|linked| linked.contacts).unwrap_or_default();
        Ok(Self {
            id: json.id.known().ok_or("id")?,
            manager: super::user_id(json.responsible_user_id)?,
            updated_at: json.updated_at.known(),
            is_open: !is_closed && json.is_deleted.0 != Some(true),
            contacts: linked.entries().filter_map(|contact| contact.0?.id.known()).collect(),
        })
    }
}
