//! Digits that a number has in one spelling and lacks in another, beyond the trunk prefix.
//!
//! libphonenumber has these rules as regular expressions (`nationalPrefixForParsing` with `nationalPrefixTransformRule`); the ones that
//! concern whole numbers are few enough to be written out.

use super::Number;

/// Argentina's area codes of three digits, from libphonenumber's rule for parsing; Buenos Aires has two digits (11), all others four.
const AREAS_OF_THREE: [&[u8; 3]; 38] = [
    b"220", b"221", b"223", b"230", b"236", b"237", b"249", b"260", b"261", b"263", b"264", b"266", b"280", b"291",
    b"294", b"297", b"298", b"299", b"336", b"341", b"342", b"343", b"345", b"348", b"351", b"353", b"358", b"362",
    b"364", b"370", b"376", b"379", b"380", b"381", b"383", b"385", b"387", b"388",
];

/// The national number in its one spelling: without insertions where they say nothing, with those that tell numbers apart.
pub(super) fn settled(code: u16, national: &[u8]) -> Number {
    let mut number = Number::of_code(code);
    match (code, national) {
        // Mexico dropped the 1 of mobile numbers in 2019, with the prefixes 01, 044 and 045 inside the country.
        (52, [b'1', rest @ ..] | [b'0', b'1', rest @ ..] | [b'0', b'4', b'4' | b'5', rest @ ..])
            if rest.len() == 10 =>
        {
            number.extend(rest);
        }
        // Argentina: +54 9 11 5555-0133 and 011 15-5555-0133 are one mobile; no fixed line has its number without 9 and 15.
        (54, _) => {
            let bare = national.strip_prefix(b"9").unwrap_or(national);
            let bare = without_fifteen(bare).or_else(|| (bare.len() == 10).then(|| [bare, &[][..]]));
            for part in bare.or_else(|| without_fifteen(national)).unwrap_or([national, &[]]) {
                number.extend(part);
            }
        }
        // Brazil: two digits of a carrier may stand after the trunk prefix. Mobile numbers got a ninth digit, a 9, by 2016.
        (55, [b'1'..=b'9', _, rest @ ..]) if matches!(rest.len(), 10 | 11) => return settled(code, rest),
        (55, [a @ b'1'..=b'9', b, first @ (b'6' | b'8' | b'9'), rest @ ..]) if rest.len() == 7 => {
            number.extend(&[*a, *b, b'9', *first]);
            number.extend(rest);
        }
        // Gabon: a zero before eight digits; before seven it is part of the number.
        (241, [b'0', rest @ ..]) if rest.len() == 8 => number.extend(rest),
        // Madagascar and San Marino: fixed lines are dialled without their area at home. (Norfolk Island too, but what its two
        // spellings share is too short for a search.)
        (261, [b'2' | b'4'..=b'9', rest @ ..]) if rest.len() == 6 => {
            number.extend(b"20");
            number.extend(national);
        }
        (378, [b'8' | b'9', rest @ ..]) if rest.len() == 5 => {
            number.extend(b"0549");
            number.extend(national);
        }
        _ => number.extend(national),
    }
    number
}

/// Whether the plan has any of these rules.
pub(super) const fn has_any(code: u16) -> bool {
    matches!(code, 52 | 54 | 55 | 241 | 261 | 378)
}

/// How many of the last digits stand together in every spelling of a settled national number.
pub(super) fn unbroken(code: u16, national: &[u8]) -> usize {
    let length = national.len();
    match (code, length) {
        (54, 10) => length - area_of_argentina(national),
        (55, 11) if national.get(2) == Some(&b'9') => 8,
        (261, 9) if national.starts_with(b"20") => 7,
        (378, 10) if national.starts_with(b"0549") => 6,
        _ => length,
    }
}

/// An Argentine mobile number of ten digits without the 15 between its area code and the rest; `None` where there is none.
fn without_fifteen(national: &[u8]) -> Option<[&[u8]; 2]> {
    let (area, local) = national.split_at_checked(area_of_argentina(national))?;
    let rest = local.strip_prefix(b"15")?;
    (area.len() + rest.len() == 10).then_some([area, rest])
}

/// How many digits the area code has that the national number begins with.
fn area_of_argentina(national: &[u8]) -> usize {
    match national {
        [b'1', b'1', ..] => 2,
        [a, b, c, ..] if AREAS_OF_THREE.contains(&&[*a, *b, *c]) => 3,
        _ => 4,
    }
}
