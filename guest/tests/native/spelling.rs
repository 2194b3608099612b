//! Spellings of telephone numbers, as people and networks write them.

use proptest::prelude::*;

/// What people put between digits.
const SEPARATORS: [&str; 14] = ["", "", "", " ", "-", "\u{a0}", "\u{202f}", "\u{2011}", "–", "—", "−", "(", ") ", "."];

/// What may follow a number that has an extension.
const EXTENSIONS: [&str; 20] = [
    "",
    "",
    "",
    ";ext=1",
    ";phone-context=+7",
    ",1",
    " , 12",
    "#1",
    " # 123",
    "x12",
    "X12",
    " x 12",
    "ext. 5",
    " EXT 5",
    "Ext5",
    "доб. 123",
    " ДОБ 123",
    "Доб.1",
    "\u{a0}доб.\u{a0}1",
    " ext 8 916 765-43-21",
];

/// How a Russian number's country is written before its ten national digits.
const RUSSIAN: [&str; 14] =
    ["+7", "7", "8", "", "+ 7", "(+7)", " +7", "8-10-7", "810 7", "8~10 7", "00 7", "007", "8 ", "+7-"];

/// How an international number is written before its country's code.
const INTERNATIONAL: [&str; 6] = ["+", " +", "00", "00 ", "810", "8~10 "];

/// The ten national digits of a Russian number.
pub(crate) fn national() -> impl Strategy<Value = String> {
    "[3489][0-9]{9}"
}

/// A number abroad that its country's plan has room for, as international digits.
pub(crate) fn foreign() -> impl Strategy<Value = String> {
    prop_oneof![
        "49[1-9][0-9]{9}",
        "44[12357][0-9]{9}",
        "375[1-4][0-9]{8}",
        "380[3-9][0-9]{8}",
        "1[2-9][0-9]{9}",
        "86[1-9][0-9]{10}",
        "81[1-9][0-9]{8}",
        "971[2-9][0-9]{7}",
    ]
}

/// A Russian number in some spelling.
pub(crate) fn russian_spelling(national: &str) -> impl Strategy<Value = String> + use<> {
    spelling(&RUSSIAN, national)
}

/// An international number in some spelling that says that it is one.
pub(crate) fn international_spelling(digits: &str) -> impl Strategy<Value = String> + use<> {
    spelling(&INTERNATIONAL, digits)
}

fn spelling(prefixes: &'static [&'static str], digits: &str) -> impl Strategy<Value = String> + use<> {
    let digits = digits.to_owned();
    let separators = prop::collection::vec(prop::sample::select(&SEPARATORS[..]), digits.len());
    (prop::sample::select(prefixes), separators, prop::sample::select(&EXTENSIONS[..])).prop_map(
        move |(prefix, separators, extension)| {
            let separated: String = digits
                .chars()
                .zip(separators)
                .flat_map(|(digit, separator)| [separator.to_owned(), digit.into()])
                .collect();
            format!("{prefix}{separated}{extension}")
        },
    )
}
