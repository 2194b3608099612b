//! `host-harness describe`: what an operation says of itself to a scenario editor.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{LanguageChoice, Outcome, Stop, component, language, print};
use call::Language;
use runtime::bindings::exports::telephony::operation::operation::{Description, SettingKind};
use runtime::bindings::telephony::operation::types::LocalizedText;
use runtime::engine::Operation;
use runtime::report::{class, description_json};

/// Show an operation's self-description: title, settings, configuration keys, transition reasons
#[derive(Args)]
pub(super) struct Describe {
    /// The component [default: the built-in operation]
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,
    /// Print the description as JSON
    #[arg(long)]
    json: bool,
    /// The language of the printed text [default: that of the environment]
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<LanguageChoice>,
}

impl Describe {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        let (operation, description) = component::load_described(self.component.as_deref(), None).await?;
        if self.json {
            print(serde_json::to_string_pretty(&description_json(&operation, &description))?);
        } else {
            print(as_text(&operation, &description, language(self.lang))?.trim_end());
        }
        Ok(Outcome::Done)
    }
}

fn as_text(operation: &Operation, description: &Description, language: Language) -> Result<String, std::fmt::Error> {
    let say = |ru, en| match language {
        Language::Ru => ru,
        Language::En => en,
    };
    let text = |text: &LocalizedText| match language {
        Language::Ru => text.ru.clone(),
        Language::En => text.en.clone(),
    };
    let mut out = String::new();
    writeln!(out, "{}", text(&description.title))?;
    writeln!(out, "{} {}", description.id, description.version)?;
    writeln!(out, "{}", text(&description.summary))?;
    for (heading, settings) in [
        (say("Настройки операции", "Settings of the placed operation"), &description.settings),
        (say("Ключи конфигурации интеграции", "Configuration keys of the integration"), &description.configuration),
    ] {
        writeln!(out, "\n{heading}")?;
        for setting in settings {
            writeln!(out, "  {} — {}", setting.key, text(&setting.title))?;
            writeln!(out, "      {}", text(&setting.help))?;
            let required = if setting.required { say("обязательно; ", "required; ") } else { "" };
            writeln!(out, "      {required}{}", kind_as_text(&setting.kind, language))?;
        }
    }
    writeln!(out, "\n{}", say("Сведения в детализации звонка", "Facts in the call details"))?;
    for fact in &description.facts {
        writeln!(out, "  {} — {}", fact.key, text(&fact.title))?;
    }
    writeln!(out, "\n{}", say("Причины перехода к связанной операции", "Reasons for going to the linked operation"))?;
    for reason in &description.reasons {
        writeln!(out, "  {} ({}) — {}", reason.code, class(reason.class), text(&reason.text))?;
    }
    let notices = if operation.takes_notices() {
        say("Принимает уведомления об изменениях", "Takes notices of changes")
    } else {
        say("Не принимает уведомлений об изменениях", "Takes no notices of changes")
    };
    writeln!(out, "\n{notices}")?;
    Ok(out)
}

fn kind_as_text(kind: &SettingKind, language: Language) -> String {
    let show = |milliseconds| humantime::format_duration(Duration::from_millis(milliseconds)).to_string();
    let (default, from, to, characters, none) = match language {
        Language::Ru => ("по умолчанию", "от", "до", "символов", "не задано"),
        Language::En => ("default", "from", "to", "characters", "none"),
    };
    match kind {
        SettingKind::Flag(value) => format!("true, false; {default} {value}"),
        SettingKind::Integer(bounds) => {
            format!("{from} {} {to} {}; {default} {}", bounds.minimum, bounds.maximum, bounds.default)
        }
        SettingKind::Duration(bounds) => {
            format!("{from} {} {to} {}; {default} {}", show(bounds.minimum), show(bounds.maximum), show(bounds.default))
        }
        SettingKind::Choice(choice) => {
            let options: Vec<_> = choice.options.iter().map(|option| option.value.as_str()).collect();
            format!("{}; {default} {}", options.join(", "), choice.default)
        }
        SettingKind::Text(text) => {
            let value = text.default.as_deref().unwrap_or(none);
            format!("{to} {} {characters}; {default} {value}", text.maximum_length)
        }
    }
}
