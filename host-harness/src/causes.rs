//! An error with all that led to it, in both languages.

use std::error::Error;

use amocrm::integration::Misconfigured;
use call::scenario::ScenarioFault;
use call::{Bilingual, Localized, system_error_ru};
use node::call_details::CallDetailsError;
use node::versions::VersionError;
use node::{Misfit, NotPlaced};
use runtime::capabilities::http::HttpSetupError;
use runtime::secret::SecretError;
use runtime::settings::SettingError;
use runtime::store::StoreError;
use runtime::toml_file::ConfigError;
use server::tokens::TokensError;
use stores::LocationError;

use crate::cache_key::Missing;

/// The whole chain of an error, as `{error:#}` has it, in both languages. What is put before a cause as its context is a place, which reads the
/// same in both; an error that has no Russian text is repeated in its own words.
pub(crate) fn text_of(error: &anyhow::Error) -> Localized {
    let ru: Vec<_> = error.chain().map(|cause| ru(cause).unwrap_or_else(|| cause.to_string())).collect();
    Localized::new(ru.join(": "), format!("{error:#}"))
}

fn ru(cause: &(dyn Error + 'static)) -> Option<String> {
    fn known<T: Bilingual + Error + 'static>(cause: &(dyn Error + 'static)) -> Option<String> {
        cause.downcast_ref::<T>().map(Bilingual::ru)
    }
    let localized = cause.downcast_ref::<Localized>().map(|said| said.ru.clone());
    localized
        .or_else(|| cause.downcast_ref().map(system_error_ru))
        .or_else(|| known::<ConfigError>(cause))
        .or_else(|| known::<Misfit>(cause))
        .or_else(|| known::<Misconfigured>(cause))
        .or_else(|| known::<NotPlaced>(cause))
        .or_else(|| known::<VersionError>(cause))
        .or_else(|| known::<ScenarioFault>(cause))
        .or_else(|| known::<SettingError>(cause))
        .or_else(|| known::<HttpSetupError>(cause))
        .or_else(|| known::<Missing>(cause))
        .or_else(|| known::<SecretError>(cause))
        .or_else(|| known::<LocationError>(cause))
        .or_else(|| known::<StoreError>(cause))
        .or_else(|| known::<CallDetailsError>(cause))
        .or_else(|| known::<TokensError>(cause))
}
