//! A configuration that was read with its secrets and judged whole, and its coming into force.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context;

use super::{Inner, State, at_restart, blocking, lock};
use crate::assemble::{InForce, assemble, judge_reasons};
use crate::cache_key;
use crate::change::{Made, revision_of};
use crate::config::HarnessConfig;
use crate::{registry, server_token, shared};
use call::{Localized, localized};
use node::Revision;
use node::versions::Prepared;
use node::watch::Watched;

/// A configuration with its secrets, by itself: not judged yet against what is in force.
pub(super) struct ReadConfiguration {
    config: HarnessConfig,
    /// Whether the file names the server's token, and where the token is.
    names_token: bool,
    token: Localized,
    warnings: Vec<Localized>,
    /// What changes are made in.
    text: String,
    /// This node's file.
    own: String,
    /// The change that it takes back, if it takes one back.
    undoes: Option<u64>,
}

/// A configuration that can be put in force.
pub(super) struct Judged<'a> {
    config: HarnessConfig,
    prepared: Prepared<'a>,
    warnings: Vec<Localized>,
    text: String,
    own: String,
    made: Made,
    undoes: Option<u64>,
}

impl Judged<'_> {
    /// Which operations it has, and which change it takes back, if any.
    pub(super) fn made(&self) -> (Made, Option<u64>) {
        (self.made.clone(), self.undoes)
    }
}

impl ReadConfiguration {
    /// The same, which takes this change back.
    pub(super) fn undoing(self, undoes: Option<u64>) -> Self {
        Self { undoes, ..self }
    }

    /// What changes are made in.
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

impl Inner {
    /// Reads a text with the secrets that it names, and with this node's `own` file where the text is shared. A disk may be slow, so nobody holds the
    /// state meanwhile.
    pub(super) async fn read(&self, text: String, own: String) -> anyhow::Result<ReadConfiguration> {
        let file = self.file.as_ref().context("there is no configuration file")?;
        let path = file.path().to_owned();
        let config = match &self.shared {
            None => {
                let text = text.clone();
                blocking(move || HarnessConfig::parse(&path, &text)).await??
            }
            Some(_) => {
                // In the words of the parser, which name the line.
                runtime::toml_file::parse::<toml::Value>(&path, &own)?;
                let whole = shared::whole(&text, &own, self.uploaded().as_deref())?;
                let parse = move || HarnessConfig::parse(&path, &whole).map_err(shared::without_line);
                blocking(parse).await??
            }
        };
        let in_file = |error: anyhow::Error| error.context(file.path().display().to_string());
        let mut config = config;
        registry::provide(&mut config, &self.surroundings.location).await.map_err(|error| in_file(error.into()))?;
        let mut warnings = config.warnings.clone();
        if let Some(place) = &self.shared {
            let store = &place.record;
            warnings.extend(shared::differs(store, &text, file.path(), &own, self.uploaded().as_deref()));
        }
        let location = self.surroundings.location.clone();
        let (names_token, mut integrations) = (config.server.token.is_some(), config.integrations);
        let mut server = config.server.clone();
        let provided = move || {
            let mut not_kept = Vec::new();
            for integration in &mut integrations {
                not_kept.extend(cache_key::provide(integration, &location)?.map(Localized::from));
            }
            let token = server_token::provide(&mut server, &location)?;
            anyhow::Ok((integrations, not_kept, server, token))
        };
        let (integrations, not_kept, server, token) = blocking(provided).await?.map_err(in_file)?;
        warnings.extend(not_kept);
        let config = HarnessConfig { integrations, server, ..config };
        Ok(ReadConfiguration { config, names_token, token, warnings, text, own, undoes: None })
    }

    /// Judges a configuration whole, in the words of the start. Nothing changes yet.
    pub(super) async fn judge(&self, state: &State, read: ReadConfiguration) -> anyhow::Result<Judged<'_>> {
        let ReadConfiguration { config, names_token, token, mut warnings, text, own, undoes } = read;
        let file = self.file.as_ref().context("there is no configuration file")?;
        let running = self.running.get().context("the server has not begun")?;
        let in_file = |error: anyhow::Error| error.context(file.path().display().to_string());
        if config.server.token != state.config.server.token && !names_token {
            warnings.push(token);
        }
        running.guard.judge_tokens(&config.server).map_err(|error| in_file(error.into()))?;
        let (changes, next) = (Arc::clone(&self.changes), text.clone());
        let made = blocking(move || lock(&changes).made(&next, undoes)).await?;
        let revision = self.revision(state, &config, &made).await.map_err(in_file)?;
        let before = running.node.revision();
        let is_new = |(id, integration): &(&Arc<str>, &Arc<_>)| {
            before.integrations().get(*id).is_none_or(|before| !Arc::ptr_eq(before, integration))
        };
        server::look_at_tokens(revision.integrations().iter().filter(is_new)).await;
        let prepared = running.versions.prepare(revision).await.map_err(|error| in_file(error.into()))?;
        warnings.extend(prepared.warnings().iter().cloned());
        Ok(Judged { config, prepared, warnings, text, own, made, undoes })
    }

    async fn revision(&self, state: &State, config: &HarnessConfig, made: &Made) -> anyhow::Result<Revision> {
        let running = self.running.get().context("the server has not begun")?;
        let before = InForce { config: &state.config, revision: running.node.revision() };
        let surroundings = &self.surroundings;
        let (engine, stores) = (&surroundings.engine, &surroundings.stores);
        let next = assemble(config, made, Some(before), engine, stores, surroundings.clock.clone()).await?;
        if next.placements().is_empty() {
            return Err(server::no_operation().into());
        }
        if let Some(recordings) = &self.recordings {
            judge_reasons(recordings, next.placements())?;
        }
        Ok(next.extension(config.server.pbx()).build()?)
    }

    /// From now on calls begin with this configuration. Gives what has changed and what is to be known of it, a line each.
    pub(super) fn put_in_force(&self, state: &mut State, judged: Judged<'_>) -> Vec<Localized> {
        let Judged { config, prepared, warnings, text, own, made, .. } = judged;
        let before = prepared.put_in_force();
        if let Some(running) = self.running.get() {
            if let Err(error) = running.guard.replace_tokens(&config.server) {
                tracing::error!(%error, "the tokens are not replaced");
            }
            if let Some(watch) = &running.watch {
                watch.replace(watched(&config));
            }
            let told = difference(&before, &running.node.revision());
            let mut shown = self.shown();
            shown.revision = revision_of(&text);
            shown.text.clone_from(&text);
            let said = std::mem::replace(&mut shown.warnings, warnings);
            let new = shown.warnings.iter().filter(|warning| !said.contains(warning));
            let new =
                new.map(|new| Localized::new(format!("предупреждение: {}", new.ru), format!("warning: {}", new.en)));
            let new: Vec<_> = new.collect();
            shown.at_restart = at_restart::changed(&self.began_with, &own);
            // What another node changed is no better file.
            if own == state.seen {
                shown.refused = None;
            }
            let mut told = localized!("новые настройки действуют: ", "the configuration is in force: ").then("", &told);
            if !shown.at_restart.is_empty() {
                let waiting = shown.at_restart.join(", ");
                told = told.then("; ", &localized!("после перезапуска: {waiting}", "with the next start: {waiting}"));
            }
            (state.config, state.text, state.made, state.own) = (config, text, made, own);
            return std::iter::once(told).chain(new).collect();
        }
        Vec::new()
    }
}

/// The component files that a configuration names.
pub(crate) fn watched(config: &HarnessConfig) -> Vec<Watched> {
    let operations = config.operations.iter();
    let files = operations.filter_map(|operation| {
        Some(Watched { placement: operation.id.clone(), file: operation.component.file()?.to_owned() })
    });
    files.collect()
}

/// What of two revisions is not the same.
fn difference(before: &Revision, after: &Revision) -> Localized {
    let operations = |revision: &Revision| {
        let placements = revision.placements().iter();
        let named = placements.map(|placement| (format!("[[operation]] `{}`", placement.id()), address(placement)));
        named.collect::<Vec<_>>()
    };
    let integrations = |revision: &Revision| {
        let integrations = revision.integrations().iter();
        integrations
            .map(|(id, integration)| (format!("[[integration]] `{id}`"), address(integration)))
            .collect::<Vec<_>>()
    };
    let all = |revision: &Revision| {
        let mut all = integrations(revision);
        all.extend(operations(revision));
        all
    };
    let (before, after) = (all(before), all(after));
    let names = |of: &[(String, usize)]| of.iter().map(|(name, _)| name.clone()).collect::<BTreeSet<_>>();
    let (had, has) = (names(&before), names(&after));
    let mut told: Vec<Localized> = Vec::new();
    for (ru, en, named) in [
        ("добавлено", "added", has.difference(&had).cloned().collect::<Vec<_>>()),
        ("убрано", "removed", had.difference(&has).cloned().collect()),
        (
            "изменено",
            "changed",
            after
                .iter()
                .filter(|(name, address)| before.iter().any(|(known, before)| known == name && before != address))
                .map(|(name, _)| name.clone())
                .collect(),
        ),
    ] {
        if !named.is_empty() {
            let named = named.join(", ");
            told.push(localized!("{ru} {named}", "{en} {named}"));
        }
    }
    told.into_iter().reduce(|told, next| told.then("; ", &next)).unwrap_or_else(|| {
        Localized::new("интеграции и операции не изменились", "no integration and no operation has changed")
    })
}

/// Whether it is the very same thing.
fn address<T>(of: &Arc<T>) -> usize {
    Arc::as_ptr(of).addr()
}
