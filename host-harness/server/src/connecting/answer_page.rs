//! The page that amoCRM's redirect ends at: whether the integration is connected, in the reader's language, with the way back to the console.

use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use http::{HeaderMap, StatusCode};

use call::{Language, Localized};

/// Nothing but the console's style; nobody may put it into a frame.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page. Its own address holds the code, which is spent by then; it is told to nobody.
pub(super) fn of(status: StatusCode, title: &Localized, text: &Localized, headers: &HeaderMap) -> Response {
    let language = wished(headers);
    let (title, text) = (escaped(title.get(language)), escaped(text.get(language)));
    let (code, back) = (language.say("ru", "en"), language.say("Вернуться в консоль", "Back to the console"));
    let page = format!(
        "<!doctype html>\n<html lang=\"{code}\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, \
         initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title><link rel=\"stylesheet\" \
         href=\"/page/page.css\"></head>\n<body><main><h1>{title}</h1><p>{text}</p><p><a href=\"/#/integration\">{back}</a></p></main></body>\n\
         </html>\n"
    );
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (status, headers, page).into_response()
}

/// The language that the browser's person prefers: English unless Russian comes first.
fn wished(headers: &HeaderMap) -> Language {
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|accepted| accepted.to_str().ok()).unwrap_or_default();
    let mut known: Vec<(f32, Language)> = accepted.split(',').filter_map(preference).collect();
    // Of equal ones the first counts.
    known.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    known.first().map_or(Language::En, |(_, language)| *language)
}

/// `ru-RU;q=0.9`: how much one of the languages here is wished for.
fn preference(written: &str) -> Option<(f32, Language)> {
    let (tag, parameters) = written.split_once(';').unwrap_or((written, ""));
    let language = match tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "ru" => Language::Ru,
        "en" => Language::En,
        _ => return None,
    };
    let weight = parameters.trim().strip_prefix("q=").map_or(Some(1.0), |weight| weight.parse::<f32>().ok())?;
    (weight > 0.0).then_some((weight, language))
}

/// A text as the content of an element.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_page_is_in_the_language_that_is_wished_for_most() {
        for (accepted, language) in [
            ("ru-RU,ru;q=0.9,en-US;q=0.8", Language::Ru),
            ("en;q=0.5, ru;q=0.7", Language::Ru),
            ("en-GB,ru;q=0.9", Language::En),
            ("de, ru;q=0.1", Language::Ru),
            ("de", Language::En),
            ("ru;q=0, en;q=0.1", Language::En),
            ("ru;q=x", Language::En),
            ("", Language::En),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, HeaderValue::from_static(accepted))]);
            assert_eq!(wished(&headers), language, "{accepted}");
        }
        assert_eq!(wished(&HeaderMap::new()), Language::En);
    }
}
