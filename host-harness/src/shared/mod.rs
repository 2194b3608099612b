//! The configuration that nodes share: with a store that several nodes may use, what is changed over HTTP is one record there rather than in each
//! node's file.
//!
//! The first node writes the record from its file. From then on the record counts on every node, and what a file says otherwise of the same things is
//! named and not applied. The rest of a file (`text` tells what that is) stays the node's own.

mod local_copy;
mod record;
mod text;

use std::path::Path;

use crate::config::HarnessConfig;
use call::{Localized, localized};
use node::versions::take_components;
use runtime::store::Stores;
use runtime::toml_file::{self, ConfigError};
use stores::{StoreLocation, StoreWarning};

pub(crate) use local_copy::LocalCopy;
pub(crate) use record::{Record, Seen};
pub(crate) use text::{
    OF_INTEGRATION, OF_OPERATION, comes_over_http, differing, is_place, named_components, shared, unplaced, uploaded,
    whole,
};

/// The record as a process finds it when it begins.
pub(crate) struct Shared {
    pub(crate) record: Record,
    /// None where this node keeps no files.
    pub(crate) copy: Option<LocalCopy>,
    /// What the store has, or, where it is away, what this node saw last. None before a node has written anything.
    pub(crate) seen: Option<Seen>,
    /// Why the store does not answer.
    pub(crate) away: Option<Localized>,
}

/// What a process finds of the configuration that nodes share.
pub(crate) struct Found {
    pub(crate) shared: Shared,
    pub(crate) stores: Stores,
    pub(crate) warnings: Vec<StoreWarning>,
    /// The text of this node's file, with what is shared in its place.
    pub(crate) whole: String,
}

impl Found {
    /// Said where the file says otherwise.
    pub(crate) fn differs(&self, path: &Path, text: &str, location: &StoreLocation) -> Option<Localized> {
        let folder = uploaded(location.own_directory().as_deref());
        let seen = self.shared.seen.as_ref()?;
        differs(&self.shared.record, seen.said.shared_text(), path, text, folder.as_deref())
    }

    /// Said where the store is away.
    pub(crate) fn is_away(&self) -> Option<Localized> {
        self.shared.away.as_ref().map(|why| is_away(&self.shared.record, why))
    }
}

/// Finds the record of the store, where that is one that nodes may share; none elsewhere. Waits for the store as long as opening it takes.
///
/// # Errors
/// Where this text is no TOML.
pub(crate) async fn find(path: &Path, text: &str, location: &StoreLocation) -> Result<Option<Found>, ConfigError> {
    if !matches!(location, StoreLocation::Redis(_)) {
        return Ok(None);
    }
    // In the words of the parser, which name the line.
    toml_file::parse::<toml::Value>(path, text)?;
    let (stores, warnings) = stores::open(location);
    let record = Record::new(stores.records.clone());
    let directory = location.own_directory();
    let copy = directory.as_deref().map(|directory| LocalCopy::below(directory, record.location()));
    let (seen, away) = match record.read().await {
        Ok(seen) => (seen, None),
        Err(why) => (copy.as_ref().and_then(LocalCopy::read), Some(why.into())),
    };
    if let (Some(directory), Some(seen)) = (&directory, &seen) {
        take_components(&stores.records, directory, &named_components(seen.said.shared_text())).await;
    }
    let uploaded = uploaded(directory.as_deref());
    let whole = match &seen {
        Some(seen) => {
            whole(seen.said.shared_text(), text, uploaded.as_deref()).map_err(|error| ConfigError::of(path, error))?
        }
        None => text.to_owned(),
    };
    Ok(Some(Found { shared: Shared { record, copy, seen, away }, stores, warnings, whole }))
}

/// Reads the configuration that counts here: the file's, with what nodes share in its place.
///
/// # Errors
/// As [`HarnessConfig::read`].
pub(crate) async fn read(path: &Path, state: Option<&StoreLocation>) -> Result<HarnessConfig, ConfigError> {
    let text = toml_file::read_text(path)?;
    let location = location(path, &text, state)?;
    match find(path, &text, &location).await? {
        None => HarnessConfig::parse(path, &text),
        Some(found) => HarnessConfig::parse(path, &found.whole).map_err(without_line),
    }
}

/// Where values are kept: there where a command is told, else as the file has it.
///
/// # Errors
/// Where the file's section cannot be read.
pub(crate) fn location(path: &Path, text: &str, state: Option<&StoreLocation>) -> Result<StoreLocation, ConfigError> {
    match state {
        Some(state) => Ok(state.clone()),
        None => Ok(HarnessConfig::store_of(path, text)?.unwrap_or_default()),
    }
}

/// The same of a text that stands nowhere: its lines are none of the file's.
pub(crate) fn without_line(error: ConfigError) -> ConfigError {
    ConfigError { line: None, ..error }
}

/// Said where a file says otherwise than the record.
pub(crate) fn differs(
    record: &Record,
    shared: &str,
    path: &Path,
    text: &str,
    uploaded: Option<&Path>,
) -> Option<Localized> {
    let names = differing(shared, text, uploaded).join(", ");
    let (file, store) = (path.display(), record.location());
    (!names.is_empty()).then(|| {
        localized!(
            "{file} отличается от общих настроек узлов в {store}: {names}. Записанное в файле не действует: `host-harness config push` применит \
             его на всех узлах, `host-harness config pull` перенесёт общие настройки в файл",
            "{file} differs from the configuration that the nodes share in {store}: {names}. What the file says there is not applied: \
             `host-harness config push` applies it on every node, `host-harness config pull` takes the shared configuration into the file"
        )
    })
}

/// Said where the store does not answer.
pub(crate) fn is_away(record: &Record, why: &Localized) -> Localized {
    let store = record.location();
    localized!(
        "общие настройки в {store} недоступны: действуют последние известные, изменить их пока нельзя",
        "the configuration that the nodes share in {store} cannot be reached: the last one known stays in force and cannot be changed for now"
    )
    .then(" (", why)
    .then("", &Localized::new(")", ")"))
}
