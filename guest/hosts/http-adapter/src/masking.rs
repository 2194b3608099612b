//! Telephone numbers as answers show them (rule D10): enough to recognise a call, not enough to call back. As in host-harness.

/// Masks a caller's number: `+79161234567` becomes `+7916•••4567`.
pub fn mask(number: &str) -> String {
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    let (head, tail) = match digits.len() {
        0..=3 => (0, 0),
        4..=8 => (0, 2),
        9..=10 => (digits.len() - 7, 4),
        _ => (4, 4),
    };
    let plus = if number.trim_start().starts_with('+') { "+" } else { "" };
    let hidden = "•".repeat(if digits.is_empty() { 3 } else { digits.len() - head - tail });
    let kept = |part: &[char]| part.iter().collect::<String>();
    let (first, last) = (digits.get(..head), digits.get(digits.len() - tail..));
    format!("{plus}{}{hidden}{}", kept(first.unwrap_or_default()), kept(last.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d10_masks_numbers() {
        for (number, masked) in
            [("+7 916 123-45-67", "+7916•••4567"), ("9161234567", "916•••4567"), ("123456", "••••56"), ("x", "•••")]
        {
            assert_eq!(mask(number), masked, "{number}");
        }
    }
}
