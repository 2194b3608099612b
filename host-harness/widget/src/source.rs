//! The widget of one server: its sources with the server's address in them, and its pictures, packed.

use std::io::{self, Cursor, Write};

use call::Bilingual;
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::{Platform, ServerAddress, picture};

const MANIFEST: &str = include_str!("../files/manifest.json");
const SCRIPT: &str = include_str!("../files/script.js");
/// The texts, by locale.
const TEXTS: [(&str, &str); 3] = [
    ("en", include_str!("../files/i18n/en.json")),
    ("es", include_str!("../files/i18n/es.json")),
    ("ru", include_str!("../files/i18n/ru.json")),
];
/// What stands in the script in place of the server and the integration.
const SERVER: &str = "'https://pbx.example'";
const INTEGRATION: &str = "INTEGRATION = 'main'";

/// What a widget is made for.
#[derive(Clone, Debug)]
pub struct Widget {
    server: ServerAddress,
    integration: String,
    platform: Platform,
    support_link: Option<String>,
    support_email: Option<String>,
}

/// Why no archive was made.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    /// The sources are not what this code expects of them.
    #[error("a fault of the program: {0}")]
    Source(#[from] serde_json::Error),
    /// It was not packed.
    #[error("a fault of the program: the archive cannot be packed: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// It was not compressed.
    #[error("a fault of the program: the archive cannot be packed: {0}")]
    Packed(#[from] io::Error),
}

impl Bilingual for NotMade {
    fn ru(&self) -> String {
        format!("архив не собран: ошибка программы ({self})")
    }
}

impl Widget {
    /// For amoCRM, reporting to this server about the integration of this identifier.
    pub fn new(server: ServerAddress, integration: impl Into<String>) -> Self {
        let integration = integration.into();
        Self { server, integration, platform: Platform::Amocrm, support_link: None, support_email: None }
    }

    /// The same for another platform.
    #[must_use]
    pub fn platform(self, platform: Platform) -> Self {
        Self { platform, ..self }
    }

    /// The same, with where its users find help. Unless said, that is the server's address, and `postmaster` of its host.
    #[must_use]
    pub fn support(self, link: Option<String>, email: Option<String>) -> Self {
        Self { support_link: link, support_email: email, ..self }
    }

    /// The archive, `widget.zip`: the same bytes for the same settings.
    ///
    /// # Errors
    /// Where the program is at fault.
    pub fn archive(&self) -> Result<Vec<u8>, NotMade> {
        let mut files = vec![
            ("manifest.json".to_owned(), self.manifest()?.into_bytes()),
            ("script.js".to_owned(), self.script()?.into_bytes()),
        ];
        let locales = self.locales();
        let texts = TEXTS.iter().filter(|(locale, _)| locales.contains(locale));
        files.extend(texts.map(|(locale, text)| (format!("i18n/{locale}.json"), text.as_bytes().to_vec())));
        for picture in picture::ALL {
            files.push((format!("images/{}.png", picture.name), picture.png()?));
        }
        files.sort();
        pack(&files)
    }

    fn locales(&self) -> [&'static str; 2] {
        match self.platform {
            Platform::Amocrm => ["ru", "en"],
            Platform::Kommo => ["en", "es"],
        }
    }

    fn manifest(&self) -> Result<String, serde_json::Error> {
        let mut manifest: Value = serde_json::from_str(MANIFEST)?;
        let widget = &mut manifest["widget"];
        widget["locale"] = json!(self.locales());
        let host = self.server.host().map(|host| host.to_string()).unwrap_or_default();
        let link = self.support_link.clone().unwrap_or_else(|| self.server.to_string());
        let email = self.support_email.clone().unwrap_or_else(|| format!("postmaster@{host}"));
        widget["support"] = json!({ "link": link, "email": email });
        Ok(format!("{}\n", serde_json::to_string_pretty(&manifest)?))
    }

    fn script(&self) -> Result<String, serde_json::Error> {
        let server = serde_json::to_string(&self.server.to_string())?;
        let integration = format!("INTEGRATION = {}", serde_json::to_string(&self.integration)?);
        Ok(SCRIPT.replacen(SERVER, &server, 1).replacen(INTEGRATION, &integration, 1))
    }
}

/// Files in a zip archive: in this order, with one time and one mode, so that nothing of this machine is in it.
fn pack(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>, NotMade> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        archive.start_file(name.as_str(), options)?;
        archive.write_all(content)?;
    }
    Ok(archive.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Archive;

    fn widget() -> Widget {
        Widget::new("https://pbx.example.ru".parse().unwrap(), "main")
    }

    #[test]
    fn the_same_settings_give_the_same_bytes_and_other_settings_other_ones() {
        let archive = widget().archive().unwrap();
        assert_eq!(archive, widget().archive().unwrap());
        assert_ne!(archive, Widget::new("https://pbx.example.ru".parse().unwrap(), "south").archive().unwrap());
        assert!(archive.len() < 40 * 1024, "{} bytes", archive.len());
    }

    #[test]
    fn each_platform_gets_its_own_languages() {
        for (platform, locales) in
            [(Platform::Amocrm, ["i18n/en.json", "i18n/ru.json"]), (Platform::Kommo, ["i18n/en.json", "i18n/es.json"])]
        {
            let archive = Archive::open(&widget().platform(platform).archive().unwrap()).unwrap();
            let names: Vec<_> = archive.names().filter(|name| name.starts_with("i18n/")).collect();
            assert_eq!(names, locales);
            assert_eq!(archive.findings(platform), []);
        }
    }

    #[test]
    fn the_script_knows_its_server_and_its_integration_and_cannot_be_broken_out_of() {
        let odd = "a\"'; alert(1); //</script>";
        let archive = Widget::new("https://pbx.example.ru/calls".parse().unwrap(), odd).archive().unwrap();
        let archive = Archive::open(&archive).unwrap();
        let script = std::str::from_utf8(archive.file("script.js").unwrap()).unwrap();
        assert!(script.contains("var SERVER = \"https://pbx.example.ru/calls\";"), "{script}");
        assert!(script.contains(r#"var INTEGRATION = "a\"'; alert(1); //</script>";"#), "{script}");
    }

    #[test]
    fn support_is_at_the_server_unless_it_is_elsewhere() {
        let support = |widget: Widget| {
            let archive = Archive::open(&widget.archive().unwrap()).unwrap();
            archive.manifest().unwrap()["widget"]["support"].clone()
        };
        let own = json!({"link": "https://pbx.example.ru", "email": "postmaster@pbx.example.ru"});
        assert_eq!(support(widget()), own);
        let other = json!({"link": "https://help.example", "email": "help@example.ru"});
        let said = widget().support(Some("https://help.example".to_owned()), Some("help@example.ru".to_owned()));
        assert_eq!(support(said), other);
    }
}
