//! Each rule is broken once, in an archive that keeps all others.

#![allow(clippy::expect_used, clippy::panic, reason = "tests fail by panicking, helpers of tests too")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Write};
use std::sync::LazyLock;

use widget::{Archive, Platform, Rule, Widget, check};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

type Files = BTreeMap<String, Vec<u8>>;

fn genuine() -> Vec<u8> {
    // Its pictures are drawn once.
    static GENUINE: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let server = "https://pbx.example.ru".parse().expect("an address");
        Widget::new(server, "main").archive().expect("an archive")
    });
    GENUINE.clone()
}

fn files() -> Files {
    let archive = Archive::open(&genuine()).expect("an archive");
    archive.names().map(|name| (name.to_owned(), archive.file(name).expect("a file").to_vec())).collect()
}

fn zipped(files: &Files) -> Vec<u8> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(name.as_str(), options).expect("a name");
        zip.write_all(content).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}

/// An archive with one change.
fn with(change: impl FnOnce(&mut Files)) -> Vec<u8> {
    let mut files = files();
    change(&mut files);
    zipped(&files)
}

/// An archive in one text file of which this part is another.
fn text(file: &str, part: &str, other: &str) -> Vec<u8> {
    with(|files| {
        let content = files.get_mut(file).expect("the file");
        let text = String::from_utf8(content.clone()).expect("text");
        assert!(text.contains(part), "{file} has no {part}");
        *content = text.replacen(part, other, 1).into_bytes();
    })
}

fn script(part: &str, other: &str) -> Vec<u8> {
    text("script.js", part, other)
}

fn is_russian(letter: char) -> bool {
    matches!(letter, 'а'..='я')
}

/// The archive with every occurrence of this name replaced by one as long: what an archiver would refuse to write.
fn renamed(archive: &[u8], name: &str, other: &str) -> Vec<u8> {
    assert_eq!(name.len(), other.len());
    let mut archive = archive.to_vec();
    let places: Vec<_> = archive
        .windows(name.len())
        .enumerate()
        .filter(|(_, window)| *window == name.as_bytes())
        .map(|(at, _)| at)
        .collect();
    assert_eq!(places.len(), 2, "in its head and in the directory");
    for at in places {
        archive[at..at + name.len()].copy_from_slice(other.as_bytes());
    }
    archive
}

/// The archive whose first entry says that it is encrypted.
fn encrypted() -> Vec<u8> {
    let mut archive = genuine();
    let directory = archive.windows(4).position(|window| window == b"PK\x01\x02").expect("a directory");
    archive[6] |= 1;
    archive[directory + 8] |= 1;
    archive
}

/// An archive in which a file is a link.
fn link() -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_symlink("script.js", "/etc/passwd", SimpleFileOptions::default()).expect("a name");
    zip.finish().expect("memory").into_inner()
}

fn broken(rule: Rule) -> Vec<Vec<u8>> {
    let zeros = |megabytes: usize| vec![0; megabytes * 1024 * 1024];
    match rule {
        Rule::Zip => vec![Vec::new(), b"no zip".to_vec(), genuine()[..genuine().len() - 30].to_vec(), {
            let mut damaged = genuine();
            let at = damaged.len() / 2;
            damaged[at] ^= 0xff;
            damaged
        }],
        Rule::Size => vec![
            vec![0; 6 * 1024 * 1024],
            // Small while packed.
            with(|files| drop(files.insert("templates/bomb.txt".to_owned(), zeros(21)))),
            with(|files| files.extend((0..500).map(|number| (format!("templates/{number}.txt"), Vec::new())))),
        ],
        Rule::Path => vec![
            renamed(&genuine(), "i18n/ru.json", "../../../../"),
            renamed(&genuine(), "i18n/ru.json", "/etc/ru.json"),
            renamed(&genuine(), "i18n/ru.json", "..\\..\\..json"),
            link(),
        ],
        Rule::Duplicate => vec![
            renamed(&genuine(), "i18n/ru.json", "i18n/en.json"),
            renamed(&genuine(), "i18n/ru.json", "I18N/EN.JSON"),
        ],
        Rule::Encrypted => vec![encrypted()],
        Rule::FileMissing => vec![
            with(|files| drop(files.remove("images/logo_min.png"))),
            with(|files| drop(files.remove("script.js"))),
            zipped(&files().into_iter().map(|(name, content)| (format!("widget/{name}"), content)).collect()),
        ],
        Rule::FileUnexpected => ["__MACOSX/script.js", ".DS_Store", "widget.php", "templates/setup.exe"]
            .map(|name| with(|files| drop(files.insert(name.to_owned(), Vec::new()))))
            .into(),
        Rule::ManifestJson => vec![
            text("manifest.json", "{", ""),
            with(|files| drop(files.insert("manifest.json".to_owned(), b"[]".to_vec()))),
        ],
        Rule::ManifestKey => vec![
            text("manifest.json", "\"interface_version\": 2", "\"interface_version\": 1"),
            text("manifest.json", "\"1.0.0\"", "\"1\""),
            text("manifest.json", "\"init_once\": true", "\"init_once\": \"yes\""),
            text("manifest.json", "\"installation\": true", "\"installation\": false"),
            text("manifest.json", "\"widget.name\"", "\"Our widget\""),
        ],
        Rule::Support => vec![
            text("manifest.json", "postmaster@pbx.example.ru", ""),
            text("manifest.json", "\"https://pbx.example.ru\"", "\"pbx\""),
        ],
        Rule::Secret => vec![text("manifest.json", "\"widget\": {", "\"widget\": { \"secret_key\": \"0123\",")],
        Rule::Location => vec![
            text("manifest.json", "\"everywhere\"", "\"everywhere-1\""),
            text("manifest.json", "\"everywhere\"", "\"nowhere\""),
        ],
        Rule::Setting => vec![
            text("manifest.json", "\"type\": \"users\"", "\"type\": \"people\""),
            text("manifest.json", "\"required\": false", "\"required\": 0"),
        ],
        Rule::Locale => vec![
            with(|files| {
                let english = files["i18n/en.json"].clone();
                files.insert("i18n/pt.json".to_owned(), english);
            }),
            text("manifest.json", "\"en\"", "\"en\", \"es\""),
        ],
        Rule::Text => vec![
            text("i18n/ru.json", "\"Персональный менеджер\"", "\" \""),
            text("i18n/en.json", "    \"language\": \"en\",\n", ""),
            text("i18n/en.json", "{", ""),
            text("manifest.json", "settings.internal_numbers", "settings.another_text"),
        ],
        Rule::ImageSize => vec![with(|files| {
            let other = files["images/logo.png"].clone();
            files.insert("images/logo_min.png".to_owned(), other);
        })],
        Rule::ImageFormat => vec![
            with(|files| {
                let png = files.remove("images/logo.png").expect("a picture");
                files.insert("images/logo.gif".to_owned(), png);
            }),
            with(|files| drop(files.insert("images/more.png".to_owned(), b"<svg/>".to_vec()))),
        ],
        Rule::ImageLarge => vec![with(|files| files.get_mut("images/logo.png").expect("a picture").extend(zeros(1)))],
        Rule::Amd => vec![
            script("define(['jquery'], ", "(require('jquery'), "),
            script("define(", "var widget = 1;\ndefine("),
            with(|files| files.get_mut("script.js").expect("the script").extend(b"\nalert(1);\n")),
        ],
        Rule::Callback => vec![script("bind_actions: function", "bind_action: function")],
        Rule::Minified => vec![
            with(|files| {
                let script = String::from_utf8(files["script.js"].clone()).expect("text");
                let code: Vec<_> =
                    script.lines().filter(|line| !line.trim().starts_with("//")).map(str::trim).collect();
                files.insert("script.js".to_owned(), code.join(" ").into_bytes());
            }),
            script("var known = null;", "var known = null; var _0x3fa2 = 1;"),
        ],
        Rule::GeneratedCode => vec![
            script("known = null;", "known = eval('null');"),
            script("known = null;", "known = new Function('return null')();"),
        ],
        Rule::Loop => vec![
            script("known = null;", "known = null; setInterval(report, 60000);"),
            script("known = null;", "known = null; setInterval(function () { reportIfDue(); }, 60000);"),
            script("known = null;", "known = null; for (var i = 0; i < 3; i += 1) { report(); }"),
            script("known = null;", "known = null; while (!reportedAt) report();"),
            script("known = null;", "known = null; [1, 2].forEach(function (id) { $.post('/x', { id: id }); });"),
            script(
                "timeout: PATIENCE });\n    }\n\n    function reportIfDue",
                "timeout: PATIENCE }).fail(report);\n    }\n\n    function reportIfDue",
            ),
            script("reportedAt = Date.now();", "reportedAt = Date.now(); setTimeout(report, 1000);"),
        ],
        Rule::Synchronous => vec![script("method: 'GET',", "method: 'GET', async: false,")],
        Rule::Global => vec![
            script("APP.constant('managers')", "AMOCRM.constant('managers')"),
            script("APP.constant('managers')", "APP.secretManagers"),
            script("known = null;", "window.known = null;"),
        ],
        Rule::PlainHttp => vec![script("https://pbx.example.ru", "http://pbx.example.ru")],
    }
}

#[test]
fn each_rule_is_found_broken_and_only_that_one() {
    for rule in Rule::ALL {
        for (number, archive) in broken(rule).into_iter().enumerate() {
            let findings = check(&archive, Platform::Amocrm);
            let found: BTreeSet<_> = findings.iter().map(|finding| finding.rule).collect();
            assert!(found.contains(&rule), "{rule:?} {number}: {findings:?}");
            // Where files are missing or the manifest is unreadable, more cannot be right.
            let others = !matches!(rule, Rule::FileMissing | Rule::ManifestJson);
            assert!(!others || found.len() == 1, "{rule:?} {number}: {findings:#?}");
            for finding in findings {
                for text in [&finding.what, &finding.fix] {
                    assert!(!text.en.is_empty() && text.ru.contains(is_russian), "{finding:?}");
                }
            }
        }
    }
}

#[test]
fn the_widget_breaks_none() {
    assert_eq!(check(&genuine(), Platform::Amocrm), []);
    // Packed by another program it is no other widget.
    assert_eq!(check(&zipped(&files()), Platform::Amocrm), []);
}

#[test]
fn kommo_takes_png_alone_and_needs_english() {
    let broken = with(|files| {
        files.insert("images/more.gif".to_owned(), b"GIF89a\x01\x00\x01\x00".to_vec());
        files.remove("i18n/en.json");
        let manifest = String::from_utf8(files["manifest.json"].clone()).expect("text");
        let without = manifest.replace(",\n      \"en\"", "");
        assert_ne!(manifest, without);
        files.insert("manifest.json".to_owned(), without.into_bytes());
    });
    let rules = |platform| check(&broken, platform).iter().map(|finding| finding.rule).collect::<Vec<_>>();
    assert_eq!(rules(Platform::Kommo), [Rule::Locale, Rule::ImageFormat]);
    assert_eq!(rules(Platform::Amocrm), []);
}

#[test]
fn a_bomb_is_refused_before_it_is_unpacked() {
    // Entries that share their content, so that a small archive claims much.
    let bomb = with(|files| drop(files.insert("templates/bomb.txt".to_owned(), vec![0; 21 * 1024 * 1024])));
    assert!(bomb.len() < 200 * 1024, "{}", bomb.len());
    assert_eq!(check(&bomb, Platform::Amocrm).iter().map(|finding| finding.rule).collect::<Vec<_>>(), [Rule::Size]);
}

#[test]
fn files_of_one_name_are_told_by_it() {
    for archive in broken(Rule::Duplicate) {
        let findings = check(&archive, Platform::Amocrm);
        assert!(findings.iter().all(|finding| finding.file.eq_ignore_ascii_case("i18n/en.json")), "{findings:?}");
    }
}
