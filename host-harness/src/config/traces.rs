//! `[traces]`: the collector that OpenTelemetry traces are sent to.

use std::collections::BTreeMap;
use std::path::Path;

use http::HeaderName;
use serde::Deserialize;

use call::masking::unless_secret;
use call::{Bilingual, Localized, localized};
use node::observe::traces::TraceSettings;
use runtime::capabilities::http::OriginError;
use runtime::secret::SecretSource;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TracesEntry {
    /// The collector's address, without `/v1/traces`.
    collector: String,
    /// The share of calls that are traced.
    #[serde(default = "all")]
    share: f64,
    #[serde(default = "service")]
    service: String,
    /// Headers such as an API key: `env:NAME` or `file:PATH`, never inline.
    #[serde(default)]
    headers: BTreeMap<String, SecretSource>,
}

const fn all() -> f64 {
    1.0
}

fn service() -> String {
    env!("CARGO_PKG_NAME").to_owned()
}

impl TracesEntry {
    /// Checks the section and reads its secrets. Paths are relative to `folder`.
    pub(super) fn check(self, folder: &Path) -> Result<TraceSettings, Localized> {
        let collector = self.collector.parse().map_err(|error: OriginError| {
            let example = "collector = \"http://127.0.0.1:4318\"";
            Localized::new(
                format!("[traces]: `collector`: {}; напишите, например, {example}", error.ru()),
                format!("[traces]: `collector`: {error}; write, for example, {example}"),
            )
        })?;
        if !(0.0..=1.0).contains(&self.share) {
            return Err(localized!(
                "[traces]: `share` = {}; укажите долю звонков от 0 до 1, например 0.1",
                "[traces]: `share` = {}; set a share of the calls from 0 to 1, for example 0.1",
                self.share
            ));
        }
        let header = |(name, source): (String, SecretSource)| {
            let place = format!("[traces]: `headers.{}`", unless_secret(&name));
            HeaderName::try_from(name.as_str()).map_err(|_| {
                localized!("{place} — не имя заголовка HTTP", "{place} is not the name of an HTTP header")
            })?;
            let value = source.relative_to(folder).read().map_err(|error| Localized::from(error).at(&place))?;
            Ok::<_, Localized>((name, value))
        };
        let headers = self.headers.into_iter().map(header).collect::<Result<_, _>>()?;
        Ok(TraceSettings { collector, headers, share: self.share, service: self.service })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<TraceSettings, String> {
        let entry: TracesEntry = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        entry.check(Path::new(".")).map_err(|error| error.en)
    }

    #[test]
    fn a_collector_is_all_that_is_needed() {
        let settings = read("collector = \"http://127.0.0.1:4318\"").unwrap();
        assert_eq!((settings.share, settings.service.as_str()), (1.0, "host-harness"));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_fix_and_no_secret_is_repeated() {
        for (text, message) in [
            ("collector = \"nowhere\"", "`collector`"),
            ("collector = \"http://127.0.0.1:4318\"\nshare = 2.0", "set a share of the calls from 0 to 1"),
            (
                "collector = \"http://127.0.0.1:4318\"\nheaders = { \"a b\" = \"env:PATH\" }",
                "not the name of an HTTP header",
            ),
            ("collector = \"http://127.0.0.1:4318\"\nheaders = { key = \"an-inline-secret\" }", "`headers.key`"),
            ("colector = \"http://127.0.0.1:4318\"", "unknown field"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(message), "{error}");
            assert!(!error.contains("an-inline-secret"), "{error}");
        }
    }
}
