//! Whom the directory found.

use std::time::Duration;

use call::document::Ring;
use wasmtime::Result;

use super::Noted;
use crate::bindings::telephony::operation::directory::{self as wit, Host};
use crate::capabilities::clocks::timestamp;
use crate::capabilities::directory::{CallDirectory, Destination, Employee, LastTalk, Presence};
use crate::journal::{Import, Outcome};

impl Host for Noted<'_, &mut CallDirectory> {
    async fn find_by_crm_user(
        &mut self,
        crm_user_id: u64,
    ) -> Result<Result<Option<wit::Employee>, wit::DirectoryError>> {
        // The question is noted first: it stays without an answer where the call ends meanwhile.
        let index = self.journal.note(|| Import::Directory { crm_user_id, answer: Outcome::Unanswered });
        let found = match self.script.directory() {
            None => self.capability.find_by_crm_user(crm_user_id).await?,
            Some(Outcome::Done(found)) => {
                found.iter().for_each(|employee| self.capability.rings(employee));
                Ok(found.map(wit::Employee::from))
            }
            Some(Outcome::Failed(why)) => Err(wit::DirectoryError::Unavailable(why)),
            // The call that is replayed ended while it waited here.
            Some(Outcome::Unanswered | Outcome::NoSuchStore | Outcome::AccessDenied) => std::future::pending().await,
        };
        if let Ok(Some(found)) = &found {
            self.capability.told(found);
        }
        self.journal.learn(index, 0, |import| {
            if let Import::Directory { answer, .. } = import {
                *answer = match &found {
                    Ok(found) => {
                        Outcome::Done(found.as_ref().map(|found| written(found, self.capability.ring(&found.id))))
                    }
                    Err(wit::DirectoryError::Unavailable(why)) => Outcome::Failed(why.clone()),
                };
            }
        });
        Ok(found)
    }

    async fn find_last_talk(&mut self, days: u32) -> Result<Result<Option<wit::LastTalk>, wit::DirectoryError>> {
        let index = self.journal.note(|| Import::LastTalk { days, answer: Outcome::Unanswered });
        let found = match self.script.last_talk() {
            None => self.capability.find_last_talk(days).await?,
            Some(Outcome::Done(found)) => Ok(found.map(wit::LastTalk::from)),
            Some(Outcome::Failed(why)) => Err(wit::DirectoryError::Unavailable(why)),
            Some(Outcome::Unanswered | Outcome::NoSuchStore | Outcome::AccessDenied) => std::future::pending().await,
        };
        self.journal.learn(index, 0, |import| {
            if let Import::LastTalk { answer, .. } = import {
                *answer = match &found {
                    Ok(found) => Outcome::Done(
                        found.as_ref().map(|talk| LastTalk { crm_user_id: talk.crm_user_id, at: timestamp(talk.at) }),
                    ),
                    Err(wit::DirectoryError::Unavailable(why)) => Outcome::Failed(why.clone()),
                };
            }
        });
        Ok(found)
    }
}

fn written(found: &wit::Employee, ring: Ring) -> Employee {
    let destination = |destination: &wit::Destination| Destination {
        number: destination.number.clone(),
        ring_time: Duration::from_millis(destination.ring_time),
    };
    Employee {
        id: found.id.clone(),
        name: found.name.clone(),
        enabled: found.enabled,
        destinations: found.destinations.iter().map(destination).collect(),
        ring,
        presence: match found.presence {
            wit::Presence::NotFed => Presence::NotFed,
            wit::Presence::NeverSeen => Presence::NeverSeen,
            wit::Presence::LastSeen(at) => Presence::LastSeen(timestamp(at)),
        },
        deputy_crm_user_id: found.deputy_crm_user_id,
    }
}
