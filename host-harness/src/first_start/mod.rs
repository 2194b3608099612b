//! The first start of an installed server: the configuration that its environment names is not there yet, and is written.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::live;
use call::{Language, Localized, localized, system_error_ru};
use runtime::atomic_file;
use stores::StoreLocation;

const ENGLISH: &str = include_str!("en.toml");
const RUSSIAN: &str = include_str!("ru.toml");

/// Writes the configuration of a server whose account is not connected yet and whose state is kept at this location, and says where it is. Every
/// secret in it is absent.
///
/// # Errors
/// Where a server with this state had a configuration before, which somebody has taken away, and where the file cannot be written.
pub(crate) fn write(file: &Path, state: &StoreLocation, language: Language) -> Result<Localized, Localized> {
    let directory = state.own_directory();
    let shown = file.display();
    if let Some(changes) = directory.as_deref().and_then(live::kept_changes) {
        let changes = changes.display();
        return Err(localized!(
            "файла настроек {shown} больше нет, хотя раньше сервер с ним работал: верните файл (его прежние тексты — в {changes}) или, чтобы начать \
             заново, удалите {changes}",
            "the configuration file {shown} is gone, although a server had it before: put it back (its former texts are in {changes}), or, to begin \
             anew, delete {changes}"
        ));
    }
    let text = text(directory.as_deref(), language);
    // A folder that is not there may be a misspelt one.
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let looked_for = folder.map_or(Ok(()), |folder| fs::metadata(folder).map(drop));
    let written = looked_for.and_then(|()| atomic_file::write_new(file, text.as_bytes()));
    written.map_err(|error| not_written(file, &error))?;
    Ok(localized!(
        "первый запуск: настройки записаны в {shown}; аккаунт amoCRM ещё не подключён, и все звонки идут в связанную операцию",
        "first start: a configuration was written to {shown}; no amoCRM account is connected yet, and every call goes to the linked operation"
    ))
}

/// The state directory is in it, so that commands beside the server find it whoever runs them.
fn text(state: Option<&Path>, language: Language) -> String {
    let text = match language {
        Language::Ru => RUSSIAN,
        Language::En => ENGLISH,
    };
    let location = state.and_then(|state| std::path::absolute(state).ok()).and_then(|state: PathBuf| {
        let state = state.to_str()?.to_owned();
        Some(format!("\n[store]\nlocation = {}\n", toml::Value::from(state)))
    });
    format!("{text}{}", location.unwrap_or_default())
}

fn not_written(file: &Path, error: &io::Error) -> Localized {
    let shown = file.display();
    Localized::new(
        format!(
            "файла настроек {shown} нет, и записать первый нельзя ({}); создайте его каталог и разрешите пользователю этой программы писать в него \
             или положите туда файл сами",
            system_error_ru(error)
        ),
        format!(
            "there is no configuration file {shown}, and a first one cannot be written ({error}); make its folder and let the user of this program \
             write in it, or put the file there"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::HarnessConfig;

    fn written(language: Language) -> toml::Table {
        text(Some(Path::new("/var/lib/host-harness")), language).parse().expect("TOML")
    }

    #[test]
    fn both_languages_say_the_same_with_and_without_what_is_commented_out() {
        assert_eq!(written(Language::Ru), written(Language::En));
        // The lines that a person takes the number sign away from.
        let examples = |text: &'static str| -> Vec<_> {
            let lines = text.lines().filter_map(|line| line.strip_prefix("# "));
            lines.filter(|line| line.starts_with('[') || line.contains(" = \"") || line.contains(" = [")).collect()
        };
        let english = examples(ENGLISH);
        let same = english.iter().zip(examples(RUSSIAN)).filter(|(en, ru)| *en == ru).count();
        assert!(english.len() >= 7 && same == english.len() - 1, "all but the name of the employee: {english:?}");
    }

    #[test]
    fn what_is_written_is_a_configuration_and_so_is_what_it_proposes() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("client-secret"), "a-client-secret").expect("a file");
        for language in [Language::Ru, Language::En] {
            let text = text(None, language);
            let file = folder.path().join("host-harness.toml");
            let config = HarnessConfig::parse(&file, &text).expect("a configuration");
            assert!(config.server.listen.ip().is_loopback() && config.server.token.is_none());
            assert!(!config.integrations[0].enabled);
            let proposed: String = text
                .lines()
                .filter(|line| *line != "enabled = false")
                .map(|line| line.strip_prefix("# ").filter(|line| is_toml(line)).unwrap_or(line).to_owned() + "\n")
                .collect();
            let config = HarnessConfig::parse(&file, &proposed).expect("a configuration");
            assert!(config.integrations[0].enabled && config.integrations[0].employees.len() == 1, "{proposed}");
        }
    }

    fn is_toml(line: &str) -> bool {
        line.starts_with("[[") || line.parse::<toml::Table>().is_ok()
    }
}
