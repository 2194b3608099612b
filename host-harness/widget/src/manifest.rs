//! `manifest.json`: what it has to say, and what it must not (amoCRM facts §7.6).

use call::{Localized, localized};
use serde_json::Value;
use url::Url;

use crate::{Archive, Finding, Rule};

const FILE: &str = "manifest.json";
/// Where a widget may appear. Some of them may say with `-0` or `-1` whether it uses the panel on the right.
const LOCATIONS: [&str; 23] = [
    "advanced_settings",
    "ai_agent",
    "amoforms",
    "card_sdk",
    "catalogs",
    "ccard",
    "clist",
    "comcard",
    "cucard",
    "culist",
    "digital_pipeline",
    "everywhere",
    "lcard",
    "lead_sources",
    "llist",
    "mobile_card",
    "salesbot_designer",
    "settings",
    "sms",
    "tlist",
    "website_chat_button",
    "whatsapp_modal",
    "widget_page",
];
const WITH_PANEL: [&str; 9] = ["ccard", "clist", "comcard", "cucard", "culist", "lcard", "llist", "tlist", "catalogs"];
const TYPES: [&str; 5] = ["custom", "pass", "text", "users", "users_lp"];

pub(crate) fn findings(archive: &Archive) -> Vec<Finding> {
    let Some(content) = archive.file(FILE) else { return Vec::new() };
    let manifest = match serde_json::from_slice(content) {
        Ok(manifest @ Value::Object(_)) => manifest,
        Ok(_) => {
            let what = Localized::new("это не объект JSON", "it is no JSON object");
            let fix = Localized::new("напишите в нём { \"widget\": { … } }", "write it as { \"widget\": { … } }");
            return vec![finding(Rule::ManifestJson, what, fix)];
        }
        Err(error) => {
            let what = localized!("не читается как JSON: {error}", "it is no JSON: {error}");
            return vec![finding(Rule::ManifestJson, what, Localized::new("исправьте его", "mend it"))];
        }
    };
    let mut findings = keys(&manifest["widget"]);
    findings.extend(support(&manifest["widget"]["support"]));
    findings.extend(secrets(&manifest["widget"]));
    findings.extend(locations(&manifest["locations"]));
    findings.extend(settings(&manifest["settings"]));
    findings
}

fn finding(rule: Rule, what: Localized, fix: Localized) -> Finding {
    Finding::new(rule, FILE, what, fix)
}

fn keys(widget: &Value) -> Vec<Finding> {
    let is_key_of_text =
        |value: &Value| value.as_str().is_some_and(|name| name.starts_with("widget.") && name.len() > 7);
    let is_version = |value: &Value| {
        let parts: Vec<_> = value.as_str().unwrap_or_default().split('.').collect();
        parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let is_list =
        |value: &Value| value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_string));
    let text = |key: &str| {
        let fix = localized!("укажите текст из i18n: \"widget.{key}\"", "name a text of i18n: \"widget.{key}\"");
        (is_key_of_text(&widget[key]), fix)
    };
    let judged = [
        ("name", text("name")),
        ("description", text("description")),
        ("short_description", text("short_description")),
        (
            "version",
            (
                is_version(&widget["version"]),
                Localized::new("напишите три числа, например \"1.0.0\"", "write three numbers, such as \"1.0.0\""),
            ),
        ),
        ("interface_version", (widget["interface_version"] == 2, Localized::new("напишите 2", "write 2"))),
        (
            "init_once",
            (widget["init_once"].is_boolean(), Localized::new("напишите true или false", "write true or false")),
        ),
        (
            "locale",
            (
                is_list(&widget["locale"]),
                Localized::new(
                    "перечислите файлы из i18n, например [\"ru\", \"en\"]",
                    "list the files of i18n, such as [\"ru\", \"en\"]",
                ),
            ),
        ),
        ("installation", (widget["installation"] == true, Localized::new("напишите true", "write true"))),
    ];
    let wrong = judged.into_iter().filter(|(_, (is_right, _))| !is_right);
    wrong
        .map(|(key, (_, fix))| {
            let what = localized!(
                "ключа `widget.{key}` нет, или значение не то",
                "`widget.{key}` is missing, or not what it has to be"
            );
            finding(Rule::ManifestKey, what, fix)
        })
        .collect()
}

fn support(support: &Value) -> Vec<Finding> {
    let link = support["link"].as_str().and_then(|link| link.parse::<Url>().ok());
    let is_link = link.is_some_and(|link| matches!(link.scheme(), "https" | "http") && link.has_host());
    let email = support["email"].as_str().and_then(|email| email.split_once('@'));
    let is_email =
        email.is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains(['@', ' ']));
    let link = ("link", is_link, "укажите адрес страницы с помощью", "write the address of a page with help");
    let email = ("email", is_email, "укажите адрес электронной почты", "write an e-mail address");
    let wrong = [link, email].into_iter().filter(|(_, is_right, ..)| !is_right);
    wrong
        .map(|(key, _, ru, en)| {
            let what = localized!(
                "ключа `widget.support.{key}` нет, или это не адрес",
                "`widget.support.{key}` is missing, or no address"
            );
            finding(Rule::Support, what, Localized::new(ru, en))
        })
        .collect()
}

/// Every user of the account can download the archive's files.
fn secrets(widget: &Value) -> Option<Finding> {
    widget.get("secret_key").is_some().then(|| {
        finding(
            Rule::Secret,
            Localized::new(
                "`widget.secret_key` открывает секрет каждому пользователю",
                "`widget.secret_key` tells a secret to every user",
            ),
            Localized::new(
                "уберите его: ключи теперь создаются при загрузке",
                "remove it: keys are now made when the archive is uploaded",
            ),
        )
    })
}

fn locations(locations: &Value) -> Vec<Finding> {
    let Some(locations) = locations.as_array().filter(|locations| !locations.is_empty()) else {
        return vec![finding(
            Rule::Location,
            Localized::new("списка `locations` нет, или он пуст", "`locations` is missing or empty"),
            Localized::new(
                "перечислите, где работает виджет, например [\"everywhere\"]",
                "list where the widget works, such as [\"everywhere\"]",
            ),
        )];
    };
    let is_one = |location: &str| {
        let (name, panel) = location
            .strip_suffix("-0")
            .or_else(|| location.strip_suffix("-1"))
            .map_or((location, false), |name| (name, true));
        LOCATIONS.contains(&name) && (!panel || WITH_PANEL.contains(&name))
    };
    let wrong = locations.iter().filter(|location| !location.as_str().is_some_and(is_one));
    wrong
        .map(|location| {
            finding(
                Rule::Location,
                localized!("места {location} не бывает", "there is no location {location}"),
                Localized::new(
                    "укажите место из документации; у `everywhere` не бывает -0 и -1",
                    "write one that is documented; `everywhere` takes no -0 or -1",
                ),
            )
        })
        .collect()
}

fn settings(settings: &Value) -> Vec<Finding> {
    let settings = settings.as_object().into_iter().flatten();
    let wrong = settings.filter(|(_, setting)| {
        let is_type = setting["type"].as_str().is_some_and(|kind| TYPES.contains(&kind));
        let is_named = setting["name"].as_str().is_some_and(|name| name.starts_with("settings."));
        !is_type || !is_named || !setting["required"].is_boolean()
    });
    wrong
        .map(|(key, _)| {
            let types = TYPES.join(", ");
            let fix = localized!(
                "укажите `name` (\"settings.{key}\"), `type` ({types}) и `required`",
                "give it `name` (\"settings.{key}\"), `type` ({types}) and `required`"
            );
            let what = localized!(
                "поле `{key}` описано не так, как нужно",
                "the setting `{key}` is not described as it has to be"
            );
            finding(Rule::Setting, what, fix)
        })
        .collect()
}
