//! What the TOML reader says of a text that is no TOML, in Russian. Its messages are few and fixed: a description, and often what was expected in its
//! place. What a later version of it may say besides is repeated in its own words.

/// What is wrong, by the reader's description.
const WRONG: [(&str, &str); 46] = [
    ("duplicate key", "ключ задан дважды"),
    ("carriage return must be followed by newline", "после возврата каретки нет перевода строки"),
    ("missing opening quote", "нет открывающей кавычки"),
    ("missing comma between array elements", "между элементами списка нет запятой"),
    ("integers with a radix cannot be signed", "у числа с основанием не бывает знака"),
    ("radix must be lowercase", "основание числа пишут строчной буквой"),
    ("missing assignment between key-value pairs", "между ключом и значением нет знака `=`"),
    ("unexpected leading zero", "число не начинают с нуля"),
    ("unclosed array table", "двойная скобка раздела не закрыта"),
    ("recursion limit", "слишком глубокая вложенность"),
    ("cannot recurse further; max recursion depth met", "слишком глубокая вложенность"),
    ("missing key for inline table element", "во встроенной таблице нет ключа"),
    ("missing inline table opening", "встроенная таблица не открыта"),
    ("missing escaped value", "после обратной косой черты стоит не тот знак; в пути её пишут дважды"),
    ("missing array opening", "список не открыт"),
    ("invalid unquoted key", "в ключе без кавычек недопустимый знак"),
    ("unquoted keys cannot be empty", "нет ключа"),
    ("unexpected sign", "лишний знак числа"),
    ("unexpected key or value", "лишний ключ или значение"),
    ("unexpected content", "лишний текст"),
    ("unexpected content between comment and newline", "лишний текст после комментария"),
    ("unexpected `=` in array", "в списке стоит `=`"),
    ("unclosed table", "скобка раздела не закрыта"),
    ("unclosed inline table", "встроенная таблица не закрыта"),
    ("unclosed array", "список не закрыт"),
    ("too few unicode value digits", "в коде знака не хватает цифр"),
    ("string values must be quoted", "значение без кавычек или без значения ключ"),
    ("redundant numeric sign", "лишний знак числа"),
    ("redundant integer number prefix", "лишнее обозначение основания числа"),
    ("missing value", "нет значения"),
    ("missing value for key", "у ключа нет значения"),
    ("missing table open", "раздел не открыт"),
    ("missing comment start", "комментарий начинают с `#`"),
    ("missing comma between key-value pairs", "между ключами нет запятой"),
    ("keys cannot be multi-line literal strings", "ключ не может занимать несколько строк"),
    ("keys cannot be multi-line basic strings", "ключ не может занимать несколько строк"),
    ("key with no value", "у ключа нет значения"),
    ("invalid value", "недопустимое значение"),
    ("invalid key-value pair", "недопустимая запись ключа и значения"),
    ("invalid inline table element", "недопустимая запись во встроенной таблице"),
    ("invalid comment character", "в комментарии недопустимый знак"),
    ("integer number overflowed", "слишком большое число"),
    ("floating-point number overflowed", "слишком большое число"),
    ("extra assignment between key-value pairs", "лишний знак `=`"),
    ("extra `=`", "лишний знак `=`"),
    ("`_` may only go between digits", "`_` ставят только между цифрами"),
];

/// The same for what has a word of its own in it, by its beginning.
const WRONG_KINDS: [(&str, &str); 10] = [
    ("invalid basic string", "строка не закрыта, или в ней недопустимый знак"),
    ("invalid multi-line basic string", "строка не закрыта, или в ней недопустимый знак"),
    ("invalid literal string", "строка не закрыта, или в ней недопустимый знак"),
    ("invalid multi-line literal string", "строка не закрыта, или в ней недопустимый знак"),
    ("invalid boolean", "недопустимое значение, нужно true или false"),
    ("invalid date", "недопустимая дата или время"),
    ("invalid time", "недопустимое время"),
    ("invalid offset", "недопустимое смещение времени"),
    ("invalid ", "недопустимое значение"),
    ("extra comma", "лишняя запятая"),
];

/// What was expected, as far as it is no sign between backticks.
const EXPECTED: [(&str, &str); 11] = [
    ("letters", "латинские буквы"),
    ("numbers", "цифры"),
    ("digits", "цифры"),
    ("key", "ключ"),
    ("value", "значение"),
    ("nothing", "ничего"),
    ("newline", "новая строка"),
    ("literal string", "строка в кавычках"),
    ("basic string", "строка в кавычках"),
    ("multi-line basic string", "строка в кавычках"),
    ("unicode hexadecimal value", "шестнадцатеричный код знака"),
];

/// The message in Russian.
pub(super) fn of(message: &str) -> String {
    let (what, expected) = message.split_once(", expected ").map_or((message, None), |(what, rest)| (what, Some(rest)));
    let exactly = WRONG.iter().find(|(en, _)| *en == what);
    let Some((_, said)) = exactly.or_else(|| WRONG_KINDS.iter().find(|(en, _)| what.starts_with(en))) else {
        return format!("запись не разобрана ({message})");
    };
    // Of several things that may stand there, none is left out: then nothing is said of them.
    let part = |part: &str| {
        let known = EXPECTED.iter().find(|(en, _)| *en == part).map(|(_, ru)| *ru);
        known.or_else(|| part.starts_with('`').then_some(part)).map(str::to_owned)
    };
    let expected: Option<Vec<String>> =
        expected.map(|expected| expected.split(", ").map(part).collect()).unwrap_or_default();
    match expected.filter(|expected| !expected.is_empty()) {
        Some(expected) => format!("{said}; нужно: {}", expected.join(", ")),
        None => (*said).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    /// What the reader says of a text, and nothing of it may be left in its own words.
    #[test]
    fn what_is_no_toml_is_told_in_russian() {
        for text in [
            "[[a\n",
            "[a\n",
            "a = \n",
            "a = \"x\n",
            "a = 1 2\n",
            "a = 01\n",
            "a = 'x\n",
            "a = [1,\n",
            "a = {b=1\n",
            "a b = 1\n",
            "a = \"\\q\"\n",
            "[a]\n[a]\n",
            "a = 1\na = 2\n",
            "a = 2026-13-45\n",
            "a = 2026-01-01T25:00:00Z\n",
            "a = tru\n",
            "= 1\n",
            "a.b = 1\na = 2\n",
            "\u{1}a = 1\n",
            "a = \"\u{1}\"\n",
            "a = [1 2]\n",
            "a = {b = 1 c = 2}\n",
            "a = [1,,2]\n",
            "a\n",
            "a = +-1\n",
            "a = 1_\n",
            "a = 0X1\n",
            "a = \"\"\"x\n",
            "a = '''x\n",
            "a = \"\\u12\"\n",
            "a = #\n",
            "a = 1 # \u{1}\n",
            "a == 1\n",
            "a = [1 = 2]\n",
            "[]\n",
            "a = {,}\n",
            "a = 1e\n",
            "a = .5\n",
            "a = nan5\n",
            "a = \r1\n",
            "\"\"\"a\"\"\" = 1\n",
            "[[a]\n",
            "]\n",
            "a = }\n",
            "a = +0x1\n",
        ] {
            let Err(error) = toml::Deserializer::parse(text) else { continue };
            let said = of(error.message());
            // Signs and keywords of TOML stand between backticks.
            let own: String = said.split('`').step_by(2).collect();
            let words = own.split(|letter: char| !letter.is_ascii_alphabetic()).filter(|word| word.len() > 1);
            let english: Vec<_> = words.filter(|word| !["true", "false"].contains(word)).collect();
            assert!(english.is_empty(), "{english:?} in {said}, which is {}", error.message());
        }
        assert_eq!(of("key with no value, expected `=`"), "у ключа нет значения; нужно: `=`");
        assert_eq!(of("something new"), "запись не разобрана (something new)");
    }
}
