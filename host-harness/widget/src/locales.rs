//! The texts: a file for each locale that the manifest names, and all of them filled.

use std::collections::{BTreeMap, BTreeSet};

use call::{Localized, localized};
use serde_json::Value;

use crate::{Archive, Finding, Platform, Rule};

/// The texts of one locale, by where they stand: `widget.name`.
type Texts = BTreeMap<String, String>;

pub(crate) fn findings(archive: &Archive, platform: Platform) -> Vec<Finding> {
    let Some(manifest) = archive.manifest() else { return Vec::new() };
    let listed = manifest["widget"]["locale"].as_array().map(Vec::as_slice).unwrap_or_default();
    let listed: BTreeSet<&str> = listed.iter().filter_map(Value::as_str).collect();
    let files: BTreeSet<&str> =
        archive.names().filter_map(|name| name.strip_prefix("i18n/")?.strip_suffix(".json")).collect();
    let mut findings = Vec::new();
    let mut wrong = |locale: &str, what, fix| {
        findings.push(Finding::new(Rule::Locale, &format!("i18n/{locale}.json"), what, fix));
    };
    for locale in listed.difference(&files) {
        let what = Localized::new(
            "этот язык назван в манифесте, а файла нет",
            "the manifest names this locale, and its file is missing",
        );
        wrong(locale, what, Localized::new("добавьте его", "add it"));
    }
    for locale in files.difference(&listed) {
        let what = Localized::new("этот язык не назван в манифесте", "the manifest does not name this locale");
        let fix = localized!(
            "добавьте `{locale}` в `locale` файла manifest.json",
            "add `{locale}` to `locale` of manifest.json"
        );
        wrong(locale, what, fix);
    }
    let needed = match platform {
        Platform::Amocrm => "ru",
        Platform::Kommo => "en",
    };
    if !listed.contains(needed) && !files.contains(needed) {
        let what = Localized::new("нет основного языка платформы", "the platform's own language is missing");
        let fix = localized!(
            "добавьте его, и `{needed}` в `locale` файла manifest.json",
            "add it, and `{needed}` to `locale` of manifest.json"
        );
        wrong(needed, what, fix);
    }
    findings.extend(unfilled(archive, &manifest, &files));
    findings
}

/// Texts that are missing in one locale, or empty.
fn unfilled(archive: &Archive, manifest: &Value, files: &BTreeSet<&str>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut all: BTreeMap<&str, Texts> = BTreeMap::new();
    for locale in files {
        let file = format!("i18n/{locale}.json");
        match serde_json::from_slice(archive.file(&file).unwrap_or_default()) {
            Ok(document @ Value::Object(_)) => {
                let mut texts = Texts::new();
                collect(&mut texts, String::new(), &document);
                all.insert(locale, texts);
            }
            Ok(_) => findings.push(Finding::new(
                Rule::Text,
                &file,
                Localized::new("файл — не объект JSON", "the file is no JSON object"),
                Localized::new("напишите в нём { \"widget\": { … } }", "write it as { \"widget\": { … } }"),
            )),
            Err(error) => findings.push(Finding::new(
                Rule::Text,
                &file,
                localized!("файл не читается как JSON: {error}", "the file is no JSON: {error}"),
                Localized::new("исправьте его", "mend it"),
            )),
        }
    }
    let mut keys: BTreeSet<String> = all.values().flat_map(|texts| texts.keys().cloned()).collect();
    keys.extend(named(manifest));
    for (locale, texts) in &all {
        for key in &keys {
            let what = match texts.get(key).map(|text| text.trim()) {
                Some("") => localized!("текст `{key}` пуст", "the text `{key}` is empty"),
                Some(_) => continue,
                None => localized!("текста `{key}` нет", "the text `{key}` is missing"),
            };
            let fix = Localized::new("заполните его", "fill it in");
            findings.push(Finding::new(Rule::Text, &format!("i18n/{locale}.json"), what, fix));
        }
    }
    findings
}

/// The texts that the manifest names.
fn named(manifest: &Value) -> Vec<String> {
    let widget = ["name", "description", "short_description"].map(|key| &manifest["widget"][key]);
    let settings = manifest["settings"].as_object().into_iter().flat_map(|settings| settings.values());
    let named = widget.into_iter().chain(settings.map(|setting| &setting["name"])).filter_map(Value::as_str);
    named.filter(|name| name.contains('.')).map(str::to_owned).collect()
}

fn collect(texts: &mut Texts, place: String, value: &Value) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                collect(texts, if place.is_empty() { key.clone() } else { format!("{place}.{key}") }, value);
            }
        }
        Value::String(text) => drop(texts.insert(place, text.clone())),
        other => drop(texts.insert(place, other.to_string())),
    }
}
