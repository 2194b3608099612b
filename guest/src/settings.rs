//! The settings of a placed operation and the configuration of its integration: keys, defaults, bounds, and reading them.
//!
//! `description` describes exactly what is read here. A value that is missing where it is required, of the wrong kind or out of bounds
//! is never guessed: the call goes to the linked operation as `settings-invalid`, and a note names key, value and fix.

use std::time::Duration;

use crate::caller::CountryCode;
use crate::contract::{Setting, SettingValue, Text};
use crate::details::Recorder;
use crate::reason::Reason;
use crate::time::milliseconds;
use crate::world::Config;

/// «Время ожидания».
pub const WAITING_TIME: &str = "waiting_time";
/// The waiting time unless set.
pub const WAITING_TIME_DEFAULT: Duration = Duration::from_secs(3);
/// The least and the greatest waiting time.
pub const WAITING_TIME_BOUNDS: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// What to do when the caller's contacts have different managers (rule D3).
pub(crate) const SEVERAL_CONTACTS: &str = "several_contacts";
/// Take the most recently updated contact's manager.
pub(crate) const LATEST: &str = "latest";
/// Go to the linked operation.
pub const LINKED_OPERATION: &str = "linked-operation";

/// What to do when the manager's status is unknown (rule D6).
pub(crate) const STATUS_UNKNOWN: &str = "status_unknown";
/// Forward all the same.
pub const FORWARD: &str = "forward";

/// Whether companies are searched where no contact was found.
pub(crate) const SEARCH_COMPANIES: &str = "search_companies";
/// Whether the responsible user of the contact's open lead comes before the contact's.
pub(crate) const OPEN_LEAD_FIRST: &str = "open_lead_first";
/// Whether a manager who is switched off in amoCRM is refused.
pub(crate) const REFUSE_DEACTIVATED_MANAGERS: &str = "refuse_deactivated_managers";

/// Whether a deputy is rung where the manager cannot be (rule E4).
pub(crate) const FORWARD_TO_DEPUTY: &str = "forward_to_deputy";

/// For how many days whoever last answered the caller comes before the manager (rule E5); 0 is off.
pub(crate) const PREFER_LAST_TALKED: &str = "prefer_last_talked";
/// The most days.
pub(crate) const PREFER_LAST_TALKED_MAXIMUM: u32 = 365;
/// Whether the contact's name goes to the telephone (rule E6).
pub(crate) const SHOW_CONTACT_NAME: &str = "show_contact_name";

/// Whether the integration is on (rule O6).
pub const ENABLED: &str = "enabled";
/// «Учитывать статус персонального менеджера» (rule O7).
pub const CONSIDER_MANAGER_STATUS: &str = "consider_manager_status";
/// For how many seconds a status that amoCRM's events have just shown is used again (rule O7).
pub const MANAGER_STATUS_REUSE: &str = "manager_status_reuse_seconds";
/// The seconds unless configured.
pub(crate) const MANAGER_STATUS_REUSE_DEFAULT: u64 = 30;
/// The most seconds; 0 asks on every call.
pub(crate) const MANAGER_STATUS_REUSE_MAXIMUM: u64 = 300;
/// The calling code of numbers written without one (rule D1).
pub const DEFAULT_COUNTRY_CODE: &str = "default_country_code";
/// The account's address.
pub const BASE_URL: &str = "amocrm_base_url";
/// The key-value bucket's name.
pub const BUCKET: &str = "kv_bucket";
/// The bucket's name unless configured.
pub(crate) const BUCKET_DEFAULT: &str = "default";
/// The access token, only on hosts that cannot add it themselves.
pub const ACCESS_TOKEN: &str = "amocrm_access_token";

/// The secret that the caller's number is hashed with in stored keys (rule D12).
pub const CACHE_KEY_SECRET: &str = "cache_key_secret";
/// The longest secret, in bytes: 32 random bytes in hexadecimal.
pub(crate) const CACHE_KEY_SECRET_MAXIMUM: usize = 64;

/// The settings of a placed operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// How long the operation may wait for amoCRM, all its requests together.
    pub waiting_time: Duration,
    /// Whether contacts with different managers go to the linked operation.
    pub refuse_ambiguous: bool,
    /// Whether a call is forwarded when the manager's status is unknown.
    pub forward_unknown_status: bool,
    /// Whether a deputy is rung where the manager cannot be.
    pub forward_to_deputy: bool,
    /// For how many days whoever last answered the caller comes first; 0: never.
    pub prefer_last_talked: u32,
    /// Whether the contact's name goes to the telephone.
    pub show_contact_name: bool,
    /// How the manager is looked up.
    pub lookup: Lookup,
}

/// The optional requests of a lookup. What was found by one combination says nothing of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lookup {
    /// Companies are searched where no contact was found.
    pub companies: bool,
    /// The responsible user of the contact's open lead comes first.
    pub open_lead: bool,
    /// Managers who are switched off in amoCRM are refused.
    pub active_only: bool,
}

impl Lookup {
    /// Every combination.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..8_u8).map(|bits| Self { companies: bits & 1 != 0, open_lead: bits & 2 != 0, active_only: bits & 4 != 0 })
    }
}

impl Placement {
    /// Reads the settings that came with a call.
    pub fn read(settings: &[Setting], details: &mut Recorder) -> Result<Self, Reason> {
        let mut placement = Self {
            waiting_time: WAITING_TIME_DEFAULT,
            refuse_ambiguous: false,
            forward_unknown_status: false,
            forward_to_deputy: false,
            prefer_last_talked: 0,
            show_contact_name: false,
            lookup: Lookup::default(),
        };
        for setting in settings {
            match (setting.key.as_str(), &setting.value) {
                (WAITING_TIME, SettingValue::Duration(value)) => {
                    let (least, greatest) = WAITING_TIME_BOUNDS;
                    if !(least..=greatest).contains(value) {
                        let [value, least, greatest] = [*value, least, greatest].map(milliseconds);
                        return Err(invalid(
                            details,
                            WAITING_TIME,
                            &format!("{value} мс вне границ; нужно от {least} до {greatest} мс"),
                            &format!("{value} ms is out of bounds; set {least} to {greatest} ms"),
                        ));
                    }
                    placement.waiting_time = *value;
                }
                (SEVERAL_CONTACTS, SettingValue::Choice(choice)) => {
                    placement.refuse_ambiguous = choose(details, SEVERAL_CONTACTS, choice, [LATEST, LINKED_OPERATION])?;
                }
                (STATUS_UNKNOWN, SettingValue::Choice(choice)) => {
                    placement.forward_unknown_status =
                        choose(details, STATUS_UNKNOWN, choice, [LINKED_OPERATION, FORWARD])?;
                }
                (SEARCH_COMPANIES, SettingValue::Flag(value)) => placement.lookup.companies = *value,
                (OPEN_LEAD_FIRST, SettingValue::Flag(value)) => placement.lookup.open_lead = *value,
                (REFUSE_DEACTIVATED_MANAGERS, SettingValue::Flag(value)) => placement.lookup.active_only = *value,
                (FORWARD_TO_DEPUTY, SettingValue::Flag(value)) => placement.forward_to_deputy = *value,
                (SHOW_CONTACT_NAME, SettingValue::Flag(value)) => placement.show_contact_name = *value,
                (PREFER_LAST_TALKED, value) => placement.prefer_last_talked = days(value, details)?,
                (WAITING_TIME, _) => {
                    return Err(invalid(details, WAITING_TIME, "нужна длительность", "must be a duration"));
                }
                (key @ (SEVERAL_CONTACTS | STATUS_UNKNOWN), _) => {
                    return Err(invalid(details, key, "нужен один из вариантов", "must be a choice"));
                }
                (
                    key @ (SEARCH_COMPANIES
                    | OPEN_LEAD_FIRST
                    | REFUSE_DEACTIVATED_MANAGERS
                    | FORWARD_TO_DEPUTY
                    | SHOW_CONTACT_NAME),
                    _,
                ) => {
                    return Err(invalid(details, key, "нужен флаг", "must be a flag"));
                }
                (unknown, _) => {
                    let key = excerpt(unknown);
                    details.note(
                        "setting-ignored",
                        Text::made(
                            format!("Настройка «{key}» этой операции неизвестна и не учтена"),
                            format!("the setting `{key}` is not known to this operation and was ignored"),
                        ),
                    );
                }
            }
        }
        Ok(placement)
    }
}

/// For how many days whoever last answered the caller comes first.
fn days(value: &SettingValue, details: &mut Recorder) -> Result<u32, Reason> {
    let days = if let SettingValue::Integer(days) = value { u32::try_from(*days).ok() } else { None };
    days.filter(|days| *days <= PREFER_LAST_TALKED_MAXIMUM).ok_or_else(|| {
        invalid(
            details,
            PREFER_LAST_TALKED,
            &format!("нужно целое число от 0 до {PREFER_LAST_TALKED_MAXIMUM}"),
            &format!("set a whole number from 0 to {PREFER_LAST_TALKED_MAXIMUM}"),
        )
    })
}

/// Whether the second option was chosen.
fn choose(details: &mut Recorder, key: &str, choice: &str, options: [&str; 2]) -> Result<bool, Reason> {
    match options.iter().position(|option| *option == choice) {
        Some(position) => Ok(position == 1),
        None => Err(invalid(
            details,
            key,
            &format!("неизвестный вариант «{}»; нужно `{}` или `{}`", excerpt(choice), options[0], options[1]),
            &format!("unknown choice `{}`; set `{}` or `{}`", excerpt(choice), options[0], options[1]),
        )),
    }
}

/// The configuration of an integration that is on.
#[derive(Clone, Debug)]
pub struct Integration {
    /// The account's address.
    pub base_url: BaseUrl,
    /// Whether the manager must be at work (rule O7).
    pub consider_manager_status: bool,
    /// For how long a status that amoCRM's events have just shown is used again; zero: not at all.
    pub status_reuse: Duration,
    /// The calling code of numbers written without one.
    pub country: CountryCode,
    /// The key-value bucket's name.
    pub bucket: String,
    /// The access token, where the host does not add it.
    pub access_token: Option<String>,
    /// What the caller's number is hashed with in stored keys, where the host has such a secret.
    pub cache_key_secret: Option<String>,
}

impl Integration {
    /// Reads the configuration. A switched-off integration is reported before anything else can be wrong (rule O6).
    pub fn read(config: &dyn Config, details: &mut Recorder) -> Result<Self, Reason> {
        if !flag(config, details, ENABLED, true)? {
            return Err(Reason::IntegrationOff);
        }
        Ok(Self {
            base_url: base_url(config, details)?,
            consider_manager_status: flag(config, details, CONSIDER_MANAGER_STATUS, false)?,
            status_reuse: status_reuse(config, details)?,
            country: country(config, details)?,
            bucket: bucket(config, details)?,
            access_token: value(config, details, ACCESS_TOKEN)?.filter(|token| !token.is_empty()),
            cache_key_secret: cache_key_secret(config, details)?,
        })
    }
}

fn value(config: &dyn Config, details: &mut Recorder, key: &str) -> Result<Option<String>, Reason> {
    config.get(key).map_err(|error| {
        let error = excerpt(&error);
        invalid(
            details,
            key,
            &format!("хост не отдал значение: {error}"),
            &format!("the host could not give it: {error}"),
        )
    })
}

fn flag(config: &dyn Config, details: &mut Recorder, key: &str, default: bool) -> Result<bool, Reason> {
    match value(config, details, key)?.as_deref() {
        None => Ok(default),
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(other) => {
            let other = excerpt(other);
            Err(invalid(
                details,
                key,
                &format!("«{other}»; нужно `true` или `false`"),
                &format!("`{other}`; set `true` or `false`"),
            ))
        }
    }
}

/// The calling code of numbers written without one.
pub fn country(config: &dyn Config, details: &mut Recorder) -> Result<CountryCode, Reason> {
    let code = integer(config, details, DEFAULT_COUNTRY_CODE, [1, 999])?;
    Ok(code.and_then(|code| CountryCode::new(u16::try_from(code).ok()?)).unwrap_or(CountryCode::DEFAULT))
}

/// The key-value bucket's name.
pub fn bucket(config: &dyn Config, details: &mut Recorder) -> Result<String, Reason> {
    Ok(value(config, details, BUCKET)?.unwrap_or_else(|| BUCKET_DEFAULT.to_owned()))
}

/// The secret that the caller's number is hashed with in stored keys. It is not repeated in notes.
pub fn cache_key_secret(config: &dyn Config, details: &mut Recorder) -> Result<Option<String>, Reason> {
    let secret = value(config, details, CACHE_KEY_SECRET)?.filter(|secret| !secret.is_empty());
    if secret.as_ref().is_some_and(|secret| secret.len() > CACHE_KEY_SECRET_MAXIMUM) {
        return Err(invalid(
            details,
            CACHE_KEY_SECRET,
            &format!("длиннее {CACHE_KEY_SECRET_MAXIMUM} байт; нужен более короткий секрет"),
            &format!("is longer than {CACHE_KEY_SECRET_MAXIMUM} bytes; set a shorter secret"),
        ));
    }
    Ok(secret)
}

fn status_reuse(config: &dyn Config, details: &mut Recorder) -> Result<Duration, Reason> {
    let seconds = integer(config, details, MANAGER_STATUS_REUSE, [0, MANAGER_STATUS_REUSE_MAXIMUM])?;
    Ok(Duration::from_secs(seconds.unwrap_or(MANAGER_STATUS_REUSE_DEFAULT)))
}

/// A whole number inside its bounds.
fn integer(config: &dyn Config, details: &mut Recorder, key: &str, bounds: [u64; 2]) -> Result<Option<u64>, Reason> {
    let Some(text) = value(config, details, key)? else {
        return Ok(None);
    };
    let [least, greatest] = bounds;
    let number = text.parse().ok().filter(|number| (least..=greatest).contains(number));
    if number.is_none() {
        let text = excerpt(&text);
        return Err(invalid(
            details,
            key,
            &format!("«{text}»; нужно целое число от {least} до {greatest}"),
            &format!("`{text}`; set a whole number from {least} to {greatest}"),
        ));
    }
    Ok(number)
}

fn base_url(config: &dyn Config, details: &mut Recorder) -> Result<BaseUrl, Reason> {
    let Some(text) = value(config, details, BASE_URL)? else {
        return Err(invalid(
            details,
            BASE_URL,
            "не задан; нужен адрес аккаунта, например https://example.amocrm.ru",
            "is missing; set the account's address, for example https://example.amocrm.ru",
        ));
    };
    // The text is not repeated: an address may carry a password by mistake.
    BaseUrl::parse(&text).ok_or_else(|| {
        invalid(
            details,
            BASE_URL,
            "не адрес; нужно, например, https://example.amocrm.ru (без имени пользователя, `?` и `#`)",
            "is not an address; set, for example, https://example.amocrm.ru (no user name, `?` or `#`)",
        )
    })
}

fn invalid(details: &mut Recorder, key: &str, ru: &str, en: &str) -> Reason {
    details.note("settings-invalid", Text::made(format!("Настройка `{key}`: {ru}"), format!("setting `{key}`: {en}")));
    Reason::SettingsInvalid
}

/// A value as a note may repeat it: bounded, on one line.
pub(crate) fn excerpt(text: &str) -> String {
    text.chars().take(60).map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// An account's address: scheme, authority and path prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    /// Whether the scheme is https.
    pub secure: bool,
    /// Host and, where given, port.
    pub authority: String,
    /// The path before `/api/v4/…`: empty, or `/` and more, without a slash at the end.
    pub prefix: String,
}

impl BaseUrl {
    /// Parses `https://example.amocrm.ru` or `http://127.0.0.1:8080/prefix`.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let rest = rest.strip_prefix("//")?;
        let secure = scheme.eq_ignore_ascii_case("https");
        if !secure && !scheme.eq_ignore_ascii_case("http") {
            return None;
        }
        let rest = rest.trim_end_matches('/');
        let (authority, prefix) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?;
        let plain =
            |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'@' | b'?' | b'#' | b'\\' | b'"' | b'<' | b'>');
        (!authority.is_empty() && rest.bytes().all(plain)).then(|| Self {
            secure,
            authority: authority.to_owned(),
            prefix: prefix.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_addresses_and_refuses_the_rest() {
        let url = BaseUrl::parse("https://example.amocrm.ru/").unwrap();
        assert_eq!((url.secure, url.authority.as_str(), url.prefix.as_str()), (true, "example.amocrm.ru", ""));
        let url = BaseUrl::parse("HTTP://127.0.0.1:8080/a/b/").unwrap();
        assert_eq!((url.secure, url.authority.as_str(), url.prefix.as_str()), (false, "127.0.0.1:8080", "/a/b"));
        for text in [
            "",
            "example.amocrm.ru",
            "ftp://x",
            "https://",
            "https:///x",
            "https://u:p@x",
            "https://x?y",
            "https://x y",
            "https://я",
        ] {
            assert_eq!(BaseUrl::parse(text), None, "{text}");
        }
    }
}
