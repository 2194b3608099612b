//! Worlds where whoever last answered a caller is rung before the manager (rule E5), and where telephones show who calls (rule E6).

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use call::CallDocument;
use call::document::Route;
use jiff::{SignedDuration, Timestamp};
use runtime::capabilities::directory::{LastTalk, Talks, Unavailable};

use crate::checks::{Before, Model};
use crate::deputies::{is_never_rung, user_of};
use crate::plan::{Caller, USERS};
use crate::seen::Seen;

/// How old a talk may be, in days.
pub(crate) const DAYS: u32 = 1;
/// The fact that tells where the manager is known from, where that is who last answered.
pub(crate) const LAST_TALK: &str = "last-talk";

/// Who last answered each caller, and when.
#[derive(Default)]
pub(crate) struct WorldTalks(Mutex<HashMap<String, (u64, Timestamp)>>);

#[async_trait]
impl Talks for WorldTalks {
    async fn last(&self, caller_number: &str, since: Timestamp) -> Result<Option<LastTalk>, Unavailable> {
        let talks = self.0.lock().expect("no panic");
        let talk = talks.get(caller_number).filter(|(_, at)| *at >= since);
        Ok(talk.map(|(user, at)| LastTalk { crm_user_id: *user, at: *at }))
    }
}

impl WorldTalks {
    /// Who last answered this caller, at most so many days before.
    pub(crate) fn of(&self, caller: Caller, now: Timestamp) -> Option<u64> {
        let talks = self.0.lock().expect("no panic");
        let (user, at) = talks.get(&international(caller)?)?;
        (now.duration_since(*at) <= SignedDuration::from_hours(24 * i64::from(DAYS))).then_some(*user)
    }

    /// Every second forwarded call is answered: mostly by the employee who was rung, else by somebody who picked it up.
    pub(crate) fn answered(&self, number: usize, caller: Caller, resolved: &CallDocument, now: Timestamp) {
        let Route::Forward { employee, .. } = &resolved.route else { return };
        let (Some(rung), Some(caller)) = (user_of(&employee.id), international(caller)) else { return };
        if number.is_multiple_of(2) {
            return;
        }
        let picked_up = USERS.get(number / 8 % USERS.len()).copied();
        let user = if number % 8 == 1 { picked_up.unwrap_or(rung) } else { rung };
        self.0.lock().expect("no panic").insert(caller, (user, now));
    }
}

fn international(caller: Caller) -> Option<String> {
    Some(format!("+7{}", caller.national()?))
}

impl Model {
    /// E5: who last answered is rung, if nothing stands in the way; nobody is who did not answer last.
    pub(crate) fn judge_last_talk(&self, before: &Before, seen: &Seen, quiet: bool) -> Option<(&'static str, String)> {
        const RULE: &str = "E5, who last answered is rung first";
        let rung = seen.employee.as_deref().and_then(user_of);
        let told = || Some((RULE, format!("{:?} answered last: {seen:?}", before.last_talk)));
        if !quiet {
            return None;
        }
        if seen.source == LAST_TALK {
            return if seen.manager == before.last_talk && rung == before.last_talk { None } else { told() };
        }
        let user = before.last_talk.filter(|user| !is_never_rung(*user) && self.is_certainly_at_work(*user, before))?;
        // A status that amoCRM did not tell stands in the way.
        let must_be_rung = !self.considers_status || seen.all_answered;
        if must_be_rung && rung != Some(user) { told() } else { None }
    }
}

/// E6: the telephone shows the contact's name, where that is asked for, and no other.
pub(crate) fn judge_name(before: &Before, resolved: &CallDocument, shown: bool) -> Option<(&'static str, String)> {
    let Route::Forward { .. } = resolved.route else { return None };
    let Caller::Contact(contact) = before.caller else { return None };
    let name = resolved.caller_name.as_ref().map(|name| name.as_str().to_owned());
    let right = match &name {
        // Who talked last is known without the contact.
        None => !shown || Seen::of(resolved).source == LAST_TALK,
        Some(name) => shown && *name == format!("Contact {contact}"),
    };
    (!right).then(|| ("E6, the contact's name is shown where it is asked for", format!("{name:?}")))
}
