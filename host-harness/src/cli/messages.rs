//! What the command line says beside its output, and in which language: the one of `--lang`, else that of the environment.
//!
//! Administrators read Russian or English, so what is said to them is a [`Localized`]. Commands for developers say what they say in English
//! ([`note`]), as logs do.

use std::env;
use std::fmt::Display;
use std::sync::OnceLock;

use call::one_line::Lines;
use call::{Language, Localized};
use clap::ValueEnum;

use super::logging;

/// The language of this command.
static LANGUAGE: OnceLock<Language> = OnceLock::new();

/// `--lang`.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum LanguageChoice {
    Ru,
    En,
}

/// The language of this command, which is decided once.
pub(super) fn language() -> Language {
    LANGUAGE.get().copied().unwrap_or(Language::En)
}

/// Decides it: the one that is asked for, or that of the environment.
pub(super) fn choose_language(choice: Option<LanguageChoice>) {
    let chosen = match choice {
        Some(LanguageChoice::Ru) => Language::Ru,
        Some(LanguageChoice::En) => Language::En,
        None => {
            let variables = ["LC_ALL", "LC_MESSAGES", "LANG"];
            let locale = variables.iter().filter_map(|name| env::var(name).ok()).find(|value| !value.is_empty());
            if locale.is_some_and(|locale| locale.starts_with("ru")) { Language::Ru } else { Language::En }
        }
    };
    // There is one command.
    let _ = LANGUAGE.set(chosen);
}

/// Says that the command ends, or something did not come about.
pub(super) fn fail(said: &Localized) {
    say(&Localized::new(format!("ошибка: {}", said.ru), format!("error: {}", said.en)));
}

/// Says what is not wrong and may not be meant.
pub(super) fn warn(said: &Localized) {
    say(&Localized::new(format!("предупреждение: {}", said.ru), format!("warning: {}", said.en)));
}

/// Says something to the person at the terminal, on one line, beside the command's output. A line of JSON is for programs, and in English.
pub(super) fn say(said: &Localized) {
    note(if logging::is_json() { &said.en } else { said.get(language()) });
}

/// The same in several lines.
pub(super) fn say_lines(said: &Localized) {
    note_lines(&Lines::split(if logging::is_json() { &said.en } else { said.get(language()) }));
}

/// Says something in English alone: to developers.
pub(super) fn note(message: impl Display) {
    note_lines(&[message].into_iter().collect());
}

/// Says something in several lines.
#[expect(clippy::print_stderr, reason = "this is where messages of the command line go")]
pub(super) fn note_lines(message: &Lines) {
    eprintln!("{}", logging::complaint(message.as_str().trim_end()));
}
