//! What changed between two texts, as a unified difference. The shortest one is looked for where that takes no time worth mentioning: a file whose
//! sections were put in another order is shown as taken out and written anew.

use std::fmt::Write;

/// The shortest difference is looked for up to so many pairs of lines.
const MOST_PAIRS: usize = 250_000;

/// The difference of two texts.
pub(crate) fn difference(before: &str, after: &str) -> String {
    let changed = Changed::of(before, after);
    if !changed.is_large() {
        return diffy::create_patch(before, after).to_string();
    }
    let Changed { from, before, after } = changed;
    let mut text = String::from("--- original\n+++ modified\n");
    let mut write = |line: std::fmt::Arguments<'_>| {
        // Writing to a text does not fail.
        let _ = text.write_fmt(line);
    };
    write(format_args!("@@ -{},{} +{},{} @@\n", from + 1, before.len(), from + 1, after.len()));
    for (sign, lines) in [('-', before), ('+', after)] {
        for line in lines {
            write(format_args!("{sign}{line}\n"));
        }
    }
    text
}

/// Whether so much changed that the shortest difference is not looked for.
pub(super) fn is_large(before: &str, after: &str) -> bool {
    Changed::of(before, after).is_large()
}

/// The lines between those that two texts have in common at their beginnings and ends.
struct Changed<'a> {
    /// How many they have in common before them.
    from: usize,
    before: Vec<&'a str>,
    after: Vec<&'a str>,
}

impl<'a> Changed<'a> {
    fn of(before: &'a str, after: &'a str) -> Self {
        let (mut before, mut after): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
        let from = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
        (before, after) = (before.split_off(from), after.split_off(from));
        let till = before.iter().rev().zip(after.iter().rev()).take_while(|(one, other)| one == other).count();
        before.truncate(before.len() - till);
        after.truncate(after.len() - till);
        Self { from, before, after }
    }

    fn is_large(&self) -> bool {
        self.before.len().saturating_mul(self.after.len()) > MOST_PAIRS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_change_of_a_long_text_is_told_by_its_lines() {
        let before: String = (0..20_000).map(|line| format!("line {line}\n")).collect();
        let after = before.replace("line 10000\n", "another\n");
        let told = difference(&before, &after);
        assert!(told.contains("-line 10000\n+another\n") && told.lines().count() < 20, "{told}");
        assert!(!is_large(&before, &after));
    }

    #[test]
    fn a_text_in_another_order_is_told_as_taken_out_and_written_anew() {
        let lines: Vec<_> = (0..4_000).map(|line| format!("line {line}\n")).collect();
        let (before, after) = (lines.concat(), lines.iter().rev().map(String::as_str).collect::<String>());
        let told = difference(&before, &after);
        assert!(told.contains("\n@@ -1,4000 +1,4000 @@\n"), "{}", &told[..100]);
        let patch = diffy::Patch::from_str(&told).unwrap();
        assert_eq!(diffy::apply(&before, &patch).unwrap(), after, "it is a difference as any other");
        assert!(is_large(&before, &after));
    }
}
