//! `host-harness widget`: the archive of the amoCRM widget, made for a server or held against amoCRM's rules.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use widget::{Finding, Platform, Rule, ServerAddress, Widget, check};

use super::config_file::Config;
use super::{Outcome, Stop, print};
use crate::config::HarnessConfig;
use amocrm::integration::{Access, IntegrationSettings};
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
}

impl WidgetCommand {
    pub(super) fn run(self) -> Result<Outcome, Stop> {
        let platform = if self.kommo { Platform::Kommo } else { Platform::Amocrm };
        if let Some(file) = &self.check {
            return Ok(checked(file, platform)?);
        }
        let written = self.server.as_deref().unwrap_or_default();
        let server: ServerAddress =
            written.parse().map_err(|error| anyhow!("--server {}: {error}", call::masking::unless_secret(written)))?;
        let integration = self.integration()?;
        let widget = Widget::new(server, integration).platform(platform).support(self.support_link, self.support_email);
        let archive = widget.archive()?;
        if let Some(finding) = check(&archive, platform).first() {
            return Err(anyhow!("nothing is written, since it would be refused: {finding}").into());
        }
        let name = self.file.display();
        fs::write(&self.file, &archive).with_context(|| format!("cannot write {name}"))?;
        print(format_args!("{name}: {} bytes, sha256:{}", archive.len(), digest(&archive)));
        Ok(Outcome::Done)
    }

    /// The integration that the widget reports to. It needs the keys of OAuth: one-time tokens are signed with the secret one.
    fn integration(&self) -> anyhow::Result<String> {
        let path = self.config.file()?;
        let (file, config) = (path.display(), HarnessConfig::read(&path)?);
        let chosen =
            config.integrations(self.integration.as_deref()).map_err(|message| anyhow!("{file}: {message}"))?;
        match chosen.as_slice() {
            [IntegrationSettings { id, access: Access::OAuth(_), .. }] => Ok(id.clone()),
            [IntegrationSettings { id, .. }] => bail!(
                "{file}: [[integration]] `{id}` has no `client_id` and `client_secret`, and with a long-lived token alone amoCRM signs no widget's \
                 requests: connect it by OAuth (`client_id`, `client_secret`, `redirect_uri`)"
            ),
            several => {
                let known: Vec<_> = several.iter().map(|integration| format!("`{}`", integration.id)).collect();
                bail!("{file}: there are several integrations; name one of {} with --integration", known.join(", "))
            }
        }
    }
}

fn checked(file: &Path, platform: Platform) -> anyhow::Result<Outcome> {
    let (name, mut archive) = (file.display(), Vec::new());
    let opened = File::open(file).with_context(|| format!("cannot read {name}; check the path"))?;
    opened.take(MOST).read_to_end(&mut archive).with_context(|| format!("cannot read {name}"))?;
    let mut findings = check(&archive, platform);
    if file.file_name().is_none_or(|name| name != NAME) {
        findings.insert(
            0,
            Finding {
                rule: Rule::Zip,
                file: String::new(),
                what: format!("the archive is not called {NAME}"),
                fix: "rename it: amoCRM takes it under this name alone".to_owned(),
            },
        );
    }
    findings.iter().for_each(print);
    if findings.is_empty() {
        print(format_args!("{name}: nothing that would be refused was found"));
        return Ok(Outcome::Done);
    }
    Ok(Outcome::WidgetRefused)
}
