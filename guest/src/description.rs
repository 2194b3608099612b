//! The self-description (rule O1): what a scenario editor and an integration page need to offer this operation.

use crate::contract::{Description, SettingDescription, SettingKind, Text};
use crate::facts::{FACTS, PURPOSES};
use crate::reason::Reason;
use crate::settings;

/// Describes the operation.
pub fn describe() -> Description {
    Description {
        id: "forward-to-personal-manager",
        version: env!("CARGO_PKG_VERSION"),
        title: Text::fixed(
            "Переадресация на персонального менеджера из CRM",
            "Forward to the personal manager from the CRM",
        ),
        summary: Text::fixed(
            "Находит в amoCRM контакт звонящего и переадресует звонок на номера ответственного за него сотрудника. \
             Если менеджер неизвестен или недоступен, звонок переходит к связанной операции.",
            "Finds the caller's contact in amoCRM and forwards the call to the numbers of the user responsible for it. \
             When the manager is unknown or unavailable, the call goes to the linked operation.",
        ),
        settings: &PLACEMENT,
        configuration: &INTEGRATION,
        facts: &FACTS,
        purposes: &PURPOSES,
        reasons: Reason::ALL,
    }
}

static SEVERAL_CONTACTS: [(&str, Text); 2] = [
    (settings::LATEST, Text::fixed("Взять изменённый последним", "Take the most recently updated")),
    (settings::LINKED_OPERATION, Text::fixed("Связанная операция", "Linked operation")),
];

static STATUS_UNKNOWN: [(&str, Text); 2] = [
    (settings::LINKED_OPERATION, Text::fixed("Связанная операция", "Linked operation")),
    (settings::FORWARD, Text::fixed("Переадресовать", "Forward all the same")),
];

static PLACEMENT: [SettingDescription; 9] = [
    optional(
        settings::WAITING_TIME,
        Text::fixed("Время ожидания", "Waiting time"),
        Text::fixed(
            "Сколько операция ждёт ответа amoCRM: все запросы вместе",
            "How long the operation may wait for amoCRM, all its requests together",
        ),
        SettingKind::Duration {
            default: settings::WAITING_TIME_DEFAULT,
            minimum: settings::WAITING_TIME_BOUNDS.0,
            maximum: settings::WAITING_TIME_BOUNDS.1,
        },
    ),
    optional(
        settings::SEVERAL_CONTACTS,
        Text::fixed("Если контактов несколько", "Several contacts"),
        Text::fixed(
            "Что делать, когда у номера несколько контактов с разными ответственными",
            "What to do when the number belongs to several contacts with different managers",
        ),
        SettingKind::Choice { default: settings::LATEST, options: &SEVERAL_CONTACTS },
    ),
    optional(
        settings::STATUS_UNKNOWN,
        Text::fixed("Если статус неизвестен", "Status unknown"),
        Text::fixed(
            "Что делать, когда статус персонального менеджера не удалось проверить",
            "What to do when the manager's status could not be checked",
        ),
        SettingKind::Choice { default: settings::LINKED_OPERATION, options: &STATUS_UNKNOWN },
    ),
    optional(
        settings::SEARCH_COMPANIES,
        Text::fixed("Искать компании", "Search companies"),
        Text::fixed(
            "Если контакта нет, искать компанию с номером звонящего: ещё один запрос",
            "Where there is no contact, search for a company with the caller's number: one more request",
        ),
        SettingKind::Flag { default: false },
    ),
    optional(
        settings::OPEN_LEAD_FIRST,
        Text::fixed("Сначала открытая сделка", "Open lead first"),
        Text::fixed(
            "Ответственный за открытую сделку контакта важнее ответственного за контакт: ещё один запрос",
            "The user responsible for the contact's open lead comes before the contact's: one more request",
        ),
        SettingKind::Flag { default: false },
    ),
    optional(
        settings::REFUSE_DEACTIVATED_MANAGERS,
        Text::fixed("Не звонить отключённым в amoCRM", "Refuse deactivated managers"),
        Text::fixed(
            "Проверять, что менеджер не отключён в amoCRM: ещё один запрос, нужен ключ администратора",
            "Check that the manager is not deactivated in amoCRM: one more request, with an administrator's token",
        ),
        SettingKind::Flag { default: false },
    ),
    optional(
        settings::FORWARD_TO_DEPUTY,
        Text::fixed("Звонить заместителю", "Forward to the deputy"),
        Text::fixed(
            "Если менеджер не на работе, отключён или без номера; не больше трёх по очереди",
            "Where the manager is not at work, off or without a number; at most three in turn",
        ),
        SettingKind::Flag { default: false },
    ),
    optional(
        settings::PREFER_LAST_TALKED,
        Text::fixed("Сначала последний собеседник, дней", "Last talked first, days"),
        Text::fixed(
            "Сначала звонить тому, кто последним ответил этому звонящему за это число дней; 0 — не учитывать",
            "Ring the employee who last answered this caller within this number of days first; 0 is off",
        ),
        SettingKind::Integer { default: 0, minimum: 0, maximum: settings::PREFER_LAST_TALKED_MAXIMUM as i64 },
    ),
    optional(
        settings::SHOW_CONTACT_NAME,
        Text::fixed("Показывать имя контакта", "Show the contact's name"),
        Text::fixed(
            "Имя контакта видно на телефоне; оно хранится вместе с менеджером",
            "The telephone shows the contact's name, which is kept with the manager",
        ),
        SettingKind::Flag { default: false },
    ),
];

static INTEGRATION: [SettingDescription; 8] = [
    SettingDescription {
        key: settings::BASE_URL,
        title: Text::fixed("Адрес аккаунта amoCRM", "amoCRM account address"),
        help: Text::fixed("Например, https://example.amocrm.ru", "For example https://example.amocrm.ru"),
        required: true,
        kind: SettingKind::Text { default: None, maximum_length: 255, secret: false },
    },
    optional(
        settings::ENABLED,
        Text::fixed("Интеграция включена", "Integration enabled"),
        Text::fixed(
            "Когда выключена, звонки переходят к связанной операции без запросов к amoCRM",
            "When off, calls go to the linked operation with no request to amoCRM",
        ),
        SettingKind::Flag { default: true },
    ),
    optional(
        settings::CONSIDER_MANAGER_STATUS,
        Text::fixed("Учитывать статус персонального менеджера", "Consider the manager status"),
        Text::fixed(
            "Переадресовать, только если менеджер сегодня авторизован в amoCRM",
            "Forward only when the manager is authorised in amoCRM today",
        ),
        SettingKind::Flag { default: false },
    ),
    optional(
        settings::MANAGER_STATUS_REUSE,
        Text::fixed("Повторное использование статуса, с", "Manager status reuse, s"),
        Text::fixed(
            "Сколько секунд статус, узнанный по событиям amoCRM, не запрашивается снова; 0 — запрашивать всегда",
            "For how many seconds a status learned from amoCRM's events is not asked for again; 0 asks on every call",
        ),
        SettingKind::Integer {
            default: settings::MANAGER_STATUS_REUSE_DEFAULT as i64,
            minimum: 0,
            maximum: settings::MANAGER_STATUS_REUSE_MAXIMUM as i64,
        },
    ),
    optional(
        settings::DEFAULT_COUNTRY_CODE,
        Text::fixed("Код страны", "Default country code"),
        Text::fixed("Для номеров, записанных без кода страны", "For numbers written without a country code"),
        SettingKind::Integer { default: 7, minimum: 1, maximum: 999 },
    ),
    optional(
        settings::BUCKET,
        Text::fixed("Имя хранилища", "Key-value bucket"),
        Text::fixed("Хранилище, которое хост выделил операции", "The bucket that the host grants to the operation"),
        SettingKind::Text { default: Some(settings::BUCKET_DEFAULT), maximum_length: 255, secret: false },
    ),
    optional(
        settings::ACCESS_TOKEN,
        Text::fixed("Ключ доступа amoCRM", "amoCRM access token"),
        Text::fixed(
            "Только для хостов, которые не добавляют ключ к запросам сами; иначе не задаётся",
            "Only on hosts that do not add the token to requests themselves; otherwise left out",
        ),
        SettingKind::Text { default: None, maximum_length: 8_192, secret: true },
    ),
    optional(
        settings::CACHE_KEY_SECRET,
        Text::fixed("Секрет ключей хранилища", "Cache key secret"),
        Text::fixed(
            "С ним номера звонящих хешируются в ключах хранилища; хост создаёт и хранит его сам, без него хеш без секрета",
            "Callers' numbers are hashed with it in stored keys; the host makes and keeps it itself, without it the hash has no secret",
        ),
        SettingKind::Text { default: None, maximum_length: settings::CACHE_KEY_SECRET_MAXIMUM as u32, secret: true },
    ),
];

const fn optional(key: &'static str, title: Text, help: Text, kind: SettingKind) -> SettingDescription {
    SettingDescription { key, title, help, required: false, kind }
}
