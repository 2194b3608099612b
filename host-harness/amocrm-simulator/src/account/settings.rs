//! The account itself, and the switches for what amoCRM's documentation leaves open.

use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

/// The account itself (amoCRM facts §9).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccountSettings {
    /// The account's id, repeated in every entity as `account_id`.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// The first label of its domain.
    pub subdomain: String,
    /// The name of its time zone, as `datetime_settings.timezone` gives it. Only text: days are reckoned by
    /// `timezone_offset`.
    pub timezone: String,
    /// What its day is reckoned by: `+HH:MM` or `-HH:MM`.
    pub timezone_offset: String,
    /// Whose token is used (`current_user_id`). Absent: the first administrator, else the first user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_user_id: Option<u64>,
}

impl Default for AccountSettings {
    fn default() -> Self {
        Self {
            id: 28_805_383,
            name: "Демонстрация".to_owned(),
            subdomain: "demo".to_owned(),
            timezone: "Europe/Moscow".to_owned(),
            timezone_offset: "+03:00".to_owned(),
            current_user_id: None,
        }
    }
}

impl AccountSettings {
    /// `timezone_offset` as an offset.
    ///
    /// # Errors
    /// Where it is not written `+HH:MM` or `-HH:MM`, or is further than 25 hours away.
    pub fn offset(&self) -> anyhow::Result<Offset> {
        let text = &self.timezone_offset;
        parse_offset(text).ok_or_else(|| {
            anyhow::anyhow!("account.timezone_offset: \"{text}\" is not an offset; write it as \"+03:00\"")
        })
    }
}

fn parse_offset(text: &str) -> Option<Offset> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let two = |part: &str| -> Option<i32> {
        (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok())?
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    if minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// The order that contacts, companies and leads come in when a request names none (amoCRM facts §1.1: unknown, so a switch).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DefaultOrder {
    /// Oldest id first.
    #[default]
    IdAsc,
    /// Newest id first.
    IdDesc,
    /// Least recently updated first.
    UpdatedAtAsc,
    /// Most recently updated first.
    UpdatedAtDesc,
}

/// The key that carries a phone's kind; one sample page of the documentation differs (amoCRM facts §1.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneEnumKey {
    /// `enum_code`, as most pages and the vendor's SDK have it.
    #[default]
    EnumCode,
    /// `enum`, as one sample has it.
    Enum,
    /// Neither: the element has only its value.
    None,
}

/// Which of the two services it is (amoCRM facts §8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// amoCRM: `platform=1`, `amocrm.ru`.
    #[default]
    Amocrm,
    /// Kommo: `platform=2`, `kommo.com`.
    Kommo,
}

/// What an address answers that the account was renamed away from (amoCRM facts §5.7: unknown, so a switch).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Renamed {
    /// 401 with code 101: there is no such account.
    #[default]
    Unauthorized,
    /// 404.
    NotFound,
    /// 301 to the same path at the new address.
    Redirect,
}

/// How an account behaves where amoCRM's documentation is silent or contradicts itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Behaviour {
    /// Page size of contacts, companies and leads when a request names none (amoCRM facts §1.1: inferred 50). 1 to 250.
    pub default_limit: usize,
    /// Their order when a request names none.
    pub default_order: DefaultOrder,
    /// Whether `query` also compares digits with the digits of phones, so that formatted numbers are found
    /// (amoCRM facts §1.5). `false`: only a plain substring.
    pub search_by_digits: bool,
    /// Whether deleted ones are found and listed (amoCRM facts §10.1: unknown). With `false` they come only with
    /// `with=only_deleted`.
    pub list_deleted: bool,
    /// Whether entities carry `is_deleted` (amoCRM facts §1.2: documented, but absent from the samples).
    pub show_is_deleted: bool,
    /// Whether `_links.next` is there on the last page too, as amoCRM's developers say (amoCRM facts §1.2); the page after it is 204.
    pub next_on_last_page: bool,
    /// Whether lists are filtered by id and time (amoCRM facts §1.3: unknown without the paid package).
    pub filters: bool,
    /// Which key carries a phone's kind.
    pub phone_enum_key: PhoneEnumKey,
    /// Whether the token was granted by an administrator; `false` gives 403 on the users (amoCRM facts §3).
    pub admin_token: bool,
    /// Which service it is. Consent, the domain's answer and the claims of tokens differ, and Kommo orders every list by
    /// `created_at` too.
    pub platform: Platform,
    /// Whether the user refuses consent.
    pub refuse_consent: bool,
    /// Whether the token endpoint takes a form too, as RFC 6749 has it (amoCRM facts §5.2: JSON is documented, a form is unknown).
    pub token_by_form: bool,
    /// Whether a spent refresh token can be spent again until one that came of it is, as Kommo has it (amoCRM facts §5.4).
    pub refresh_grace: bool,
    /// Whether a refresh ends the access token of the spent pair at once (amoCRM facts §5.4: unknown).
    pub refresh_revokes_access: bool,
    /// What the account's former addresses answer.
    pub renamed: Renamed,
    /// What hrefs begin with, where it is not the simulator's own address, such as `https://shard151.amocrm.ru`
    /// (amoCRM facts §1.2: samples show a shard's name).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub href_base: Option<String>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            default_limit: 50,
            default_order: DefaultOrder::default(),
            search_by_digits: true,
            list_deleted: true,
            show_is_deleted: true,
            next_on_last_page: true,
            filters: true,
            phone_enum_key: PhoneEnumKey::default(),
            admin_token: true,
            platform: Platform::default(),
            refuse_consent: false,
            token_by_form: true,
            refresh_grace: false,
            refresh_revokes_access: false,
            renamed: Renamed::default(),
            href_base: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_read_by_sign_hours_and_minutes() {
        for (text, seconds) in [("+03:00", 10_800), ("-03:30", -12_600), ("+00:00", 0), ("+14:00", 50_400)] {
            assert_eq!(parse_offset(text).unwrap().seconds(), seconds, "{text}");
        }
        for text in ["", "+", "3", "+3:00", "+03", "03:00", "+03:60", "+99:00", "+0а:00"] {
            assert!(parse_offset(text).is_none(), "{text}");
        }
    }
}
