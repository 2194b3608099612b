//! What is wrong between an amoCRM account and the PBX's employees, found before a call finds it.

use std::collections::{BTreeMap, BTreeSet};

use call::numbers::{self, CountryCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::{Contact, User};
use runtime::capabilities::directory::Employee;

/// A finding. The order is that of gravity: how many calls it costs, and how surely.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Finding {
    /// An amoCRM user owns contacts and is mapped to no employee: their calls end with `manager-has-no-employee`.
    OwnerWithoutEmployee {
        /// The amoCRM user.
        user: u64,
        /// The user's name in amoCRM.
        name: String,
        /// How many contacts the user owns.
        contacts: u64,
    },
    /// A user who was deactivated in amoCRM, or is no longer in the account, still owns contacts.
    DeactivatedOwner {
        /// The amoCRM user.
        user: u64,
        /// The name, where the account still knows the user.
        name: Option<String>,
        /// How many contacts the user owns.
        contacts: u64,
    },
    /// An employee has no number: calls end with `employee-has-no-number`, unless the deputy is rung.
    EmployeeWithoutNumber {
        /// The employee.
        employee: String,
        /// The amoCRM user.
        user: u64,
        /// The employee who is rung instead, where the operation forwards to deputies; null where there is none.
        deputy: Option<String>,
    },
    /// An employee is mapped to an amoCRM user who does not exist.
    EmployeeOfNobody {
        /// The employee.
        employee: String,
        /// The amoCRM user who does not exist.
        user: u64,
    },
    /// One number is rung for several employees.
    SharedNumber {
        /// The number, as the PBX dials it; masked unless it is an extension.
        number: String,
        /// The employees.
        employees: Vec<String>,
    },
    /// None of a contact's telephone numbers can equal a whole number of a caller's: its calls end with `contact-not-found`.
    PhoneNotMatched {
        /// The contact.
        contact: u64,
        /// Its responsible user.
        owner: Option<u64>,
        /// What is wrong with its numbers.
        why: PhoneFault,
    },
}

/// Why no caller has such a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PhoneFault {
    /// Too few or too many digits for a telephone number.
    NotANumber,
    /// Too short to be whole, and without a country's code: only a caller whose network leaves the area out as well is found by it.
    WithoutAreaCode,
}

impl Finding {
    /// The exit code of a run whose gravest finding this is.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::OwnerWithoutEmployee { .. } => 10,
            Self::DeactivatedOwner { .. } => 11,
            Self::EmployeeWithoutNumber { .. } => 12,
            Self::EmployeeOfNobody { .. } => 13,
            Self::SharedNumber { .. } => 14,
            Self::PhoneNotMatched { .. } => 15,
        }
    }
}

/// What is found while contacts go by: they may be too many to keep.
#[derive(Clone, Debug)]
pub struct ContactsSeen {
    country: CountryCode,
    owned: BTreeMap<u64, u64>,
    findings: Vec<Finding>,
    /// How many went by, deleted ones left out.
    pub contacts: u64,
    /// How many of them have no telephone number at all.
    pub without_phone: u64,
}

impl ContactsSeen {
    /// None yet. Numbers written without a country's code belong to this one.
    pub fn new(country: CountryCode) -> Self {
        Self { country, owned: BTreeMap::new(), findings: Vec::new(), contacts: 0, without_phone: 0 }
    }

    /// Looks at one more.
    pub fn see(&mut self, contact: &Contact) {
        if contact.is_deleted {
            return;
        }
        self.contacts += 1;
        if let Some(owner) = contact.owner {
            *self.owned.entry(owner).or_default() += 1;
        }
        if contact.phones.is_empty() {
            self.without_phone += 1;
            return;
        }
        let faults = contact.phones.iter().map(|phone| phone_fault(phone, self.country));
        // The least fault of its numbers: one good number is enough.
        if let Some(why) = faults.reduce(|one, other| if one.is_none() { None } else { other.min(one) }).flatten() {
            self.findings.push(Finding::PhoneNotMatched { contact: contact.id, owner: contact.owner, why });
        }
    }

    /// Everything that is wrong, the gravest first.
    pub fn judge(self, users: &[User], employees: &[(u64, Employee)]) -> Vec<Finding> {
        let known: BTreeMap<u64, &User> = users.iter().map(|user| (user.id, user)).collect();
        let mapped: BTreeSet<u64> = employees.iter().map(|(user, _)| *user).collect();
        let mut findings = self.findings;
        findings.extend(self.owned.into_iter().filter_map(|(id, contacts)| match known.get(&id) {
            Some(user) if !user.is_active => {
                Some(Finding::DeactivatedOwner { user: id, name: Some(user.name.clone()), contacts })
            }
            None => Some(Finding::DeactivatedOwner { user: id, name: None, contacts }),
            Some(user) if !mapped.contains(&id) => {
                Some(Finding::OwnerWithoutEmployee { user: id, name: user.name.clone(), contacts })
            }
            Some(_) => None,
        }));
        for (user, employee) in employees {
            if employee.destinations.is_empty() {
                let deputy = employee.deputy_crm_user_id;
                let deputy =
                    employees.iter().find(|(user, _)| Some(*user) == deputy).map(|(_, deputy)| deputy.id.clone());
                findings.push(Finding::EmployeeWithoutNumber { employee: employee.id.clone(), user: *user, deputy });
            }
            if !known.contains_key(user) {
                findings.push(Finding::EmployeeOfNobody { employee: employee.id.clone(), user: *user });
            }
        }
        findings.extend(shared_numbers(employees, self.country));
        findings.sort();
        findings
    }
}

/// Why no caller with a whole number has any of the numbers in this value; `None` where one may. The operation verifies cards by the same reading.
fn phone_fault(phone: &str, country: CountryCode) -> Option<PhoneFault> {
    let mut fault = PhoneFault::NotANumber;
    for numbers in numbers::read_all(phone, country) {
        if numbers.is_whole() {
            return None;
        }
        fault = PhoneFault::WithoutAreaCode;
    }
    Some(fault)
}

fn shared_numbers(employees: &[(u64, Employee)], country: CountryCode) -> impl Iterator<Item = Finding> {
    let mut by_number: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    for (_, employee) in employees {
        for destination in &employee.destinations {
            // Two spellings of one telephone number are one number; extensions are compared as they are.
            let number = numbers::read(&destination.number, country)
                .and_then(|numbers| numbers.readings().first().map(|number| number.digits().to_owned()))
                .unwrap_or_else(|| destination.number.clone());
            let (_, sharing) = by_number.entry(number).or_insert_with(|| (shown(&destination.number), Vec::new()));
            if !sharing.contains(&employee.id) {
                sharing.push(employee.id.clone());
            }
        }
    }
    let shared = by_number.into_values().filter(|(_, employees)| employees.len() > 1);
    shared.map(|(number, employees)| Finding::SharedNumber { number, employees })
}

/// An extension whole, a telephone number masked (rule D10).
fn shown(number: &str) -> String {
    const LONGEST_EXTENSION: usize = 6;
    if number.len() <= LONGEST_EXTENSION { number.to_owned() } else { call::masking::mask(number) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use forward_to_personal_manager::caller::Caller;
    use proptest::prelude::*;

    use super::*;
    use call::document::Ring;
    use runtime::capabilities::directory::{Destination, Presence};

    fn user(id: u64, is_active: bool) -> User {
        User { id, name: format!("User {id}"), is_active }
    }

    fn contact(id: u64, owner: u64, phones: &[&str]) -> Contact {
        let phones = phones.iter().map(|phone| (*phone).to_owned()).collect();
        Contact { id, owner: Some(owner), is_deleted: false, phones }
    }

    fn employee(id: &str, numbers: &[&str]) -> Employee {
        let destination =
            |number: &&str| Destination { number: (*number).to_owned(), ring_time: Duration::from_secs(20) };
        Employee {
            id: id.to_owned(),
            name: id.to_owned(),
            enabled: true,
            destinations: numbers.iter().map(destination).collect(),
            presence: Presence::NotFed,
            deputy_crm_user_id: None,
            ring: Ring::InTurn,
        }
    }

    fn judge(contacts: &[Contact], users: &[User], employees: &[(u64, Employee)]) -> Vec<Finding> {
        let mut seen = ContactsSeen::new(CountryCode::DEFAULT);
        contacts.iter().for_each(|contact| seen.see(contact));
        seen.judge(users, employees)
    }

    #[test]
    fn a_healthy_account_has_no_findings() {
        let contacts = [contact(1, 1, &["+7 916 123-45-67"]), contact(2, 1, &[])];
        assert_eq!(judge(&contacts, &[user(1, true)], &[(1, employee("anna", &["101"]))]), []);
    }

    #[test]
    fn owners_are_found_by_what_becomes_of_their_calls() {
        let contacts = [1, 1, 2, 3, 4].map(|owner| contact(owner * 10, owner, &[]));
        let deleted = Contact { is_deleted: true, ..contact(9, 5, &["1"]) };
        let contacts = [contacts.as_slice(), &[deleted]].concat();
        let users = [user(1, true), user(2, false), user(3, true), user(5, true)];
        let findings = judge(&contacts, &users, &[(2, employee("boris", &["102"])), (3, employee("vera", &["103"]))]);
        assert_eq!(
            findings,
            [
                Finding::OwnerWithoutEmployee { user: 1, name: "User 1".into(), contacts: 2 },
                Finding::DeactivatedOwner { user: 2, name: Some("User 2".into()), contacts: 1 },
                Finding::DeactivatedOwner { user: 4, name: None, contacts: 1 },
            ]
        );
    }

    #[test]
    fn employees_without_number_of_nobody_and_with_anothers_number_are_found() {
        let employees = [
            (1, employee("anna", &["101", "+7 903 555-01-01"])),
            (2, employee("boris", &["102", "8 903 555 01 01"])),
            (3, employee("vera", &["101"])),
            (4, employee("daria", &[])),
            (5, Employee { deputy_crm_user_id: Some(1), ..employee("egor", &[]) }),
        ];
        let findings = judge(&[], &[1, 2, 4, 5].map(|id| user(id, true)), &employees);
        assert_eq!(
            findings,
            [
                Finding::EmployeeWithoutNumber { employee: "daria".into(), user: 4, deputy: None },
                Finding::EmployeeWithoutNumber { employee: "egor".into(), user: 5, deputy: Some("anna".into()) },
                Finding::EmployeeOfNobody { employee: "vera".into(), user: 3 },
                Finding::SharedNumber {
                    number: "+7903•••0101".into(), employees: vec!["anna".into(), "boris".into()]
                },
                Finding::SharedNumber { number: "101".into(), employees: vec!["anna".into(), "vera".into()] },
            ]
        );
    }

    #[test]
    fn phones_that_no_caller_has_are_found() {
        let why =
            |phones: &[&str]| match judge(&[contact(1, 1, phones)], &[user(1, true)], &[(1, employee("a", &["1"]))])
                .as_slice()
            {
                [] => None,
                [Finding::PhoneNotMatched { contact: 1, owner: Some(1), why }] => Some(*why),
                other => panic!("{other:?}"),
            };
        for matched in [["+7 916 123-45-67"], ["8 916 123 45 67"], ["9161234567"], ["+372 5123456"], ["00372 512345"]] {
            assert_eq!(why(&matched), None, "{matched:?}");
        }
        for never in [["12"], ["по почте"], ["123456789012345678"]] {
            assert_eq!(why(&never), Some(PhoneFault::NotANumber), "{never:?}");
        }
        assert_eq!(why(&["123-45-67"]), Some(PhoneFault::WithoutAreaCode));
        assert_eq!(why(&["12", "123-45-67"]), Some(PhoneFault::NotANumber));
        assert_eq!(why(&["12", "+7 916 123-45-67"]), None, "one good number is enough");
    }

    proptest! {
        #[test]
        fn d02_what_is_unreachable_no_call_finds_and_the_other_way_round(
            card in prop_oneof!["[0-9+() -]{0,20}", "[0-9+() /;,доб.x-]{0,40}", "[+]?[0-9]{5,16}", "8?[(]?[0-9]{10}[)]?"],
            country in prop::sample::select(vec![7, 44, 375, 49, 39, 34, 54, 55, 1]),
        ) {
            let country = CountryCode::new(country).unwrap();
            let digits: String = card.chars().filter(char::is_ascii_digit).collect();
            // A call finds a card where amoCRM does, by a part of its digits, and the card is verified.
            let finds = |caller: &str| {
                let caller = Caller::read(Some(caller), country);
                caller.is_ok_and(|caller| caller.matching_reading(&card).is_some() && digits.contains(caller.search_digits()))
            };
            match phone_fault(&card, country) {
                Some(PhoneFault::NotANumber) => {
                    prop_assert!(!finds(&card) && !finds(&digits) && !finds(&format!("+{digits}")), "{card}");
                }
                Some(PhoneFault::WithoutAreaCode) => {
                    let whole = ["+7495", "+44207", "+49308"].map(|area| format!("{area}{digits}"));
                    prop_assert!(whole.iter().all(|caller| !finds(caller)), "{card}");
                }
                None => {
                    let mut numbers = numbers::read_all(&card, country).filter(numbers::Numbers::is_whole);
                    let found = numbers.any(|numbers| {
                        numbers.readings().iter().any(|number| finds(&format!("+{}", number.digits())) || finds(number.digits()))
                    });
                    prop_assert!(found, "{card}");
                }
            }
        }
    }
}
