//! JavaScript, read as far as the rules need it: without comments and texts, by brackets and names. It is not a parser, and what it does not understand it
//! passes over.

use std::collections::BTreeSet;
use std::ops::Range;

/// A script's code: comments and the content of texts are blanks, and everything stands where it stood.
pub(crate) struct Code(String);

/// A named function, and where its body is.
struct Function<'a> {
    name: &'a str,
    body: Range<usize>,
}

impl Code {
    pub(crate) fn of(script: &str) -> Self {
        let mut code = String::with_capacity(script.len());
        let mut rest = script.char_indices().peekable();
        // What stands before a slash: after a value it divides, else it begins a regular expression.
        let mut is_after_value = false;
        while let Some((at, letter)) = rest.next() {
            let next = script[at + letter.len_utf8()..].chars().next();
            let end = match (letter, next) {
                ('/', Some('/')) => script[at..].find('\n').map_or(script.len(), |length| at + length),
                ('/', Some('*')) => script[at + 2..].find("*/").map_or(script.len(), |length| at + 2 + length + 2),
                ('"' | '\'' | '`', _) => closing(script, at, letter),
                ('/', _) if !is_after_value => closing(script, at, '/'),
                _ => {
                    code.push(letter);
                    if !letter.is_whitespace() {
                        is_after_value = ends_with_value(&code);
                    }
                    continue;
                }
            };
            code.extend(script[at..end].chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }));
            // A text is a value, and a comment is nothing.
            is_after_value |= !(letter == '/' && matches!(next, Some('/' | '*')));
            while rest.peek().is_some_and(|(at, _)| *at < end) {
                rest.next();
            }
        }
        Self(code)
    }

    /// The code.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Where this name stands, as a whole word; it may contain dots, and end with an opening bracket.
    pub(crate) fn uses<'a>(&'a self, name: &'a str) -> impl Iterator<Item = usize> + 'a {
        uses(&self.0, name)
    }

    /// What the bracket at this place encloses; to the end of the code where it is never closed.
    pub(crate) fn enclosed(&self, open: usize) -> Range<usize> {
        let mut depth = 0_usize;
        for (at, letter) in self.0[open..].char_indices() {
            match letter {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return open + 1..open + at;
                    }
                }
                _ => {}
            }
        }
        (open + 1).min(self.0.len())..self.0.len()
    }

    /// What is done again and again: the bodies of loops, and what is handed to functions that call it for each or at intervals.
    pub(crate) fn repeated(&self) -> Vec<Range<usize>> {
        let mut repeated = Vec::new();
        for keyword in ["for", "while"] {
            for at in self.uses(keyword) {
                let Some(open) = self.next(at + keyword.len(), '(') else { continue };
                let head = self.enclosed(open);
                let body = match self.next(head.end + 1, '{') {
                    Some(open) => self.enclosed(open),
                    None => head.end..self.0[head.end..].find(';').map_or(self.0.len(), |length| head.end + length),
                };
                repeated.extend([head, body]);
            }
        }
        for at in self.uses("do") {
            repeated.extend(self.next(at + 2, '{').map(|open| self.enclosed(open)));
        }
        for call in ["forEach(", "map(", "each(", "filter(", "reduce(", "setInterval("] {
            repeated.extend(self.uses(call).map(|at| self.enclosed(at + call.len() - 1)));
        }
        repeated
    }

    /// The names of the functions in which one of these stands, or that use one that does.
    pub(crate) fn functions_with(&self, names: &[&str]) -> BTreeSet<&str> {
        let functions = self.functions();
        let is_used = |body: &Range<usize>, name: &str| uses(&self.0[body.clone()], name).next().is_some();
        let mut found: BTreeSet<&str> = BTreeSet::new();
        loop {
            let more = functions
                .iter()
                .filter(|function| names.iter().chain(&found).any(|name| is_used(&function.body, name)));
            let more: BTreeSet<&str> = more.map(|function| function.name).collect();
            if more == found {
                return found;
            }
            found = more;
        }
    }

    /// The functions in whose bodies their own names stand.
    pub(crate) fn of_themselves(&self) -> BTreeSet<&str> {
        let functions = self.functions();
        let calls_itself =
            |function: &&Function<'_>| uses(&self.0[function.body.clone()], function.name).next().is_some();
        functions.iter().filter(calls_itself).map(|function| function.name).collect()
    }

    /// `function name(…) {…}`, `name = function (…) {…}` and `name: function (…) {…}`.
    fn functions(&self) -> Vec<Function<'_>> {
        let mut functions = Vec::new();
        for at in self.uses("function") {
            let Some(open) = self.0[at..].find('(').map(|length| at + length) else { continue };
            let own = self.0[at + "function".len()..open].trim();
            let before = self.0[..at].trim_end();
            let name = match before.strip_suffix('=').or_else(|| before.strip_suffix(':')) {
                _ if !own.is_empty() => own,
                Some(before) => before.trim_end().rsplit(|letter| !is_of_name(letter)).next().unwrap_or_default(),
                None => continue,
            };
            let parameters = self.enclosed(open);
            let body = self.next(parameters.end + 1, '{').map(|open| self.enclosed(open));
            functions.extend(body.map(|body| Function { name, body }));
        }
        functions
    }

    /// Where the next letter is, where it is this one.
    fn next(&self, from: usize, letter: char) -> Option<usize> {
        let rest = self.0.get(from..)?;
        let at = from + (rest.len() - rest.trim_start().len());
        self.0[at..].starts_with(letter).then_some(at)
    }
}

fn uses<'a>(code: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(name).map(|(at, _)| at).filter(move |at| {
        let before = code[..*at].chars().next_back();
        let after = code[at + name.len()..].chars().next();
        !before.is_some_and(is_of_name) && (name.ends_with('(') || !after.is_some_and(is_of_name))
    })
}

/// Whether code ends with a name, a number or a closing bracket.
fn ends_with_value(code: &str) -> bool {
    const BEFORE_VALUES: [&str; 7] = ["case", "do", "else", "in", "of", "return", "typeof"];
    let word = code.rsplit(|letter| !is_of_name(letter)).next().unwrap_or_default();
    code.ends_with([')', ']']) || (!word.is_empty() && !BEFORE_VALUES.contains(&word))
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '$')
}

/// Where the text that begins here ends, behind its closing mark.
fn closing(script: &str, at: usize, mark: char) -> usize {
    let (mut escaped, mut in_class) = (false, false);
    for (offset, letter) in script[at + 1..].char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' if mark == '/' => in_class = true,
            ']' if mark == '/' => in_class = false,
            '\n' if mark != '`' => return at + 1 + offset,
            _ if letter == mark && !in_class => return at + 1 + offset + 1,
            _ => {}
        }
    }
    script.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_texts_are_blanks_and_everything_stays_where_it_is() {
        let script = "a /* b\n */ = 'c // d' + \"e\\\"f\" / g; // h\nreturn /[/]'/.test(`i\n${j}`);";
        let code = Code::of(script);
        assert_eq!(code.text().len(), script.len());
        assert_eq!(
            code.text().split_whitespace().collect::<Vec<_>>(),
            ["a", "=", "+", "/", "g;", "return", ".test(", ");"]
        );
        for cut in script.char_indices().map(|(at, _)| at) {
            let _ = Code::of(&script[..cut]).repeated();
        }
    }

    #[test]
    fn functions_are_found_by_what_they_use_on_however_long_a_way() {
        let code = Code::of(
            "function a() { x.ajax({}); } var b = function () { a(); }; ({ c: function () { return b; }, d: function () {} });",
        );
        assert_eq!(code.functions_with(&["ajax("]).into_iter().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(
            Code::of("function a() { later(a); } function b() { a(); }")
                .of_themselves()
                .into_iter()
                .collect::<Vec<_>>(),
            ["a"]
        );
    }
}
