//! The console for people: calls as they come, the scenario, employees, the integration, versions and changes. Russian and English.
//!
//! Its files are part of the program and need nothing from elsewhere; the two libraries among them are kept in `page/vendor`, as they were
//! published. They reveal nothing: what is shown is asked for with the session of whoever is logged in.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};

use super::problem;

const INDEX: &str = include_str!("page/index.html");
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// Files of the folder `page`, each as its name, its media type and its text.
macro_rules! files {
    ($($kind:ident $name:literal,)*) => { &[$(($name, $kind, include_str!(concat!("page/", $name)))),*] };
}

/// The other files, by name.
const FILES: &[(&str, &str, &str)] = files![
    STYLE "calls.css",
    STYLE "forms.css",
    STYLE "page.css",
    SCRIPT "address.js",
    SCRIPT "alerts.js",
    SCRIPT "allowed.js",
    SCRIPT "api.js",
    SCRIPT "audit.js",
    SCRIPT "call.js",
    SCRIPT "calls.js",
    SCRIPT "changes.js",
    SCRIPT "confirmed.js",
    SCRIPT "connecting.js",
    SCRIPT "connection.js",
    SCRIPT "console.js",
    SCRIPT "csv.js",
    SCRIPT "editing.js",
    SCRIPT "employees.js",
    SCRIPT "english.js",
    SCRIPT "facts.js",
    SCRIPT "fields.js",
    SCRIPT "filters.js",
    SCRIPT "html.js",
    SCRIPT "integration.js",
    SCRIPT "language.js",
    SCRIPT "legs.js",
    SCRIPT "main.js",
    SCRIPT "meaning.js",
    SCRIPT "new-employee.js",
    SCRIPT "operation.js",
    SCRIPT "reasons.js",
    SCRIPT "russian.js",
    SCRIPT "scenario.js",
    SCRIPT "session.js",
    SCRIPT "shadow.js",
    SCRIPT "target.js",
    SCRIPT "timeline.js",
    SCRIPT "versions.js",
    SCRIPT "vendor/htm.js",
    SCRIPT "vendor/hooks.js",
    SCRIPT "vendor/preact.js",
    TEXT "vendor/LICENSE-htm.txt",
    TEXT "vendor/LICENSE-preact.txt",
];

/// Nothing but the page's own files and answers; nobody may put it into a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The page's routes, open to anybody.
pub fn routes() -> Router {
    Router::new().route("/", get(async || file("text/html; charset=utf-8", INDEX))).route("/page/{*name}", get(named))
}

async fn named(Path(name): Path<String>) -> Response {
    match FILES.iter().find(|(known, ..)| *known == name) {
        Some((_, kind, text)) => file(kind, text).into_response(),
        None => problem::not_found().await.into_response(),
    }
}

fn file(kind: &'static str, text: &'static str) -> ([(HeaderName, &'static str); 5], &'static str) {
    let headers = [
        (CONTENT_TYPE, kind),
        // Small, and from nearby: a new version of the program shows its own page at once.
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (headers, text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use sha2::{Digest, Sha256};

    use super::*;

    fn text(name: &str) -> &'static str {
        FILES.iter().find(|(known, ..)| *known == name).map(|(.., text)| *text).unwrap()
    }

    #[test]
    fn every_file_of_the_page_is_served_and_no_other() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/page");
        let names = |folder: &Path| -> Vec<String> {
            let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            let files = entries.filter(|path| path.is_file() && path.extension().is_none_or(|end| end != "md"));
            files.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
        };
        let vendored = names(&folder.join("vendor")).into_iter().map(|name| format!("vendor/{name}"));
        let there: BTreeSet<_> =
            names(&folder).into_iter().chain(vendored).filter(|name| name != "index.html").collect();
        assert_eq!(FILES.iter().map(|(name, ..)| (*name).to_owned()).collect::<BTreeSet<_>>(), there);
    }

    /// The README of the libraries names what was published; nothing of it was changed but the name of a file that one of them imports.
    #[test]
    fn libraries_are_as_they_were_published() {
        let readme = include_str!("page/vendor/README.md");
        for name in ["htm.js", "hooks.js", "preact.js"] {
            let published = text(&format!("vendor/{name}")).replace(r#"from"./preact.js""#, r#"from"preact""#);
            let digest: String =
                Sha256::digest(published.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
            let row = readme.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).unwrap();
            assert!(row.contains(&digest), "{name} is {digest}, and not as its row says: {row}");
        }
    }

    #[test]
    fn what_a_script_imports_is_served() {
        for (name, _, text) in FILES.iter().filter(|(_, kind, _)| *kind == SCRIPT) {
            let folder = name.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
            for imported in
                text.split("from").skip(1).filter_map(|rest| rest.trim_start().strip_prefix("\"./")?.split('"').next())
            {
                let wanted = format!("{folder}{imported}");
                assert!(FILES.iter().any(|(known, ..)| *known == wanted), "{name} imports {wanted}");
            }
        }
    }
}
