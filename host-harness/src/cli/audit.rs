//! `host-harness audit`: what would keep calls from their managers, found before a call finds it.

use std::io::IsTerminal;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::access::no_account;
use super::config_file::ConfigOrDemo;
use super::integration::Chosen;
use super::{LanguageChoice, Outcome, Stop, language, print_json, print_lines};
use amocrm::audit::{self, Subject};
use runtime::capabilities::http::Ask;
use stores::StoreLocation;

/// Compare an amoCRM account with the PBX's employees, before calls fail
///
/// Lists amoCRM users who own contacts but are not employees, deactivated users who still own contacts, employees without numbers or mapped to
/// nobody, numbers of two employees, and contacts whose telephone number no caller can have. Needs an administrator's token; changes nothing.
///
/// Exit codes, by the most severe finding: 0 nothing found, 10 owner without employee, 11 deactivated owner, 12 employee without number,
/// 13 employee of nobody, 14 shared number, 15 contact that cannot be matched; 2 the audit could not be carried out.
#[derive(Args)]
pub(super) struct Audit {
    #[command(flatten)]
    config: ConfigOrDemo,
    /// Which integration of the configuration, where there are several
    #[arg(long, value_name = "ID")]
    integration: Option<String>,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
    /// The language of the printed text [default: that of the environment]
    #[arg(long, value_name = "LANGUAGE")]
    pub(super) lang: Option<LanguageChoice>,
    /// The most requests per second; the account's limit also has to serve calls
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=50))]
    requests_per_second: u16,
    /// Where the integration's access is kept, as for `call`
    #[arg(long, value_name = "DIR")]
    state: Option<StoreLocation>,
}

impl Audit {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        let mut chosen = Chosen::of(&self.config, self.integration.as_deref(), self.state.clone()).await?;
        chosen.settings.requests_per_second = self.requests_per_second;
        let integration = chosen.open().await?;
        let account = integration.account().ok_or_else(|| no_account(&chosen.settings))?;
        let bar = progress_bar();
        let subject = Subject {
            http: integration.http(),
            account: &account,
            default_country: chosen.settings.default_country()?,
            employees: &chosen.settings.employees,
            how: Ask::AsIntegration,
            interval: Duration::ZERO,
        };
        let report = audit::run(&subject, |list, read| {
            bar.set_message(list);
            bar.set_position(read);
        })
        .await;
        bar.finish_and_clear();
        let report = report?;
        if self.json {
            let mut document = json!({"version": 1, "account": subject.account.to_string()});
            if let (Some(document), serde_json::Value::Object(report)) =
                (document.as_object_mut(), serde_json::to_value(&report)?)
            {
                document.extend(report);
            }
            print_json(&document)?;
        } else {
            print_lines(&report.text(language()));
        }
        Ok(Outcome::Audited(report.exit_code()))
    }
}

/// On a terminal only; amoCRM does not say how many contacts there are, so it counts.
fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}: {human_pos} read, {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
