//! Members that may have another shape than the documented one. None of these types refuses a value; each says what it made of it.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The longest list that is read; amoCRM's pages end at 250 entries.
pub(crate) const MAXIMUM_LIST: usize = 2_000;

/// A whole number that is not negative, also written as text (`"504141"`) or with a fraction of nothing (`3.0`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LenientNumber {
    /// Missing, `null`, or PHP's words for nothing: `false` and `""`.
    #[default]
    Absent,
    /// A number.
    Known(u64),
    /// Anything else.
    Odd,
}

/// LenientText; `None` for anything else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LenientText(pub Option<String>);

/// LenientText, or the digits of a whole number. `None` for anything else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextOrDigits(pub Option<String>);

/// On or off, also written as `1`, `0`, `"1"`, `"0"`, `"true"`, `"false"`. `None` for anything else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flag(pub Option<bool>);

/// A list, also written as PHP writes one whose keys have a gap: an object, of which the values count. `null`, `false` and `""` are empty.
/// `None` for anything else, and for a list that is too long.
#[derive(Clone, Debug)]
pub struct List<T>(pub Option<Vec<T>>);

/// An object; `None` for anything else.
#[derive(Clone, Debug)]
pub struct Object<T>(pub Option<T>);

impl LenientNumber {
    /// The number, if there is one.
    pub const fn known(self) -> Option<u64> {
        match self {
            Self::Known(number) => Some(number),
            Self::Absent | Self::Odd => None,
        }
    }
}

impl<T> List<T> {
    /// The entries; none where it is not a list.
    pub fn entries(self) -> impl Iterator<Item = T> {
        self.0.into_iter().flatten()
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Some(Vec::new()))
    }
}

impl<T> Default for Object<T> {
    fn default() -> Self {
        Self(None)
    }
}

/// A value of JSON with nothing inside.
enum Scalar<'a> {
    Null,
    Flag(bool),
    Unsigned(u64),
    Negative,
    Fraction(f64),
    LenientText(Cow<'a, str>),
    /// A list or an object.
    Nested,
}

impl From<Scalar<'_>> for LenientNumber {
    #[inline]
    fn from(value: Scalar<'_>) -> Self {
        /// The least whole number that is not exact as a fraction.
        const INEXACT: f64 = 9_007_199_254_740_992.0;
        match value {
            Scalar::Null | Scalar::Flag(false) => Self::Absent,
            Scalar::LenientText(text) if text.is_empty() => Self::Absent,
            Scalar::Unsigned(number) => Self::Known(number),
            Scalar::LenientText(text) => text.trim().parse().map_or(Self::Odd, Self::Known),
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the bounds are checked")]
            Scalar::Fraction(number) if (0.0..INEXACT).contains(&number) && number.fract() == 0.0 => {
                Self::Known(number as u64)
            }
            Scalar::Flag(true) | Scalar::Negative | Scalar::Fraction(_) | Scalar::Nested => Self::Odd,
        }
    }
}

impl From<Scalar<'_>> for LenientText {
    #[inline]
    fn from(value: Scalar<'_>) -> Self {
        Self(match value {
            Scalar::LenientText(text) => Some(text.into_owned()),
            _ => None,
        })
    }
}

impl From<Scalar<'_>> for TextOrDigits {
    #[inline]
    fn from(value: Scalar<'_>) -> Self {
        Self(match value {
            Scalar::LenientText(text) => Some(text.into_owned()),
            Scalar::Unsigned(number) => Some(number.to_string()),
            _ => None,
        })
    }
}

impl From<Scalar<'_>> for Flag {
    #[inline]
    fn from(value: Scalar<'_>) -> Self {
        Self(match value {
            Scalar::Flag(flag) => Some(flag),
            Scalar::Unsigned(1) => Some(true),
            Scalar::Unsigned(0) => Some(false),
            Scalar::LenientText(text) => match &*text {
                "1" | "true" => Some(true),
                "0" | "false" => Some(false),
                _ => None,
            },
            _ => None,
        })
    }
}

/// Makes something of any value.
trait Lenient<'de>: Sized {
    fn from_scalar(value: Scalar<'de>) -> Self;

    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::from_scalar(Scalar::Nested))
    }

    fn from_object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::from_scalar(Scalar::Nested))
    }
}

impl<'de> Lenient<'de> for Scalar<'de> {
    fn from_scalar(value: Self) -> Self {
        value
    }
}

impl<'de, T: Deserialize<'de>> Lenient<'de> for List<T> {
    fn from_scalar(value: Scalar<'de>) -> Self {
        match value {
            Scalar::Null | Scalar::Flag(false) => Self::default(),
            Scalar::LenientText(text) if text.is_empty() => Self::default(),
            _ => Self(None),
        }
    }

    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = list.next_element()? {
            entries.push(entry);
            if entries.len() > MAXIMUM_LIST {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(Self(None));
            }
        }
        Ok(Self(Some(entries)))
    }

    fn from_object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut entries = Vec::new();
        while let Some((IgnoredAny, entry)) = object.next_entry()? {
            entries.push(entry);
            if entries.len() > MAXIMUM_LIST {
                while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                return Ok(Self(None));
            }
        }
        Ok(Self(Some(entries)))
    }
}

impl<'de, T: Deserialize<'de>> Lenient<'de> for Object<T> {
    fn from_scalar(_: Scalar<'de>) -> Self {
        Self(None)
    }

    fn from_object<A: MapAccess<'de>>(object: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(object)).map(|value| Self(Some(value)))
    }
}

struct Any<T>(PhantomData<T>);

impl<'de, T: Lenient<'de>> Visitor<'de> for Any<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::from_scalar(Scalar::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<T, E> {
        Ok(T::from_scalar(Scalar::Flag(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<T, E> {
        Ok(T::from_scalar(Scalar::Unsigned(value)))
    }

    fn visit_i64<E>(self, _: i64) -> Result<T, E> {
        Ok(T::from_scalar(Scalar::Negative))
    }

    fn visit_f64<E>(self, value: f64) -> Result<T, E> {
        Ok(T::from_scalar(Scalar::Fraction(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<T, E> {
        Ok(T::from_scalar(Scalar::LenientText(Cow::Owned(value.to_owned()))))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<T, E> {
        Ok(T::from_scalar(Scalar::LenientText(Cow::Borrowed(value))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        T::from_list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T, A::Error> {
        T::from_object(object)
    }
}

/// All scalars are read by one function, so that the component holds it once.
impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData))
    }
}

impl<'de> Deserialize<'de> for LenientNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Scalar::deserialize(deserializer).map(Self::from)
    }
}

impl<'de> Deserialize<'de> for LenientText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Scalar::deserialize(deserializer).map(Self::from)
    }
}

impl<'de> Deserialize<'de> for TextOrDigits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Scalar::deserialize(deserializer).map(Self::from)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Scalar::deserialize(deserializer).map(Self::from)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData))
    }
}
