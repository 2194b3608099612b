//! An audit for people: each finding on a line, with what it does to calls and how to mend it.

use std::fmt::{self, Display};

use super::AuditReport;
use super::findings::{Finding, PhoneFault};
use call::one_line::Lines;
use call::{Language, Localized};

/// Contacts shown one by one; of more, the rest is counted. The JSON has them all.
const CONTACTS_SHOWN: usize = 20;

impl AuditReport {
    /// The audit as text of several lines.
    pub fn text(&self, language: Language) -> Lines {
        let Self { users, contacts, without_phone, unreadable, findings } = self;
        let summary = Localized {
            ru: format!("Проверено: пользователей {users}, контактов {contacts} (без телефона {without_phone})"),
            en: format!("Checked: {users} users, {contacts} contacts ({without_phone} without a telephone number)"),
        };
        let summary = match unreadable {
            0 => summary,
            _ => Localized {
                ru: format!("{}; нераспознанных записей пропущено: {unreadable}", summary.ru),
                en: format!("{}; entries passed over because they could not be read: {unreadable}", summary.en),
            },
        };
        let mut out = Lines::default();
        out.line(summary.get(language));
        let (phones, others): (Vec<_>, Vec<_>) =
            findings.iter().partition(|finding| matches!(finding, Finding::PhoneNotMatched { .. }));
        for finding in others.iter().chain(phones.iter().take(CONTACTS_SHOWN)) {
            out.line(format_args!("  {}", sentence(finding).get(language)));
        }
        if let Some(rest @ 1..) = phones.len().checked_sub(CONTACTS_SHOWN) {
            let rest = Localized {
                ru: format!("и ещё контактов с такими номерами: {rest} (все — в --json)"),
                en: format!("and {rest} more contacts with such numbers (--json lists all)"),
            };
            out.line(format_args!("  {}", rest.get(language)));
        }
        let conclusion = match findings.len() {
            0 => Localized { ru: "Замечаний нет".to_owned(), en: "Nothing found".to_owned() },
            count => Localized { ru: format!("Замечаний: {count}"), en: format!("Findings: {count}") },
        };
        out.line(conclusion.get(language));
        out
    }
}

fn sentence(finding: &Finding) -> Localized {
    let (ru, en) = match finding {
        Finding::OwnerWithoutEmployee { user, name, contacts } => (
            format!(
                "пользователь amoCRM {user} ({name}) ответственный за контакты ({contacts}), но не сопоставлен сотруднику: добавьте [[integration.employee]] с amocrm_user = {user}"
            ),
            format!(
                "amoCRM user {user} ({name}) owns contacts ({contacts}) and is mapped to no employee: add an [[integration.employee]] with amocrm_user = {user}"
            ),
        ),
        Finding::DeactivatedOwner { user, name, contacts } => {
            let name = name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
            (
                format!(
                    "отключённый или удалённый пользователь amoCRM {user}{name} ответственный за контакты ({contacts}): передайте их в amoCRM другому"
                ),
                format!(
                    "amoCRM user {user}{name} is deactivated or deleted and still owns contacts ({contacts}): hand them over in amoCRM"
                ),
            )
        }
        Finding::EmployeeWithoutNumber { employee, user, deputy: None } => (
            format!("у сотрудника {employee} (пользователь amoCRM {user}) нет номеров: добавьте numbers"),
            format!("employee {employee} (amoCRM user {user}) has no numbers: add `numbers`"),
        ),
        Finding::EmployeeWithoutNumber { employee, user, deputy: Some(deputy) } => (
            format!(
                "у сотрудника {employee} (пользователь amoCRM {user}) нет номеров, вместо него может звонить телефон заместителя {deputy}: включите \
                 forward_to_deputy в операции или добавьте numbers"
            ),
            format!(
                "employee {employee} (amoCRM user {user}) has no numbers, and the deputy {deputy} can be rung instead: set `forward_to_deputy` of \
                 the operation, or add `numbers`"
            ),
        ),
        Finding::EmployeeOfNobody { employee, user } => (
            format!(
                "сотрудник {employee} сопоставлен пользователю amoCRM {user}, которого в аккаунте нет: исправьте amocrm_user"
            ),
            format!("employee {employee} is mapped to amoCRM user {user}, who does not exist: correct `amocrm_user`"),
        ),
        Finding::SharedNumber { number, employees } => {
            let employees = Listed(employees);
            (
                format!("номер {number} общий у сотрудников {employees}: звонок одному услышит другой"),
                format!("number {number} is shared by employees {employees}: a call for one rings the other"),
            )
        }
        Finding::PhoneNotMatched { contact, owner: _, why } => match why {
            PhoneFault::NotANumber => (
                format!("контакт {contact}: в поле телефона нет телефонного номера, по звонку его не найти"),
                format!("contact {contact}: there is no telephone number in its phone field, no call can find it"),
            ),
            PhoneFault::WithoutAreaCode => (
                format!("контакт {contact}: номер без кода города, по звонку с полным номером его не найти"),
                format!(
                    "contact {contact}: its number lacks the area code, a call with the whole number cannot find it"
                ),
            ),
        },
    };
    Localized { ru, en }
}

struct Listed<'a>(&'a [String]);

impl Display for Listed<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_users_are_called_each_finding_is_one_line(text in any::<String>()) {
            let findings = vec![
                Finding::OwnerWithoutEmployee { user: 1, name: text.clone(), contacts: 1 },
                Finding::DeactivatedOwner { user: 1, name: Some(text.clone()), contacts: 1 },
                Finding::EmployeeWithoutNumber { employee: text.clone(), user: 1, deputy: None },
                Finding::EmployeeWithoutNumber { employee: text.clone(), user: 1, deputy: Some(text.clone()) },
                Finding::EmployeeOfNobody { employee: text.clone(), user: 1 },
                Finding::SharedNumber { number: text.clone(), employees: vec![text.clone(), text] },
            ];
            let report = AuditReport { users: 1, contacts: 1, without_phone: 0, unreadable: 0, findings };
            for language in [Language::Ru, Language::En] {
                let shown = report.text(language).to_string();
                prop_assert_eq!(shown.lines().count(), 8);
                prop_assert!(!shown.contains(|letter| letter != '\n' && call::one_line::is_hidden(letter)), "{shown:?}");
            }
        }
    }
}
