//! `If-Match` (RFC 9110, 13.1.1): for which revision a change is made.

use http::header::IF_MATCH;
use http::{HeaderMap, StatusCode};

use crate::problem::Problem;
use call::{Localized, localized};

/// An entity tag.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Tag {
    name: String,
    is_weak: bool,
}

/// The revision that a change is thought out for: the one in force, where it is among those that are named, or another one of them.
///
/// # Errors
/// Where none is named, or in no form that can be compared.
pub(super) fn expected(headers: &HeaderMap, in_force: &str) -> Result<String, Problem> {
    let written: Vec<_> = headers.get_all(IF_MATCH).iter().map(|written| written.as_bytes()).collect();
    if written.is_empty() {
        return Err(Problem::localized(
            StatusCode::PRECONDITION_REQUIRED,
            Localized::new(
                "не сказано, к какой версии настроек относится изменение: откройте настройки заново",
                "say which revision the change is made for: send If-Match with the ETag of GET /v1/configuration",
            ),
        ));
    }
    let tags = tags(&written.join(&b","[..])).ok_or_else(|| {
        let text = Localized::new(
            "непонятно, к какой версии настроек относится изменение: откройте настройки заново",
            "If-Match is not the ETag of GET /v1/configuration; send it as it is there",
        );
        Problem::localized(StatusCode::BAD_REQUEST, text)
    })?;
    let mut strong = tags.iter().filter(|tag| !tag.is_weak);
    let chosen = strong.clone().find(|tag| tag.name == in_force).or_else(|| strong.next());
    chosen.map(|tag| tag.name.clone()).ok_or_else(|| {
        let text = localized!(
            "версия настроек помечена как приблизительная (W/), с такой пометкой ничего не меняется: её добавляет прокси, который сжимает ответы; \
             отправьте If-Match: \"{in_force}\" или выключите сжатие",
            "a weak tag (W/) in If-Match never matches, as RFC 9110 has it; a proxy that compresses answers makes tags weak: send \
             If-Match: \"{in_force}\", the `revision` of GET /v1/configuration, or switch the compression off"
        );
        Problem::localized(StatusCode::PRECONDITION_FAILED, text)
    })
}

/// The tags of a list, at least one; none where it is not one. `*` is none either: it would be a change of whatever is in force.
fn tags(list: &[u8]) -> Option<Vec<Tag>> {
    let (mut tags, mut rest) = (Vec::new(), list);
    loop {
        // Empty members of a list are left out.
        let begin = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b','));
        let Some(begin) = begin else { return Some(tags).filter(|tags| !tags.is_empty()) };
        rest = rest.get(begin..)?;
        let is_weak = rest.starts_with(b"W/");
        let quoted = rest.get(if is_weak { 2 } else { 0 }..)?.strip_prefix(b"\"")?;
        let end = quoted.iter().position(|byte| *byte == b'"')?;
        let (name, after) = quoted.split_at(end);
        // There are no blanks in a tag, and commas are letters of it.
        if !name.iter().all(|byte| matches!(byte, 0x21 | 0x23..=0x7e | 0x80..=0xff)) {
            return None;
        }
        tags.push(Tag { name: String::from_utf8_lossy(name).into_owned(), is_weak });
        rest = after.get(1..)?;
        let next = rest.iter().find(|byte| !matches!(byte, b' ' | b'\t'));
        if next.is_some_and(|next| *next != b',') {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(list: &str) -> Option<Vec<(String, bool)>> {
        tags(list.as_bytes()).map(|tags| tags.into_iter().map(|tag| (tag.name, tag.is_weak)).collect())
    }

    #[test]
    fn a_list_of_tags_is_read_as_the_standard_has_it() {
        let tag = |name: &str, is_weak| (name.to_owned(), is_weak);
        assert_eq!(named("\"a\""), Some(vec![tag("a", false)]));
        assert_eq!(named(" ,\"a,b\" ,, W/\"c\"\t,"), Some(vec![tag("a,b", false), tag("c", true)]));
        assert_eq!(named("\"\""), Some(vec![tag("", false)]));
        for list in ["", ",", "*", "a", "\"a", "w/\"a\"", "W/ \"a\"", "\"a\" \"b\"", "\"a b\"", "\"a\";q=1", "\"a\", *"]
        {
            assert_eq!(named(list), None, "{list}");
        }
    }
}
