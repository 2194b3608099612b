//! Numbers that several employees of an integration have. That may be meant, as with a telephone in a common office, so it is told and not refused.

use std::collections::BTreeMap;

use amocrm::integration::IntegrationSettings;
use call::masking::mask;
use call::{Localized, localized, numbers};

/// How many numbers are told.
const MOST: usize = 5;
/// A number of so many digits is an extension, which is told whole.
const EXTENSION: usize = 6;

/// What is to be known of the numbers of an integration's employees who are switched on.
pub(super) fn warning(integration: &IntegrationSettings) -> Option<Localized> {
    let country = integration.default_country().ok()?;
    let mut having: BTreeMap<String, (&str, Vec<&str>)> = BTreeMap::new();
    for (_, employee) in integration.employees.iter().filter(|(_, employee)| employee.enabled) {
        for destination in &employee.destinations {
            let number = destination.number.as_str();
            let read = numbers::read(number, country);
            let same = read.as_ref().and_then(|read| read.readings().first()).map_or(number, |number| number.digits());
            let (_, employees) = having.entry(same.to_owned()).or_insert((number, Vec::new()));
            if !employees.contains(&employee.id.as_str()) {
                employees.push(&employee.id);
            }
        }
    }
    let shared: Vec<_> = having.into_values().filter(|(_, employees)| employees.len() > 1).collect();
    if shared.is_empty() {
        return None;
    }
    let told = shared.iter().take(MOST).map(|(number, employees)| {
        let is_extension = number.bytes().filter(u8::is_ascii_digit).count() <= EXTENSION;
        let number = if is_extension { (*number).to_owned() } else { mask(number) };
        let employees = employees.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
        format!("{number} ({employees})")
    });
    let told = told.collect::<Vec<_>>().join("; ");
    let more = shared.len().saturating_sub(MOST);
    let (ru, en) =
        if more == 0 { Default::default() } else { (format!(" и других: {more}"), format!(" and {more} more")) };
    Some(localized!(
        "[[integration]] `{}`: одинаковые номера у нескольких сотрудников: {told}{ru}. Такой телефон звонит для каждого из них; если так не \
         задумано, исправьте `numbers`",
        "[[integration]] `{}`: employees have the same numbers: {told}{en}. Such a telephone rings for each of them; where that is not meant, \
         correct `numbers`",
        integration.id
    ))
}
