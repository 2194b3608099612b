//! Whether a Russian message says what the English one says, and says it in Russian.

use runtime::bindings::exports::telephony::operation::operation::Description;

/// Asserts it. What stands in backticks (keys, values, commands) is the same in both; what stands in parentheses may be a program's own words.
pub fn assert_says_the_same(ru: &str, en: &str) {
    assert!(ru.starts_with("ошибка: ") || ru.starts_with("предупреждение: "), "{ru}");
    for named in between(en, '`') {
        assert!(ru.contains(&format!("`{named}`")), "`{named}` is missing in {ru}, which is {en}");
    }
    for line in en.split(", line ").skip(1) {
        let number: String = line.chars().take_while(char::is_ascii_digit).collect();
        assert!(ru.contains(&format!(", строка {number}: ")), "line {number} is missing in {ru}");
    }
    assert_russian(ru);
}

/// Asserts that no English sentence is left in a text.
pub fn assert_russian(text: &str) {
    let mut rest = text.to_owned();
    for (begin, end) in [('`', '`'), ('"', '"'), ('(', ')'), ('«', '»')] {
        while let Some(from) = rest.find(begin) {
            let behind = from + begin.len_utf8();
            let Some(length) = rest[behind..].find(end) else { break };
            rest.replace_range(from..behind + length + end.len_utf8(), "");
        }
    }
    let is_english =
        |word: &&str| word.len() > 1 && word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '\'');
    let words = rest.split(|letter: char| letter.is_whitespace() || ",;".contains(letter));
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    let sentence = words.windows(3).find(|words| words.iter().all(is_english));
    assert!(sentence.is_none(), "{sentence:?} is English in {text}");
    assert!(rest.chars().any(|letter| matches!(letter, 'а'..='я')), "nothing is Russian in {text}");
}

/// Asserts that everything an operation says of itself is there in Russian and in English.
pub fn assert_named_in_both_languages(description: &Description) {
    let settings = description.settings.iter().chain(&description.configuration);
    let mut texts: Vec<_> = settings.flat_map(|setting| [&setting.title, &setting.help]).collect();
    texts.extend(description.facts.iter().map(|fact| &fact.title));
    texts.extend(description.reasons.iter().map(|reason| &reason.text));
    texts.extend([&description.title, &description.summary]);
    for text in texts {
        assert!(text.ru.chars().any(|letter| ('а'..='я').contains(&letter)), "not in Russian: {text:?}");
        assert!(!text.en.is_empty() && text.en.is_ascii(), "not in English: {text:?}");
    }
}

fn between(text: &str, mark: char) -> impl Iterator<Item = &str> {
    text.split(mark).skip(1).step_by(2)
}

#[cfg(test)]
#[test]
fn a_text_that_is_left_in_english_is_noticed() {
    assert_says_the_same("ошибка: файл, строка 4: ключа `a` нет", "error: file, line 4: unknown `a`");
    for ru in ["ошибка: there is no key `a`", "ошибка: ключа нет", "error: ключа `a` нет"] {
        let judged = std::panic::catch_unwind(|| assert_says_the_same(ru, "error: there is no key `a`"));
        assert!(judged.is_err(), "{ru}");
    }
}
