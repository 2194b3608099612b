//! `host-harness widget`: the archive of the amoCRM widget, made for a server or held against amoCRM's rules.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use widget::{Finding, NoServerAddress, Platform, Rule, ServerAddress, Widget, check};

use super::config_file::Config;
use super::integration::several_integrations;
use super::{LanguageChoice, Outcome, Stop, language, print};
use crate::config::HarnessConfig;
use amocrm::integration::{Access, IntegrationSettings};
use call::{Bilingual, Localized, localized, system_error_ru};
use runtime::engine::digest;

/// As what amoCRM takes an archive.
const NAME: &str = "widget.zip";
/// The most bytes of a file that are looked at: more than an archive may have, so that its size is what is found wrong.
const MOST: u64 = 32 * 1024 * 1024;

/// Make the archive of the amoCRM widget, or check one
///
/// The widget tells the server who has amoCRM open, and lets an administrator set internal numbers there. Upload the archive in amoCRM to the
/// integration whose client_id the configuration has. The same arguments give the same bytes. With --check, exit code 7 means that it would be refused.
#[derive(Args)]
pub(super) struct WidgetCommand {
    /// The archive to write; amoCRM takes it under this name alone
    #[arg(value_name = "FILE", default_value = NAME, conflicts_with = "check")]
    file: PathBuf,
    /// Where browsers reach the server, such as https://pbx.example.ru
    #[arg(long, value_name = "ADDRESS", required_unless_present = "check")]
    server: Option<String>,
    #[command(flatten)]
    config: Config,
    /// Which integration of the configuration, where there are several
    #[arg(long, value_name = "ID")]
    integration: Option<String>,
    /// For Kommo, in English and Spanish, instead of amoCRM
    #[arg(long)]
    kommo: bool,
    /// Where users find help [default: the server]
    #[arg(long, value_name = "ADDRESS")]
    support_link: Option<String>,
    /// To whom they write [default: postmaster of the server's host]
    #[arg(long, value_name = "EMAIL")]
    support_email: Option<String>,
    /// Check this archive against amoCRM's rules instead
    #[arg(long, value_name = "FILE", conflicts_with_all = ["server", "integration", "support_link", "support_email"])]
    check: Option<PathBuf>,
    /// The language of the printed text [default: that of the environment]
    #[arg(long, value_name = "LANGUAGE")]
    pub(super) lang: Option<LanguageChoice>,
}

impl WidgetCommand {
    pub(super) fn run(self) -> Result<Outcome, Stop> {
        let platform = if self.kommo { Platform::Kommo } else { Platform::Amocrm };
        if let Some(file) = &self.check {
            return Ok(checked(file, platform)?);
        }
        let written = self.server.as_deref().unwrap_or_default();
        let server: ServerAddress = written.parse().map_err(|error: NoServerAddress| {
            error.text().at(format_args!("--server {}", call::masking::unless_secret(written)))
        })?;
        let integration = self.integration()?;
        let widget = Widget::new(server, integration).platform(platform).support(self.support_link, self.support_email);
        let archive = widget.archive().map_err(|error| error.text())?;
        if let Some(finding) = check(&archive, platform).first() {
            let said = Localized::new(
                "ничего не записано, потому что такой архив не приняли бы",
                "nothing is written, since it would be refused",
            );
            return Err(said.then(": ", &finding.text()).into());
        }
        let (name, size, digest) = (self.file.display(), archive.len(), digest(&archive));
        fs::write(&self.file, &archive).map_err(|error| {
            let ru = system_error_ru(&error);
            localized!("{name} не записывается: {ru}", "cannot write {name}: {error}")
        })?;
        let said = localized!("{name}: байт: {size}, sha256:{digest}", "{name}: {size} bytes, sha256:{digest}");
        print(said.get(language()));
        Ok(Outcome::Done)
    }

    /// The integration that the widget reports to. It needs the keys of OAuth: one-time tokens are signed with the secret one.
    fn integration(&self) -> anyhow::Result<String> {
        let path = self.config.file()?;
        let (file, config) = (path.display(), HarnessConfig::read(&path)?);
        let chosen = config.integrations(self.integration.as_deref()).map_err(|message| message.at(&file))?;
        match chosen.as_slice() {
            [IntegrationSettings { id, access: Access::OAuth(_), .. }] => Ok(id.clone()),
            [IntegrationSettings { id, .. }] => Err(localized!(
                "{file}: у [[integration]] `{id}` нет `client_id` и `client_secret`, а с одним долгосрочным токеном amoCRM не подписывает \
                 запросы виджета: подключите её по OAuth (`client_id`, `client_secret`, `redirect_uri`)",
                "{file}: [[integration]] `{id}` has no `client_id` and `client_secret`, and with a long-lived token alone amoCRM signs no widget's \
                 requests: connect it by OAuth (`client_id`, `client_secret`, `redirect_uri`)"
            )
            .into()),
            several => Err(several_integrations(&file, several).into()),
        }
    }
}

fn checked(file: &Path, platform: Platform) -> anyhow::Result<Outcome> {
    let (name, mut archive) = (file.display(), Vec::new());
    let opened = File::open(file).and_then(|file| file.take(MOST).read_to_end(&mut archive));
    opened.map_err(|error| {
        let ru = system_error_ru(&error);
        localized!("{name} не читается, проверьте путь: {ru}", "cannot read {name}; check the path: {error}")
    })?;
    let mut findings = check(&archive, platform);
    if file.file_name().is_none_or(|name| name != NAME) {
        findings.insert(
            0,
            Finding {
                rule: Rule::Zip,
                file: String::new(),
                what: localized!("архив называется не {NAME}", "the archive is not called {NAME}"),
                fix: Localized::new(
                    "переименуйте его: amoCRM принимает его только под этим именем",
                    "rename it: amoCRM takes it under this name alone",
                ),
            },
        );
    }
    for finding in &findings {
        print(finding.text().get(language()));
    }
    if findings.is_empty() {
        let said = localized!(
            "{name}: ничего, из-за чего его не приняли бы, не найдено",
            "{name}: nothing that would be refused was found"
        );
        print(said.get(language()));
        return Ok(Outcome::Done);
    }
    Ok(Outcome::WidgetRefused)
}
