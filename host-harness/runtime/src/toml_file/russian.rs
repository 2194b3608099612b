//! What serde and the TOML reader say of a value, in Russian. Their messages have a few forms (`serde::de::Error`), which are read here; what has
//! another form is repeated as it is.

use super::BETWEEN;

/// The message in Russian. Names between backticks stay.
pub(super) fn of(message: &str) -> String {
    if let Some((en, ru)) = message.split_once(BETWEEN) {
        // The second text is of what was expected, or of the whole.
        return match en.split_once(", expected ") {
            Some((en, _)) if en.starts_with("invalid ") => of(&format!("{en}, expected {ru}")),
            _ => ru.to_owned(),
        };
    }
    let (what, expected) = message.split_once(", expected ").map_or((message, None), |(what, rest)| (what, Some(rest)));
    let named = |beginning: &str| what.strip_prefix(beginning);
    if let Some(key) = named("missing field ") {
        return format!("не задан ключ {key}");
    }
    if let Some(key) = named("duplicate field ") {
        return format!("ключ {key} задан дважды");
    }
    if let Some(rest) = named("unknown field ") {
        let key = rest.trim_end_matches(", there are no fields");
        return match expected {
            Some(known) => format!("ключа {key} нет; {}", one_of(known, "есть", "есть")),
            None => format!("ключа {key} нет, и других здесь тоже нет"),
        };
    }
    if let Some(value) = named("unknown variant ") {
        return format!(
            "значения {value} нет; {}",
            one_of(expected.unwrap_or_default(), "напишите", "напишите одно из")
        );
    }
    if let Some(written) = named("invalid type: ").or_else(|| named("invalid value: ")) {
        return format!("записано: {}; нужно: {}", found(written), wanted(expected.unwrap_or_default()));
    }
    format!("значение не принято: {message}")
}

/// `` `a` ``, `` `a` or `b` ``, `` one of `a`, `b` ``.
fn one_of(known: &str, single: &str, several: &str) -> String {
    match known.strip_prefix("one of ") {
        Some(known) => format!("{several} {known}"),
        None if known.contains(" or ") => format!("{several} {}", known.replace(" or ", ", ")),
        None => format!("{single} {known}"),
    }
}

/// What stands there.
fn found(written: &str) -> String {
    const KINDS: [(&str, &str); 6] = [
        ("boolean ", "значение "),
        ("integer ", "число "),
        ("floating point ", "число "),
        ("string ", "строка "),
        ("sequence", "список"),
        ("map", "таблица"),
    ];
    // Of a number beyond those of TOML the reader says how it counts itself.
    let written = written.trim_end_matches(" as i128").trim_end_matches(" as u128");
    let kind = KINDS.iter().find_map(|(en, ru)| Some(format!("{ru}{}", written.strip_prefix(en)?)));
    kind.unwrap_or_else(|| written.to_owned())
}

/// What should stand there.
fn wanted(expected: &str) -> String {
    match expected {
        "a string" | "string" | "path string" | "a borrowed string" => "строка в кавычках".to_owned(),
        "a boolean" => "true или false".to_owned(),
        "i64" | "i32" => "целое число".to_owned(),
        "u64" | "u32" | "u16" | "usize" => "целое число, не меньше нуля".to_owned(),
        "f64" | "f32" => "число".to_owned(),
        // A number that is none of TOML's.
        "any valid TOML value" => "число от -9223372036854775808 до 9223372036854775807".to_owned(),
        "a sequence" => "список в квадратных скобках".to_owned(),
        expected if expected == "a map" || expected.starts_with("struct ") => "таблица с ключами".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn what_the_readers_say_is_told_in_russian() {
        for (en, ru) in [
            ("unknown field `tokn`, expected one of `token`, `id`", "ключа `tokn` нет; есть `token`, `id`"),
            ("unknown field `a`, expected `b`", "ключа `a` нет; есть `b`"),
            ("unknown field `a`, there are no fields", "ключа `a` нет, и других здесь тоже нет"),
            ("unknown variant `x`, expected `a` or `b`", "значения `x` нет; напишите одно из `a`, `b`"),
            ("missing field `id`", "не задан ключ `id`"),
            ("invalid type: integer `5`, expected a string", "записано: число `5`; нужно: строка в кавычках"),
        ] {
            assert_eq!(of(en), ru, "{en}");
        }
    }
}
