//! Who there is: the account's users and contacts, and the PBX's employees.

use std::time::Duration;

use amocrm_simulator::{Account, Contact, Event, EventTime, Phone, User};
use call::document::Ring;
use jiff::Timestamp;
use runtime::capabilities::directory::{Destination, Employee, Presence};

use crate::deputies::deputy_of;
use crate::plan::{Caller, DISABLED, IMPOSTOR, NUMBERLESS, Plan, USERS};

pub(crate) fn contact_id(contact: usize) -> u64 {
    1_000 + u64::try_from(contact).expect("a small number")
}

/// The employees; `with_deputies`, each has somebody who stands in.
pub(crate) fn employees(with_deputies: bool) -> Vec<(u64, Employee)> {
    let employee = |user: u64| {
        let numbers = [format!("1{:02}", user % 100), format!("+7901{:07}", user)];
        let destination = |number| Destination { number, ring_time: Duration::from_secs(20) };
        let destinations = if user == NUMBERLESS { Vec::new() } else { numbers.map(destination).into() };
        let (id, name) = (format!("u{user}"), format!("User {user}"));
        let (enabled, presence) = (user != DISABLED, Presence::NotFed);
        let ring = Ring::InTurn;
        let deputy_crm_user_id = deputy_of(user).filter(|_| with_deputies);
        (user, Employee { id, name, enabled, destinations, ring, presence, deputy_crm_user_id })
    };
    USERS.into_iter().chain([IMPOSTOR]).map(employee).collect()
}

pub(crate) fn account(plan: &Plan) -> Account {
    let mut account = Account {
        users: USERS.into_iter().chain([IMPOSTOR]).map(|user| User::new(user, &format!("User {user}"))).collect(),
        ..Account::default()
    };
    for (number, manager) in plan.managers.iter().enumerate() {
        let national = Caller::Contact(number).national().expect("a number");
        account.contacts.push(Contact {
            id: contact_id(number),
            name: format!("Contact {number}"),
            responsible_user_id: *manager,
            phones: vec![Phone::from(format!("8 ({}) {}", &national[..3], &national[3..]).as_str())],
            ..Contact::default()
        });
        // Found by the same number, which stands in its name; its own is another.
        if number % 5 == 0 {
            account.contacts.push(Contact {
                id: 100_000 + contact_id(number),
                name: format!("Order {national}"),
                responsible_user_id: Some(IMPOSTOR),
                phones: vec![Phone::from("+7 495 000-00-00")],
                ..Contact::default()
            });
        }
    }
    account
}

pub(crate) fn event(number: usize, user: u64, at: Timestamp) -> Event {
    Event {
        id: format!("event-{number}"),
        kind: "lead_status_changed".to_owned(),
        entity_type: "lead".to_owned(),
        entity_id: 1,
        created_by: user,
        time: EventTime::At(at),
    }
}
