//! `GET /api/v4/leads`: the open lead of a contact, whose responsible user may come before the contact's (amoCRM facts §2).

use super::Client;
use super::search::{LEADS, latest};
use crate::caller::Caller;
use crate::details::Recorder;
use crate::reason::Reason;

/// An open lead with a responsible user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenLead {
    /// The lead.
    pub id: u64,
    /// Its responsible user.
    pub user_id: u64,
}

impl Client<'_> {
    /// The contact's open lead, of several the most recently updated; `None` when it has none. One request.
    ///
    /// amoCRM finds leads by the number of a linked contact, and by whatever else holds the digits: only those linked to this contact
    /// count.
    pub fn open_lead(
        &self,
        contact_id: u64,
        caller: &Caller,
        details: &mut Recorder,
    ) -> Result<Option<OpenLead>, Reason> {
        let leads = self.search(LEADS, caller, 1, details)?;
        let lead = latest(&leads, &|lead| {
            lead.is_open && !lead.is_deleted && lead.manager.is_some() && lead.contacts.contains(&contact_id)
        });
        Ok(lead.and_then(|lead| lead.manager.map(|user_id| OpenLead { id: lead.id, user_id })))
    }
}
