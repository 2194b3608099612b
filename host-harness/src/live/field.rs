//! Why a configuration was refused, for a form: which field of the request is at fault, in both languages.

use crate::causes::text_of;
use amocrm::integration::Misconfigured;
use call::scenario::placement_of;
use node::versions::VersionError;
use node::{Misfit, NotPlaced};
use server::configuration::{Edit, NotChanged, Refusal, Scalar};
use server::escaped;
use server::problem::Unfit;

/// A field of a request, and the words by which a message speaks of it.
struct Field {
    pointer: String,
    words: Vec<String>,
}

/// What a client is told of whose several edits this one was refused, by its place among them.
pub(super) fn refusal_of_one(error: &anyhow::Error, place: usize, edit: &Edit) -> NotChanged {
    match refusal(error, Some(edit)) {
        NotChanged::Refused(refusal) => {
            let field = Some(format!("/{place}{}", refusal.field.unwrap_or_default()));
            NotChanged::Refused(Refusal { field, ..refusal })
        }
        other => other,
    }
}

/// What a client is told whose change was refused.
pub(super) fn refusal(error: &anyhow::Error, edit: Option<&Edit>) -> NotChanged {
    let misfits = misfits(error);
    let text = text_of(error);
    let en = &text.en;
    let fields = edit.map(fields).unwrap_or_default();
    let by_misfit =
        misfits.iter().find_map(pointer).filter(|pointer| fields.iter().any(|field| field.pointer == *pointer));
    // The more of a message is of a field, the more it is about that one.
    let by_words = || {
        let said = |field: &Field| field.words.iter().filter(|word| en.contains(*word)).map(String::len).max();
        let named = fields.iter().filter_map(|field| Some((said(field)?, field)));
        named.max_by_key(|(length, _)| *length).map(|(_, field)| field.pointer.clone())
    };
    NotChanged::Refused(Refusal {
        field: by_misfit.or_else(by_words),
        text,
        findings: misfits.into_iter().map(|misfit| Unfit::from(&misfit)).collect(),
    })
}

/// What of a component does not fit.
fn misfits(error: &anyhow::Error) -> Vec<Misfit> {
    for cause in error.chain() {
        if let Some(NotPlaced::Misfit(misfit)) = cause.downcast_ref() {
            return vec![misfit.clone()];
        }
        if let Some(VersionError::Misfit { misfits, .. }) = cause.downcast_ref() {
            return misfits.0.clone();
        }
        if let Some(misconfigured) = cause.downcast_ref::<Misconfigured>() {
            return vec![misconfigured.clone().into()];
        }
    }
    Vec::new()
}

fn pointer(misfit: &Misfit) -> Option<String> {
    let section = match misfit {
        Misfit::Setting(_) | Misfit::MissingSetting { .. } => "settings",
        Misfit::UnknownExit { .. } => "exits",
        Misfit::Configuration(_) => "configuration",
        Misfit::Undescribed(_) | Misfit::OtherOperation { .. } => return None,
    };
    Some(format!("/{section}/{}", escaped(misfit.key()?)))
}

/// The fields of a request, by what of it a message may name.
fn fields(edit: &Edit) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut add = |pointer: String, words: &[&str]| {
        let words = words.iter().filter(|word| !word.is_empty()).map(|word| format!("`{word}`")).collect();
        fields.push(Field { pointer, words });
    };
    match edit {
        Edit::AddOperation(operation) => {
            add("/id".to_owned(), &["id"]);
            add("/integration".to_owned(), &["integration", operation.integration.as_deref().unwrap_or_default()]);
            add("/component".to_owned(), &["component"]);
            add(
                "/linked_operation".to_owned(),
                &["linked_operation", &operation.linked_operation, placement(&operation.linked_operation)],
            );
            for (exit, target) in &operation.exits {
                add(format!("/exits/{}", escaped(exit)), &[exit, target, placement(target)]);
            }
            for (key, value) in &operation.settings {
                add(format!("/settings/{}", escaped(key)), &[key, text(Some(value))]);
            }
        }
        Edit::ChangeOperation(_, patch) => {
            if let Some(linked_operation) = &patch.linked_operation {
                add(
                    "/linked_operation".to_owned(),
                    &["linked_operation", linked_operation, placement(linked_operation)],
                );
            }
            if let Some(integration) = &patch.integration {
                add("/integration".to_owned(), &["integration", integration.as_deref().unwrap_or_default()]);
            }
            for (exit, target) in &patch.exits {
                let target = target.as_deref().unwrap_or_default();
                add(format!("/exits/{}", escaped(exit)), &[exit, target, placement(target)]);
            }
            for (key, value) in &patch.settings {
                add(format!("/settings/{}", escaped(key)), &[key, text(value.as_ref())]);
            }
        }
        Edit::ChangeIntegration(_, patch) => {
            add("/enabled".to_owned(), &["enabled"]);
            add("/time_zone".to_owned(), &["time_zone"]);
            for (key, value) in &patch.configuration {
                let beside = key.strip_suffix("_seconds").unwrap_or(key);
                add(format!("/configuration/{}", escaped(key)), &[key, beside, text(value.as_ref())]);
            }
        }
        Edit::PutEmployee(_, _, employee) => {
            add("/name".to_owned(), &["name"]);
            add("/amocrm_user".to_owned(), &["amocrm_user", &employee.amocrm_user.to_string()]);
            add("/numbers".to_owned(), &["numbers"]);
            add("/ring".to_owned(), &["ring"]);
            add("/deputy".to_owned(), &["deputy"]);
            for (place, number) in employee.numbers.iter().enumerate() {
                add(format!("/numbers/{place}/number"), &[&number.number]);
                if let Some(ring_time) = &number.ring_time {
                    add(format!("/numbers/{place}/ring_time"), &[&format!("ring_time` = `{ring_time}")]);
                }
            }
        }
        // Which of several is at fault cannot be told by the words of a message.
        Edit::RemoveOperation(_) | Edit::RemoveEmployee(..) | Edit::Several(_) => {}
    }
    fields
}

/// The placement that a target names, or nothing.
fn placement(target: &str) -> &str {
    placement_of(target).unwrap_or_default()
}

fn text(value: Option<&Scalar>) -> &str {
    match value {
        Some(Scalar::Text(text)) => text,
        _ => "",
    }
}
