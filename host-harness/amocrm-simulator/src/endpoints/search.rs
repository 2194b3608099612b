//! How `query` finds entities: in every filled field, as a substring (amoCRM facts §1.5). That is why strangers come back.

use serde_json::Value;

use super::card::Card;
use crate::{Behaviour, Phone};

/// What `query` looks for.
pub(super) struct Search {
    text: String,
    digits: Option<String>,
}

impl Search {
    /// `None` where the query is missing or blank: amoCRM then ignores it, and everything is found.
    pub(super) fn new(query: Option<&str>, behaviour: &Behaviour) -> Option<Self> {
        let text = query?.trim();
        if text.is_empty() {
            return None;
        }
        let number = text.chars().all(|symbol| symbol.is_ascii_digit() || " ()+-.".contains(symbol));
        let digits = Some(digits_of(text)).filter(|digits| number && behaviour.search_by_digits && !digits.is_empty());
        Some(Self { text: text.to_lowercase(), digits })
    }

    pub(super) fn finds(&self, card: &Card<'_>) -> bool {
        self.in_text(card.name)
            || card.other_names.iter().any(|name| self.in_text(name))
            || self.finds_phone(card.phones)
            || card.custom_fields.iter().any(|field| {
                let phone = field.code.as_deref() == Some("PHONE");
                field.values.iter().any(|value| match &value.value {
                    Value::String(text) => self.in_text(text) || (phone && self.in_digits(text)),
                    Value::Null => false,
                    other => self.in_text(&other.to_string()),
                })
            })
    }

    /// Whether it is in one of these phones.
    pub(super) fn finds_phone(&self, phones: &[Phone]) -> bool {
        phones.iter().any(|phone| self.in_text(&phone.value) || self.in_digits(&phone.value))
    }

    fn in_text(&self, text: &str) -> bool {
        text.to_lowercase().contains(&self.text)
    }

    fn in_digits(&self, phone: &str) -> bool {
        self.digits.as_deref().is_some_and(|digits| digits_of(phone).contains(digits))
    }
}

fn digits_of(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::super::entities::Entity;
    use super::*;
    use crate::{Contact, CustomField};

    fn finds(query: &str, contact: &Contact) -> bool {
        Search::new(Some(query), &Behaviour::default()).is_none_or(|search| search.finds(&contact.card()))
    }

    fn phone(value: &str) -> Contact {
        Contact { phones: vec![value.into()], ..Contact::default() }
    }

    #[test]
    fn ten_digits_find_every_spelling_of_a_phone() {
        for value in ["8 (916) 123-45-67", "+79161234567", "8.916.123.45.67", "9161234567", "+7 916 123 45 67 доб. 2"]
        {
            assert!(finds("9161234567", &phone(value)), "{value}");
        }
        assert!(!finds("9161234567", &phone("+7 916 123-45-68")));
    }

    #[test]
    fn plus_seven_and_eight_are_different() {
        assert!(!finds("+79161234567", &phone("8 (916) 123-45-67")));
        assert!(finds("89161234567", &phone("8 (916) 123-45-67")));
    }

    #[test]
    fn any_field_is_searched_and_only_phones_by_their_digits() {
        let order = |value: &str| Contact {
            custom_fields: vec![CustomField {
                name: "Номер заказа".to_owned(),
                code: None,
                field_type: "text".to_owned(),
                values: vec![Value::from(value).into()],
            }],
            ..Contact::default()
        };
        assert!(finds("9161234567", &order("А-9161234567")));
        assert!(!finds("9161234567", &order("916-123-45-67")));
        assert!(finds("соко", &Contact { name: "Анна СОКОЛОВА".to_owned(), ..Contact::default() }));
        assert!(finds("", &phone("1")) && finds("  ", &phone("1")));
    }

    #[test]
    fn digits_are_not_taken_out_of_words_nor_where_the_account_does_not() {
        assert!(!finds("a9161234567", &phone("8 (916) 123-45-67")));
        let plain = Behaviour { search_by_digits: false, ..Behaviour::default() };
        assert!(!Search::new(Some("9161234567"), &plain).unwrap().finds(&phone("8 (916) 123-45-67").card()));
    }
}
