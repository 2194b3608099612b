//! A text for people, in both languages of the product.

use std::borrow::Cow;

/// A text in both languages of the product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Russian.
    pub ru: Cow<'static, str>,
    /// English.
    pub en: Cow<'static, str>,
}

impl Text {
    /// A fixed text.
    pub const fn fixed(ru: &'static str, en: &'static str) -> Self {
        Self { ru: Cow::Borrowed(ru), en: Cow::Borrowed(en) }
    }

    /// A text made for one occasion.
    pub const fn made(ru: String, en: String) -> Self {
        Self { ru: Cow::Owned(ru), en: Cow::Owned(en) }
    }
}
