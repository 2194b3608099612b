//! A configuration with everything that its file leaves out. What the file says stands there as it is written, secrets as their places.

use std::sync::Arc;
use std::time::Duration;

use humantime::format_duration;
use toml::{Table, Value};

use crate::config::HarnessConfig;
use node::Version;
use runtime::bindings::exports::telephony::operation::operation::{SettingDescription, SettingKind};
use server::ServerSettings;

/// Keys of an integration's configuration that its operations are given by the host itself.
const OF_HOST: [&str; 5] = ["enabled", "amocrm_base_url", "kv_bucket", "amocrm_access_token", "cache_key_secret"];
/// Those of them that are written in `[[integration]]` itself, and their names there.
const BESIDE: [(&str, &str); 3] = [
    ("consider_manager_status", "consider_manager_status"),
    ("manager_status_reuse_seconds", "manager_status_reuse"),
    ("default_country_code", "default_country_code"),
];

/// The text of the file, filled in. The versions are those of its operations, in their order.
pub(super) fn filled(text: &str, config: &HarnessConfig, versions: &[Arc<Version>]) -> anyhow::Result<String> {
    let mut file: Table = text.parse()?;
    let integrations = tables(&mut file, "integration");
    for (written, settings) in integrations.into_iter().zip(&config.integrations) {
        fill(written, "id", settings.id.as_str());
        fill(written, "enabled", settings.enabled);
        fill(written, "requests_per_second", i64::from(settings.requests_per_second));
        fill(written, "private_addresses", "refused");
        fill(written, "plain_http", "refused");
        let its = config.operations.iter().zip(versions);
        let its = its.filter(|(entry, _)| config.integration_of(entry).is_some_and(|of| of.id == settings.id));
        for described in its.flat_map(|(_, version)| &version.description.configuration) {
            fill_key(written, described);
        }
    }
    for ((written, entry), version) in tables(&mut file, "operation").into_iter().zip(&config.operations).zip(versions)
    {
        fill(written, "id", entry.id.as_str());
        let integration = config.integration_of(entry).map(|settings| settings.id.clone()).unwrap_or_default();
        fill(written, "integration", integration);
        if let Some(settings) = section(written, "settings") {
            for described in &version.description.settings {
                if let Some(value) = usual(&described.kind) {
                    fill(settings, &described.key, value);
                }
            }
        }
    }
    if let Some(server) = section(&mut file, "server") {
        fill_server(server);
    }
    Ok(toml::to_string(&file)?)
}

fn fill_key(integration: &mut Table, described: &SettingDescription) {
    let key = described.key.as_str();
    let is_inside =
        integration.get("configuration").and_then(Value::as_table).is_some_and(|inside| inside.contains_key(key));
    let Some(value) = usual(&described.kind).filter(|_| !OF_HOST.contains(&key) && !is_inside) else { return };
    match BESIDE.iter().find(|(known, _)| *known == key) {
        Some((_, "manager_status_reuse")) => {
            let seconds = value.as_integer().and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or_default();
            fill(integration, "manager_status_reuse", format_duration(Duration::from_secs(seconds)).to_string());
        }
        Some((_, beside)) => fill(integration, beside, value),
        None => {
            if let Some(configuration) = section(integration, "configuration") {
                fill(configuration, key, value);
            }
        }
    }
}

fn fill_server(server: &mut Table) {
    let usual = ServerSettings::default();
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    fill(server, "listen", usual.listen.to_string());
    for (key, value) in [
        ("max_body", usual.max_body),
        ("max_calls", usual.max_calls),
        ("max_connections", usual.max_connections),
        ("max_unproved_per_address", usual.max_unproved_per_address),
        ("max_followers", usual.max_followers),
    ] {
        fill(server, key, number(value));
    }
    for (key, time) in [
        ("unproved_timeout", usual.unproved_timeout),
        ("head_timeout", usual.head_timeout),
        ("body_timeout", usual.body_timeout),
    ] {
        fill(server, key, format_duration(time).to_string());
    }
}

/// The value of what is not written; none where that is nothing.
fn usual(kind: &SettingKind) -> Option<Value> {
    Some(match kind {
        SettingKind::Flag(usual) => (*usual).into(),
        SettingKind::Integer(bounds) => bounds.default.into(),
        SettingKind::Duration(bounds) => format_duration(Duration::from_millis(bounds.default)).to_string().into(),
        SettingKind::Choice(choice) => choice.default.clone().into(),
        SettingKind::Text(text) if !text.secret => text.default.clone()?.into(),
        SettingKind::Text(_) | SettingKind::List(_) => return None,
    })
}

fn fill(table: &mut Table, key: &str, value: impl Into<Value>) {
    table.entry(key).or_insert_with(|| value.into());
}

fn section<'a>(table: &'a mut Table, key: &str) -> Option<&'a mut Table> {
    table.entry(key).or_insert_with(|| Value::Table(Table::new())).as_table_mut()
}

fn tables<'a>(file: &'a mut Table, key: &str) -> Vec<&'a mut Table> {
    let tables = file.get_mut(key).and_then(Value::as_array_mut);
    tables.into_iter().flatten().filter_map(Value::as_table_mut).collect()
}
