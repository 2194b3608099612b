//! The archive of the widget that an administrator uploads to amoCRM or Kommo: made for one server, opened, and held against the documented rules.
//!
//! The widget tells the server who has amoCRM open, which amoCRM's API tells nobody (amoCRM facts §4 B). Its sources are the folder `files`; the pictures
//! are drawn. The same settings give the same bytes.
//!
//! Everything is data here: nothing is read from disks or networks.
//!
//! ```
//! use widget::{Platform, ServerAddress, Widget, check};
//!
//! let server: ServerAddress = "https://pbx.example.ru".parse()?;
//! let archive = Widget::new(server, "main").archive()?;
//! assert!(check(&archive, Platform::Amocrm).is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod address;
mod archive;
mod code;
mod finding;
mod images;
mod locales;
mod manifest;
mod picture;
mod rules;
mod script;
mod source;

pub use address::{NoServerAddress, ServerAddress};
pub use archive::Archive;
pub use finding::{Finding, Rule};
pub use source::{NotMade, Widget};

/// Which of the two platforms a widget is for (amoCRM facts §8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Platform {
    /// amoCRM, in Russian and English.
    #[default]
    Amocrm,
    /// Kommo, in English and Spanish.
    Kommo,
}

/// What of an archive would be refused; nothing where it fits.
pub fn check(bytes: &[u8], platform: Platform) -> Vec<Finding> {
    match Archive::open(bytes) {
        Ok(archive) => archive.findings(platform),
        Err(findings) => findings,
    }
}
