//! The page of a simulated account, for a browser: plain, marked as simulated, and with an installed widget in it.

use http::StatusCode;

use crate::answer::Answer;
use crate::problem;

/// What the paths of its files begin with, below the control's.
pub(crate) const FILES: &str = "page/";

/// The page itself.
pub(crate) fn index() -> Answer {
    Answer::new(StatusCode::OK, "text/html; charset=utf-8", include_str!("page/index.html"))
}

/// A file of the page.
pub(crate) fn file(name: &str) -> Answer {
    let (kind, text) = match name {
        "page.css" => ("text/css; charset=utf-8", include_str!("page/page.css")),
        "page.js" => ("text/javascript; charset=utf-8", include_str!("page/page.js")),
        "jquery.js" => ("text/javascript; charset=utf-8", include_str!("page/vendor/jquery.js")),
        _ => return problem::not_found(),
    };
    Answer::new(StatusCode::OK, kind, text)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_library_is_as_it_was_published() {
        let digest = base16ct::lower::encode_string(&Sha256::digest(file("jquery.js").body));
        let readme = include_str!("page/vendor/README.md");
        assert!(readme.contains(&digest), "{digest}");
    }
}
